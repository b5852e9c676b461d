//! AWS refuses, is silent or asks for fewer calls: it is said, with cause and remedy, and not asked in a hot loop.

use std::time::{Duration, Instant};

use sandbox::Durations;
use serde_json::{Value, json};

use super::environment::Environment;
use super::lab::Lab;

/// What goes wrong, and what is said of it.
struct Trouble {
    fault: Value,
    condition: (&'static str, &'static str, &'static str),
    words: &'static [&'static str],
}

fn troubles() -> Vec<Trouble> {
    vec![
        Trouble {
            fault: json!({
                "operation": "kinesis:CreateStream",
                "code": "AccessDeniedException",
                "status": 400,
                "message": "User: operator is not authorized to perform: kinesis:CreateStream",
            }),
            condition: ("Stalled", "True", "AccessDenied"),
            words: &[
                "ingestion/stream",
                "kinesis:CreateStream refused: AccessDeniedException",
                "not authorized",
                "iam-policy",
            ],
        },
        Trouble {
            fault: json!({
                "operation": "*",
                "code": "ExpiredTokenException",
                "status": 400,
                "message": "The security token included in the request is expired",
            }),
            condition: ("Ready", "Unknown", "CredentialsRejected"),
            words: &["ExpiredToken", "expired"],
        },
        Trouble {
            fault: json!({ "operation": "ec2:*", "drop": true }),
            condition: ("Ready", "Unknown", "RegionUnreachable"),
            words: &["ec2:Describe"],
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_refuses_is_said_and_asked_again_slowly() {
    let lab = Lab::open("troubles", Durations::None).await;
    for (number, trouble) in troubles().into_iter().enumerate() {
        lab.aws.control("POST", "faults", trouble.fault.clone()).await.unwrap();
        let environment = Environment::create(&lab, &format!("trouble-{number}"), json!({})).await;
        let (type_, status, reason) = trouble.condition;
        let message = environment.condition(type_, status, reason).await;
        for word in trouble.words {
            assert!(message.contains(word), "{word} is not in: {message}");
        }
        stays_calm(&lab, &trouble).await;
        lab.aws.control("DELETE", "faults", Value::Null).await.unwrap();
        // A change of the resource is looked at at once, whatever the wait was.
        environment.patch(json!({ "metadata": { "annotations": { "example.org/note": "cured" } } })).await;
        environment.ready().await;
        environment.delete_to_the_end().await;
    }
    an_environment_that_stays_calls_no_aws(&lab).await;
    throttling_slows_down_and_passes(&lab).await;
}

/// So few refused calls in a few seconds that nobody would notice, and no status that changes with each. The rest of the
/// environment may still come to rest meanwhile, which takes some writes.
async fn stays_calm(lab: &Lab, trouble: &Trouble) {
    let pattern = trouble.fault["operation"].as_str().unwrap().trim_end_matches('*').to_owned();
    let struck = || lab.calls().iter().filter(|call| call.action().starts_with(&pattern)).count();
    let (calls, writes, begun) = (struck(), lab.writes().len(), Instant::now());
    while begun.elapsed() < Duration::from_secs(3) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (calls, writes) = (struck() - calls, lab.writes().len() - writes);
    assert!(calls <= 60 && writes <= 6, "{pattern}: {calls} calls and {writes} writes in 3 s");
}

/// `Retain` is the way out when AWS cannot be called at all.
async fn an_environment_that_stays_calls_no_aws(lab: &Lab) {
    let environment = Environment::create(lab, "left-behind", json!({})).await;
    environment.ready().await;
    let before = lab.account.everything_of("left-behind").len();
    let down = json!({ "operation": "*", "code": "InternalFailure", "status": 500 });
    lab.aws.control("POST", "faults", down).await.unwrap();
    environment.edit(json!({ "deletionPolicy": "Retain" })).await;
    environment.delete().await;
    environment.gone().await;
    let calls = lab.calls().len();
    lab.aws.control("DELETE", "faults", Value::Null).await.unwrap();
    assert_eq!(lab.account.everything_of("left-behind").len(), before);
    assert_eq!(lab.calls().len(), calls);
}

async fn throttling_slows_down_and_passes(lab: &Lab) {
    let narrow = json!({ "operation": "ec2:*", "rate": 10, "burst": 5 });
    lab.aws.control("POST", "throttles", narrow).await.unwrap();
    let environment = Environment::create(lab, "narrow", json!({})).await;
    environment.ready().await;
    lab.aws.control("DELETE", "throttles", Value::Null).await.unwrap();
    environment.delete_to_the_end().await;
}
