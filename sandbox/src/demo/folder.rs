//! `.sandbox/`: what a demo keeps, and whether one runs.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::Error;
use crate::checkout;
use crate::file::{self, failed};
use crate::process::Lifetime;
use crate::record::{self, Record};

/// The folder of this checkout's demo.
#[derive(Debug)]
pub(super) struct Folder {
    pub root: PathBuf,
}

impl Folder {
    pub fn of_checkout() -> Self {
        Self { root: checkout().join(".sandbox") }
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.root.join("kubeconfig")
    }

    /// To be read by a shell.
    pub fn environment(&self) -> PathBuf {
        self.root.join("env")
    }

    pub fn log(&self, name: &str) -> PathBuf {
        self.root.join("logs").join(format!("{name}.log"))
    }

    pub fn calls(&self) -> PathBuf {
        self.root.join("aws-calls.jsonl")
    }

    pub fn lifetime(&self) -> Lifetime {
        Lifetime::Recorded(self.records_file())
    }

    /// All processes of the last demo, in the order in which they were started.
    pub fn records(&self) -> Result<Vec<Record>, record::Error> {
        record::read(&self.records_file())
    }

    fn records_file(&self) -> PathBuf {
        self.root.join("pids")
    }

    /// Keeps every other `make demo` and `make demo-down` out until it is dropped.
    pub fn lock(&self) -> Result<File, Error> {
        std::fs::create_dir_all(&self.root).map_err(failed("make the folder", &self.root))?;
        let path = self.root.join("lock");
        let file = File::create(&path).map_err(failed("write the lock", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::Busy),
            Err(std::fs::TryLockError::Error(error)) => Err(failed("lock", &path)(error).into()),
        }
    }

    /// An error when a demo runs, also if only in part.
    pub fn must_be_idle(&self) -> Result<(), Error> {
        let (running, ended): (Vec<Record>, Vec<Record>) =
            self.records()?.into_iter().partition(Record::is_running);
        if running.is_empty() {
            return Ok(());
        }
        let names = |records: Vec<Record>| {
            records.into_iter().map(|record| record.name).collect::<Vec<_>>().join(", ")
        };
        Err(Error::Running { running: names(running), ended: names(ended) })
    }

    /// Removes what an earlier demo left, for a new one.
    pub fn clear(&self) -> Result<(), file::Error> {
        self.forget()?;
        remove(&self.root.join("logs"))?;
        remove(&self.calls())?;
        let logs = self.root.join("logs");
        std::fs::create_dir_all(&logs).map_err(failed("make the folder", &logs))
    }

    /// Removes what is of no use without processes; logs are kept to be read.
    pub fn forget(&self) -> Result<(), file::Error> {
        for name in ["control-plane", "kubeconfig", "env", "pids"] {
            remove(&self.root.join(name))?;
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), file::Error> {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder { root: temporary.path().join(".sandbox") };
        (temporary, folder)
    }

    #[test]
    fn two_at_once_are_refused() {
        let (_temporary, folder) = folder();
        let held = folder.lock().unwrap();
        assert!(matches!(folder.lock(), Err(Error::Busy)));
        drop(held);
        // A process that another test starts just now may have inherited it, until it becomes another program.
        let is_free = |_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            folder.lock().is_ok()
        };
        assert!((0..500).any(is_free));
    }

    #[test]
    fn a_demo_that_runs_is_said_and_one_that_ended_is_not() {
        let (_temporary, folder) = folder();
        let _lock = folder.lock().unwrap();
        folder.must_be_idle().unwrap();

        let me = Record::of("operator", rustix::process::getpid());
        record::append(&folder.records_file(), &me).unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let other = Record::of("etcd", rustix::process::Pid::from_child(&child));
        record::append(&folder.records_file(), &other).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();

        let error = folder.must_be_idle().unwrap_err().to_string();
        assert!(error.starts_with("a demo is already running"), "{error}");
        assert!(error.ends_with("(running: operator; ended: etcd)"), "{error}");
        folder.forget().unwrap();
        folder.must_be_idle().unwrap();
    }
}
