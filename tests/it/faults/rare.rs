//! What fails always, or never comes to rest, is tried more and more rarely.

use std::process::{Child, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use sandbox::assets::python_command;
use sandbox::operator::aws_environment;
use serde_json::{Value, json};

use super::stage::Stage;

const NAME: &str = "dev";

/// Attempts of one try: the SDK repeats a call by itself when AWS answers with a fault of its own.
const ATTEMPTS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_always_fails_is_tried_more_rarely_the_longer_it_fails() {
    let stage = Stage::set("always-fails").await;
    stage.fault(json!({ "operation": "kinesis:CreateStream" })).await;
    let mut operator = stage.start("young", &[]).await;
    stage.create(NAME).await;
    let young = pause_between_tries(&stage, "kinesis", "CreateStream").await;
    assert!(young > Duration::from_millis(1500) && young < Duration::from_secs(6), "{young:?}");
    operator.kill();

    // Nothing but the status says for how long it has failed.
    let since = Timestamp::now() - Duration::from_secs(100);
    age(&stage, "stream", &since.to_string()).await;
    let operator = stage.start("old", &[]).await;
    let old = pause_between_tries(&stage, "kinesis", "CreateStream").await;
    assert!(old > Duration::from_secs(8), "{old:?} after 100 s of failure, {young:?} at first");

    stage.aws.control("DELETE", "faults", Value::Null).await.unwrap();
    stage.ready(NAME).await;
    drop(operator);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_always_undoes_is_repaired_more_and_more_rarely() {
    let stage = Stage::set("always-undone").await;
    let operator = stage.start("operator", &["--sweep-period=1s", "--audit-period=1s"]).await;
    stage.create(NAME).await;
    stage.ready(NAME).await;
    let before = stage.calls().len();
    let _adversary = Adversary::begin(&stage).await;

    let repairs = || {
        let mut calls = stage.calls().split_off(before);
        calls.retain(|call| call.operation == "StartStreamEncryption" && call.status == 200);
        calls
    };
    stage.until("it was repaired four times", async || repairs().len() >= 4).await;
    let times: Vec<Timestamp> = repairs().iter().map(|call| call.time).collect();
    let pauses: Vec<f64> =
        times.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs_f64()).collect();
    assert!(pauses[1] > pauses[0] && pauses[2] > 2.0 * pauses[0] && pauses[2] > 10.0, "{pauses:?}");
    drop(operator);
}

/// The shortest time between one try and the next, whatever else of the environment is made meanwhile.
async fn pause_between_tries(stage: &Stage, service: &str, operation: &str) -> Duration {
    let before = stage.calls().len();
    let tries = || {
        let mut calls = stage.calls().split_off(before);
        calls.retain(|call| call.service == service && call.operation == operation);
        calls
    };
    stage.until("it was tried some times", async || tries().len() > 2 * ATTEMPTS).await;
    let times: Vec<Timestamp> = tries().iter().map(|call| call.time).collect();
    let ends = times.chunks(ATTEMPTS).map(|attempts| attempts[attempts.len() - 1]);
    let pauses = ends.zip(times.chunks(ATTEMPTS).skip(1).map(|attempts| attempts[0]));
    pauses.map(|(end, begin)| begin.duration_since(end).try_into().unwrap()).min().unwrap()
}

/// Has the status say that a resource is in its state since then.
async fn age(stage: &Stage, kind: &str, since: &str) {
    let mut resources =
        stage.api().get(NAME).await.unwrap().data["status"]["resources"].as_array().unwrap().clone();
    let failed = resources.iter_mut().find(|row| row["kind"] == kind).unwrap();
    assert_eq!(failed["state"], "Failed", "{failed}");
    failed["since"] = json!(since);
    let patch = json!({ "status": { "resources": resources } });
    stage.api().patch_status(NAME, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
}

/// Somebody who switches the stream's encryption off whenever it is on.
struct Adversary(Child);

const UNDO: &str = "
import boto3, time
kinesis, name = boto3.client('kinesis'), 'video-ingestion-stream-dev'
while True:
    stream = kinesis.describe_stream_summary(StreamName=name)['StreamDescriptionSummary']
    if stream.get('EncryptionType') == 'KMS':
        kinesis.stop_stream_encryption(StreamName=name, EncryptionType='KMS', KeyId=stream['KeyId'])
    time.sleep(0.2)
";

impl Adversary {
    async fn begin(stage: &Stage) -> Self {
        let mut python = python_command("standin").await.unwrap();
        python.args(["-c", UNDO]).envs(aws_environment(stage.aws.endpoint()));
        Self(python.stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Adversary {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
