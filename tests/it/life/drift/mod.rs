//! What is changed or deleted by hand is put right, and said; what is not ours stays as it is.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use video_pipeline_operator::kinds::KINDS;

use super::environment::{Environment, condition, is_settled};
use super::lab;
use super::scrub::scrubbed;

const SUFFIX: &str = "drift";

/// What somebody does to one resource.
struct Hand {
    kind: &'static str,
    /// The resource's address; for one with versions, the beginning of it.
    address: &'static str,
    /// Calls, one after the other.
    calls: Vec<(&'static str, &'static str, Value)>,
}

fn hand(
    kind: &'static str,
    address: &'static str,
    calls: impl IntoIterator<Item = (&'static str, &'static str, Value)>,
) -> Hand {
    Hand { kind, address, calls: calls.into_iter().collect() }
}

/// Kinds of which AWS deletes no object while others use it; the database is a scenario of its own.
const NEVER_FREE: [&str; 5] =
    ["vpc", "dbSubnetGroup", "dbClusterParameterGroup", "dbCluster", "secretRotation"];

/// The ids that calls need.
struct Ids<'a>(&'a Value);

impl Ids<'_> {
    fn at(&self, pointer: &str) -> Value {
        self.0.pointer(pointer).cloned().unwrap_or_else(|| panic!("nothing at {pointer}"))
    }

    fn subnet(&self, name: &str) -> Value {
        self.at(&format!("/subnets/video-processing-{name}-drift/SubnetId"))
    }

    fn table(&self, side: &str) -> &Value {
        self.tables().find(|table| table["Tags"].to_string().contains(&format!("{side}-rt-"))).unwrap()
    }

    fn tables(&self) -> impl Iterator<Item = &Value> {
        self.0["routeTables"].as_object().unwrap().values()
    }

    /// The association of a subnet.
    fn association(&self, subnet: &Value) -> Value {
        let all = self.tables().flat_map(|table| table["Associations"].as_array().unwrap());
        all.into_iter().find(|one| one["SubnetId"] == *subnet).unwrap()["RouteTableAssociationId"].clone()
    }
}

/// One change for each kind.
fn changes(ids: &Ids<'_>) -> Vec<Hand> {
    [network_changes(ids), data_changes(ids), processing_changes(ids)].into_iter().flatten().collect()
}

fn network_changes(ids: &Ids<'_>) -> Vec<Hand> {
    let subnet = ids.subnet("public-subnet-1");
    let tag = json!([{ "Key": "by", "Value": "hand" }]);
    vec![
        hand(
            "vpc",
            "network/vpc",
            [(
                "ec2",
                "modify_vpc_attribute",
                json!({ "VpcId": ids.at("/vpc/VpcId"), "EnableDnsHostnames": { "Value": false } }),
            )],
        ),
        hand(
            "subnet",
            "network/public-subnet-1",
            [(
                "ec2",
                "modify_subnet_attribute",
                json!({ "SubnetId": subnet, "MapPublicIpOnLaunch": { "Value": false } }),
            )],
        ),
        hand(
            "internetGateway",
            "network/internet-gateway",
            [(
                "ec2",
                "create_tags",
                json!({ "Resources": [ids.at("/gateway/0/InternetGatewayId")], "Tags": tag }),
            )],
        ),
        hand(
            "routeTable",
            "network/public-route-table",
            [(
                "ec2",
                "create_route",
                json!({
                    "RouteTableId": ids.table("public")["RouteTableId"],
                    "DestinationCidrBlock": "192.0.2.0/24",
                    "GatewayId": ids.at("/gateway/0/InternetGatewayId"),
                }),
            )],
        ),
        hand(
            "routeTableAssociation",
            "network/public-subnet-2-routes",
            [(
                "ec2",
                "replace_route_table_association",
                json!({
                    "AssociationId": ids.association(&ids.subnet("public-subnet-2")),
                    "RouteTableId": ids.table("private")["RouteTableId"],
                }),
            )],
        ),
        hand(
            "securityGroup",
            "network/tasks-security-group",
            [(
                "ec2",
                "create_tags",
                json!({ "Resources": [ids.at("/groups/video-processing-ecs-sg-drift/GroupId")], "Tags": tag }),
            )],
        ),
        hand(
            "securityGroupRules",
            "network/database-security-group-rules",
            [(
                "ec2",
                "authorize_security_group_ingress",
                json!({
                    "GroupId": ids.at("/groups/video-processing-aurora-sg-drift/GroupId"),
                    "IpPermissions": [{
                        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }],
                    }],
                }),
            )],
        ),
    ]
}

