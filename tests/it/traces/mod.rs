//! What a collector of OpenTelemetry is told, where there is one: each pass, each look and each call; and that nobody waits
//! for it.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use sandbox::{AwsCall, Operator};
use serde_json::json;

use crate::faults::stage::{Stage, ask};
use crate::support::collector::{Collector, attribute};

const NAME: &str = "dev";

/// An operator that sends its spans to a collector every so many milliseconds.
async fn traced(stage: &Stage, collector: &Collector, every: &str, more: &[(&str, &str)]) -> Operator {
    let flag = format!("--otlp-endpoint={}", collector.endpoint());
    let mut options = stage.operator("operator", &[&flag]);
    let variables = [("OTEL_BSP_SCHEDULE_DELAY", every)].into_iter().chain(more.iter().copied());
    options.environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Operator::start(&options).await.unwrap()
}

/// The spans of a call's attempt, by the id that AWS gave it.
fn of<'a>(spans: &'a [Span], call: &AwsCall) -> Vec<&'a Span> {
    spans.iter().filter(|span| attribute(span, "aws.request_id") == call.request_id).collect()
}

/// Whether an answer to such a call did not arrive, as happens on a busy machine: it has no id then.
fn is_lost(spans: &[Span], call: &AwsCall) -> bool {
    let is_unanswered = |span: &Span| attribute(span, "http.response.status_code").is_empty();
    spans.iter().any(|span| attribute(span, "rpc.method") == call.operation && is_unanswered(span))
}

