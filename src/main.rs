//! The operator: `run` is the long-running process, the other commands print what it needs.

use std::process::ExitCode;

use clap::Parser;
use video_pipeline_operator::commands::{self, crd, iam_policy, run};
use video_pipeline_operator::controller::Settings;

/// A Kubernetes operator that makes AWS match VideoPipeline resources.
///
/// `run` is the operator; the other commands print what it needs to be installed.
#[derive(Parser)]
#[command(version, propagate_version = true)]
enum Command {
    Run(Box<Settings>),
    Crd(crd::Args),
    IamPolicy(iam_policy::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    match commands::typed() {
        Ok(Command::Run(settings)) => commands::ended(run::run(&settings).await),
        Ok(Command::Crd(args)) => commands::printed(crd::run(&args)),
        Ok(Command::IamPolicy(args)) => commands::printed(iam_policy::run(&args)),
        Err(code) => code,
    }
}
