//! What is sent is what `members.yaml` says: each request of a whole life says what is fixed, and nothing that is exempt.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use super::members::{Fates, Table, beside, table};
use crate::matrix::drift;
use crate::sweep::field::Field;
use crate::sweep::operator::{Act, Operator};
use crate::sweep::strangers;
use crate::wire::Attempt;

/// An operation, and what a request says to it.
type Sent = (String, Value);

/// What the requests say that AWS saw, of the operations that the table names.
async fn sent(table: &Table, attempts: &[Attempt]) -> Vec<Sent> {
    let seen = attempts.iter().filter(|attempt| attempt.status.is_some());
    let named: Vec<_> = seen.filter(|attempt| table.contains_key(&attempt.call.action)).collect();
    let said = read(&named).await;
    named.iter().map(|attempt| attempt.call.action.clone()).zip(said).collect()
}

/// What requests say, in the words of AWS's own models, whatever their protocols.
async fn read(attempts: &[&Attempt]) -> Vec<Value> {
    let mut python = sandbox::assets::python_command("standin").await.unwrap();
    // There is the stand-in's code, which reads requests of all protocols.
    python.arg(beside("sent.py")).env("PYTHONPATH", ".");
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut requests = python.stdin.take().unwrap();
    for Attempt { call, said, .. } in attempts {
        let protocol = format!("{:?}", call.protocol).to_lowercase();
        let request = json!({ "action": call.action, "protocol": protocol, "body": said[..] });
        writeln!(requests, "{request}").unwrap();
    }
    drop(requests);
    let printed = python.wait_with_output().unwrap();
    assert!(printed.status.success(), "requests cannot be read");
    serde_json::from_slice(&printed.stdout).unwrap()
}

/// Where what was sent is not what the table says.
fn faults(table: &Table, sent: &[Sent]) -> BTreeSet<String> {
    let of_one = |(action, said): &Sent| -> Vec<String> {
        let Some(fates) = table.get(action) else { return Vec::new() };
        let may = fates.said().map(String::as_str).collect();
        let exempt = unsayable("", said, &may).into_iter().map(|member| format!("{member} is exempt"));
        exempt.chain(unfixed(fates, said)).map(|fault| format!("{action}: {fault}")).collect()
    };
    sent.iter().flat_map(of_one).collect()
}

/// Members that are said and may not be.
fn unsayable(member: &str, said: &Value, may: &BTreeSet<&str>) -> Vec<String> {
    if may.contains(member) {
        return Vec::new();
    }
    let in_parts = format!("{member}.");
    let has_parts = member.is_empty() || may.iter().any(|other| other.starts_with(&in_parts));
    match said {
        Value::Array(items) if has_parts => {
            items.iter().flat_map(|item| unsayable(member, item, may)).collect()
        }
        Value::Object(parts) if has_parts => {
            let path = |name: &String| if member.is_empty() { name.clone() } else { in_parts.clone() + name };
            parts.iter().flat_map(|(name, part)| unsayable(&path(name), part, may)).collect()
        }
        _ => vec![member.to_owned()],
    }
}

/// Members that do not say what they always say.
fn unfixed(fates: &Fates, said: &Value) -> Vec<String> {
    let of_one = |(member, fixed): (&String, &Value)| {
        let found = at(member, said);
        let as_fixed = !found.is_empty() && found.iter().all(|value| *value == fixed);
        (!as_fixed).then(|| format!("{member} is {} and not {fixed}", json!(found)))
    };
    fates.fixed.iter().filter_map(of_one).collect()
}

/// What is said of a member: of lists, that of each item.
fn at<'v>(member: &str, said: &'v Value) -> Vec<&'v Value> {
    let part = |values: Vec<&'v Value>, name| -> Vec<_> {
        values.into_iter().filter_map(|value| value.get(name)).flat_map(items).collect()
    };
    member.split('.').fold(vec![said], part)
}

