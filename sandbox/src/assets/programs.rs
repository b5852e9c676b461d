//! Programs of Kubernetes: those that a person provides, or built from their public Go modules.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::{Error, cache, run};
use crate::console::Step;
use crate::crate_folder;
use crate::file::failed;

/// A program of the control plane, or one that speaks with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The store.
    Etcd,
    /// The API server.
    KubeApiserver,
    /// The control plane's own controllers.
    KubeControllerManager,
    /// The command line.
    Kubectl,
    /// What installs charts.
    Helm,
    /// What chooses a node for a pod.
    KubeScheduler,
    /// What makes Services of a node's network.
    KubeProxy,
    /// What runs pods on a node.
    Kubelet,
    /// What makes a cluster of a node.
    Kubeadm,
    /// What holds a pod's namespaces.
    Pause,
    /// The name server of a cluster.
    Coredns,
    /// What makes clusters of containers.
    Kind,
}

impl Program {
    /// Those that tests and the demo need. The others are for clusters with nodes, and built when one is made.
    pub const WITHOUT_NODES: [Self; 5] =
        [Self::Etcd, Self::KubeApiserver, Self::KubeControllerManager, Self::Kubectl, Self::Helm];

    /// Its name as a file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
            Self::Helm => "helm",
            Self::KubeScheduler => "kube-scheduler",
            Self::KubeProxy => "kube-proxy",
            Self::Kubelet => "kubelet",
            Self::Kubeadm => "kubeadm",
            Self::Pause => "pause",
            Self::Coredns => "coredns",
            Self::Kind => "kind",
        }
    }

    /// The Go module that it is built in: a folder of this crate, and of the cache.
    const fn module(self) -> &'static str {
        match self {
            Self::Helm => "helm",
            Self::Coredns => "coredns",
            Self::Kind => "kind",
            _ => "control-plane",
        }
    }

    /// What is built.
    fn package(self) -> String {
        match self {
            Self::Helm => "helm.sh/helm/v4/cmd/helm".to_owned(),
            Self::Coredns => ".".to_owned(),
            Self::Kind => "sigs.k8s.io/kind".to_owned(),
            _ => format!("./{}", self.name()),
        }
    }

    /// For a program that people have, how it is asked whether it runs.
    const fn greeting(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Kubectl => Some(&["version", "--client"]),
            Self::Helm | Self::Kind => Some(&["version"]),
            _ => None,
        }
    }
}

/// Where a program is: `KUBEBUILDER_ASSETS` if it holds it, for kubectl and Helm also `PATH`, else built now or earlier.
///
/// # Errors
///
/// When it has to be built and cannot be.
pub async fn program(program: Program) -> Result<PathBuf, Error> {
    if let Some(provided) = provided(program)? {
        return Ok(provided);
    }
    if is_on_path(program).await {
        return Ok(PathBuf::from(program.name()));
    }
    built(program).await
}

/// The same, always built: for a node all have to be of one version, and of the same processor.
pub(super) async fn built(program: Program) -> Result<PathBuf, Error> {
    let folder = cache::folder(program.module(), &module(program).join("go.sum"))?;
    let built = folder.join(program.name());
    if !built.exists() {
        build(program, &folder, &built).await?;
    }
    Ok(built)
}

fn module(program: Program) -> PathBuf {
    crate_folder().join(program.module())
}

fn provided(program: Program) -> Result<Option<PathBuf>, Error> {
    let Some(folder) = std::env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty()) else {
        return Ok(None);
    };
    let folder = PathBuf::from(folder);
    if !folder.is_dir() {
        return Err(Error::NoAssets(folder));
    }
    Ok(Some(folder.join(program.name())).filter(|path| path.exists()))
}

async fn is_on_path(program: Program) -> bool {
    let Some(greeting) = program.greeting() else { return false };
    let mut command = Command::new(program.name());
    command.args(greeting).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().await.is_ok_and(|status| status.success())
}

async fn build(program: Program, folder: &Path, built: &Path) -> Result<(), Error> {
    let step = Step::begin(format!("build {}", program.name()));
    step.note("waiting for another build");
    let _lock = cache::lock(folder).await?;
    if built.exists() {
        step.done("built by somebody else meanwhile");
        return Ok(());
    }
    step.note("the first time takes minutes");
    let unfinished = folder.join(format!("{}.unfinished", program.name()));
    let log = folder.join(format!("{}.log", program.name()));
    run(go_build(program, &unfinished)?, &log, &step).await?;
    std::fs::rename(&unfinished, built).map_err(failed("rename", &unfinished))?;
    step.done(&format!("kept in {}", folder.display()));
    Ok(())
}

fn go_build(program: Program, output: &Path) -> Result<Command, Error> {
    let mut command = Command::new("go");
    command
        .current_dir(module(program))
        .env("CGO_ENABLED", "0")
        .args(["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", &linker_flags()?, "-o"])
        .arg(output)
        .arg(program.package());
    Ok(command)
}

/// Without these the server cannot say its version, and clients refuse one that they cannot parse. Helm does not know them.
fn linker_flags() -> Result<String, Error> {
    let version = version()?;
    let mut numbers = version.trim_start_matches('v').split('.');
    let set = |name, value: Option<&str>| {
        format!(" -X k8s.io/component-base/version.{name}={}", value.unwrap_or_default())
    };
    Ok([
        "-s -w".to_owned(),
        set("gitVersion", Some(&version)),
        set("gitMajor", numbers.next()),
        set("gitMinor", numbers.next()),
    ]
    .concat())
}

/// The version that programs are built of, such as `v1.36.3`.
pub(super) fn version() -> Result<String, Error> {
    let path = module(Program::KubeApiserver).join("go.mod");
    let requirements = std::fs::read_to_string(&path).map_err(failed("read", &path))?;
    let (major, minor, patch) = kubernetes_version(&requirements).ok_or(Error::NoVersion(path))?;
    Ok(format!("v{major}.{minor}.{patch}"))
}

fn kubernetes_version(requirements: &str) -> Option<(&str, &str, &str)> {
    let version = requirements.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes v"))?;
    let (major, rest) = version.split_once('.')?;
    let (minor, patch) = rest.split_once('.')?;
    Some((major, minor, patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_kubernetes_is_read_off_the_requirements() {
        assert_eq!(kubernetes_version("require (\n\tk8s.io/kubernetes v1.36.3\n)"), Some(("1", "36", "3")));
        assert_eq!(kubernetes_version("module other"), None);
    }

    #[test]
    fn the_version_is_built_into_the_programs() {
        let flags = linker_flags().unwrap();
        assert!(flags.contains("version.gitVersion=v1."), "{flags}");
    }
}
