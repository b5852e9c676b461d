//! The users' command line, a kubectl plugin: `kubectl vp`.

use std::process::ExitCode;

use clap::Parser;
use video_pipeline_operator::commands::{self, plan, status};

/// Looks at VideoPipelines and at what would become of them.
#[derive(Parser)]
#[command(name = "kubectl-vp", bin_name = "kubectl vp", version, propagate_version = true)]
enum Command {
    /// Show what the operator would do, and do nothing.
    Plan(plan::Args),
    /// Show an environment as a tree.
    Status(status::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    match Command::parse() {
        Command::Plan(args) => plan::run(&args).await.unwrap_or_else(|error| commands::failed(&error)),
        Command::Status(args) => commands::printed(status::run(&args).await),
    }
}
