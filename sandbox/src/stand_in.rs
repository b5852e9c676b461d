//! The AWS stand-in: started, steered by its control endpoints, and its call log read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::process::{self, Lifetime, Process};
use crate::{assets, http};

/// How long AWS takes for what it does not do at once.
#[derive(Clone, Debug)]
pub enum Durations {
    /// Short, but visible.
    Demo,
    /// Everything at once.
    None,
    /// Seconds by name, and optionally a `preset` for all others: `{"preset": "none", "rds.cluster.create": 2}`.
    Custom(Value),
}

impl Durations {
    fn argument(&self) -> String {
        match self {
            Self::Demo => "demo".to_owned(),
            Self::None => "none".to_owned(),
            Self::Custom(seconds) => seconds.to_string(),
        }
    }
}

/// How a stand-in is started.
#[derive(Clone, Debug)]
pub struct StandInOptions {
    /// How long AWS takes.
    pub durations: Durations,
    /// Milliseconds added to every call.
    pub latency_ms: u32,
    /// Where the call log goes; `None`: beside the log.
    pub calls: Option<PathBuf>,
    /// Where the stand-in logs what goes wrong inside it.
    pub log: PathBuf,
    /// How long it lives.
    pub lifetime: Lifetime,
}

impl StandInOptions {
    /// For tests: no durations, no latency, logs in this folder.
    pub fn quick(folder: &Path) -> Self {
        Self {
            durations: Durations::None,
            latency_ms: 0,
            calls: None,
            log: folder.join("stand-in.log"),
            lifetime: Lifetime::WithUs,
        }
    }
}

/// A running stand-in, with empty accounts at first.
#[derive(Debug)]
pub struct StandIn {
    process: Process,
    endpoint: String,
    calls: PathBuf,
}

/// One call of an AWS operation that the stand-in answered.
#[derive(Clone, Debug, Deserialize)]
pub struct AwsCall {
    /// When it was answered.
    pub time: Timestamp,
    /// The service, by the prefix of its IAM actions: `cloudwatch`.
    pub service: String,
    /// The operation: `DescribeVpcs`.
    pub operation: String,
    /// The account that was called.
    pub account: String,
    /// The region that was called.
    pub region: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// AWS's code of the error, if it was one.
    pub error: Option<String>,
    /// Whether the operation changes anything.
    pub mutating: bool,
    /// Whose key signed it.
    pub access_key: String,
    /// The name of the role's session, when the key came from AssumeRole.
    pub session: Option<String>,
    /// The id that the answer carried.
    pub request_id: String,
}

impl AwsCall {
    /// The operation in the spelling of IAM actions: `ec2:DescribeVpcs`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }
}

