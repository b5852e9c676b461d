//! What the policy says, and how long it is.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use video_pipeline_operator::kinds::{KINDS, bounds, facts};

use super::{printed, said, statements, texts};

const BOUNDARY: &str = "arn:aws:iam::123456789012:policy/boundary";
const WHOLE: &[&str] =
    &["--account", "123456789012", "--region", "eu-west-1", "--permissions-boundary", BOUNDARY];

fn actions(policy: &Value) -> BTreeSet<String> {
    statements(policy).into_iter().flat_map(|one| texts(&one["Action"])).map(str::to_owned).collect()
}

#[test]
fn it_allows_every_action_that_the_design_needs_and_no_other() {
    let all = KINDS.iter().flat_map(|kind| kind.actions()).chain(facts::ACTIONS);
    let needed: BTreeSet<_> =
        all.filter(|action| action.grants != bounds::NEVER).map(|action| action.name.to_owned()).collect();
    assert_eq!(actions(&printed(WHOLE)), needed);
    let mut without_boundary = needed;
    without_boundary.remove("iam:PutRolePermissionsBoundary");
    assert_eq!(actions(&printed(&[])), without_boundary);
}

#[test]
fn its_parts_are_managed_policies_and_together_the_whole() {
    let regions: Vec<String> =
        ["eu-west-1", "eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2"]
            .iter()
            .map(|region| format!("--region={region}"))
            .collect();
    let mut flags: Vec<&str> = regions.iter().map(String::as_str).collect();
    flags.extend(["--account", "123456789012", "--permissions-boundary", BOUNDARY]);
    // The longest that leaves room for a suffix.
    flags.extend(["--prefix", "a-team-with-a-name-of-31-letter"]);
    let mut seen = BTreeSet::new();
    for part in ["look", "network", "data", "compute", "monitoring"] {
        let policy = printed(&[&flags[..], &["--part", part]].concat());
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: white space does not count.
        let length = policy.to_string().len();
        assert!(length <= 6144, "{part} has {length} characters");
        for action in actions(&policy) {
            assert!(seen.insert(action.clone()), "{action} is in {part} and in another one");
        }
    }
    assert_eq!(seen, actions(&printed(&flags)));
}

#[test]
fn what_aws_would_not_take_is_not_printed() {
    let roles: Vec<String> =
        (0..200).map(|n| format!("--assume=arn:aws:iam::{n:012}:role/video-pipelines")).collect();
    let mut flags: Vec<&str> = roles.iter().map(String::as_str).collect();
    assert!(said(&flags).is_ok());
    flags.extend(["--part", "compute"]);
    let error = said(&flags).unwrap_err().to_string();
    assert!(error.contains("AWS takes 6144"), "{error}");
}

#[test]
fn every_statement_has_a_name_of_its_own_and_is_bound() {
    let policy = printed(WHOLE);
    let mut sids = BTreeSet::new();
    for statement in statements(&policy) {
        let sid = statement["Sid"].as_str().unwrap();
        assert!(sids.insert(sid), "{sid} is used twice");
        assert!(sid.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{sid}");
        if sid == "NothingElsewhere" {
            assert_eq!(
                statement["Condition"]["StringNotEquals"]["aws:RequestedRegion"],
                json!(["eu-west-1"])
            );
            continue;
        }
        assert_eq!(statement["Effect"], "Allow");
        let anything = texts(&statement["Resource"]).contains(&"*");
        assert_eq!(anything, ["Look", "ChangeWhatAwsBoundsByNothing"].contains(&sid), "{statement:#}");
    }
    let unbound =
        statements(&policy).into_iter().find(|one| one["Sid"] == "ChangeWhatAwsBoundsByNothing").unwrap();
    let known = [
        "ecs:DeregisterTaskDefinition",
        "kinesis:DisableEnhancedMonitoring",
        "kinesis:EnableEnhancedMonitoring",
        "kinesis:UpdateShardCount",
        "kinesis:UpdateStreamMode",
    ];
    assert_eq!(texts(&unbound["Action"]), known);
}

#[test]
fn roles_are_made_under_the_path_and_within_the_boundary_and_handed_to_tasks_alone() {
    let policy = printed(WHOLE);
    let of = |action: &str| -> Vec<&Value> {
        statements(&policy).into_iter().filter(|one| texts(&one["Action"]).contains(&action)).collect()
    };
    for action in ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"] {
        for statement in of(action) {
            assert_eq!(
                statement["Resource"],
                "arn:aws:iam::123456789012:role/video-pipeline/video-processing-*"
            );
            assert_eq!(
                statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"], BOUNDARY,
                "{statement:#}"
            );
        }
        assert!(!of(action).is_empty());
    }
    let [pass] = of("iam:PassRole")[..] else { panic!("one statement passes roles") };
    assert_eq!(pass["Action"], "iam:PassRole");
    assert_eq!(pass["Resource"], "arn:aws:iam::123456789012:role/video-pipeline/video-processing-*");
    assert_eq!(
        pass["Condition"],
        json!({ "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } })
    );
    let [linked] = of("iam:CreateServiceLinkedRole")[..] else {
        panic!("one statement makes the roles of AWS")
    };
    assert_eq!(texts(&linked["Condition"]["StringEquals"]["iam:AWSServiceName"]).len(), 3);
    assert!(!printed(&[]).to_string().contains("iam:PermissionsBoundary"));
}
