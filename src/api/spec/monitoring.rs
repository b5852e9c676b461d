//! Log retention and alarms.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Log retention and alarms.
#[derive(KubeSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default = "Monitoring::default")]
pub struct Monitoring {
    /// How long every log group of the environment keeps its events, in days. CloudWatch Logs accepts 1, 3, 5, 7,
    /// 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 and 3653.
    #[schemars(extend("enum" = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192,
        2557, 2922, 3288, 3653]))]
    pub log_retention_days: i32,

    /// The alarms of the environment.
    pub alarms: Alarms,

    /// SNS topics that every alarm notifies when it goes off and when it is over: at most 5 ARNs of the pipeline's
    /// region, each at most 320 characters.
    #[schemars(length(max = 5), inner(length(max = 320)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[x_kube(validation = Rule::new(
        "self.all(topic, topic.matches('^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$'))")
        .message("must be ARNs of SNS topics: arn:aws:sns:REGION:ACCOUNT:NAME"))]
    pub alarm_actions: Vec<String>,
}

impl Default for Monitoring {
    fn default() -> Self {
        Self { log_retention_days: 7, alarms: Alarms::default(), alarm_actions: Vec::new() }
    }
}

/// The alarms of the environment.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Alarms {
    /// Producers put more than the stream takes.
    pub kinesis_write_throttle: KinesisWriteThrottleAlarm,
    /// Tasks read more than the stream gives.
    pub kinesis_read_throttle: KinesisReadThrottleAlarm,
    /// Tasks fall behind the stream.
    pub iterator_age: IteratorAgeAlarm,
    /// Jobs have failed for good.
    pub dead_letter_queue: DeadLetterQueueAlarm,
    /// Fewer tasks run than are wanted.
    pub running_tasks: RunningTasksAlarm,
    /// The database comes near its greatest capacity.
    pub database_capacity: DatabaseCapacityAlarm,
}

/// Each alarm has its own unit, range and default, so each is a type of its own.
macro_rules! alarm {
    ($name:ident, $about:literal, $threshold:literal, $default:literal, $min:literal..=$max:literal) => {
        #[doc = $about]
        #[derive(JsonSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            /// Whether the alarm exists.
            pub enabled: bool,
            #[doc = $threshold]
            #[schemars(range(min = $min, max = $max))]
            pub threshold: i32,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { enabled: true, threshold: $default }
            }
        }
    };
}

alarm!(
    KinesisWriteThrottleAlarm,
    "Producers put more than the stream takes.",
    "Records refused in five minutes at which the alarm goes off: 1 to 1000000.",
    1,
    1..=1_000_000
);
alarm!(
    KinesisReadThrottleAlarm,
    "Tasks read more than the stream gives.",
    "Reads refused in five minutes at which the alarm goes off: 1 to 1000000.",
    10,
    1..=1_000_000
);
alarm!(
    IteratorAgeAlarm,
    "Tasks fall behind the stream.",
    "Age of the oldest record not yet read at which the alarm goes off, in milliseconds: 1000 to 604800000 (7 days).",
    300_000,
    1000..=604_800_000
);
alarm!(
    DeadLetterQueueAlarm,
    "Jobs have failed for good.",
    "Jobs in the dead-letter queue at which the alarm goes off: 1 to 1000000.",
    1,
    1..=1_000_000
);
alarm!(
    DatabaseCapacityAlarm,
    "The database comes near its greatest capacity.",
    "Share of `database.maxAcu` in use at which the alarm goes off, in percent: 1 to 100.",
    90,
    1..=100
);

/// Fewer tasks run than are wanted.
#[derive(JsonSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunningTasksAlarm {
    /// Whether the alarm exists. It reads a metric of Container Insights.
    pub enabled: bool,

    /// Number of running tasks below which the alarm goes off, 1 to 5000; without one the wanted number, which is
    /// `processing.desiredCount`, or `minCount` with autoscaling.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 5000))]
    pub threshold: Option<i32>,
}

impl Default for RunningTasksAlarm {
    fn default() -> Self {
        Self { enabled: true, threshold: None }
    }
}
