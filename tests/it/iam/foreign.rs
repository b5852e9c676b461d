//! Whatever is not ours can be changed by no action of the policy: neither what has another name, nor what has a name like ours
//! and no tag of ours.

use std::collections::BTreeSet;

use regex::Regex;
use sandbox::{StandIn, StandInOptions};
use serde_json::{Value, json};
use video_pipeline_operator::kinds::KINDS;

use super::printed;
use crate::support::account::Account;
use crate::support::control_plane::empty_folder;

/// The key of the caller that has the policy; from the documentation of AWS.
const BOUND: &str = "AKIAIOSFODNN7EXAMPLE";
const OWNER: &str = "streamflix.io/owner";

/// What the policy allows on things of others: AWS bounds it by nothing, or by a name alone.
const ALLOWED: [&str; 5] = [
    "ecs:DeregisterTaskDefinition",
    "kinesis:DisableEnhancedMonitoring",
    "kinesis:EnableEnhancedMonitoring",
    "kinesis:UpdateShardCount",
    "kinesis:UpdateStreamMode",
];

/// A call: service, operation in boto3's spelling, arguments.
type Call = (&'static str, &'static str, Value);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_others_can_be_changed() {
    let folder = empty_folder("iam/foreign");
    let aws = StandIn::start(StandInOptions::quick(&folder)).await.unwrap();
    let user = Account::open(aws.endpoint()).await;
    let bound = Account::open_as(aws.endpoint(), BOUND).await;
    let mut calls = in_ec2(&Network::of(&user));
    // What services know by a name of ours, and by another one.
    for (name, cluster, group) in [
        ("video-ingestion-stream-x", "video-processing-cluster-x", "/ecs/video-processing-x"),
        ("billing", "billing", "/billing"),
    ] {
        calls.extend(in_messaging(name, cluster));
        calls.extend(in_logs(group));
        calls.extend(in_ecs(cluster));
        calls.extend(in_rds(cluster));
    }
    calls.extend(tagging_under_other_names());
    calls.extend(in_iam("billing"));
    calls.extend(others());

    let policy = printed(&["--account", "123456789012", "--region", "eu-west-1"]);
    let body = json!({ "account": "123456789012", "accessKey": BOUND, "documents": [policy] });
    aws.control("PUT", "policies", body).await.unwrap();
    assert_eq!(let_through(&bound, &calls), Vec::<String>::new());

    let all = KINDS.iter().flat_map(|kind| kind.actions());
    let called = all.filter(|action| action.implied_by.is_none() && !action.looks());
    let changing: BTreeSet<_> = called
        .filter(|action| !ALLOWED.contains(&action.name))
        .map(|action| action.name.to_owned())
        .collect();
    let tried: BTreeSet<_> = calls.iter().map(|(service, operation, _)| action(service, operation)).collect();
    assert_eq!(tried, changing, "each action is tried");

    // A policy that is bound by nothing lets something through.
    let body = json!({ "account": "123456789012", "accessKey": BOUND, "documents": [unbound(policy)] });
    aws.control("PUT", "policies", body).await.unwrap();
    let through = let_through(&bound, &calls);
    for action in ["ec2:DeleteSubnet", "rds:CreateDBSubnetGroup", "iam:CreateRole", "sqs:DeleteQueue"] {
        assert!(through.iter().any(|call| call.starts_with(action)), "{action} is not in {through:#?}");
    }
}

/// The calls that are not denied.
fn let_through(bound: &Account, calls: &[Call]) -> Vec<String> {
    let told = |(service, operation, arguments): &Call| {
        let answer = bound.try_call(service, operation, arguments.clone());
        let denied = answer.as_ref().is_err_and(|code| is_denial(code));
        (!denied).then(|| format!("{} {arguments}: {answer:?}", action(service, operation)))
    };
    calls.iter().filter_map(told).collect()
}

/// The same actions, on everything.
fn unbound(mut policy: Value) -> Value {
    for statement in policy["Statement"].as_array_mut().unwrap() {
        statement["Resource"] = "*".into();
        statement.as_object_mut().unwrap().remove("Condition");
    }
    policy["Statement"].as_array_mut().unwrap().retain(|statement| statement["Effect"] == "Allow");
    policy
}

