//! What a person asks for. Every field but three has a default: the environment's reference values.

mod database;
mod ingestion;
mod monitoring;
mod network;
mod processing;

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{rules, status::VideoPipelineStatus};

pub use database::{Credentials, Database, LogExport};
pub use ingestion::{DeadLetterQueue, ErrorHandling, Ingestion, JobQueue, ShardMetric, StreamMode};
pub use monitoring::{
    Alarms, DatabaseCapacityAlarm, DeadLetterQueueAlarm, IteratorAgeAlarm, KinesisReadThrottleAlarm,
    KinesisWriteThrottleAlarm, Monitoring, RunningTasksAlarm,
};
pub use network::Network;
pub use processing::{Autoscaling, EnvironmentVariable, Processing};

/// What a person asks for. Every field but three has a default: the environment's reference values.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
#[kube(
    group = "streamflix.io",
    version = "v1alpha1",
    kind = "VideoPipeline",
    plural = "videopipelines",
    shortname = "vp",
    category = "aws",
    namespaced,
    status = "VideoPipelineStatus",
    derive = "PartialEq",
    doc = "A whole video-processing environment on AWS: network, stream, queues, tasks, database, alarms.",
    scale(
        spec_replicas_path = ".spec.processing.desiredCount",
        status_replicas_path = ".status.replicas"
    ),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "Resources",
        type_ = "string",
        description = "Resources that are as wanted, of all that the environment has",
        json_path = ".status.resourcesReady"
    ),
    printcolumn(name = "Region", type_ = "string", json_path = ".spec.region"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = 1, json_path = ".status.message"),
    printcolumn(name = "Stream", type_ = "string", priority = 1, json_path = ".status.outputs.streamName"),
    printcolumn(name = "Cluster", type_ = "string", priority = 1, json_path = ".status.outputs.clusterName"),
    printcolumn(
        name = "Database",
        type_ = "string",
        priority = 1,
        json_path = ".status.outputs.databaseEndpoint"
    ),
    validation = Rule::new("self.metadata.name.size() <= 63")
        .message("metadata.name must have at most 63 characters: it is part of the owner tag of every AWS resource")
)]
#[x_kube(validation = Rule::new("self.environmentSuffix == oldSelf.environmentSuffix")
    .message("is immutable: the name of every AWS resource contains it; create a second VideoPipeline instead")
    .field_path(".environmentSuffix"))]
#[x_kube(validation = Rule::new("self.region == oldSelf.region")
    .message("is immutable: create a second VideoPipeline in the other region instead")
    .field_path(".region"))]
#[x_kube(validation = Rule::new(
    "(has(self.account) && has(self.account.roleArn)) == (has(oldSelf.account) && has(oldSelf.account.roleArn)) \
     && (!has(self.account) || !has(self.account.roleArn) || self.account.roleArn == oldSelf.account.roleArn)")
    .message("account.roleArn is immutable, set or not: it decides in which account the environment lives"))]
#[x_kube(validation = Rule::new(
    "(has(self.network) && has(self.network.cidr)) == (has(oldSelf.network) && has(oldSelf.network.cidr)) \
     && (!has(self.network) || !has(self.network.cidr) || self.network.cidr == oldSelf.network.cidr)")
    .message("network.cidr is immutable: AWS cannot change the block of a VPC in place"))]
#[x_kube(validation = Rule::new(
    "!has(oldSelf.network) || !has(oldSelf.network.availabilityZones) || (has(self.network) \
     && has(self.network.availabilityZones) && self.network.availabilityZones >= oldSelf.network.availabilityZones)")
    .message("network.availabilityZones may grow, not shrink: the database lives in all of its zones"))]
#[x_kube(validation = rules::data_residency())]
#[x_kube(validation = rules::same_region("ingestion", "kmsKeyId", "kms"))]
#[x_kube(validation = rules::same_region("database", "kmsKeyId", "kms"))]
#[x_kube(validation = Rule::new("self.monitoring.alarmActions.all(a, a.contains(':sns:' + self.region + ':'))")
    .message("monitoring.alarmActions must be topics in the region of the pipeline"))]
