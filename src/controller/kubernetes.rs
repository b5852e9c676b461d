//! What the operator writes to Kubernetes, all of it as one field manager.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, ObjectMeta};
use kube::runtime::events::{Event as Entry, EventType, Recorder, Reporter};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::record::Record;
use super::stored::Stored;
use crate::api::{FINALIZER, INTENT, VideoPipeline, VideoPipelineStatus};
use crate::report;

/// Under which name the operator writes.
pub const MANAGER: &str = "video-pipeline-operator";

/// How long the answer to one request is waited for. It comes in milliseconds, where webhooks are slow in some seconds, and on a
/// connection that went silent never: the node behind it is lost, or a load balancer has forgotten it. Meanwhile a pass
/// keeps its environment and its place from others.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Nobody answered, and nobody said so.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {within:?} when asked to {what}")]
struct Unanswered {
    what: &'static str,
    within: Duration,
}

/// What comes of a `request` to the API server, which ends in time also where nobody answers.
pub(super) async fn answered<T>(
    what: &'static str,
    within: Duration,
    request: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, kube::Error> {
    let result = tokio::time::timeout(within, request).await;
    result.unwrap_or_else(|_| Err(kube::Error::Service(Unanswered { what, within }.into())))
}

/// True iff somebody else was faster.
pub(super) fn is_conflict(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(refused) if refused.code == 409)
}

/// Writes to the resources. Clones share the client.
#[derive(Clone)]
pub struct Kubernetes {
    client: Client,
    recorder: Recorder,
    /// How long the answer to one request is waited for.
    patience: Duration,
}

/// The resource's type, for requests that do not look into it.
pub fn resource_type() -> ApiResource {
    ApiResource::erase::<VideoPipeline>(&())
}

impl Kubernetes {
    /// Writes through `client`.
    pub fn new(client: Client) -> Self {
        let instance = std::env::var("HOSTNAME").ok();
        let recorder = Recorder::new(client.clone(), Reporter { controller: MANAGER.into(), instance });
        Self { client, recorder, patience: PATIENCE }
    }

    /// Writes the record and the finalizer, unless somebody changed the resource since it was read.
    ///
    /// # Errors
    /// The resource was changed, or Kubernetes refused.
    pub async fn record(&self, resource: &Stored, record: &Record) -> Result<Stored, kube::Error> {
        let text = record.text().map_err(kube::Error::SerdeError)?;
        let finalizers = finalizers(&resource.meta, true);
        let metadata = json!({ "finalizers": finalizers, "annotations": { INTENT: text } });
        self.keep("write the intent", resource, metadata).await
    }

    async fn keep(
        &self,
        what: &'static str,
        resource: &Stored,
        mut metadata: Value,
    ) -> Result<Stored, kube::Error> {
        metadata["resourceVersion"] = json!(resource.meta.resource_version);
        let written = self.patch(what, resource, &json!({ "metadata": metadata })).await?;
        // The status is what this pass compares with, also where the cache knows another.
        let mut written = Stored::of(&written);
        written.status = resource.status.clone();
        Ok(written)
    }

    /// Writes the finalizer alone, unless somebody changed the resource since it was read.
    ///
    /// # Errors
    /// The resource was changed, or Kubernetes refused.
    pub async fn add_finalizer(&self, resource: &Stored) -> Result<Stored, kube::Error> {
        let metadata = json!({ "finalizers": finalizers(&resource.meta, true) });
        self.keep("write the finalizer", resource, metadata).await
    }

    /// Removes the finalizer and the record.
    ///
    /// # Errors
    /// Kubernetes refused.
    pub async fn remove_finalizer(&self, resource: &Stored) -> Result<(), kube::Error> {
        let metadata = json!({
            "resourceVersion": resource.meta.resource_version,
            "finalizers": finalizers(&resource.meta, false),
            "annotations": { INTENT: null },
        });
        match self.patch("remove the finalizer", resource, &json!({ "metadata": metadata })).await {
            Err(kube::Error::Api(refused)) if refused.code == 404 => Ok(()),
            result => result.map(|_| ()),
        }
    }

