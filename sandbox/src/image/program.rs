//! The operator as a static program, the same wherever it is built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::{Error, OPERATOR};
use crate::console::Step;
use crate::{assets, checkout};

/// The C compiler that links against musl.
const COMPILER: &str = "musl-gcc";

/// For what the program is built: this machine's processor, with a C library that is linked in.
pub(super) fn target() -> String {
    format!("{}-unknown-linux-musl", std::env::consts::ARCH)
}

/// What has to be installed to build it.
pub(super) async fn missing(target: &str) -> Vec<String> {
    let mut missing = Vec::new();
    if !has_target(target).await {
        missing.push(format!("Rust's library for {target}: rustup target add {target}"));
    }
    if !is_there(COMPILER).await {
        missing.push(format!("{COMPILER}: install a C compiler for musl (Debian: musl-tools)"));
    }
    missing
}

async fn has_target(target: &str) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(checkout()).args(["--print", "target-libdir", "--target", target]);
    assets::output(rustc).await.is_ok_and(|folder| Path::new(&folder).is_dir())
}

async fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().await.is_ok()
}

/// Builds it, and says where it is.
pub(super) async fn build(target: &str, target_folder: &Path, log: &Path) -> Result<PathBuf, Error> {
    let step = Step::begin("build the static program");
    step.note("the first time takes many minutes");
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(checkout())
        .args(["build", "--release", "--locked", "--target", target, "--bin", OPERATOR, "--target-dir"])
        .arg(target_folder)
        .envs(environment(target));
    assets::run(cargo, log, &step).await?;
    step.done("");
    Ok(target_folder.join(target).join("release").join(OPERATOR))
}

/// The compilers', so that no path of this machine gets into the program.
fn environment(target: &str) -> [(String, OsString); 3] {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let renamed = [(home.unwrap_or_default(), "/cargo"), (checkout(), "/source")];
    let flags = |flag: &str| {
        let each = renamed.iter().map(|(path, name)| format!("{flag}={}={name}", path.display()));
        OsString::from(each.collect::<Vec<_>>().join(" "))
    };
    let suffix = target.replace('-', "_");
    let rust = format!("CARGO_TARGET_{}_RUSTFLAGS", suffix.to_uppercase());
    [
        (format!("CC_{suffix}"), COMPILER.into()),
        (format!("CFLAGS_{suffix}"), flags("-ffile-prefix-map")),
        (rust, flags("--remap-path-prefix")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_are_told_to_leave_out_this_machines_paths() {
        let environment = environment("x86_64-unknown-linux-musl");
        let (name, flags) = &environment[2];
        assert_eq!(name, "CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS");
        let expected = format!("--remap-path-prefix={}=/source", checkout().display());
        assert!(flags.to_string_lossy().ends_with(&expected), "{flags:?}");
    }
}
