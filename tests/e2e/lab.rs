//! The cluster with the stand-in in it, and what people use on it: kubectl, Helm, and a view of the account.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sandbox::assets::{Program, program};
use sandbox::cluster::Cluster;
use sandbox::image::{self, Made};
use sandbox::operator::{ACCESS_KEY_ID, aws_environment};
use sandbox::process::Process;
use sandbox::{AwsCall, Lifetime, stand_in};
use serde_json::Value;

use crate::account::Account;

/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(300);
/// Where the stand-in answers, for who is in the cluster. It is part of the addresses of queues.
pub const INSIDE: &str = "http://stand-in.aws.svc:5000";
/// Where the stand-in keeps its call log.
const CALLS: &str = "/calls/calls.jsonl";

/// A cluster with the stand-in.
pub struct Lab {
    /// The operator's image.
    pub image: String,
    /// The image of the operator that was there before, where `E2E_FROM_IMAGE` names one.
    pub before: Option<String>,
    /// The account, from outside the cluster.
    pub account: Account,
    folder: PathBuf,
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    helm: PathBuf,
    /// Brings calls from outside into the cluster.
    _forward: Process,
}

impl Lab {
    /// Brings the images into the cluster, and starts the stand-in there.
    pub async fn open(cluster: &Cluster, name: &str, folder: &Path) -> Self {
        let Images { operator: image, before, stand_in } = images(cluster, name).await;
        let kubectl = program(Program::Kubectl).await.unwrap();
        let kubeconfig = cluster.kubeconfig().to_path_buf();
        leaves_all_in_peace(&kubectl, &kubeconfig);
        let manifest = include_str!("stand-in.yaml").replace("IMAGE", &stand_in);
        piped(kubectl_of(&kubectl, &kubeconfig, &["apply", "--filename=-"]), &manifest);
        let wait = ["rollout", "status", "deployment/stand-in", "--namespace=aws", "--timeout=300s"];
        run(kubectl_of(&kubectl, &kubeconfig, &wait));
        let (forward, endpoint) = forward(&kubectl, &kubeconfig, &folder.join("port-forward.log")).await;
        Self {
            image,
            before,
            account: Account::open(&endpoint).await,
            folder: folder.to_path_buf(),
            kubeconfig,
            kubectl,
            helm: program(Program::Helm).await.unwrap(),
            _forward: forward,
        }
    }

    /// What kubectl prints; fails the test when kubectl fails.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        run(kubectl_of(&self.kubectl, &self.kubeconfig, arguments))
    }

    /// The same, with something to read.
    pub fn kubectl_with(&self, arguments: &[&str], input: &str) -> String {
        piped(kubectl_of(&self.kubectl, &self.kubeconfig, arguments), input)
    }

    /// What kubectl prints, or what it complains of.
    pub fn try_kubectl(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        attempt(kubectl_of(&self.kubectl, &self.kubeconfig, arguments), input)
    }

    /// What kubectl says of objects, as JSON.
    pub fn get(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.kubectl(&[&["get", "--output=json"], arguments].concat())).unwrap()
    }

    /// What Helm prints; fails the test when Helm fails.
    pub fn helm(&self, arguments: &[&str]) -> String {
        let mut helm = Command::new(&self.helm);
        for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            helm.env(name, self.folder.join("helm"));
        }
        helm.env("KUBECONFIG", &self.kubeconfig).args(arguments);
        run(helm)
    }

    /// Runs the environment checker, where the environment sees AWS too; fails the test when it finds fault.
    pub fn checker(&self, arguments: &[&str]) {
        let exec = ["exec", "--namespace=aws", "deployment/stand-in", "--", "env"];
        let aws = aws_environment(INSIDE).map(|(name, value)| format!("{name}={value}"));
        let aws = aws.iter().map(String::as_str).collect::<Vec<_>>();
        self.kubectl(&[&exec, &aws[..], &["python3", "-m"], arguments].concat());
    }

    /// Every call of the operator so far.
    pub fn calls(&self) -> Vec<AwsCall> {
        let file = self.folder.join("calls.jsonl");
        let log = self.kubectl(&["exec", "--namespace=aws", "deployment/stand-in", "--", "cat", CALLS]);
        std::fs::write(&file, log).unwrap();
        let mut calls = stand_in::read_calls(&file).unwrap();
        calls.retain(|call| call.access_key == ACCESS_KEY_ID);
        calls
    }

    /// Those of them that changed something.
    pub fn changes(&self) -> Vec<String> {
        self.calls().iter().filter(|call| call.mutating).map(AwsCall::action).collect()
    }
}