/// Another region is nobody's business, and nor is another account.
#[tokio::test]
async fn the_policy_names_its_account_and_regions() {
    let policy = printed(&["--account", "123456789012", "--region", "eu-west-1"]).to_string();
    let arn = Regex::new(r#""arn:aws:(\w[\w-]*):([^:"]*):([^:"]*):"#).unwrap();
    for found in arn.captures_iter(&policy) {
        // A key may be shared by another account.
        assert!(&found[3] == "123456789012" || &found[1] == "kms", "{}", &found[0]);
    }
}

fn is_denial(code: &str) -> bool {
    ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"].contains(&code)
}

/// `("rds", "create_db_cluster")` → `rds:CreateDBCluster`.
fn action(service: &str, operation: &str) -> String {
    let word = |word: &str| match word {
        "db" => "DB".to_owned(),
        word => word[..1].to_uppercase() + &word[1..],
    };
    let name: String = operation.split('_').map(word).collect();
    format!("{service}:{name}")
}

fn ours() -> Value {
    json!([{ "Key": OWNER, "Value": "home/media/dev" }])
}

/// A network that somebody else has.
struct Network {
    vpc: Value,
    subnet: Value,
    table: Value,
    other_table: Value,
    gateway: Value,
    group: Value,
    association: Value,
    rules: Value,
}

impl Network {
    fn of(user: &Account) -> Self {
        let make = |operation: &str, arguments: Value| user.call("ec2", operation, arguments);
        let vpc = make("create_vpc", json!({ "CidrBlock": "10.0.0.0/16" }))["Vpc"]["VpcId"].clone();
        let subnet = make("create_subnet", json!({ "VpcId": vpc, "CidrBlock": "10.0.0.0/24" }));
        let subnet = subnet["Subnet"]["SubnetId"].clone();
        let table =
            || make("create_route_table", json!({ "VpcId": vpc }))["RouteTable"]["RouteTableId"].clone();
        let (table, other_table) = (table(), table());
        let association = make("associate_route_table", json!({ "RouteTableId": table, "SubnetId": subnet }));
        let gateway =
            make("create_internet_gateway", json!({}))["InternetGateway"]["InternetGatewayId"].clone();
        make("attach_internet_gateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc }));
        let group =
            make("create_security_group", json!({ "GroupName": "g", "Description": "d", "VpcId": vpc }));
        let group = group["GroupId"].clone();
        make("create_tags", json!({ "Resources": [group], "Tags": [{ "Key": "Name", "Value": "billing" }] }));
        let rules = json!([{ "IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{ "CidrIp": "10.0.0.0/8" }] }]);
        let association = association["AssociationId"].clone();
        Self { vpc, subnet, table, other_table, gateway, group, association, rules }
    }
}

fn in_ec2(network: &Network) -> Vec<Call> {
    let Network { vpc, subnet, table, other_table, gateway, group, association, rules } = network;
    let tagged = |kind: &str| json!([{ "ResourceType": kind, "Tags": ours() }]);
    let call = |operation, arguments| ("ec2", operation, arguments);
    let route = json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway });
    let change = json!({ "GroupId": group, "IpPermissions": rules });
    vec![
        call("create_vpc", json!({ "CidrBlock": "10.1.0.0/16" })),
        call("create_internet_gateway", json!({})),
        call(
            "create_subnet",
            json!({ "VpcId": vpc, "CidrBlock": "10.0.1.0/24", "TagSpecifications": tagged("subnet") }),
        ),
        call("create_route_table", json!({ "VpcId": vpc, "TagSpecifications": tagged("route-table") })),
        call(
            "create_security_group",
            json!({
                "VpcId": vpc, "GroupName": "x", "Description": "x", "TagSpecifications": tagged("security-group"),
            }),
        ),
        call("create_tags", json!({ "Resources": [vpc], "Tags": ours() })),
        call("delete_tags", json!({ "Resources": [group], "Tags": [{ "Key": "Name" }] })),
        call("modify_vpc_attribute", json!({ "VpcId": vpc, "EnableDnsSupport": { "Value": false } })),
        call(
            "modify_subnet_attribute",
            json!({ "SubnetId": subnet, "MapPublicIpOnLaunch": { "Value": true } }),
        ),
        call("attach_internet_gateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc })),
        call("detach_internet_gateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc })),
        call("delete_internet_gateway", json!({ "InternetGatewayId": gateway })),
        call("create_route", route.clone()),
        call("replace_route", route),
        call("delete_route", json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0" })),
        call("associate_route_table", json!({ "RouteTableId": other_table, "SubnetId": subnet })),
        call(
            "replace_route_table_association",
            json!({ "AssociationId": association, "RouteTableId": other_table }),
        ),
        call("disassociate_route_table", json!({ "AssociationId": association })),
        call("authorize_security_group_ingress", change.clone()),
        call("authorize_security_group_egress", change.clone()),
        call("update_security_group_rule_descriptions_ingress", change.clone()),
        call("update_security_group_rule_descriptions_egress", change.clone()),
        call("revoke_security_group_ingress", change.clone()),
        call("revoke_security_group_egress", change),
        call("delete_security_group", json!({ "GroupId": group })),
        call("delete_route_table", json!({ "RouteTableId": other_table })),
        call("delete_subnet", json!({ "SubnetId": subnet })),
        call("delete_vpc", json!({ "VpcId": vpc })),
    ]
}

fn in_messaging(stream: &str, queue: &str) -> Vec<Call> {
    let kinesis =
        |operation, more: Value| ("kinesis", operation, with(json!({ "StreamName": stream }), more));
    let url = format!("http://localhost/123456789012/{queue}");
    let sqs = |operation, more: Value| ("sqs", operation, with(json!({ "QueueUrl": url }), more));
    let key = json!({ "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis" });
    let alarm = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:video-processing-x";
    vec![
        kinesis("create_stream", json!({ "ShardCount": 1 })),
        kinesis("start_stream_encryption", key.clone()),
        kinesis("stop_stream_encryption", key),
        kinesis("increase_stream_retention_period", json!({ "RetentionPeriodHours": 48 })),
        kinesis("decrease_stream_retention_period", json!({ "RetentionPeriodHours": 24 })),
        kinesis("add_tags_to_stream", json!({ "Tags": { "team": "x" } })),
        kinesis("remove_tags_from_stream", json!({ "TagKeys": ["team"] })),
        kinesis("delete_stream", json!({})),
        ("sqs", "create_queue", json!({ "QueueName": queue })),
        sqs("set_queue_attributes", json!({ "Attributes": { "DelaySeconds": "1" } })),
        sqs("tag_queue", json!({ "Tags": { "team": "x" } })),
        sqs("untag_queue", json!({ "TagKeys": ["team"] })),
        sqs("delete_queue", json!({})),
        (
            "cloudwatch",
            "put_metric_alarm",
            json!({
                "AlarmName": queue, "EvaluationPeriods": 1, "ComparisonOperator": "LessThanThreshold",
                "Threshold": 1, "MetricName": "m", "Namespace": "n", "Period": 60, "Statistic": "Sum",
            }),
        ),
        (
            "cloudwatch",
            "tag_resource",
            json!({ "ResourceARN": alarm, "Tags": [{ "Key": "team", "Value": "x" }] }),
        ),
        ("cloudwatch", "untag_resource", json!({ "ResourceARN": alarm, "TagKeys": ["team"] })),
        ("cloudwatch", "delete_alarms", json!({ "AlarmNames": [queue] })),
    ]
}

fn with(mut arguments: Value, more: Value) -> Value {
    if let (Value::Object(arguments), Value::Object(more)) = (&mut arguments, more) {
        arguments.extend(more);
    }
    arguments
}

fn in_logs(group: &str) -> Vec<Call> {
    let arn = format!("arn:aws:logs:eu-west-1:123456789012:log-group:{group}");
    vec![
        ("logs", "create_log_group", json!({ "logGroupName": group })),
        ("logs", "put_retention_policy", json!({ "logGroupName": group, "retentionInDays": 1 })),
        ("logs", "tag_resource", json!({ "resourceArn": arn, "tags": { "team": "x" } })),
        ("logs", "untag_resource", json!({ "resourceArn": arn, "tagKeys": ["team"] })),
        ("logs", "delete_log_group", json!({ "logGroupName": group })),
    ]
}

fn in_ecs(cluster: &str) -> Vec<Call> {
    let arn = format!("arn:aws:ecs:eu-west-1:123456789012:cluster/{cluster}");
    let (family, service) = ("video-processing-task-x", "video-processing-service-x");
    let tags = json!([{ "key": OWNER, "value": "home/media/dev" }]);
    vec![
        ("ecs", "create_cluster", json!({ "clusterName": cluster })),
        ("ecs", "update_cluster", json!({ "cluster": cluster, "settings": [] })),
        ("ecs", "delete_cluster", json!({ "cluster": cluster })),
        ("ecs", "tag_resource", json!({ "resourceArn": arn, "tags": tags })),
        ("ecs", "untag_resource", json!({ "resourceArn": arn, "tagKeys": ["team"] })),
        (
            "ecs",
            "register_task_definition",
            json!({ "family": family, "containerDefinitions": [{ "name": "c", "image": "i" }] }),
        ),
        (
            "ecs",
            "create_service",
            json!({ "cluster": cluster, "serviceName": service, "taskDefinition": family }),
        ),
        ("ecs", "update_service", json!({ "cluster": cluster, "service": service, "desiredCount": 0 })),
        ("ecs", "delete_service", json!({ "cluster": cluster, "service": service })),
    ]
}

fn in_rds(name: &str) -> Vec<Call> {
    let cluster = |more| with(json!({ "DBClusterIdentifier": name }), more);
    let instance = |more| with(json!({ "DBInstanceIdentifier": name }), more);
    let subnets = |more| with(json!({ "DBSubnetGroupName": name }), more);
    let group = |more| with(json!({ "DBClusterParameterGroupName": name }), more);
    let arn = format!("arn:aws:rds:eu-west-1:123456789012:cluster:{name}");
    let family = json!({ "DBParameterGroupFamily": "aurora-postgresql16", "Description": "d" });
    let engine = json!({ "Engine": "aurora-postgresql" });
    let call = |operation, arguments| ("rds", operation, arguments);
    vec![
        call("create_db_cluster", cluster(engine.clone())),
        call("modify_db_cluster", cluster(json!({ "DeletionProtection": false }))),
        call("enable_http_endpoint", json!({ "ResourceArn": arn })),
        call("disable_http_endpoint", json!({ "ResourceArn": arn })),
        call("delete_db_cluster", cluster(json!({ "SkipFinalSnapshot": true }))),
        call("create_db_instance", with(instance(engine), json!({ "DBInstanceClass": "db.serverless" }))),
        call("modify_db_instance", instance(json!({ "PubliclyAccessible": true }))),
        call("delete_db_instance", instance(json!({}))),
        call(
            "create_db_subnet_group",
            subnets(json!({ "DBSubnetGroupDescription": "d", "SubnetIds": ["subnet-1"] })),
        ),
        call("modify_db_subnet_group", subnets(json!({ "SubnetIds": ["subnet-1"] }))),
        call("delete_db_subnet_group", subnets(json!({}))),
        call("create_db_cluster_parameter_group", group(family)),
        call("modify_db_cluster_parameter_group", group(json!({ "Parameters": [] }))),
        call("reset_db_cluster_parameter_group", group(json!({ "ResetAllParameters": true }))),
        call("delete_db_cluster_parameter_group", group(json!({}))),
        call(
            "add_tags_to_resource",
            json!({ "ResourceName": arn, "Tags": [{ "Key": "team", "Value": "x" }] }),
        ),
        call("remove_tags_from_resource", json!({ "ResourceName": arn, "TagKeys": ["team"] })),
    ]
}

/// Nothing becomes ours by our tag alone.
fn tagging_under_other_names() -> Vec<Call> {
    let arn = |resource: &str| format!("arn:aws:{resource}");
    let map = json!({ OWNER: "home/media/dev" });
    vec![
        ("kinesis", "add_tags_to_stream", json!({ "StreamName": "billing", "Tags": map })),
        ("sqs", "tag_queue", json!({ "QueueUrl": "http://localhost/123456789012/billing", "Tags": map })),
        (
            "logs",
            "tag_resource",
            json!({ "resourceArn": arn("logs:eu-west-1:123456789012:log-group:/billing"), "tags": map }),
        ),
        (
            "cloudwatch",
            "tag_resource",
            json!({ "ResourceARN": arn("cloudwatch:eu-west-1:123456789012:alarm:billing"), "Tags": ours() }),
        ),
        (
            "rds",
            "add_tags_to_resource",
            json!({ "ResourceName": arn("rds:eu-west-1:123456789012:cluster:billing"), "Tags": ours() }),
        ),
    ]
}

fn in_iam(role: &str) -> Vec<Call> {
    let of = |more| with(json!({ "RoleName": role }), more);
    let document = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    let call = |operation, arguments| ("iam", operation, arguments);
    vec![
        call("create_role", of(json!({ "AssumeRolePolicyDocument": document, "Tags": ours() }))),
        call("update_assume_role_policy", of(json!({ "PolicyDocument": document }))),
        call("put_role_policy", of(json!({ "PolicyName": "p", "PolicyDocument": document }))),
        call("delete_role_policy", of(json!({ "PolicyName": "p" }))),
        call(
            "put_role_permissions_boundary",
            of(json!({ "PermissionsBoundary": "arn:aws:iam::123456789012:policy/b" })),
        ),
        call("attach_role_policy", of(json!({ "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess" }))),
        call("detach_role_policy", of(json!({ "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess" }))),
        call("tag_role", of(json!({ "Tags": ours() }))),
        call("untag_role", of(json!({ "TagKeys": ["team"] }))),
        call("delete_role", of(json!({}))),
    ]
}

fn others() -> Vec<Call> {
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!cluster-0a1b-AbCdEf";
    let target = json!({
        "ServiceNamespace": "dynamodb", "ResourceId": "table/billing",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    });
    let call = |operation, more| ("application-autoscaling", operation, with(target.clone(), more));
    vec![
        ("secretsmanager", "rotate_secret", json!({ "SecretId": secret })),
        call("register_scalable_target", json!({ "MinCapacity": 1, "MaxCapacity": 2 })),
        call("deregister_scalable_target", json!({})),
        call("put_scaling_policy", json!({ "PolicyName": "p" })),
        call("delete_scaling_policy", json!({ "PolicyName": "p" })),
    ]
}
