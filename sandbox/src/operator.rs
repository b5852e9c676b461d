//! The operator as a process, run as people run it: from its binary, by flags and environment.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use hyper::Method;

use crate::process::{self, Lifetime, Process};
use crate::{checkout, http};

/// The region of the sandbox's credentials; a pipeline names its own.
pub const REGION: &str = "eu-west-1";
/// A key of the stand-in's default account, 123456789012; the example that AWS uses in its documentation.
pub const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// Its secret, in the same documentation.
pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// How an operator is run.
#[derive(Clone, Debug)]
pub struct OperatorOptions {
    /// The binary `video-pipeline-operator`.
    pub binary: PathBuf,
    /// The cluster that it serves.
    pub kubeconfig: PathBuf,
    /// The stand-in that it calls.
    pub endpoint: String,
    /// The flag `--cluster-name`.
    pub cluster_name: String,
    /// More flags, such as `--sweep-period=2s`.
    pub arguments: Vec<String>,
    /// More environment variables.
    pub environment: Vec<(String, String)>,
    /// Where it logs.
    pub log: PathBuf,
    /// How long it lives.
    pub lifetime: Lifetime,
}

/// A running operator.
#[derive(Debug)]
pub struct Operator {
    process: Process,
    address: String,
}

/// What an operator costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// Memory that it holds now, in bytes.
    pub resident: u64,
    /// The most memory that it ever held, in bytes.
    pub peak: u64,
    /// Time on a processor so far.
    pub processor: Duration,
}

/// Why the operator is not as wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no port for it to listen on.
    #[error("cannot find a free port for the operator")]
    Port(#[source] std::io::Error),
    /// The process is not as wanted.
    #[error(transparent)]
    Process(#[from] process::Error),
    /// The system does not say what it costs.
    #[error("cannot read what process {pid} costs")]
    Usage {
        /// The process.
        pid: u32,
        /// What the system says.
        source: std::io::Error,
    },
}

/// How long it may take to be ready.
const START: Duration = Duration::from_secs(30);

impl Operator {
    /// Starts one, and returns when it is ready.
    ///
    /// # Errors
    ///
    /// When it does not start or is not ready in time.
    pub async fn start(options: &OperatorOptions) -> Result<Self, Error> {
        let mut operator = Self::launch(options)?;
        operator.ready().await?;
        Ok(operator)
    }

    /// Starts one, and returns at once.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn launch(options: &OperatorOptions) -> Result<Self, Error> {
        let port = crate::free_port().map_err(Error::Port)?;
        let address = format!("127.0.0.1:{port}");
        let mut command = command(&options.binary, &options.kubeconfig, &options.endpoint);
        command
            .args(["run", "--cluster-name", &options.cluster_name, "--listen", &address])
            .args(&options.arguments)
            .envs(options.environment.iter().map(|(name, value)| (name, value)));
        let process = Process::start("operator", command, &options.log, &options.lifetime)?;
        Ok(Self { process, address })
    }

    /// Waits until `/readyz` says that it is ready.
    ///
    /// # Errors
    ///
    /// When it ends first, or is not ready in time.
    pub async fn ready(&mut self) -> Result<(), Error> {
        let url = format!("http://{}/readyz", self.address);
        let probe = || async {
            let answer = http::ask(Method::GET, &url, String::new()).await;
            answer.ok().filter(|(status, _)| *status == 200).map(drop)
        };
        Ok(self.process.ready(START, probe).await?)
    }

    /// Where it serves `/metrics`, `/healthz` and `/readyz`, as `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Where it logs.
    pub fn log(&self) -> &Path {
        self.process.log()
    }

    /// Whether it ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.process.exited().is_some()
    }

    /// Ends it as a crash would (`SIGKILL`), and returns when it is gone.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Asks it to end (`SIGTERM`), and waits for at most `limit`; `None` when it still runs.
    pub async fn terminate(&mut self, limit: Duration) -> Option<ExitStatus> {
        self.process.terminate();
        self.process.ended_within(limit).await
    }

    /// What it costs so far, as Linux counts it.
    ///
    /// # Errors
    ///
    /// When it has ended, or the system does not say.
    pub fn usage(&self) -> Result<Usage, Error> {
        let pid = self.pid();
        usage(pid).map_err(|source| Error::Usage { pid, source })
    }
}

/// A program of the operator's crate that sees the sandbox and nothing else: no account, profile or cluster of whoever
/// runs it, and no collector or proxy of theirs, whatever their environment says.
pub fn command(binary: &Path, kubeconfig: &Path, endpoint: &str) -> Command {
    let mut command = Command::new(binary);
    std::env::vars_os().filter(|(name, _)| is_theirs(&name.to_string_lossy())).for_each(|(name, _)| {
        command.env_remove(name);
    });
    command.current_dir(checkout()).env("KUBECONFIG", kubeconfig).envs(aws_environment(endpoint));
    command
}

fn is_theirs(name: &str) -> bool {
    ["AWS_", "OTEL_"].iter().any(|prefix| name.starts_with(prefix)) || name.to_uppercase().ends_with("_PROXY")
}

/// The environment variables by which every AWS SDK finds the stand-in.
pub fn aws_environment(endpoint: &str) -> [(&'static str, String); 8] {
    [
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
        ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]
}

fn usage(pid: u32) -> std::io::Result<Usage> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let parsed = || {
        let kibibytes = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        // The name of the program stands in brackets and may hold anything; the fields after it are numbered from 3.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = fields.get(14 - 3)?.parse::<u64>().ok()? + fields.get(15 - 3)?.parse::<u64>().ok()?;
        let processor = Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second());
        Some(Usage { resident: kibibytes("VmRSS:")? * 1024, peak: kibibytes("VmHWM:")? * 1024, processor })
    };
    parsed().ok_or_else(|| std::io::Error::other("no such process any more"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_costs_memory_and_one_that_ended_is_an_error() {
        let usage = usage(std::process::id()).unwrap();
        assert!(usage.resident > 0 && usage.peak >= usage.resident, "{usage:?}");
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        assert!(super::usage(child.id()).is_err());
    }

    #[test]
    fn a_program_of_the_sandbox_never_sees_an_account_of_whoever_runs_it() {
        let command = command(Path::new("operator"), Path::new("kubeconfig"), "http://127.0.0.1:1");
        let set: Vec<_> =
            command.get_envs().filter(|(_, value)| value.is_some()).map(|(name, _)| name).collect();
        assert!(set.contains(&"AWS_ENDPOINT_URL".as_ref()) && set.contains(&"KUBECONFIG".as_ref()));
        assert!(!set.contains(&"AWS_PROFILE".as_ref()));
    }
}
