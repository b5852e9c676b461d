//! New versions of the task, those that fail, rotated passwords, and how many tasks there are.

use sandbox::Durations;
use serde_json::{Value, json};

use super::environment::{Environment, condition, holds, is_observed, row};
use super::lab::{self, Lab};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_image_is_one_revision_and_one_rollout_and_a_failing_one_is_not_tried_again() {
    let slow = json!({ "preset": "none", "ecs.service.rollout": 1.5 });
    let lab = Lab::open("rollout", Durations::Custom(slow)).await;
    let environment = Environment::create(&lab, "roll", json!({})).await;
    environment.ready().await;
    let first = revision(&environment);
    assert_eq!(deployments(&environment), 1);

    let mark = environment.mark();
    image(&environment, "registry.example/worker:2").await;
    environment
        .has_been(mark, "rolling out", |o| condition(o, "Reconciling")["reason"] == "RollingOut")
        .await;
    let under_way = environment.in_aws();
    if under_way["service"]["deployments"].as_array().unwrap().len() > 1 {
        assert_eq!(under_way["revisions"].as_array().unwrap().len(), 2, "the one before stays until the end");
    }
    environment.ready().await;
    let second = revision(&environment);
    assert_eq!(number(&second), number(&first) + 1);
    assert_eq!(environment.in_aws()["revisions"], json!([second]));
    assert_eq!(deployments(&environment), 2);

    image(&environment, "registry.example/fails:1").await;
    let message = environment.condition("ProcessingReady", "False", "RolledBack").await;
    assert!(message.contains("when the spec changes"), "{message}");
    assert_eq!(environment.in_aws()["service"]["taskDefinition"], second);
    lab.sweeps(3).await;
    assert_eq!(deployments(&environment), 3, "what failed was deployed again");
    assert_eq!(environment.in_aws()["service"]["taskDefinition"], second);

    image(&environment, "registry.example/worker:3").await;
    environment.ready().await;
    assert_eq!(environment.in_aws()["container"]["image"], "registry.example/worker:3");
    assert_eq!(environment.in_aws()["revisions"].as_array().unwrap().len(), 1);
    a_rotated_password_rolls_the_service_once(&environment).await;
    environment.delete_to_the_end().await;
}

async fn a_rotated_password_rolls_the_service_once(environment: &Environment<'_>) {
    let (before, rollouts) = (revision(environment), deployments(environment));
    let secret = environment.in_aws()["secret"]["ARN"].clone();
    environment.lab.account.call("secretsmanager", "rotate_secret", json!({ "SecretId": secret }));
    let mark = environment.mark();
    environment
        .has_been(mark, "rolling out", |o| condition(o, "Reconciling")["reason"] == "RollingOut")
        .await;
    environment.ready().await;
    environment.lab.sweeps(2).await;
    assert_eq!(number(&revision(environment)), number(&before) + 1);
    assert_eq!(deployments(environment), rollouts + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_tasks_is_the_user_s_or_that_of_aws() {
    let lab = lab::shared().await;
    let environment = Environment::create(lab, "scale", json!({})).await;
    environment.ready().await;
    environment.patch_subresource("scale", json!({ "spec": { "replicas": 3 } })).await;
    let scaled = environment.ready().await;
    assert_eq!(environment.in_aws()["service"]["desiredCount"], 3);
    assert_eq!(scaled["status"]["replicas"], 3);

    let autoscaling = json!({ "processing": { "autoscaling": { "minCount": 2, "maxCount": 6 } } });
    environment.edit(autoscaling).await;
    assert!(holds(&environment.ready().await, "DesiredCountIgnored"));
    assert_eq!(environment.in_aws()["service"]["desiredCount"], 3);
    let service = json!({
        "cluster": "video-processing-cluster-scale", "service": "video-processing-service-scale", "desiredCount": 5,
    });
    lab.account.call("ecs", "update_service", service);
    lab.sweeps(3).await;
    assert_eq!(environment.in_aws()["service"]["desiredCount"], 5, "AWS's number was fought");

    environment.edit(json!({ "processing": { "autoscaling": null } })).await;
    let off = environment.ready().await;
    assert_eq!(environment.in_aws()["service"]["desiredCount"], 3);
    assert_eq!(environment.in_aws()["scaling"], json!({ "targets": [], "policies": [] }));
    assert!(is_observed(&off) && !holds(&off, "DesiredCountIgnored"));
    environment.delete_to_the_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_that_failed_for_a_role_is_made_again_once_the_role_is_mended() {
    let lab = Lab::open("mended", Durations::None).await;
    let environment = Environment::create(&lab, "mend", json!({})).await;
    environment.ready().await;
    environment.edit(json!({ "suspend": true })).await;
    environment.condition("Reconciling", "False", "Suspended").await;
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "ec2.amazonaws.com" },
        }],
    });
    let role = json!({ "RoleName": "video-processing-task-role-mend", "PolicyDocument": trust.to_string() });
    lab.account.call("iam", "update_assume_role_policy", role);
    // Nobody repairs the role for now.
    let denied = json!({ "operation": "iam:UpdateAssumeRolePolicy", "code": "AccessDenied", "status": 403 });
    lab.aws.control("POST", "faults", denied).await.unwrap();
    environment
        .edit(json!({ "suspend": false, "processing": { "image": "registry.example/worker:2" } }))
        .await;
    environment.condition("ProcessingReady", "False", "AccessDenied").await;
    environment
        .until("rolled back", |object| {
            row(object, "processing/service")["message"].to_string().contains("AWS rolled back")
        })
        .await;
    let failed = deployments(&environment);
    // What failed is tried again when people touch the resource; the role is still as it was.
    let tries = || lab.calls().iter().filter(|call| call.operation == "UpdateAssumeRolePolicy").count();
    let before = tries();
    environment.patch(json!({ "metadata": { "annotations": { "example.org/note": "now?" } } })).await;
    environment.until("tried again", |_| tries() > before).await;
    environment.condition("ProcessingReady", "False", "AccessDenied").await;
    assert_eq!(deployments(&environment), failed, "deployed again while the role is as it was");

    lab.aws.control("DELETE", "faults", Value::Null).await.unwrap();
    // The role is looked at again at once, rather than in some minutes.
    environment
        .patch(json!({ "metadata": { "annotations": { "example.org/note": "allowed again" } } }))
        .await;
    environment.ready().await;
    assert_eq!(environment.in_aws()["container"]["image"], "registry.example/worker:2");
    assert_eq!(deployments(&environment), failed + 1);
    environment.delete_to_the_end().await;
}

async fn image(environment: &Environment<'_>, image: &str) {
    environment.edit(json!({ "processing": { "image": image } })).await;
}

/// The revision that the service runs.
fn revision(environment: &Environment<'_>) -> Value {
    environment.in_aws()["service"]["taskDefinition"].clone()
}

fn number(revision: &Value) -> u32 {
    revision.as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap()
}

/// How often the service was deployed so far.
fn deployments(environment: &Environment<'_>) -> usize {
    let suffix = &environment.suffix;
    let service = json!({
        "cluster": format!("video-processing-cluster-{suffix}"), "service": format!("video-processing-service-{suffix}"),
    });
    let list = environment.lab.account.call("ecs", "list_service_deployments", service);
    list["serviceDeployments"].as_array().unwrap().len()
}
