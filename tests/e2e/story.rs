//! What happens, step by step.

use std::time::{Duration, Instant};

use sandbox::cluster::Cluster;
use sandbox::console::Step;
use sandbox::operator::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use serde_json::{Value, json};

use crate::lab::{INSIDE, Lab, until};
use crate::rights::{asked_for, granted};
use crate::usage;

/// The namespace of the release.
const NAMESPACE: &str = "operators";
/// The release's name, and the Deployment's.
const RELEASE: &str = "video-pipeline-operator";
/// The operator's pods.
const PODS: &str = "--selector=app.kubernetes.io/component=operator";
/// A namespace of a team.
const TEAM: &str = "media";

/// Steps that were taken, with their times.
type Steps = Vec<(&'static str, Duration)>;

/// Tells the story; a step that fails panics.
pub async fn tell(cluster: &Cluster, lab: &Lab) -> Steps {
    let mut steps = Steps::new();
    macro_rules! step {
        ($name:literal, $what:expr) => {{
            let (begun, step) = (Instant::now(), Step::begin($name));
            $what.await;
            step.done("");
            steps.push(($name, begun.elapsed()));
        }};
    }
    step!("helm install, until two replicas are ready", install(lab));
    step!("helm test", helm_test(lab));
    step!("kubectl apply -f pipeline-dev.yaml, until Ready", apply_dev(lab));
    step!("the environment would work", check(lab, "dev"));
    cost(lab, "with one environment").await;
    step!("kubectl scale", scale(lab));
    step!("an edit", edit(lab));
    step!("what was deleted by hand comes back", drift(lab));
    step!("the leader's pod is deleted in a creation", leader_deleted(lab));
    step!("twenty environments", twenty(lab));
    cost(lab, "with twenty environments").await;
    step!("helm upgrade, which changes nothing in AWS", upgrade(lab));
    step!("a drain evicts one replica at a time", evict(lab));
    step!("a namespace is deleted with its pipeline", namespace_deleted(lab));
    step!("helm uninstall and install, which change nothing", reinstall(lab));
    step!("its roles grant what it asks for, and nothing else", rights(cluster, lab));
    step!("kubectl delete, until nothing is left in AWS", destroy(lab));
    steps
}

async fn install(lab: &Lab) {
    for namespace in [NAMESPACE, TEAM] {
        let manifest = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
        lab.kubectl_with(&["apply", "--filename=-"], &manifest.to_string());
    }
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "aws", "namespace": NAMESPACE },
        "stringData": { "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY },
    });
    lab.kubectl_with(&["apply", "--filename=-"], &secret.to_string());
    // Pods of the operator have to be what the strictest rules for pods let in.
    let strict = "pod-security.kubernetes.io/enforce=restricted";
    lab.kubectl(&["label", "namespace", NAMESPACE, strict, "--overwrite"]);
    helm_install(lab, lab.before.as_ref().unwrap_or(&lab.image));
}

/// Installs the chart with values for the stand-in, and returns when all replicas are ready.
fn helm_install(lab: &Lab, image: &str) {
    let [repository, tag] = of_image(image);
    let values = [
        "clusterName=e2e".to_owned(),
        repository,
        tag,
        format!("aws.endpointUrl={INSIDE}"),
        "aws.credentialsSecret=aws".to_owned(),
        "aws.ratePercent=10000".to_owned(),
        "sweepPeriod=5s".to_owned(),
        "auditPeriod=10s".to_owned(),
        "readLag=2s".to_owned(),
    ];
    let mut arguments = vec!["install", RELEASE, CHART, "--namespace", NAMESPACE, "--wait", "--timeout=300s"];
    for value in &values {
        arguments.extend(["--set", value]);
    }
    lab.helm(&arguments);
}

/// The values that name an image.
fn of_image(image: &str) -> [String; 2] {
    let (repository, tag) = image.rsplit_once(':').unwrap();
    [format!("image.repository={repository}"), format!("image.tag={tag}")]
}

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/video-pipeline-operator");

async fn helm_test(lab: &Lab) {
    // Some replica has to lead first.
    until("a replica leads", || leader(lab).is_some()).await;
    lab.helm(&["test", RELEASE, "--namespace", NAMESPACE]);
}

async fn apply_dev(lab: &Lab) {
    lab.kubectl(&["apply", "--filename", concat!(env!("CARGO_MANIFEST_DIR"), "/pipeline-dev.yaml")]);
    ready(lab, "default", "dev").await;
}

async fn check(lab: &Lab, suffix: &str) {
    lab.checker(&["checker", "--suffix", suffix]);
}

async fn scale(lab: &Lab) {
    lab.kubectl(&["scale", "videopipeline/dev", "--replicas=3"]);
    ready(lab, "default", "dev").await;
    until("three tasks are said to run", || pipeline(lab, "default", "dev")["status"]["replicas"] == 3).await;
}

