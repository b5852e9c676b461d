//! What holds data: stream, queues, database, credentials.

use serde_json::json;

use super::super::case::{Case, Field, accepted, all, refused};
use super::{KEYS, NO_KEYS, long, long_key};

pub fn cases() -> Vec<Case> {
    let mut cases = all(ingestion());
    cases.extend(all(queues()));
    cases.extend(all(database()));
    cases.extend(too_many());
    cases.extend(capacity());
    cases.extend(all(credentials()));
    cases
}

const METRICS: [&str; 8] = [
    "ALL",
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
];

fn ingestion() -> Vec<Field<'static>> {
    vec![
        Field::at("spec.ingestion.mode")
            .choice(&["Provisioned", "OnDemand"], r#"supported values: "Provisioned", "OnDemand""#)
            // What a mode ignores is ignored, not refused.
            .given("spec.ingestion.shardCount", 7)
            .accepts(["OnDemand"]),
        Field::at("spec.ingestion.shardCount").range(1, 10_000),
        Field::at("spec.ingestion.retentionHours").range(24, 8760),
        Field::at("spec.ingestion.shardLevelMetrics")
            .accepts([json!([]), json!(METRICS), json!(["IncomingBytes"])])
            .refuses_at(
                "spec.ingestion.shardLevelMetrics[0]",
                [json!(["Bytes"])],
                r#"supported values: "ALL", "IncomingBytes""#,
            )
            .refuses_at("spec.ingestion.shardLevelMetrics[1]", [json!(["ALL", "ALL"])], "Duplicate value"),
        key("spec.ingestion.kmsKeyId").refuses(
            ["arn:aws:kms:eu-west-3:123456789012:alias/videos"],
            "ingestion.kmsKeyId must be in the region of the pipeline",
        ),
    ]
}

/// More items than there are words: one of them stands twice.
fn too_many() -> [Case; 2] {
    let (metrics, logs) = ("spec.ingestion.shardLevelMetrics", "spec.database.logExports");
    let twice = "Duplicate value";
    [
        refused(
            &[(metrics, json!([&METRICS[..], &METRICS[..1]].concat()))],
            &[(metrics, "must have at most 8 items"), ("spec.ingestion.shardLevelMetrics[8]", twice)],
        ),
        refused(
            &[(logs, json!(["postgresql", "instance", "iam-db-auth-error", "instance"]))],
            &[(logs, "must have at most 3 items"), ("spec.database.logExports[3]", twice)],
        ),
    ]
}

fn key(path: &'static str) -> Field<'static> {
    Field::at(path)
        .accepts(KEYS)
        .accepts([long_key(2048)])
        .refuses([long_key(2049)], "may not be more than 2048 bytes")
        .refuses(NO_KEYS, "must be a KMS key id, an alias (alias/NAME), or the ARN of a key or an alias")
}

fn queues() -> Vec<Field<'static>> {
    vec![
        Field::at("spec.errorHandling.deadLetterQueue.retentionDays").range(1, 14),
        Field::at("spec.errorHandling.jobQueue.maxReceiveCount").range(1, 1000),
        Field::at("spec.errorHandling.jobQueue.visibilityTimeoutSeconds").range(0, 43_200),
    ]
}

fn database() -> Vec<Field<'static>> {
    let logs = "spec.database.logExports";
    vec![
        postgresql_name("spec.database.name"),
        Field::at("spec.database.engineVersion")
            .accepts(["16.8", "17.4", "15.12", "99.99"])
            .refuses(["16.", "16"], "must be a version of Aurora PostgreSQL as MAJOR.MINOR, such as 16.8")
            .refuses(["16"], "should be at least 4 chars long")
            .refuses(["16.8.1", "16.x", "9.6.1", "16.123", "06.8", "16,8"], "MAJOR.MINOR")
            .refuses(["16.8-R123"], "may not be more than 8 bytes"),
        Field::at("spec.database.instances").range(1, 16),
        Field::at("spec.database.backupRetentionDays").range(1, 35),
        Field::at("spec.database.deletionProtection").switch(),
        Field::at("spec.database.finalSnapshot").switch(),
        Field::at(logs)
            .accepts([json!([]), json!(["postgresql", "instance", "iam-db-auth-error"])])
            .refuses_at(
                "spec.database.logExports[0]",
                [json!(["upgrade"])],
                r#"supported values: "postgresql", "instance", "iam-db-auth-error""#,
            )
            .refuses_at("spec.database.logExports[1]", [json!(["instance", "instance"])], "Duplicate value"),
        key("spec.database.kmsKeyId").refuses(
            ["arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
            "database.kmsKeyId must be in the region of the pipeline",
        ),
    ]
}

fn postgresql_name(path: &'static str) -> Field<'static> {
    Field::at(path)
        .accepts([
            long(1),
            long(63),
            "a_1".to_owned(),
            "videos2".to_owned(),
            "users".to_owned(),
            "my_pg_db".to_owned(),
        ])
        .refuses([""], "should be at least 1 chars long")
        .refuses([long(64)], "may not be more than 63 bytes")
        .refuses(
            ["", "1a", "_a", "Videos", "a-b", "a b", "ä"],
            "must be lower-case letters, digits and underscores, and begin with a letter",
        )
        .refuses(
            [
                "select",
                "user",
                "admin",
                "template1",
                "rdsadmin",
                "rds_superuser",
                "pg_catalog",
                "all",
                "with",
            ],
            "is a reserved word of PostgreSQL or Aurora, or begins with pg_ or rds; choose another name",
        )
}

/// Steps, bounds, and least against greatest.
fn capacity() -> Vec<Case> {
    let (min, max) = ("spec.database.minAcu", "spec.database.maxAcu");
    let order = ("spec.database", "minAcu must be at most maxAcu");
    let mut cases = all([
        Field::at(min)
            .accepts([json!(0), json!(0.5), json!(1), json!(1.0)])
            .refuses([-0.5, -1.0], "should be greater than or equal to 0")
            .refuses([0.25, 0.7, 0.51], "must be a multiple of 0.5")
            .refuses_at("spec.database", [1.5, 2.0, 256.0], order.1)
            .given(max, 256)
            .accepts([json!(256), json!(255.5)]),
        Field::at(max)
            .accepts([json!(1), json!(1.5), json!(256), json!(256.0), json!(2.0)])
            .refuses([0.5], "should be greater than or equal to 1")
            .refuses([256.5, 1000.0], "should be less than or equal to 256")
            .refuses([1.25, 1.1, 100.01], "must be a multiple of 0.5"),
        Field::at(max).given(min, 8).accepts([json!(8), json!(8.5)]).refuses_at(
            "spec.database",
            [json!(7.5), json!(1)],
            order.1,
        ),
    ]);
    cases.push(refused(
        &[(min, 256.5.into()), (max, 256.into())],
        &[(min, "should be less than or equal to 256"), order],
    ));
    cases.push(accepted(&[("spec.database", json!({}))]));
    cases
}

fn credentials() -> Vec<Field<'static>> {
    vec![
        postgresql_name("spec.credentials.username"),
        Field::at("spec.credentials.rotationDays").range(1, 1000),
    ]
}
