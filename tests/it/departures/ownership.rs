//! Whose things are when an environment goes: what lost its tags is not left behind, and of an environment that is being taken
//! over either all goes or nothing.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{environment, gone};
use crate::support::consent::told;
use crate::sweep::account::Account;
use crate::sweep::field::{Field, Plot};
use crate::sweep::operator::{Act, NAME, Operator, Rest, summary};
use crate::wire::{Aim, Fault, Target, log};

const STREAM: &str = "video-ingestion-stream-dev";
/// In how many passes an environment is taken over at most.
const PASSES: usize = 20;
const OWNER: &str = "streamflix.io/owner";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lost_its_tags_is_not_left_behind() {
    let field = Field::open("untagged", 1).await;
    let (mut plot, empty) = environment(&field).await;
    let mut operator = plot.operator(&[Act::Create]).await.unwrap();
    let account = operator.account().clone();
    let stream = json!({ "StreamName": STREAM });
    let listed = account.json("kinesis:ListTagsForStream", stream.clone()).await["Tags"].take();
    let pairs = listed.as_array().unwrap().iter().map(|tag| (tag["Key"].as_str().unwrap(), &tag["Value"]));
    let tags: serde_json::Map<_, _> = pairs.map(|(key, value)| (key.to_owned(), value.clone())).collect();
    let keys: Vec<_> = tags.keys().collect();
    account.json("kinesis:RemoveTagsFromStream", json!({ "StreamName": STREAM, "TagKeys": keys })).await;

    operator.act(&Act::Delete).await;
    let message = told(&mut operator, "OwnershipLost").await.unwrap();
    for words in ["put the tags back: aws ", "to leave all that is left in AWS: kubectl ", STREAM] {
        assert!(message.contains(words), "{words} is not in: {message}");
    }
    account.json("kinesis:AddTagsToStream", json!({ "StreamName": STREAM, "Tags": tags })).await;
    operator.restart();
    gone(&mut operator, &empty).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_over_half_way_goes_as_a_whole() {
    let field = Field::open("half-taken", 1).await;
    let (mut plot, empty) = environment(&field).await;
    for last in ["sqs:TagQueue@ingestion/job-queue", "ec2:CreateTags@network/vpc"] {
        let mut operator = taking_over(&mut plot, last).await;
        operator.act(&Act::Delete).await;
        gone(&mut operator, &empty).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_begun_to_be_taken_over_is_left_alone() {
    let field = Field::open("not-taken", 1).await;
    let mut plot = field.plots(1).await.remove(0);
    let mut operator = taking_over(&mut plot, "iam:TagRole@processing/execution-role").await;
    let before = operator.inventory().await;
    operator.act(&Act::Delete).await;
    assert_eq!(operator.rest(None).await, Ok(Rest::Gone));
    assert_eq!(operator.inventory().await.difference(&before), None, "something of another's was changed");
}

/// An operator that takes over another one's environment, and died just before the call `last`.
async fn taking_over(plot: &mut Plot, last: &str) -> Operator {
    let mut operator = plot.operator(&[Act::Create]).await.unwrap();
    let former = format!("sweep/{}/former", plot.place().namespace);
    hand_over(operator.account(), &former).await;
    let adopt = json!({ "metadata": { "annotations": { "streamflix.io/adopt-from": former } } });
    operator.resources().patch(NAME, &PatchParams::default(), &Patch::Merge(adopt)).await.unwrap();
    let aim: Aim = last.parse().unwrap();
    operator.wire.arm([(Target::Call(aim), Fault::DiesBefore)]);
    for _ in 0..PASSES {
        let resource = operator.resource().await.unwrap();
        operator.pass(resource, &mut None).await;
        if operator.wire.has_struck() {
            return operator;
        }
    }
    let calls = log::aims(&operator.wire.log()).into_iter().filter(|(_, mutates)| *mutates);
    let calls: Vec<_> = calls.map(|(aim, _)| aim.to_string()).collect();
    panic!("{last} is never called, but {calls:#?}: {}", summary(&operator.resource().await.unwrap()));
}

/// Everything that has an owner gets another one.
async fn hand_over(account: &Account, owner: &str) {
    let listed = account.json("tag:GetResources", json!({ "TagFilters": [{ "Key": OWNER }] })).await;
    let is_strangers = |entry: &&Value| entry["Tags"].to_string().contains("elsewhere/media/dev");
    let entries = listed["ResourceTagMappingList"].as_array().unwrap().iter();
    for entry in entries.filter(|entry| !is_strangers(entry)) {
        let arns = json!([entry["ResourceARN"]]);
        let tags = json!({ "ResourceARNList": arns, "Tags": { OWNER: owner } });
        account.json("tag:TagResources", tags).await;
    }
    for role in ["video-processing-execution-role-dev", "video-processing-task-role-dev"] {
        let tag = [("RoleName", role), ("Tags.member.1.Key", OWNER), ("Tags.member.1.Value", owner)];
        account.form("iam:TagRole", &tag).await;
    }
    // The stand-in tags these by their own services only.
    account.json("kinesis:AddTagsToStream", json!({ "StreamName": STREAM, "Tags": { OWNER: owner } })).await;
    for queue in ["video-processing-jobs-dev", "video-processing-dlq-dev"] {
        let url = account.json("sqs:GetQueueUrl", json!({ "QueueName": queue })).await["QueueUrl"].take();
        account.json("sqs:TagQueue", json!({ "QueueUrl": url, "Tags": { OWNER: owner } })).await;
    }
}
