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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::{Context, SubscriberExt};

    use super::super::connector::Caller;
    use super::super::operation::Operation;
    use super::*;

    /// What spans say.
    #[derive(Clone, Default)]
    struct Said(Arc<Mutex<BTreeMap<String, String>>>);

    impl Visit for Said {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.lock().unwrap().insert(field.name().to_owned(), format!("{value:?}"));
        }

        fn record_str(&mut self, field: &Field, value: &str) {
            self.0.lock().unwrap().insert(field.name().to_owned(), value.to_owned());
        }
    }

    impl<S: tracing::Subscriber> Layer<S> for Said {
        fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
            attributes.record(&mut self.clone());
        }

        fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
            values.record(&mut self.clone());
        }
    }

    fn said(of: impl FnOnce(Attempt)) -> BTreeMap<String, String> {
        let said = Said::default();
        let operation = Operation::new("CloudWatch Logs", "CreateLogGroup");
        let call = Call { operation, caller: Arc::new(Caller::default()), attempt: 3 };
        let subscriber = tracing_subscriber::registry().with(said.clone());
        tracing::subscriber::with_default(subscriber, || of(Attempt::start(&call)));
        let said = said.0.lock().unwrap();
        said.clone()
    }

    #[test]
    fn what_aws_refuses_has_its_code_and_none_of_its_words() {
        let reply = Reply {
            status: 400,
            code: Some("InvalidParameterException".into()),
            message: "Value 'canary' at 'logGroupName'".into(),
            request_id: Some("an-id".into()),
        };
        let said = said(|attempt| attempt.end(&reply));
        for (field, value) in [
            ("otel.name", "CloudWatch Logs.CreateLogGroup"),
            ("aws.request_id", "an-id"),
            ("http.response.status_code", "400"),
            ("http.request.resend_count", "2"),
            ("error.type", "InvalidParameterException"),
            ("otel.status_code", "ERROR"),
        ] {
            assert_eq!(said.get(field).map(String::as_str), Some(value), "{field} in {said:?}");
        }
        assert!(!format!("{said:?}").contains("canary"), "{said:?}");
    }

    #[test]
    fn an_attempt_that_nobody_waits_for_any_more_says_so() {
        let said = said(drop);
        assert_eq!(said.get("error.type").map(String::as_str), Some("Abandoned"), "{said:?}");
        assert_eq!(said.get("aws.request_id"), None);
    }
}
