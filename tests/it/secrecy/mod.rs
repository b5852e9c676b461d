//! What is nobody's business is told to nobody: not in a log that says everything, not in a status, an event, a plan or a
//! metric, and not in what a program prints when it fails.
//!
//! Each secret is a word that stands nowhere else, and is sought in everything that comes out of the operator.

use std::path::Path;

use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::ListParams;
use sandbox::Operator;
use sandbox::operator::command;
use serde_json::{Value, json};

use crate::cli::program::{KUBECTL_VP, run_with};
use crate::faults::stage::{Stage, ask, manifest};
use crate::support::account::Account;
use crate::support::collector::Collector;

const NAME: &str = "dev";

/// Values of environment variables of the container, as they are at first and later.
const VARIABLES: [&str; 2] = ["canary-variable-first", "canary-variable-second"];
/// The operator's own credentials.
const SECRET_KEY: &str = "canary-secret-access-key";
const SESSION: &str = "canary-session-token";

/// Everything that came out, by where it was found.
#[derive(Default)]
struct Told(Vec<(String, String)>);

impl Told {
    fn hear(&mut self, from: &str, text: impl Into<String>) {
        self.0.push((from.to_owned(), text.into()));
    }

    /// Where a secret stands, and beside what.
    fn finds(&self, secret: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (from, text) in &self.0 {
            for line in text.lines().filter(|line| line.contains(secret)) {
                let at = line.find(secret).unwrap_or_default();
                let before: String = line[..at].chars().rev().take(200).collect();
                let before: String = before.chars().rev().collect();
                let head: String = line.chars().take(120).collect();
                found.push(format!("{from}: {head} … {before}[{secret}]"));
            }
        }
        found
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_told_to_anybody() {
    let stage = Stage::set("secrecy").await;
    let mut told = Told::default();
    let collector = Collector::start().await;
    let mut operator = talkative(&stage, &collector).await;
    told.hear("plan -f", vp(&stage, &["plan", "-f", "-"], &manifest(NAME, &processing(VARIABLES[0]))));
    // AWS repeats what it refuses.
    let refusal = format!("1 validation error detected: Value '{}' at 'environment' failed", VARIABLES[0]);
    let fault = json!({
        "operation": "ecs:RegisterTaskDefinition", "code": "ClientException", "status": 400, "message": refusal,
    });
    stage.fault(fault).await;
    stage.create_with(NAME, processing(VARIABLES[0])).await;
    stage.until("the refusal is told", async || state(&stage, "taskDefinition").await == "Failed").await;
    everything(&stage, &operator, &mut told, "while it is refused").await;
    stage.aws.control("DELETE", "faults", Value::Null).await.unwrap();
    stage.patch(NAME, json!({ "metadata": { "annotations": { "example.org/note": "again" } } })).await;
    stage.ready(NAME).await;
    everything(&stage, &operator, &mut told, "when it is ready").await;

    stage.patch(NAME, json!({ "spec": { "suspend": true } })).await;
    stage.patch(NAME, json!({ "spec": { "processing": { "environment": variables(VARIABLES[1]) } } })).await;
    stage.until("the plan is told", async || plan(&stage).await.contains("environment")).await;
    everything(&stage, &operator, &mut told, "when it is planned").await;
    stage.patch(NAME, json!({ "spec": { "suspend": false } })).await;
    stage.ready(NAME).await;
    everything(&stage, &operator, &mut told, "when it is changed").await;

    let secrets = secrets(&stage).await;
    stage.delete(NAME).await;
    stage.gone(NAME).await;
    operator.terminate(std::time::Duration::from_secs(10)).await;
    told.hear("log", std::fs::read_to_string(operator.log()).unwrap());

    told.hear("traces", collector.text());

    let known = told.finds("processing/task");
    for source in ["log", "traces"] {
        assert!(known.iter().any(|line| line.starts_with(source)), "the {source} say nothing");
    }
    let found: Vec<_> = secrets.iter().flat_map(|secret| told.finds(secret)).collect();
    assert!(found.is_empty(), "{} times, as in\n{}", found.len(), found[..found.len().min(20)].join("\n"));
}

/// An operator that logs all that anything in it has to say, and is traced.
async fn talkative(stage: &Stage, collector: &Collector) -> Operator {
    let collector = format!("--otlp-endpoint={}", collector.endpoint());
    let mut options = stage.operator("operator", &["--log-filter=trace", &collector]);
    let credentials = [("AWS_SECRET_ACCESS_KEY", SECRET_KEY), ("AWS_SESSION_TOKEN", SESSION)];
    options.environment = credentials.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Operator::start(&options).await.unwrap()
}

/// All that may be told of it at this moment.
async fn everything(stage: &Stage, operator: &Operator, told: &mut Told, when: &str) {
    told.hear(&format!("status {when}"), stage.pipeline(NAME).await["status"].to_string());
    told.hear(&format!("metadata {when}"), stage.pipeline(NAME).await["metadata"]["annotations"].to_string());
    let events: Api<Event> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let events = events.list(&ListParams::default()).await.unwrap();
    told.hear(&format!("events {when}"), serde_json::to_string(&events.items).unwrap());
    told.hear(&format!("metrics {when}"), ask(operator, "/metrics").1);
    for arguments in [["plan", NAME, "-o=text"], ["plan", NAME, "-o=json"], ["status", NAME, "-o=text"]] {
        told.hear(&format!("{} {} {when}", arguments[0], arguments[2]), vp(stage, &arguments, &Value::Null));
    }
}

/// What the command line prints, whether or not it fails.
fn vp(stage: &Stage, arguments: &[&str], file: &Value) -> String {
    let mut command = command(Path::new(KUBECTL_VP), stage.kubeconfig(), stage.aws.endpoint());
    command.env("AWS_SECRET_ACCESS_KEY", SECRET_KEY).env("AWS_SESSION_TOKEN", SESSION);
    command.env("RUST_LOG", "trace").env("CLUSTER_NAME", "faults");
    let namespace = [&["-n", stage.namespace.as_str()], arguments].concat();
    let run = run_with(command, &namespace, &file.to_string());
    format!("{}\n{}", run.stdout, run.stderr)
}

/// What must not be told: what people gave, what the operator has, and what AWS made for it.
async fn secrets(stage: &Stage) -> Vec<String> {
    let account = Account::open(stage.aws.endpoint()).await;
    let mut secrets: Vec<String> = VARIABLES.iter().map(|value| (*value).to_owned()).collect();
    secrets.extend([SECRET_KEY.to_owned(), SESSION.to_owned(), token(stage.kubeconfig())]);
    let listed = account.call("secretsmanager", "list_secrets", json!({}));
    for secret in listed["SecretList"].as_array().unwrap() {
        let value = account.call("secretsmanager", "get_secret_value", json!({ "SecretId": secret["ARN"] }));
        let value: Value = serde_json::from_str(value["SecretString"].as_str().unwrap()).unwrap();
        secrets.push(value["password"].as_str().unwrap().to_owned());
    }
    assert_eq!(secrets.len(), 6, "the database has a password");
    secrets
}

fn token(kubeconfig: &Path) -> String {
    let config: Value = serde_json::from_str(&std::fs::read_to_string(kubeconfig).unwrap()).unwrap();
    config["users"][0]["user"]["token"].as_str().unwrap().to_owned()
}

async fn state(stage: &Stage, kind: &str) -> String {
    let pipeline = stage.pipeline(NAME).await;
    let mut rows = pipeline["status"]["resources"].as_array().into_iter().flatten();
    let row = rows.find(|row| row["kind"] == kind);
    row.map(|row| row["state"].as_str().unwrap().to_owned()).unwrap_or_default()
}

async fn plan(stage: &Stage) -> String {
    stage.pipeline(NAME).await["status"]["plan"].to_string()
}

fn variables(value: &str) -> Value {
    json!([{ "name": "MODE", "value": value }])
}

/// What the pipeline has more than the smallest.
fn processing(value: &str) -> Value {
    json!({ "processing": { "image": "registry.example/worker:1", "environment": variables(value) } })
}

#[test]
fn a_secret_that_is_told_is_found() {
    let mut told = Told::default();
    told.hear("log", "one line\nanother with canary in it");
    assert_eq!(told.finds("canary").len(), 1);
    assert!(told.finds("parrot").is_empty());
}
