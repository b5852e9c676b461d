//! What the operator prints for its installation.

use serde_json::Value;

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
fn the_iam_policy_is_that_of_the_documentation() {
    let account = ["iam-policy", "--account", "123456789012"];
    let printed = alone(OPERATOR, &account);
    assert_eq!(printed.ends_with(0, &[]).stdout, checked_in("docs/iam-policy.json"));
    let wrong = alone(OPERATOR, &["iam-policy", "--account", "12345"]);
    wrong.ends_with(1, &["twelve digits"]);
    let wrong = alone(OPERATOR, &["iam-policy", "--prefix", "Team_A"]);
    wrong.ends_with(1, &["--prefix", "lower-case letters, digits"]);
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

#[test]
fn the_trust_policy_names_the_operator_and_for_whom_it_may_act() {
    let operator = "arn:aws:iam::111111111111:role/video-pipeline-operator";
    let asked = ["trust-policy", "--cluster-name=home", "--principal", operator, "--namespace=media"];
    let policy = alone(OPERATOR, &asked).ends_with(0, &[]).json();
    let [statement] = &policy["Statement"].as_array().unwrap()[..] else { panic!("{policy:#}") };
    assert_eq!((&statement["Effect"], &statement["Action"]), (&"Allow".into(), &"sts:AssumeRole".into()));
    assert_eq!(statement["Principal"]["AWS"], operator);
    assert_eq!(statement["Condition"]["StringEquals"]["sts:ExternalId"], "home/media");
    let several = alone(OPERATOR, &[&asked[..], &["--namespace=film"]].concat()).ends_with(0, &[]).json();
    let ids = &several["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"];
    assert_eq!(texts(ids), ["home/film", "home/media"]);
    for wrong in ["*", "111111111111", "arn:aws:sts::111111111111:assumed-role/operator/session"] {
        let asked = ["trust-policy", "--cluster-name=home", "--namespace=media", "--principal", wrong];
        alone(OPERATOR, &asked).ends_with(1, &["ARN of a role or a user"]);
    }
    alone(OPERATOR, &["trust-policy", "--cluster-name=home", "--principal", operator])
        .ends_with(1, &["--namespace"]);
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
