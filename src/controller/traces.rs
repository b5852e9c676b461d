//! The spans that nothing is above: a pass, and a look at AWS that several passes share.

use kube::core::ObjectMeta;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use tracing::field::Empty;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::api::status::Phase;
use crate::aws::traces::TARGET;
use crate::engine::Depth;

/// Makes a pass over the environment of a resource under a span of its own.
pub async fn pass<T, E>(resource: &ObjectMeta, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let span = tracing::info_span!(
        target: TARGET,
        parent: None,
        "reconcile",
        otel.kind = "internal",
        otel.status_code = Empty,
        k8s.namespace.name = resource.namespace,
        video_pipeline.name = resource.name,
        video_pipeline.generation = resource.generation,
        video_pipeline.phase = Empty,
    );
    let result = work.instrument(span.clone()).await;
    if result.is_err() {
        span.record("otel.status_code", "ERROR");
    }
    result
}

/// Says what the pass under way came to.
pub fn came_to(phase: Option<Phase>) {
    if let Some(phase) = phase {
        Span::current().record("video_pipeline.phase", tracing::field::debug(phase));
    }
}

/// The pass under way, so that a look can be linked to it.
pub fn asker() -> SpanContext {
    Span::current().context().span().span_context().clone()
}

/// The span of a look that is made for all of `askers`.
pub fn look(depth: Depth, askers: impl IntoIterator<Item = SpanContext>) -> Span {
    let span = tracing::info_span!(
        target: TARGET,
        parent: None,
        "observe",
        otel.kind = "internal",
        video_pipeline.depth = ?depth,
    );
    let mut linked = Vec::new();
    for asker in askers.into_iter().filter(SpanContext::is_valid) {
        if !linked.contains(&asker.span_id()) {
            linked.push(asker.span_id());
            span.add_link(asker);
        }
    }
    span
}
