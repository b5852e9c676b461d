//! Spans, for whoever collects traces: where each is made, by the conventions of OpenTelemetry.
//!
//! They are spans of the `tracing` target `traces` and of no other, so that nothing that a library says about itself is
//! exported with them; and they have no fields but those named here, because values may be secret, and AWS repeats in its
//! words what it refuses. Unless somebody collects them, they are never made.

use tracing::{Span, field::Empty};

use super::audit;
use super::connector::Call;
use super::reply::Reply;

/// The target of all spans that are exported.
pub const TARGET: &str = "traces";

/// One attempt on the wire, a child of the pass or the look that makes it.
/// <https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/>
#[derive(Debug)]
pub(super) struct Attempt(Option<Span>);

impl Attempt {
    /// To be made just before the request leaves.
    pub fn start(call: &Call) -> Self {
        let (service, method) = (call.operation.sdk_service(), call.operation.name());
        let span = tracing::info_span!(
            target: TARGET,
            "attempt",
            otel.name = %format_args!("{service}.{method}"),
            otel.kind = "client",
            otel.status_code = Empty,
            rpc.system.name = "aws-api",
            rpc.service = service,
            rpc.method = method,
            cloud.region = call.caller.region,
            cloud.account.id = call.caller.account,
            aws.request_id = Empty,
            http.response.status_code = Empty,
            http.request.resend_count = Empty,
            error.type = Empty,
            video_pipeline.resource.address = Empty,
        );
        if call.attempt > 1 {
            span.record("http.request.resend_count", call.attempt - 1);
        }
        if let Some(context) = audit::current() {
            span.record("video_pipeline.resource.address", &context.address);
        }
        Self(Some(span))
    }

    /// The attempt came to an end.
    pub fn end(mut self, reply: &Reply) {
        if let Some(span) = self.0.take() {
            record(&span, reply);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            record(&span, &Reply::unanswered("Abandoned"));
        }
    }
}

fn record(span: &Span, reply: &Reply) {
    if let Some(id) = &reply.request_id {
        span.record("aws.request_id", id);
    }
    if reply.status > 0 {
        span.record("http.response.status_code", reply.status);
    }
    if let Some(code) = &reply.code {
        span.record("error.type", code);
        span.record("otel.status_code", "ERROR");
    }
}
