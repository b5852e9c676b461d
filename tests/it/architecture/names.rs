//! The one table of names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use video_pipeline_operator::api::INJECTED_ENVIRONMENT;
use video_pipeline_operator::design::{self, Names};
use video_pipeline_operator::engine::Address;
use video_pipeline_operator::kinds::RolePolicy;
use video_pipeline_operator::kinds::{RouteTableAssociation, SecurityGroupRules};
use video_pipeline_operator::pipeline::{
    ClusterName, EngineFacts, EnvironmentSuffix, Facts, Pipeline, RunningEngine, admission,
};

/// A pipeline with the smallest spec and what `more` says.
fn pipeline(more: &Value) -> Pipeline {
    let mut spec =
        json!({ "environmentSuffix": "dev", "region": "eu-west-1", "processing": { "image": "i:1" } });
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
    }
    let document = json!({
        "apiVersion": "streamflix.io/v1alpha1", "kind": "VideoPipeline",
        "metadata": { "name": "dev", "namespace": "media" }, "spec": spec,
    });
    let facts = Facts {
        account_id: "123456789012".into(),
        partition: "aws".into(),
        zones: ["a", "b", "c"].map(|zone| format!("eu-west-1{zone}")).into(),
        engine: EngineFacts { versions: vec!["16.8".into()], min_acu: 0.0, max_acu: 256.0 },
        running_engine: RunningEngine::Nothing,
    };
    let resource = admission::read(&document).unwrap();
    Pipeline::from(&resource, &facts, &ClusterName::new("home").unwrap()).unwrap()
}

fn pipelines() -> [Pipeline; 3] {
    let everything = json!({
        "network": { "availabilityZones": 3 },
        "processing": { "image": "i:1", "autoscaling": {} },
        "database": { "instances": 16, "logExports": ["postgresql", "instance", "iam-db-auth-error"] },
    });
    let little = json!({
        "processing": { "image": "i:1", "containerInsights": false },
        "monitoring": { "alarms": { "runningTasks": { "enabled": false } } },
        "database": { "instances": 1, "logExports": [] },
    });
    [pipeline(&json!({})), pipeline(&everything), pipeline(&little)]
}

#[test]
fn every_resource_of_every_design_is_in_the_table() {
    let all: BTreeMap<_, _> = Names::new(&EnvironmentSuffix::new("dev").unwrap()).all().into_iter().collect();
    for pipeline in pipelines() {
        for node in design::design(&pipeline, &design::Settings::default()).nodes() {
            assert_eq!(all.get(&node.address), Some(&node.name), "{}", node.address);
        }
    }
}

#[test]
fn an_address_is_used_once_whatever_the_kind() {
    let all = Names::new(&EnvironmentSuffix::new("dev").unwrap()).all();
    let places: BTreeSet<_> = all.iter().map(|(address, _)| &address.name).collect();
    assert_eq!(places.len(), all.len());
}

#[test]
fn nothing_is_designed_twice() {
    for pipeline in pipelines() {
        let graph = design::design(&pipeline, &design::Settings::default());
        let addresses: BTreeSet<_> = graph.nodes().iter().map(|node| &node.address).collect();
        assert_eq!(addresses.len(), graph.nodes().len());
        assert!(graph.root.as_ref().is_some_and(|root| addresses.contains(root)), "the claim is designed");
    }
}

#[test]
fn what_the_operator_gives_to_the_container_is_reserved() {
    let users =
        json!({ "processing": { "image": "i:1", "environment": [{ "name": "MODE", "value": "fast" }] } });
    let graph = design::design(&pipeline(&users), &design::Settings::default());
    let task = graph.nodes().iter().find(|node| node.address.kind == "taskDefinition").unwrap();
    let names = |field: &str| task.spec[field].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let given: BTreeSet<_> = [names("environment"), names("secrets")].concat().into_iter().collect();
    let reserved = INJECTED_ENVIRONMENT.map(str::to_owned);
    assert_eq!(given, reserved.into_iter().chain(["MODE".to_owned()]).collect());
}

#[test]
fn a_parents_child_stands_where_its_kind_says() {
    let all: BTreeSet<_> = Names::new(&EnvironmentSuffix::new("dev").unwrap())
        .all()
        .into_iter()
        .map(|(address, _)| address)
        .collect();
    let of = |kind: &str| -> Vec<Address> { all.iter().filter(|at| at.kind == kind).cloned().collect() };
    for subnet in of("subnet") {
        assert!(all.contains(&RouteTableAssociation::address(&subnet)), "{subnet}");
    }
    for group in of("securityGroup") {
        assert!(all.contains(&SecurityGroupRules::address(&group)), "{group}");
    }
    for vpc in of("vpc") {
        assert!(all.contains(&SecurityGroupRules::address_of_default(&vpc)), "{vpc}");
    }
    for role in of("role") {
        assert!(all.contains(&RolePolicy::address(&role)), "{role}");
    }
}

#[test]
fn names_fit_where_aws_is_narrowest() {
    let longest = EnvironmentSuffix::new(&"x".repeat(32)).unwrap();
    for (address, name) in Names::new(&longest).all() {
        let most = match address.kind.as_str() {
            "role" => 64,
            "dbCluster" | "dbInstance" => 63,
            "queue" => 80,
            "stream" | "rolePolicy" => 128,
            _ => 255,
        };
        assert!(name.len() <= most, "{address} is called {name}, {} of {most} characters", name.len());
    }
}
