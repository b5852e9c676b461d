//! Ids, ARNs and endpoints that are the same each time.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The account of all goldens.
pub const ACCOUNT: &str = "123456789012";

const REGION: &str = "eu-west-1";

/// What AWS would call something that was just made.
pub struct Made {
    /// What people type.
    pub id: String,
    /// What others may refer to.
    pub outputs: Value,
}

/// What AWS would call the `kind` named `name`; `revision` counts the versions of what has versions.
pub fn made(kind: &str, name: &str, spec: &Value, revision: usize) -> Made {
    match kind {
        "vpc" => {
            let id = hashed("vpc", name);
            Made { outputs: json!({ "id": id, "defaultGroup": hashed("sg", "default") }), id }
        }
        "subnet" => plain(hashed("subnet", name)),
        "internetGateway" => plain(hashed("igw", name)),
        "routeTable" => plain(hashed("rtb", name)),
        "securityGroup" => plain(hashed("sg", name)),
        "routeTableAssociation" => {
            let id = hashed("rtbassoc", name);
            Made { outputs: json!({ "id": id, "subnet": spec["subnet"] }), id }
        }
        "securityGroupRules" => Made { id: text(&spec["group"]), outputs: json!({ "group": spec["group"] }) },
        "role" => named(name, format!("arn:aws:iam::{ACCOUNT}:role/video-pipeline/{name}")),
        "rolePolicy" => Made {
            id: format!("{}/{name}", text(&spec["role"])),
            outputs: json!({ "role": spec["roleArn"], "roleName": spec["role"], "name": name }),
        },
        "logGroup" => named(name, arn("logs", &format!("log-group:{name}"))),
        "stream" => named(name, arn("kinesis", &format!("stream/{name}"))),
        "alarm" => named(name, arn("cloudwatch", &format!("alarm:{name}"))),
        "queue" => queue(name),
        _ => of_a_database(kind, name, spec).unwrap_or_else(|| of_the_service(kind, name, spec, revision)),
    }
}

/// What reads show of a spec that left something to AWS.
pub fn read_back(kind: &str, mut spec: Value) -> Value {
    if kind == "service" && spec["desiredCount"].is_null() {
        spec["desiredCount"] = spec["firstCount"].clone();
    }
    spec
}

fn queue(name: &str) -> Made {
    let url = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}");
    Made { id: name.into(), outputs: json!({ "name": name, "url": url, "arn": arn("sqs", name) }) }
}

fn of_a_database(kind: &str, name: &str, spec: &Value) -> Option<Made> {
    let host = |role: &str| format!("{name}.{role}c1a2b3c4d5e6.{REGION}.rds.amazonaws.com");
    let made = match kind {
        "dbSubnetGroup" => named(name, arn("rds", &format!("subgrp:{name}"))),
        "dbClusterParameterGroup" => named(name, arn("rds", &format!("cluster-pg:{name}"))),
        "dbInstance" => Made {
            id: name.into(),
            outputs: json!({
                "id": name, "arn": arn("rds", &format!("db:{name}")), "endpoint": host("")
            }),
        },
        "dbCluster" => Made {
            id: name.into(),
            outputs: json!({
                "id": name,
                "arn": arn("rds", &format!("cluster:{name}")),
                "resourceId": "cluster-ABCDEF",
                "endpoint": host("cluster-"),
                "readerEndpoint": host("cluster-ro-"),
                "port": 5432,
                "database": spec["databaseName"],
                "secret": arn("secretsmanager", "secret:rds!cluster-0a1b2c3d"),
                "protected": spec["deletionProtection"],
                "finalSnapshot": spec["finalSnapshot"].as_bool().and_then(|taken| taken.then(|| format!("{name}-final-ABCDEF"))),
            }),
        },
        "secretRotation" => Made {
            id: text(&spec["secret"]),
            outputs: json!({ "arn": spec["secret"], "version": "version-1" }),
        },
        _ => return None,
    };
    Some(made)
}

fn of_the_service(kind: &str, name: &str, spec: &Value, revision: usize) -> Made {
    match kind {
        "ecsCluster" => named(name, arn("ecs", &format!("cluster/{name}"))),
        "taskDefinition" => {
            let arn = arn("ecs", &format!("task-definition/{name}:{revision}"));
            Made { outputs: json!({ "arn": arn }), id: arn }
        }
        "service" => Made {
            id: name.into(),
            outputs: json!({
                "name": name.rsplit('/').next(),
                "arn": arn("ecs", &format!("service/{name}")),
                "id": format!("service/{name}"),
                "running": spec["desiredCount"].as_i64().unwrap_or(1),
            }),
        },
        "scalableTarget" => plain(name.into()),
        "scalingPolicy" => {
            let arn = arn("autoscaling", "scalingPolicy:0a1b2c3d:policyName/cpu");
            Made { outputs: json!({ "arn": arn, "name": "cpu", "target": spec["target"] }), id: arn }
        }
        kind => panic!("nobody said what a {kind} is called"),
    }
}

fn plain(id: String) -> Made {
    Made { outputs: json!({ "id": id }), id }
}

fn named(name: &str, arn: String) -> Made {
    Made { id: name.into(), outputs: json!({ "name": name, "arn": arn }) }
}

fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// `vpc-1f2e3d4c`, from the name.
fn hashed(prefix: &str, name: &str) -> String {
    let digits: String = Sha256::digest(name).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}-{digits}")
}
