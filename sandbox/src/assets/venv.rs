//! The stand-in's packages in a virtual environment of their own, at pinned versions with hashes.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::{Error, cache, output, run};
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

/// The Python of the stand-in's image.
const PYTHON_OF_THE_IMAGE: &str = "3.11";

/// Fills a folder with all that the stand-in's image copies: its packages, for that image's Python, its own code, and
/// that of the checker, which has to see the stand-in where the environment sees it.
///
/// # Errors
///
/// When the packages have to be fetched and cannot be, or the folder cannot be written.
pub async fn fill_stand_in(context: &Path) -> Result<(), Error> {
    let requirements = crate_folder().join("standin/requirements.txt");
    let folder = cache::folder("stand-in", &requirements)?;
    let packages = folder.join("packages");
    if !packages.exists() {
        let step = Step::begin("fetch packages for the stand-in");
        let _lock = cache::lock(&folder).await?;
        if !packages.exists() {
            fetch(&folder, &packages, &requirements, &step).await?;
        }
        step.done(&format!("kept in {}", folder.display()));
    }
    let _ = std::fs::remove_dir_all(context);
    std::fs::create_dir_all(context).map_err(failed("make the folder", context))?;
    let mut copy = Command::new("cp");
    let code = ["standin/standin", "checker"].map(|code| crate_folder().join(code));
    copy.arg("-r").arg(packages).args(code).arg(context);
    output(copy).await.map(drop)
}

async fn fetch(folder: &Path, packages: &Path, requirements: &Path, step: &Step) -> Result<(), Error> {
    let unfinished = folder.join("packages.unfinished");
    let _ = std::fs::remove_dir_all(&unfinished);
    let mut pip = Command::new(python().await?);
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", "--no-compile"])
        .args(["--python-version", PYTHON_OF_THE_IMAGE, "--only-binary=:all:", "--require-hashes", "-r"])
        .arg(requirements)
        .arg("--target")
        .arg(&unfinished);
    run(pip, &folder.join("packages.log"), step).await?;
    Ok(std::fs::rename(&unfinished, packages).map_err(failed("rename", &unfinished))?)
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
    // Compiled modules are kept beside the environment, also where people want none: to compile them takes longer than all else
    // that a stand-in does until it answers.
    if let Some(cache) = python.ancestors().nth(3) {
        command.env("PYTHONPYCACHEPREFIX", cache.join("pycache")).env_remove("PYTHONDONTWRITEBYTECODE");
    }
    Ok(command)
}
