//! `make bench`: what environments cost, measured from outside the operator: by the clock, the stand-in's call log, the
//! API server's audit log, and what Linux says of the operator's process.

mod lab;
mod meter;
mod table;

use std::path::{Path, PathBuf};

use crate::console::{self, Step};

use lab::Lab;

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A part of the sandbox is not as wanted.
    #[error(transparent)]
    Sandbox(crate::Error),
    /// Kubernetes refused.
    #[error("cannot {what}")]
    Kubernetes {
        /// What was tried.
        what: &'static str,
        /// What Kubernetes says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was waited for did not come.
    #[error("{what} did not come within {}; the operator's log is {}", console::duration(*limit), log.display())]
    Late {
        /// What was waited for.
        what: &'static str,
        /// For how long.
        limit: std::time::Duration,
        /// Where the operator logs.
        log: PathBuf,
    },
}

impl<E: Into<crate::Error>> From<E> for Error {
    fn from(part: E) -> Self {
        Self::Sandbox(part.into())
    }
}

/// What is measured at once.
#[derive(Clone, Copy, Debug)]
struct Scenario {
    environments: usize,
    /// Milliseconds added to every call of AWS.
    latency_ms: u32,
}

const SCENARIOS: [Scenario; 4] = [
    Scenario { environments: 1, latency_ms: 0 },
    Scenario { environments: 1, latency_ms: 100 },
    Scenario { environments: 20, latency_ms: 0 },
    Scenario { environments: 20, latency_ms: 100 },
];

/// Measures `operator`, a binary, and prints what came of it.
///
/// # Errors
///
/// Why nothing could be measured.
pub async fn run(operator: &Path) -> Result<(), Error> {
    let step = Step::begin("start everything");
    let lab = Lab::open(operator).await?;
    step.done("");
    let mut all = Vec::new();
    for scenario in SCENARIOS {
        let step = Step::begin(scenario.to_string());
        let measured = lab.measure(scenario, &step).await?;
        step.done(&format!("ready in {:.1} s", measured.created.seconds));
        all.push((scenario, measured));
    }
    print!("{}", table::render(&lab.described().await, &all));
    Ok(())
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} × environment, {} ms a call", self.environments, self.latency_ms)
    }
}
