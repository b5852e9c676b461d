//! The resource, as the sandbox meets it: without the operator's types, as any other program would.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::Value;

use crate::{checkout, file, install_crd};

/// Its definition, within the checkout.
pub(crate) const DEFINITION: &str = "crds/videopipelines.streamflix.io.yaml";
/// The pipeline that the README begins with, within the checkout.
pub(crate) const EXAMPLE: &str = "pipeline-dev.yaml";

/// Has Kubernetes know it.
pub(crate) async fn define(client: &Client) -> Result<(), crate::Error> {
    let definition: CustomResourceDefinition = file::read_yaml(&checkout().join(DEFINITION))?;
    Ok(install_crd(client, &definition).await?)
}

/// The pipeline that the README begins with.
pub(crate) fn example() -> Result<DynamicObject, file::Error> {
    file::read_yaml(&checkout().join(EXAMPLE))
}

/// All of a namespace.
pub(crate) fn api(client: &Client, namespace: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("streamflix.io", "v1alpha1", "VideoPipeline");
    Api::namespaced_with(client.clone(), namespace, &ApiResource::from_gvk(&kind))
}

/// The message of a condition that is true; `None` for one that is not.
pub fn holds<'a>(pipeline: &'a DynamicObject, condition: &str) -> Option<&'a str> {
    let conditions = pipeline.data.pointer("/status/conditions").and_then(Value::as_array)?;
    let holds = |other: &&Value| other["type"] == condition && other["status"] == "True";
    let message = conditions.iter().find(holds)?["message"].as_str();
    Some(message.unwrap_or_default())
}
