//! Merge patches, as Kubernetes takes them.

use serde_json::{Value, json};

/// Both patches in one: what the second one sets counts.
pub fn both(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            for (name, value) in other {
                let merged = both(one.remove(&name).unwrap_or(Value::Null), value);
                one.insert(name, merged);
            }
            Value::Object(one)
        }
        (_, other) => other,
    }
}

/// What a document becomes.
pub fn applied(document: Value, patch: &Value) -> Value {
    without_nulls(both(document, patch.clone()))
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let set = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(set.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        other => other,
    }
}

#[test]
fn a_null_removes() {
    let document = json!({ "a": { "b": 1, "c": 2 }, "d": 3 });
    let patch = both(json!({ "a": { "b": 7 } }), json!({ "a": { "c": null } }));
    assert_eq!(applied(document, &patch), json!({ "a": { "b": 7 }, "d": 3 }));
}
