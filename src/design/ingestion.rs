//! The stream, the queue of jobs, and the queue of those that failed.

use super::blueprint::Blueprint;
use crate::engine::Ref;
use crate::kinds::{Queue, QueueSpec, Redrive, Stream, StreamMode, StreamSpec};
use crate::pipeline::StreamCapacity;

/// What comes in.
pub struct Intake {
    /// Where videos arrive.
    pub stream: Ref<Stream>,
    /// Where tasks take jobs from.
    pub jobs: Ref<Queue>,
    /// Where jobs go that failed too often.
    pub failed: Ref<Queue>,
}

/// How long a job waits for a task, in seconds: as long as AWS keeps one.
const JOBS_KEPT: i32 = 14 * DAY;
const DAY: i32 = 24 * 3600;

/// Without a policy of its own, a queue lets in those of its account whom IAM lets.
const OWN_ACCOUNT_ONLY: &str = "";

/// The key that AWS manages for Kinesis.
const AWS_MANAGED: &str = "alias/aws/kinesis";

/// Lays out the stream and the queues.
pub fn stream_and_queues(blueprint: &mut Blueprint<'_>) -> Intake {
    let stream = stream(blueprint);
    let (names, queues) = (blueprint.names.clone(), blueprint.pipeline.queues);
    // Each of the two names the other, so this one is named by what its ARN will be.
    let jobs_arn = blueprint.arn("sqs", &names.job_queue().name);
    let failed = blueprint.add(
        names.dead_letter_queue(),
        QueueSpec {
            retention_seconds: queues.dead_letter_retention_days * DAY,
            visibility_timeout_seconds: queues.visibility_timeout_seconds,
            delay_seconds: 0,
            redrive: None,
            redrive_from: vec![jobs_arn],
            encrypted: true,
            policy: OWN_ACCOUNT_ONLY.into(),
            tags: blueprint.tags(),
        },
    );
    let redrive = Redrive { target: failed.output(Queue::ARN), max_receive_count: queues.max_receive_count };
    let jobs = blueprint.add(
        names.job_queue(),
        QueueSpec {
            retention_seconds: JOBS_KEPT,
            visibility_timeout_seconds: queues.visibility_timeout_seconds,
            delay_seconds: 0,
            redrive: Some(redrive),
            redrive_from: Vec::new(),
            encrypted: true,
            policy: OWN_ACCOUNT_ONLY.into(),
            tags: blueprint.tags(),
        },
    );
    Intake { stream, jobs, failed }
}

fn stream(blueprint: &mut Blueprint<'_>) -> Ref<Stream> {
    let stream = &blueprint.pipeline.stream;
    let (mode, shards) = match stream.capacity {
        StreamCapacity::Provisioned { shards } => (StreamMode::Provisioned, Some(shards)),
        StreamCapacity::OnDemand => (StreamMode::OnDemand, None),
    };
    let spec = StreamSpec {
        mode,
        shards,
        retention_hours: stream.retention_hours,
        shard_metrics: stream.shard_level_metrics.iter().map(|metric| format!("{metric:?}")).collect(),
        encryption_key: stream.kms_key_id.clone().unwrap_or_else(|| AWS_MANAGED.to_owned()),
        tags: blueprint.tags(),
    };
    blueprint.add(blueprint.names.stream(), spec)
}
