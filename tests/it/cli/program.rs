//! A program, run in a shell of its own, and what it printed.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

pub const OPERATOR: &str = env!("CARGO_BIN_EXE_video-pipeline-operator");
pub const KUBECTL_VP: &str = env!("CARGO_BIN_EXE_kubectl-vp");

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// What it printed, as one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// That it ended so, and that it said all of this.
    #[track_caller]
    pub fn ends_with(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        let said = format!("{}{}", self.stdout, self.stderr);
        for words in words {
            assert!(said.contains(words), "it does not say {words:?}:\n{said}");
        }
        self
    }
}

/// Runs a program where there is neither cluster nor account.
pub fn alone(program: &str, arguments: &[&str]) -> Run {
    let nowhere =
        sandbox::operator::command(Path::new(program), Path::new("/dev/null"), "http://127.0.0.1:1");
    run(nowhere, arguments)
}

/// Runs a command to its end.
pub fn run(command: Command, arguments: &[&str]) -> Run {
    run_with(command, arguments, "")
}

/// Runs a command to its end, with this on standard input.
pub fn run_with(mut command: Command, arguments: &[&str], input: &str) -> Run {
    // What the shell of the tests says must not count.
    for name in ["CLUSTER_NAME", "PERMISSIONS_BOUNDARY", "IGNORED_TAGS", "NO_COLOR"] {
        command.env_remove(name);
    }
    let piped = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // Who reads no input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
