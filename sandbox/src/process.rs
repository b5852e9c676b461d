//! Processes of the sandbox: such that end with whoever started them, however that ends, and such that outlive it.

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::console::last_lines;
use crate::record::{self, Record};

/// How long a process lives.
#[derive(Clone, Debug)]
pub enum Lifetime {
    /// It ends when its [`Process`] is dropped, and when this process ends in whatever way, `SIGKILL` included.
    WithUs,
    /// It goes on without us, and this file says which process it is.
    Recorded(PathBuf),
}

/// A running process.
#[derive(Debug)]
pub struct Process {
    name: String,
    pid: Pid,
    log: PathBuf,
    /// The process itself, or the shell that watches over it.
    child: Child,
    /// While it is open, the process lives. `None`: the process outlives us.
    leash: Option<ChildStdin>,
}

/// Why a process is not what was wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be started.
    #[error("cannot start {name}")]
    Start {
        /// What was to be started.
        name: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It was started, but cannot be recorded.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// It ended by itself.
    #[error("{name} ended ({status}); the end of its log, {}:\n{tail}", log.display())]
    Ended {
        /// What ended.
        name: String,
        /// How.
        status: ExitStatus,
        /// Where it logged.
        log: PathBuf,
        /// The last lines of that.
        tail: String,
    },
    /// It was not ready in time.
    #[error("{name} was not ready within {} s; the end of its log, {}:\n{tail}", limit.as_secs(), log.display())]
    NotReady {
        /// What was not ready.
        name: String,
        /// How long it had.
        limit: Duration,
        /// Where it logs.
        log: PathBuf,
        /// The last lines of that.
        tail: String,
    },
}

/// Runs `"$@"` and ends it when standard input closes, which the system sees to when the other end is gone.
const ON_A_LEASH: &str = r#"
log=$1; shift
exec 3<&0
"$@" </dev/null 3<&- >>"$log" 2>&1 &
pid=$!
echo "$pid"
exec >>"$log" 2>&1
{ cat <&3; kill -KILL "$pid"; } >/dev/null 2>&1 &
watcher=$!
wait "$pid"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"#;

/// How often a process is looked at while it is waited for.
const POLL: Duration = Duration::from_millis(20);
/// Lines of a log that an error shows.
const TAIL: usize = 20;

impl Process {
    /// Starts a process that appends what it prints to a log.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or not be recorded.
    pub fn start(name: &str, command: Command, log: &Path, lifetime: &Lifetime) -> Result<Self, Error> {
        let start = |source| Error::Start { name: name.to_owned(), source };
        match lifetime {
            Lifetime::WithUs => Self::start_on_a_leash(name, &command, log).map_err(start),
            Lifetime::Recorded(records) => {
                let process = Self::start_free(name, command, log).map_err(start)?;
                record::append(records, &Record::of(name, process.pid))?;
                Ok(process)
            }
        }
    }

    fn start_on_a_leash(name: &str, command: &Command, log: &Path) -> std::io::Result<Self> {
        let mut child = leashed(command, log).spawn()?;
        let leash = child.stdin.take();
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let pid = line.trim().parse().ok().and_then(Pid::from_raw).ok_or_else(|| {
            std::io::Error::other(format!("the shell that starts it said {line:?} instead of a process id"))
        })?;
        Ok(Self { name: name.to_owned(), pid, log: log.to_path_buf(), child, leash })
    }

    fn start_free(name: &str, mut command: Command, log: &Path) -> std::io::Result<Self> {
        let output = std::fs::File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        // Its own group: what a person types at the terminal is not meant for it.
        let child = command.process_group(0).spawn()?;
        let pid = Pid::from_child(&child);
        Ok(Self { name: name.to_owned(), pid, log: log.to_path_buf(), child, leash: None })
    }

    /// The id of the process itself.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Where it logs.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// How it ended, if it did. A process that was killed has status 128 + signal.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until `probe` has an answer.
    ///
    /// # Errors
    ///
    /// When the process ends first, or has no answer within `limit`.
    pub async fn ready<T, F: Future<Output = Option<T>>>(
        &mut self,
        limit: Duration,
        mut probe: impl FnMut() -> F,
    ) -> Result<T, Error> {
        let started = Instant::now();
        loop {
            if let Some(answer) = probe().await {
                return Ok(answer);
            }
            let (name, log) = (self.name.clone(), self.log.clone());
            let tail = || last_lines(&self.log, TAIL);
            if let Some(status) = self.child.try_wait().ok().flatten() {
                return Err(Error::Ended { name, status, tail: tail(), log });
            }
            if started.elapsed() > limit {
                return Err(Error::NotReady { name, limit, tail: tail(), log });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Asks it to end.
    pub fn terminate(&mut self) {
        if self.exited().is_none() {
            let _ = kill_process(self.pid, Signal::TERM);
        }
    }

    /// Waits until it has ended, for at most `limit`; `None` when it still runs.
    pub async fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        loop {
            match self.exited() {
                None if started.elapsed() < limit => tokio::time::sleep(POLL).await,
                status => return status,
            }
        }
    }

    /// Ends it at once, and returns when it is gone.
    pub fn kill(&mut self) {
        if self.exited().is_none() {
            let _ = kill_process(self.pid, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.leash.is_some() {
            self.kill();
        }
    }
}

/// The shell that runs a command on a leash, in a group of its own.
fn leashed(command: &Command, log: &Path) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", ON_A_LEASH, "sh"]).arg(log).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
    shell
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleep() -> Command {
        let mut command = Command::new("sleep");
        command.arg("60");
        command
    }

    async fn is_gone(record: &Record) -> bool {
        for _ in 0..100 {
            if !record.is_running() {
                return true;
            }
            tokio::time::sleep(POLL).await;
        }
        false
    }

    #[tokio::test]
    async fn a_process_ends_with_its_handle() {
        let folder = tempfile::tempdir().unwrap();
        let process =
            Process::start("sleep", sleep(), &folder.path().join("log"), &Lifetime::WithUs).unwrap();
        let record = Record::of("sleep", process.pid);
        assert!(record.is_running());
        drop(process);
        assert!(!record.is_running());
    }

    #[tokio::test]
    async fn a_process_ends_when_the_other_end_of_its_leash_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut process = Process::start("sleep", sleep(), &log, &Lifetime::WithUs).unwrap();
        let record = Record::of("sleep", process.pid);
        // What the system does with the pipe of a process that was killed.
        drop(process.leash.take());
        assert!(is_gone(&record).await);
    }

    #[tokio::test]
    async fn a_recorded_process_outlives_its_handle() {
        let folder = tempfile::tempdir().unwrap();
        let records = folder.path().join("pids");
        let process = Process::start(
            "sleep",
            sleep(),
            &folder.path().join("log"),
            &Lifetime::Recorded(records.clone()),
        );
        drop(process.unwrap());
        let record = record::read(&records).unwrap().remove(0);
        assert!(record.is_running());
        record.signal(Signal::KILL);
        assert!(is_gone(&record).await);
    }

    #[tokio::test]
    async fn a_process_that_ends_too_early_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such flag; exit 3"]);
        let log = folder.path().join("log");
        let mut process = Process::start("server", command, &log, &Lifetime::WithUs).unwrap();
        let error = process.ready(Duration::from_secs(10), || async { None::<()> }).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("server ended (exit status: 3)"), "{text}");
        assert!(text.ends_with("no such flag"), "{text}");
    }
}
