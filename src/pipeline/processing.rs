//! Stream, queues, tasks and alarms: the parts whose values need no facts.
//!
//! A field that another one makes meaningless is gone here: no shard count in on-demand mode, no desired count beside
//! autoscaling.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::spec::{self, ShardMetric, StreamMode};

use super::Invalid;

/// The stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// How its capacity is decided.
    pub capacity: StreamCapacity,
    /// Hours for which records stay.
    pub retention_hours: i32,
    /// Metrics kept per shard, each by its own name: never `ALL`.
    pub shard_level_metrics: BTreeSet<ShardMetric>,
    /// KMS key, or none for the one that AWS manages.
    pub kms_key_id: Option<String>,
}

/// How a stream's capacity is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamCapacity {
    /// By a number of shards.
    Provisioned {
        /// The number of shards.
        shards: i32,
    },
    /// By AWS.
    OnDemand,
}

/// The job queue and the dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queues {
    /// How often a job is tried.
    pub max_receive_count: i32,
    /// Seconds for which a job is hidden while a task works on it.
    pub visibility_timeout_seconds: i32,
    /// Days for which a failed job is kept.
    pub dead_letter_retention_days: i32,
}

/// The service and its tasks.
#[derive(Clone, PartialEq, Eq)]
pub struct Processing {
    /// Container image.
    pub image: String,
    /// Command, or nothing for the image's own.
    pub command: Vec<String>,
    /// The user's environment variables.
    pub environment: BTreeMap<String, String>,
    /// CPU units.
    pub cpu: i32,
    /// Memory in MiB.
    pub memory: i32,
    /// How many tasks.
    pub tasks: TaskCount,
    /// Whether Container Insights is on.
    pub container_insights: bool,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_timeout_seconds: i32,
}

/// Who decides how many tasks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskCount {
    /// The resource.
    Fixed(i32),
    /// AWS, by CPU utilisation.
    Autoscaled {
        /// Where it begins, within the bounds.
        first: i32,
        /// Fewest tasks.
        min: i32,
        /// Most tasks.
        max: i32,
        /// CPU utilisation aimed at, in percent.
        cpu_target_percent: i32,
    },
}

/// Log retention and alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitoring {
    /// Days for which log groups keep their events.
    pub log_retention_days: i32,
    /// The alarms.
    pub alarms: Alarms,
    /// ARNs of the SNS topics that every alarm notifies.
    pub alarm_actions: Vec<String>,
}

/// Thresholds of the alarms; none where an alarm is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarms {
    /// Records refused in five minutes.
    pub kinesis_write_throttle: Option<i32>,
    /// Reads refused in five minutes.
    pub kinesis_read_throttle: Option<i32>,
    /// Milliseconds.
    pub iterator_age: Option<i32>,
    /// Jobs in the dead-letter queue.
    pub dead_letter_queue: Option<i32>,
    /// Tasks, below which it goes off. Off when no task is wanted: ECS then reports nothing, and missing data would
    /// set it off.
    pub running_tasks: Option<i32>,
    /// Percent of the greatest capacity.
    pub database_capacity: Option<i32>,
}

impl Stream {
    pub(super) fn new(spec: &spec::Ingestion) -> Self {
        let all = spec.shard_level_metrics.contains(&ShardMetric::All);
        Self {
            capacity: match spec.mode {
                StreamMode::Provisioned => StreamCapacity::Provisioned { shards: spec.shard_count },
                StreamMode::OnDemand => StreamCapacity::OnDemand,
            },
            retention_hours: spec.retention_hours,
            shard_level_metrics: match all {
                true => ShardMetric::EACH.into(),
                false => spec.shard_level_metrics.clone(),
            },
            kms_key_id: spec.kms_key_id.clone(),
        }
    }
}

impl Queues {
    pub(super) fn new(spec: &spec::ErrorHandling) -> Self {
        Self {
            max_receive_count: spec.job_queue.max_receive_count,
            visibility_timeout_seconds: spec.job_queue.visibility_timeout_seconds,
            dead_letter_retention_days: spec.dead_letter_queue.retention_days,
        }
    }
}

