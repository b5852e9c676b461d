use super::{
    Address,
    input::{output, sources},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
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
            // What is there and left out is not known, and nothing is changed on the strength of that.
            let Some(from) = have.get(field) else { continue };
            let unresolved = sources(wanted);
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
        let (from, to) = if self.private.contains(&field) { hidden(from, to) } else { (from.clone(), to) };
        Change { field: field.to_owned(), from, to }
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

/// What a field is and becomes, without its values: only which there are, and which differ. Nothing that is computed from
/// a value, such as a digest, may stand for it, because whoever can guess the value could confirm it.
fn hidden(from: &Value, to: To) -> (Value, To) {
    match to {
        To::Value(to) => {
            let (from, to) = veiled(from, &to);
            (from, To::Value(to))
        }
        To::KnownAfterApply => (veiled(from, from).0, To::KnownAfterApply),
        To::Partly(to) => {
            let known = to.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?)));
            let (from, known) = veiled(from, &Value::Object(known.collect()));
            let veiled = |key: String| (known.get(&key).cloned(), key);
            (from, To::Partly(to.into_keys().map(veiled).map(|(value, key)| (key, value)).collect()))
        }
    }
}

/// Both documents with words in place of their values; the names in them stay.
fn veiled(from: &Value, to: &Value) -> (Value, Value) {
    let none = Map::new();
    let (from_fields, to_fields) = match (from, to) {
        (Value::Object(from), Value::Object(to)) => (from, to),
        (Value::Null, Value::Object(to)) => (&none, to),
        (Value::Object(from), Value::Null) => (from, &none),
        (from, to) => return (word(from, "a value"), word(to, changed(from, to))),
    };
    let keys: BTreeSet<_> = from_fields.keys().chain(to_fields.keys()).collect();
    let mut both = (Map::new(), Map::new());
    for key in keys {
        let (was, is) = (from_fields.get(key), to_fields.get(key));
        let (from, to) = veiled(was.unwrap_or(&Value::Null), is.unwrap_or(&Value::Null));
        both.0.extend(was.map(|_| (key.clone(), from)));
        both.1.extend(is.map(|_| (key.clone(), to)));
    }
    (Value::Object(both.0), Value::Object(both.1))
}

fn changed(from: &Value, to: &Value) -> &'static str {
    if from.is_null() || from == to { "a value" } else { "another value" }
}

fn word(value: &Value, word: &str) -> Value {
    if value.is_null() { Value::Null } else { word.into() }
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The changes of a private field.
    fn changes(want: &Value, have: &Value) -> Changes {
        let comparison = Comparison { at_creation: &[], private: &["field"], renewed: &BTreeSet::new() };
        comparison.of(&json!({ "field": want }), &json!({ "field": have })).changes
    }

    fn parts(want: &Value, have: &Value) -> Vec<String> {
        let parts = changes(want, have).0.iter().flat_map(Change::parts).collect::<Vec<_>>();
        parts.iter().map(|part| format!("{} {} → {}", part.field, part.from, part.to)).collect()
    }

    #[test]
    fn of_a_private_field_only_the_names_are_said_that_differ() {
        let (want, have) = (json!({ "a": "1", "b": "2", "c": "3" }), json!({ "a": "1", "b": "0", "d": "4" }));
        assert_eq!(
            parts(&want, &have),
            ["field.b a value → another value", "field.c none → a value", "field.d a value → none"]
        );
        assert_eq!(parts(&json!("1"), &json!("2")), ["field a value → another value"]);
        assert_eq!(parts(&json!({ "a": "1" }), &Value::Null), ["field.a none → a value"]);
    }

    #[test]
    fn what_is_not_known_is_no_difference_and_what_is_not_there_is_one() {
        let comparison = Comparison { at_creation: &[], private: &[], renewed: &BTreeSet::new() };
        let differs = |have: &Value| comparison.of(&json!({ "key": "a" }), have).changes.has("key");
        assert!(!differs(&json!({})) && !differs(&json!({ "key": "a" })));
        assert!(differs(&json!({ "key": null })) && differs(&json!({ "key": "b" })));
    }

    #[test]
    fn no_guess_of_a_private_value_can_be_confirmed() {
        let one = changes(&json!({ "pin": "1234" }), &json!({ "pin": "0000" }));
        assert_eq!(one, changes(&json!({ "pin": "4321" }), &json!({ "pin": "9999" })));
    }

    #[test]
    fn what_is_still_to_come_says_nothing_of_the_rest() {
        let later = |pin: &str| {
            let to = [("host".to_owned(), None), ("pin".to_owned(), Some(json!(pin)))];
            hidden(&json!({ "host": "h", "pin": "0000" }), To::Partly(to.into()))
        };
        assert_eq!(later("1234"), later("4321"));
        assert_ne!(later("1234"), later("0000"));
    }
}
