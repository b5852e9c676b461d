//! Whose is what: conflicts, neighbours, lost tags, what is left behind and taken over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::environment::{Environment, condition, is_observed, row};
use super::lab::{self, Lab};
use super::scrub::scrubbed;
use crate::support::account::OWNER;

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_second_owns_nothing_and_neighbours_do_not_touch_each_other() {
    let lab = lab::shared().await;
    let (left, right) = tokio::join!(
        Environment::create(lab, "left", json!({})),
        Environment::create(lab, "right", json!({})),
    );
    tokio::join!(left.ready(), right.ready());
    let before = lab.account.everything_of("left");

    let second = Environment::create_as(lab, "second", "left", json!({}), json!({})).await;
    let message = second.condition("Stalled", "True", "Conflict").await;
    assert!(message.contains("lab/shared/left"), "{message}");
    assert!(message.contains("environmentSuffix"), "{message}");
    second.delete().await;
    second.gone().await;
    assert_same(&before, &lab.account.everything_of("left"));

    right.delete_to_the_end().await;
    assert_same(&before, &lab.account.everything_of("left"));
    left.ready().await;
    left.delete_to_the_end().await;
}

/// The kinds whose objects wait when they lose their tags.
const TAGGED: [&str; 16] = [
    "vpc",
    "subnet",
    "internetGateway",
    "routeTable",
    "securityGroup",
    "role",
    "stream",
    "queue",
    "logGroup",
    "alarm",
    "ecsCluster",
    "service",
    "dbCluster",
    "dbInstance",
    "dbSubnetGroup",
    "dbClusterParameterGroup",
];

/// The kinds for which that cannot be.
const UNTAGGED: [&str; 7] = [
    // It has none, and is ours iff its subnet is.
    "routeTableAssociation",
    // They have none, and are ours iff their group is, or the VPC whose default group it is.
    "securityGroupRules",
    // It is written into its role, and ours iff that is.
    "rolePolicy",
    // What is scaled is ours iff its service is.
    "scalableTarget",
    "scalingPolicy",
    // The secret is that of RDS, and its rotation ours iff the cluster is.
    "secretRotation",
    // Its tags tell which version of it a revision is. One without them is in nobody's place, so that there is nothing to wait
    // for: another is registered beside it.
    "taskDefinition",
];

/// The tags by which the operator knows what is its own, and those that say the same to people.
const TAGS: [&str; 5] =
    [OWNER, "streamflix.io/address", "streamflix.io/environment", "streamflix.io/region", "Name"];

/// In the lab. Calls do not tell: what an audit reads more than a sweep, it reads of what is ours.
const TWO_AUDITS: Duration = Duration::from_secs(9);

#[tokio::test(flavor = "multi_thread")]
async fn what_lost_its_tags_waits_for_the_command_that_puts_them_back() {
    let lab = lab::shared().await;
    let environment = Environment::create(lab, "lost", json!({ "processing": { "autoscaling": {} } })).await;
    let ready = environment.ready().await;
    let chosen = one_of_every_kind(&ready);
    assert_eq!(chosen.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from(TAGGED));
    let vpc = text(chosen["vpc"], "id");
    let before = standing(lab, "lost", vpc);
    for (kind, row) in &chosen {
        lab.account.untag(kind, text(row, "id"), &TAGS);
    }

    let is_lost = |object: &Value, row: &Value| command(object, text(row, "address")).is_some();
    let lost = environment
        .until("missing the tags of all kinds", |object| {
            let stalled = condition(object, "Stalled")["reason"] == "OwnershipLost";
            stalled && chosen.values().all(|row| is_lost(object, row))
        })
        .await;
    tokio::time::sleep(TWO_AUDITS).await;
    assert_same(&bare(&before), &bare(&standing(lab, "lost", vpc)));

    // As a person would copy them.
    for row in chosen.values() {
        let command = command(&lost, text(row, "address")).unwrap();
        lab.account.run(command).unwrap_or_else(|why| panic!("{command}: {why}"));
    }
    environment.ready().await;
    let after = standing(lab, "lost", vpc);
    assert_eq!(ids(&before), ids(&after), "nothing was made anew");
    assert_same(&before, &after);
    environment.delete_to_the_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_not_one_of_aws_is_not_run() {
    let account = &lab::shared().await.account;
    for (command, why) in [
        ("kubectl get vp", "kubectl is not aws"),
        ("aws ec2 make-tags --resources vpc-1", "ec2 has no make-tags"),
        ("aws ec2 create-tags --resource vpc-1", "ec2 create-tags has no --resource"),
        ("aws ec2 create-tags --resources vpc-1 --tags key=a,value=b", "--tags has no key, value"),
        ("aws sqs tag-queue --queue-url it --tags a=b,c", "--tags does not take a=b,c"),
        ("aws sqs tag-queue --queue-url it --tags a=b c=d", "--tags takes one value"),
        (
            "aws sqs get-queue-url --queue-name $(aws sts get-caller-identity --query Name --output text)",
            "prints None, and not one word",
        ),
    ] {
        let refused = account.run(command).unwrap_err();
        assert!(refused.contains(why), "{command}: {refused}");
    }
}

/// A row of every kind whose objects have tags. A log group that AWS itself writes to is ours by its name alone.
fn one_of_every_kind(object: &Value) -> BTreeMap<&str, &Value> {
    let mut chosen = BTreeMap::new();
    for row in object["status"]["resources"].as_array().unwrap() {
        let kind = text(row, "kind");
        if !UNTAGGED.contains(&kind) && !text(row, "id").starts_with("/aws/") {
            chosen.entry(kind).or_insert(row);
        }
    }
    chosen
}

/// The command that the row at `address` has for lost tags.
fn command<'o>(object: &'o Value, address: &str) -> Option<&'o str> {
    let (_, rest) = row(object, address)["message"].as_str()?.split_once("put the tags back: ")?;
    rest.split(" · ").next()
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// What stands there of an environment, also where no tag says so: in its VPC, or under its names.
fn standing(lab: &Lab, suffix: &str, vpc: &str) -> Vec<(String, Value)> {
    let ending = format!("-{suffix}");
    let is_of = |text: &str| text.contains(vpc) || text.split(['"', '/', ':']).any(|w| w.ends_with(&ending));
    let mut standing = lab.account.everything();
    standing.retain(|(_, item)| is_of(&item.to_string()));
    standing
}

