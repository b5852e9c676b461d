//! A real API server takes every object, and lets the pods in where Pod Security is `restricted`. Nothing is stored.

use k8s_openapi::api::core::v1::Pod;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client, discovery};
use serde_json::{Value, json};

use super::helm::{LEAST, NAMESPACE, everything, objects, the};
use super::installed::{Cluster, RESTRICTED, VACANT};

/// The API of an object's kind, in the object's namespace.
async fn api(client: &Client, object: &Value) -> Api<DynamicObject> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let version = text(&object["apiVersion"]);
    let (group, version) = version.split_once('/').unwrap_or(("", &version));
    let kind = GroupVersionKind::gvk(group, version, &text(&object["kind"]));
    let (resource, capabilities) = discovery::pinned_kind(client, &kind).await.unwrap();
    match (capabilities.scope, &object["metadata"]["namespace"]) {
        (discovery::Scope::Cluster, Value::Null) => Api::all_with(client.clone(), &resource),
        (discovery::Scope::Namespaced, Value::String(namespace)) => {
            Api::namespaced_with(client.clone(), namespace, &resource)
        }
        (scope, namespace) => panic!("{} is {scope:?} and in {namespace}", object["kind"]),
    }
}

/// Whatever is not Kubernetes' own, and so is not known here.
fn is_of_prometheus(object: &Value) -> bool {
    object["apiVersion"] == "monitoring.coreos.com/v1"
}

#[tokio::test(flavor = "multi_thread")]
async fn every_object_is_valid_and_has_no_field_that_kubernetes_does_not_know() {
    let cluster = Cluster::shared().await;
    let strictly = PatchParams { dry_run: true, ..PatchParams::apply("test").force().validation_strict() };
    let [flag, values] = everything();
    for arguments in [&LEAST[..], &[&flag, &values]] {
        for mut object in objects(arguments).await.into_iter().filter(|object| !is_of_prometheus(object)) {
            let (kind, name) =
                (object["kind"].clone(), object["metadata"]["name"].as_str().unwrap().to_owned());
            if object["metadata"]["namespace"] == NAMESPACE {
                // What another test installs there would be merged into it.
                object["metadata"]["namespace"] = VACANT.into();
            }
            if kind == "Pod" {
                // The release's own service account is not stored.
                object["spec"]["serviceAccountName"] = "default".into();
            }
            let api = api(&cluster.client, &object).await;
            let answer = api.patch(&name, &strictly, &Patch::Apply(&object)).await;
            answer.unwrap_or_else(|error| panic!("{kind} {name}: {error}"));
        }
    }
}

/// A pod of this template in the namespace where Pod Security is enforced.
fn pod(template: &Value) -> Pod {
    let mut pod = template.clone();
    pod["metadata"]["name"] = "pod".into();
    // What the namespace does not have.
    pod["spec"]["serviceAccountName"] = "default".into();
    serde_json::from_value(pod).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_run_where_pod_security_is_restricted() {
    let cluster = Cluster::shared().await;
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let objects = objects(&LEAST).await;
    let name = super::helm::RELEASE;
    let operator = &the(&objects, "Deployment", name)["spec"]["template"];
    let check = json!({ "metadata": {}, "spec": the(&objects, "Pod", &format!("{name}-check"))["spec"] });
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), RESTRICTED);
    for template in [operator, &check] {
        pods.create(&dry, &pod(template)).await.unwrap();
    }
    // The namespace does refuse what is not restricted.
    let mut root = operator.clone();
    root["spec"]["containers"][0]["securityContext"]["capabilities"] = json!({});
    let refused = pods.create(&dry, &pod(&root)).await.unwrap_err().to_string();
    assert!(refused.contains("violates PodSecurity \"restricted"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn services_and_budgets_find_the_operator_s_pods_and_no_others() {
    let [flag, values] = everything();
    let objects = objects(&[&flag, &values]).await;
    let name = super::helm::RELEASE;
    let operator = &the(&objects, "Deployment", name)["spec"];
    let labels = &operator["template"]["metadata"]["labels"];
    let check = &the(&objects, "Pod", &format!("{name}-check"))["metadata"]["labels"];
    let finds = |selector: &Value, labels: &Value| {
        selector.as_object().unwrap().iter().all(|(key, value)| labels[key] == *value)
    };
    for selector in [
        &operator["selector"]["matchLabels"],
        &the(&objects, "Service", name)["spec"]["selector"],
        &the(&objects, "PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"],
    ] {
        assert!(finds(selector, labels) && !finds(selector, check), "{selector}");
    }
    let policy = &the(&objects, "NetworkPolicy", name)["spec"]["podSelector"]["matchLabels"];
    assert!(finds(policy, labels) && finds(policy, check), "{policy}");
    let monitor = &the(&objects, "ServiceMonitor", name)["spec"]["selector"]["matchLabels"];
    assert!(finds(monitor, &the(&objects, "Service", name)["metadata"]["labels"]), "{monitor}");
    assert!(objects.iter().all(|object| object["metadata"]["namespace"] != "default"));
    assert_eq!(the(&objects, "Service", name)["metadata"]["namespace"], NAMESPACE);
}
