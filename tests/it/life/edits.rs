//! Every field of the spec that may change, and what a change of it does in AWS.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use video_pipeline_operator::api::crd;

use super::environment::Environment;
use super::lab;

const SUFFIX: &str = "edits";

/// A field, a value that it does not have at first, and where that is then to be seen in AWS.
struct Edit {
    field: &'static str,
    to: Value,
    /// A JSON pointer into what stands in AWS.
    at: &'static str,
    seen: Value,
}

/// Edits that are made in one go.
fn edits() -> Vec<Edit> {
    let edit = |field, to, at, seen| Edit { field, to, at, seen };
    let alarm = "arn:aws:sns:eu-west-1:123456789012:alarms";
    vec![
        edit(
            "network.availabilityZones",
            json!(3),
            "/subnets/video-processing-private-subnet-3-edits/AvailabilityZone",
            json!("eu-west-1c"),
        ),
        edit("ingestion.shardCount", json!(4), "/stream/OpenShardCount", json!(4)),
        edit("ingestion.retentionHours", json!(48), "/stream/RetentionPeriodHours", json!(48)),
        edit(
            "ingestion.shardLevelMetrics",
            json!(["IncomingBytes"]),
            "/stream/EnhancedMonitoring/0/ShardLevelMetrics",
            json!(["IncomingBytes"]),
        ),
        edit("ingestion.kmsKeyId", json!("alias/media"), "/stream/KeyId", json!("alias/media")),
        edit(
            "processing.image",
            json!("registry.example/worker:2"),
            "/container/image",
            json!("registry.example/worker:2"),
        ),
        edit(
            "processing.command",
            json!(["work", "--hard"]),
            "/container/command",
            json!(["work", "--hard"]),
        ),
        edit(
            "processing.environment",
            json!([{ "name": "MODE", "value": "fast" }]),
            "/variables/MODE",
            json!("fast"),
        ),
        edit("processing.cpu", json!(512), "/task/cpu", json!("512")),
        edit("processing.memory", json!(1024), "/task/memory", json!("1024")),
        edit("processing.desiredCount", json!(2), "/service/runningCount", json!(2)),
        edit("processing.stopTimeoutSeconds", json!(60), "/container/stopTimeout", json!(60)),
        edit("database.engineVersion", json!("16.9"), "/database/EngineVersion", json!("16.9")),
        edit(
            "database.minAcu",
            json!(1),
            "/database/ServerlessV2ScalingConfiguration/MinCapacity",
            json!(1.0),
        ),
        edit(
            "database.maxAcu",
            json!(2),
            "/database/ServerlessV2ScalingConfiguration/MaxCapacity",
            json!(2.0),
        ),
        edit(
            "database.instances",
            json!(3),
            "/instances/video-metadata-instance-3-edits/DBInstanceStatus",
            json!("available"),
        ),
        edit("database.backupRetentionDays", json!(8), "/database/BackupRetentionPeriod", json!(8)),
        edit("database.deletionProtection", json!(true), "/database/DeletionProtection", json!(true)),
        edit(
            "database.finalSnapshot",
            json!(true),
            "/databaseTags/streamflix.io~1final-snapshot",
            json!("true"),
        ),
        edit(
            "database.logExports",
            json!(["iam-db-auth-error"]),
            "/database/EnabledCloudwatchLogsExports",
            json!(["iam-db-auth-error"]),
        ),
        edit(
            "credentials.rotationDays",
            json!(30),
            "/secret/RotationRules/AutomaticallyAfterDays",
            json!(30),
        ),
        edit(
            "errorHandling.deadLetterQueue.retentionDays",
            json!(7),
            "/deadLetters/MessageRetentionPeriod",
            json!("604800"),
        ),
        edit(
            "errorHandling.jobQueue.maxReceiveCount",
            json!(5),
            "/jobs/RedrivePolicy/maxReceiveCount",
            json!(5),
        ),
        edit(
            "errorHandling.jobQueue.visibilityTimeoutSeconds",
            json!(300),
            "/jobs/VisibilityTimeout",
            json!("300"),
        ),
        edit(
            "monitoring.logRetentionDays",
            json!(30),
            "/logGroups/~1ecs~1video-processing/retentionInDays",
            json!(30),
        ),
        edit(
            "monitoring.alarms.databaseCapacity.threshold",
            json!(50),
            "/alarms/video-metadata-capacity-alarm/Threshold",
            json!(50.0),
        ),
        edit(
            "monitoring.alarms.deadLetterQueue.threshold",
            json!(9),
            "/alarms/video-processing-dlq-alarm/Threshold",
            json!(9.0),
        ),
        edit(
            "monitoring.alarms.iteratorAge.threshold",
            json!(60_000),
            "/alarms/video-ingestion-iterator-age-alarm/Threshold",
            json!(60_000.0),
        ),
        edit(
            "monitoring.alarms.kinesisReadThrottle.threshold",
            json!(11),
            "/alarms/video-ingestion-read-throttle-alarm/Threshold",
            json!(11.0),
        ),
        edit(
            "monitoring.alarms.kinesisWriteThrottle.threshold",
            json!(12),
            "/alarms/video-ingestion-write-throttle-alarm/Threshold",
            json!(12.0),
        ),
        edit(
            "monitoring.alarms.runningTasks.threshold",
            json!(7),
            "/alarms/video-processing-running-tasks-alarm/Threshold",
            json!(7.0),
        ),
        edit(
            "monitoring.alarmActions",
            json!([alarm]),
            "/alarms/video-processing-dlq-alarm/AlarmActions",
            json!([alarm]),
        ),
        edit("tags", json!({ "team": "media" }), "/databaseTags/team", json!("media")),
    ]
}

