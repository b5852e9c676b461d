//! Where each test plays: a stand-in of its own, and a namespace in the control plane that all of them share.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use sandbox::{
    AwsCall, ControlPlane, Lifetime, Operator, OperatorOptions, StandIn, StandInOptions, pipeline,
};
use serde_json::{Value, json};
use video_pipeline_operator::controller::resource_type;

use crate::support::control_plane::{self, create_namespace, empty_folder};
use crate::support::manifest::pipeline;

/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);
/// How often things are looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Everything that a test needs.
pub struct Stage {
    /// The stand-in.
    pub aws: StandIn,
    pub client: Client,
    pub namespace: String,
    kubeconfig: PathBuf,
    folder: PathBuf,
}

impl Stage {
    /// A stage of this name, in the control plane of all.
    pub async fn set(name: &str) -> Self {
        Self::within(name, control_plane::shared().await).await
    }

    /// A stage of this name in a control plane.
    pub async fn within(name: &str, control_plane: &ControlPlane) -> Self {
        let folder = empty_folder(&format!("faults/{name}"));
        let client = control_plane.client().await.unwrap();
        create_namespace(&client, name).await;
        Self {
            aws: StandIn::start(StandInOptions::quick(&folder)).await.unwrap(),
            client,
            namespace: name.to_owned(),
            kubeconfig: control_plane.kubeconfig().to_path_buf(),
            folder,
        }
    }

    /// An operator of this stage's namespace. The stand-in has no rates to keep.
    pub fn operator(&self, log: &str, flags: &[&str]) -> OperatorOptions {
        let own = format!("--watch-namespaces={}", self.namespace);
        let common = [own.as_str(), "--aws-rate-percent=10000", "--log-format=text"];
        OperatorOptions {
            binary: env!("CARGO_BIN_EXE_video-pipeline-operator").into(),
            kubeconfig: self.kubeconfig.clone(),
            endpoint: self.aws.endpoint().to_owned(),
            cluster_name: "faults".to_owned(),
            arguments: common.iter().chain(flags).map(|flag| (*flag).to_owned()).collect(),
            environment: Vec::new(),
            log: self.folder.join(format!("{log}.log")),
            lifetime: Lifetime::WithUs,
        }
    }

    /// The same, whose log is for programs to read.
    pub fn operator_that_logs_json(&self, log: &str, flags: &[&str]) -> OperatorOptions {
        let mut options = self.operator(log, flags);
        options.arguments.retain(|argument| !argument.starts_with("--log-format"));
        options
    }

    /// Starts such an operator.
    pub async fn start(&self, log: &str, flags: &[&str]) -> Operator {
        Operator::start(&self.operator(log, flags)).await.unwrap()
    }

    /// How its control plane is reached.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Where this stage keeps its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The pipeline as it is.
    pub async fn pipeline(&self, name: &str) -> Value {
        serde_json::to_value(self.api().get(name).await.unwrap()).unwrap()
    }

    pub fn api(&self) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource_type())
    }

    /// Creates the smallest useful pipeline, of an environment of the same name.
    pub async fn create(&self, name: &str) {
        self.create_with(name, json!({})).await;
    }

    /// Creates the smallest useful pipeline with more fields.
    pub async fn create_with(&self, name: &str, more: Value) {
        let pipeline: DynamicObject = serde_json::from_value(manifest(name, &more)).unwrap();
        self.api().create(&PostParams::default(), &pipeline).await.unwrap();
    }

    pub async fn delete(&self, name: &str) {
        self.api().delete(name, &DeleteParams::default()).await.unwrap();
    }

    pub async fn patch(&self, name: &str, patch: Value) {
        self.api().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    /// Returns when the pipeline is Ready.
    pub async fn ready(&self, name: &str) {
        let is_ready = async || pipeline::holds(&self.api().get(name).await.unwrap(), "Ready").is_some();
        self.until(&format!("{name} is ready"), is_ready).await;
    }

    /// Returns when the pipeline is gone.
    pub async fn gone(&self, name: &str) {
        self.until(&format!("{name} is gone"), async || self.api().get_opt(name).await.unwrap().is_none())
            .await;
    }

    /// Returns when something is so; fails the test when that takes too long.
    pub async fn until(&self, what: &str, so: impl AsyncFnMut() -> bool) -> Duration {
        until(what, LIMIT, so).await.unwrap_or_else(|late| panic!("{late}; logs: {}", self.folder.display()))
    }

    pub fn calls(&self) -> Vec<AwsCall> {
        self.aws.calls().unwrap()
    }

    /// All calls that change something.
    pub fn mutations(&self) -> Vec<AwsCall> {
        let mut calls = self.calls();
        calls.retain(|call| call.mutating);
        calls
    }

    /// Milliseconds added to every call.
    pub async fn latency(&self, ms: u32) {
        self.aws.control("PUT", "latency", json!({ "ms": ms })).await.unwrap();
    }

    pub async fn fault(&self, fault: Value) {
        self.aws.control("POST", "faults", fault).await.unwrap();
    }
}

/// Waits until something is so, and says how long that took.
pub async fn until(
    what: &str,
    limit: Duration,
    mut so: impl AsyncFnMut() -> bool,
) -> Result<Duration, String> {
    let begun = Instant::now();
    while !so().await {
        if begun.elapsed() > limit {
            return Err(format!("not so within {limit:?}: {what}"));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(begun.elapsed())
}

/// The status and the body of what an operator answers.
pub fn ask(operator: &Operator, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(operator.address()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: operator\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The smallest useful pipeline with more fields, of an environment of the same name.
pub fn manifest(name: &str, more: &Value) -> Value {
    let mut pipeline = pipeline(name, "public.ecr.aws/docker/library/busybox:stable");
    pipeline["spec"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    pipeline
}
