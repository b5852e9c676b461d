//! What others need to use the environment, as the world has it.

use serde_json::Value;

use crate::{
    api::status::Outputs,
    engine::{Address, Observed, World},
};

use super::{Pass, standing::Standings};

const STREAM: (&str, &str) = ("stream", "ingestion/stream");
const JOB_QUEUE: (&str, &str) = ("queue", "ingestion/job-queue");
const DEAD_LETTER_QUEUE: (&str, &str) = ("queue", "errors/dead-letter-queue");
const CLUSTER: (&str, &str) = ("ecsCluster", "processing/cluster");
const SERVICE: (&str, &str) = ("service", "processing/service");
const DATABASE: (&str, &str) = ("dbCluster", "storage/cluster");
const LOG_GROUP: (&str, &str) = ("logGroup", "processing/log-group");
const VPC: (&str, &str) = ("vpc", "network/vpc");

/// The outputs. One that could not be read stays what it was.
pub(super) fn outputs(pass: &Pass<'_>, world: &World) -> Outputs {
    let before = &pass.previous.outputs;
    let text = |at, field, before: &Option<String>| match read(world, at, field) {
        Some(value) => value.as_str().map(str::to_owned),
        None => before.clone(),
    };
    Outputs {
        stream_name: text(STREAM, "name", &before.stream_name),
        stream_arn: text(STREAM, "arn", &before.stream_arn),
        job_queue_url: text(JOB_QUEUE, "url", &before.job_queue_url),
        dead_letter_queue_url: text(DEAD_LETTER_QUEUE, "url", &before.dead_letter_queue_url),
        cluster_name: text(CLUSTER, "name", &before.cluster_name),
        service_name: text(SERVICE, "name", &before.service_name),
        database_endpoint: text(DATABASE, "endpoint", &before.database_endpoint),
        database_reader_endpoint: text(DATABASE, "readerEndpoint", &before.database_reader_endpoint),
        database_port: number(world, DATABASE, "port", before.database_port),
        database_secret_arn: text(DATABASE, "secret", &before.database_secret_arn),
        log_group: text(LOG_GROUP, "name", &before.log_group),
        vpc_id: text(VPC, "id", &before.vpc_id),
    }
}

/// The number of running tasks, for `kubectl scale`.
pub(super) fn replicas(pass: &Pass<'_>, world: &World) -> Option<i32> {
    number(world, SERVICE, "running", pass.previous.replicas)
}

/// The snapshot that was taken when the database was deleted, once it was. What was said before is said again, unless it is
/// no snapshot of this database: nothing else would ever remove it.
pub(super) fn final_snapshot(pass: &Pass<'_>, standings: &Standings<'_>, world: &World) -> Option<String> {
    let (kind, name) = DATABASE;
    let database = standings.at(&Address::new(kind, name));
    let goes = database.is_some_and(|standing| standing.removes());
    let taken = goes.then(|| read(world, DATABASE, "finalSnapshot")).flatten();
    let taken = taken.and_then(|name| name.as_str().map(str::to_owned));
    let called = database.map(|standing| standing.item.name.as_str()).filter(|name| !name.is_empty());
    let known = |snapshot: &&String| called.is_none_or(|name| snapshot.starts_with(name));
    taken.or_else(|| pass.previous.final_snapshot.as_ref().filter(known).cloned())
}

/// The id of the instance that the database writes with, where its cluster is known and says so.
pub(super) fn writer(world: &World) -> Option<&str> {
    read(world, DATABASE, "writer")?.as_str()
}

fn number(world: &World, at: (&str, &str), field: &str, before: Option<i32>) -> Option<i32> {
    match read(world, at, field) {
        Some(value) => value.as_i64().and_then(|number| i32::try_from(number).ok()),
        None => before,
    }
}

/// The output `field` of what stands at `at`: null where there is none, `None` where nobody knows.
fn read<'w>(world: &'w World, (kind, name): (&str, &str), field: &str) -> Option<&'w Value> {
    if world.unread.contains_key(kind) {
        return None;
    }
    match world.objects.get(&Address::new(kind, name)) {
        Some(Observed::Ours(object)) => Some(object.outputs.get(field).unwrap_or(&Value::Null)),
        Some(Observed::Absent | Observed::Foreign { .. }) => Some(&Value::Null),
        Some(Observed::Unknown(_)) | None => None,
    }
}
