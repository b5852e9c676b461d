//! What the sandbox needs beside its own code: programs of Kubernetes, and the stand-in's packages.
//!
//! Each is made once, kept in a folder outside the checkout under a name that says of what it was made, and shared by
//! all checkouts. `VIDEO_PIPELINE_CACHE` names another folder. A lock keeps two makers apart.

mod cache;
mod debian;
mod node;
mod programs;
mod venv;

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::Command;

use crate::console::{Step, last_lines};
use crate::file;

pub(crate) use cache::named as folder;
pub use debian::debian;
pub use node::node;
pub use programs::{Program, program};
pub use venv::{fill_stand_in, python, python_command};

/// Why something that the sandbox needs is not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No folder to keep it in.
    #[error("no folder to keep built programs in: set HOME, XDG_CACHE_HOME or VIDEO_PIPELINE_CACHE")]
    NoCache,
    /// The folder that a person named does not exist.
    #[error("KUBEBUILDER_ASSETS names {}, which is no folder", .0.display())]
    NoAssets(PathBuf),
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] file::Error),
    /// The versions to build are not where they should be.
    #[error("{} requires no k8s.io/kubernetes v1.x.y", .0.display())]
    NoVersion(PathBuf),
    /// A tool says something else than what it was asked for.
    #[error("{0} says what is not understood: {1}")]
    Answer(String, String),
    /// A tool cannot be started.
    #[error("cannot run {tool}; install it, and see that PATH names its folder")]
    Tool {
        /// The tool.
        tool: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A tool failed.
    #[error("{tool} failed ({status}); the end of its log, {}:\n{tail}", log.display())]
    Failed {
        /// The tool.
        tool: String,
        /// How it ended.
        status: ExitStatus,
        /// Where its output went.
        log: PathBuf,
        /// The last lines of that.
        tail: String,
    },
}

/// Makes everything that tests and the demo need and that is not there yet, one step after the other.
///
/// # Errors
///
/// When something cannot be made.
pub async fn prepare() -> Result<(), Error> {
    python().await?;
    for each in Program::WITHOUT_NODES {
        program(each).await?;
    }
    Ok(())
}

/// How often the last line of a tool's output is shown.
const LOOK: Duration = Duration::from_millis(250);

/// What a tool prints.
pub(crate) async fn output(mut command: Command) -> Result<String, Error> {
    let tool = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().await;
    let output = output.map_err(|source| Error::Tool { tool: tool.clone(), source })?;
    if !output.status.success() {
        return Err(Error::Answer(tool, String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let printed = String::from_utf8(output.stdout).map_err(|error| Error::Answer(tool, error.to_string()))?;
    Ok(printed.trim().to_owned())
}

/// Runs a tool, with its output in a log, and shows the last line of that while it runs.
pub(crate) async fn run(mut command: Command, log: &Path, step: &Step) -> Result<(), Error> {
    let tool = command.as_std().get_program().to_string_lossy().into_owned();
    let output = std::fs::File::create(log).map_err(file::failed("write the log", log))?;
    let errors = output.try_clone().map_err(file::failed("write the log", log))?;
    let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).kill_on_drop(true).spawn();
    let mut child = child.map_err(|source| Error::Tool { tool: tool.clone(), source })?;
    let status = loop {
        match tokio::time::timeout(LOOK, child.wait()).await {
            Ok(status) => break status.map_err(|source| Error::Tool { tool: tool.clone(), source })?,
            Err(_) => step.note(last_lines(log, 1)),
        }
    };
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed { tool, status, log: log.to_path_buf(), tail: last_lines(log, 20) })
}