fn data_changes(ids: &Ids<'_>) -> Vec<Hand> {
    let stream = "video-ingestion-stream-drift";
    let rules = json!({ "AutomaticallyAfterDays": 99 });
    let subnets = ["private-subnet-1", "private-subnet-2", "public-subnet-1"].map(|name| ids.subnet(name));
    vec![
        hand(
            "stream",
            "ingestion/stream",
            [(
                "kinesis",
                "increase_stream_retention_period",
                json!({ "StreamName": stream, "RetentionPeriodHours": 99 }),
            )],
        ),
        hand(
            "queue",
            "ingestion/job-queue",
            [(
                "sqs",
                "set_queue_attributes",
                json!({ "QueueUrl": ids.at("/jobs/Url"), "Attributes": { "VisibilityTimeout": "1" } }),
            )],
        ),
        hand(
            "dbSubnetGroup",
            "storage/subnet-group",
            [(
                "rds",
                "modify_db_subnet_group",
                json!({
                    "DBSubnetGroupName": "video-metadata-subnet-group-drift",
                    "SubnetIds": subnets,
                }),
            )],
        ),
        hand(
            "dbClusterParameterGroup",
            "storage/parameter-group-pg16",
            [(
                "rds",
                "modify_db_cluster_parameter_group",
                json!({
                    "DBClusterParameterGroupName": ids.at("/database/DBClusterParameterGroup"),
                    "Parameters": [
                        { "ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate" },
                    ],
                }),
            )],
        ),
        hand(
            "dbCluster",
            "storage/cluster",
            [(
                "rds",
                "modify_db_cluster",
                json!({
                    "DBClusterIdentifier": "video-metadata-cluster-drift",
                    "BackupRetentionPeriod": 21,
                    "ApplyImmediately": true,
                }),
            )],
        ),
        hand(
            "dbInstance",
            "storage/instance-2",
            [(
                "rds",
                "modify_db_instance",
                json!({
                    "DBInstanceIdentifier": "video-metadata-instance-2-drift",
                    "PromotionTier": 9,
                    "ApplyImmediately": true,
                }),
            )],
        ),
        hand(
            "secretRotation",
            "storage/cluster-secret",
            [(
                "secretsmanager",
                "rotate_secret",
                json!({ "SecretId": ids.at("/secret/ARN"), "RotationRules": rules, "RotateImmediately": false }),
            )],
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
    let alarm = "video-processing-dlq-alarm";
    let mut watch = ids.at(&format!("/alarms/{alarm}"));
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
        hand(
            "role",
            "processing/task-role",
            [(
                "iam",
                "tag_role",
                json!({
                    "RoleName": "video-processing-task-role-drift",
                    "Tags": [{ "Key": "by", "Value": "hand" }],
                }),
            )],
        ),
        hand(
            "rolePolicy",
            "processing/execution-role-policy",
            [(
                "iam",
                "put_role_policy",
                json!({
                    "RoleName": "video-processing-execution-role-drift",
                    "PolicyName": "video-processing-execution-policy-drift",
                    "PolicyDocument": anything.to_string(),
                }),
            )],
        ),
        hand(
            "logGroup",
            "processing/log-group",
            [(
                "logs",
                "put_retention_policy",
                json!({ "logGroupName": "/ecs/video-processing-drift", "retentionInDays": 1 }),
            )],
        ),
        hand(
            "ecsCluster",
            "processing/cluster",
            [(
                "ecs",
                "update_cluster_settings",
                json!({
                    "cluster": "video-processing-cluster-drift",
                    "settings": [{ "name": "containerInsights", "value": "disabled" }],
                }),
            )],
        ),
        hand(
            "taskDefinition",
            "processing/task",
            [(
                "ecs",
                "tag_resource",
                json!({ "resourceArn": ids.at("/task/taskDefinitionArn"), "tags": tag }),
            )],
        ),
        hand(
            "service",
            "processing/service",
            [(
                "ecs",
                "update_service",
                json!({
                    "cluster": "video-processing-cluster-drift",
                    "service": "video-processing-service-drift",
                    "networkConfiguration": network,
                }),
            )],
        ),
        hand(
            "scalableTarget",
            "processing/scaling-target",
            [("application-autoscaling", "register_scalable_target", scaling(json!({ "MaxCapacity": 40 })))],
        ),
        hand(
            "scalingPolicy",
            "processing/scaling-policy",
            [(
                "application-autoscaling",
                "put_scaling_policy",
                scaling(json!({
                    "PolicyName": ids.at("/scaling/policies/0/PolicyName"),
                    "PolicyType": "TargetTrackingScaling",
                    "TargetTrackingScalingPolicyConfiguration": target,
                })),
            )],
        ),
        hand("alarm", "monitoring/dead-letter-queue-alarm", [("cloudwatch", "put_metric_alarm", watch)]),
    ]
}

/// One deletion for each kind, together with those of what holds it.
fn deletions(ids: &Ids<'_>) -> Vec<Hand> {
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
        hand(
            "alarm",
            "monitoring/dead-letter-queue-alarm",
            [("cloudwatch", "delete_alarms", json!({ "AlarmNames": ["video-processing-dlq-alarm-drift"] }))],
        ),
        hand(
            "scalingPolicy",
            "processing/scaling-policy",
            [("application-autoscaling", "delete_scaling_policy", policy)],
        ),
        hand(
            "scalableTarget",
            "processing/scaling-target",
            [("application-autoscaling", "deregister_scalable_target", scaling)],
        ),
        hand(
            "queue",
            "ingestion/job-queue",
            [("sqs", "delete_queue", json!({ "QueueUrl": ids.at("/jobs/Url") }))],
        ),
        hand(
            "logGroup",
            "processing/log-group",
            [("logs", "delete_log_group", json!({ "logGroupName": "/ecs/video-processing-drift" }))],
        ),
        hand(
            "stream",
            "ingestion/stream",
            [("kinesis", "delete_stream", json!({ "StreamName": "video-ingestion-stream-drift" }))],
        ),
        hand(
            "dbInstance",
            "storage/instance-2",
            [(
                "rds",
                "delete_db_instance",
                json!({ "DBInstanceIdentifier": "video-metadata-instance-2-drift", "SkipFinalSnapshot": true }),
            )],
        ),
        hand("rolePolicy", "processing/task-role-policy", [drop_policy.clone()]),
        hand(
            "role",
            "processing/task-role",
            [drop_policy, ("iam", "delete_role", json!({ "RoleName": role }))],
        ),
        hand(
            "taskDefinition",
            "processing/task",
            [(
                "ecs",
                "deregister_task_definition",
                json!({ "taskDefinition": ids.at("/task/taskDefinitionArn") }),
            )],
        ),
        hand("routeTableAssociation", "network/public-subnet-2-routes", [unlink("public-subnet-2")]),
        hand(
            "routeTable",
            "network/private-route-table",
            [
                unlink("private-subnet-1"),
                unlink("private-subnet-2"),
                ("ec2", "delete_route_table", json!({ "RouteTableId": private["RouteTableId"] })),
            ],
        ),
        hand("securityGroupRules", "network/database-security-group-rules", [revoke.clone()]),
        hand("service", "processing/service", [service.clone()]),
        hand(
            "ecsCluster",
            "processing/cluster",
            [service.clone(), ("ecs", "delete_cluster", json!({ "cluster": cluster }))],
        ),
        hand(
            "internetGateway",
            "network/internet-gateway",
            [
                service.clone(),
                ("ec2", "detach_internet_gateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc })),
                ("ec2", "delete_internet_gateway", json!({ "InternetGatewayId": gateway })),
            ],
        ),
        hand(
            "subnet",
            "network/public-subnet-1",
            [service.clone(), ("ec2", "delete_subnet", json!({ "SubnetId": ids.subnet("public-subnet-1") }))],
        ),
        hand(
            "securityGroup",
            "network/tasks-security-group",
            [service, revoke, ("ec2", "delete_security_group", tasks_group)],
        ),
    ]
}

/// What somebody does by hand, given the ids of what there is.
type Hands = fn(&Ids<'_>) -> Vec<Hand>;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_or_deleted_by_hand_is_put_right_and_said() {
    let lab = lab::shared().await;
    let autoscaling = json!({ "processing": { "autoscaling": { "minCount": 1, "maxCount": 3 } } });
    let environment = Environment::create(lab, SUFFIX, autoscaling).await;
    environment.ready().await;
    let stranger = stranger(&environment);

    let all: [(Hands, &[&str]); 2] = [(changes, &[]), (deletions, &NEVER_FREE)];
    for (hands, never) in all {
        let before = environment.in_aws();
        let mark = environment.mark();
        let hands = hands(&Ids(&before));
        let kinds: BTreeSet<_> = hands.iter().map(|hand| hand.kind).chain(never.iter().copied()).collect();
        assert_eq!(kinds, KINDS.iter().map(|kind| kind.name()).collect(), "every kind has its turn");
        hands.iter().for_each(|hand| hand.act(&environment));
        for hand in &hands {
            let what = format!("repairing {}", hand.address);
            environment.has_been(mark, &what, |object| hand.is_being_repaired(object)).await;
        }
        environment.until("repaired", is_settled).await;
        environment.ready().await;
        assert_same(&before, &environment.in_aws());
    }
    let events = environment.events().await;
    assert!(events.iter().any(|(reason, _)| reason == "RepairingDrift"), "{events:#?}");
    assert!(events.iter().any(|(reason, _)| reason == "StreamLost"), "{events:#?}");

    assert_eq!(stranger.1, look_at(&environment, &stranger.0), "what is not ours was touched");
    environment.lab.account.call("ec2", "delete_security_group", json!({ "GroupId": stranger.0 }));
    environment.delete_to_the_end().await;
}

/// Somebody else's security group in our VPC.
fn stranger(environment: &Environment<'_>) -> (Value, Value) {
    let vpc = environment.in_aws()["vpc"]["VpcId"].clone();
    let group = json!({ "GroupName": "theirs", "Description": "not ours", "VpcId": vpc });
    let id = environment.lab.account.call("ec2", "create_security_group", group)["GroupId"].clone();
    let looks = look_at(environment, &id);
    (id, looks)
}

fn look_at(environment: &Environment<'_>, group: &Value) -> Value {
    let groups = json!({ "GroupIds": [group] });
    environment.lab.account.call("ec2", "describe_security_groups", groups)["SecurityGroups"].clone()
}

impl Hand {
    /// Makes the calls; anew from the first if the operator comes between them.
    fn act(&self, environment: &Environment<'_>) {
        let mut last = String::new();
        for _ in 0..5 {
            let made = self.calls.iter().map(|(service, operation, arguments)| {
                environment.lab.account.try_call(service, operation, arguments.clone())
            });
            // What holds the resource may be gone already.
            let made: Vec<_> = made.collect();
            match made.last() {
                Some(Err(code)) => last = format!("{code} of {made:?}"),
                _ => return,
            }
        }
        panic!("{} cannot be changed by hand: {last}", self.address);
    }

    /// Whether the operator says that it brings the resource back.
    fn is_being_repaired(&self, object: &Value) -> bool {
        let rows = object["status"]["resources"].as_array().into_iter().flatten();
        let touched = rows.into_iter().any(|row| {
            let address = row["address"].as_str().unwrap_or_default();
            address.split('@').next() == Some(self.address) && row["state"] != "Ready"
        });
        touched && condition(object, "Reconciling")["reason"] == "RepairingDrift"
    }
}

fn assert_same(before: &Value, after: &Value) {
    let (before, after) = (scrubbed(before), scrubbed(after));
    let wrong: Vec<_> =
        before.as_object().unwrap().iter().filter(|(part, value)| after[*part] != **value).collect();
    for (part, value) in &wrong {
        eprintln!("{part} was {value:#}\nand is {:#}", after[*part]);
    }
    assert!(
        wrong.is_empty(),
        "{:?} are not as before",
        wrong.iter().map(|(part, _)| part).collect::<Vec<_>>()
    );
}
