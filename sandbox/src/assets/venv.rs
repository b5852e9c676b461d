//! The stand-in's packages in a virtual environment of their own, at pinned versions with hashes.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::{Error, cache, run};
use crate::console::Step;
use crate::crate_folder;
use crate::file::failed;

/// The Python that has the stand-in's packages, made now or earlier.
///
/// # Errors
///
/// When the virtual environment has to be made and cannot be.
pub async fn python() -> Result<PathBuf, Error> {
    let requirements = crate_folder().join("standin/requirements.txt");
    let folder = cache::folder("python", &requirements)?;
    let complete = folder.join("complete");
    let python = folder.join("venv/bin/python");
    if complete.exists() {
        return Ok(python);
    }
    let step = Step::begin("install the AWS stand-in");
    step.note("waiting for another installation");
    let _lock = cache::lock(&folder).await?;
    if !complete.exists() {
        install(&folder, &python, &requirements, &step).await?;
        std::fs::write(&complete, "").map_err(failed("write", &complete))?;
    }
    step.done(&format!("kept in {}", folder.display()));
    Ok(python)
}

async fn install(folder: &Path, python: &Path, requirements: &Path, step: &Step) -> Result<(), Error> {
    let log = folder.join("install.log");
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(folder.join("venv"));
    run(make, &log, step).await?;
    let mut install = Command::new(python);
    install
        .args([
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--progress-bar=off",
            "--no-compile",
            "--require-hashes",
            "-r",
        ])
        .arg(requirements);
    run(install, &log, step).await
}

/// A command of that Python, run in a folder of this crate, which it leaves as it is.
///
/// # Errors
///
/// When [`python`] fails.
pub async fn python_command(folder: &str) -> Result<std::process::Command, Error> {
    let python = python().await?;
    let mut command = std::process::Command::new(&python);
    command.current_dir(crate_folder().join(folder));
    // Compiled modules are kept beside the environment.
    if let Some(cache) = python.ancestors().nth(3) {
        command.env("PYTHONPYCACHEPREFIX", cache.join("pycache"));
    }
    Ok(command)
}
