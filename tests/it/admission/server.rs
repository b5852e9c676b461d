//! The verdict of a real API server.

use std::sync::atomic::{AtomicUsize, Ordering};

use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::core::response::StatusCause;
use kube::{Api, Client};
use sandbox::ControlPlane;
use serde_json::Value;
use video_pipeline_operator::api::VideoPipeline;

use super::case::Case;
use crate::support::control_plane;

/// A control plane that serves VideoPipelines, and nobody who acts on them.
pub struct Server {
    pub plane: &'static ControlPlane,
    pub client: Client,
    pub pipelines: Api<DynamicObject>,
}

/// One reason for which the API server refuses something.
#[derive(Clone, Debug)]
pub struct Cause {
    pub field: String,
    pub message: String,
}

/// What stands for the field where an error is about none.
const NO_FIELD: &str = "<nil>";
/// What the API server adds to an error that it has told already: that it checked no rules, that a number has no format,
/// and that the value cannot be scaled.
const ECHOES: [&str; 3] =
    ["some validation rules were not checked", "Checked value must be of type", "accessor error"];

impl Server {
    /// The one that all tests share, by a client of the calling test. Every operator keeps to its own namespace.
    pub async fn shared() -> Self {
        let plane = control_plane::shared().await;
        let client = plane.client().await.unwrap();
        let resource = ApiResource::erase::<VideoPipeline>(&());
        let pipelines = Api::namespaced_with(client.clone(), "default", &resource);
        Self { plane, client, pipelines }
    }

    /// What it refuses of a case; nothing when it accepts it. Nothing is stored but what a change starts from.
    pub async fn verdict(&self, case: &Case) -> Vec<Cause> {
        let dry = PostParams { dry_run: true, ..PostParams::default() };
        let mut new = case.new.clone();
        let answer = match &case.old {
            None => self.pipelines.create(&dry, &object(new)).await,
            Some(old) => {
                let stored = self.store(old).await;
                let name = stored.metadata.name.clone().unwrap();
                new["metadata"] = serde_json::to_value(&stored.metadata).unwrap();
                self.pipelines.replace(&name, &dry, &object(new)).await
            }
        };
        answer.map_or_else(causes, |_| Vec::new())
    }

    /// Stores a resource under a name of its own.
    pub async fn store(&self, document: &Value) -> DynamicObject {
        static STORED: AtomicUsize = AtomicUsize::new(0);
        let mut document = document.clone();
        document["metadata"]["name"] = format!("case-{}", STORED.fetch_add(1, Ordering::Relaxed)).into();
        self.pipelines.create(&PostParams::default(), &object(document)).await.unwrap()
    }

    /// What it says when it is asked to refuse fields that it does not know; nothing when there are none.
    pub async fn strictly(&self, document: &Value) -> String {
        let path = "/apis/streamflix.io/v1alpha1/namespaces/default/videopipelines?dryRun=All&fieldValidation=Strict";
        let request = http::Request::post(path).header("content-type", "application/json");
        let request = request.body(serde_json::to_vec(document).unwrap()).unwrap();
        let answer = self.client.request::<Value>(request).await;
        answer.map_or_else(|error| error.to_string(), |_| String::new())
    }
}

fn object(document: Value) -> DynamicObject {
    serde_json::from_value(document).unwrap()
}

fn causes(error: kube::Error) -> Vec<Cause> {
    let kube::Error::Api(status) = error else { panic!("the API server does not answer: {error}") };
    let details = status.details.unwrap_or_else(|| panic!("no details: {}", status.message));
    assert!(!details.causes.is_empty(), "no causes: {}", status.message);
    let echo = |cause: &StatusCause| ECHOES.iter().any(|echo| cause.message.contains(echo));
    let causes = details.causes.into_iter().filter(|cause| !echo(cause));
    // The field that is scaled is checked a second time, under a path of another spelling.
    let field = |field: &str| match field {
        NO_FIELD => String::new(),
        field => field.trim_start_matches('.').to_owned(),
    };
    causes.map(|cause| Cause { field: field(&cause.field), message: cause.message }).collect()
}
