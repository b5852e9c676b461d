//! `video-pipeline-operator run`: the operator itself.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use super::traces::Traces;
use crate::aws::{audit, traces};
use crate::controller::{self, Settings, settings::LogFormat};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter is no filter.
    #[error("--log-filter {0:?} is not a list such as info,video_pipeline_operator=debug")]
    LogFilter(String, #[source] tracing_subscriber::filter::ParseError),
    /// What is said of the collector of traces does not fit.
    #[error("traces cannot be exported")]
    Traces(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The operator ended.
    #[error(transparent)]
    Operator(#[from] controller::Error),
}

/// How long the last traces may take: a collector that is away keeps nobody from stopping.
const LAST_TRACES: Duration = Duration::from_secs(5);
/// How long they may take where the calls under way took all of their time.
const AFTER_GRACE: Duration = Duration::from_millis(500);

/// Runs until it is told to stop.
///
/// # Errors
/// The settings are wrong, or the operator had to end.
pub async fn run(settings: &Settings) -> Result<(), Error> {
    let traces = Traces::new(settings)?;
    log(settings, traces.as_ref())?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        cluster = %settings.cluster_name,
        namespaces = ?settings.namespaces(),
        "starts"
    );
    let ended = controller::run(settings).await;
    if let Some(traces) = traces {
        let told = ended.as_ref().map_or_else(|_| Instant::now(), |told| *told);
        let left = controller::GRACE.saturating_sub(told.elapsed()) + AFTER_GRACE;
        traces.end(left.min(LAST_TRACES)).await;
    }
    Ok(ended.map(drop)?)
}

/// Log lines go to standard error; audit lines always do.
fn log(settings: &Settings, collected: Option<&Traces>) -> Result<(), Error> {
    let filter = EnvFilter::try_new(&settings.log_filter)
        .map_err(|error| Error::LogFilter(settings.log_filter.clone(), error))?;
    let all = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let audited = Targets::new().with_target(audit::TARGET, tracing::Level::INFO);
    let filter =
        [audit::TARGET, traces::TARGET].map(directive_off).into_iter().fold(filter, EnvFilter::add_directive);
    let rest = filter.and(filter_fn(is_discreet));
    let lines = match settings.log_format {
        LogFormat::Json => all.json().flatten_event(true).boxed(),
        LogFormat::Text => all.boxed(),
    };
    let exported = collected.map(Traces::layer);
    tracing_subscriber::registry().with(lines.with_filter(audited.or(rest))).with(exported).init();
    Ok(())
}

/// Whether what an event says may be logged, whatever the filter asks for. At the level TRACE, libraries write down what
/// goes over the wire: credentials, and the values of the user's environment variables.
/// <https://docs.aws.amazon.com/sdk-for-rust/latest/dg/logging.html>
fn is_discreet(event: &tracing::Metadata<'_>) -> bool {
    *event.level() <= tracing::Level::DEBUG || event.target().starts_with(env!("CARGO_CRATE_NAME"))
}

fn directive_off(target: &str) -> tracing_subscriber::filter::Directive {
    format!("{target}=off").parse().unwrap_or_else(|_| tracing::level_filters::LevelFilter::OFF.into())
}
