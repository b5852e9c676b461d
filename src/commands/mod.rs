//! One file per command of the two binaries, and how a command ends.

pub mod check;
pub mod cluster;
pub mod crd;
pub mod file;
pub mod iam_policy;
pub mod output;
pub mod plan;
pub mod run;
pub mod status;
mod traces;
pub mod trust_policy;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

/// The command that was typed; or the exit code after help was shown, or what is wrong with it. That is 1, as after every
/// other error: clap's own 2 is what `plan` says of changes.
///
/// # Errors
/// There is nothing to run.
pub fn typed<C: Parser>() -> Result<C, ExitCode> {
    C::try_parse().map_err(|said| {
        // Where nobody listens any more, there is nobody to tell.
        let _ = said.print();
        if said.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    })
}

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
