//! A real Kubernetes control plane on loopback: etcd, kube-apiserver, kube-controller-manager.
//!
//! It has no nodes, so nothing runs in it; resources, admission, watches, garbage collection and the deletion of
//! namespaces are the real ones. etcd answers on sockets in the control plane's folder, and only the API server on
//! a port; whoever holds the kubeconfig is its administrator.

mod audit;
mod crd;
mod files;
mod servers;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::assets::{self, Program};
use crate::file;
use crate::process::{self, Lifetime, Process};

pub use audit::KubernetesWrite;
pub use crd::install_crd;
use files::Files;

/// A running control plane.
#[derive(Debug)]
pub struct ControlPlane {
    files: Files,
    // Fields are dropped in this order: whoever depends on another goes first.
    controllers: Process,
    api_server: Process,
    etcd: Process,
}

/// Why the control plane is not as wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is not there.
    #[error(transparent)]
    Assets(#[from] assets::Error),
    /// A process is not as wanted.
    #[error(transparent)]
    Process(#[from] process::Error),
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] file::Error),
    /// There is no port for the API server to listen on.
    #[error("cannot find a free port for the API server")]
    Port(#[source] std::io::Error),
    /// The system has no random numbers.
    #[error("cannot make a key for the control plane")]
    Key,
    /// The kubeconfig cannot be used.
    #[error("cannot use the kubeconfig {}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A request failed.
    #[error("cannot {what}")]
    Kubernetes {
        /// What was tried.
        what: String,
        /// What Kubernetes says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A definition was not served in time.
    #[error("the definition {0} was not served in time")]
    NotServed(String),
}

impl ControlPlane {
    /// Starts one that keeps everything in `folder` and ends when it is dropped.
    ///
    /// # Errors
    ///
    /// When a program cannot be had or does not start.
    pub async fn start(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Self::start_for(folder.as_ref(), &Lifetime::WithUs).await
    }

    /// Starts one that lives as long as it is told to.
    ///
    /// # Errors
    ///
    /// When a program cannot be had or does not start.
    pub async fn start_for(folder: &Path, lifetime: &Lifetime) -> Result<Self, Error> {
        let etcd = assets::program(Program::Etcd).await?;
        let api_server = assets::program(Program::KubeApiserver).await?;
        let controllers = assets::program(Program::KubeControllerManager).await?;

        let files = Files::create(folder)?;
        let etcd = servers::start_etcd(&etcd, &files, lifetime)?;
        let api_server = servers::start_api_server(&api_server, &files, lifetime).await?;
        let controllers = servers::start_controllers(&controllers, &files, lifetime)?;
        Ok(Self { files, controllers, api_server, etcd })
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.files.kubeconfig
    }

    /// A client of the administrator. It lives in the asynchronous runtime that made it: each test makes its own.
    ///
    /// # Errors
    ///
    /// When the kubeconfig cannot be used.
    pub async fn client(&self) -> Result<Client, Error> {
        client(&self.files.kubeconfig).await
    }

    /// Every attempt to write to Kubernetes that was answered so far, oldest first.
    ///
    /// # Errors
    ///
    /// When the audit log cannot be read.
    pub fn writes(&self) -> Result<Vec<KubernetesWrite>, Error> {
        audit::writes(&self.files.audit_log)
    }

    /// Every verb that a service account has used, and on which resource: `("patch", "videopipelines/status")`.
    ///
    /// # Errors
    ///
    /// When the audit log cannot be read.
    pub fn rights_used_by(&self, user: &str) -> Result<BTreeSet<(String, String)>, Error> {
        audit::rights(&self.files.audit_log, user)
    }

    /// Such writes by programs that call themselves something that begins like this.
    ///
    /// # Errors
    ///
    /// When the audit log cannot be read.
    pub fn writes_by(&self, user_agent_prefix: &str) -> Result<Vec<KubernetesWrite>, Error> {
        let mut writes = self.writes()?;
        writes.retain(|write| write.user_agent.starts_with(user_agent_prefix));
        Ok(writes)
    }

    /// Ends it, and returns when its processes are gone.
    pub fn stop(mut self) {
        self.controllers.kill();
        self.api_server.kill();
        self.etcd.kill();
    }
}

/// A client as a kubeconfig says.
///
/// # Errors
///
/// When the kubeconfig cannot be used.
pub async fn client(kubeconfig: &Path) -> Result<Client, Error> {
    let unusable = |source| Error::Kubeconfig { path: kubeconfig.to_path_buf(), source };
    let parsed = Kubeconfig::read_from(kubeconfig).map_err(|error| unusable(error.into()))?;
    let config = Config::from_custom_kubeconfig(parsed, &KubeConfigOptions::default()).await;
    let mut config = config.map_err(|error| unusable(error.into()))?;
    // Loopback needs no proxy, whatever the environment says.
    config.proxy_url = None;
    Client::try_from(config).map_err(|error| unusable(error.into()))
}

/// What Kubernetes says, without the form in which it says it.
fn said(error: kube::Error) -> Box<dyn std::error::Error + Send + Sync> {
    match error {
        kube::Error::Api(status) => status.message.clone().into(),
        other => other.into(),
    }
}
