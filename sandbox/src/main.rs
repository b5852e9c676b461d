//! The sandbox's command line, used by the Makefile.

use std::error::Error;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// A real control plane and an AWS stand-in on this machine.
#[derive(Parser)]
#[command(name = "sandbox", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a control plane, the stand-in and the operator, and make the environment `dev`.
    Demo {
        /// Seconds that the environment may take to become ready.
        #[arg(long, default_value_t = 300)]
        timeout: u64,
    },
    /// End every process that `demo` started.
    DemoDown,
    /// Measure what environments cost.
    Bench {
        /// The operator's binary, built for release.
        #[arg(long)]
        operator: PathBuf,
    },
    /// Make the operator's image, and the list of what it is made of.
    Image {
        /// Its name with tag; localhost/video-pipeline-operator:VERSION unless said.
        #[arg(long)]
        name: Option<String>,
    },
    /// Build and install what tests and the demo need, unless it is there.
    Prepare,
    /// Run the Python that has the stand-in's packages.
    Python {
        /// Folder to run in, within `sandbox/`.
        #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
        folder: String,
        /// What to run.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Demo { timeout } => sandbox::demo::up(Duration::from_secs(timeout)).await?,
        Command::DemoDown => sandbox::demo::down().await?,
        Command::Bench { operator } => sandbox::bench::run(&operator).await?,
        Command::Image { name } => drop(sandbox::image::make(name).await?),
        Command::Prepare => sandbox::assets::prepare().await?,
        Command::Python { folder, arguments } => {
            // Returns only when Python cannot be run.
            return Err(sandbox::assets::python_command(&folder).await?.args(arguments).exec().into());
        }
    }
    Ok(())
}

/// An error with its causes, the last of which is the root; what repeats its cause is said once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(&format!(": {said}"));
        }
        cause = error.source();
    }
    text
}
