//! One edit of a spec, and what is to come of it.

use std::fmt;

use serde_json::{Value, json};

use super::field::{self, Field, given, patch};
use crate::support::patch::both;

/// A change of a spec.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What is changed, and to what.
    pub name: String,
    /// The merge patch.
    pub patch: Value,
    /// What comes of it.
    pub expected: Expected,
}

/// What comes of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is carried out, and can be taken back.
    Applied,
    /// It is carried out, and to take it back is refused.
    ForGood,
    /// It is carried out, and stays so when it is taken back: AWS knows no way back, and nothing needs one.
    Stays,
    /// It is carried out once a person consents, for data is lost.
    Held,
    /// Nothing of it is to be seen in AWS, and the environment is not said to be ready.
    Suspended,
}

impl Edit {
    /// The part of the spec that it is of; pairs of fields are a part of their own.
    pub fn part(&self) -> &str {
        if self.name.contains('+') {
            return "coupled fields";
        }
        self.name.split(['.', '=']).next().unwrap_or_default()
    }
}

/// Fields that only a new resource can set, as their descriptions say; admission refuses any other value.
pub fn is_immutable(field: &Field) -> bool {
    field.says("Immutable")
}

/// What comes of giving `field` this value.
fn expected(field: &Field, value: &Value) -> Expected {
    match field.path.as_str() {
        // Another major version is another database.
        "database.engineVersion" if !value.as_str().unwrap_or_default().starts_with("16.") => Expected::Held,
        "database.engineVersion" => Expected::Stays,
        "suspend" if *value == json!(true) => Expected::Suspended,
        _ if field.says("AWS cannot change it in place") => Expected::Held,
        _ if field.says("May grow, not shrink") && value.as_i64() > Some(2) => Expected::ForGood,
        _ => Expected::Applied,
    }
}

/// Fields that mean something only together with another one.
const PAIRS: [(&str, &str); 13] = [
    ("processing.cpu=256", "processing.memory=1024"),
    ("processing.cpu=16384", "processing.memory=122880"),
    ("database.minAcu=8", "database.maxAcu=8"),
    ("database.minAcu=0", "database.maxAcu=1"),
    ("processing.autoscaling.minCount=3", "processing.autoscaling.maxCount=3"),
    ("processing.autoscaling=null", "processing.desiredCount=3"),
    ("processing.desiredCount=9", "processing.autoscaling.maxCount=2"),
    ("ingestion.mode=\"OnDemand\"", "ingestion.shardCount=4"),
    ("ingestion.mode=\"OnDemand\"", "ingestion.retentionHours=48"),
    ("ingestion.retentionHours=72", "ingestion.shardLevelMetrics=[]"),
    ("network.availabilityZones=3", "database.instances=3"),
    ("processing.containerInsights=false", "monitoring.alarms.runningTasks.enabled=false"),
    ("suspend=true", "database.maxAcu=2"),
];

/// Pairs that exclude each other, and the field that is refused.
pub const EXCLUSIVE: [(&str, &str, &str); 5] = [
    ("processing.cpu=256", "processing.memory=4096", "cpu 256"),
    ("processing.cpu=16384", "processing.memory=2048", "cpu 16384"),
    ("database.minAcu=8", "database.maxAcu=4", "minAcu"),
    ("processing.autoscaling.minCount=5", "processing.autoscaling.maxCount=4", "minCount"),
    (
        "processing.containerInsights=false",
        "monitoring.alarms.runningTasks.enabled=true",
        "containerInsights",
    ),
];

/// Every edit whose end can be seen in AWS.
pub fn all() -> Vec<Edit> {
    let mut edits = Vec::new();
    for field in field::all().iter().filter(|field| !is_immutable(field)) {
        for value in field.valid().into_iter().filter(|value| field.is_bearable(value)) {
            edits.push(Edit {
                name: format!("{}={value}", field.path),
                patch: both(given(&field.path, &value), patch(&field.path, &value)),
                expected: expected(field, &value),
            });
        }
    }
    edits.extend(PAIRS.iter().map(|(one, other)| {
        let expected = match one.split('=').next() {
            Some("network.availabilityZones") => Expected::ForGood,
            Some("suspend") => Expected::Suspended,
            _ => Expected::Applied,
        };
        Edit { name: format!("{one}+{other}"), patch: both(set(one), set(other)), expected }
    }));
    edits
}

/// The merge patch that a text like `processing.cpu=256` stands for.
pub fn set(text: &str) -> Value {
    let (path, value) = text.split_once('=').unwrap();
    patch(path, &serde_json::from_str(value).unwrap())
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[test]
fn pairs_are_of_fields_that_there_are() {
    let known: Vec<String> = field::all().into_iter().map(|field| field.path).collect();
    let named = PAIRS.iter().flat_map(|(one, other)| [*one, *other]);
    let excluded = EXCLUSIVE.iter().flat_map(|(one, other, _)| [*one, *other]);
    for text in named.chain(excluded) {
        let path = text.split('=').next().unwrap();
        assert!(known.iter().any(|field| field.starts_with(path)), "{path}");
    }
}
