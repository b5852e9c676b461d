//! A value of another type than the field's, for every field: read off the definition, because both sides must agree on all.

use serde_json::{Value, json};
use video_pipeline_operator::api::crd;

use super::super::case::{Case, Field, refused};

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    wrong_types("spec", &crd::schema()["properties"]["spec"], &mut cases);
    cases.extend(numbers());
    cases
}

fn wrong_types(path: &str, schema: &Value, cases: &mut Vec<Case>) {
    let words = |schema: &Value| match schema["type"].as_str().unwrap() {
        "integer" => ("must be of type integer", json!("7")),
        "number" => ("must be of type number", json!("7")),
        "string" => ("must be of type string", json!(7)),
        "boolean" => ("must be of type boolean", json!("yes")),
        "array" => ("must be of type array", json!({"0": "a"})),
        "object" => ("must be of type object", json!("text")),
        other => panic!("no wrong value for a {other}"),
    };
    let (said, wrong) = words(schema);
    cases.push(refused(&[(path, wrong)], &[(path, said)]));
    if let Some(items) = schema.get("items") {
        let (said, wrong) = words(items);
        cases.push(refused(&[(path, json!([wrong]))], &[(&format!("{path}[0]"), said)]));
        for name in items["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
            let mut item = json!({"name": "A", "value": "x"});
            item[name] = json!(7);
            cases.push(refused(
                &[(path, json!([item]))],
                &[(&format!("{path}[0].{name}"), "must be of type string")],
            ));
        }
    }
    if let Some(values) = schema.get("additionalProperties") {
        let (said, wrong) = words(values);
        cases.push(refused(&[(&format!("{path}.key"), wrong)], &[(&format!("{path}.key"), said)]));
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        wrong_types(&format!("{path}.{name}"), field, cases);
    }
}

/// What counts as a whole number.
fn numbers() -> Vec<Case> {
    Field::at("spec.ingestion.shardCount")
        .accepts([json!(2), json!(2.0)])
        .refuses([json!(2.5), json!(true)], "must be of type int")
        .refuses([3_000_000_000_i64, 9_000_000_000_000_000_000], "should be less than or equal to 10000")
        .cases
}