async fn edit(lab: &Lab) {
    let patch = json!({ "spec": { "ingestion": { "retentionHours": 48 } } });
    lab.kubectl(&["patch", "videopipeline/dev", "--type=merge", "--patch", &patch.to_string()]);
    ready(lab, "default", "dev").await;
    let calls = lab.changes();
    assert!(calls.iter().any(|call| call == "kinesis:IncreaseStreamRetentionPeriod"), "{calls:?}");
}

async fn drift(lab: &Lab) {
    let alarms = || lab.account.call("cloudwatch", "describe_alarms", json!({}))["MetricAlarms"].clone();
    let before = alarms();
    let name = before[0]["AlarmName"].as_str().expect("an alarm").to_owned();
    lab.account.call("cloudwatch", "delete_alarms", json!({ "AlarmNames": [name] }));
    let count = before.as_array().unwrap().len();
    until("the alarm is back", || alarms().as_array().is_some_and(|alarms| alarms.len() == count)).await;
}

async fn leader_deleted(lab: &Lab) {
    let before = lab.changes().len();
    apply_of_team(lab, "film");
    until("the creation is on its way", || lab.changes().len() > before + 5).await;
    let leader = leader(lab).expect("a leader");
    let created = lab.changes().len();
    lab.kubectl(&["delete", "pod", &leader, "--namespace", NAMESPACE, "--grace-period=1"]);
    ready(lab, TEAM, "film").await;
    assert!(lab.changes().len() > created, "the creation was over before the leader was deleted");
    check(lab, "film").await;
    rolled_out(lab);
}

/// Applies the smallest useful pipeline in the team's namespace.
fn apply_of_team(lab: &Lab, name: &str) {
    let pipeline = json!({
        "apiVersion": "streamflix.io/v1alpha1", "kind": "VideoPipeline",
        "metadata": { "name": name, "namespace": TEAM },
        "spec": { "environmentSuffix": name, "region": "eu-west-1", "processing": { "image": "registry.example/film:1" } },
    });
    lab.kubectl_with(&["apply", "--filename=-"], &pipeline.to_string());
}

/// So many more that there are twenty.
async fn twenty(lab: &Lab) {
    let names: Vec<String> = (3..=20).map(|number| format!("n{number}")).collect();
    for name in &names {
        apply_of_team(lab, name);
    }
    for name in &names {
        ready(lab, TEAM, name).await;
    }
}

/// Says what each pod of the operator costs while nothing changes.
async fn cost(lab: &Lab, when: &str) {
    let pods = lab.get(&["pods", "--namespace", NAMESPACE, PODS]);
    let node = pods["items"][0]["spec"]["nodeName"].as_str().unwrap();
    let path = format!("/api/v1/nodes/{node}/proxy/metrics/resource");
    let count = || usage::of_pods(&lab.kubectl(&["get", "--raw", &path]), NAMESPACE);
    let before = count();
    tokio::time::sleep(COUNTED).await;
    let leader = leader(lab);
    for (pod, usage) in count() {
        let Some(before) = before.get(&pod) else { continue };
        let role = if Some(&pod) == leader.as_ref() { "leads" } else { "waits" };
        let (memory, cpu) = (usage.memory / f64::from(1 << 20), usage.milli_since(before));
        println!("  {when}, the pod that {role} needs {memory:.1} MiB and {cpu:.0} m of a CPU");
    }
}

/// For how long it is counted what pods cost: some of the periods in which a kubelet counts.
const COUNTED: Duration = Duration::from_secs(45);

async fn upgrade(lab: &Lab) {
    let before = lab.changes().len();
    let template = "jsonpath={.spec.template.metadata.annotations}";
    let [repository, tag] = of_image(&lab.image);
    let values = ["--set", &repository, "--set", &tag, "--set", "podAnnotations.upgrade=second"];
    let options = ["--namespace", NAMESPACE, "--reset-then-reuse-values", "--wait", "--timeout=300s"];
    lab.helm(&[&["upgrade", RELEASE, CHART][..], &values, &options].concat());
    let said = lab.kubectl(&["get", "deployment", RELEASE, "--namespace", NAMESPACE, "--output", template]);
    assert!(said.contains("second"), "{said}");
    looked_at_again(lab).await;
    assert_eq!(lab.changes()[before..], [] as [String; 0], "the upgrade changed something in AWS");
}