/// Why the stand-in is not as wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What it needs is not there.
    #[error(transparent)]
    Assets(#[from] assets::Error),
    /// The process is not as wanted.
    #[error(transparent)]
    Process(#[from] process::Error),
    /// It does not answer.
    #[error("the stand-in does not answer {method} {name}")]
    NoAnswer {
        /// The method of the request.
        method: Method,
        /// The control endpoint.
        name: String,
        /// What came instead.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It refuses a request.
    #[error("the stand-in refuses {method} {name}: {answer}")]
    Refused {
        /// The method of the request.
        method: Method,
        /// The control endpoint.
        name: String,
        /// Why.
        answer: String,
    },
    /// The call log cannot be read.
    #[error("cannot read the call log {}", path.display())]
    ReadCalls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: std::io::Error,
    },
}

/// How long the stand-in may take to start; Python reads a hundred modules on a busy machine.
const START: Duration = Duration::from_secs(60);

impl StandIn {
    /// Starts one on a free port of loopback, and returns when it answers.
    ///
    /// # Errors
    ///
    /// When its packages cannot be installed, or it does not start.
    pub async fn start(options: StandInOptions) -> Result<Self, Error> {
        let calls = options.calls.unwrap_or_else(|| options.log.with_extension("calls.jsonl"));
        let mut command = assets::python_command("standin").await?;
        command
            .args(["-u", "-m", "standin", "--port", "0", "--durations", &options.durations.argument()])
            .args(["--latency-ms", &options.latency_ms.to_string(), "--calls"])
            .arg(absolute(&calls));
        let log = absolute(&options.log);
        // What an earlier one announced, in a log that goes on, is not where this one answers.
        let before = std::fs::metadata(&log).map_or(0, |log| log.len());
        let mut process = Process::start("stand-in", command, &log, &options.lifetime)?;
        let endpoint = process.ready(START, || async { announced_endpoint(&log, before) }).await?;
        Ok(Self { process, endpoint, calls })
    }

    /// Where it answers, for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Every call answered so far, oldest first.
    ///
    /// # Errors
    ///
    /// When the call log cannot be read.
    pub fn calls(&self) -> Result<Vec<AwsCall>, Error> {
        read_calls(&self.calls)
    }

    /// Asks a control endpoint, such as `control(Method::POST, "faults", json!({...}))`; they are in the stand-in's README.
    ///
    /// # Errors
    ///
    /// When it does not answer or refuses.
    pub async fn control(&self, method: &str, name: &str, body: Value) -> Result<Value, Error> {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET);
        let no_answer = |source| Error::NoAnswer { method: method.clone(), name: name.to_owned(), source };
        let url = format!("{}/_standin/{name}", self.endpoint);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let asked = http::ask(method.clone(), &url, body).await;
        let (status, answer) = asked.map_err(|error| no_answer(error.into()))?;
        if status != 200 {
            let answer = String::from_utf8_lossy(&answer).into_owned();
            return Err(Error::Refused { method, name: name.to_owned(), answer });
        }
        serde_json::from_slice(&answer).map_err(|error| no_answer(error.into()))
    }

    /// Empties all accounts, and clears faults, throttles, latency and settings; durations and the call log stay.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub async fn reset(&self) -> Result<(), Error> {
        self.control("POST", "reset", Value::Null).await.map(drop)
    }

    /// Lets time pass at once, for what AWS takes long to do.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub async fn elapse(&self, time: Duration) -> Result<(), Error> {
        self.control("POST", "elapse", json!({"seconds": time.as_secs_f64()})).await.map(drop)
    }
}

/// The calls of a call log, oldest first. A line that is being written at this moment is left out.
///
/// # Errors
///
/// When the file cannot be read, or holds something else.
pub fn read_calls(path: &Path) -> Result<Vec<AwsCall>, Error> {
    let read = || -> std::io::Result<Vec<AwsCall>> {
        let text = std::fs::read_to_string(path)?;
        let complete = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
        complete.lines().map(|line| serde_json::from_str(line).map_err(std::io::Error::from)).collect()
    };
    read().map_err(|source| Error::ReadCalls { path: path.to_path_buf(), source })
}

/// The line that the stand-in prints when it is ready, after the first `skip` bytes of the log.
fn announced_endpoint(log: &Path, skip: u64) -> Option<String> {
    #[derive(Deserialize)]
    struct Announcement {
        endpoint: String,
    }
    let log = std::fs::read_to_string(log).ok()?;
    let log = log.get(usize::try_from(skip).ok()?..)?;
    let announcement = log.lines().rev().find_map(|line| serde_json::from_str::<Announcement>(line).ok());
    announcement.map(|announcement| announcement.endpoint)
}

/// The stand-in runs in a folder of its own.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"time": "2026-01-02T03:04:05.678Z", "service": "ec2", "operation": "DescribeVpcs",
        "account": "123456789012", "region": "eu-west-1", "status": 200, "error": null, "mutating": false,
        "access_key": "AKIAIOSFODNN7EXAMPLE", "session": null, "request_id": "a-b-c"}"#;

    #[test]
    fn an_earlier_announcement_in_the_log_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("stand-in.log");
        let earlier = "{\"endpoint\": \"http://127.0.0.1:1\"}\n";
        std::fs::write(&log, earlier).unwrap();
        let before = std::fs::metadata(&log).unwrap().len();
        assert_eq!(announced_endpoint(&log, before), None);
        std::fs::write(&log, format!("{earlier}{}", earlier.replace(":1\"", ":2\""))).unwrap();
        assert_eq!(announced_endpoint(&log, before).as_deref(), Some("http://127.0.0.1:2"));
        assert_eq!(announced_endpoint(&log, 0).as_deref(), Some("http://127.0.0.1:2"));
    }

    #[test]
    fn a_call_log_is_read_up_to_its_last_complete_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        std::fs::write(&path, format!("{}\n{{\"time\": ", LINE.replace('\n', ""))).unwrap();
        let calls = read_calls(&path).unwrap();
        assert_eq!(calls.iter().map(AwsCall::action).collect::<Vec<_>>(), ["ec2:DescribeVpcs"]);
    }
}
