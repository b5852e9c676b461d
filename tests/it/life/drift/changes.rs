//! What somebody changes by hand.

use serde_json::{Value, json};

use super::hand::{Hand, Ids, on};

/// One change for each kind.
pub fn changes(ids: &Ids<'_>) -> Vec<Hand> {
    [network_changes(ids), data_changes(ids), processing_changes(ids)].into_iter().flatten().collect()
}

fn network_changes(ids: &Ids<'_>) -> Vec<Hand> {
    let tag = json!([{ "Key": "by", "Value": "hand" }]);
    let (vpc, subnet, public) = (ids.at("/vpc/VpcId"), ids.subnet("public-subnet-1"), ids.table("public"));
    let gateway = ids.at("/gateway/0/InternetGatewayId");
    let tasks_group = ids.at("/groups/video-processing-ecs-sg-drift/GroupId");
    let anyone = json!([{ "CidrIp": "0.0.0.0/0" }]);
    vec![
        on("vpc", "network/vpc")
            .does("ec2", "modify_vpc_attribute")
            .with(json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": false } })),
        on("subnet", "network/public-subnet-1")
            .does("ec2", "modify_subnet_attribute")
            .with(json!({ "SubnetId": subnet, "MapPublicIpOnLaunch": { "Value": false } })),
        on("internetGateway", "network/internet-gateway")
            .does("ec2", "create_tags")
            .with(json!({ "Resources": [gateway], "Tags": tag })),
        on("routeTable", "network/public-route-table").does("ec2", "create_route").with(json!({
            "RouteTableId": public["RouteTableId"],
            "DestinationCidrBlock": "192.0.2.0/24",
            "GatewayId": gateway,
        })),
        on("routeTableAssociation", "network/public-subnet-2-routes")
            .does("ec2", "replace_route_table_association")
            .with(json!({
                "AssociationId": ids.association(&ids.subnet("public-subnet-2")),
                "RouteTableId": ids.table("private")["RouteTableId"],
            })),
        on("securityGroup", "network/tasks-security-group")
            .does("ec2", "create_tags")
            .with(json!({ "Resources": [tasks_group], "Tags": tag })),
        on("securityGroupRules", "network/database-security-group-rules")
            .does("ec2", "authorize_security_group_ingress")
            .with(json!({
                "GroupId": ids.at("/groups/video-processing-aurora-sg-drift/GroupId"),
                "IpPermissions": [{ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": anyone }],
            })),
    ]
}

fn data_changes(ids: &Ids<'_>) -> Vec<Hand> {
    let stream = "video-ingestion-stream-drift";
    let rules = json!({ "AutomaticallyAfterDays": 99 });
    let subnets = ["private-subnet-1", "private-subnet-2", "public-subnet-1"].map(|name| ids.subnet(name));
    vec![
        on("stream", "ingestion/stream")
            .does("kinesis", "increase_stream_retention_period")
            .with(json!({ "StreamName": stream, "RetentionPeriodHours": 99 })),
        on("queue", "ingestion/job-queue")
            .does("sqs", "set_queue_attributes")
            .with(json!({ "QueueUrl": ids.at("/jobs/Url"), "Attributes": { "VisibilityTimeout": "1" } })),
        on("dbSubnetGroup", "storage/subnet-group").does("rds", "modify_db_subnet_group").with(json!({
            "DBSubnetGroupName": "video-metadata-subnet-group-drift",
            "SubnetIds": subnets,
        })),
        on("dbClusterParameterGroup", "storage/parameter-group-pg16")
            .does("rds", "modify_db_cluster_parameter_group")
            .with(json!({
                "DBClusterParameterGroupName": ids.at("/database/DBClusterParameterGroup"),
                "Parameters": [
                    { "ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate" },
                ],
            })),
        on("dbCluster", "storage/cluster").does("rds", "modify_db_cluster").with(json!({
            "DBClusterIdentifier": "video-metadata-cluster-drift",
            "BackupRetentionPeriod": 21,
            "ApplyImmediately": true,
        })),
        on("dbInstance", "storage/instance-2").does("rds", "modify_db_instance").with(json!({
            "DBInstanceIdentifier": "video-metadata-instance-2-drift",
            "PromotionTier": 9,
            "ApplyImmediately": true,
        })),
        on("secretRotation", "storage/cluster-secret").does("secretsmanager", "rotate_secret").with(
            json!({ "SecretId": ids.at("/secret/ARN"), "RotationRules": rules, "RotateImmediately": false }),
        ),
    ]
}

fn processing_changes(ids: &Ids<'_>) -> Vec<Hand> {
    let service = "service/video-processing-cluster-drift/video-processing-service-drift";
    let scaling = |more: Value| {
        let mut all = json!({
            "ServiceNamespace": "ecs", "ResourceId": service, "ScalableDimension": "ecs:service:DesiredCount",
        });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let anything = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
    ]});
    let mut network = ids.at("/service/networkConfiguration");
    network["awsvpcConfiguration"]["assignPublicIp"] = json!("DISABLED");
    let mut target = ids.at("/scaling/policies/0/TargetTrackingScalingPolicyConfiguration");
    target["TargetValue"] = json!(11.0);
    let mut watch = ids.at("/alarms/video-processing-dlq-alarm");
    watch.as_object_mut().unwrap().retain(|key, _| {
        [
            "AlarmName",
            "MetricName",
            "Namespace",
            "Period",
            "EvaluationPeriods",
            "Statistic",
            "ComparisonOperator",
        ]
        .contains(&key.as_str())
    });
    watch["Threshold"] = json!(77.0);
    let tag = json!([{ "key": "by", "value": "hand" }]);
    vec![
        on("role", "processing/task-role").does("iam", "tag_role").with(json!({
            "RoleName": "video-processing-task-role-drift",
            "Tags": [{ "Key": "by", "Value": "hand" }],
        })),
        on("rolePolicy", "processing/execution-role-policy").does("iam", "put_role_policy").with(json!({
            "RoleName": "video-processing-execution-role-drift",
            "PolicyName": "video-processing-execution-policy-drift",
            "PolicyDocument": anything.to_string(),
        })),
        on("logGroup", "processing/log-group")
            .does("logs", "put_retention_policy")
            .with(json!({ "logGroupName": "/ecs/video-processing-drift", "retentionInDays": 1 })),
        on("ecsCluster", "processing/cluster").does("ecs", "update_cluster_settings").with(json!({
            "cluster": "video-processing-cluster-drift",
            "settings": [{ "name": "containerInsights", "value": "disabled" }],
        })),
        on("taskDefinition", "processing/task")
            .does("ecs", "tag_resource")
            .with(json!({ "resourceArn": ids.at("/task/taskDefinitionArn"), "tags": tag })),
        on("service", "processing/service").does("ecs", "update_service").with(json!({
            "cluster": "video-processing-cluster-drift",
            "service": "video-processing-service-drift",
            "networkConfiguration": network,
        })),
        on("scalableTarget", "processing/scaling-target")
            .does("application-autoscaling", "register_scalable_target")
            .with(scaling(json!({ "MaxCapacity": 40 }))),
        on("scalingPolicy", "processing/scaling-policy")
            .does("application-autoscaling", "put_scaling_policy")
            .with(scaling(json!({
                "PolicyName": ids.at("/scaling/policies/0/PolicyName"),
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": target,
            }))),
        on("alarm", "monitoring/dead-letter-queue-alarm").does("cloudwatch", "put_metric_alarm").with(watch),
    ]
}
