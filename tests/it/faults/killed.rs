//! The operator dies without a word, at ten different moments of a creation.

use std::collections::BTreeMap;

use serde_json::json;
use video_pipeline_operator::api::INTENT;

use super::inventory::inventory;
use super::stage::Stage;
use crate::support::account::Account;

const NAME: &str = "dev";

/// When the operator is killed, and what else happens.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// After so many mutating calls.
    After(usize),
    /// After this call, whose answer is lost, and while reads do not show yet what it made.
    Unanswered(&'static str),
    /// The same, and somebody removes the record of what was intended before the operator is back.
    Forgotten(&'static str),
    /// The same, and reads lag for longer than the operator waits: a second one is made, and has to go again.
    Surplus(&'static str),
}

impl Death {
    /// Whether a second one may be made for a while.
    fn may_double(self) -> bool {
        matches!(self, Self::Surplus(_))
    }

    fn unanswered(self) -> Option<&'static str> {
        match self {
            Self::After(_) => None,
            Self::Unanswered(call) | Self::Forgotten(call) | Self::Surplus(call) => Some(call),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_twice_and_nothing_is_lost_whenever_the_operator_is_killed() {
    let stage = Stage::set("killed").await;
    let account = Account::open(stage.aws.endpoint()).await;
    let (wanted, calls) = undisturbed(&stage, &account).await;
    assert!(wanted.values().sum::<usize>() > 30, "{wanted:?}");

    let spread = (0..8).map(|eighth| Death::After(1 + eighth * (calls - 1) / 8));
    let unanswered = ["ec2:CreateVpc", "ec2:CreateInternetGateway"].map(Death::Unanswered);
    for death in spread.chain(unanswered) {
        survives(&stage, &account, death, &wanted).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_lost_record_nor_reads_that_lag_for_long_leave_two_of_anything() {
    let stage = Stage::set("forgotten").await;
    let account = Account::open(stage.aws.endpoint()).await;
    let (wanted, _) = undisturbed(&stage, &account).await;
    for call in ["ec2:CreateVpc", "ec2:CreateInternetGateway"] {
        survives(&stage, &account, Death::Forgotten(call), &wanted).await;
        survives(&stage, &account, Death::Surplus(call), &wanted).await;
    }
}

/// What a creation comes to when nobody dies, and how many mutating calls it takes.
async fn undisturbed(stage: &Stage, account: &Account) -> (BTreeMap<String, usize>, usize) {
    let operator = stage.start("undisturbed", &[]).await;
    stage.create(NAME).await;
    stage.ready(NAME).await;
    let (wanted, calls) = (inventory(account), stage.mutations().len());
    stage.delete(NAME).await;
    stage.gone(NAME).await;
    drop(operator);
    (wanted, calls)
}

/// Creates, dies, comes back, and deletes.
async fn survives(stage: &Stage, account: &Account, death: Death, wanted: &BTreeMap<String, usize>) {
    stage.aws.reset().await.unwrap();
    die(stage, death).await;
    let read_lag = if matches!(death, Death::Surplus(_)) { "--read-lag=100ms" } else { "--read-lag=3s" };
    let operator = stage.start(&format!("after {death:?}"), &[read_lag, "--sweep-period=2s"]).await;
    stage.ready(NAME).await;
    lag(stage, 0).await;
    let too_much = |found: &BTreeMap<String, usize>| {
        found.iter().any(|(what, number)| wanted.get(what).is_none_or(|enough| number > enough))
    };
    stage
        .until(&format!("{death:?}: what stands there is {wanted:#?}"), async || {
            let found = inventory(account);
            // What is too much may go a little later.
            assert!(!too_much(&found) || death.may_double(), "{death:?}: {found:#?}");
            // What was made last, such as the interface of a task, still hides for as long as reads lagged when it was made.
            found == *wanted
        })
        .await;
    stage.delete(NAME).await;
    stage.gone(NAME).await;
    let left = inventory(account);
    assert!(left.is_empty(), "{death:?}: {left:#?}");
    drop(operator);
}

/// Begins to create, and dies.
async fn die(stage: &Stage, death: Death) {
    // Slow enough for a death between two calls.
    stage.latency(10).await;
    if let Some(call) = death.unanswered() {
        lag(stage, if matches!(death, Death::Surplus(_)) { 3 } else { 1 }).await;
        stage.fault(json!({ "operation": call, "applied": true, "drop": true, "times": 1 })).await;
    }
    let before = stage.mutations().len();
    let mut operator = stage.start(&format!("before {death:?}"), &["--read-lag=3s"]).await;
    stage.create(NAME).await;
    stage
        .until(&format!("{death:?} is to happen"), async || {
            let calls = stage.mutations().split_off(before);
            match death {
                Death::After(count) => calls.len() >= count,
                _ => calls.iter().any(|call| Some(call.action().as_str()) == death.unanswered()),
            }
        })
        .await;
    operator.kill();
    stage.latency(0).await;
    if matches!(death, Death::Forgotten(_)) {
        stage.patch(NAME, json!({ "metadata": { "annotations": { INTENT: null } } })).await;
    }
}

/// Seconds for which EC2 does not show what is new.
async fn lag(stage: &Stage, seconds: u32) {
    stage.aws.control("PUT", "durations", json!({ "ec2.lag": seconds })).await.unwrap();
}
