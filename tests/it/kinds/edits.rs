//! Changes to what is wanted: those that a user can make to a resource, and, field by field, those that no user can make
//! because the design decides the value.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::Filter;
use aws_sdk_ecs::types::{Compatibility, ContainerDefinition, NetworkMode};
use serde_json::{Value, json};
use video_pipeline_operator::aws::Aws;
use video_pipeline_operator::engine::{Address, AnyKind, Graph, Node};

use super::estate::Estate;
use super::keys;

/// A field of a kind.
pub type Field = (String, String);

/// Edits of `spec`, each made to the environment as it was at first.
pub fn of_users() -> Vec<Value> {
    vec![
        json!({ "tags": { "team": "media", "cost": "42" } }),
        json!({ "monitoring": { "logRetentionDays": 14, "alarmActions": ["arn:aws:sns:eu-west-1:123456789012:x"] } }),
        json!({ "ingestion": { "shardCount": 3, "retentionHours": 48, "shardLevelMetrics": ["IncomingBytes"] } }),
        json!({ "ingestion": { "mode": "OnDemand", "kmsKeyId": keys::ALIAS } }),
        json!({ "errorHandling": {
            "deadLetterQueue": { "retentionDays": 7 },
            "jobQueue": { "maxReceiveCount": 5, "visibilityTimeoutSeconds": 60 },
        } }),
        json!({ "database": {
            "minAcu": 1.0, "maxAcu": 4.0, "backupRetentionDays": 14, "finalSnapshot": true,
            "logExports": ["postgresql", "instance"],
        } }),
        json!({ "database": { "deletionProtection": true } }),
        json!({ "credentials": { "rotationDays": 30 } }),
        json!({ "processing": { "image": "registry.example/processor:2", "cpu": 512, "memory": 1024 } }),
        json!({ "processing": { "autoscaling": { "minCount": 2, "maxCount": 6, "cpuTargetPercent": 50 } } }),
        json!({ "processing": { "autoscaling": null, "desiredCount": 2 } }),
        json!({
            "processing": { "containerInsights": false },
            "monitoring": { "alarms": {
                "runningTasks": { "enabled": false },
                "deadLetterQueue": { "threshold": 5 },
            } },
        }),
    ]
}

/// Edits that cannot be taken back; each goes with those before it.
pub fn for_good() -> [Value; 2] {
    let zones = json!({ "availabilityZones": 3 });
    [json!({ "network": zones }), json!({ "network": zones, "database": { "engineVersion": "16.9" } })]
}

/// As many of the users' edits as go together.
pub fn together() -> Value {
    json!({
        "tags": { "team": "media", "cost": "42" },
        "monitoring": { "logRetentionDays": 14, "alarms": { "deadLetterQueue": { "threshold": 5 } } },
        "ingestion": { "shardCount": 3, "retentionHours": 48, "shardLevelMetrics": ["IncomingBytes"],
            "kmsKeyId": keys::ALIAS },
        "errorHandling": {
            "deadLetterQueue": { "retentionDays": 7 },
            "jobQueue": { "maxReceiveCount": 5, "visibilityTimeoutSeconds": 60 },
        },
        "database": { "minAcu": 1.0, "maxAcu": 4.0, "backupRetentionDays": 14 },
        "credentials": { "rotationDays": 30 },
        "processing": {
            "image": "registry.example/processor:2",
            "autoscaling": { "minCount": 2, "maxCount": 6, "cpuTargetPercent": 50 },
        },
    })
}

/// The fields that differ between two graphs, where a resource is in both.
pub fn differing(one: &Graph, other: &Graph) -> BTreeSet<Field> {
    let mut fields = BTreeSet::new();
    for node in one.nodes() {
        let Some(other) = other.node(&node.address) else { continue };
        let spec = node.spec.as_object().unwrap();
        let differs = spec.iter().filter(|(field, value)| other.spec.get(field.as_str()) != Some(*value));
        fields.extend(differs.map(|(field, _)| (node.address.kind.clone(), field.clone())));
    }
    fields
}

/// Every field that some edit of a user changes.
pub fn fields_of_users(estate: &Estate) -> BTreeSet<Field> {
    let base = estate.graph();
    let edits = of_users().into_iter().chain(for_good());
    edits.flat_map(|edit| differing(&base, &estate.patched(&edit).graph())).collect()
}

/// The fields of a resource's spec that can change in place, as the kind itself writes them down.
pub fn mutable(kind: &dyn AnyKind<Aws>, node: &Node) -> Vec<String> {
    let fixed = |field: &str| kind.immutable().contains(&field) || kind.at_creation().contains(&field);
    let spec = kind.normal(node.spec.clone());
    spec.as_object().unwrap().keys().filter(|field| !fixed(field)).cloned().collect()
}

