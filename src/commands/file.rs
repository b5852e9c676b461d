//! A file with VideoPipelines, as it would be applied: read and checked before anybody is asked anything.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::pipeline::{Invalid, admission};

/// The VideoPipelines of a file, and what else is in it.
#[derive(Debug)]
pub struct File {
    /// The VideoPipelines, each as it is written.
    pub pipelines: Vec<Value>,
    /// Other resources, as `Deployment web`.
    pub others: Vec<String>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// The file is no YAML.
    #[error("{} is not YAML", .0.display())]
    Parse(PathBuf, #[source] serde_yaml::Error),
    /// The file has no VideoPipeline.
    #[error("{} has no VideoPipeline of {API_VERSION}{}", path.display(), found(.others))]
    Empty {
        /// The file.
        path: PathBuf,
        /// What is in it instead.
        others: Vec<String>,
    },
}

const API_VERSION: &str = "streamflix.io/v1alpha1";

impl File {
    /// Reads it; `-` is standard input.
    ///
    /// # Errors
    /// It cannot be read, or has no VideoPipeline.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = match path.as_os_str() == "-" {
            true => std::io::read_to_string(std::io::stdin()),
            false => std::fs::read_to_string(path),
        };
        let text = text.map_err(|error| Error::Read(path.to_path_buf(), error))?;
        let documents = serde_yaml::Deserializer::from_str(&text).map(Value::deserialize);
        let documents: Vec<_> =
            documents.collect::<Result<_, _>>().map_err(|error| Error::Parse(path.to_path_buf(), error))?;
        let (pipelines, others): (Vec<_>, Vec<_>) =
            documents.into_iter().flat_map(resources).partition(is_pipeline);
        let others = others.iter().map(described).collect();
        if pipelines.is_empty() {
            return Err(Error::Empty { path: path.to_path_buf(), others });
        }
        Ok(Self { pipelines, others })
    }
}

/// What can be said against a VideoPipeline without asking anybody: fields that do not exist, and what schema and rules
/// refuse.
///
/// # Errors
/// All of it.
pub fn check(document: &Value) -> Result<(), Vec<Invalid>> {
    let mut problems = admission::unknown_fields(document);
    problems.extend(admission::read(document).err().unwrap_or_default());
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The resources of a document, which may be a list, or empty.
fn resources(mut document: Value) -> Vec<Value> {
    match document.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ if document.is_null() => Vec::new(),
        _ => vec![document],
    }
}

fn is_pipeline(document: &Value) -> bool {
    document["kind"] == "VideoPipeline" && document["apiVersion"] == API_VERSION
}

fn described(document: &Value) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let kind = text(&document["kind"]).unwrap_or_else(|| "a document without kind".to_owned());
    let version = text(&document["apiVersion"]).filter(|_| kind == "VideoPipeline");
    let name = text(&document["metadata"]["name"]);
    [Some(kind), name, version.map(|version| format!("of {version}"))]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

fn found(others: &[String]) -> String {
    if others.is_empty() { String::new() } else { format!(", only {}", others.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_stands_for_its_items_and_nothing_for_nothing() {
        assert_eq!(resources(json!({"kind": "List", "items": [1, 2]})), [json!(1), json!(2)]);
        assert_eq!(resources(json!({"kind": "Service"})), [json!({"kind": "Service"})]);
        assert!(resources(Value::Null).is_empty());
    }

    #[test]
    fn what_is_no_pipeline_of_this_version_is_described() {
        let document =
            json!({"kind": "VideoPipeline", "apiVersion": "streamflix.io/v9", "metadata": {"name": "a"}});
        assert!(!is_pipeline(&document));
        assert_eq!(described(&document), "VideoPipeline a of streamflix.io/v9");
        assert_eq!(described(&json!({})), "a document without kind");
    }
}
