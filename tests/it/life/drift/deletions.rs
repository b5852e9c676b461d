//! What somebody deletes by hand.

use serde_json::json;

use super::hand::{Hand, Ids, on};

/// One deletion for each kind, together with those of what holds it.
pub fn deletions(ids: &Ids<'_>) -> Vec<Hand> {
    let cluster = "video-processing-cluster-drift";
    let service = json!({ "cluster": cluster, "service": "video-processing-service-drift", "force": true });
    let service = ("ecs", "delete_service", service);
    let scaling = json!({
        "ServiceNamespace": "ecs",
        "ResourceId": "service/video-processing-cluster-drift/video-processing-service-drift",
        "ScalableDimension": "ecs:service:DesiredCount",
    });
    let mut policy = scaling.clone();
    policy["PolicyName"] = ids.at("/scaling/policies/0/PolicyName");
    let (gateway, vpc) = (ids.at("/gateway/0/InternetGatewayId"), ids.at("/vpc/VpcId"));
    let tasks_group = json!({ "GroupId": ids.at("/groups/video-processing-ecs-sg-drift/GroupId") });
    let database_group = ids.at("/groups/video-processing-aurora-sg-drift/GroupId");
    let from_tasks = json!({
        "GroupId": database_group,
        "IpPermissions": [{
            "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [tasks_group],
        }],
    });
    let revoke = ("ec2", "revoke_security_group_ingress", from_tasks);
    let (role, role_policy) = ("video-processing-task-role-drift", "video-processing-task-policy-drift");
    let private = ids.table("private");
    let unlink = |subnet: &str| {
        let association = ids.association(&ids.subnet(subnet));
        ("ec2", "disassociate_route_table", json!({ "AssociationId": association }))
    };
    let drop_policy = ("iam", "delete_role_policy", json!({ "RoleName": role, "PolicyName": role_policy }));
    vec![
        on("alarm", "monitoring/dead-letter-queue-alarm")
            .does("cloudwatch", "delete_alarms")
            .with(json!({ "AlarmNames": ["video-processing-dlq-alarm-drift"] })),
        on("scalingPolicy", "processing/scaling-policy")
            .does("application-autoscaling", "delete_scaling_policy")
            .with(policy),
        on("scalableTarget", "processing/scaling-target")
            .does("application-autoscaling", "deregister_scalable_target")
            .with(scaling),
        on("queue", "ingestion/job-queue")
            .does("sqs", "delete_queue")
            .with(json!({ "QueueUrl": ids.at("/jobs/Url") })),
        on("logGroup", "processing/log-group")
            .does("logs", "delete_log_group")
            .with(json!({ "logGroupName": "/ecs/video-processing-drift" })),
        on("stream", "ingestion/stream")
            .does("kinesis", "delete_stream")
            .with(json!({ "StreamName": "video-ingestion-stream-drift" })),
        on("dbInstance", "storage/instance-2").does("rds", "delete_db_instance").with(
            json!({ "DBInstanceIdentifier": "video-metadata-instance-2-drift", "SkipFinalSnapshot": true }),
        ),
        on("rolePolicy", "processing/task-role-policy").then(drop_policy.clone()),
        on("role", "processing/task-role")
            .then(drop_policy)
            .does("iam", "delete_role")
            .with(json!({ "RoleName": role })),
        on("taskDefinition", "processing/task")
            .does("ecs", "deregister_task_definition")
            .with(json!({ "taskDefinition": ids.at("/task/taskDefinitionArn") })),
        on("routeTableAssociation", "network/public-subnet-2-routes").then(unlink("public-subnet-2")),
        on("routeTable", "network/private-route-table")
            .then(unlink("private-subnet-1"))
            .then(unlink("private-subnet-2"))
            .does("ec2", "delete_route_table")
            .with(json!({ "RouteTableId": private["RouteTableId"] })),
        on("securityGroupRules", "network/database-security-group-rules").then(revoke.clone()),
        on("service", "processing/service").then(service.clone()),
        on("ecsCluster", "processing/cluster")
            .then(service.clone())
            .does("ecs", "delete_cluster")
            .with(json!({ "cluster": cluster })),
        on("internetGateway", "network/internet-gateway")
            .then(service.clone())
            .does("ec2", "detach_internet_gateway")
            .with(json!({ "InternetGatewayId": gateway, "VpcId": vpc }))
            .does("ec2", "delete_internet_gateway")
            .with(json!({ "InternetGatewayId": gateway })),
        on("subnet", "network/public-subnet-1")
            .then(service.clone())
            .does("ec2", "delete_subnet")
            .with(json!({ "SubnetId": ids.subnet("public-subnet-1") })),
        on("securityGroup", "network/tasks-security-group")
            .then(service)
            .then(revoke)
            .does("ec2", "delete_security_group")
            .with(tasks_group),
    ]
}