/// Another value for a field whose value the design decides; `None` where nobody knows one.
pub async fn by_hand(aws: &Aws, node: &Node, field: &str) -> Option<Value> {
    let value = match (node.address.kind.as_str(), field) {
        ("vpc", "dnsSupport" | "dnsHostnames") => json!(false),
        ("internetGateway", "vpc") => json!(another_vpc(aws).await),
        ("subnet", "publicIps") => json!(node.spec[field] == json!(false)),
        ("routeTable", "routes") => json!([]),
        ("routeTableAssociation", "routeTable") => json!(another_table(aws).await),
        ("securityGroupRules", "ingress" | "egress") => rules(),
        ("queue", "encrypted") => json!(false),
        ("queue", "delaySeconds") => json!(30),
        ("queue", "policy") => json!(open_to_all().to_string()),
        ("queue", "redriveFrom") => json!(["arn:aws:sqs:eu-west-1:123456789012:another"]),
        ("dbSubnetGroup", "description") => json!("Elsewhere"),
        ("dbClusterParameterGroup", "parameters") => json!({ "log_lock_waits": "1", "log_statement": "all" }),
        ("dbCluster", "securityGroups") => json!([output("securityGroup", "network/tasks-security-group")]),
        ("dbCluster", "parameterGroup") => json!(another_parameter_group(aws).await),
        ("dbCluster", "httpEndpoint") => json!(true),
        ("dbInstance", "class") => json!("db.r6g.large"),
        ("dbInstance", "promotionTier") => json!(7),
        ("dbInstance", "public" | "autoMinorUpgrade") => json!(true),
        ("role", "service") => json!("ecs.amazonaws.com"),
        ("role", "sourceAccount") => json!("123456789012"),
        ("role", "description") => json!("Something else"),
        ("role", "boundary") => json!(policy(aws, "boundary").await),
        ("role", "managedPolicies") => json!([policy(aws, "managed").await]),
        ("rolePolicy", "statements") => statements(),
        ("service", "taskDefinition") => json!(another_task_definition(aws).await),
        ("service", "publicIps" | "circuitBreaker") => json!(false),
        ("service", "executeCommand") => json!(true),
        ("service", "maximumPercent") => json!(150),
        ("service", "minimumHealthyPercent") => json!(50),
        ("service", "securityGroups") => json!([output("securityGroup", "network/database-security-group")]),
        ("scalableTarget", "suspended") => json!(["scaleIn", "scheduled"]),
        ("scalingPolicy", "scaleInCooldownSeconds" | "scaleOutCooldownSeconds") => json!(7),
        ("alarm", _) => return alarm(field),
        _ => return None,
    };
    Some(value)
}

fn alarm(field: &str) -> Option<Value> {
    Some(match field {
        "namespace" => json!("AWS/SQS"),
        "metric" => json!("Another"),
        "dimensions" => json!({ "QueueName": "another" }),
        "unit" => json!("Megabits"),
        "statistic" => json!("Minimum"),
        "periodSeconds" => json!(600),
        "evaluationPeriods" => json!(3),
        "datapointsToAlarm" => json!(2),
        "comparison" => json!("LessThanThreshold"),
        "missingData" => json!("breaching"),
        "actionsEnabled" => json!(false),
        "description" => json!("Something else"),
        _ => return None,
    })
}

/// What has to change along with a field, because AWS takes the two only together.
pub fn along(kind: &str, field: &str) -> Option<(&'static str, Value)> {
    match (kind, field) {
        // At most as many as there are periods.
        ("alarm", "datapointsToAlarm") => Some(("evaluationPeriods", json!(3))),
        _ => None,
    }
}

fn output(kind: &str, name: &str) -> Value {
    json!({ "$output": Address::new(kind, name), "field": "id" })
}

fn rules() -> Value {
    json!([{
        "protocol": "tcp", "fromPort": 443, "toPort": 443, "peer": { "cidr": "192.0.2.0/24" },
        "description": "for a law",
    }])
}

fn open_to_all() -> Value {
    let statement = json!({ "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*" });
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

fn statements() -> Value {
    json!([{
        "sid": "Law", "actions": ["sqs:GetQueueUrl"], "resources": ["arn:aws:sqs:eu-west-1:123456789012:q"],
        "conditions": {},
    }])
}

async fn another_vpc(aws: &Aws) -> String {
    let made = aws.ec2.create_vpc().cidr_block("10.99.0.0/16").send().await.unwrap();
    made.vpc.unwrap().vpc_id.unwrap()
}

async fn another_table(aws: &Aws) -> String {
    let filter = Filter::builder().name("tag:Name").values("video-processing-vpc-*").build();
    let vpcs = aws.ec2.describe_vpcs().filters(filter).send().await.unwrap();
    let vpc = vpcs.vpcs()[0].vpc_id().unwrap();
    let made = aws.ec2.create_route_table().vpc_id(vpc).send().await.unwrap();
    made.route_table.unwrap().route_table_id.unwrap()
}

async fn another_task_definition(aws: &Aws) -> String {
    let container =
        ContainerDefinition::builder().name("processor").image("registry.example/other:1").build();
    let call = aws.ecs.register_task_definition().family("another").network_mode(NetworkMode::Awsvpc);
    let call = call.requires_compatibilities(Compatibility::Fargate).cpu("256").memory("512");
    let made = call.container_definitions(container).send().await.unwrap();
    made.task_definition.unwrap().task_definition_arn.unwrap()
}

async fn another_parameter_group(aws: &Aws) -> String {
    let call = aws.rds.create_db_cluster_parameter_group().db_cluster_parameter_group_name("another");
    call.db_parameter_group_family("aurora-postgresql16").description("for a law").send().await.ok();
    "another".to_owned()
}

async fn policy(aws: &Aws, name: &str) -> String {
    let document = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}"#;
    aws.iam.create_policy().policy_name(name).policy_document(document).send().await.ok();
    format!("arn:aws:iam::{}:policy/{name}", aws.account)
}
