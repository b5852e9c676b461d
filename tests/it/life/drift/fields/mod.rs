//! Every field that the operator compares with what is there, changed by hand: none is overlooked.
//!
//! The environment is suspended while somebody's hands are in it, so that the operator says what it would put right and does
//! not come between them. It says so after a sweep where that reads the field, as it does of most kinds, else after an audit.

mod data;
mod left;
mod network;
mod processing;

use std::collections::BTreeSet;
use std::time::Instant;

use sandbox::Durations;
use serde_json::{Value, json};
use video_pipeline_operator::kinds::KINDS;

use super::super::environment::{Environment, PATIENCE, POLL};
use super::super::lab::Lab;
use super::hand::{Hand, Ids};
use super::{SUFFIX, assert_same};
use crate::architecture::members;
use left::LEFT;

/// Each field of which something is changed by hand, by address.
fn hands(ids: &Ids<'_>) -> Vec<Hand> {
    [network::hands(ids), data::hands(ids), processing::hands(ids)].into_iter().flatten().collect()
}

/// The fields that are changed, as `vpc.cidr`.
fn changed(hands: &[Hand]) -> BTreeSet<String> {
    let fields = hands.iter().flat_map(|hand| hand.fields.iter().map(move |field| (hand.kind, field)));
    fields.map(|(kind, field)| format!("{kind}.{field}")).collect()
}

/// What is wrong with the table: of the fields that are compared, given those that are changed by hand or left for a reason.
fn faults(compared: &BTreeSet<String>, changed: &BTreeSet<String>, left: &BTreeSet<String>) -> Vec<String> {
    let unsaid = compared.iter().filter(|field| !changed.contains(*field) && !left.contains(*field));
    let twice = changed.intersection(left);
    let unknown = changed.union(left).filter(|field| !compared.contains(*field));
    let unsaid = unsaid.map(|field| format!("nobody changes {field}"));
    let twice = twice.map(|field| format!("{field} is changed, and left"));
    unsaid.chain(twice).chain(unknown.map(|field| format!("{field} is compared nowhere"))).collect()
}

/// What no hand changes: what AWS cannot change either, and what is said in `LEFT`.
fn left() -> BTreeSet<String> {
    let immutable =
        KINDS.iter().flat_map(|kind| kind.immutable().iter().map(|field| format!("{}.{field}", kind.name())));
    immutable.chain(LEFT.iter().map(|(field, _)| (*field).to_owned())).collect()
}

/// The fields that the published plan puts right, each with its address.
fn planned(object: &Value) -> BTreeSet<(String, String)> {
    let changes = object["status"]["plan"]["changes"].as_array().into_iter().flatten();
    let fields = changes.flat_map(|change| {
        let address = change["address"].as_str().unwrap_or_default().split('@').next().unwrap_or_default();
        let fields = change["fields"].as_array().into_iter().flatten();
        fields.map(move |field| (address.to_owned(), field["field"].as_str().unwrap_or_default().to_owned()))
    });
    fields.collect()
}

/// What the hands need that is not the environment's.
fn prepare(lab: &Lab) {
    let group = json!({
        "DBClusterParameterGroupName": data::ANOTHER,
        "DBParameterGroupFamily": "aurora-postgresql16",
        "Description": "not ours",
    });
    lab.account.call("rds", "create_db_cluster_parameter_group", group);
    let container = json!({ "name": "processor", "image": "registry.example/other:1" });
    let task = json!({
        "family": processing::ANOTHER,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [container],
    });
    lab.account.call("ecs", "register_task_definition", task);
    let policy =
        json!({ "PolicyName": processing::POLICY, "PolicyDocument": processing::anything().to_string() });
    lab.account.call("iam", "create_policy", policy);
}

/// Waits until the published plan puts right all that the hands did.
async fn are_named(environment: &Environment<'_>, hands: &[Hand]) {
    let fields = hands.iter().flat_map(|hand| hand.fields.iter().map(move |field| (hand.address, field)));
    let fields: BTreeSet<_> = fields.map(|(at, field)| (at.to_owned(), (*field).to_owned())).collect();
    let begun = Instant::now();
    loop {
        let planned = planned(&environment.get().await);
        let is_named = |(at, field): &(String, String)| {
            let parts = format!("{field}.");
            planned.iter().any(|(of, name)| of == at && (name == field || name.starts_with(&parts)))
        };
        let overlooked: Vec<_> = fields.iter().filter(|field| !is_named(field)).collect();
        if overlooked.is_empty() {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "not in the plan: {overlooked:#?}");
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_field_somebody_changes_is_named_and_put_right() {
    let lab = Lab::open("fields", Durations::None).await;
    prepare(&lab);
    let autoscaling = json!({ "processing": { "autoscaling": { "minCount": 1, "maxCount": 3 } } });
    let environment = Environment::create(&lab, SUFFIX, autoscaling).await;
    let counted = Environment::create(&lab, "count", json!({ "processing": { "desiredCount": 1 } })).await;
    tokio::join!(environment.ready(), counted.ready());
    let hands = hands(&Ids(&environment.in_aws()));
    let few = processing::hands_without_scaling();
    let faults = faults(&members::fields(), &(&changed(&hands) | &changed(&few)), &left());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    tokio::join!(are_put_right(&environment, &hands), are_put_right(&counted, &few));
    tokio::join!(environment.delete_to_the_end(), counted.delete_to_the_end());
}

/// What the hands do is named in the plan while the environment is suspended, and put right once it is not.
async fn are_put_right(environment: &Environment<'_>, hands: &[Hand]) {
    let before = environment.in_aws();
    environment.edit(json!({ "suspend": true })).await;
    environment.condition("Reconciling", "False", "Suspended").await;
    let refused: Vec<_> = hands.iter().flat_map(|hand| hand.refused(environment)).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    are_named(environment, hands).await;
    environment.edit(json!({ "suspend": false })).await;
    environment.ready().await;
    assert_same(&before, &environment.in_aws());
}

#[test]
fn a_field_that_is_forgotten_is_caught() {
    let set = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect::<BTreeSet<_>>();
    let compared = set(&["box.size", "box.colour"]);
    let of = |changed: &[&str], left: &[&str]| faults(&compared, &set(changed), &set(left));
    assert_eq!(of(&["box.size"], &["box.colour"]), Vec::<String>::new());
    assert_eq!(of(&["box.size"], &[]), ["nobody changes box.colour"]);
    assert_eq!(of(&["box.size"], &["box.colour", "box.size"]), ["box.size is changed, and left"]);
    assert_eq!(of(&["box.size", "box.lid"], &["box.colour"]), ["box.lid is compared nowhere"]);
}
