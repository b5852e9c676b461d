//! `video-pipeline-operator run`: the operator itself.

use std::io::IsTerminal;

use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::aws::audit;
use crate::controller::{self, Settings, settings::LogFormat};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter is no filter.
    #[error("--log-filter {0:?} is not a list such as info,video_pipeline_operator=debug")]
    LogFilter(String, #[source] tracing_subscriber::filter::ParseError),
    /// The operator ended.
    #[error(transparent)]
    Operator(#[from] controller::Error),
}

/// Runs until it is told to stop.
///
/// # Errors
/// The settings are wrong, or the operator had to end.
pub async fn run(settings: &Settings) -> Result<(), Error> {
    log(settings)?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        cluster = %settings.cluster_name,
        namespaces = ?settings.namespaces(),
        "starts"
    );
    Ok(controller::run(settings).await?)
}

/// Log lines go to standard error; audit lines always do.
fn log(settings: &Settings) -> Result<(), Error> {
    let filter = EnvFilter::try_new(&settings.log_filter)
        .map_err(|error| Error::LogFilter(settings.log_filter.clone(), error))?;
    let all = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let audited = Targets::new().with_target(audit::TARGET, tracing::Level::INFO);
    let rest = filter.add_directive(directive_off(audit::TARGET)).and(filter_fn(is_discreet));
    let lines = match settings.log_format {
        LogFormat::Json => all.json().flatten_event(true).boxed(),
        LogFormat::Text => all.boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(audited.or(rest))).init();
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
