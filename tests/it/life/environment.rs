//! One environment: its resource in Kubernetes, and all that was ever seen of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};
use video_pipeline_operator::controller::resource_type;

use super::lab::Lab;

/// How long anything may take; the machine may be busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// How often something is looked at that is waited for.
pub const POLL: Duration = Duration::from_millis(50);

/// A resource and its environment. The suffix is also the resource's name, unless it was made under another.
pub struct Environment<'l> {
    pub lab: &'l Lab,
    pub name: String,
    pub suffix: String,
    api: Api<DynamicObject>,
    seen: Arc<Mutex<Vec<Value>>>,
}

/// The smallest spec under `suffix`, with `changes` merged in.
pub fn spec(suffix: &str, changes: Value) -> Value {
    let mut spec = json!({
        "environmentSuffix": suffix,
        "region": "eu-west-1",
        "processing": { "image": "registry.example/worker:1" },
    });
    merge(&mut spec, changes);
    spec
}

fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, value) in changes {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, changes) => *into = changes,
    }
}

impl<'l> Environment<'l> {
    /// Creates the resource `suffix` for the environment of that suffix.
    pub async fn create(lab: &'l Lab, suffix: &str, changes: Value) -> Self {
        Self::create_as(lab, suffix, suffix, json!({}), changes).await
    }

    /// Creates a resource with annotations.
    pub async fn create_as(
        lab: &'l Lab,
        name: &str,
        suffix: &str,
        annotations: Value,
        changes: Value,
    ) -> Self {
        let environment = Self::of(lab, name, suffix).await;
        let object = json!({
            "apiVersion": "streamflix.io/v1alpha1",
            "kind": "VideoPipeline",
            "metadata": { "name": name, "annotations": annotations },
            "spec": spec(suffix, changes),
        });
        let object = serde_json::from_value(object).unwrap();
        environment.api.create(&PostParams::default(), &object).await.unwrap();
        environment
    }

    async fn of(lab: &'l Lab, name: &str, suffix: &str) -> Self {
        let api = Api::namespaced_with(lab.client().await, lab.namespace, &resource_type());
        let seen = Arc::default();
        tokio::spawn(follow(api.clone(), name.to_owned(), Arc::clone(&seen)));
        Self { lab, name: name.to_owned(), suffix: suffix.to_owned(), api, seen }
    }

    /// The resource as it is.
    pub async fn get(&self) -> Value {
        serde_json::to_value(self.api.get(&self.name).await.unwrap()).unwrap()
    }

    /// Changes the spec.
    pub async fn edit(&self, spec: Value) {
        self.patch(json!({ "spec": spec })).await;
    }

    /// Changes anything but the status.
    pub async fn patch(&self, change: Value) {
        self.api.patch(&self.name, &PatchParams::default(), &Patch::Merge(&change)).await.unwrap();
    }

    /// The subresource `status` or `scale`, changed.
    pub async fn patch_subresource(&self, subresource: &str, change: Value) {
        let (change, params) = (Patch::Merge(&change), PatchParams::default());
        self.api.patch_subresource(subresource, &self.name, &params, &change).await.unwrap();
    }

    /// Waits until the resource is as described, and returns it.
    pub async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let object = self.get().await;
            if holds(&object) {
                return object;
            }
            assert!(begun.elapsed() < PATIENCE, "{} is not {what}: {}", self.name, summary(&object));
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the environment is as its present spec says.
    pub async fn ready(&self) -> Value {
        self.until("ready and at rest", |object| is_settled(object) && holds(object, "Ready")).await
    }

    /// Waits until a condition has a reason, for the present spec, and returns its message.
    pub async fn condition(&self, type_: &str, status: &str, reason: &str) -> String {
        let what = format!("{type_}={status} because of {reason}");
        let object = self
            .until(&what, |object| {
                let condition = condition(object, type_);
                is_observed(object) && condition["status"] == status && condition["reason"] == reason
            })
            .await;
        condition(&object, type_)["message"].as_str().unwrap_or_default().to_owned()
    }

    /// Asks for the deletion.
    pub async fn delete(&self) {
        self.api.delete(&self.name, &DeleteParams::default()).await.unwrap();
    }

