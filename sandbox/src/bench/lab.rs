//! Where it is measured: one control plane and one stand-in for all scenarios, and an operator for each.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use kube::api::{DeleteParams, DynamicObject, PostParams};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Api, Client};
use serde_json::json;

use super::meter::{Cost, Mark, Measured};
use super::{Error, Scenario};
use crate::console::Step;
use crate::file::{self, failed};
use crate::{
    AwsCall, ControlPlane, KubernetesWrite, Lifetime, Operator, OperatorOptions, StandIn, StandInOptions,
    checkout, pipeline,
};

/// How long any act may take.
const LIMIT: Duration = Duration::from_secs(180);
/// How long an operator may take to end.
const STOP: Duration = Duration::from_secs(15);
/// So long nothing happens when everything is done.
const QUIET: Duration = Duration::from_secs(2);
/// How the operator calls itself in the API server's audit log.
const USER_AGENT: &str = "video-pipeline-operator/";

pub(super) struct Lab {
    folder: PathBuf,
    binary: PathBuf,
    client: Client,
    control_plane: ControlPlane,
    stand_in: StandIn,
}

impl Lab {
    pub async fn open(binary: &Path) -> Result<Self, Error> {
        let folder = checkout().join(".sandbox/bench");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(failed("remove", &folder))?;
        }
        std::fs::create_dir_all(&folder).map_err(failed("make the folder", &folder))?;
        let control_plane = ControlPlane::start(&folder).await?;
        let stand_in = StandIn::start(StandInOptions::quick(&folder)).await?;
        let client = control_plane.client().await?;
        pipeline::define(&client).await?;
        let lab = Self { folder, binary: binary.to_path_buf(), client, control_plane, stand_in };
        // One environment that is not counted: the stand-in reads its modules when they are first used.
        let step = Step::begin("warm up");
        lab.measure(Scenario { environments: 1, latency_ms: 1 }, &step).await?;
        step.done("");
        Ok(lab)
    }

    /// What is measured, and on what.
    pub async fn described(&self) -> String {
        let version = self.client.apiserver_version().await.map(|version| version.git_version);
        let processors = std::thread::available_parallelism().map_or(0, usize::from);
        let megabytes =
            std::fs::metadata(&self.binary).map_or(0.0, |file| file.len() as f64 / f64::from(1 << 20));
        format!(
            "operator of {megabytes:.1} MiB, Kubernetes {}, {processors} processors for everything",
            version.unwrap_or_default()
        )
    }

    /// Makes the environments, restarts the operator, and deletes them.
    pub async fn measure(&self, scenario: Scenario, step: &Step) -> Result<Measured, Error> {
        self.stand_in.reset().await?;
        self.stand_in.control("PUT", "latency", json!({ "ms": scenario.latency_ms })).await?;
        let pipelines = pipelines(scenario.environments)?;

        let mut operator = self.operator(scenario).await?;
        step.note("create");
        let created = self.cost(&operator, self.create(&pipelines)).await?;
        operator.terminate(STOP).await;

        step.note("restart");
        let mark = self.mark()?;
        let mut operator = self.operator(scenario).await?;
        let restarted = self.cost_since(&operator, mark, async { Ok(()) }).await?;

        step.note("delete");
        let deleted = self.cost(&operator, self.delete(&pipelines)).await?;
        // So that the next need not wait for the Lease.
        operator.terminate(STOP).await;
        Ok(Measured { created, restarted, deleted })
    }

    async fn operator(&self, scenario: Scenario) -> Result<Operator, Error> {
        let Scenario { environments, latency_ms } = scenario;
        // The stand-in has no rates to keep; what AWS's own cost is in docs/performance.md.
        let flags = ["--lease-namespace=default", "--aws-rate-percent=10000", "--log-format=text"];
        let options = OperatorOptions {
            binary: self.binary.clone(),
            kubeconfig: self.control_plane.kubeconfig().to_path_buf(),
            endpoint: self.stand_in.endpoint().to_owned(),
            cluster_name: "bench".to_owned(),
            arguments: flags.map(str::to_owned).to_vec(),
            environment: Vec::new(),
            log: self.folder.join(format!("operator-{environments}-{latency_ms}.log")),
            lifetime: Lifetime::WithUs,
        };
        Ok(Operator::start(&options).await?)
    }

    async fn create(&self, pipelines: &[DynamicObject]) -> Result<(), Error> {
        let api = self.api();
        let create = pipelines.iter().map(|pipeline| async {
            api.create(&PostParams::default(), pipeline).await.map_err(refused("create a pipeline"))
        });
        try_join_all(create).await?;
        let ready = pipelines.iter().map(|pipeline| async {
            let name = pipeline.metadata.name.as_deref().unwrap_or_default();
            await_condition(self.api(), name, is_ready).await.map_err(refused("watch a pipeline"))
        });
        try_join_all(ready).await.map(drop)
    }

    async fn delete(&self, pipelines: &[DynamicObject]) -> Result<(), Error> {
        let gone = pipelines.iter().map(|pipeline| async {
            let name = pipeline.metadata.name.as_deref().unwrap_or_default();
            let deleted = self.api().delete(name, &DeleteParams::default()).await;
            let uid =
                deleted.map_err(refused("delete a pipeline"))?.left().and_then(|left| left.metadata.uid);
            let gone = conditions::is_deleted(uid.as_deref().unwrap_or_default());
            await_condition(self.api(), name, gone).await.map_err(refused("watch a pipeline"))
        });
        try_join_all(gone).await.map(drop)
    }

    /// What an act costs, and what follows from it until all is quiet.
    async fn cost(
        &self,
        operator: &Operator,
        act: impl Future<Output = Result<(), Error>>,
    ) -> Result<Cost, Error> {
        let mark = self.mark()?;
        self.cost_since(operator, mark, act).await
    }

    async fn cost_since(
        &self,
        operator: &Operator,
        mark: Mark,
        act: impl Future<Output = Result<(), Error>>,
    ) -> Result<Cost, Error> {
        let late = |what| Error::Late { what, limit: LIMIT, log: operator.log().to_path_buf() };
        let begun = Instant::now();
        tokio::time::timeout(LIMIT, act).await.map_err(|_| late("what was asked for"))??;
        let took = begun.elapsed();
        tokio::time::timeout(LIMIT, self.quiet(mark)).await.map_err(|_| late("quiet"))??;
        let (calls, writes) = (self.calls()?, self.writes()?);
        let usage = operator.usage()?;
        Ok(Cost::of(took, &calls[mark.calls..], &writes[mark.writes..], usage))
    }

    /// Returns when something has happened since `mark`, and then nothing for a while.
    async fn quiet(&self, mark: Mark) -> Result<(), Error> {
        let (mut last, mut since) = (mark, Instant::now());
        while last == mark || since.elapsed() < QUIET {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = self.mark()?;
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
        Ok(())
    }

    fn mark(&self) -> Result<Mark, Error> {
        Ok(Mark { calls: self.calls()?.len(), writes: self.writes()?.len() })
    }

    fn calls(&self) -> Result<Vec<AwsCall>, Error> {
        Ok(self.stand_in.calls()?)
    }

    fn writes(&self) -> Result<Vec<KubernetesWrite>, Error> {
        let mut writes = self.control_plane.writes_by(USER_AGENT)?;
        writes.retain(|write| write.resource != "leases");
        Ok(writes)
    }

    fn api(&self) -> Api<DynamicObject> {
        pipeline::api(&self.client, "default")
    }
}

/// As many pipelines as wanted, each like the one that the README begins with.
fn pipelines(count: usize) -> Result<Vec<DynamicObject>, file::Error> {
    let template = pipeline::example()?;
    let pipeline = |number: usize| {
        let mut pipeline = template.clone();
        let name = format!("bench-{number}");
        pipeline.data["spec"]["environmentSuffix"] = json!(name);
        pipeline.metadata.name = Some(name);
        pipeline
    };
    Ok((1..=count).map(pipeline).collect())
}

fn is_ready(pipeline: Option<&DynamicObject>) -> bool {
    pipeline.and_then(|pipeline| pipeline::holds(pipeline, "Ready")).is_some()
}

fn refused<E>(what: &'static str) -> impl FnOnce(E) -> Error
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |source| Error::Kubernetes { what, source: source.into() }
}
