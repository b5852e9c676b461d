//! Install, upgrade, uninstall on a real API server; and an operator that has the chart's rights and no others.
//!
//! There are no nodes, so the operator runs beside the cluster: with the token of the chart's service account, and with the
//! environment variables of the chart's container.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use sandbox::assets::{Program, program};
use sandbox::{ControlPlane, Lifetime, Operator, OperatorOptions, StandIn, StandInOptions, pipeline};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use video_pipeline_operator::controller::resource_type;

use super::helm::{NAMESPACE, RELEASE, chart, container, environment, helm_on, objects};
use crate::cli::program::{OPERATOR, Run, run};
use crate::support::control_plane::empty_folder;

/// A namespace where Pod Security `restricted` is enforced.
pub const RESTRICTED: &str = "restricted";
/// A namespace where nothing is ever installed.
pub const VACANT: &str = "vacant";
/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);

/// A control plane with the namespaces that the tests name.
pub struct Cluster {
    pub client: Client,
    kubeconfig: PathBuf,
    plane: &'static ControlPlane,
}

impl Cluster {
    /// The one of all tests of this module. It ends with the process.
    pub async fn shared() -> Self {
        static PLANE: OnceCell<ControlPlane> = OnceCell::const_new();
        let plane = PLANE.get_or_init(|| async {
            let plane = ControlPlane::start(empty_folder("chart/control-plane")).await.unwrap();
            let client = plane.client().await.unwrap();
            for name in [NAMESPACE, "media", "film", "elsewhere", RESTRICTED, VACANT] {
                make_namespace(&client, name).await;
            }
            plane
        });
        let plane = plane.await;
        Self { client: plane.client().await.unwrap(), kubeconfig: plane.kubeconfig().to_owned(), plane }
    }

    /// Runs Helm here.
    async fn helm(&self, arguments: &[&str]) -> Run {
        helm_on(&self.kubeconfig, &[arguments, &["--namespace", NAMESPACE]].concat()).await
    }

    /// A kubeconfig of the chart's service account.
    async fn service_account(&self, folder: &Path) -> PathBuf {
        let mut kubectl = std::process::Command::new(program(Program::Kubectl).await.unwrap());
        kubectl.env("KUBECONFIG", &self.kubeconfig);
        let token = run(kubectl, &["create", "token", RELEASE, "--namespace", NAMESPACE]);
        let mut config: Value =
            serde_json::from_str(&std::fs::read_to_string(&self.kubeconfig).unwrap()).unwrap();
        config["users"][0]["user"]["token"] = token.ends_with(0, &[]).stdout.trim().into();
        let path = folder.join("kubeconfig-of-the-service-account");
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }

    fn pipelines(&self, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &resource_type())
    }

    async fn create(&self, namespace: &str, name: &str) {
        let pipeline: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "streamflix.io/v1alpha1", "kind": "VideoPipeline", "metadata": { "name": name },
            "spec": { "environmentSuffix": name, "region": "eu-west-1", "processing": { "image": "i:1" } },
        }))
        .unwrap();
        self.pipelines(namespace).create(&PostParams::default(), &pipeline).await.unwrap();
    }

    /// Changes a spec, and waits until that is done.
    async fn edit(&self, namespace: &str, name: &str, spec: Value) {
        let change = Patch::Merge(json!({ "spec": spec }));
        let edited = self.pipelines(namespace).patch(name, &PatchParams::default(), &change).await.unwrap();
        let generation = edited.metadata.generation;
        until("the change is made", async || {
            let pipeline = self.pipelines(namespace).get(name).await.unwrap();
            let observed = pipeline.data["status"]["observedGeneration"].as_i64();
            observed == generation && pipeline::holds(&pipeline, "Ready").is_some()
        })
        .await;
    }

    async fn is_ready(&self, namespace: &str, name: &str) -> bool {
        let pipeline = self.pipelines(namespace).get(name).await.unwrap();
        pipeline::holds(&pipeline, "Ready").is_some()
    }
}

async fn make_namespace(client: &Client, name: &str) {
    let mut namespace = json!({ "metadata": { "name": name } });
    if name == RESTRICTED {
        namespace["metadata"]["labels"] = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
    }
    let namespace: Namespace = serde_json::from_value(namespace).unwrap();
    Api::all(client.clone()).create(&PostParams::default(), &namespace).await.unwrap();
    let accounts: Api<k8s_openapi::api::core::v1::ServiceAccount> = Api::namespaced(client.clone(), name);
    let account = serde_json::from_value(json!({ "metadata": { "name": "default" } })).unwrap();
    accounts.create(&PostParams::default(), &account).await.unwrap();
}

