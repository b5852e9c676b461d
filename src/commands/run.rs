//! `video-pipeline-operator run`: the operator itself.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
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
    let rest = filter.add_directive(directive_off(audit::TARGET));
    let lines = match settings.log_format {
        LogFormat::Json => all.json().flatten_event(true).boxed(),
        LogFormat::Text => all.boxed(),
    };
    let wanted = tracing_subscriber::filter::FilterExt::or(audited, rest);
    tracing_subscriber::registry().with(lines.with_filter(wanted)).init();
    Ok(())
}

fn directive_off(target: &str) -> tracing_subscriber::filter::Directive {
    format!("{target}=off").parse().unwrap_or_else(|_| tracing::level_filters::LevelFilter::OFF.into())
}
