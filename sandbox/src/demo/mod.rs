//! `make demo` and `make demo-down`: a control plane, the stand-in and the operator that go on running, and the
//! environment `dev` made by them.

mod down;
mod environment;
mod folder;
mod follow;
mod up;

use std::path::PathBuf;

pub use down::down;
pub use up::up;

/// Why a demo cannot be had or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else starts or ends it at this moment.
    #[error("another `make demo` or `make demo-down` is at work in this checkout")]
    Busy,
    /// There is one.
    #[error(
        "a demo is already running: `. .sandbox/env` lets your shell use it, `make demo-down` ends it \
         (running: {running}{})", if ended.is_empty() { String::new() } else { format!("; ended: {ended}") }
    )]
    Running {
        /// Its processes that run.
        running: String,
        /// Its processes that do not.
        ended: String,
    },
    /// A person has had enough.
    #[error("interrupted; everything that was started has been ended")]
    Interrupted,
    /// A part of the sandbox is not as wanted.
    #[error(transparent)]
    Sandbox(crate::Error),
    /// A command failed.
    #[error("`{command}` failed:\n{output}")]
    Command {
        /// The command, as a person would type it.
        command: String,
        /// What it printed.
        output: String,
    },
    /// The environment is not ready.
    #[error("{reason}\n\nThe end of the operator's log, {}:\n{tail}\n\n{LEFT_RUNNING}", log.display())]
    NotReady {
        /// Why.
        reason: String,
        /// Where the operator logs.
        log: PathBuf,
        /// The last lines of that.
        tail: String,
    },
    /// A process would not end.
    #[error("{0} still runs, although it was killed")]
    WillNotEnd(String),
}

impl<E: Into<crate::Error>> From<E> for Error {
    fn from(part: E) -> Self {
        Self::Sandbox(part.into())
    }
}

const LEFT_RUNNING: &str = "What still runs goes on running: `. .sandbox/env` lets your shell look around, \
    `kubectl describe vp dev` shows every resource, `make demo-down` ends it.";
