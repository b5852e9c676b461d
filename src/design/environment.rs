//! What the container is told: its coordinates as environment variables, its credentials as secrets.

use std::collections::BTreeMap;

use super::blueprint::Blueprint;
use super::ingestion::Intake;
use super::network::DATABASE_PORT;
use super::storage::Storage;
use crate::engine::Input;
use crate::kinds::{DbCluster, Queue, SecretKey, Stream};

/// The environment variables: the operator's and the user's.
pub fn variables(
    blueprint: &Blueprint<'_>,
    intake: &Intake,
    storage: &Storage,
) -> BTreeMap<String, Input<String>> {
    let pipeline = blueprint.pipeline;
    let known = |text: &str| Input::Known(text.to_owned());
    let coordinates = [
        ("AWS_REGION", known(pipeline.identity.region.as_str())),
        ("ENVIRONMENT", known(pipeline.identity.suffix.as_str())),
        ("KINESIS_STREAM_NAME", intake.stream.output(Stream::ID).text()),
        ("KINESIS_STREAM_ARN", intake.stream.output(Stream::ARN).text()),
        ("JOB_QUEUE_URL", intake.jobs.output(Queue::URL).text()),
        ("DEAD_LETTER_QUEUE_URL", intake.failed.output(Queue::URL).text()),
        ("DATABASE_HOST", storage.cluster.output(DbCluster::ENDPOINT)),
        ("DATABASE_READER_HOST", storage.cluster.output(DbCluster::READER_ENDPOINT)),
        ("DATABASE_PORT", Input::Known(DATABASE_PORT.to_string())),
        ("DATABASE_NAME", storage.cluster.output(DbCluster::DATABASE)),
        ("DATABASE_SECRET_ARN", storage.cluster.output(DbCluster::SECRET).text()),
    ];
    let users = pipeline.processing.environment.iter().map(|(name, value)| (name.clone(), known(value)));
    users.chain(coordinates.map(|(name, value)| (name.to_owned(), value))).collect()
}

/// The secrets: parts of the database's master secret.
pub fn secrets(storage: &Storage) -> BTreeMap<String, SecretKey> {
    let part =
        |key: &str| SecretKey { secret: storage.cluster.output(DbCluster::SECRET), key: key.to_owned() };
    BTreeMap::from([
        ("DATABASE_USERNAME".to_owned(), part("username")),
        ("DATABASE_PASSWORD".to_owned(), part("password")),
    ])
}
