//! `kubectl vp status NAME`: the environment as a tree, with what is waited for and for how long.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cluster::{self, Cluster, Target};
use super::output::{Format, Output};
use crate::controller::Stored;
use crate::report::text::{Header, Style, status_tree};

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

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The resource could not be had.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The status is no JSON.
    #[error("cannot write the status as JSON")]
    Write(#[source] serde_json::Error),
}

/// What the command prints.
///
/// # Errors
/// The resource could not be read.
pub async fn run(args: &Args) -> Result<String, Error> {
    let cluster = Cluster::of(&args.target).await?;
    let resource = Stored::of(&cluster.get(&args.name).await?);
    if args.output.output == Format::Json {
        return serde_json::to_string_pretty(&document(&resource)).map_err(Error::Write);
    }
    let header = Header {
        resource: resource.described(resource.status.owner.as_deref()),
        suffix: resource.suffix(),
        account_id: resource.status.account_id.as_deref(),
    };
    Ok(status_tree(
        &header,
        &resource.status,
        Timestamp::now(),
        Style { ids: args.ids, ..args.output.style() },
    ))
}

fn document(resource: &Stored) -> Value {
    let (namespace, name) = resource.reference();
    json!({
        "namespace": namespace,
        "name": name,
        "environment": resource.suffix(),
        "region": resource.region(),
        "status": resource.status,
    })
}
