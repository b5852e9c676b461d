//! What stands in AWS without what is another with each object: ids, numbers of revisions, times, order.

use serde_json::Value;

/// What tells of the past and not of the present.
const PAST: [&str; 11] = [
    "events",
    "deployments",
    "revisions",
    "taskSets",
    "VersionIdsToStages",
    "AvailableIpAddressCount",
    "ResponseMetadata",
    "revision",
    "RoleId",
    "IsClusterWriter",
    "creationTime",
];

/// The same for two objects that were made alike.
pub fn scrubbed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !PAST.contains(&name.as_str()))
            .map(|(name, value)| (without_ids(name), scrubbed(value)))
            .collect(),
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(scrubbed).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::String(text) if is_time(text) => Value::Null,
        Value::String(text) => Value::String(without_ids(text)),
        other => other.clone(),
    }
}

/// As Python writes it: `2026-01-02 03:04:05.678+00:00`.
fn is_time(text: &str) -> bool {
    let shape: String = text.chars().take(14).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00 00:"
}

/// Every word that looks like an id or a time becomes `#`; short numbers, as in names, stay.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| {
        let digits = word.bytes().any(|b| b.is_ascii_digit());
        let hexadecimal = word.len() >= 4 && word.bytes().all(|b| b.is_ascii_hexdigit());
        // A part of a UUID may have no digit.
        (word.len() == 4 && hexadecimal) || (digits && (hexadecimal || word.len() >= 16))
    };
    let revision = text.contains(":task-definition/").then(|| text.rsplit_once(':')).flatten();
    let text = revision.map_or(text, |(family, _)| family);
    let mut scrubbed = String::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        scrubbed.push_str(if is_id(word) { "#" } else { word });
        scrubbed.push_str(&part[word.len()..]);
    }
    scrubbed
}
