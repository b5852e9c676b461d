//! The operator is told to stop, and is asked how it is.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use sandbox::Operator;
use serde_json::Value;

use super::attempts::attempts;
use super::stage::{Stage, ask};
use crate::support::control_plane::{self, empty_folder};

const NAME: &str = "dev";

/// So soon an operator that was told to stop is gone: the calls under way may take nine seconds.
const AT_MOST: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn calls_under_way_are_ended_and_nothing_is_begun() {
    let stage = Stage::set("told-to-stop").await;
    stage.latency(400).await;
    let options = stage.operator_that_logs_json("operator", &[]);
    let mut operator = Operator::start(&options).await.unwrap();
    stage.create(NAME).await;
    stage.until("it is at work", async || stage.mutations().len() > 4).await;
    ends_well(&mut operator).await;

    let calls = stage.mutations().len();
    let log = std::fs::read_to_string(operator.log()).unwrap();
    assert!(!log.contains("Abandoned"), "a call was given up:\n{log}");
    let attempts = attempts(&log);
    assert_eq!(attempts.len(), calls, "every call that AWS answered has its line:\n{log}");
    let told = told(&log);
    let begun = attempts.iter().map(|attempt| (attempt.begun.unwrap(), &attempt.address, &attempt.action));
    let anew: Vec<_> = begun.filter(|(begun, ..)| *begun >= told).collect();
    assert!(anew.is_empty(), "told to stop at {told}, and these were begun afterwards: {anew:#?}");

    // Another one goes on from there.
    stage.latency(0).await;
    let operator = stage.start("next", &["--read-lag=1s"]).await;
    stage.ready(NAME).await;
    drop(operator);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_how_it_is_and_stops_also_when_the_control_plane_is_gone() {
    let control_plane = control_plane::start(&empty_folder("faults/unreachable-control-plane")).await;
    let stage = Stage::within("unreachable", &control_plane).await;
    let mut operator = stage
        .start("operator", &["--sweep-period=1s", &format!("--lease-namespace={}", stage.namespace)])
        .await;
    stage.create(NAME).await;
    stage.ready(NAME).await;

    // Kubernetes knows the status before the pass that wrote it is counted.
    let is_counted =
        async || ask(&operator, "/metrics").1.contains("video_pipelines_until_ready_seconds_count 1\n");
    stage.until("that it is ready is counted", is_counted).await;

    assert_eq!(ask(&operator, "/healthz"), (200, "ok".to_owned()));
    assert_eq!(ask(&operator, "/readyz"), (200, "ready".to_owned()));
    let (status, metrics) = ask(&operator, "/metrics");
    assert_eq!(status, 200);
    let counted = |name: &str| counted(&metrics, name);
    let passes = "controller_runtime_reconcile_total{controller=\"videopipeline\",result=";
    assert!(counted(&format!("{passes}\"success\"}}")) > 0.0, "{metrics}");
    assert_eq!(counted(&format!("{passes}\"error\"}}")), 0.0, "{metrics}");
    assert_eq!(counted("leader_election_master_status"), 1.0, "{metrics}");
    assert_eq!(counted("video_pipelines{phase=\"Ready\"}"), 1.0, "{metrics}");
    assert_eq!(counted("video_pipelines_stalled"), 0.0, "{metrics}");
    for (type_, status) in [("Ready", "True"), ("NetworkReady", "True"), ("Stalled", "False")] {
        let name = format!("video_pipelines_condition{{type=\"{type_}\",status=\"{status}\"}}");
        assert_eq!(counted(&name), 1.0, "{metrics}");
    }
    assert_eq!(counted("video_pipelines_until_ready_seconds_count"), 1.0, "{metrics}");
    assert_eq!(counted("workqueue_depth"), 0.0, "{metrics}");
    assert!(counted("workqueue_queue_duration_seconds_count") > 0.0, "{metrics}");
    let answered = stage.calls().len();
    assert!(counted("aws_attempts_total") >= f64::from(u32::try_from(answered).unwrap()) - 5.0, "{metrics}");
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");

    control_plane.stop();
    // Longer than a renewal: it has noticed.
    stage
        .until("it has noticed", async || {
            std::fs::read_to_string(operator.log()).unwrap().contains("the lease could not be renewed")
        })
        .await;
    assert_eq!(ask(&operator, "/healthz").0, 200);
    ends_well(&mut operator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_held_is_not_counted_any_more_once_it_is_gone() {
    let stage = Stage::set("ghost").await;
    // Where it may not be it owns nothing, so nothing keeps it when it is deleted.
    let operator = stage.start("operator", &["--sweep-period=1s", "--allowed-regions=us-east-1"]).await;
    let stalled = async || counted(&ask(&operator, "/metrics").1, "video_pipelines_stalled{");
    stage.create(NAME).await;
    stage.until("it is counted", async || stalled().await == 1.0).await;
    assert_eq!(stage.pipeline(NAME).await["metadata"]["finalizers"], Value::Null);
    stage.delete(NAME).await;
    stage.gone(NAME).await;
    // What a person must cure is looked at once a minute.
    stage.until("it is not counted any more", async || stalled().await == 0.0).await;
    let metrics = ask(&operator, "/metrics").1;
    assert_eq!(counted(&metrics, "video_pipelines{"), 0.0, "{metrics}");
    assert_eq!(counted(&metrics, "video_pipelines_unseen_seconds"), 0.0, "{metrics}");
}

/// The sum of all metrics whose lines begin so.
fn counted(metrics: &str, name: &str) -> f64 {
    let lines = metrics.lines().filter(|line| line.starts_with(name));
    lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
}

/// When it heard that it is to stop.
fn told(log: &str) -> Timestamp {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut said = lines.filter(|line| line["message"] == "told to stop");
    said.next().unwrap()["timestamp"].as_str().unwrap().parse().unwrap()
}

/// Tells it to stop; it does, in time, and with success.
async fn ends_well(operator: &mut Operator) {
    let told = Instant::now();
    let exit = operator.terminate(AT_MOST + Duration::from_secs(5)).await;
    assert_eq!(exit.and_then(|exit| exit.code()), Some(0), "{exit:?} after {:?}", told.elapsed());
    assert!(told.elapsed() < AT_MOST, "it took {:?}", told.elapsed());
}
