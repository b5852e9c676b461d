//! What is not done while an environment is suspended, and what is known again when its status is lost.

use serde_json::json;

use super::environment::{Environment, condition, holds, is_settled};
use super::lab;
use super::scrub::scrubbed;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_changed_while_suspended_and_a_suspended_deletion_waits() {
    let lab = lab::shared().await;
    let environment = Environment::create(lab, "paused", json!({})).await;
    environment.ready().await;
    environment.edit(json!({ "suspend": true, "monitoring": { "logRetentionDays": 30 } })).await;
    environment.condition("Reconciling", "False", "Suspended").await;
    let group = "/ecs/video-processing-paused";
    lab.account.call("logs", "put_retention_policy", json!({ "logGroupName": group, "retentionInDays": 1 }));
    lab.account.call(
        "cloudwatch",
        "delete_alarms",
        json!({ "AlarmNames": ["video-processing-dlq-alarm-paused"] }),
    );
    let changed = environment.in_aws();
    let held = environment
        .until("saying what it holds back", |object| {
            let plan = object["status"]["plan"].to_string();
            plan.contains("monitoring/dead-letter-queue-alarm") && plan.contains("retentionDays")
        })
        .await;
    assert_eq!(held["status"]["phase"], "Suspended");
    lab.sweeps(2).await;
    assert_eq!(scrubbed(&changed), scrubbed(&environment.in_aws()));

    environment.delete().await;
    let message = environment.condition("Ready", "False", "Suspended").await;
    assert!(message.contains("suspend"), "{message}");
    lab.sweeps(2).await;
    assert_eq!(scrubbed(&changed), scrubbed(&environment.in_aws()));
    assert!(environment.exists().await);

    environment.edit(json!({ "suspend": false })).await;
    environment.gone().await;
    let left = lab.account.everything_of("paused");
    assert!(left.is_empty(), "{left:#?}");
    let events = environment.events().await;
    assert!(events.iter().any(|(reason, _)| reason == "Suspended"), "{events:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_is_deleted_is_rebuilt_from_aws() {
    let lab = lab::shared().await;
    let environment = Environment::create(lab, "amnesia", json!({})).await;
    let before = environment.ready().await["status"].clone();
    let in_aws = environment.in_aws();
    environment.patch_subresource("status", json!({ "status": null })).await;
    let rebuilt = environment
        .until("knowing everything again", |object| is_settled(object) && holds(object, "Ready"))
        .await["status"]
        .clone();
    for part in ["outputs", "owner", "accountId", "resourcesReady", "replicas"] {
        assert_eq!(before[part], rebuilt[part], "{part}");
    }
    let rows = |status: &serde_json::Value| -> Vec<_> {
        let rows = status["resources"].as_array().unwrap();
        rows.iter().map(|row| (row["address"].clone(), row["id"].clone(), row["state"].clone())).collect()
    };
    assert_eq!(rows(&before), rows(&rebuilt));
    assert_eq!(scrubbed(&in_aws), scrubbed(&environment.in_aws()));
    assert_eq!(condition(&json!({ "status": rebuilt }), "Ready")["reason"], "AsWanted");
    environment.delete_to_the_end().await;
}