/// Most bytes of command and environment together. AWS allows 64 KiB for a task definition as a whole, and what
/// the operator adds is a few KiB.
///
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html>
const MAX_TASK_TEXT: usize = 48 * 1024;

impl Processing {
    pub(super) fn new(spec: &spec::Processing) -> Result<Self, Vec<Invalid>> {
        let words = spec.command.iter().map(String::len).sum::<usize>();
        let variables = spec.environment.iter().map(|v| v.name.len() + v.value.len()).sum::<usize>();
        if words + variables > MAX_TASK_TEXT {
            return Err(vec![Invalid::new(
                "spec.processing.environment",
                format!(
                    "command and environment have {} bytes together, and a task definition has room for {MAX_TASK_TEXT}",
                    words + variables
                ),
                "keep large values in a store that the container reads, such as Parameter Store",
            )]);
        }
        Ok(Self {
            image: spec.image.clone(),
            command: spec.command.clone(),
            environment: spec.environment.iter().map(|v| (v.name.clone(), v.value.clone())).collect(),
            cpu: spec.cpu,
            memory: spec.memory,
            tasks: TaskCount::new(spec),
            container_insights: spec.container_insights,
            stop_timeout_seconds: spec.stop_timeout_seconds,
        })
    }
}

/// Values of environment variables are kept out of logs and error texts.
impl std::fmt::Debug for Processing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Processing")
            .field("image", &self.image)
            .field("environment", &self.environment.keys())
            .field("cpu", &self.cpu)
            .field("memory", &self.memory)
            .field("tasks", &self.tasks)
            .finish_non_exhaustive()
    }
}

impl TaskCount {
    fn new(spec: &spec::Processing) -> Self {
        match &spec.autoscaling {
            None => Self::Fixed(spec.desired_count),
            Some(scaling) => Self::Autoscaled {
                // Not `clamp`, which panics when the bounds are the wrong way round.
                first: spec.desired_count.min(scaling.max_count).max(scaling.min_count),
                min: scaling.min_count,
                max: scaling.max_count,
                cpu_target_percent: scaling.cpu_target_percent,
            },
        }
    }

    /// The number of tasks that a new service begins with.
    pub fn first(self) -> i32 {
        match self {
            Self::Fixed(count) | Self::Autoscaled { first: count, .. } => count,
        }
    }

    /// The number of tasks that should run at any time.
    pub fn least(self) -> i32 {
        match self {
            Self::Fixed(count) | Self::Autoscaled { min: count, .. } => count,
        }
    }
}

impl Monitoring {
    pub(super) fn new(spec: &spec::Monitoring, tasks: &TaskCount) -> Self {
        let spec::Alarms {
            kinesis_write_throttle,
            kinesis_read_throttle,
            iterator_age,
            dead_letter_queue,
            running_tasks,
            database_capacity,
        } = &spec.alarms;
        let wanted = tasks.least();
        Self {
            log_retention_days: spec.log_retention_days,
            alarms: Alarms {
                kinesis_write_throttle: on(kinesis_write_throttle.enabled, kinesis_write_throttle.threshold),
                kinesis_read_throttle: on(kinesis_read_throttle.enabled, kinesis_read_throttle.threshold),
                iterator_age: on(iterator_age.enabled, iterator_age.threshold),
                dead_letter_queue: on(dead_letter_queue.enabled, dead_letter_queue.threshold),
                running_tasks: on(
                    running_tasks.enabled && wanted > 0,
                    running_tasks.threshold.unwrap_or(wanted),
                ),
                database_capacity: on(database_capacity.enabled, database_capacity.threshold),
            },
            alarm_actions: spec.alarm_actions.clone(),
        }
    }
}

fn on(enabled: bool, threshold: i32) -> Option<i32> {
    enabled.then_some(threshold)
}