    /// Writes the status, and returns the version that the resource has then; that which it had, where somebody has changed it
    /// meanwhile: what is known of it is not of the new one.
    ///
    /// # Errors
    /// Kubernetes refused.
    pub async fn write_status(
        &self,
        resource: &Stored,
        status: &VideoPipelineStatus,
    ) -> Result<Option<String>, kube::Error> {
        let kind = resource_type();
        let body = json!({
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": { "name": resource.meta.name },
            "status": status.to_bounded_json().map_err(kube::Error::SerdeError)?,
        });
        let written = async {
            if is_shared(&resource.meta) {
                self.clear_status(resource).await?;
            }
            let params = PatchParams::apply(MANAGER).force();
            self.patch_status("write the status", resource, params, &Patch::Apply(&body)).await
        };
        match written.await {
            // It went meanwhile.
            Err(kube::Error::Api(refused)) if refused.code == 404 => Ok(None),
            result => result.map(|written| match is_as_it_was(&written.metadata, &resource.meta) {
                true => written.metadata.resource_version,
                false => resource.meta.resource_version.clone(),
            }),
        }
    }

    /// Takes the status from everybody who has written it.
    async fn clear_status(&self, resource: &Stored) -> Result<(), kube::Error> {
        let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
        let nothing = json!({ "status": null });
        let patch = Patch::Merge(&nothing);
        self.patch_status("take the status from others", resource, params, &patch).await.map(drop)
    }

    /// Publishes events. One that cannot be written is lost: the status says the same.
    pub async fn publish(&self, resource: &Stored, events: &[report::Event]) {
        let about = reference(resource);
        for event in events {
            let entry = entry(event);
            let published = self.answered("publish an event", self.recorder.publish(&entry, &about));
            if let Err(error) = published.await {
                tracing::warn!(error = %error, reason = %event.reason, "an event could not be written");
            }
        }
    }

    async fn patch(
        &self,
        what: &'static str,
        resource: &Stored,
        body: &Value,
    ) -> Result<DynamicObject, kube::Error> {
        let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
        let (api, body) = (self.api(resource), Patch::Merge(body));
        self.answered(what, api.patch(resource.reference().1, &params, &body)).await
    }

    async fn patch_status(
        &self,
        what: &'static str,
        resource: &Stored,
        params: PatchParams,
        body: &Patch<&Value>,
    ) -> Result<DynamicObject, kube::Error> {
        let api = self.api(resource);
        self.answered(what, api.patch_status(resource.reference().1, &params, body)).await
    }

    /// Every request passes here.
    async fn answered<T>(
        &self,
        what: &'static str,
        request: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, kube::Error> {
        answered(what, self.patience, request).await
    }

    fn api(&self, resource: &Stored) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), resource.reference().0, &resource_type())
    }
}

/// Whether all that a pass goes by, or writes whole, is as it was.
fn is_as_it_was(now: &ObjectMeta, then: &ObjectMeta) -> bool {
    now.finalizers == then.finalizers
        && now.annotations == then.annotations
        && now.generation == then.generation
        && now.deletion_timestamp == then.deletion_timestamp
}

fn finalizers(meta: &ObjectMeta, ours: bool) -> Vec<String> {
    let others = meta.finalizers.iter().flatten().filter(|finalizer| *finalizer != FINALIZER);
    others.cloned().chain(ours.then(|| FINALIZER.to_owned())).collect()
}

/// Whether others have written the status too, as those do who restore a backup. Of a row that goes, the fields that are
/// theirs would stay for ever, and what is left of it is nothing that Kubernetes takes.
/// <https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>
fn is_shared(meta: &ObjectMeta) -> bool {
    let has_status = |fields: &Value| fields.get("f:status").is_some();
    let entries = meta.managed_fields.iter().flatten();
    entries
        .filter(|entry| entry.fields_v1.as_ref().is_some_and(|fields| has_status(&fields.0)))
        .any(|entry| entry.manager.as_deref() != Some(MANAGER) || entry.operation.as_deref() != Some("Apply"))
}

