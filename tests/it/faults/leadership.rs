//! Two operators and one Lease: one leads, and another takes over when it stops, with warning or without.

use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use sandbox::{AwsCall, Operator};
use serde_json::{Value, json};

use super::stage::Stage;

const NAME: &str = "dev";

/// Two access keys of the same account, by which the call log tells who called.
const FIRST: &str = "AKIAFIRSTEXAMPLE0000";
const SECOND: &str = "AKIASECONDEXAMPLE000";

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
    let woken = Timestamp::now();
    signal(&first, "CONT");
    stage.until("the first gives up", async || first.has_ended()).await;

    let log = std::fs::read_to_string(first.log()).unwrap();
    let attempts = audited(&log);
    let anew: Vec<_> = attempts.iter().filter(|attempt| attempt.started >= woken).collect();
    assert!(anew.is_empty(), "the deposed leader started {anew:?}");
    // What was handed to a connection before the process stood still may leave when it wakes; nothing can call it back, and
    // names, tokens and intents make it harmless.
    let late = by(&stage, FIRST).split_off(before.len());
    let unexplained = unmatched(&late, attempts);
    assert!(unexplained.is_empty(), "no attempt was started for {unexplained:?}");
    assert!(by(&stage, FIRST).len() > 8, "there is nothing to tell apart");
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
    options.arguments.retain(|argument| !argument.starts_with("--log-format"));
    options.environment = vec![("AWS_ACCESS_KEY_ID".to_owned(), key.to_owned())];
    Operator::start(&options).await.unwrap()
}

/// An attempt as the operator's audit trail has it.
#[derive(Debug)]
struct Audited {
    action: String,
    started: Timestamp,
    /// Of the answer; none where there was none.
    request_id: Option<String>,
}

/// The audit lines of a log.
fn audited(log: &str) -> Vec<Audited> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let audited = |line: Value| Audited {
        action: line["operation"].as_str().unwrap().to_owned(),
        started: line["started"].as_str().unwrap().parse().unwrap(),
        request_id: line["request_id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned),
    };
    lines.filter(|line| line["target"] == "audit").map(audited).collect()
}

/// The calls that no attempt explains: each attempt is one call, and the one that was answered is that of the answer.
fn unmatched(calls: &[AwsCall], mut attempts: Vec<Audited>) -> Vec<AwsCall> {
    let mut unmatched = Vec::new();
    for call in calls {
        let explains = |attempt: &Audited| {
            attempt.action == call.action()
                && attempt.request_id.as_ref().is_none_or(|id| *id == call.request_id)
                && attempt.started <= call.time
        };
        match attempts.iter().position(explains) {
            Some(at) => drop(attempts.remove(at)),
            None => unmatched.push(call.clone()),
        }
    }
    unmatched
}

#[test]
fn a_call_that_nobody_started_is_told_from_a_late_one() {
    let line = |started: &str, id: &str| {
        json!({
            "target": "audit", "operation": "sqs:CreateQueue", "started": started, "request_id": id,
        })
    };
    let log = [line("2026-01-02T03:04:05Z", "one"), line("2026-01-02T03:04:06Z", "")];
    let log = log.map(|line| line.to_string()).join("\n");
    let call = |time: &str, id: &str| -> AwsCall {
        serde_json::from_value(json!({
            "time": time, "service": "sqs", "operation": "CreateQueue", "account": "1", "region": "r", "status": 200,
            "error": null, "mutating": true, "access_key": "k", "session": null, "request_id": id,
        }))
        .unwrap()
    };
    let late = [call("2026-01-02T03:05:00Z", "two"), call("2026-01-02T03:05:00Z", "three")];
    let unmatched: Vec<_> = unmatched(&late, audited(&log)).into_iter().map(|call| call.request_id).collect();
    assert_eq!(unmatched, ["three"], "one was answered already, and the other explains one call");
    assert_eq!(self::unmatched(&[call("2026-01-02T03:04:05Z", "two")], audited(&log)).len(), 1, "too early");
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