    /// Waits until the resource is gone.
    pub async fn gone(&self) {
        let begun = Instant::now();
        while let Some(object) = self.api.get_opt(&self.name).await.unwrap() {
            let object = serde_json::to_value(object).unwrap();
            assert!(begun.elapsed() < PATIENCE, "{} does not go: {}", self.name, summary(&object));
            tokio::time::sleep(POLL).await;
        }
    }

    /// Whether the resource is still there.
    pub async fn exists(&self) -> bool {
        self.api.get_opt(&self.name).await.unwrap().is_some()
    }

    /// Deletes the resource; waits until it is gone, and nothing of its environment is left in the account.
    pub async fn delete_to_the_end(&self) {
        self.delete().await;
        self.gone().await;
        let left = self.lab.account.everything_of(&self.suffix);
        assert!(left.is_empty(), "{} left behind: {left:#?}", self.name);
    }

    /// What stands in AWS.
    pub fn in_aws(&self) -> Value {
        self.lab.account.environment(&self.suffix)
    }

    /// Every state of the resource since `mark`, a number of states.
    pub fn seen_since(&self, mark: usize) -> Vec<Value> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).iter().skip(mark).cloned().collect()
    }

    /// How many states of the resource were seen.
    pub fn mark(&self) -> usize {
        self.seen_since(0).len()
    }

    /// Waits until the resource was once, since `mark`, as described, be it ever so short.
    pub async fn has_been(&self, mark: usize, what: &str, held: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            if let Some(object) = self.seen_since(mark).into_iter().find(|object| held(object)) {
                return object;
            }
            let states: Vec<_> = self.seen_since(mark).iter().map(summary).collect();
            assert!(begun.elapsed() < PATIENCE, "{} has not been {what}: {states:#?}", self.name);
            tokio::time::sleep(POLL).await;
        }
    }

    /// The reasons and texts of the resource's events.
    pub async fn events(&self) -> Vec<(String, String)> {
        let api: Api<k8s_openapi::api::events::v1::Event> =
            Api::namespaced(self.lab.client().await, self.lab.namespace);
        let events = api.list(&ListParams::default()).await.unwrap();
        let mine = events.items.into_iter().filter(|event| {
            event.regarding.as_ref().and_then(|about| about.name.as_ref()) == Some(&self.name)
        });
        mine.map(|event| (event.reason.unwrap_or_default(), event.note.unwrap_or_default())).collect()
    }
}

/// Notes every state of the resource.
async fn follow(api: Api<DynamicObject>, name: String, seen: Arc<Mutex<Vec<Value>>>) {
    let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let mut states = std::pin::pin!(watcher(api, config).applied_objects());
    while let Some(state) = states.next().await {
        let state = state.ok().and_then(|object| serde_json::to_value(object).ok());
        seen.lock().unwrap_or_else(PoisonError::into_inner).extend(state);
    }
}

/// A condition of a resource; null where it has none of that type.
pub fn condition<'o>(object: &'o Value, type_: &str) -> &'o Value {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().find(|condition| condition["type"] == type_).unwrap_or(&Value::Null)
}

/// A row of the list of resources; null where there is none.
pub fn row<'o>(object: &'o Value, address: &str) -> &'o Value {
    let rows = object["status"]["resources"].as_array().into_iter().flatten();
    rows.into_iter().find(|row| row["address"] == address).unwrap_or(&Value::Null)
}

/// Whether a condition is true.
pub fn holds(object: &Value, type_: &str) -> bool {
    condition(object, type_)["status"] == "True"
}

/// Whether the status speaks of the present spec.
pub fn is_observed(object: &Value) -> bool {
    object["status"]["observedGeneration"] == object["metadata"]["generation"]
}

/// Whether the operator has come to rest with the present spec.
pub fn is_settled(object: &Value) -> bool {
    is_observed(object) && condition(object, "Reconciling")["status"] == "False"
}

/// What a failed test shows of a resource.
pub fn summary(object: &Value) -> String {
    let status = &object["status"];
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let texts = conditions.map(|c| format!("{}={} {} {}", c["type"], c["status"], c["reason"], c["message"]));
    let mut lines = vec![format!("{} {}", status["phase"], status["message"])];
    lines.extend(texts);
    lines.join("\n  ")
}
