//! Values, schema, settings, definition, alerts and version are in step with the code and with each other.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::Value;

use super::helm::{LEAST, container, environment, everything, file, objects, the};
use crate::cli::program::{OPERATOR, alone};

/// The settings in `run --help`: each environment variable, and the default.
fn settings() -> BTreeMap<String, Option<String>> {
    let help = alone(OPERATOR, &["run", "--help"]).ends_with(0, &[]).stdout.replace("\n          ", " ");
    let setting = Regex::new(r"\[env: ([A-Z_]+)=\](?:\s*\[default: ([^\]]+)\])?").unwrap();
    let settings = setting.captures_iter(&help);
    settings.map(|found| (found[1].to_owned(), found.get(2).map(|text| text.as_str().to_owned()))).collect()
}

#[tokio::test]
async fn every_setting_can_be_reached_by_a_value() {
    let [flag, values] = everything();
    let set = objects(&[&flag, &values]).await;
    let reached: BTreeSet<_> = environment(container(&set)).into_iter().map(|(name, _)| name).collect();
    let settings = settings();
    assert!(settings.len() > 12, "only these settings were found: {settings:?}");
    let missing: Vec<_> = settings.keys().filter(|name| !reached.contains(*name)).collect();
    assert!(missing.is_empty(), "no value sets {missing:?}");
    // Those of every AWS SDK, and those that everything.values.yaml adds.
    let values: Value = serde_yaml::from_str(&std::fs::read_to_string(values).unwrap()).unwrap();
    let added = |name: &String| values["env"].as_array().unwrap().iter().any(|one| one["name"] == **name);
    let unknown: Vec<_> = reached
        .iter()
        .filter(|name| !settings.contains_key(*name) && !name.starts_with("AWS_") && !added(name))
        .collect();
    assert!(unknown.is_empty(), "nobody reads {unknown:?}");
}

#[tokio::test]
async fn defaults_are_those_of_the_operator() {
    let set: BTreeMap<_, _> = environment(container(&objects(&LEAST).await)).into_iter().collect();
    for (name, default) in settings() {
        match default {
            Some(default) => assert_eq!(set.get(&name), Some(&default), "{name}"),
            // Several replicas need a lease.
            None if name == "LEASE_NAMESPACE" || name == "CLUSTER_NAME" => assert!(set.contains_key(&name)),
            None => assert_eq!(set.get(&name), None, "{name}"),
        }
    }
}

/// True iff two documents say the same. Helm writes 256.0 as 256.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same =
                |(name, value): (&String, &Value)| other.get(name).is_some_and(|other| alike(value, other));
            one.len() == other.len() && one.iter().all(same)
        }
        _ => one == other,
    }
}

#[tokio::test]
async fn the_definition_is_the_repository_s_and_is_kept() {
    let repository = sandbox::checkout().join("crds/videopipelines.streamflix.io.yaml");
    let repository = std::fs::read_to_string(repository).unwrap();
    assert_eq!(file("files/videopipelines.streamflix.io.yaml"), repository, "run make generate");
    let objects = objects(&LEAST).await;
    let mut definition = the(&objects, "CustomResourceDefinition", "videopipelines.streamflix.io").clone();
    let metadata = definition["metadata"].as_object_mut().unwrap();
    assert_eq!(metadata.remove("annotations").unwrap()["helm.sh/resource-policy"], "keep");
    metadata.remove("labels").unwrap();
    let repository: Value = serde_yaml::from_str(&repository).unwrap();
    assert!(alike(&definition, &repository), "the chart installs another definition");
}

#[test]
fn the_chart_has_the_version_of_the_operator() {
    let chart: Value = serde_yaml::from_str(&file("Chart.yaml")).unwrap();
    assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}

/// Every path of values that the schema closes, and of those in the file.
fn paths(schema: &Value, values: &Value, at: &str, differences: &mut Vec<String>) {
    let (Some(known), Some(values)) = (schema["properties"].as_object(), values.as_object()) else { return };
    for name in known.keys().filter(|name| *name != "global" && !values.contains_key(*name)) {
        differences.push(format!("{at}{name} is in the schema only"));
    }
    for (name, value) in values {
        match known.get(name) {
            Some(schema) => paths(schema, value, &format!("{at}{name}."), differences),
            None => differences.push(format!("{at}{name} is in values.yaml only")),
        }
    }
}

