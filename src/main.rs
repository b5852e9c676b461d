//! The operator: `run` is the long-running process, the other commands print what it needs, or say whether it is at work.

use std::process::ExitCode;

use clap::Parser;
use video_pipeline_operator::commands::{self, check, crd, iam_policy, run, trust_policy};
use video_pipeline_operator::controller::Settings;

/// A Kubernetes operator that makes AWS match VideoPipeline resources.
///
/// `run` is the operator; `check` says whether it is at work; the other commands print what it needs to be installed.
#[derive(Parser)]
#[command(version, propagate_version = true)]
enum Command {
    Run(Box<Settings>),
    Check(Box<check::Args>),
    Crd(crd::Args),
    IamPolicy(iam_policy::Args),
    TrustPolicy(trust_policy::Args),
}

// A thread for each processor of a large node would each have a heap of its own, and have nothing to do.
#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    match commands::typed() {
        Ok(Command::Run(settings)) => commands::ended(run::run(&settings).await),
        Ok(Command::Check(args)) => commands::printed(check::run(&args).await),
        Ok(Command::Crd(args)) => commands::printed(crd::run(&args)),
        Ok(Command::IamPolicy(args)) => commands::printed(iam_policy::run(&args)),
        Ok(Command::TrustPolicy(args)) => commands::printed(trust_policy::run(&args)),
        Err(code) => code,
    }
}