/// Edits that exclude some of the first ones.
fn more_edits() -> Vec<Edit> {
    let edit = |field, to, at, seen| Edit { field, to, at, seen };
    let gone = |field, at| edit(field, json!(false), at, Value::Null);
    vec![
        edit("ingestion.mode", json!("OnDemand"), "/stream/StreamModeDetails/StreamMode", json!("ON_DEMAND")),
        edit("processing.autoscaling.minCount", json!(3), "/scaling/targets/0/MinCapacity", json!(3)),
        edit("processing.autoscaling.maxCount", json!(6), "/scaling/targets/0/MaxCapacity", json!(6)),
        edit(
            "processing.autoscaling.cpuTargetPercent",
            json!(50),
            "/scaling/policies/0/TargetTrackingScalingPolicyConfiguration/TargetValue",
            json!(50.0),
        ),
        edit("processing.containerInsights", json!(false), "/cluster/settings/0/value", json!("disabled")),
        gone("monitoring.alarms.databaseCapacity.enabled", "/alarms/video-metadata-capacity-alarm/AlarmName"),
        gone("monitoring.alarms.deadLetterQueue.enabled", "/alarms/video-processing-dlq-alarm/AlarmName"),
        gone("monitoring.alarms.iteratorAge.enabled", "/alarms/video-ingestion-iterator-age-alarm/AlarmName"),
        gone(
            "monitoring.alarms.kinesisReadThrottle.enabled",
            "/alarms/video-ingestion-read-throttle-alarm/AlarmName",
        ),
        gone(
            "monitoring.alarms.kinesisWriteThrottle.enabled",
            "/alarms/video-ingestion-write-throttle-alarm/AlarmName",
        ),
        gone(
            "monitoring.alarms.runningTasks.enabled",
            "/alarms/video-processing-running-tasks-alarm/AlarmName",
        ),
    ]
}

/// Fields that never change: admission refuses it, or AWS cannot do it in place on what holds data.
const FIXED: [&str; 7] = [
    "environmentSuffix",
    "region",
    "network.cidr",
    "account.roleArn",
    "database.name",
    "database.kmsKeyId",
    "credentials.username",
];

/// Fields of which nothing is to be seen in AWS: what they do is told in scenarios of their own, or at admission.
const UNSEEN: [&str; 3] = ["account.dataResidency", "deletionPolicy", "suspend"];

/// What cannot be undone: zones only grow, and AWS knows no way back to an older version.
const FOR_GOOD: [&str; 2] = ["network.availabilityZones", "database.engineVersion"];

#[test]
fn every_field_of_the_schema_has_its_edit() {
    let mut fields = BTreeSet::new();
    leaves(&crd::schema()["properties"]["spec"], "", &mut fields);
    let edited = edits().into_iter().chain(more_edits()).map(|edit| edit.field.to_owned());
    let told = FIXED.iter().chain(&UNSEEN).map(|field| (*field).to_owned());
    assert_eq!(fields, edited.chain(told).collect());
}

fn leaves(schema: &Value, path: &str, fields: &mut BTreeSet<String>) {
    let Some(properties) = schema["properties"].as_object() else {
        fields.insert(path.to_owned());
        return;
    };
    for (name, property) in properties {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        leaves(property, &path, fields);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_that_may_change_is_brought_to_aws_and_back() {
    let lab = lab::shared().await;
    let key = lab.account.call("kms", "create_key", json!({}))["KeyMetadata"]["KeyId"].clone();
    lab.account.call("kms", "create_alias", json!({ "AliasName": "alias/media", "TargetKeyId": key }));
    let environment = Environment::create(lab, SUFFIX, json!({})).await;
    environment.ready().await;
    let first = environment.in_aws();

    for edits in [edits(), more_edits()] {
        let before = environment.in_aws();
        edits
            .iter()
            .for_each(|edit| assert_ne!(edit.look(&before), edit.seen, "{} shows nothing", edit.field));
        environment.edit(together(&edits, |edit| edit.to.clone())).await;
        environment.ready().await;
        let after = environment.in_aws();
        let wrong: Vec<_> = edits.iter().filter_map(|edit| edit.differs(&after, &edit.seen)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    let back: Vec<_> =
        edits().into_iter().chain(more_edits()).filter(|e| !FOR_GOOD.contains(&e.field)).collect();
    environment.edit(undone(&back)).await;
    environment.ready().await;
    let last = environment.in_aws();
    let wrong: Vec<_> = back.iter().filter_map(|edit| edit.differs(&last, &edit.look(&first))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    environment.delete_to_the_end().await;
}

impl Edit {
    fn look(&self, in_aws: &Value) -> Value {
        in_aws.pointer(self.at).cloned().unwrap_or_default()
    }

    fn differs(&self, in_aws: &Value, wanted: &Value) -> Option<String> {
        let is = self.look(in_aws);
        (is != *wanted).then(|| format!("{}: {} is {is} and should be {wanted}", self.field, self.at))
    }
}

/// The merge patch of the spec that makes all edits.
fn together(edits: &[Edit], value: impl Fn(&Edit) -> Value) -> Value {
    let mut spec = json!({});
    for edit in edits {
        let mut place = &mut spec;
        for part in edit.field.split('.') {
            place = &mut place[part];
        }
        *place = value(edit);
    }
    spec
}

/// The merge patch that undoes them: whatever is left out gets its default.
fn undone(edits: &[Edit]) -> Value {
    let mut spec = together(edits, |_| Value::Null);
    spec["processing"]["image"] = json!("registry.example/worker:1");
    spec["processing"]["autoscaling"] = Value::Null;
    spec["tags"] = json!({ "team": null });
    spec
}
