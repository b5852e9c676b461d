//! What an operator says in its audit trail that it started, and what AWS heard of it.

use jiff::Timestamp;
use sandbox::AwsCall;
use serde_json::{Value, json};

/// An attempt as the operator's audit trail has it.
#[derive(Debug)]
pub struct Attempt {
    pub action: String,
    /// The resource that it is about.
    pub address: String,
    /// When the step began that it belongs to.
    pub begun: Option<Timestamp>,
    pub started: Timestamp,
    /// Of the answer; none where there was none.
    request_id: Option<String>,
}

/// The attempts that a log tells of.
pub fn attempts(log: &str) -> Vec<Attempt> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let attempt = |line: Value| Attempt {
        action: line["operation"].as_str().unwrap().to_owned(),
        address: line["address"].as_str().unwrap_or_default().to_owned(),
        begun: line["begun"].as_str().map(|begun| begun.parse().unwrap()),
        started: line["started"].as_str().unwrap().parse().unwrap(),
        request_id: line["request_id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned),
    };
    lines.filter(|line| line["target"] == "audit").map(attempt).collect()
}

/// The calls that no attempt explains: each attempt is one call, and the one that was answered is that of the answer.
pub fn unexplained(calls: &[AwsCall], mut attempts: Vec<Attempt>) -> Vec<AwsCall> {
    let mut unexplained = Vec::new();
    for call in calls {
        let explains = |attempt: &Attempt| {
            attempt.action == call.action()
                && attempt.request_id.as_ref().is_none_or(|id| *id == call.request_id)
                && attempt.started <= call.time
        };
        match attempts.iter().position(explains) {
            Some(at) => drop(attempts.remove(at)),
            None => unexplained.push(call.clone()),
        }
    }
    unexplained
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
    let left: Vec<_> = unexplained(&late, attempts(&log)).into_iter().map(|call| call.request_id).collect();
    assert_eq!(left, ["three"], "one was answered already, and the other explains one call");
    assert_eq!(unexplained(&[call("2026-01-02T03:04:05Z", "two")], attempts(&log)).len(), 1, "too early");
}