#[x_kube(validation = Rule::new(
    "self.processing.containerInsights || !self.monitoring.alarms.runningTasks.enabled")
    .message("the runningTasks alarm reads a metric of Container Insights: set processing.containerInsights to true \
              or monitoring.alarms.runningTasks.enabled to false"))]
#[serde(rename_all = "camelCase")]
pub struct VideoPipelineSpec {
    /// Last part of the name of every AWS resource, unique in the account: 1 to 32 lower-case letters,
    /// digits and single hyphens between them. Immutable.
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]+(-[a-z0-9]+)*$')")
        .message("must be lower-case letters and digits, with single hyphens between them, at most 32 characters"))]
    pub environment_suffix: String,

    /// AWS region of the environment, such as `eu-west-1`. Immutable.
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$')")
        .message("must be the code of an AWS region, such as eu-west-1"))]
    pub region: String,

    /// The AWS account and where its data may be.
    #[serde(default)]
    pub account: Account,

    /// The VPC and its subnets.
    #[serde(default)]
    pub network: Network,

    /// The Kinesis stream that videos arrive on.
    #[serde(default)]
    pub ingestion: Ingestion,

    /// The ECS service that processes them, on Fargate.
    pub processing: Processing,

    /// The Aurora PostgreSQL cluster for their metadata.
    #[serde(default)]
    pub database: Database,

    /// The database's master user; its password is made, kept and rotated by RDS in Secrets Manager.
    #[serde(default)]
    pub credentials: Credentials,

    /// The queue of jobs, and the queue of those that failed.
    #[serde(default)]
    pub error_handling: ErrorHandling,

    /// Log retention and alarms.
    #[serde(default)]
    pub monitoring: Monitoring,

    /// Tags for every AWS resource that takes tags, at most 40, beside those of the operator. Keys have 1 to
    /// 128 characters, values at most 256; both letters, digits, spaces and `_ . : / = + - @`.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 40), schema_with = "tag_values")]
    #[x_kube(validation = Rule::new("self.all(key, key.size() >= 1 && key.size() <= 128)")
        .message("a tag's key has 1 to 128 characters"))]
    #[x_kube(validation = Rule::new(r"self.all(key, key.matches('^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*$'))")
        .message("a tag's key has letters, digits, spaces and _ . : / = + - @"))]
    #[x_kube(validation = rules::tags_not_reserved())]
    pub tags: BTreeMap<String, String>,

    /// What happens to the AWS resources when this VideoPipeline is deleted: `Delete` removes them, `Retain`
    /// leaves them as they are and calls no AWS.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,

    /// `true` stops every change in AWS, deletion included; the environment is still observed and reported.
    #[serde(default)]
    pub suspend: bool,
}

/// The AWS account and where its data may be.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default = "Account::default")]
pub struct Account {
    /// IAM role that the operator assumes for this environment, with an external id derived from cluster name
    /// and namespace; without one it uses its own identity. The operator's settings say which namespace may name
    /// which role; without an entry there, none may. At most 2048 characters. Immutable.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    #[x_kube(validation = Rule::new("self.matches('^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9+=,.@_/-]+$')")
        .message("must be the ARN of an IAM role: arn:aws:iam::ACCOUNT:role/NAME"))]
    pub role_arn: Option<String>,

    /// `EU` allows regions in the European Union only; `None` allows every region.
    pub data_residency: DataResidency,
}

/// Where the environment's data may be.
#[derive(JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum DataResidency {
    /// In the European Union.
    #[default]
    #[serde(rename = "EU")]
    Eu,
    /// Anywhere.
    None,
}

/// What happens to the AWS resources when their `VideoPipeline` is deleted.
#[derive(JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum DeletionPolicy {
    /// They are deleted, dependants first.
    #[default]
    Delete,
    /// They stay.
    Retain,
}

fn tag_values(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "additionalProperties": {"type": "string", "maxLength": 256, "pattern": r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$"},
    })
}
