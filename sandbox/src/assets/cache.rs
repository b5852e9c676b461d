//! The folder outside the checkout that keeps what was made once.

use std::fs::File;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Error;
use crate::file::failed;

/// A folder of the cache for whatever is made from `source`: another content, another folder.
pub fn folder(name: &str, source: &Path) -> Result<PathBuf, Error> {
    let content = std::fs::read(source).map_err(failed("read", source))?;
    named(&format!("{name}-{}", fingerprint(&content)))
}

/// A folder of the cache.
pub fn named(name: &str) -> Result<PathBuf, Error> {
    let folder = root()?.join(name);
    std::fs::create_dir_all(&folder).map_err(failed("make the folder", &folder))?;
    Ok(folder)
}

/// Keeps everybody else from making things in this folder until it is dropped. Waits for whoever does so now.
pub async fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(failed("write the lock", &path))?;
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
    Ok(locked.map_err(std::io::Error::other).flatten().map_err(failed("lock", &path))?)
}

fn root() -> Result<PathBuf, Error> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("VIDEO_PIPELINE_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|caches| caches.join("video-pipeline-operator")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/video-pipeline-operator")))
        .ok_or(Error::NoCache)
}

/// A short name of a content.
pub fn fingerprint(content: &[u8]) -> String {
    Sha256::digest(content).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_content_has_another_fingerprint() {
        assert_eq!(fingerprint(b"content"), fingerprint(b"content"));
        assert_ne!(fingerprint(b"content"), fingerprint(b"another content"));
        assert_eq!(fingerprint(b"").len(), 16);
    }

    #[tokio::test]
    async fn a_lock_keeps_others_out_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).await.unwrap();
        let other = File::create(folder.path().join("lock")).unwrap();
        assert!(other.try_lock().is_err());
        drop(held);
        assert!(other.try_lock().is_ok());
    }
}
