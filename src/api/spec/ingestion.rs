//! What comes in: the stream, and the queues of jobs and of failed jobs.

use std::collections::BTreeSet;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::rules;

/// The Kinesis stream that videos arrive on.
#[derive(KubeSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default = "Ingestion::default")]
pub struct Ingestion {
    /// `Provisioned` has a fixed number of shards; `OnDemand` lets AWS choose. AWS allows two changes in 24 hours.
    pub mode: StreamMode,

    /// Number of shards, 1 to 10000; ignored in mode OnDemand. AWS changes it in steps: at most double or half,
    /// ten times a day.
    #[schemars(range(min = 1, max = 10_000))]
    pub shard_count: i32,

    /// How long records stay in the stream, in hours: 24 to 8760.
    #[schemars(range(min = 24, max = 8760))]
    pub retention_hours: i32,

    /// Metrics that CloudWatch keeps per shard; `ALL` stands for every one, an empty list for none.
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub shard_level_metrics: BTreeSet<ShardMetric>,

    /// KMS key that encrypts the stream: key id, alias, or the ARN of either, at most 2048 characters; without one
    /// the key that AWS manages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    #[x_kube(validation = rules::kms_key())]
    pub kms_key_id: Option<String>,
}

impl Default for Ingestion {
    fn default() -> Self {
        Self {
            mode: StreamMode::Provisioned,
            shard_count: 2,
            retention_hours: 24,
            shard_level_metrics: BTreeSet::from([ShardMetric::All]),
            kms_key_id: None,
        }
    }
}

/// How a stream's capacity is decided.
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum StreamMode {
    /// By `shardCount`.
    Provisioned,
    /// By AWS.
    OnDemand,
}

/// A metric that CloudWatch keeps per shard.
///
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_EnableEnhancedMonitoring.html>
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub enum ShardMetric {
    /// Every metric.
    #[serde(rename = "ALL")]
    All,
    /// Bytes put.
    IncomingBytes,
    /// Records put.
    IncomingRecords,
    /// Bytes read.
    OutgoingBytes,
    /// Records read.
    OutgoingRecords,
    /// Records refused for want of write capacity.
    WriteProvisionedThroughputExceeded,
    /// Reads refused for want of read capacity.
    ReadProvisionedThroughputExceeded,
    /// Age of the last record read.
    IteratorAgeMilliseconds,
}

impl ShardMetric {
    /// Every metric by its own name.
    pub const EACH: [Self; 7] = [
        Self::IncomingBytes,
        Self::IncomingRecords,
        Self::OutgoingBytes,
        Self::OutgoingRecords,
        Self::WriteProvisionedThroughputExceeded,
        Self::ReadProvisionedThroughputExceeded,
        Self::IteratorAgeMilliseconds,
    ];
}

/// The queue of jobs, and the queue of those that failed.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorHandling {
    /// Where jobs go that failed too often.
    pub dead_letter_queue: DeadLetterQueue,
    /// The queue that tasks take jobs from.
    pub job_queue: JobQueue,
}

/// Where jobs go that failed too often.
#[derive(JsonSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeadLetterQueue {
    /// How long a failed job is kept, in days: 1 to 14.
    #[schemars(range(min = 1, max = 14))]
    pub retention_days: i32,
}

impl Default for DeadLetterQueue {
    fn default() -> Self {
        Self { retention_days: 14 }
    }
}

/// The queue that tasks take jobs from.
#[derive(JsonSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobQueue {
    /// How often a job is tried before it goes to the dead-letter queue: 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub max_receive_count: i32,

    /// How long a job is hidden from other tasks while one works on it, in seconds: 0 to 43200 (12 hours).
    #[schemars(range(min = 0, max = 43_200))]
    pub visibility_timeout_seconds: i32,
}

impl Default for JobQueue {
    fn default() -> Self {
        Self { max_receive_count: 3, visibility_timeout_seconds: 900 }
    }
}
