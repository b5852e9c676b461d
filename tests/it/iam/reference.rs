//! Every bound is one that AWS knows, as its Service Authorization Reference says.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use video_pipeline_operator::engine::{Action, Condition, Grant, ResourceType};
use video_pipeline_operator::kinds::{KINDS, bounds, facts};

/// What the Reference says of the actions.
#[derive(Deserialize)]
struct Reference {
    actions: BTreeMap<String, Entry>,
}

/// What it says of one.
#[derive(Default, Deserialize)]
struct Entry {
    /// The condition keys of each type of resources.
    resources: BTreeMap<String, BTreeSet<String>>,
    /// Those that do not depend on the type.
    #[serde(default)]
    keys: BTreeSet<String>,
    /// The types that a policy must cover.
    required: BTreeSet<String>,
}

fn reference() -> Reference {
    let path = sandbox::checkout().join("sandbox/standin/standin/authorization.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What the Reference calls a type, from how its ARNs begin; none for those of every type.
fn called(of: &ResourceType, action: &Action) -> Option<&'static str> {
    let kind = of.form.split(['/', ':']).next().unwrap_or_default();
    match (of.service, kind) {
        ("ec2", "*") => None,
        ("sqs", _) => Some("queue"),
        ("secretsmanager", _) => Some("Secret"),
        ("application-autoscaling", _) => Some("ScalableTarget"),
        ("kms", _) if action.service() == "kinesis" => Some("kmsKey"),
        (_, kind) => Some(kind),
    }
}

fn key(condition: &Condition) -> Option<&'static str> {
    match condition {
        Condition::RequestTag => Some("aws:RequestTag"),
        Condition::ResourceTag => Some("aws:ResourceTag"),
        Condition::Boundary | Condition::BoundaryOnly => Some("iam:PermissionsBoundary"),
        Condition::Is(key, _) | Condition::True(key) | Condition::Names(key, _) | Condition::Lacks(key) => {
            Some(key.split('/').next().unwrap_or_default())
        }
    }
}

/// What is wrong with a grant.
fn faults(action: &Action, grant: &Grant, entry: &Entry) -> Vec<String> {
    let mut faults = Vec::new();
    for of in grant.on {
        if *of == ResourceType::ANY {
            if !action.looks() && !entry.resources.is_empty() {
                faults.push("it changes something, and could be bound by resources".to_owned());
            }
            continue;
        }
        let Some(kind) = called(of, action) else { continue };
        let Some(keys) = entry.resources.get(kind) else {
            faults.push(format!("AWS knows no {kind} for it"));
            continue;
        };
        for key in grant.when.iter().filter_map(key) {
            if !keys.contains(key) && !entry.keys.contains(key) {
                faults.push(format!("AWS knows no {key} for it and {kind}"));
            }
        }
    }
    faults
}

/// The types that a policy must cover, and no grant does.
fn uncovered(action: &Action, entry: &Entry) -> Vec<String> {
    let on = || action.grants.iter().flat_map(|grant| grant.on);
    if action.grants == bounds::NEVER
        || on().any(|of| *of == ResourceType::ANY || called(of, action).is_none())
    {
        return Vec::new();
    }
    let covered: BTreeSet<_> = on().filter_map(|of| called(of, action)).collect();
    let open = entry.required.iter().filter(|kind| !covered.contains(kind.as_str()));
    open.map(|kind| format!("nothing says on which {kind}")).collect()
}

#[test]
fn every_bound_is_one_that_aws_knows() {
    let reference = reference();
    let mut wrong = Vec::new();
    for action in KINDS.iter().flat_map(|kind| kind.actions()).chain(facts::ACTIONS) {
        let Some(entry) = reference.actions.get(action.name) else {
            wrong.push(format!("{}: the Reference has no such action", action.name));
            continue;
        };
        let of_grants = action.grants.iter().flat_map(|grant| faults(action, grant, entry));
        let all =
            of_grants.chain(uncovered(action, entry).into_iter().filter(|_| action.implied_by.is_none()));
        wrong.extend(all.map(|fault| format!("{}: {fault}", action.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_bound_that_aws_does_not_know_is_caught() {
    let reference = reference();
    let entry = |name: &str| &reference.actions[name];
    let open = Action::called("kinesis:DeleteStream", bounds::UNBOUNDABLE);
    assert_eq!(faults(&open, &open.grants[0], entry(open.name)).len(), 1);
    let wrong_type = Action::called("kinesis:DeleteStream", bounds::queue::NAMED);
    assert_eq!(uncovered(&wrong_type, entry(wrong_type.name)).len(), 1);
    let wrong_key = Action::called("kinesis:DeleteStream", bounds::stream::NEW);
    assert_eq!(faults(&wrong_key, &wrong_key.grants[0], entry(wrong_key.name)).len(), 1);
}