/// What `kubectl drain` does to each pod, without a node that nothing can be moved to.
async fn evict(lab: &Lab) {
    let pods = lab.get(&["pods", "--namespace", NAMESPACE, PODS]);
    let names: Vec<&str> = pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| pod["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    evict_pod(lab, names[0]).unwrap();
    let refused = evict_pod(lab, names[1]).expect_err("both replicas were evicted at once");
    assert!(refused.contains("disruption budget"), "{refused}");
    rolled_out(lab);
    until("the other one may go", || evict_pod(lab, names[1]).is_ok()).await;
    rolled_out(lab);
    until("a replica leads", || leader(lab).is_some()).await;
    looked_at_again(lab).await;
}

fn evict_pod(lab: &Lab, name: &str) -> Result<String, String> {
    let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/{name}/eviction");
    let eviction = json!({ "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": name, "namespace": NAMESPACE } });
    lab.try_kubectl(&["create", "--raw", &path, "--filename=-"], &eviction.to_string())
}

async fn namespace_deleted(lab: &Lab) {
    lab.kubectl(&["delete", "namespace", TEAM, "--timeout=300s"]);
    let left = lab.account.everything_of("film");
    assert!(left.is_empty(), "{left:?}");
    ready(lab, "default", "dev").await;
}

async fn reinstall(lab: &Lab) {
    let before = lab.changes().len();
    lab.helm(&["uninstall", RELEASE, "--namespace", NAMESPACE, "--wait"]);
    let gone = || lab.get(&["pods", "--namespace", NAMESPACE, PODS])["items"] == json!([]);
    until("the pods are gone", gone).await;
    assert_eq!(pipeline(lab, "default", "dev")["metadata"]["deletionTimestamp"], Value::Null);
    helm_install(lab, &lab.image);
    looked_at_again(lab).await;
    ready(lab, "default", "dev").await;
    assert_eq!(lab.changes()[before..], [] as [String; 0], "it changed something in AWS");
}

async fn rights(cluster: &Cluster, lab: &Lab) {
    let Some(log) = cluster.audit_log().unwrap() else {
        return println!("  NOT RUN: the cluster was there before, and does not show its audit log");
    };
    let lease = format!("{RELEASE}-lease");
    let roles = [lab.get(&["clusterrole", RELEASE]), lab.get(&["role", &lease, "--namespace", NAMESPACE])];
    let asked_for = asked_for(&log, &format!("system:serviceaccount:{NAMESPACE}:{RELEASE}"));
    println!("  {asked_for:?}");
    assert_eq!(granted(&roles), asked_for, "granted, and asked for");
}

async fn destroy(lab: &Lab) {
    lab.kubectl(&["delete", "videopipeline/dev", "--timeout=300s"]);
    lab.checker(&["checker.leftovers"]);
    lab.helm(&["uninstall", RELEASE, "--namespace", NAMESPACE, "--wait"]);
    for namespace in [NAMESPACE, TEAM] {
        lab.kubectl(&["delete", "namespace", namespace, "--ignore-not-found", "--timeout=300s"]);
    }
    lab.kubectl(&["delete", "customresourcedefinition", "videopipelines.streamflix.io", "--timeout=300s"]);
    lab.kubectl(&["delete", "namespace", "aws", "--timeout=300s"]);
}

/// Returns when a pipeline is Ready as it is described now.
async fn ready(lab: &Lab, namespace: &str, name: &str) {
    let ready = || {
        let pipeline = pipeline(lab, namespace, name);
        let generation = &pipeline["metadata"]["generation"];
        let conditions = pipeline["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|condition| {
            condition["type"] == "Ready"
                && condition["status"] == "True"
                && condition["observedGeneration"] == *generation
        })
    };
    until(&format!("{namespace}/{name} is Ready"), ready).await;
}

fn pipeline(lab: &Lab, namespace: &str, name: &str) -> Value {
    lab.get(&["videopipeline", name, "--namespace", namespace])
}

/// The pod of the replica that leads, if there is one.
fn leader(lab: &Lab) -> Option<String> {
    let leases = lab.get(&["leases", "--namespace", NAMESPACE]);
    let holder = leases["items"][0]["spec"]["holderIdentity"].as_str()?;
    // The pod's name, and what sets apart two processes of one pod.
    holder.rsplit_once('_').map(|(pod, _)| pod.to_owned())
}

fn rolled_out(lab: &Lab) {
    let deployment = format!("deployment/{RELEASE}");
    lab.kubectl(&["rollout", "status", &deployment, "--namespace", NAMESPACE, "--timeout=300s"]);
}

/// Returns when every field of every resource was compared again, by whoever leads now.
async fn looked_at_again(lab: &Lab) {
    // The parameters of a group are read by nothing else.
    let of_an_audit = "rds:DescribeDBClusterParameters";
    let audits = || lab.calls().iter().filter(|call| call.action() == of_an_audit).count();
    let before = audits();
    until("an audit of everything", || audits() >= before + 4).await;
}
