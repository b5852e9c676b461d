//! `make image`: the operator as a static program in an image that holds nothing else, and the list of what it is made of.
//!
//! The same commit gives the same image: times are the commit's, paths of the machine are left out of the program, and the
//! certificates are those of a pinned package instead of the machine's.

mod bill;
mod builder;
mod program;

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::console::Step;
use crate::file::{self, failed};
use crate::{assets, checkout};

use bill::Packages;
pub use builder::Builder;

/// The name of the program, and of its package.
const OPERATOR: &str = "video-pipeline-operator";

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Tools are missing.
    #[error("Missing:\n  {}", .0.join("\n  "))]
    Missing(Vec<String>),
    /// A tool failed.
    #[error(transparent)]
    Tool(#[from] assets::Error),
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] file::Error),
    /// A tool said something else than what it was asked for.
    #[error("cannot make sense of what {0} says")]
    Answer(&'static str, #[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its name with tag.
    pub name: String,
    /// The folder that it is built in.
    pub context: PathBuf,
    /// What it is built by, in the checkout.
    pub containerfile: PathBuf,
    /// Values that the Containerfile asks for.
    pub arguments: Vec<(String, String)>,
    /// Seconds since 1970 that count as the time of all that is in it.
    pub epoch: u64,
    /// Where it is written as a file that `kind load image-archive` and `podman load` take.
    pub archive: PathBuf,
}

/// An image that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its name with tag.
    pub name: String,
    /// The file that holds it.
    pub archive: PathBuf,
    /// The digest of its configuration, which names every file in it.
    pub id: String,
}

/// Makes the operator's image, under this name or its own, and the list of what it is made of.
///
/// # Errors
///
/// When tools are missing or fail.
pub async fn make(name: Option<String>) -> Result<Made, Error> {
    let target = program::target();
    let builder = tools(&target).await?;
    let packages = Packages::read(&target).await?;
    let folder = packages.target_folder().join("image");
    let context = folder.join("context");
    std::fs::create_dir_all(&context).map_err(failed("make the folder", &context))?;
    let binary = program::build(&target, packages.target_folder(), &folder.join("build.log")).await?;
    fill(&context, &binary)?;

    let version = packages.version();
    let image = Image {
        name: name.unwrap_or_else(|| format!("localhost/{OPERATOR}:{version}")),
        context,
        containerfile: checkout().join("Containerfile"),
        arguments: vec![("VERSION".into(), version.into()), ("REVISION".into(), revision().await?)],
        epoch: epoch().await?,
        archive: folder.join(format!("{OPERATOR}-{version}.tar")),
    };
    let bill = folder.join(format!("{OPERATOR}-{version}.cdx.json"));
    std::fs::write(&bill, packages.bill(image.epoch)).map_err(failed("write", &bill))?;
    let made = pack(builder, &image, &folder.join("image.log")).await?;
    report(&made, &binary, &bill)?;
    Ok(made)
}

/// What builds images here; an error that names all that is missing, at once.
async fn tools(target: &str) -> Result<Builder, Error> {
    let mut missing = program::missing(target).await;
    let builder = Builder::find().await;
    if builder.is_none() {
        missing.push(
            "docker with its daemon, podman or buildah: install one (Debian: podman; https://docs.docker.com/engine/install)"
                .to_owned(),
        );
    }
    builder.filter(|_| missing.is_empty()).ok_or(Error::Missing(missing))
}

/// Puts what the Containerfile copies into its folder.
fn fill(context: &Path, binary: &Path) -> Result<(), Error> {
    let certificates = context.join("ca-certificates.crt");
    std::fs::write(&certificates, certificates_of_the_web()).map_err(failed("write", &certificates))?;
    let copy = context.join(OPERATOR);
    std::fs::copy(binary, &copy).map_err(failed("write", &copy))?;
    Ok(())
}

/// The authorities that browsers trust, as Mozilla lists them.
fn certificates_of_the_web() -> String {
    let pem = |certificate: &&[u8]| pem::encode(&pem::Pem::new("CERTIFICATE", certificate.to_vec()));
    let certificates: Vec<&[u8]> =
        webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(AsRef::as_ref).collect();
    certificates.iter().map(pem).collect()
}

/// Builds an image and writes it into a file.
pub(crate) async fn pack(builder: Builder, image: &Image, log: &Path) -> Result<Made, Error> {
    let step = Step::begin(format!("build {}", image.name));
    // An archive is never added to.
    let _ = std::fs::remove_file(&image.archive);
    for command in builder.commands(image) {
        assets::run(command, log, &step).await?;
    }
    let id = assets::output(builder.ask_for_id(&image.name)).await?;
    step.done(&format!("by {}", builder.name()));
    Ok(Made { name: image.name.clone(), archive: image.archive.clone(), id })
}

fn report(made: &Made, binary: &Path, bill: &Path) -> Result<(), Error> {
    println!("image    {}", made.name);
    println!("digest   {}", made.id);
    println!("program  {} bytes", size(binary)?);
    println!("archive  {} ({} bytes)", made.archive.display(), size(&made.archive)?);
    println!("SBOM     {}", bill.display());
    Ok(())
}

fn size(path: &Path) -> Result<u64, Error> {
    Ok(std::fs::metadata(path).map_err(failed("read", path))?.len())
}

/// The commit, marked where files differ from it.
async fn revision() -> Result<String, Error> {
    let mut git = git();
    git.args(["describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]);
    Ok(assets::output(git).await?)
}

/// `SOURCE_DATE_EPOCH`, or the time of the commit.
async fn epoch() -> Result<u64, Error> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => {
            let mut git = git();
            git.args(["log", "-1", "--format=%ct"]);
            assets::output(git).await?
        }
    };
    text.parse().map_err(|error| Error::Answer("SOURCE_DATE_EPOCH", Box::new(error)))
}

fn git() -> Command {
    let mut git = Command::new("git");
    git.current_dir(checkout());
    git
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificates_are_a_bundle_that_programs_read() {
        let bundle = pem::parse_many(certificates_of_the_web()).unwrap();
        assert!(bundle.len() > 100, "only {} authorities", bundle.len());
        assert!(bundle.iter().all(|each| each.tag() == "CERTIFICATE"));
    }

    #[test]
    fn the_image_copies_what_is_put_into_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("binary");
        std::fs::write(&binary, "program").unwrap();
        fill(folder.path(), &binary).unwrap();
        let containerfile = std::fs::read_to_string(checkout().join("Containerfile")).unwrap();
        let copied = containerfile.lines().filter_map(|line| line.strip_prefix("COPY ")?.split(' ').next());
        let copied: Vec<&str> = copied.collect();
        assert_eq!(copied, ["ca-certificates.crt", OPERATOR]);
        assert!(copied.iter().all(|name| folder.path().join(name).is_file()));
    }
}
