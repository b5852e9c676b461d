//! The sandbox itself: a real control plane and the stand-in, started, used and gone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic, also in its helpers")]

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use kube::{Api, Client};
use sandbox::{ControlPlane, StandIn, StandInOptions, install_crd};
use serde_json::{Value, json};

fn config_map(name: &str, owner: Option<&ConfigMap>) -> ConfigMap {
    let owner_references = owner.map(|owner| {
        vec![OwnerReference {
            api_version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
            name: owner.metadata.name.clone().unwrap(),
            uid: owner.metadata.uid.clone().unwrap(),
            ..Default::default()
        }]
    });
    let metadata = ObjectMeta { name: Some(name.to_owned()), owner_references, ..Default::default() };
    ConfigMap { metadata, data: Some(BTreeMap::new()), ..Default::default() }
}

async fn until_gone<K>(api: &Api<K>, name: &str)
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    for _ in 0..600 {
        if api.get_opt(name).await.unwrap().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{name} is still there");
}

fn widgets() -> CustomResourceDefinition {
    serde_json::from_value(json!({
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }],
        },
    }))
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_serves_collects_and_counts_writes_and_is_gone_when_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let control_plane = ControlPlane::start(folder.path()).await.unwrap();
    let client = control_plane.client().await.unwrap();

    install_crd(&client, &widgets()).await.unwrap();
    install_crd(&client, &widgets()).await.unwrap();

    garbage_is_collected(&client).await;
    namespaces_are_deleted(&client).await;

    let writes = control_plane.writes().unwrap();
    let mine: Vec<_> =
        writes.iter().filter(|write| write.user == "admin" && write.verb == "create").collect();
    assert!(mine.iter().any(|write| write.resource == "configmaps" && write.status == 201), "{mine:?}");
    assert!(!control_plane.writes_by("kube-controller-manager").unwrap().is_empty());
    assert!(control_plane.writes_by("somebody else").unwrap().is_empty());

    control_plane.stop();
    assert!(client.apiserver_version().await.is_err());
}

async fn garbage_is_collected(client: &Client) {
    let api: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let owner = api.create(&PostParams::default(), &config_map("owner", None)).await.unwrap();
    api.create(&PostParams::default(), &config_map("owned", Some(&owner))).await.unwrap();
    api.delete("owner", &DeleteParams::default()).await.unwrap();
    until_gone(&api, "owned").await;
}

async fn namespaces_are_deleted(client: &Client) {
    let api: Api<Namespace> = Api::all(client.clone());
    let metadata = ObjectMeta { name: Some("short-lived".to_owned()), ..Default::default() };
    let namespace = Namespace { metadata, ..Default::default() };
    api.create(&PostParams::default(), &namespace).await.unwrap();
    api.delete("short-lived", &DeleteParams::default()).await.unwrap();
    until_gone(&api, "short-lived").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stand_in_is_steered_and_logs_nothing_but_calls_of_aws() {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = StandIn::start(StandInOptions::quick(folder.path())).await.unwrap();
    assert_eq!(stand_in.control("GET", "health", Value::Null).await.unwrap()["status"], "ok");
    stand_in.control("PUT", "latency", json!({"ms": 1})).await.unwrap();
    stand_in.reset().await.unwrap();
    let refused = stand_in.control("PUT", "durations", json!({"no.such": 1})).await.unwrap_err();
    assert!(refused.to_string().contains("unknown durations: no.such"), "{refused}");
    assert!(stand_in.calls().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_aws_are_read_off_the_call_log() {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = StandIn::start(StandInOptions::quick(folder.path())).await.unwrap();
    let mut python = sandbox::assets::python_command("standin").await.unwrap();
    python.args(["-c", "import boto3; boto3.client('ec2').create_vpc(CidrBlock='10.0.0.0/16')"]);
    let status = python.envs(sandbox::operator::aws_environment(stand_in.endpoint())).status().unwrap();
    assert!(status.success());
    let calls = stand_in.calls().unwrap();
    let actions: Vec<_> = calls.iter().map(|call| (call.action(), call.mutating, call.status)).collect();
    assert_eq!(actions, [("ec2:CreateVpc".to_owned(), true, 200)]);
}
