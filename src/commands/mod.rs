//! One file per command of the two binaries, and how a command ends.

pub mod cluster;
pub mod crd;
pub mod iam_policy;
pub mod output;
pub mod plan;
pub mod run;
pub mod status;

use std::error::Error;
use std::process::ExitCode;

/// Prints what a command has to say, or why it failed.
pub fn printed<E: Error>(result: Result<String, E>) -> ExitCode {
    ended(result.map(|text| println!("{}", text.trim_end())))
}

/// Exit code 0, or 1 with the reason on standard error.
pub fn ended<E: Error>(result: Result<(), E>) -> ExitCode {
    result.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

/// Says why a command failed: the error, and what it came from.
pub fn failed(error: &dyn Error) -> ExitCode {
    let mut text = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!("\n  because: {cause}");
        source = cause.source();
    }
    eprintln!("{text}");
    ExitCode::FAILURE
}
