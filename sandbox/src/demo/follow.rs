//! Follows a VideoPipeline until it is ready, as anybody can who may read it.

use std::time::{Duration, Instant};

use kube::Client;
use kube::api::DynamicObject;
use serde_json::Value;

use crate::console::{Step, duration};
use crate::pipeline::{self, holds};

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Which one.
#[derive(Clone, Debug)]
pub(super) struct Pipeline {
    pub name: String,
    pub namespace: String,
}

/// Where it stands.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// On its way, and at what.
    Underway(String),
    /// As wanted, with so many resources.
    Ready(String),
    /// It does not go on without a person, and why.
    Stalled(String),
}

/// Shows what a pipeline is at until it is ready, and returns how many resources it has; else why it is not.
pub(super) async fn until_ready(
    client: &Client,
    pipeline: &Pipeline,
    limit: Duration,
    step: &Step,
    mut operator_ended: impl FnMut() -> bool,
) -> Result<String, String> {
    let api = pipeline::api(client, &pipeline.namespace);
    let started = Instant::now();
    let mut at = String::new();
    while started.elapsed() < limit {
        if operator_ended() {
            return Err("the operator ended".to_owned());
        }
        match api.get(&pipeline.name).await.map(|object| standing(&object)) {
            Ok(Standing::Ready(resources)) => return Ok(resources),
            Ok(Standing::Stalled(why)) => {
                return Err(format!("{} cannot become ready: {why}", pipeline.name));
            }
            Ok(Standing::Underway(note)) => at = note,
            Err(error) => at = format!("cannot read it: {error}"),
        }
        step.note(at.as_str());
        tokio::time::sleep(LOOK).await;
    }
    Err(format!("{} was not ready within {}: {at}", pipeline.name, duration(limit)))
}

fn standing(object: &DynamicObject) -> Standing {
    let status = object.data.get("status").unwrap_or(&Value::Null);
    let text = |field: &str| status.get(field).and_then(Value::as_str).unwrap_or_default();
    let seen = status.get("observedGeneration").and_then(Value::as_i64);
    if seen != object.metadata.generation {
        return Standing::Underway("the operator has not seen it yet".to_owned());
    }
    if holds(object, "Ready").is_some() {
        return Standing::Ready(text("resourcesReady").to_owned());
    }
    if let Some(why) = holds(object, "Stalled") {
        return Standing::Stalled(why.to_owned());
    }
    // The message counts the resources too.
    let at = if text("message").is_empty() { text("resourcesReady") } else { text("message") };
    Standing::Underway(format!("{}: {at}", text("phase")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pipeline(status: &Value) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "streamflix.io/v1alpha1",
            "kind": "VideoPipeline",
            "metadata": {"name": "dev", "generation": 2},
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn a_pipeline_is_ready_when_the_operator_says_so_of_what_is_asked_for_now() {
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let now = json!({"observedGeneration": 2, "resourcesReady": "34/34", "conditions": ready});
        assert_eq!(standing(&pipeline(&now)), Standing::Ready("34/34".to_owned()));
        let before = json!({"observedGeneration": 1, "resourcesReady": "34/34", "conditions": ready});
        assert!(matches!(standing(&pipeline(&before)), Standing::Underway(_)));
    }

    #[test]
    fn a_pipeline_underway_says_what_it_is_at() {
        let status = json!({"observedGeneration": 2, "phase": "Creating", "message": "21 of 34 as wanted"});
        assert_eq!(
            standing(&pipeline(&status)),
            Standing::Underway("Creating: 21 of 34 as wanted".to_owned())
        );
        assert!(matches!(standing(&pipeline(&Value::Null)), Standing::Underway(_)));
    }

    #[test]
    fn a_stalled_pipeline_says_why() {
        let stalled = json!([{"type": "Stalled", "status": "True", "message": "no credentials"}]);
        let status = json!({"observedGeneration": 2, "conditions": stalled});
        assert_eq!(standing(&pipeline(&status)), Standing::Stalled("no credentials".to_owned()));
    }
}
