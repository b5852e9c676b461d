//! Two operators and one Lease: one leads, and another takes over when it stops, with warning or without.

use std::process::Command;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use sandbox::{AwsCall, Operator};

use super::stage::Stage;

const NAME: &str = "dev";

/// Two access keys of the same account, by which the call log tells who called.
const FIRST: &str = "AKIAFIRSTEXAMPLE0000";
const SECOND: &str = "AKIASECONDEXAMPLE000";

/// Attempts that were handed to a connection before the process stood still may leave when it wakes; nothing can call them
/// back, and names, tokens and intents make them harmless. With dozens of steps still to start, more would be new ones.
const ON_THE_WIRE: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_stood_still_starts_nothing_when_it_wakes() {
    let stage = Stage::set("asleep").await;
    stage.latency(150).await;
    let mut first = start(&stage, FIRST).await;
    stage.until("the first leads", async || holder(&stage).await.is_some()).await;
    let leader = holder(&stage).await;
    let second = start(&stage, SECOND).await;
    stage.create(NAME).await;
    stage.until("the first is at work", async || by(&stage, FIRST).len() > 8).await;

    signal(&first, "STOP");
    stage.until("the second leads", async || holder(&stage).await != leader).await;
    let before = by(&stage, FIRST);
    assert!(by(&stage, SECOND).is_empty(), "it worked before it led");
    stage.latency(0).await;
    stage.ready(NAME).await;
    signal(&first, "CONT");
    stage.until("the first gives up", async || first.has_ended()).await;

    let late = by(&stage, FIRST).split_off(before.len());
    assert!(late.len() <= ON_THE_WIRE, "the deposed leader called AWS: {late:?}");
    let log = std::fs::read_to_string(first.log()).unwrap();
    assert!(log.contains("another replica leads"), "{log}");
    let taken_over = by(&stage, SECOND);
    assert!(!taken_over.is_empty() && before.iter().all(|call| call.time < taken_over[0].time));
    drop(second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_told_to_stop_hands_over_at_once() {
    let stage = Stage::set("handover").await;
    let mut first = start(&stage, FIRST).await;
    stage.until("the first leads", async || holder(&stage).await.is_some()).await;
    let leader = holder(&stage).await;
    let second = start(&stage, SECOND).await;
    let exit = first.terminate(Duration::from_secs(10)).await.unwrap();
    assert_eq!(exit.code(), Some(0));
    let next = async || !matches!(holder(&stage).await, next if next == leader || next.is_none());
    // A renewal each second, and some for a busy machine; without a hand-over it takes the whole lease, ten seconds.
    let took = stage.until("the second leads", next).await;
    assert!(took < Duration::from_secs(4), "{took:?}");

    stage.create(NAME).await;
    stage.ready(NAME).await;
    assert!(by(&stage, FIRST).is_empty() && !by(&stage, SECOND).is_empty());
    drop(second);
}

async fn start(stage: &Stage, key: &str) -> Operator {
    // What the first began is in doubt for the second, for as long as this.
    let flags = [&*format!("--lease-namespace={}", stage.namespace), "--read-lag=3s"];
    let mut options = stage.operator(key, &flags);
    options.environment = vec![("AWS_ACCESS_KEY_ID".to_owned(), key.to_owned())];
    Operator::start(&options).await.unwrap()
}

/// Who has the lease.
async fn holder(stage: &Stage) -> Option<String> {
    let leases: Api<Lease> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let lease = leases.get_opt("video-pipeline-operator").await.unwrap()?;
    lease.spec?.holder_identity.filter(|holder| !holder.is_empty())
}

/// The calls that change something and that this key signed.
fn by(stage: &Stage, key: &str) -> Vec<AwsCall> {
    let mut calls = stage.mutations();
    calls.retain(|call| call.access_key == key);
    calls
}

fn signal(operator: &Operator, signal: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &operator.pid().to_string()]).status();
    assert!(sent.unwrap().success());
}