/// Names of images that the cluster knows.
struct Images {
    operator: String,
    before: Option<String>,
    stand_in: String,
}

/// Those that a person names, or such that are made and loaded.
async fn images(cluster: &Cluster, name: &str) -> Images {
    let before = named("E2E_FROM_IMAGE");
    if cluster.is_given() {
        let named = |variable| named(variable).unwrap_or_else(|| panic!("{variable} must name an image"));
        let (operator, stand_in) = (named("E2E_OPERATOR_IMAGE"), named("E2E_STAND_IN_IMAGE"));
        return Images { operator, before, stand_in };
    }
    let operator = match archived("E2E_OPERATOR") {
        Some(made) => made,
        None => image::make(None).await.unwrap_or_else(|error| panic!("{error}")),
    };
    let stand_in = cluster.stand_in().await.unwrap_or_else(|error| panic!("{error}"));
    for image in [&operator, &stand_in].into_iter().chain(&archived("E2E_FROM")) {
        cluster.load(name, image).await.unwrap_or_else(|error| panic!("{error}"));
    }
    Images { operator: operator.name, before, stand_in: stand_in.name }
}

/// That nothing stands in the cluster that the end of the story would take away, although somebody else put it there.
fn leaves_all_in_peace(kubectl: &Path, kubeconfig: &Path) {
    const OURS: [&str; 4] = [
        "namespace/aws",
        "namespace/operators",
        "namespace/media",
        "customresourcedefinition/videopipelines.streamflix.io",
    ];
    let get = [&["get"], &OURS[..], &["--ignore-not-found", "--output=name"]].concat();
    let found = run(kubectl_of(kubectl, kubeconfig, &get));
    assert!(
        found.trim().is_empty(),
        "the cluster has what this test makes and removes; remove it first:\n{found}"
    );
}

/// The image whose name and file `{what}_IMAGE` and `{what}_ARCHIVE` say.
fn archived(what: &str) -> Option<Made> {
    let (name, archive) = (named(&format!("{what}_IMAGE"))?, named(&format!("{what}_ARCHIVE"))?);
    Some(Made { name, archive: archive.into(), id: String::new() })
}

fn named(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// A door to the stand-in: kubectl's, on a port that it chooses.
async fn forward(kubectl: &Path, kubeconfig: &Path, log: &Path) -> (Process, String) {
    let _ = std::fs::remove_file(log);
    let to = ["port-forward", "--namespace=aws", "service/stand-in", ":5000", "--address=127.0.0.1"];
    let command = kubectl_of(kubectl, kubeconfig, &to);
    let mut process = Process::start("port-forward", command, log, &Lifetime::WithUs).unwrap();
    let announced = || async {
        let text = std::fs::read_to_string(log).ok()?;
        let address = text.split("Forwarding from ").nth(1)?.split(' ').next()?;
        Some(format!("http://{address}"))
    };
    let endpoint = process.ready(Duration::from_secs(60), announced).await.unwrap();
    (process, endpoint)
}

fn kubectl_of(kubectl: &Path, kubeconfig: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(kubectl);
    command.env("KUBECONFIG", kubeconfig).args(arguments);
    command
}

fn run(command: Command) -> String {
    piped(command, "")
}

fn piped(command: Command, input: &str) -> String {
    let line = format!("{command:?}");
    attempt(command, input).unwrap_or_else(|complaint| panic!("{line}\n{complaint}"))
}

fn attempt(mut command: Command, input: &str) -> Result<String, String> {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let (printed, complaint) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(printed) } else { Err(format!("{printed}{complaint}")) }
}

/// Returns when something is so; fails the test when that takes too long.
pub async fn until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < LIMIT, "not so within {LIMIT:?}: {what}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
