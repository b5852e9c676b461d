//! A team: a namespace, and what it asks for in it.

use kube::Api;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use sandbox::pipeline;
use serde_json::{Value, json};
use video_pipeline_operator::controller::resource_type;

use crate::faults::stage::{Stage, manifest};

/// What each team calls its environment.
pub const NAME: &str = "dev";

/// A namespace.
pub struct Team<'s> {
    stage: &'s Stage,
    api: Api<DynamicObject>,
}

impl<'s> Team<'s> {
    pub fn of(stage: &'s Stage, namespace: &str) -> Self {
        let api = Api::namespaced_with(stage.client.clone(), namespace, &resource_type());
        Self { stage, api }
    }

    /// Asks for an environment with more fields than it needs, and these annotations.
    pub async fn asks(&self, more: &Value, annotations: &Value) {
        let mut object = manifest(NAME, more);
        object["metadata"]["annotations"] = annotations.clone();
        self.api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    }

    /// Changes what it asks for.
    pub async fn patches(&self, patch: Value) {
        self.api.patch(NAME, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    /// Lets the environment go, and leaves what is in AWS there.
    pub async fn retains(&self) {
        self.patches(json!({ "spec": { "deletionPolicy": "Retain" } })).await;
    }

    pub async fn deletes(&self) {
        self.api.delete(NAME, &DeleteParams::default()).await.unwrap();
    }

    pub async fn status(&self) -> Value {
        self.api.get(NAME).await.unwrap().data["status"].clone()
    }

    pub async fn is_ready(&self) {
        let is_ready = async || pipeline::holds(&self.api.get(NAME).await.unwrap(), "Ready").is_some();
        self.stage.until("the environment is ready", is_ready).await;
    }

    pub async fn is_gone(&self) {
        let is_gone = async || self.api.get_opt(NAME).await.unwrap().is_none();
        self.stage.until("the resource is gone", is_gone).await;
    }

    /// Waits until nobody can help it but a person, for this reason; what is said.
    pub async fn is_stalled(&self, reason: &str, word: &str) -> String {
        let mut said = String::new();
        let so = async || {
            let status = self.status().await;
            let conditions = status["conditions"].as_array().into_iter().flatten();
            let mut stalled = conditions.filter(|one| one["type"] == "Stalled" && one["status"] == "True");
            said = stalled
                .next()
                .filter(|one| one["reason"] == reason)
                .map(|one| one["message"].to_string())
                .unwrap_or_default();
            said.contains(word)
        };
        self.stage.until(&format!("{reason} with {word}"), so).await;
        said
    }
}
