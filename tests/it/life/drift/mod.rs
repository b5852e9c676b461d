//! What is changed or deleted by hand is put right, and said; what is not ours stays as it is.

mod changes;
mod deletions;
mod fields;
mod hand;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use video_pipeline_operator::kinds::KINDS;

use super::environment::{Environment, is_settled};
use super::lab;
use super::scrub::scrubbed;
use changes::changes;
use deletions::deletions;
use hand::{Hand, Ids};

const SUFFIX: &str = "drift";

/// Kinds of which AWS deletes no object while others use it; the database is a scenario of its own.
const NEVER_FREE: [&str; 5] =
    ["vpc", "dbSubnetGroup", "dbClusterParameterGroup", "dbCluster", "secretRotation"];

/// What somebody does by hand, given the ids of what there is.
type Hands = fn(&Ids<'_>) -> Vec<Hand>;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_or_deleted_by_hand_is_put_right_and_said() {
    let lab = lab::shared().await;
    let autoscaling = json!({ "processing": { "autoscaling": { "minCount": 1, "maxCount": 3 } } });
    let environment = Environment::create(lab, SUFFIX, autoscaling).await;
    environment.ready().await;
    let stranger = stranger(&environment);
    // What is there before has to be there afterwards.
    watch(&environment);

    let all: [(Hands, &[&str]); 2] = [(changes, &[]), (deletions, &NEVER_FREE)];
    for (hands, never) in all {
        let before = environment.in_aws();
        let mark = environment.mark();
        let hands = hands(&Ids(&before));
        let kinds: BTreeSet<_> = hands.iter().map(|hand| hand.kind).chain(never.iter().copied()).collect();
        assert_eq!(kinds, KINDS.iter().map(|kind| kind.name()).collect(), "every kind has its turn");
        hands.iter().for_each(|hand| hand.act(&environment));
        for hand in &hands {
            let what = format!("repairing {}", hand.address);
            environment.has_been(mark, &what, |object| hand.is_being_repaired(object)).await;
        }
        environment.until("repaired", is_settled).await;
        environment.ready().await;
        assert_same(&before, &environment.in_aws());
    }
    let events = environment.events().await;
    assert!(events.iter().any(|(reason, _)| reason == "RepairingDrift"), "{events:#?}");
    assert!(events.iter().any(|(reason, _)| reason == "StreamLost"), "{events:#?}");

    assert_eq!(stranger.1, look_at(&environment, &stranger.0), "what is not ours was touched");
    environment.lab.account.call("ec2", "delete_security_group", json!({ "GroupId": stranger.0 }));
    environment.delete_to_the_end().await;
}

/// Somebody else's security group in our VPC.
fn stranger(environment: &Environment<'_>) -> (Value, Value) {
    let vpc = environment.in_aws()["vpc"]["VpcId"].clone();
    let group = json!({ "GroupName": "theirs", "Description": "not ours", "VpcId": vpc });
    let id = environment.lab.account.call("ec2", "create_security_group", group)["GroupId"].clone();
    let looks = look_at(environment, &id);
    (id, looks)
}

/// GuardDuty marks what it watches.
fn watch(environment: &Environment<'_>) {
    let vpc = environment.in_aws()["vpc"]["VpcId"].clone();
    let tags = json!([{ "Key": "GuardDutyManaged", "Value": "true" }]);
    environment.lab.account.call("ec2", "create_tags", json!({ "Resources": [vpc], "Tags": tags }));
}

fn look_at(environment: &Environment<'_>, group: &Value) -> Value {
    let groups = json!({ "GroupIds": [group] });
    environment.lab.account.call("ec2", "describe_security_groups", groups)["SecurityGroups"].clone()
}

fn assert_same(before: &Value, after: &Value) {
    let (before, after) = (scrubbed(before), scrubbed(after));
    let wrong: Vec<_> =
        before.as_object().unwrap().iter().filter(|(part, value)| after[*part] != **value).collect();
    for (part, value) in &wrong {
        eprintln!("{part} was {value:#}\nand is {:#}", after[*part]);
    }
    assert!(
        wrong.is_empty(),
        "{:?} are not as before",
        wrong.iter().map(|(part, _)| part).collect::<Vec<_>>()
    );
}
