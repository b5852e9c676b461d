//! What the operator prints for its installation.

use std::collections::BTreeSet;

use serde_json::Value;
use video_pipeline_operator::kinds::{KINDS, facts};

use super::program::{OPERATOR, alone};

fn checked_in(path: &str) -> String {
    std::fs::read_to_string(sandbox::checkout().join(path)).unwrap()
}

#[test]
fn the_definition_and_its_reference_are_those_of_the_repository() {
    let definition = alone(OPERATOR, &["crd"]);
    assert_eq!(definition.ends_with(0, &[]).stdout, checked_in("crds/videopipelines.streamflix.io.yaml"));
    let reference = alone(OPERATOR, &["crd", "--reference"]);
    assert_eq!(reference.ends_with(0, &[]).stdout, checked_in("docs/reference.md"));
}

#[test]
fn the_iam_policy_allows_every_action_of_every_kind_and_fits_into_a_managed_policy() {
    let printed = alone(OPERATOR, &["iam-policy"]);
    let policy = printed.ends_with(0, &[]).json();
    assert_eq!(policy["Version"], "2012-10-17");
    let statements = policy["Statement"].as_array().unwrap();
    assert!(statements.iter().all(|statement| statement["Effect"] == "Allow"));
    let allowed: BTreeSet<&str> =
        statements.iter().flat_map(|statement| texts(&statement["Action"])).collect();
    let called = KINDS.iter().flat_map(|kind| kind.actions()).chain(facts::ACTIONS);
    for action in called {
        assert!(allowed.contains(action.name), "{} is not allowed", action.name);
        let (service, operation) = action.name.split_once(':').unwrap();
        assert!(!service.is_empty() && operation.starts_with(|c: char| c.is_ascii_uppercase()));
    }
    assert!(allowed.iter().all(|action| !action.contains('*')), "{allowed:?}");

    let pass = statements.iter().find(|statement| texts(&statement["Action"]) == ["iam:PassRole"]).unwrap();
    assert_eq!(pass["Resource"], "arn:*:iam::*:role/video-pipeline/*");
    assert_eq!(pass["Condition"]["StringEquals"]["iam:PassedToService"], "ecs-tasks.amazonaws.com");
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: white space does not count.
    assert!(policy.to_string().len() <= 6144, "{} characters", policy.to_string().len());
}

#[test]
fn the_iam_policy_names_the_roles_that_may_be_assumed() {
    let roles = ["arn:aws:iam::111111111111:role/a", "arn:aws:iam::*:role/video-*"];
    let printed = alone(OPERATOR, &["iam-policy", "--assume", roles[0], "--assume", roles[1]]);
    let policy = printed.ends_with(0, &[]).json();
    let assume =
        policy["Statement"].as_array().unwrap().iter().find(|s| s["Action"] == "sts:AssumeRole").unwrap();
    assert_eq!(texts(&assume["Resource"]), roles);
    let without = alone(OPERATOR, &["iam-policy"]);
    assert!(!without.stdout.contains("sts:AssumeRole"));
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
