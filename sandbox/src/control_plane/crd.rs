//! Installs a CustomResourceDefinition.

use std::time::{Duration, Instant};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::runtime::conditions::is_crd_established;
use kube::runtime::wait::await_condition;
use kube::{Api, Client};

use super::{Error, said};

/// How long Kubernetes may take to serve a new resource.
const SERVED: Duration = Duration::from_secs(30);

/// Installs a definition, or brings an installed one up to date, and returns when its resources can be listed.
///
/// # Errors
///
/// When Kubernetes refuses it, or does not serve it in time.
pub async fn install_crd(client: &Client, definition: &CustomResourceDefinition) -> Result<(), Error> {
    let name = definition.metadata.name.clone().unwrap_or_default();
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let apply = PatchParams::apply("sandbox").force();
    let applied = api.patch(&name, &apply, &Patch::Apply(definition)).await;
    applied.map_err(|error| failed(&name, said(error)))?;

    let established = tokio::time::timeout(SERVED, await_condition(api, &name, is_crd_established())).await;
    established.map_err(|_| Error::NotServed(name.clone()))?.map_err(|error| failed(&name, error.into()))?;
    // Established says that it will be served; the server's own cache may still lag.
    let resources: Api<DynamicObject> = Api::all_with(client.clone(), &resource(definition));
    let started = Instant::now();
    while resources.list(&ListParams::default().limit(1)).await.is_err() {
        if started.elapsed() > SERVED {
            return Err(Error::NotServed(name));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// The resource that a definition defines, at its stored version.
fn resource(definition: &CustomResourceDefinition) -> ApiResource {
    let spec = &definition.spec;
    let version = spec.versions.iter().find(|version| version.storage).map(|version| version.name.as_str());
    let kind = GroupVersionKind::gvk(&spec.group, version.unwrap_or_default(), &spec.names.kind);
    ApiResource::from_gvk_with_plural(&kind, &spec.names.plural)
}

fn failed(name: &str, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Kubernetes { what: format!("install the definition {name}"), source }
}
