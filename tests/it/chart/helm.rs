//! Helm, with a home of its own, and what it rendered.

use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::assets::{Program, program};
use serde_json::Value;

use crate::cli::program::{Run, run};

/// The namespace of the release.
pub const NAMESPACE: &str = "operators";
/// The release's name, and so that of nearly every object.
pub const RELEASE: &str = "video-pipeline-operator";
/// What has to be said.
pub const LEAST: [&str; 2] = ["--set", "clusterName=home"];

/// The chart.
pub fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("charts").join(RELEASE)
}

/// A file of the chart.
pub fn file(name: &str) -> String {
    std::fs::read_to_string(chart().join(name)).unwrap()
}

/// A file of `tests/golden-chart`.
pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-chart").join(name)
}

/// The values of `everything.values.yaml`, as Helm takes them.
pub fn everything() -> [String; 2] {
    ["--values".to_owned(), golden("everything.values.yaml").display().to_string()]
}

/// Runs Helm on a cluster.
pub async fn helm_on(kubeconfig: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(program(Program::Helm).await.unwrap());
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chart/helm");
    for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
        command.env(name, &home);
    }
    command.env("KUBECONFIG", kubeconfig);
    run(command, arguments)
}

/// Runs Helm where there is no cluster.
pub async fn helm(arguments: &[&str]) -> Run {
    helm_on(Path::new("/dev/null"), arguments).await
}

/// Runs `helm template` with these arguments.
pub async fn template(arguments: &[&str]) -> Run {
    let chart = chart();
    let fixed = ["template", RELEASE, chart.to_str().unwrap(), "--namespace", NAMESPACE];
    helm(&[&fixed, arguments].concat()).await
}

/// The objects that are rendered with these arguments.
pub async fn objects(arguments: &[&str]) -> Vec<Value> {
    let run = template(arguments).await;
    documents(&run.ends_with(0, &[]).stdout)
}

/// The objects of a text of YAML documents.
pub fn documents(text: &str) -> Vec<Value> {
    let objects = serde_yaml::Deserializer::from_str(text).map(|document| {
        <Value as serde::Deserialize>::deserialize(document)
            .unwrap_or_else(|error| panic!("{error}:\n{text}"))
    });
    objects.filter(|object| !object.is_null()).collect()
}

/// The one object of this kind and name.
pub fn the<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let mut found =
        objects.iter().filter(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    let object = found.next().unwrap_or_else(|| panic!("there is no {kind} {name}"));
    assert!(found.next().is_none(), "{kind} {name} is rendered twice");
    object
}

/// `kind namespace/name` of each object, sorted.
pub fn titles(objects: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let title = |object: &Value| {
        let (kind, metadata) = (text(&object["kind"]), &object["metadata"]);
        format!("{kind} {}/{}", text(&metadata["namespace"]), text(&metadata["name"]))
    };
    let mut titles: Vec<_> = objects.iter().map(title).collect();
    titles.sort();
    titles
}

/// The environment variables of a container that have a value.
pub fn environment(container: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let variables = container["env"].as_array().unwrap().iter();
    variables.filter_map(|variable| Some((text(&variable["name"])?, text(&variable["value"])?))).collect()
}

/// The operator's own container.
pub fn container(objects: &[Value]) -> &Value {
    &the(objects, "Deployment", RELEASE)["spec"]["template"]["spec"]["containers"][0]
}
