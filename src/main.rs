//! The operator: `run` is the long-running process, the other commands print what it needs.

use std::process::ExitCode;

use clap::Parser;
use video_pipeline_operator::commands::{self, crd, iam_policy, run};
use video_pipeline_operator::controller::Settings;

/// Converges AWS to VideoPipeline resources.
#[derive(Parser)]
#[command(version, propagate_version = true)]
enum Command {
    /// Run the operator until it is told to stop.
    Run(Box<Settings>),
    /// Print the CustomResourceDefinition, or its reference.
    Crd(crd::Args),
    /// Print the IAM policy that the operator's identity needs.
    IamPolicy(iam_policy::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    match Command::parse() {
        Command::Run(settings) => commands::ended(run::run(&settings).await),
        Command::Crd(args) => commands::printed(crd::run(&args)),
        Command::IamPolicy(args) => commands::printed(iam_policy::run(&args)),
    }
}