/// The same without tags.
fn bare(everything: &[(String, Value)]) -> Vec<(String, Value)> {
    everything.iter().map(|(list, item)| (list.clone(), without_tags(item))).collect()
}

fn without_tags(item: &Value) -> Value {
    let mut item = item.clone();
    if let Value::Object(fields) = &mut item {
        fields.retain(|name, _| !["Tags", "tags", "TagList"].contains(&name.as_str()));
    }
    item
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_that_was_left_behind_is_taken_over() {
    let lab = lab::shared().await;
    let autoscaling = json!({ "processing": { "autoscaling": {} } });
    let first = Environment::create(lab, "kept", autoscaling.clone()).await;
    first.ready().await;
    let before = lab.account.everything_of("kept");
    first.edit(json!({ "deletionPolicy": "Retain" })).await;
    first.delete().await;
    first.gone().await;
    assert_same(&before, &lab.account.everything_of("kept"));
    assert_eq!(lab.account.owners("kept"), BTreeSet::from(["lab/shared/kept".to_owned()]));

    let adopt = json!({ "streamflix.io/adopt-from": "lab/shared/kept" });
    let mut suspended = autoscaling;
    suspended["suspend"] = json!(true);
    let heir = Environment::create_as(lab, "heir", "kept", adopt, suspended).await;
    let planned =
        heir.until("planning", |object| is_observed(object) && object["status"]["plan"].is_object()).await;
    let changes = planned["status"]["plan"]["changes"].as_array().unwrap();
    assert!(changes.iter().all(|change| change["action"] == "Update"), "{changes:#?}");
    assert!(changes.iter().any(|change| change.to_string().contains("lab/shared/kept")), "{changes:#?}");
    assert_same(&before, &lab.account.everything_of("kept"));

    heir.edit(json!({ "suspend": false })).await;
    heir.ready().await;
    assert_eq!(lab.account.owners("kept"), BTreeSet::from(["lab/shared/heir".to_owned()]));
    assert_eq!(ids(&before), ids(&lab.account.everything_of("kept")), "nothing was made anew");
    heir.delete_to_the_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_over_from_whom_the_annotation_does_not_name() {
    let lab = lab::shared().await;
    let first = Environment::create(lab, "held", json!({})).await;
    first.ready().await;
    let before = lab.account.everything_of("held");
    let other = json!({ "streamflix.io/adopt-from": "lab/shared/somebody" });
    let thief = Environment::create_as(lab, "thief", "held", other, json!({})).await;
    thief.condition("Stalled", "True", "Conflict").await;
    thief.patch(json!({ "metadata": { "annotations": { "streamflix.io/adopt-from": "no owner" } } })).await;
    let message = thief.condition("Stalled", "True", "InvalidSpec").await;
    assert!(message.contains("clusterName/namespace/name"), "{message}");
    thief.delete().await;
    thief.gone().await;
    assert_same(&before, &lab.account.everything_of("held"));
    first.delete_to_the_end().await;
}

/// What tells one object from another that was made in its place.
fn ids(everything: &[(String, Value)]) -> Vec<String> {
    let names = [
        "VpcId",
        "SubnetId",
        "InternetGatewayId",
        "RouteTableId",
        "GroupId",
        "DbClusterResourceId",
        "DbiResourceId",
        "RoleId",
        "taskDefinitionArn",
        "StreamName",
    ];
    let mut ids: Vec<_> = everything
        .iter()
        .flat_map(|(list, item)| names.iter().map(move |name| format!("{list} {}", item[*name])))
        .collect();
    ids.sort();
    ids
}

fn assert_same(before: &[(String, Value)], after: &[(String, Value)]) {
    let sorted = |everything: &[(String, Value)]| {
        let mut texts: Vec<_> =
            everything.iter().map(|(list, item)| format!("{list} {}", scrubbed(item))).collect();
        texts.sort();
        texts
    };
    let (before, after) = (sorted(before), sorted(after));
    let gone: Vec<_> = before.iter().filter(|item| !after.contains(item)).collect();
    let new: Vec<_> = after.iter().filter(|item| !before.contains(item)).collect();
    assert!(gone.is_empty() && new.is_empty(), "gone: {gone:#?}\nnew: {new:#?}");
}
