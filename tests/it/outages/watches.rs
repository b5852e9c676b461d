//! What the API server tells of resources is late, comes twice, breaks off, is forgotten, or is of yesterday: an environment
//! comes, changes and goes as it does where all is well, and nothing is made or removed a second time.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use sandbox::Operator;
use serde_json::json;

use super::gatehouse::{Gatehouse, Habit};
use crate::faults::stage::Stage;

const NAME: &str = "dev";

/// All but that where nothing goes wrong.
const HABITS: [Habit; 5] = [
    Habit::Drops,
    Habit::Repeats,
    Habit::Delays(Duration::from_millis(300)),
    Habit::Forgets,
    Habit::ListsThePast,
];

/// How many lists and watches an operator may ask for in its life for each time that something goes wrong, beside a few
/// that it asks for anyway.
const ASKED: usize = 3;

/// What came of a life.
struct Lived {
    /// How often each operation changed something.
    changes: BTreeMap<String, usize>,
    strikes: usize,
    asked: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_late_twice_or_not_at_all_changes_nothing_that_is_done() {
    let expected = life(Habit::Faithful).await;
    assert_eq!(expected.strikes, 0);
    assert_eq!(expected.changes["ec2:CreateVpc"], 1);
    for (habit, lived) in HABITS.iter().zip(join_all(HABITS.map(life)).await) {
        assert!(lived.strikes > 0, "{habit}: nothing went wrong");
        assert_eq!(lived.changes, expected.changes, "{habit}");
        let most = expected.asked + ASKED * lived.strikes;
        assert!(lived.asked <= most, "{habit}: {} lists and watches, {most} allowed", lived.asked);
    }
}

/// An environment comes, is edited, and goes, seen by two operators one after the other.
async fn life(habit: Habit) -> Lived {
    let stage = Stage::set(&format!("watch-{habit}")).await;
    let gatehouse = Gatehouse::open(stage.client.clone(), habit).await;
    let mut first = start(&stage, &gatehouse, "first").await;
    stage.create(NAME).await;
    stage.until("it is at work", async || stage.mutations().len() > 10).await;
    first.terminate(Duration::from_secs(20)).await.unwrap();

    let second = start(&stage, &gatehouse, "second").await;
    stage.ready(NAME).await;
    stage.patch(NAME, json!({ "spec": { "ingestion": { "retentionHours": 48 } } })).await;
    let longer = async || done(&stage).contains_key("kinesis:IncreaseStreamRetentionPeriod");
    stage.until("the stream keeps its data longer", longer).await;
    stage.ready(NAME).await;
    stage.delete(NAME).await;
    stage.gone(NAME).await;
    drop(second);
    Lived { changes: done(&stage), strikes: gatehouse.strikes(), asked: gatehouse.asked() }
}

async fn start(stage: &Stage, gatehouse: &Gatehouse, log: &str) -> Operator {
    let mut options = stage.operator(log, &["--read-lag=1s"]);
    options.kubeconfig = gatehouse.kubeconfig(stage.folder());
    Operator::start(&options).await.unwrap()
}

/// How often each operation changed something.
fn done(stage: &Stage) -> BTreeMap<String, usize> {
    let mut done = BTreeMap::new();
    for call in stage.mutations().iter().filter(|call| call.status < 300) {
        *done.entry(call.action()).or_default() += 1;
    }
    done
}
