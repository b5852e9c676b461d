//! An account of AWS as its user sees and changes it: boto3 in a process of its own, and no code of the operator.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// Another key than the operator has, by which the call log tells them apart; from the documentation of AWS.
const USER: &str = "AKIAI44QH8DHBEXAMPLE";

/// The tag that says whose something is.
pub const OWNER: &str = "streamflix.io/owner";

/// A user of the account.
pub struct Account(Mutex<Session>);

struct Session {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Account {
    /// The account behind `endpoint`.
    pub async fn open(endpoint: &str) -> Self {
        Self::open_as(endpoint, USER).await
    }

    /// The same, as the user of this access key.
    pub async fn open_as(endpoint: &str, access_key: &str) -> Self {
        let mut python = sandbox::assets::python_command("standin").await.unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/account.py");
        python.arg("-u").arg(script).envs(sandbox::operator::aws_environment(endpoint));
        python.env("AWS_ACCESS_KEY_ID", access_key);
        let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (requests, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self(Mutex::new(Session { child, requests, answers: BufReader::new(answers) }))
    }

    /// Makes one call, as in `call("ec2", "describe_vpcs", json!({}))`.
    pub fn call(&self, service: &str, operation: &str, arguments: Value) -> Value {
        let answer = self.try_call(service, operation, arguments);
        answer.unwrap_or_else(|code| panic!("{service} {operation}: {code}"))
    }

    /// Makes one call that AWS may refuse; the error is AWS's code.
    pub fn try_call(&self, service: &str, operation: &str, arguments: Value) -> Result<Value, String> {
        self.ask(&json!({ "call": [service, operation, arguments] }))
    }

    /// Takes tags off what is of a kind, in the operator's word for it, and has the id by which people know it.
    pub fn untag(&self, kind: &str, id: &str, keys: &[&str]) {
        let answer = self.ask(&json!({ "untag": [kind, id, keys] }));
        answer.unwrap_or_else(|code| panic!("untag {kind} {id}: {code}"));
    }

    /// Does what a command line of AWS's own program says. The error is AWS's code, or why the program would not take it.
    pub fn run(&self, command: &str) -> Result<Value, String> {
        self.ask(&json!({ "run": command }))
    }

    /// Everything that stands in the account, each as the list that it is from and what AWS says of it.
    pub fn everything(&self) -> Vec<(String, Value)> {
        serde_json::from_value(self.ask(&json!({ "list": true })).unwrap()).unwrap()
    }

    /// A line for everything in the account that AWS does not put there itself.
    pub fn leftovers(&self) -> Vec<String> {
        serde_json::from_value(self.ask(&json!({ "leftovers": true })).unwrap()).unwrap()
    }

    /// Everything that says the suffix somewhere: names, tags, references.
    pub fn everything_of(&self, suffix: &str) -> Vec<(String, Value)> {
        let ending = format!("-{suffix}");
        let mut everything = self.everything();
        everything.retain(|(_, item)| item.to_string().split(['"', '/', ':']).any(|w| w.ends_with(&ending)));
        everything
    }

    /// Every owner that a tag of the environment names.
    pub fn owners(&self, suffix: &str) -> BTreeSet<String> {
        let everything = self.everything_of(suffix);
        // Tasks and automated snapshots keep the tags with which AWS made them.
        let made_by_aws = ["ecs:tasks", "rds:DBClusterSnapshots"];
        let tagged = everything.iter().filter(|(list, _)| !made_by_aws.contains(&list.as_str()));
        tagged.flat_map(|(_, item)| values(item, OWNER)).collect()
    }

    /// What stands under the names of one environment.
    pub fn environment(&self, suffix: &str) -> Value {
        self.ask(&json!({ "environment": suffix })).unwrap()
    }

    fn ask(&self, request: &Value) -> Result<Value, String> {
        let mut session = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(session.requests, "{request}").unwrap();
        let mut line = String::new();
        session.answers.read_line(&mut line).unwrap();
        let mut reply: Value = serde_json::from_str(&line).unwrap();
        match (reply["error"].as_str(), reply["failed"].as_str()) {
            (Some(code), _) => Err(code.to_owned()),
            (_, Some(why)) => panic!("{request}: {why}"),
            (None, None) => Ok(reply["answer"].take()),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The values of a tag, wherever it is in a document.
fn values(document: &Value, key: &str) -> Vec<String> {
    match document {
        Value::Array(items) => items.iter().flat_map(|item| values(item, key)).collect(),
        Value::Object(fields) => {
            let named = ["Key", "key"].iter().any(|name| fields.get(*name) == Some(&json!(key)));
            let value = fields.get("Value").or(fields.get("value")).filter(|_| named);
            let own = value.and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(|item| values(item, key))).collect()
        }
        _ => Vec::new(),
    }
}
