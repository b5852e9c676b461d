//! podman, with settings that also hold in a sandboxed machine.

use std::path::PathBuf;

use rustix::process::{Resource, getrlimit};
use tokio::process::Command;

use crate::assets;
use crate::file::failed;

/// The variable by which podman finds its settings; kind hands it on.
pub(crate) const SETTINGS: &str = "CONTAINERS_CONF";

/// podman with these settings.
pub(crate) fn command() -> Result<Command, assets::Error> {
    let mut command = Command::new("podman");
    command.env(SETTINGS, settings()?);
    Ok(command)
}

/// Whether its store has an image.
pub(crate) async fn has(name: &str) -> Result<bool, assets::Error> {
    let mut podman = command()?;
    podman.args(["images", "--quiet", name]);
    Ok(!assets::output(podman).await?.is_empty())
}

/// The file of settings, which is ours alone.
pub(crate) fn settings() -> Result<PathBuf, assets::Error> {
    let path = assets::folder("podman")?.join("containers.conf");
    std::fs::write(&path, text()).map_err(failed("write", &path))?;
    Ok(path)
}

/// crun refuses machines with both versions of cgroups, runc takes them. Limits are not above our own, because without
/// CAP_SYS_RESOURCE they cannot be raised.
fn text() -> String {
    let limit = |resource, wanted: u64| getrlimit(resource).maximum.map_or(wanted, |own| own.min(wanted));
    let (files, processes) = (limit(Resource::Nofile, 1 << 20), limit(Resource::Nproc, 1 << 15));
    format!(
        "[containers]\ndefault_ulimits = [\"nofile={files}:{files}\", \"nproc={processes}:{processes}\"]\n\
         log_driver = \"k8s-file\"\n\n[engine]\nruntime = \"runc\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_at_most_our_own() {
        let own = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX).min(1 << 20);
        assert!(text().contains(&format!("nofile={own}:{own}")), "{}", text());
    }
}
