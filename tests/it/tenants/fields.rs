//! What the fields of a resource name: nothing of another namespace, for none of them names anything in Kubernetes.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use video_pipeline_operator::api::crd;

/// Every free text of the spec. None is the name of an object in Kubernetes, so none can be of one in another namespace.
const TEXTS: [&str; 15] = [
    // A role in AWS, of which the operator's settings say who may use it.
    "account.roleArn",
    // Keys and topics in AWS, whose own policies say who may use them.
    "database.kmsKeyId",
    "ingestion.kmsKeyId",
    "monitoring.alarmActions[]",
    // Parts of what is made.
    "credentials.username",
    "database.engineVersion",
    "database.name",
    "environmentSuffix",
    "network.cidr",
    "region",
    "tags{}",
    // What runs.
    "processing.command[]",
    "processing.environment[].name",
    "processing.environment[].value",
    "processing.image",
];

#[test]
fn no_field_names_an_object_of_kubernetes() {
    let mut schema = spec();
    assert_eq!(texts(&schema, ""), TEXTS.map(str::to_owned).into());
    // One that did would be found.
    schema["properties"]["secretRef"] = json!({ "type": "object", "properties": { "name": { "type": "string" }, "namespace": { "type": "string" } } });
    assert!(texts(&schema, "").contains("secretRef.namespace"));
}

/// The schema of the spec.
fn spec() -> Value {
    crd::schema()["properties"]["spec"].clone()
}

/// The places in a schema where any text may stand.
fn texts(schema: &Value, at: &str) -> BTreeSet<String> {
    if schema["type"] == "string" && schema["enum"].is_null() {
        return BTreeSet::from([at.to_owned()]);
    }
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut found: BTreeSet<_> = properties.flat_map(|(name, schema)| texts(schema, &below(name))).collect();
    for (name, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[name].is_object() {
            found.extend(texts(&schema[name], &format!("{at}{mark}")));
        }
    }
    found
}
