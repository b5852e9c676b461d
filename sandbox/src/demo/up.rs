//! Starts a demo, one line per step.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kube::Client;

use super::environment::Environment;
use super::folder::Folder;
use super::follow::{Pipeline, until_ready};
use super::{Error, down};
use crate::assets::{self, Program};
use crate::console::{Step, last_lines};
use crate::control_plane::ControlPlane;
use crate::operator::{Operator, OperatorOptions};
use crate::pipeline::EXAMPLE;
use crate::stand_in::{Durations, StandIn, StandInOptions};
use crate::{control_plane, file, pipeline};

/// Lines of the operator's log that are shown when something fails.
const TAIL: usize = 20;

/// Starts a demo, and returns when its environment is ready.
///
/// # Errors
///
/// Why not. Before the pipeline is applied, a failure ends everything; after that all goes on, to be looked at.
pub async fn up(limit: Duration) -> Result<(), Error> {
    let folder = Folder::of_checkout();
    let _lock = folder.lock()?;
    folder.must_be_idle()?;
    assets::prepare().await?;
    folder.clear()?;

    let programs = programs()?;
    let kubectl = assets::program(Program::Kubectl).await?;
    let mut servers = all_or_nothing(&folder, start(&folder, &programs)).await?;
    let endpoint = servers.endpoint.clone();
    let environment =
        Environment { folder: &folder, endpoint: &endpoint, programs: &programs, kubectl: &kubectl };
    environment.write()?;
    apply(&environment, &mut servers, limit).await?;
    summarise(&environment)
}

/// What goes on running.
struct Servers {
    client: Client,
    endpoint: String,
    operator: Operator,
}

/// What a failure or an interruption undoes.
async fn all_or_nothing<T>(
    folder: &Folder,
    starting: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let started = tokio::select! {
        started = starting => started,
        _ = tokio::signal::ctrl_c() => Err(Error::Interrupted),
    };
    if started.is_err() {
        down::end_all(folder).await?;
    }
    started
}

async fn start(folder: &Folder, programs: &Path) -> Result<Servers, Error> {
    let client = start_control_plane(folder).await?;
    let endpoint = start_stand_in(folder).await?;
    install_definition(&client).await?;
    let operator = start_operator(folder, programs, &endpoint).await?;
    Ok(Servers { client, endpoint, operator })
}

async fn start_control_plane(folder: &Folder) -> Result<Client, Error> {
    let step = Step::begin("start the control plane");
    ControlPlane::start_for(&folder.root, &folder.lifetime()).await?;
    let client = control_plane::client(&folder.kubeconfig()).await?;
    let version = client.apiserver_version().await.map(|version| version.git_version).unwrap_or_default();
    step.done(&format!("Kubernetes {version}"));
    Ok(client)
}

async fn start_stand_in(folder: &Folder) -> Result<String, Error> {
    let step = Step::begin("start the AWS stand-in");
    let options = StandInOptions {
        durations: Durations::Demo,
        latency_ms: 0,
        calls: Some(folder.calls()),
        log: folder.log("stand-in"),
        lifetime: folder.lifetime(),
    };
    let stand_in = StandIn::start(options).await?;
    step.done(stand_in.endpoint());
    Ok(stand_in.endpoint().to_owned())
}

async fn install_definition(client: &Client) -> Result<(), Error> {
    let step = Step::begin("install VideoPipeline");
    pipeline::define(client).await?;
    step.done(pipeline::DEFINITION);
    Ok(())
}

async fn start_operator(folder: &Folder, programs: &Path, endpoint: &str) -> Result<Operator, Error> {
    let step = Step::begin("start the operator");
    let flags = ["--log-format=text", "--sweep-period=30s", "--audit-period=2m", "--lease-namespace=default"];
    let operator = Operator::start(&OperatorOptions {
        binary: programs.join("video-pipeline-operator"),
        kubeconfig: folder.kubeconfig(),
        endpoint: endpoint.to_owned(),
        cluster_name: "sandbox".to_owned(),
        arguments: flags.map(str::to_owned).to_vec(),
        environment: Vec::new(),
        log: folder.log("operator"),
        lifetime: folder.lifetime(),
    })
    .await?;
    step.done(&format!("http://{}/metrics", operator.address()));
    Ok(operator)
}

/// Applies the pipeline and follows it.
async fn apply(environment: &Environment<'_>, servers: &mut Servers, limit: Duration) -> Result<(), Error> {
    let metadata = pipeline::example()?.metadata;
    let pipeline = Pipeline {
        name: metadata.name.unwrap_or_default(),
        namespace: metadata.namespace.unwrap_or_else(|| "default".to_owned()),
    };
    let typed = format!("kubectl apply -f {EXAMPLE}");
    let step = Step::begin(typed.as_str());
    let said = output(&typed, environment.kubectl(&["apply", "-f", EXAMPLE]))?;
    step.done(said.trim());

    let step = Step::live(format!("make environment {}", pipeline.name));
    let log = servers.operator.log().to_path_buf();
    let operator = &mut servers.operator;
    let ready = until_ready(&servers.client, &pipeline, limit, &step, || operator.has_ended());
    let interrupted = || Err("interrupted".to_owned());
    let ready = tokio::select! { ready = ready => ready, _ = tokio::signal::ctrl_c() => interrupted() };
    let resources = ready.map_err(|reason| Error::NotReady { reason, tail: last_lines(&log, TAIL), log })?;
    step.done(&format!("Ready, {resources} resources"));
    Ok(())
}

fn output(typed: &str, mut command: Command) -> Result<String, Error> {
    let failed = |output| Error::Command { command: typed.to_owned(), output };
    let output = command.output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()))
}

/// The environment as a tree, and what a person can do now.
fn summarise(environment: &Environment<'_>) -> Result<(), Error> {
    let typed = "kubectl vp status dev";
    println!();
    let shown = environment.kubectl_vp(&["status", "dev", "--ids"]).status();
    let failed = |output| Error::Command { command: typed.to_owned(), output };
    let status = shown.map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        return Err(failed(format!("{status}; what it says is above")));
    }
    println!("\n{}", NEXT.replace("ENDPOINT", environment.endpoint));
    Ok(())
}

const NEXT: &str = "\
Look around
  . .sandbox/env                               KUBECONFIG, and credentials of the AWS stand-in at ENDPOINT
  kubectl get vp -o wide                       the environment in one line
  kubectl describe vp dev                      every resource with its AWS id, and what happened
  kubectl edit vp dev                          change it; kubectl vp plan -f FILE says beforehand what would be done
  kubectl delete vp dev                        and everything in AWS goes with it
  tail -f .sandbox/logs/operator.log           what the operator does; .sandbox/aws-calls.jsonl has every call of AWS
End it
  make demo-down";

/// The folder of this program, where the others are built too.
fn programs() -> Result<PathBuf, file::Error> {
    let me =
        std::env::current_exe().map_err(file::failed("find", Path::new("the folder of this program")))?;
    Ok(me.parent().unwrap_or(Path::new(".")).to_path_buf())
}
