//! The users' command line, a kubectl plugin: `kubectl vp`.

use std::process::ExitCode;

use clap::Parser;
use video_pipeline_operator::commands::{self, plan, status};

/// Look at VideoPipelines, and at what would become of them.
///
/// A kubectl plugin: with `kubectl-vp` on the PATH, `kubectl vp` finds it. It changes nothing, in Kubernetes or in AWS.
#[derive(Parser)]
#[command(name = "kubectl-vp", bin_name = "kubectl vp", version, propagate_version = true)]
enum Command {
    Plan(plan::Args),
    Status(status::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    match commands::typed() {
        Ok(Command::Plan(args)) => plan::run(&args).await.unwrap_or_else(|error| commands::failed(&error)),
        Ok(Command::Status(args)) => commands::printed(status::run(&args).await),
        Err(code) => code,
    }
}
