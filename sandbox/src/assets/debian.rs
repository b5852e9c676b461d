//! A small Debian as an image, for what runs in a cluster and is no static program, where no registry has one.

use std::path::Path;

use tokio::process::Command;

use super::{Error, cache, output, run};
use crate::console::Step;
use crate::podman;

/// The release that is installed.
const RELEASE: &str = "bookworm";
/// What a node needs (systemd, containerd, the network of pods), kube-proxy (iptables), and the stand-in (Python).
const PACKAGES: &str = "ca-certificates conntrack containerd containernetworking-plugins curl dbus ebtables ethtool \
    hostname ipset iproute2 iptables jq kmod libpython3-stdlib mount nftables procps \
    python3-minimal runc socat systemd systemd-sysv util-linux";
/// What nobody reads there.
const LEFT_OUT: [&str; 4] = ["usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt"];

/// Its name in podman's store, made now or earlier.
///
/// # Errors
///
/// When it has to be made and cannot be.
pub async fn debian() -> Result<String, Error> {
    let packages = PACKAGES.replace(' ', ",");
    let name = format!("localhost/sandbox-debian:{RELEASE}-{}", cache::fingerprint(packages.as_bytes()));
    if podman::has(&name).await? {
        return Ok(name);
    }
    let step = Step::begin("install a Debian for nodes");
    step.note("the first time takes minutes");
    let folder = cache::named("debian")?;
    let _lock = cache::lock(&folder).await?;
    if !podman::has(&name).await? {
        install(&folder, &packages, &name, &step).await?;
    }
    step.done("kept by podman");
    Ok(name)
}

async fn install(folder: &Path, packages: &str, name: &str, step: &Step) -> Result<(), Error> {
    let root = folder.join("root");
    let log = folder.join("install.log");
    remove(&root).await?;
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", &format!("--include={packages}"), RELEASE]).arg(&root);
    run(debootstrap, &log, step).await?;
    step.note("packing it");
    let archive = folder.join("root.tar");
    let mut tar = Command::new("tar");
    tar.args(LEFT_OUT.map(|left_out| format!("--exclude=./{left_out}/*"))).arg("-C").arg(&root).arg("-cf");
    run(with(tar, &[&archive, Path::new(".")]), &log, step).await?;
    remove(&root).await?;
    let mut import = podman::command()?;
    import.args(["import", "--quiet"]).arg(&archive).arg(name);
    run(import, &log, step).await?;
    remove(&archive).await
}

fn with(mut command: Command, paths: &[&Path]) -> Command {
    command.args(paths);
    command
}

/// Files of other owners and modes than ours: `rm` knows its way.
async fn remove(path: &Path) -> Result<(), Error> {
    let mut rm = Command::new("rm");
    rm.args(["-rf", "--one-file-system"]).arg(path);
    output(rm).await.map(drop)
}
