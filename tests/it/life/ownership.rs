//! Whose is what: conflicts, neighbours, lost tags, what is left behind and taken over.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::environment::{Environment, condition, is_observed, row};
use super::lab;
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

#[tokio::test(flavor = "multi_thread")]
async fn what_lost_its_tags_waits_for_the_command_that_puts_them_back() {
    let lab = lab::shared().await;
    let environment = Environment::create(lab, "lost", json!({})).await;
    environment.ready().await;
    let before = environment.in_aws();
    let (vpc, role) = (before["vpc"]["VpcId"].clone(), "video-processing-task-role-lost");
    let keys = [OWNER, "streamflix.io/address", "streamflix.io/environment", "streamflix.io/region", "Name"];
    let bare: Vec<_> = keys.iter().map(|key| json!({ "Key": key })).collect();
    lab.account.call("ec2", "delete_tags", json!({ "Resources": [vpc], "Tags": bare }));
    lab.account.call("iam", "untag_role", json!({ "RoleName": role, "TagKeys": keys }));

    let lost = environment
        .until("missing the tags of two", |object| {
            let lost = |address| row(object, address)["message"].to_string().contains("put the tags back");
            lost("network/vpc") && lost("processing/task-role")
        })
        .await;
    assert_eq!(condition(&lost, "Stalled")["reason"], "OwnershipLost");
    let vpcs = || lab.account.everything_of("lost").iter().filter(|(list, _)| list == "ec2:Vpcs").count();

    // The commands, as a person would copy them.
    let command = |address: &str| row(&lost, address)["message"].as_str().unwrap().to_owned();
    let tags = |text: &str| -> Vec<Value> {
        let pairs =
            text.split_whitespace().filter_map(|word| word.strip_prefix("Key=")?.split_once(",Value="));
        pairs.map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
    };
    let text = command("network/vpc");
    assert!(
        text.contains(&format!(
            "aws ec2 create-tags --region eu-west-1 --resources {}",
            vpc.as_str().unwrap()
        ))
    );
    lab.account.call("ec2", "create_tags", json!({ "Resources": [vpc], "Tags": tags(&text) }));
    let text = command("processing/task-role");
    assert!(text.contains(&format!("aws iam tag-role --role-name {role}")), "{text}");
    lab.account.call("iam", "tag_role", json!({ "RoleName": role, "Tags": tags(&text) }));

    environment.ready().await;
    let after = environment.in_aws();
    assert_eq!(after["vpc"]["VpcId"], vpc);
    assert_eq!(scrubbed(&before["vpc"]), scrubbed(&after["vpc"]));
    assert_eq!(vpcs(), 1);
    environment.delete_to_the_end().await;
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