#[test]
fn values_and_schema_know_the_same_names() {
    let values: Value = serde_yaml::from_str(&file("values.yaml")).unwrap();
    let schema: Value = serde_json::from_str(&file("values.schema.json")).unwrap();
    let mut differences = Vec::new();
    paths(&schema, &values, "", &mut differences);
    // Both may be given, as in a Pod.
    differences.retain(|difference| !difference.starts_with("resources."));
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn every_value_has_a_comment() {
    let values = file("values.yaml");
    let lines: Vec<_> = values.lines().collect();
    let key = Regex::new("^ *[a-zA-Z]+:").unwrap();
    // What is explained where its parent is.
    let example = ["requests", "limits", "cpu", "memory", "tolerations", "affinity", "podLabels"];
    let bare =
        lines.windows(2).filter(|pair| key.is_match(pair[1]) && !pair[0].trim_start().starts_with('#'));
    let name = |pair: &[&str]| pair[1].trim().split(':').next().unwrap().to_owned();
    let heads = |pair: &&[&str]| pair[1].ends_with(':');
    let bare: Vec<_> =
        bare.filter(|pair| !heads(pair)).map(name).filter(|name| !example.contains(&name.as_str())).collect();
    assert!(bare.is_empty(), "no comment stands before {bare:?}");
}

#[test]
fn every_alert_has_a_section_in_the_runbook() {
    let alerts: Value = serde_yaml::from_str(&file("files/alerts.yaml")).unwrap();
    let operations = std::fs::read_to_string(sandbox::checkout().join("docs/operations.md")).unwrap();
    let rules = alerts["groups"][0]["rules"].as_array().unwrap();
    assert!(rules.len() > 5);
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        assert!(operations.contains(&format!("\n### {name}\n")), "docs/operations.md has no section {name}");
        let anchor = format!("docs/operations.md#{}", name.to_lowercase());
        assert_eq!(rule["annotations"]["runbook_url"], anchor.as_str(), "{name}");
    }
}

/// The parts of which managed policies are made, as `iam-policy` names them.
pub fn parts() -> Vec<String> {
    let run = alone(OPERATOR, &["iam-policy", "-h"]);
    let help = run.ends_with(0, &[]).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = Regex::new(r"--part <PART>[^\[]*\[possible values: ([a-z, ]+)\]").unwrap();
    let named = named.captures(&help).unwrap_or_else(|| panic!("no parts are named: {help}"));
    named[1].split(", ").map(str::to_owned).collect()
}

#[test]
fn policies_are_made_of_every_part() {
    let operations = std::fs::read_to_string(sandbox::checkout().join("docs/operations.md")).unwrap();
    let each = Regex::new(r"for part in ([a-z ]+); do").unwrap();
    let loops: Vec<_> = each.captures_iter(&operations).map(|found| found[1].to_owned()).collect();
    assert!(loops.len() > 2, "docs/operations.md makes policies only here: {loops:?}");
    assert!(loops.iter().all(|parts| *parts == self::parts().join(" ")), "{loops:?}");
}

/// Every metric that the code registers, with the endings under which it is served.
fn metrics() -> BTreeSet<String> {
    let registered = Regex::new(r#"registry\.register(_with_unit)?\(\s*"(\w+)""#).unwrap();
    let sources = ["src/aws/metrics.rs", "src/controller/metrics.rs"].map(|path| {
        let text = std::fs::read_to_string(sandbox::checkout().join(path)).unwrap();
        let found = registered.captures_iter(&text);
        let name = |unit: bool, name: &str| if unit { format!("{name}_seconds") } else { name.to_owned() };
        found.map(|found| name(found.get(1).is_some(), &found[2])).collect::<Vec<_>>()
    });
    let census = std::fs::read_to_string(sandbox::checkout().join("src/controller/census.rs")).unwrap();
    let counted = Regex::new(r#""(video_pipelines\w*)""#).unwrap();
    let counted = counted.captures_iter(&census).map(|found| found[1].to_owned());
    let served =
        |name: &String| ["", "_total", "_bucket", "_count", "_sum"].map(|end| format!("{name}{end}"));
    sources.concat().iter().flat_map(served).chain(counted).collect()
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_there_are() {
    let metrics = metrics();
    assert!(metrics.len() > 20, "only these were found: {metrics:?}");
    let named = r"\b(?:aws|controller_runtime|workqueue|leader_election)_[a-z_]+|\bvideo_pipelines[a-z_]*";
    let named = Regex::new(named).unwrap();
    for name in ["files/alerts.yaml", "files/dashboard.json"] {
        let text = file(name);
        let named: BTreeSet<_> = named.find_iter(&text).map(|found| found.as_str()).collect();
        assert!(named.len() > 5, "{name} names only {named:?}");
        let unknown: Vec<_> = named.iter().filter(|name| !metrics.contains(**name)).collect();
        assert!(unknown.is_empty(), "{name} asks for {unknown:?}");
    }
}
