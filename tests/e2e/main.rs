//! `make e2e`: the whole life on a real cluster with real pods, installed, upgraded and removed as people do it.
//!
//! It is one story, told in steps that depend on each other, so that there is no harness: a step that fails ends it. The
//! cluster is the one that `E2E_KUBECONFIG` names, which must know the images that `E2E_OPERATOR_IMAGE` and
//! `E2E_STAND_IN_IMAGE` name; else it is made, and removed at the end whatever comes (`E2E_KEEP=1` keeps it).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic, also in its helpers"
)]

#[allow(dead_code, reason = "other tests ask for more")]
#[path = "../it/support/account.rs"]
mod account;
mod lab;
mod rights;
mod story;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use sandbox::cluster::Cluster;

use lab::Lab;

/// The name of the cluster.
const CLUSTER: &str = "video-pipeline-e2e";

#[tokio::main]
async fn main() -> ExitCode {
    let started = Instant::now();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("e2e");
    let cluster = match Cluster::given_or_made(CLUSTER, &folder).await {
        Ok(cluster) => cluster,
        Err(error) => {
            eprintln!("\nthere is no cluster: {error}");
            return ExitCode::FAILURE;
        }
    };
    let cluster = Arc::new(cluster);
    // In a task of its own, so that the cluster goes whatever comes.
    let told = tokio::spawn({
        let cluster = Arc::clone(&cluster);
        async move { story::tell(&cluster, &Lab::open(&cluster, CLUSTER, &folder).await).await }
    });
    let told = told.await;
    let removed = remove(&cluster).await;
    let Ok(steps) = told else { return ExitCode::FAILURE };
    println!("\n== e2e");
    for (name, time) in &steps {
        println!("✔ {name:60} {:6.1} s", time.as_secs_f64());
    }
    println!("passed in {:.0} s", started.elapsed().as_secs_f64());
    removed
}

async fn remove(cluster: &Cluster) -> ExitCode {
    if std::env::var_os("E2E_KEEP").is_some() {
        eprintln!("kept: KUBECONFIG={}", cluster.kubeconfig().display());
        return ExitCode::SUCCESS;
    }
    match cluster.remove(CLUSTER).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nthe cluster cannot be removed: {error}");
            ExitCode::FAILURE
        }
    }
}
