//! A real control plane and an AWS stand-in on one machine, for tests and the demo.
//!
//! | module | what it does |
//! |---|---|
//! | [`control_plane`] | etcd, kube-apiserver and kube-controller-manager; who wrote what to Kubernetes |
//! | [`stand_in`] | the AWS stand-in, its control endpoints and its call log |
//! | [`operator`] | the operator as a process: its readiness, its death, what it costs |
//! | [`assets`] | programs and packages that all of these need, made once and kept outside the checkout |
//! | [`process`], [`record`] | processes that end with whoever started them, and such that outlive it |
//! | [`demo`] | what `make demo` does and undoes |
//! | [`bench`] | what `make bench` measures |
//! | [`cluster`] | a cluster with nodes, for `make e2e` |
//! | [`image`] | what `make image` makes |
//! | [`console`] | what a person sees while something takes time |
//!
//! Everything listens on loopback only. A test needs three lines:
//!
//! ```no_run
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = std::path::Path::new("target/some-test");
//! let aws = sandbox::StandIn::start(sandbox::StandInOptions::quick(folder)).await?;
//! let kubernetes = sandbox::ControlPlane::start(folder).await?;
//! let client = kubernetes.client().await?;
//! # Ok(()) }
//! ```

pub mod assets;
pub mod bench;
pub mod cluster;
pub mod console;
pub mod control_plane;
pub mod demo;
mod error;
pub mod file;
mod http;
pub mod image;
pub mod operator;
pub mod pipeline;
mod podman;
pub mod process;
pub mod record;
pub mod stand_in;

pub use control_plane::{ControlPlane, KubernetesWrite, install_crd};
pub use error::Error;
pub use operator::{Operator, OperatorOptions};
pub use process::Lifetime;
pub use stand_in::{AwsCall, Durations, StandIn, StandInOptions};

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

/// The folder of this crate, which holds the sources of the stand-in and of the control plane's programs.
pub(crate) fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The checkout that this crate is part of.
pub fn checkout() -> PathBuf {
    crate_folder().parent().unwrap_or(crate_folder()).to_path_buf()
}

/// A port of loopback that nobody listens on at this moment.
pub(crate) fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
