//! Log retention and alarms.

use serde_json::{Value, json};

use super::super::case::{Case, Field, all};
use super::long;

pub fn cases() -> Vec<Case> {
    let mut cases = all([retention(), actions()]);
    for (alarm, min, max) in [
        ("kinesisWriteThrottle", 1, 1_000_000),
        ("kinesisReadThrottle", 1, 1_000_000),
        ("iteratorAge", 1000, 604_800_000),
        ("deadLetterQueue", 1, 1_000_000),
        ("runningTasks", 1, 5000),
        ("databaseCapacity", 1, 100),
    ] {
        let field = |name: &str| format!("spec.monitoring.alarms.{alarm}.{name}");
        cases.extend(Field::at(&field("threshold")).range(min, max).cases);
        cases.extend(Field::at(&field("enabled")).switch().cases);
    }
    cases
}

/// What CloudWatch Logs accepts.
fn retention() -> Field<'static> {
    Field::at("spec.monitoring.logRetentionDays")
        .accepts([
            1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
            3288, 3653,
        ])
        .refuses([0, 2, 10, 3654, -1], "supported values: \"1\", \"3\", \"5\", \"7\", \"14\", \"30\"")
}

fn actions() -> Field<'static> {
    let topic = |name: &str| format!("arn:aws:sns:eu-west-1:123456789012:{name}");
    let topics = |count: usize| Value::from((0..count).map(|n| topic(&format!("t{n}"))).collect::<Vec<_>>());
    // As long as a partition makes it; the name itself has at most 256 characters.
    let longest = |length: usize| {
        let end = format!(":sns:eu-west-1:123456789012:{}", long(256));
        json!([format!("arn:aws-{}{end}", long(length - "arn:aws-".len() - end.len()))])
    };
    let words = "must be ARNs of SNS topics: arn:aws:sns:REGION:ACCOUNT:NAME";
    let region = "monitoring.alarmActions must be topics in the region of the pipeline";
    let not_topics =
        ["", "ops@example.com", "arn:aws:sqs:eu-west-1:123456789012:q", "arn:aws:sns:eu-west-1:1:t"];
    let list = Field::at("spec.monitoring.alarmActions")
        .accepts([json!([]), topics(5), json!([topic(&long(256))]), longest(320)])
        .refuses([topics(6)], "must have at most 5 items")
        .refuses_at("spec.monitoring.alarmActions[0]", [longest(321)], "may not be more than 320 bytes")
        .refuses_at("spec.monitoring.alarmActions[1]", [json!([topic("a"), topic("a")])], "Duplicate value")
        .refuses([json!([topic(&long(257))])], words)
        .refuses_at("spec", [json!([topic("a"), "arn:aws:sns:eu-west-3:123456789012:b"])], region);
    with_both(list, &not_topics, words, region)
}

/// What is no topic is in no region either.
fn with_both<'a>(
    mut list: Field<'a>,
    values: &[&str],
    words: &'static str,
    region: &'static str,
) -> Field<'a> {
    let path = "spec.monitoring.alarmActions";
    for value in values {
        let refusals: &[_] = match value.contains(":sns:eu-west-1:") {
            true => &[(path, words)],
            false => &[(path, words), ("spec", region)],
        };
        list.cases.push(super::super::case::refused(&[(path, json!([value]))], refusals));
    }
    list
}
