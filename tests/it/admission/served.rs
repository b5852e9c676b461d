//! What else the definition gives: defaults, scale, columns, and a cost that leaves room.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use sandbox::assets::{Program, program};
use serde_json::{Value, json};
use video_pipeline_operator::api::crd;
use video_pipeline_operator::pipeline::admission;

use super::case;
use super::server::Server;

/// The reference values of the environment, one by one.
fn reference() -> Value {
    json!({
        "environmentSuffix": "dev",
        "region": "eu-west-1",
        "account": {"dataResidency": "EU"},
        "network": {"cidr": "10.0.0.0/16", "availabilityZones": 2},
        "ingestion": {"mode": "Provisioned", "shardCount": 2, "retentionHours": 24, "shardLevelMetrics": ["ALL"]},
        "processing": {
            "image": "registry.example/video-processor:1.0.0",
            "cpu": 1024,
            "memory": 2048,
            "desiredCount": 1,
            "containerInsights": true,
            "stopTimeoutSeconds": 30,
        },
        "database": {
            "name": "videometadata",
            "engineVersion": "16.8",
            "minAcu": 0.5,
            "maxAcu": 1.0,
            "instances": 2,
            "backupRetentionDays": 7,
            "deletionProtection": false,
            "finalSnapshot": false,
            "logExports": ["postgresql"],
        },
        "credentials": {"username": "video_admin", "rotationDays": 7},
        "errorHandling": {
            "deadLetterQueue": {"retentionDays": 14},
            "jobQueue": {"maxReceiveCount": 3, "visibilityTimeoutSeconds": 900},
        },
        "monitoring": {
            "logRetentionDays": 7,
            "alarmActions": [],
            "alarms": {
                "kinesisWriteThrottle": {"enabled": true, "threshold": 1},
                "kinesisReadThrottle": {"enabled": true, "threshold": 10},
                "iteratorAge": {"enabled": true, "threshold": 300_000},
                "deadLetterQueue": {"enabled": true, "threshold": 1},
                "runningTasks": {"enabled": true},
                "databaseCapacity": {"enabled": true, "threshold": 90},
            },
        },
        "tags": {},
        "deletionPolicy": "Delete",
        "suspend": false,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn api_server_and_command_line_fill_in_the_same_defaults() {
    let server = Server::shared().await;
    for document in [
        case::smallest(),
        case::accepted(&[("spec.processing.autoscaling", json!({}))]).new,
        case::accepted(&[("spec.monitoring", json!({"alarms": {"iteratorAge": {"enabled": false}}}))]).new,
        case::accepted(&[("spec.network", Value::Null), ("spec.database", json!({"minAcu": 0}))]).new,
    ] {
        let stored = server.store(&document).await;
        let read = admission::read(&document).unwrap();
        assert!(same(&stored.data["spec"], &json!(read.resource().spec)), "{:#}", stored.data["spec"]);
    }
    let smallest = server.store(&case::smallest()).await;
    assert!(same(&smallest.data["spec"], &reference()), "{:#}", smallest.data["spec"]);
}

/// Equal, whether a whole number is written with a point or without.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_scales_within_the_range_and_shows_the_columns() {
    let server = Server::shared().await;
    let stored = server.store(&case::smallest()).await;
    let name = stored.metadata.name.clone().unwrap();
    let resource = format!("vp/{name}");

    let (scaled, _) = kubectl(&server, &["scale", &resource, "--replicas=3"]).await;
    assert!(scaled, "3 tasks are allowed");
    let stored = server.pipelines.get(&name).await.unwrap();
    assert_eq!(stored.data["spec"]["processing"]["desiredCount"], 3);
    let (scaled, said) = kubectl(&server, &["scale", &resource, "--replicas=5001"]).await;
    assert!(!scaled && said.contains("spec.processing.desiredCount") && said.contains("5000"), "{said}");

    let status = json!({"status": {
        "phase": "Creating",
        "message": "waits for the database",
        "resourcesReady": "21/36",
        "replicas": 2,
        "conditions": [{
            "type": "Ready", "status": "False", "reason": "Creating", "lastTransitionTime": "2026-01-01T00:00:00Z",
        }],
        "outputs": {"streamName": "stream-x", "clusterName": "cluster-x", "databaseEndpoint": "host-x"},
    }});
    let patch = Patch::Merge(&status);
    server.pipelines.patch_status(&name, &PatchParams::default(), &patch).await.unwrap();
    let scale = server.pipelines.get_scale(&name).await.unwrap();
    assert_eq!(scale.status.unwrap().replicas, 2);

    let (_, table) = kubectl(&server, &["get", &resource]).await;
    assert_eq!(words(&table, 0)[1..], ["PHASE", "READY", "RESOURCES", "REGION", "AGE"]);
    assert_eq!(words(&table, 1)[1..5], ["Creating", "False", "21/36", "eu-west-1"]);
    let (_, wide) = kubectl(&server, &["get", &resource, "-o", "wide"]).await;
    assert_eq!(words(&wide, 0)[6..], ["MESSAGE", "STREAM", "CLUSTER", "DATABASE"]);
    assert!(
        wide.contains("waits for the database") && wide.trim().ends_with("stream-x   cluster-x   host-x"),
        "{wide}"
    );
}

fn words(table: &str, line: usize) -> Vec<&str> {
    table.lines().nth(line).unwrap_or_default().split_whitespace().collect()
}

/// Whether it did what it was told, and all that it said.
async fn kubectl(server: &Server, arguments: &[&str]) -> (bool, String) {
    let kubectl = program(Program::Kubectl).await.unwrap();
    let mut command = tokio::process::Command::new(kubectl);
    let command = command.args(arguments).env("KUBECONFIG", server.plane.kubeconfig());
    let output = command.output().await.unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap());
    (output.status.success(), said.concat())
}

/// Kubernetes refuses a definition whose rules could cost too much. Each rule repeated ten times is still cheap enough, so
/// there is room for more rules and longer lists.
#[tokio::test(flavor = "multi_thread")]
async fn the_rules_cost_less_than_a_tenth_of_what_kubernetes_allows() {
    let server = Server::shared().await;
    let definitions: Api<CustomResourceDefinition> = Api::all(server.client.clone());
    let installed = definitions.get("videopipelines.streamflix.io").await.unwrap();
    let mut expensive = crd::document().clone();
    let mut rules = 0;
    repeat_rules(&mut expensive["spec"]["versions"][0]["schema"]["openAPIV3Schema"], &mut rules);
    assert!(rules > 20, "the rules are found");
    expensive["metadata"]["resourceVersion"] = installed.metadata.resource_version.into();
    let expensive = serde_json::from_value(expensive).unwrap();
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let answer = definitions.replace("videopipelines.streamflix.io", &dry, &expensive).await;
    assert!(answer.is_ok(), "{}", answer.unwrap_err());
}

fn repeat_rules(schema: &mut Value, rules: &mut usize) {
    for rule in schema["x-kubernetes-validations"].as_array_mut().into_iter().flatten() {
        let once = format!("({})", rule["rule"].as_str().unwrap());
        rule["rule"] = vec![once; 10].join(" && ").into();
        *rules += 1;
    }
    let children = ["properties", "items", "additionalProperties"];
    for child in children {
        match (child, schema.get_mut(child)) {
            ("properties", Some(Value::Object(fields))) => {
                fields.values_mut().for_each(|field| repeat_rules(field, rules));
            }
            (_, Some(child)) => repeat_rules(child, rules),
            _ => {}
        }
    }
}

/// A status that is longer than the schema allows would be refused as a whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_was_cut_is_accepted() {
    let server = Server::shared().await;
    let stored: DynamicObject = server.store(&case::smallest()).await;
    let name = stored.metadata.name.unwrap();
    let status = |length: usize| video_pipeline_operator::api::VideoPipelineStatus {
        message: Some("x".repeat(length)),
        ..Default::default()
    };
    let write = async |status: Value| {
        let patch = Patch::Merge(json!({"status": status}));
        server.pipelines.patch_status(&name, &PatchParams::default(), &patch).await
    };
    assert!(write(json!(status(5000))).await.is_err(), "the schema has a bound");
    write(status(5000).to_bounded_json().unwrap()).await.unwrap();
}
