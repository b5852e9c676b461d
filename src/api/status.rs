//! What the operator says of an environment. It is a cache of AWS: deleted, it is rebuilt.
//!
//! Nothing in it changes by itself, so that a pass that changes nothing writes nothing.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{condition::Condition, crd};

/// What the operator says of an environment.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VideoPipelineStatus {
    /// Generation of the spec that this status speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The state in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,

    /// The state in one line, at most 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,

    /// Resources that are as wanted, of all that the environment has, such as `31/34`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub resources_ready: Option<String>,

    /// Number of running tasks; what `kubectl scale` compares with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,

    /// AWS account of the environment, 12 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12))]
    pub account_id: Option<String>,

    /// Value of the tag `streamflix.io/owner` on every AWS resource: `clusterName/namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub owner: Option<String>,

    /// One condition for each layer, then `Ready`, `Reconciling` and `Stalled`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,

    /// Every AWS resource of the environment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["kind", "address"]))]
    pub resources: Vec<ResourceStatus>,

    /// What others need to use the environment.
    #[serde(skip_serializing_if = "Outputs::is_empty")]
    pub outputs: Outputs,

    /// What the operator would do next, or waits for consent to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PublishedPlan>,

    /// Identifier of the snapshot that was taken before the database was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub final_snapshot: Option<String>,
}

impl VideoPipelineStatus {
    /// The status as JSON, cut where a text or list is longer than the schema allows: Kubernetes refuses a status
    /// that is too long as a whole, and a message of AWS can have any length.
    ///
    /// # Errors
    ///
    /// When the status is no JSON, which only a number that is none could cause.
    pub fn to_bounded_json(&self) -> serde_json::Result<Value> {
        let mut status = serde_json::to_value(self)?;
        if let Some(schema) = crd::schema().pointer("/properties/status") {
            cut(&mut status, schema);
        }
        Ok(status)
    }
}

fn cut(value: &mut Value, schema: &Value) {
    let limit = |keyword| schema.get(keyword).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    match value {
        Value::String(text) => {
            if let Some(max) = limit("maxLength").filter(|max| text.chars().count() > *max) {
                *text = text.chars().take(max.saturating_sub(1)).chain(['…']).collect();
            }
        }
        Value::Array(items) => {
            items.truncate(limit("maxItems").unwrap_or(usize::MAX));
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| cut(item, schema));
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                if let Some(schema) = schema.get("properties").and_then(|properties| properties.get(name)) {
                    cut(field, schema);
                }
            }
        }
        _ => {}
    }
}

/// The state of an environment in one word.
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Phase {
    /// Nothing has been done yet.
    Pending,
    /// It is being made for the first time.
    Creating,
    /// It exists and is being changed.
    Updating,
    /// Every resource is as wanted.
    Ready,
    /// It exists, and something in it is not as wanted and needs a person or time.
    Degraded,
    /// It cannot be made as the spec stands.
    Failed,
    /// It is being deleted.
    Deleting,
    /// Nothing is changed, because `suspend` is true.
    Suspended,
    /// AWS could not be read; also whatever a later version of the operator may have written.
    #[serde(other)]
    Unknown,
}

/// One AWS resource of the environment.
#[derive(JsonSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceStatus {
    /// Layer and name, such as `network/vpc`, at most 128 characters. `any/alarm` stands for all alarms, where they cannot be read.
    #[schemars(length(min = 1, max = 128))]
    pub address: String,

    /// Kind of the resource, at most 64 characters.
    #[schemars(length(max = 64))]
    pub kind: String,

    /// Name in AWS, at most 512 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub name: Option<String>,

    /// Id or ARN that AWS gave it, at most 2048 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub id: Option<String>,

    /// Its state in one word.
    pub state: ResourceState,

    /// The state in which it was seen last, while it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<ResourceState>,

    /// What it waits for, or what is wrong and what to do, at most 2048 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub message: Option<String>,

    /// Addresses of what it waits for in the end, at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 128)), extend("x-kubernetes-list-type" = "atomic"))]
    pub waits_for: Vec<String>,

    /// Since when it is in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 40), extend("format" = "date-time"))]
    pub since: Option<Timestamp>,
}

/// The state of one AWS resource in one word.
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum ResourceState {
    /// As wanted.
    Ready,
    /// Being made.
    Creating,
    /// Being changed.
    Updating,
    /// Being deleted.
    Deleting,
    /// Waits for another resource.
    Waiting,
    /// Waits for a person.
    Blocked,
    /// The last attempt failed, or AWS says that it does not work.
    Failed,
    /// It could not be read; also whatever a later version of the operator may have written.
    #[serde(other)]
    Unknown,
}

/// What others need to use the environment.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Outputs {
    /// Name of the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub stream_name: Option<String>,
    /// ARN of the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub stream_arn: Option<String>,
    /// URL of the job queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub job_queue_url: Option<String>,
    /// URL of the dead-letter queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub dead_letter_queue_url: Option<String>,
    /// Name of the ECS cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub cluster_name: Option<String>,
    /// Name of the ECS service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub service_name: Option<String>,
    /// Host name of the database's writer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub database_endpoint: Option<String>,
    /// Host name that spreads connections over the database's readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub database_reader_endpoint: Option<String>,
    /// TCP port of the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_port: Option<i32>,
    /// ARN of the secret that holds the database's user and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub database_secret_arn: Option<String>,
    /// Log group of the tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub log_group: Option<String>,
    /// Id of the VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub vpc_id: Option<String>,
}

impl Outputs {
    /// Whether nothing is known yet.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A plan that people without rights in AWS can read. Values of the container's environment and of secrets are
/// never in it.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PublishedPlan {
    /// Digest of the plan, which a consent names; at most 64 characters.
    #[schemars(length(max = 64))]
    pub digest: String,

    /// What would change, at most 256 resources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), extend("x-kubernetes-list-type" = "atomic"))]
    pub changes: Vec<PlannedChange>,

    /// Number of resources that stay as they are.
    pub unchanged: i32,
}

/// What would happen to one resource.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlannedChange {
    /// Layer and name, such as `network/vpc`, at most 128 characters.
    #[schemars(length(max = 128))]
    pub address: String,

    /// Name in AWS, at most 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub name: Option<String>,

    /// What would be done, as one word such as Create, Update, Replace, Delete, Wait or Blocked; at most 32 characters.
    #[schemars(length(max = 32))]
    pub action: String,

    /// Why, or what it means for those who use the environment; at most 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub note: Option<String>,

    /// The command with which a person consents to it, where it needs that; at most 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub allow: Option<String>,

    /// Fields that would change, at most 64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub fields: Vec<FieldChange>,
}

/// One field that would change.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FieldChange {
    /// Name of the field, at most 128 characters.
    #[schemars(length(max = 128))]
    pub field: String,

    /// What it is, at most 512 characters.
    #[schemars(length(max = 512))]
    pub from: String,

    /// What it would be, at most 512 characters.
    #[schemars(length(max = 512))]
    pub to: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_and_a_status_that_fits_is_not() {
        let fits = VideoPipelineStatus { message: Some("all is well".to_owned()), ..Default::default() };
        assert_eq!(fits.to_bounded_json().expect("JSON"), serde_json::to_value(&fits).expect("JSON"));

        let long = VideoPipelineStatus { message: Some("ä".repeat(2000)), ..Default::default() };
        let json = long.to_bounded_json().expect("JSON");
        let message = json["message"].as_str().expect("a message");
        assert_eq!(message.chars().count(), 1024);
        assert!(message.ends_with('…'));
    }
}