/// Returns when something is so; fails the test when that takes too long.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !so().await {
        assert!(begun.elapsed() < LIMIT, "not so within {LIMIT:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A chart whose definition lacks a column.
fn older(folder: &Path) -> PathBuf {
    let older = folder.join("older");
    let mut copy = std::process::Command::new("cp");
    assert!(copy.arg("-r").args([chart(), older.clone()]).status().unwrap().success());
    let definition = older.join("files/videopipelines.streamflix.io.yaml");
    let text = std::fs::read_to_string(&definition).unwrap();
    let column =
        "    - jsonPath: .status.message\n      name: Message\n      priority: 1\n      type: string\n";
    assert!(text.contains(column));
    std::fs::write(definition, text.replace(column, "")).unwrap();
    older
}

/// One test, because a cluster has one definition.
#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_an_installation() {
    let (cluster, folder) = (Cluster::shared().await, empty_folder("chart/life"));
    let values =
        ["--set", "clusterName=home,watchNamespaces={media,film},sweepPeriod=2s,aws.ratePercent=10000"];
    let (chart, older) = (chart().display().to_string(), older(&folder).display().to_string());

    let install = |chart| [&["install", RELEASE, chart], &values[..]].concat();
    cluster.helm(&install(&older)).await.ends_with(0, &["STATUS: deployed"]);
    until("the definition is served", async || {
        cluster.pipelines("media").list(&Default::default()).await.is_ok()
    })
    .await;
    assert!(!has_column(&cluster).await);
    cluster.helm(&[&["upgrade", RELEASE, &chart], &values[..]].concat()).await.ends_with(0, &[]);
    assert!(has_column(&cluster).await, "an upgrade of the release upgrades the definition");

    works_with_the_rights_of_the_chart(&cluster, &folder, &values).await;

    cluster.helm(&["uninstall", RELEASE]).await.ends_with(0, &["CustomResourceDefinition"]);
    assert_eq!(cluster.pipelines("media").list(&Default::default()).await.unwrap().items.len(), 1);
    cluster.helm(&install(&chart)).await.ends_with(0, &["STATUS: deployed"]);
    assert_eq!(cluster.pipelines("media").list(&Default::default()).await.unwrap().items.len(), 1);
    cluster.helm(&["uninstall", RELEASE]).await.ends_with(0, &[]);
}

async fn has_column(cluster: &Cluster) -> bool {
    use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
    let definitions: Api<CustomResourceDefinition> = Api::all(cluster.client.clone());
    let definition = definitions.get("videopipelines.streamflix.io").await.unwrap();
    let columns = definition.spec.versions[0].additional_printer_columns.clone().unwrap_or_default();
    columns.iter().any(|column| column.name == "Message")
}

/// Leaves one pipeline in `media`, that nobody looks after any more.
async fn works_with_the_rights_of_the_chart(cluster: &Cluster, folder: &Path, values: &[&str]) {
    let aws = StandIn::start(StandInOptions::quick(folder)).await.unwrap();
    let container = container(&objects(values).await).clone();
    let options = OperatorOptions {
        binary: OPERATOR.into(),
        kubeconfig: cluster.service_account(folder).await,
        endpoint: aws.endpoint().to_owned(),
        cluster_name: "home".to_owned(),
        arguments: Vec::new(),
        environment: environment(&container),
        log: folder.join("operator.log"),
        lifetime: Lifetime::WithUs,
    };
    let mut operator = Operator::start(&options).await.unwrap();
    for (namespace, name) in [("media", "first"), ("film", "second"), ("elsewhere", "third")] {
        cluster.create(namespace, name).await;
    }
    for (namespace, name) in [("media", "first"), ("film", "second")] {
        until(&format!("{name} is ready"), async || cluster.is_ready(namespace, name).await).await;
    }
    check(&options, &operator).await;
    // What is told again is written into the event that is there.
    for days in [14, 30] {
        cluster.edit("media", "first", json!({ "monitoring": { "logRetentionDays": days } })).await;
    }

    cluster.pipelines("film").delete("second", &DeleteParams::default()).await.unwrap();
    until("second is gone", async || cluster.pipelines("film").get_opt("second").await.unwrap().is_none())
        .await;
    let elsewhere = cluster.pipelines("elsewhere").get("third").await.unwrap();
    assert!(elsewhere.data.get("status").is_none() && elsewhere.metadata.finalizers.is_none());
    assert!(operator.terminate(LIMIT).await.unwrap().success());

    let log = std::fs::read_to_string(operator.log()).unwrap();
    let refused: Vec<_> = log.lines().filter(|line| line.to_lowercase().contains("forbidden")).collect();
    assert!(refused.is_empty(), "the chart lacks a right:\n{}", refused.join("\n"));
    let user = format!("system:serviceaccount:{NAMESPACE}:{RELEASE}");
    let (granted, used) = (granted(&objects(values).await), cluster.plane.rights_used_by(&user).unwrap());
    assert_eq!(granted, used, "the chart grants just what is used");
}

/// Every verb that the operator's roles grant, and on which resource.
fn granted(objects: &[Value]) -> BTreeSet<(String, String)> {
    let is_operators = |object: &&Value| {
        let name = object["metadata"]["name"].as_str().unwrap();
        ["ClusterRole", "Role"].contains(&object["kind"].as_str().unwrap())
            && [RELEASE.to_owned(), format!("{RELEASE}-lease")].contains(&name.to_owned())
    };
    let rules = objects.iter().filter(is_operators).flat_map(|role| role["rules"].as_array().unwrap());
    let texts = |value: &Value| serde_json::from_value::<Vec<String>>(value.clone()).unwrap();
    rules
        .flat_map(|rule| {
            let resources = texts(&rule["resources"]);
            let of = move |verb: String| {
                resources.clone().into_iter().map(move |resource| (verb.clone(), resource))
            };
            texts(&rule["verbs"]).into_iter().flat_map(of)
        })
        .collect()
}

/// What `helm test` runs.
async fn check(options: &OperatorOptions, operator: &Operator) {
    let run_check = |url: String, timeout: &str| {
        let mut command = sandbox::operator::command(&options.binary, &options.kubeconfig, &options.endpoint);
        command.envs(options.environment.iter().map(|(name, value)| (name, value)));
        run(command, &["check", &url, "--cluster-name=home", "--timeout", timeout])
    };
    let url = format!("http://{}", operator.address());
    run_check(url, "30s").ends_with(0, &["is ready", "leads", "AWS knows the operator as arn:aws:"]);
    run_check("http://127.0.0.1:1".to_owned(), "1ms").ends_with(1, &["does not say", "that it is ready"]);
}
