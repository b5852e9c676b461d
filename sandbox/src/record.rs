//! Which processes a demo started: by id and start, so that an id that the system gave away again is never taken for ours.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// A process that was started once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it is.
    pub name: String,
    /// Its id.
    pub pid: i32,
    /// When it was started, in the words of the system that runs it; empty when it had already ended.
    started: String,
}

/// Why the records of processes cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They cannot be written.
    #[error("cannot record a process in {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// They cannot be read.
    #[error("cannot read the processes recorded in {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// They are none.
    #[error("{} holds something else than processes; end what it names and remove it", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl Record {
    /// The record of a process that runs now.
    pub fn of(name: &str, pid: Pid) -> Self {
        let pid = pid.as_raw_nonzero().get();
        Self { name: name.to_owned(), pid, started: start_of(pid).unwrap_or_default() }
    }

    /// Whether this very process still runs.
    pub fn is_running(&self) -> bool {
        start_of(self.pid).is_some_and(|started| started == self.started)
    }

    /// Sends a signal to this very process, and to no other that got its id.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.is_running()) {
            // It may end by itself in this very moment, which is as good.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Adds a process to the file of records.
///
/// # Errors
///
/// When the file cannot be written.
pub fn append(path: &Path, record: &Record) -> Result<(), Error> {
    let write = || {
        let mut file = std::fs::File::options().create(true).append(true).open(path)?;
        writeln!(file, "{}", serde_json::to_string(record)?)
    };
    write().map_err(|source| Error::Write { path: path.to_path_buf(), source })
}

/// All recorded processes, in the order in which they were started; none when there is no such file.
///
/// # Errors
///
/// When the file cannot be read.
pub fn read(path: &Path) -> Result<Vec<Record>, Error> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(|source| Error::Read { path: path.to_path_buf(), source })?,
    };
    let parse = |line| serde_json::from_str(line);
    text.lines()
        .map(parse)
        .collect::<Result<_, _>>()
        .map_err(|source| Error::Parse { path: path.to_path_buf(), source })
}

/// When a process was started; `None` when there is no such process, or it has ended and waits for its parent to see it.
fn start_of(pid: i32) -> Option<String> {
    if !Path::new("/proc/self/stat").exists() {
        return start_by_ps(pid);
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in brackets and may hold anything; the fields after it are numbered from 3.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let (state, ticks) = (fields.first()?, fields.get(22 - 3)?);
    // Ticks count from the start of the machine, and that has an id.
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    (*state != "Z").then(|| format!("{ticks} ticks after the start of {}", boot.trim()))
}

/// The same on systems that keep processes out of the file system.
fn start_by_ps(pid: i32) -> Option<String> {
    let output = Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (state, started) = text.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Record {
        Record::of("me", rustix::process::getpid())
    }

    #[test]
    fn a_process_is_known_by_its_start_too() {
        assert!(me().is_running());
        let earlier = Record { started: "1 ticks after the start of another machine".to_owned(), ..me() };
        assert!(!earlier.is_running());
    }

    #[test]
    fn a_process_that_ended_does_not_run() {
        let mut child = Command::new("true").spawn().unwrap();
        let record = Record::of("true", Pid::from_child(&child));
        child.wait().unwrap();
        assert!(!record.is_running());
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pids");
        assert_eq!(read(&path).unwrap(), []);
        append(&path, &me()).unwrap();
        append(&path, &Record { name: "other".to_owned(), ..me() }).unwrap();
        let names: Vec<String> = read(&path).unwrap().into_iter().map(|record| record.name).collect();
        assert_eq!(names, ["me", "other"]);
    }
}
