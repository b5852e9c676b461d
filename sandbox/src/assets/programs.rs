//! The programs of the control plane: those that a person provides, or built from their public Go modules.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::{Error, cache, run};
use crate::console::Step;
use crate::crate_folder;
use crate::file::failed;

/// A program of the control plane.
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
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Etcd, Self::KubeApiserver, Self::KubeControllerManager, Self::Kubectl];

    /// Its name as a file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
        }
    }
}

/// Where a program is: `KUBEBUILDER_ASSETS` if it holds it, for kubectl also `PATH`, else built now or earlier.
///
/// # Errors
///
/// When it has to be built and cannot be.
pub async fn program(program: Program) -> Result<PathBuf, Error> {
    if let Some(provided) = provided(program)? {
        return Ok(provided);
    }
    if program == Program::Kubectl && kubectl_runs().await {
        return Ok(PathBuf::from("kubectl"));
    }
    let folder = cache::folder("control-plane", &module().join("go.sum"))?;
    let built = folder.join(program.name());
    if !built.exists() {
        build(program, &folder, &built).await?;
    }
    Ok(built)
}

fn module() -> PathBuf {
    crate_folder().join("control-plane")
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

async fn kubectl_runs() -> bool {
    let mut command = Command::new("kubectl");
    command.args(["version", "--client"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
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
        .current_dir(module())
        .env("CGO_ENABLED", "0")
        .args(["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", &linker_flags()?, "-o"])
        .arg(output)
        .arg(format!("./{}", program.name()));
    Ok(command)
}

/// Without these the server cannot say its version, and clients refuse one that they cannot parse.
fn linker_flags() -> Result<String, Error> {
    let path = module().join("go.mod");
    let requirements = std::fs::read_to_string(&path).map_err(failed("read", &path))?;
    let (major, minor, patch) = kubernetes_version(&requirements).ok_or(Error::NoVersion(path))?;
    let set = |name, value| format!(" -X k8s.io/component-base/version.{name}={value}");
    Ok([
        "-s -w".to_owned(),
        set("gitVersion", format!("v{major}.{minor}.{patch}")),
        set("gitMajor", major.to_owned()),
        set("gitMinor", minor.to_owned()),
    ]
    .concat())
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
