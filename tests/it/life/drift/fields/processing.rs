//! What somebody changes of what works, and of what watches it.

use serde_json::{Value, json};

use super::super::hand::{Hand, Ids, on};

const CLUSTER: &str = "video-processing-cluster-drift";
const SERVICE: &str = "video-processing-service-drift";

pub fn hands(ids: &Ids<'_>) -> Vec<Hand> {
    [roles(ids), containers(ids), scaling(ids), watch(ids)].into_iter().flatten().collect()
}

/// A policy of somebody else's, which the role can be given.
pub const POLICY: &str = "another-policy";

/// What that policy allows.
pub fn anything() -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] })
}

fn roles(ids: &Ids<'_>) -> Vec<Hand> {
    let another = ids.policy(POLICY);
    let role = "video-processing-task-role-drift";
    let does = |operation: &'static str, mut more: Value| {
        more["RoleName"] = json!(role);
        ("iam", operation, more)
    };
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "Service": "ecs.amazonaws.com" }, "Action": "sts:AssumeRole" },
    ]});
    let policy = json!({
        "PolicyName": "video-processing-task-policy-drift", "PolicyDocument": anything().to_string(),
    });
    vec![
        on("role", "processing/task-role")
            .of(&["service", "sourceAccount", "managedPolicies", "tags"])
            .then(does("update_assume_role_policy", json!({ "PolicyDocument": trust.to_string() })))
            .then(does("attach_role_policy", json!({ "PolicyArn": another })))
            .then(does("tag_role", json!({ "Tags": [{ "Key": "by", "Value": "hand" }] }))),
        on("rolePolicy", "processing/task-role-policy")
            .of(&["statements"])
            .then(does("put_role_policy", policy)),
    ]
}

/// A task definition of somebody else's, which the service can be made to run.
pub const ANOTHER: &str = "another-family";

fn containers(ids: &Ids<'_>) -> Vec<Hand> {
    let logs = ids.at("/logGroups/~1ecs~1video-processing/logGroupName");
    let log_arn = ids.at("/logGroups/~1ecs~1video-processing/logGroupArn");
    let (cluster, task) = (ids.at("/cluster/clusterArn"), ids.at("/task/taskDefinitionArn"));
    let service = ids.at("/service/serviceArn");
    let tagged = |arn: &Value| {
        ("ecs", "tag_resource", json!({ "resourceArn": arn, "tags": [{ "key": "by", "value": "hand" }] }))
    };
    let forgetful = json!({ "logGroupName": logs, "retentionInDays": 1 });
    let unseen = json!({
        "cluster": CLUSTER, "settings": [{ "name": "containerInsights", "value": "disabled" }],
    });
    vec![
        on("logGroup", "processing/log-group")
            .of(&["retentionDays", "tags"])
            .then(("logs", "put_retention_policy", forgetful))
            .then(("logs", "tag_resource", json!({ "resourceArn": log_arn, "tags": { "by": "hand" } }))),
        on("ecsCluster", "processing/cluster")
            .of(&["containerInsights", "tags"])
            .then(("ecs", "update_cluster_settings", unseen))
            .then(tagged(&cluster)),
        on("taskDefinition", "processing/task").of(&["tags"]).then(tagged(&task)),
        on("service", "processing/service")
            .of(&[
                "taskDefinition",
                "subnets",
                "securityGroups",
                "publicIps",
                "circuitBreaker",
                "maximumPercent",
                "minimumHealthyPercent",
                "executeCommand",
                "tags",
            ])
            .then(("ecs", "update_service", another_service(ids)))
            .then(tagged(&service)),
    ]
}

/// What somebody changes where the number of tasks is not left to AWS.
pub fn hands_without_scaling() -> Vec<Hand> {
    let more = json!({
        "cluster": "video-processing-cluster-count", "service": "video-processing-service-count", "desiredCount": 2,
    });
    vec![on("service", "processing/service").of(&["desiredCount"]).then(("ecs", "update_service", more))]
}

fn another_service(ids: &Ids<'_>) -> Value {
    json!({
        "cluster": CLUSTER,
        "service": SERVICE,
        "taskDefinition": ANOTHER,
        "enableExecuteCommand": true,
        "networkConfiguration": { "awsvpcConfiguration": {
            "subnets": [ids.subnet("private-subnet-1")],
            "securityGroups": [ids.at("/groups/video-processing-aurora-sg-drift/GroupId")],
            "assignPublicIp": "DISABLED",
        } },
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": { "enable": false, "rollback": false },
            "maximumPercent": 150,
            "minimumHealthyPercent": 50,
        },
    })
}

fn scaling(ids: &Ids<'_>) -> Vec<Hand> {
    let of_service = |mut more: Value| {
        more["ServiceNamespace"] = json!("ecs");
        more["ResourceId"] = json!(format!("service/{CLUSTER}/{SERVICE}"));
        more["ScalableDimension"] = json!("ecs:service:DesiredCount");
        more
    };
    let mut target = ids.at("/scaling/policies/0/TargetTrackingScalingPolicyConfiguration");
    target["TargetValue"] = json!(11.0);
    target["ScaleInCooldown"] = json!(7);
    target["ScaleOutCooldown"] = json!(7);
    let policy = of_service(json!({
        "PolicyName": ids.at("/scaling/policies/0/PolicyName"),
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": target,
    }));
    let suspended = json!({ "DynamicScalingInSuspended": true });
    // Within them is the number of tasks that there are: that belongs to AWS, and would stay another one.
    let bounds = of_service(json!({ "MinCapacity": 0, "MaxCapacity": 40, "SuspendedState": suspended }));
    vec![
        on("scalableTarget", "processing/scaling-target").of(&["min", "max", "suspended"]).then((
            "application-autoscaling",
            "register_scalable_target",
            bounds,
        )),
        on("scalingPolicy", "processing/scaling-policy")
            .of(&["cpuTargetPercent", "scaleInCooldownSeconds", "scaleOutCooldownSeconds"])
            .then(("application-autoscaling", "put_scaling_policy", policy)),
    ]
}

fn watch(ids: &Ids<'_>) -> Vec<Hand> {
    let arn = ids.at("/alarms/video-processing-dlq-alarm/AlarmArn");
    let another = json!({
        "AlarmName": ids.at("/alarms/video-processing-dlq-alarm/AlarmName"),
        "AlarmDescription": "Something else",
        "Namespace": "AWS/Kinesis",
        "MetricName": "Another",
        "Dimensions": [{ "Name": "QueueName", "Value": "another" }],
        "Unit": "Megabits",
        "Statistic": "Minimum",
        "Period": 600,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 77.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
        "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:another"],
        "ActionsEnabled": false,
    });
    let tags = json!([{ "Key": "by", "Value": "hand" }]);
    vec![
        on("alarm", "monitoring/dead-letter-queue-alarm")
            .of(&[
                "description",
                "namespace",
                "metric",
                "dimensions",
                "unit",
                "statistic",
                "periodSeconds",
                "evaluationPeriods",
                "datapointsToAlarm",
                "threshold",
                "comparison",
                "missingData",
                "actions",
                "actionsEnabled",
                "tags",
            ])
            .then(("cloudwatch", "put_metric_alarm", another))
            .then(("cloudwatch", "tag_resource", json!({ "ResourceARN": arn, "Tags": tags }))),
    ]
}