fn reference(resource: &Stored) -> ObjectReference {
    let ApiResource { api_version, kind, .. } = resource_type();
    ObjectReference {
        api_version: Some(api_version),
        kind: Some(kind),
        name: resource.meta.name.clone(),
        namespace: resource.meta.namespace.clone(),
        uid: resource.meta.uid.clone(),
        ..ObjectReference::default()
    }
}

fn entry(event: &report::Event) -> Entry {
    Entry {
        type_: match event.type_ {
            report::EventType::Normal => EventType::Normal,
            report::EventType::Warning => EventType::Warning,
        },
        reason: event.reason.to_string(),
        note: Some(shortened(&event.message)),
        action: "Reconcile".into(),
        secondary: None,
    }
}

/// Kubernetes takes 1024 bytes for the note of an event.
/// <https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/>
fn shortened(message: &str) -> String {
    const MOST: usize = 1024;
    if message.len() <= MOST {
        return message.to_owned();
    }
    let end =
        (0..=MOST - '…'.len_utf8()).rev().find(|end| message.is_char_boundary(*end)).unwrap_or_default();
    format!("{}…", &message[..end])
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::pending;

    use ::http::{Request, Response};
    use kube::client::Body;

    use super::*;
    use crate::report::{Event, EventReason, EventType};

    fn resource() -> Stored {
        let object = json!({
            "apiVersion": resource_type().api_version, "kind": resource_type().kind,
            "metadata": { "namespace": "media", "name": "dev", "uid": "1", "finalizers": [FINALIZER] },
        });
        Stored::of(&serde_json::from_value(object).unwrap())
    }

    /// The version of the resource that a pass goes on with whose status was written when the finalizers were these.
    async fn version_with(finalizers: &[&str]) -> Option<String> {
        let mut resource = resource();
        resource.meta.resource_version = Some("1".to_owned());
        let kind = resource_type();
        let written = json!({
            "apiVersion": kind.api_version, "kind": kind.kind,
            "metadata": { "namespace": "media", "name": "dev", "resourceVersion": "3", "finalizers": finalizers },
        });
        let answer = move |_: Request<Body>| {
            let body = Body::from(written.to_string().into_bytes());
            async { Ok::<_, Infallible>(Response::new(body)) }
        };
        let kubernetes = Kubernetes::new(Client::new(tower::service_fn(answer), "default"));
        kubernetes.write_status(&resource, &VideoPipelineStatus::default()).await.unwrap()
    }

    #[tokio::test]
    async fn what_somebody_else_wrote_meanwhile_is_not_overwritten_by_what_was_read_before() {
        assert_eq!(version_with(&[FINALIZER]).await.as_deref(), Some("3"));
        let another = version_with(&[FINALIZER, "backup.example/keep"]).await;
        assert_eq!(another.as_deref(), Some("1"), "the next write would remove the other finalizer");
    }

    #[tokio::test]
    async fn where_nobody_answers_every_request_ends_in_time_and_says_what_it_was() {
        let silent = |_: Request<Body>| pending::<Result<Response<Body>, Infallible>>();
        let client = Client::new(tower::service_fn(silent), "default");
        let kubernetes = Kubernetes { patience: Duration::from_millis(5), ..Kubernetes::new(client) };
        let resource = resource();
        let ended = [
            kubernetes.record(&resource, &Record::default()).await.map(drop),
            kubernetes.add_finalizer(&resource).await.map(drop),
            kubernetes.remove_finalizer(&resource).await,
            kubernetes.write_status(&resource, &VideoPipelineStatus::default()).await.map(drop),
        ];
        let said = ended.map(|ended| ended.unwrap_err().to_string());
        let what = ["write the intent", "write the finalizer", "remove the finalizer", "write the status"];
        assert_eq!(said, what.map(|what| format!("ServiceError: no answer within 5ms when asked to {what}")));
        // One that cannot be written is lost.
        let (type_, reason) = (EventType::Normal, EventReason::Deleted);
        let event = Event { type_, reason, message: "nothing is left".to_owned() };
        kubernetes.publish(&resource, &[event]).await;
    }
}
