//! The CustomResourceDefinition as it is installed.
//!
//! The derived one is made tidy: a parent's default is `{}`, so that each default is written once, with its own
//! field; nothing is nullable, so that an empty `network:` in a file means its defaults; and formats that
//! Kubernetes does not know are left out.

use std::sync::LazyLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Map, Value};

use super::VideoPipeline;

/// The CustomResourceDefinition of `VideoPipeline`, as the YAML or JSON document that Kubernetes takes.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let mut document = serde_json::to_value(VideoPipeline::crd()).unwrap_or_default();
        if let Some(schema) = document.pointer_mut(SCHEMA) {
            tidy(schema);
        }
        document
    });
    &DOCUMENT
}

/// The schema of `VideoPipeline`.
pub fn schema() -> &'static Value {
    document().pointer(SCHEMA).unwrap_or(&Value::Null)
}

/// The same document as a typed object, to install it.
///
/// # Errors
///
/// When the document is no CustomResourceDefinition, which a test excludes.
pub fn definition() -> serde_json::Result<CustomResourceDefinition> {
    serde_json::from_value(document().clone())
}

const SCHEMA: &str = "/spec/versions/0/schema/openAPIV3Schema";

fn tidy(schema: &mut Value) {
    let Some(node) = schema.as_object_mut() else { return };
    node.remove("nullable");
    for bound in ["minimum", "maximum"] {
        if let Some(whole) = node.get(bound).and_then(whole_number) {
            node.insert(bound.to_owned(), whole.into());
        }
    }
    if let Some(Value::String(description)) = node.get_mut("description") {
        *description = paragraphs(description);
    }
    if node.get("format").and_then(Value::as_str).is_some_and(|format| !KNOWN_FORMATS.contains(&format)) {
        node.remove("format");
    }
    if node.contains_key("properties") && node.contains_key("default") {
        node.insert("default".to_owned(), Value::Object(Map::new()));
    }
    if let Some(properties) = node.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(tidy);
    }
    for child in ["items", "additionalProperties"] {
        if let Some(child) = node.get_mut(child) {
            tidy(child);
        }
    }
}

/// Bounds are floating-point numbers in the derived definition, also those of integers.
fn whole_number(value: &Value) -> Option<i64> {
    value.as_f64().filter(|number| number.fract() == 0.0).and_then(|number| format!("{number}").parse().ok())
}

/// The text with each paragraph on one line; a doc comment is broken where the source file is wide enough.
fn paragraphs(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

const KNOWN_FORMATS: [&str; 4] = ["int32", "int64", "double", "date-time"];
