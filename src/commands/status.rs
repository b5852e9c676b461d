//! `kubectl vp status NAME`: the environment as a tree, with what is waited for and for how long.

use jiff::Timestamp;
use serde_json::json;

use super::cluster::{self, Cluster, Target};
use super::output::{self, Format, Output};
use crate::controller::Stored;
use crate::report::text::{Style, status_tree};

/// Show an environment as a tree, with what is waited for and for how long.
///
/// Reads the VideoPipeline's status and asks no AWS.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  kubectl vp status dev\n  kubectl vp status dev -n video -o json")]
pub struct Args {
    /// Name of the VideoPipeline.
    name: String,
    /// Show every resource on a line of its own, with its id in AWS.
    #[arg(long)]
    ids: bool,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    output: Output,
}

/// What the command prints.
///
/// # Errors
/// The resource could not be read.
pub async fn run(args: &Args) -> Result<String, cluster::Error> {
    let cluster = Cluster::of(&args.target).await?;
    let resource = Stored::of(&cluster.get(&args.name).await?);
    let status = &resource.status;
    if args.output.output == Format::Json {
        let mut document = output::document(&resource);
        document["status"] = json!(status);
        return Ok(format!("{document:#}"));
    }
    let header = output::header(&resource, status.account_id.as_deref());
    let style = Style { ids: args.ids, ..args.output.style() };
    Ok(status_tree(&header, status, Timestamp::now(), style))
}
