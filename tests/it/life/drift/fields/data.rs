//! What somebody changes of what holds data.

use serde_json::{Value, json};

use super::super::hand::{Hand, Ids, on};

pub fn hands(ids: &Ids<'_>) -> Vec<Hand> {
    [stream(ids), queues(ids), groups(ids), database(ids)].into_iter().flatten().collect()
}

fn stream(ids: &Ids<'_>) -> Vec<Hand> {
    let does = |operation: &'static str, mut more: Value| {
        more["StreamName"] = json!("video-ingestion-stream-drift");
        ("kinesis", operation, more)
    };
    let on_demand = json!({
        "StreamARN": ids.at("/stream/StreamARN"), "StreamModeDetails": { "StreamMode": "ON_DEMAND" },
    });
    let key = json!({ "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis" });
    vec![
        on("stream", "ingestion/stream")
            .of(&["shards", "retentionHours", "shardMetrics", "encryptionKey", "tags", "mode"])
            .then(does(
                "update_shard_count",
                json!({ "TargetShardCount": 4, "ScalingType": "UNIFORM_SCALING" }),
            ))
            .then(does("increase_stream_retention_period", json!({ "RetentionPeriodHours": 99 })))
            .then(does("disable_enhanced_monitoring", json!({ "ShardLevelMetrics": ["OutgoingBytes"] })))
            .then(does("stop_stream_encryption", key))
            .then(does("add_tags_to_stream", json!({ "Tags": { "by": "hand" } })))
            .then(("kinesis", "update_stream_mode", on_demand)),
    ]
}

fn queues(ids: &Ids<'_>) -> Vec<Hand> {
    let (jobs, letters) = (ids.at("/jobs/Url"), ids.at("/deadLetters/Url"));
    let anyone = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*" },
    ]});
    let of_jobs = json!({
        "VisibilityTimeout": "1",
        "DelaySeconds": "30",
        "MessageRetentionPeriod": "60",
        "RedrivePolicy": "",
        "SqsManagedSseEnabled": "false",
        "Policy": anyone.to_string(),
    });
    let open = json!({ "RedriveAllowPolicy": json!({ "redrivePermission": "allowAll" }).to_string() });
    vec![
        on("queue", "ingestion/job-queue")
            .of(&[
                "visibilityTimeoutSeconds",
                "delaySeconds",
                "retentionSeconds",
                "redrive",
                "encrypted",
                "policy",
                "tags",
            ])
            .then(("sqs", "set_queue_attributes", json!({ "QueueUrl": jobs, "Attributes": of_jobs })))
            .then(("sqs", "tag_queue", json!({ "QueueUrl": jobs, "Tags": { "by": "hand" } }))),
        on("queue", "errors/dead-letter-queue").of(&["redriveFrom"]).then((
            "sqs",
            "set_queue_attributes",
            json!({ "QueueUrl": letters, "Attributes": open }),
        )),
    ]
}

fn groups(ids: &Ids<'_>) -> Vec<Hand> {
    let subnets = ["private-subnet-1", "private-subnet-2", "public-subnet-1"].map(|name| ids.subnet(name));
    let elsewhere = json!({
        "DBSubnetGroupName": "video-metadata-subnet-group-drift",
        "DBSubnetGroupDescription": "Elsewhere",
        "SubnetIds": subnets,
    });
    let group = ids.at("/database/DBClusterParameterGroup");
    let plain =
        json!({ "ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate" });
    let plain = json!({ "DBClusterParameterGroupName": group, "Parameters": [plain] });
    vec![
        on("dbSubnetGroup", "storage/subnet-group")
            .of(&["description", "subnets", "tags"])
            .then(("rds", "modify_db_subnet_group", elsewhere))
            .then(tagged(&ids.of_database("subgrp", &json!("video-metadata-subnet-group-drift")))),
        on("dbClusterParameterGroup", "storage/parameter-group-pg16")
            .of(&["parameters", "tags"])
            .then(("rds", "modify_db_cluster_parameter_group", plain))
            .then(tagged(&ids.of_database("cluster-pg", &group))),
    ]
}

/// A parameter group of somebody else's, which the database can be made to use.
pub const ANOTHER: &str = "another-parameter-group";

fn database(ids: &Ids<'_>) -> Vec<Hand> {
    let (cluster, arn) = ("video-metadata-cluster-drift", ids.at("/database/DBClusterArn"));
    let instance = "video-metadata-instance-2-drift";
    let modified = json!({
        "DBClusterIdentifier": cluster,
        "BackupRetentionPeriod": 21,
        "DBClusterParameterGroupName": ANOTHER,
        "VpcSecurityGroupIds": [ids.at("/groups/video-processing-ecs-sg-drift/GroupId")],
        "CloudwatchLogsExportConfiguration": { "EnableLogTypes": ["instance"], "DisableLogTypes": [] },
        "DeletionProtection": true,
        "ServerlessV2ScalingConfiguration": { "MinCapacity": 1.5, "MaxCapacity": 7.5 },
        "ApplyImmediately": true,
    });
    let smaller = json!({
        "DBInstanceIdentifier": instance,
        "DBInstanceClass": "db.r6g.large",
        "PromotionTier": 9,
        "PubliclyAccessible": true,
        "AutoMinorVersionUpgrade": true,
        "ApplyImmediately": true,
    });
    let snapshot = json!([{ "Key": "streamflix.io/final-snapshot", "Value": "true" }]);
    let rules = json!({ "AutomaticallyAfterDays": 99 });
    vec![
        on("dbCluster", "storage/cluster")
            .of(&[
                "backupRetentionDays",
                "parameterGroup",
                "securityGroups",
                "logExports",
                "deletionProtection",
                "minAcu",
                "maxAcu",
                "httpEndpoint",
                "finalSnapshot",
                "tags",
            ])
            .then(("rds", "modify_db_cluster", modified))
            .then(("rds", "enable_http_endpoint", json!({ "ResourceArn": arn })))
            .then(("rds", "add_tags_to_resource", json!({ "ResourceName": arn, "Tags": snapshot })))
            .then(tagged(&arn)),
        on("dbInstance", "storage/instance-2")
            .of(&["class", "promotionTier", "public", "autoMinorUpgrade", "tags"])
            .then(("rds", "modify_db_instance", smaller))
            .then(tagged(&ids.of_database("db", &json!(instance)))),
        on("secretRotation", "storage/cluster-secret").of(&["days"]).then((
            "secretsmanager",
            "rotate_secret",
            json!({ "SecretId": ids.at("/secret/ARN"), "RotationRules": rules, "RotateImmediately": false }),
        )),
    ]
}

/// A tag more on something of RDS.
fn tagged(arn: &Value) -> (&'static str, &'static str, Value) {
    let tags = json!([{ "Key": "by", "Value": "hand" }]);
    ("rds", "add_tags_to_resource", json!({ "ResourceName": arn, "Tags": tags }))
}
