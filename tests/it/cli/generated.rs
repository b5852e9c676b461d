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
