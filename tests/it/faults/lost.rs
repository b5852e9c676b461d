//! The cluster is lost, and with it all that Kubernetes knew; the same manifests are applied in another one.

use kube::Api;
use kube::api::{DeleteParams, DynamicObject, PostParams};
use sandbox::{Operator, pipeline};
use serde_json::json;
use video_pipeline_operator::controller::resource_type;

use super::inventory::inventory;
use super::stage::{Stage, manifest};
use crate::support::account::Account;
use crate::support::control_plane::{self, create_namespace, empty_folder};

const NAME: &str = "dev";

#[tokio::test(flavor = "multi_thread")]
async fn another_cluster_of_its_name_finds_everything_and_makes_nothing() {
    let stage = Stage::set("lost-cluster").await;
    let account = Account::open(stage.aws.endpoint()).await;
    let operator = stage.start("lost", &[]).await;
    stage.create(NAME).await;
    stage.ready(NAME).await;
    drop(operator);
    let (before, mutations) = (inventory(&account), stage.mutations().len());

    let other = control_plane::start(&empty_folder("faults/another-cluster")).await;
    let client = other.client().await.unwrap();
    create_namespace(&client, &stage.namespace).await;
    let mut options = stage.operator("found", &[]);
    options.kubeconfig = other.kubeconfig().to_path_buf();
    let operator = Operator::start(&options).await.unwrap();
    let resources: Api<DynamicObject> = Api::namespaced_with(client, &stage.namespace, &resource_type());
    let object = serde_json::from_value(manifest(NAME, &json!({}))).unwrap();
    resources.create(&PostParams::default(), &object).await.unwrap();
    let is_ready = async || pipeline::holds(&resources.get(NAME).await.unwrap(), "Ready").is_some();
    stage.until("it is ready again", is_ready).await;
    assert_eq!(inventory(&account), before);
    let changed = &stage.mutations()[mutations..];
    assert!(changed.is_empty(), "something was changed: {changed:?}");

    resources.delete(NAME, &DeleteParams::default()).await.unwrap();
    stage.until("it is gone", async || resources.get_opt(NAME).await.unwrap().is_none()).await;
    assert_eq!(account.leftovers(), [""; 0]);
    drop(operator);
    other.stop();
}