fn items(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

/// An environment that has lived its whole life: as much was asked for, changed and removed as a few specs can.
async fn life() -> Operator {
    let field = Field::open("sent", 1).await;
    let mut operator = field.plots(1).await.remove(0).operator(&[]).await.unwrap();
    does(&mut operator, Act::Create).await;
    change_by_hand(&operator).await;
    for act in [Act::Edit(much()), Act::Edit(less()), Act::Delete] {
        does(&mut operator, act).await;
    }
    operator
}

/// People do something, and a new process looks at everything.
async fn does(operator: &mut Operator, act: Act) {
    operator.act(&act).await;
    operator.restart();
    operator.rest(None).await.unwrap();
}

fn much() -> Value {
    json!({
        "tags": { "team": "media", "cost": "42" },
        "monitoring": { "logRetentionDays": 14, "alarms": { "deadLetterQueue": { "threshold": 5 } } },
        "ingestion": {
            "shardCount": 3, "retentionHours": 48, "shardLevelMetrics": ["IncomingBytes"],
            "kmsKeyId": strangers::KEY,
        },
        "errorHandling": {
            "deadLetterQueue": { "retentionDays": 7 },
            "jobQueue": { "maxReceiveCount": 5, "visibilityTimeoutSeconds": 60 },
        },
        "database": {
            "minAcu": 1.0, "maxAcu": 4.0, "backupRetentionDays": 14, "finalSnapshot": true,
            "logExports": ["postgresql", "instance"],
        },
        "credentials": { "rotationDays": 30 },
        "processing": {
            "image": "registry.example/worker:2",
            "autoscaling": { "minCount": 2, "maxCount": 6, "cpuTargetPercent": 50 },
        },
    })
}

fn less() -> Value {
    json!({
        "tags": { "cost": null },
        "monitoring": { "alarms": { "runningTasks": { "enabled": false } } },
        "ingestion": { "mode": "OnDemand", "retentionHours": 24, "shardLevelMetrics": [] },
        "database": { "engineVersion": "16.9" },
        "processing": { "containerInsights": false, "autoscaling": null, "desiredCount": 2 },
    })
}

/// What no edit asks to be put right.
async fn change_by_hand(operator: &Operator) {
    let account = operator.account();
    drift::change(account, &operator.ids()).await;
    drift::close(account, &operator.ids()).await;
    let parameter = [
        ("DBClusterParameterGroupName", "video-metadata-params-pg16-dev"),
        ("Parameters.Parameter.1.ParameterName", "log_lock_waits"),
        ("Parameters.Parameter.1.ParameterValue", "1"),
        ("Parameters.Parameter.1.ApplyMethod", "immediate"),
    ];
    account.form("rds:ModifyDBClusterParameterGroup", &parameter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_sent_is_as_the_table_says() {
    let (table, operator) = (table(), life().await);
    let sent = sent(&table, &operator.wire.log()).await;
    let seen: BTreeSet<_> = sent.iter().map(|(action, _)| action).collect();
    let unseen: BTreeSet<_> = table.keys().filter(|action| !seen.contains(action)).collect();
    assert!(unseen.len() < 8, "these were not called: {unseen:?}");
    let unread: Vec<_> = unseen.into_iter().filter(|action| !table[*action].fixed.is_empty()).collect();
    assert!(unread.is_empty(), "what is fixed of these was not seen: {unread:?}");
    let found = faults(&table, &sent);
    assert!(found.is_empty(), "{found:#?}");

    // One of each protocol.
    let wrong = "
        ec2:DeleteVpc: { exempt: { nobody says it: [VpcId] } }
        rds:DeleteDBInstance: { names: [DBInstanceIdentifier], fixed: { SkipFinalSnapshot: false } }
        ecs:DeleteService: { names: [cluster, force], fixed: { service: another } }
        cloudwatch:DeleteAlarms: { exempt: { nobody says it: [AlarmNames] } }
    ";
    let found = faults(&serde_yaml::from_str(wrong).unwrap(), &sent);
    let expected = [
        "cloudwatch:DeleteAlarms: AlarmNames is exempt",
        "ec2:DeleteVpc: VpcId is exempt",
        "ecs:DeleteService: service is [\"video-processing-service-dev\"] and not \"another\"",
        "rds:DeleteDBInstance: SkipFinalSnapshot is [true] and not false",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
}

#[test]
fn whatever_is_not_as_the_table_says_is_caught() {
    let table = "x:Make: { compared: { Lids.Colour: box.colour }, fixed: { Lids.Round: true }, names: [Id],
                 exempt: { nobody has a key: [Lids.Lock, Keys] } }";
    let table: Table = serde_yaml::from_str(table).unwrap();
    let found =
        |said: Value| -> Vec<String> { faults(&table, &[("x:Make".to_owned(), said)]).into_iter().collect() };
    let round = json!({ "Colour": "red", "Round": true });
    assert_eq!(found(json!({ "Id": 1, "Lids": [round, round] })), Vec::<String>::new());
    for (said, fault) in [
        (json!({ "Lids": [round], "Keys": [] }), "x:Make: Keys is exempt"),
        (json!({ "Lids": [round, { "Round": true, "Lock": 1 }] }), "x:Make: Lids.Lock is exempt"),
        (json!({ "Lids": [round, { "Round": false }] }), "x:Make: Lids.Round is [true,false] and not true"),
        (json!({ "Lids": [{ "Colour": "red" }] }), "x:Make: Lids.Round is [] and not true"),
    ] {
        assert_eq!(found(said), [fault]);
    }
}
