//! A node for kind, where no registry has one: Debian, the programs of Kubernetes, and the images of its control plane.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::programs::{built, version};
use super::{Error, Program, cache, debian, output, run};
use crate::console::Step;
use crate::file::failed;
use crate::{crate_folder, podman};

/// What a node runs itself.
const ON_THE_NODE: [Program; 3] = [Program::Kubeadm, Program::Kubelet, Program::Kubectl];
/// What it runs as pods, by the names that kubeadm gives to their images.
const AS_PODS: [Program; 7] = [
    Program::Etcd,
    Program::KubeApiserver,
    Program::KubeControllerManager,
    Program::KubeScheduler,
    Program::KubeProxy,
    Program::Coredns,
    Program::Pause,
];

/// The name of the node's image in podman's store, made now or earlier.
///
/// # Errors
///
/// When it has to be made and cannot be.
pub async fn node() -> Result<String, Error> {
    let debian = debian().await?;
    let name = format!("localhost/sandbox-node:{}-{}", version()?, fingerprint(&debian)?);
    if podman::has(&name).await? {
        return Ok(name);
    }
    for program in ON_THE_NODE.into_iter().chain(AS_PODS) {
        built(program).await?;
    }
    let step = Step::begin("make a node's image");
    let folder = cache::named("node")?;
    let _lock = cache::lock(&folder).await?;
    if !podman::has(&name).await? {
        make(&folder.join("context"), &debian, &name, &step).await?;
    }
    step.done("kept by podman");
    Ok(name)
}

/// Another one of this stands for another node.
fn fingerprint(debian: &str) -> Result<String, Error> {
    let mut sources = debian.as_bytes().to_vec();
    for source in ["control-plane/go.sum", "coredns/go.sum"] {
        let path = crate_folder().join(source);
        sources.extend(std::fs::read(&path).map_err(failed("read", &path))?);
    }
    for path in files(&crate_folder().join("node"))? {
        sources.extend(std::fs::read(&path).map_err(failed("read", &path))?);
    }
    Ok(cache::fingerprint(&sources))
}

/// All files of a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(failed("read", folder))?;
    for entry in entries {
        let path = entry.map_err(failed("read", folder))?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if !path.is_symlink() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

async fn make(context: &Path, debian: &str, name: &str, step: &Step) -> Result<(), Error> {
    let _ = std::fs::remove_dir_all(context);
    for folder in ["programs", "images", "one"] {
        let folder = context.join(folder);
        std::fs::create_dir_all(&folder).map_err(failed("make the folder", &folder))?;
    }
    let log = context.with_extension("log");
    for program in ON_THE_NODE {
        copy(&built(program).await?, &context.join("programs"))?;
    }
    let names = names_of_images().await?;
    for program in AS_PODS {
        let name = names.iter().find(|name| name.contains(&format!("/{}:", program.name())));
        let name = name.ok_or_else(|| Error::Answer("kubeadm".into(), names.join(" ")))?;
        step.note(name);
        pack(program, name, debian, context, &log, step).await?;
    }
    step.note("putting it together");
    let mut copy_files = Command::new("cp");
    copy_files.arg("-r").arg(crate_folder().join("node/files")).arg(context);
    output(copy_files).await?;
    write(&context.join("version"), &version()?)?;
    say_pause(&context.join("files/etc/containerd/config.toml"), &names)?;
    let mut build = podman::command()?;
    build.args(["build", "--build-arg", &format!("DEBIAN={debian}"), "--tag", name, "--file"]);
    build.arg(crate_folder().join("node/Containerfile")).arg(context);
    run(build, &log, step).await?;
    std::fs::remove_dir_all(context).map_err(failed("remove", context))?;
    Ok(())
}

/// containerd asks for the image that holds a pod's namespaces by a name of its own.
fn say_pause(settings: &Path, names: &[String]) -> Result<(), Error> {
    let pause = names.iter().find(|name| name.contains("/pause:")).map_or("", |name| name);
    let text = std::fs::read_to_string(settings).map_err(failed("read", settings))?;
    write(settings, &text.replace("PAUSE", pause))
}

/// The images that kubeadm looks for.
async fn names_of_images() -> Result<Vec<String>, Error> {
    let mut kubeadm = Command::new(built(Program::Kubeadm).await?);
    kubeadm.args(["config", "images", "list", "--kubernetes-version", &version()?]);
    Ok(output(kubeadm).await?.lines().map(str::to_owned).collect())
}

/// An image of one program, as a file for the node.
async fn pack(
    program: Program,
    name: &str,
    debian: &str,
    context: &Path,
    log: &Path,
    step: &Step,
) -> Result<(), Error> {
    let folder = context.join("one");
    let file = program.name();
    copy(&built(program).await?, &folder)?;
    // It calls iptables.
    let base = if program == Program::KubeProxy { debian } else { "scratch" };
    let containerfile = folder.join("Containerfile");
    let path = format!("/usr/local/bin/{file}");
    write(&containerfile, &format!("FROM {base}\nCOPY {file} {path}\nENTRYPOINT [\"{path}\"]\n"))?;
    let mut build = podman::command()?;
    build.args(["build", "--tag", name, "--file"]).arg(&containerfile).arg(&folder);
    run(build, log, step).await?;
    let mut save = podman::command()?;
    save.args(["save", "--output"]).arg(context.join("images").join(format!("{file}.tar"))).arg(name);
    run(save, log, step).await?;
    std::fs::remove_file(folder.join(file)).map_err(failed("remove", &folder))?;
    Ok(())
}

fn copy(program: &Path, folder: &Path) -> Result<(), Error> {
    let to = folder.join(program.file_name().unwrap_or_default());
    std::fs::copy(program, &to).map_err(failed("write", &to))?;
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    Ok(std::fs::write(path, text).map_err(failed("write", path))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_named_by_what_it_is_made_of() {
        assert_ne!(fingerprint("debian:1").unwrap(), fingerprint("debian:2").unwrap());
    }
}
