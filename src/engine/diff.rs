use super::{
    Address,
    input::{output, sources},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A field that is not as it should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The field of the kind's spec.
    pub field: String,
    /// What it is.
    pub from: Value,
    /// What it should be.
    pub to: To,
}

/// What a field should become.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum To {
    /// This value.
    Value(Value),
    /// An output of a resource that is about to be made, certainly another one than now.
    KnownAfterApply,
    /// A map, some of whose values are such outputs.
    Partly(BTreeMap<String, Option<Value>>),
}

/// The fields that an update has to bring about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(pub Vec<Change>);

impl Changes {
    /// The change of `field`.
    pub fn of(&self, field: &str) -> Option<&Change> {
        self.0.iter().find(|change| change.field == field)
    }

    /// True iff `field` changes.
    pub fn has(&self, field: &str) -> bool {
        self.of(field).is_some()
    }

    /// True iff one of `fields` changes.
    pub fn any(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.has(field))
    }

    /// The value that `field` has now, if it changes and can be read as `T`.
    pub fn from<T: serde::de::DeserializeOwned>(&self, field: &str) -> Option<T> {
        serde_json::from_value(self.of(field)?.from.clone()).ok()
    }
}

/// How a resource differs from what is wanted.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Difference {
    pub changes: Changes,
    /// Resources whose outputs are not known, so that it cannot be said whether a field differs.
    pub undecided: BTreeSet<Address>,
}

/// What a comparison has to know of the kind.
pub(super) struct Comparison<'a> {
    /// Fields that are not compared.
    pub at_creation: &'a [&'a str],
    /// Fields whose values are not shown.
    pub private: &'a [&'a str],
    /// Resources that are about to be made anew, whose outputs certainly change.
    pub renewed: &'a BTreeSet<Address>,
}

impl Comparison<'_> {
    /// Compares field by field. `want` is resolved as far as it can be.
    pub fn of(&self, want: &Value, have: &Value) -> Difference {
        let mut difference = Difference::default();
        for (field, wanted) in want.as_object().into_iter().flatten() {
            // Null leaves the field to the cloud.
            if wanted.is_null() || self.at_creation.contains(&field.as_str()) {
                continue;
            }
            let unresolved = sources(wanted);
            let from = have.get(field).unwrap_or(&Value::Null);
            if !unresolved.is_subset(self.renewed) {
                difference.undecided.extend(unresolved.difference(self.renewed).cloned());
            } else if !unresolved.is_empty() {
                difference.changes.0.push(self.change(field, from, unresolved_part(wanted)));
            } else if wanted != from {
                difference.changes.0.push(self.change(field, from, To::Value(wanted.clone())));
            }
        }
        difference
    }

    fn change(&self, field: &str, from: &Value, to: To) -> Change {
        let private = self.private.contains(&field);
        let shown = |value: &Value| if private { digests(value) } else { value.clone() };
        let to = match to {
            To::Value(to) => To::Value(shown(&to)),
            To::Partly(to) => To::Partly(to.into_iter().map(|(k, v)| (k, v.as_ref().map(shown))).collect()),
            To::KnownAfterApply => To::KnownAfterApply,
        };
        Change { field: field.to_owned(), from: shown(from), to }
    }
}

/// What `wanted` will be, of a map key by key.
fn unresolved_part(wanted: &Value) -> To {
    let known = |value: &Value| sources(value).is_empty().then(|| value.clone());
    match wanted.as_object().filter(|_| output(wanted).is_none()) {
        Some(fields) => To::Partly(fields.iter().map(|(key, value)| (key.clone(), known(value))).collect()),
        None => To::KnownAfterApply,
    }
}

/// The value with a digest in place of each text, number or flag; the names in it stay.
fn digests(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Object(fields) => Value::Object(fields.iter().map(|(k, v)| (k.clone(), digests(v))).collect()),
        Value::Array(values) => Value::Array(values.iter().map(digests).collect()),
        value => Value::String(digest(value)),
    }
}

/// Eight hexadecimal digits that stand for a document.
pub(super) fn digest(document: &Value) -> String {
    let hash = Sha256::digest(canonical(document).to_string());
    hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The document with its keys sorted, so that the order in which fields are declared does not show in a digest.
fn canonical(document: &Value) -> Value {
    match document {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().map(|(k, v)| (k.clone(), canonical(v))).collect();
            sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(sorted.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(canonical).collect()),
        _ => document.clone(),
    }
}
