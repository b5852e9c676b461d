//! Traces, for those who have a collector of OpenTelemetry.
//!
//! Without one there is no exporter, no thread and no span. One that is away costs the spans that it does not get, and
//! nothing else: they wait in a queue of bounded length, a thread of its own sends them, and the log says once that it is away.

mod delivery;

use std::env;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{
    ExporterBuildError, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, Protocol, SpanExporter, WithExportConfig,
    WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::EnvResourceDetector;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use self::delivery::Delivery;
use crate::aws::traces::TARGET;
use crate::controller::Settings;

/// What collects the spans and sends them.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// As the settings and the variables of the standard say; none unless they name a collector. To be made in the runtime
    /// that shall send.
    /// <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>
    ///
    /// # Errors
    /// A variable is not as it should be.
    pub fn new(settings: &Settings) -> Result<Option<Self>, ExporterBuildError> {
        let its_own = said(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT).is_some();
        let is_off = said("OTEL_SDK_DISABLED").is_some_and(|off| off.eq_ignore_ascii_case("true"))
            || said("OTEL_TRACES_EXPORTER").is_some_and(|exporter| exporter == "none");
        if is_off || settings.otlp_endpoint.is_empty() && !its_own {
            return Ok(None);
        }
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_http_client(Delivery::new());
        if !its_own {
            exporter = exporter.with_endpoint(format!("{}/v1/traces", settings.otlp_endpoint));
        }
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter.build()?)
            .with_resource(resource(settings))
            .build();
        Ok(Some(Self(provider)))
    }

    /// Takes the spans that are meant to be exported, and nothing of what libraries say.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(env!("CARGO_PKG_NAME")))
            .with_context_activation(false)
            .with_tracked_inactivity(false)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_filter(Targets::new().with_target(TARGET, Level::INFO))
    }

    /// Sends what there still is, and gives it up after `limit`.
    pub async fn end(self, limit: Duration) {
        let sending = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(limit));
        if !matches!(sending.await, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be delivered");
        }
    }
}

/// Who we are; what the variables of the standard say of it counts.
fn resource(settings: &Settings) -> Resource {
    let own = [
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("k8s.cluster.name", settings.cluster_name.to_string()),
    ];
    let pod = said("HOSTNAME").map(|pod| KeyValue::new("service.instance.id", pod));
    let named = said("OTEL_SERVICE_NAME").map(|name| KeyValue::new("service.name", name));
    Resource::builder_empty()
        .with_service_name(env!("CARGO_PKG_NAME"))
        .with_attributes(own.into_iter().chain(pod))
        .with_detector(Box::new(EnvResourceDetector::new()))
        .with_attributes(named)
        .build()
}

/// What a variable says; one that is empty says nothing.
fn said(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty())
}