/// The span above this one.
fn above<'a>(spans: &'a [Span], span: &Span) -> &'a Span {
    let parent = spans.iter().find(|other| other.span_id == span.parent_span_id);
    let parent = parent.unwrap_or_else(|| panic!("nothing is above {span:?}"));
    assert_eq!(parent.trace_id, span.trace_id);
    parent
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn passes(operator: &Operator) -> usize {
    let metrics = ask(operator, "/metrics").1;
    let lines = metrics.lines().filter(|line| line.starts_with("controller_runtime_reconcile_total"));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<usize>().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_pass_is_a_root_and_each_call_is_below_what_made_it() {
    let (stage, collector) = (Stage::set("traces").await, Collector::start().await);
    let variables = [("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,k8s.cluster.name=other")];
    let mut operator = traced(&stage, &collector, "100", &variables).await;
    let fault =
        json!({ "operation": "kinesis:CreateStream", "code": "InternalFailure", "status": 500, "times": 1 });
    stage.fault(fault).await;
    stage.create(NAME).await;
    stage.ready(NAME).await;
    let is_told = async || named(&collector.spans(), "reconcile").len() == passes(&operator);
    stage.until("each pass has its root", is_told).await;
    let is_told = async || {
        let spans = collector.spans();
        stage.calls().iter().all(|call| !of(&spans, call).is_empty() || is_lost(&spans, call))
    };
    stage.until("each call has its span", is_told).await;
    operator.terminate(Duration::from_secs(10)).await.expect("it stops");

    let spans = collector.spans();
    let answered = stage.calls().into_iter().filter(|call| !is_lost(&spans, call));
    answered.for_each(|call| is_of_one_attempt(&spans, &call));
    roots_stand_alone(&spans);
    looks_are_linked_to_passes(&spans);
    let phases: Vec<String> =
        named(&spans, "reconcile").iter().map(|pass| attribute(pass, "video_pipeline.phase")).collect();
    for phase in ["Creating", "Ready"] {
        assert!(phases.iter().any(|of| of == phase), "no pass came to {phase}: {phases:?}");
    }
    let again: Vec<_> =
        spans.iter().filter(|span| attribute(span, "http.request.resend_count") == "1").collect();
    assert!(again.iter().any(|span| span.name == "Kinesis.CreateStream"), "{again:?}");
    for (key, value) in [
        ("service.name", "video-pipeline-operator"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("deployment.environment.name", "test"),
        ("k8s.cluster.name", "other"),
    ] {
        assert!(
            collector.resources(key).iter().all(|said| said == value),
            "{key}: {:?}",
            collector.resources(key)
        );
    }
    let log = std::fs::read_to_string(operator.log()).unwrap();
    assert!(!log.contains("reconcile{"), "spans are no business of the log:\n{log}");
}

/// That a call has one span, which says what it was and what AWS answered, below the pass or the look that made it.
fn is_of_one_attempt(spans: &[Span], call: &AwsCall) {
    let found = of(spans, call);
    let [span] = found[..] else { panic!("{} has {} spans: {found:?}", call.action(), found.len()) };
    let said = |key| attribute(span, key);
    assert!(span.name.ends_with(&format!(".{}", call.operation)), "{span:?}");
    assert_eq!(span.kind, SpanKind::Client as i32, "{span:?}");
    assert_eq!((said("rpc.system.name"), said("rpc.method")), ("aws-api".to_owned(), call.operation.clone()));
    assert_eq!(said("cloud.region"), call.region, "{span:?}");
    assert_eq!(said("http.response.status_code"), call.status.to_string(), "{span:?}");
    assert_eq!(said("error.type").is_empty(), call.status < 400, "{span:?}");
    let is_error = span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error);
    assert_eq!(is_error, call.status >= 400, "{span:?}");

    let parent = above(spans, span);
    if call.mutating {
        assert_eq!(parent.name, "reconcile", "{span:?}");
        assert!(said("video_pipeline.resource.address").contains('/'), "{span:?}");
    }
    assert!(["reconcile", "observe"].contains(&parent.name.as_str()), "{parent:?}");
}

/// That nothing is above a pass or a look, that there is nothing else, and that a pass says whose it is.
fn roots_stand_alone(spans: &[Span]) {
    for root in spans.iter().filter(|span| span.parent_span_id.is_empty()) {
        assert!(["reconcile", "observe"].contains(&root.name.as_str()), "{root:?}");
    }
    for pass in named(spans, "reconcile") {
        assert!(pass.parent_span_id.is_empty() && pass.events.is_empty(), "{pass:?}");
        assert_eq!(attribute(pass, "k8s.namespace.name"), "traces");
        assert_eq!(attribute(pass, "video_pipeline.name"), NAME);
        assert_eq!(attribute(pass, "video_pipeline.generation"), "1");
    }
}

fn looks_are_linked_to_passes(spans: &[Span]) {
    let (looks, passes) = (named(spans, "observe"), named(spans, "reconcile"));
    assert!(!looks.is_empty());
    for look in looks {
        assert!(!look.links.is_empty(), "nobody asked for {look:?}");
        let is_a_pass = |id: &Vec<u8>| passes.iter().any(|pass| pass.span_id == *id);
        assert!(look.links.iter().all(|link| is_a_pass(&link.span_id)), "{look:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sent_yet_is_sent_when_it_stops() {
    let (stage, collector) = (Stage::set("traces-flushed").await, Collector::start().await);
    let mut operator = traced(&stage, &collector, "3600000", &[]).await;
    stage.create(NAME).await;
    stage.ready(NAME).await;
    operator.terminate(Duration::from_secs(10)).await.expect("it stops");
    let spans = collector.spans();
    let ready = |pass: &&&Span| attribute(pass, "video_pipeline.phase") == "Ready";
    assert_eq!(named(&spans, "reconcile").iter().filter(ready).count().min(1), 1, "the last pass is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_does_not_answer_keeps_nobody_waiting_and_is_told_of_once() {
    let (stage, collector) = (Stage::set("traces-away").await, Collector::start().await);
    collector.answer(false);
    let variables = [("OTEL_EXPORTER_OTLP_TIMEOUT", "300"), ("SWEEP_PERIOD", "2s")];
    let mut operator = traced(&stage, &collector, "100", &variables).await;
    stage.create(NAME).await;
    stage.ready(NAME).await;
    let log = || std::fs::read_to_string(operator.log()).unwrap();
    let told = |what: &str| log().lines().filter(|line| line.contains(what)).count();
    stage.until("it is told", async || told("traces cannot be delivered") > 0).await;
    let so_far = collector.asked();
    stage.until("it is tried again", async || collector.asked() > so_far + 2).await;
    assert_eq!(told("traces cannot be delivered"), 1, "{}", log());

    collector.answer(true);
    stage.until("spans arrive", async || !collector.spans().is_empty()).await;
    stage.until("that is told", async || told("traces are delivered again") > 0).await;

    collector.answer(false);
    let so_far = collector.asked();
    stage.until("it waits for an answer again", async || collector.asked() > so_far).await;
    let began = Instant::now();
    operator
        .terminate(Duration::from_secs(10))
        .await
        .unwrap_or_else(|| panic!("after {:?}", began.elapsed()));
}

/// The names of the threads of a process, as far as the system keeps them.
fn threads(operator: &Operator) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", operator.pid())).unwrap();
    let names =
        tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap_or_default());
    names.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_there_is_nothing_to_send_and_nobody_to_send_it() {
    let (stage, collector) = (Stage::set("traces-off").await, Collector::start().await);
    let sends = |operator: &Operator| threads(operator).iter().any(|name| name.starts_with("OpenTelemetry"));
    let mut on = traced(&stage, &collector, "100", &[]).await;
    assert!(sends(&on), "{:?}", threads(&on));
    on.kill();
    let off = traced(&stage, &collector, "100", &[("OTEL_SDK_DISABLED", "true")]).await;
    assert!(!sends(&off), "{:?}", threads(&off));
    drop(off);
    let plain = stage.start("plain", &[]).await;
    assert!(!sends(&plain), "{:?}", threads(&plain));
    assert!(collector.spans().is_empty());
}
