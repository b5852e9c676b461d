//! Files and folders, and what goes wrong with them.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// A file or folder that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}", path.display())]
pub struct Error {
    what: &'static str,
    path: PathBuf,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// What went wrong, and with which file.
pub(crate) fn failed<E>(what: &'static str, path: &Path) -> impl FnOnce(E) -> Error
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let path = path.to_path_buf();
    move |source| Error { what, path, source: source.into() }
}

/// Reads a document.
pub(crate) fn read_yaml<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = std::fs::read_to_string(path).map_err(failed("read", path))?;
    serde_yaml::from_str(&text).map_err(failed("read", path))
}
