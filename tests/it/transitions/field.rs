//! The fields of the spec and the values that each is given, made from the schema: bounds, words of a list, both positions of
//! a switch. Texts, lists and maps have none that a schema could tell; those are told here, and a field of which nothing is
//! known fails the test.

use serde_json::{Value, json};
use video_pipeline_operator::api::crd;

use crate::sweep::strangers::KEY;

/// A field that has no fields of its own.
#[derive(Clone, Debug)]
pub struct Field {
    /// Where it is: `processing.cpu`.
    pub path: String,
    /// Whether a spec has to have it.
    pub required: bool,
    schema: &'static Value,
}

/// All of them.
pub fn all() -> Vec<Field> {
    let mut fields = Vec::new();
    leaves(&crd::schema()["properties"]["spec"], "", false, &mut fields);
    fields
}

fn leaves(schema: &'static Value, path: &str, required: bool, fields: &mut Vec<Field>) {
    let Some(properties) = schema["properties"].as_object() else {
        fields.push(Field { path: path.to_owned(), required, schema });
        return;
    };
    let must = |name: &str| schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
    for (name, property) in properties {
        let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        leaves(property, &inner, must(name), fields);
    }
}

/// What a schema cannot tell: values that are taken and values that are not.
fn told(path: &str) -> Option<(Vec<Value>, Vec<Value>)> {
    let topic = "arn:aws:sns:eu-west-1:123456789012:alarms";
    let some = match path {
        "account.roleArn" => (vec![json!("arn:aws:iam::123456789012:role/video")], vec![json!("video")]),
        "credentials.username" => (vec![json!("somebody")], vec![json!("Some-Body"), json!("user")]),
        "database.engineVersion" => (vec![json!("16.9"), json!("17.5")], vec![json!("16"), json!("newest")]),
        "database.kmsKeyId" | "ingestion.kmsKeyId" => (vec![json!(KEY)], vec![json!("my key")]),
        "database.logExports" => (vec![json!([]), json!(["iam-db-auth-error"])], vec![json!(["slow"])]),
        "database.name" => (vec![json!("others")], vec![json!("Other-Name"), json!("table")]),
        "environmentSuffix" => (vec![json!("other")], vec![json!("De_v"), json!("")]),
        "ingestion.shardLevelMetrics" => (vec![json!([]), json!(["IncomingBytes"])], vec![json!(["Weight"])]),
        "monitoring.alarmActions" => (vec![json!([topic])], vec![json!(["somebody"])]),
        "network.cidr" => {
            (vec![json!("10.1.0.0/16")], vec![json!("10.0.0.1/16"), json!("8.8.0.0/16"), json!("10.0.0.0/8")])
        }
        "processing.command" => (vec![json!(["work", "--hard"]), json!([])], vec![json!("work")]),
        "processing.environment" => (
            vec![json!([{ "name": "MODE", "value": "fast" }])],
            vec![json!([{ "name": "AWS_REGION", "value": "here" }]), json!([{ "name": "MODE" }])],
        ),
        "processing.image" => (vec![json!("registry.example/worker:2")], vec![json!(""), json!("a b")]),
        // Only what goes with some number of processors.
        "processing.memory" => {
            (vec![json!(512), json!(122_880), json!(4096)], vec![json!(511), json!(122_881), json!("much")])
        }
        "region" => (vec![json!("eu-west-3")], vec![json!("Ireland")]),
        "tags" => (vec![json!({ "team": "film" }), json!({ "cost": "video" })], vec![json!({ "Name": "x" })]),
        _ => return None,
    };
    Some(some)
}

/// What the stand-in cannot bear as much of as AWS: the most that is really made. More is only shown to Kubernetes.
const BEARABLE: [(&str, i64); 3] =
    [("ingestion.shardCount", 8), ("processing.desiredCount", 20), ("processing.autoscaling.minCount", 20)];

/// What a value needs of other fields.
pub fn given(path: &str, value: &Value) -> Value {
    match (path, value.as_i64(), value.as_f64()) {
        // The least memory that goes with it.
        ("processing.cpu", Some(cpu), _) => patch("processing.memory", &json!(cpu * 2)),
        ("processing.memory", Some(..2048), _) => patch("processing.cpu", &json!(256)),
        ("processing.memory", Some(8193..), _) => patch("processing.cpu", &json!(16384)),
        ("processing.containerInsights", ..) => patch("monitoring.alarms.runningTasks.enabled", value),
        ("database.minAcu", _, Some(acu)) if acu > 1.0 => patch("database.maxAcu", value),
        ("processing.autoscaling.minCount", Some(5..), _) => patch("processing.autoscaling.maxCount", value),
        // Ignored while AWS chooses.
        ("processing.desiredCount", ..) => patch("processing.autoscaling", &Value::Null),
        _ => json!({}),
    }
}

impl Field {
    /// Values that the field takes; the first ones are its bounds, where it has any.
    pub fn valid(&self) -> Vec<Value> {
        let mut values = Vec::new();
        for value in self.told_or_made() {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }

    fn told_or_made(&self) -> Vec<Value> {
        let schema = self.schema;
        if let Some((valid, _)) = told(&self.path) {
            return valid;
        }
        if let Some(words) = schema["enum"].as_array() {
            let ends = [words.first(), words.last(), words.get(1)];
            return ends.into_iter().flatten().cloned().collect();
        }
        match schema["type"].as_str().unwrap_or_default() {
            "boolean" => vec![json!(true), json!(false)],
            "integer" => {
                let (least, most) = self.range();
                let between = (least + 3).min(most);
                vec![json!(least), json!(most), json!(between)]
            }
            "number" => {
                let (least, most) = self.range();
                vec![json!(least as f64), json!(most as f64), json!(least as f64 + 1.5)]
            }
            _ => panic!("{}: nothing is known of its values; tell some", self.path),
        }
    }

    /// Values that it does not take.
    pub fn invalid(&self) -> Vec<Value> {
        if let Some((_, invalid)) = told(&self.path) {
            return invalid;
        }
        match self.schema["type"].as_str().unwrap_or_default() {
            _ if self.schema["enum"].is_array() => match self.schema["type"].as_str() {
                Some("string") => vec![json!("SomethingElse")],
                _ => vec![json!(-1)],
            },
            "boolean" => vec![json!("yes")],
            "number" => {
                let (least, most) = self.range();
                vec![json!(least - 1), json!(most + 1), json!(least as f64 + 0.25)]
            }
            _ => {
                let (least, most) = self.range();
                vec![json!(least - 1), json!(most + 1), json!("many")]
            }
        }
    }

    /// Whether the stand-in can make what this value asks for.
    pub fn is_bearable(&self, value: &Value) -> bool {
        let most = BEARABLE.iter().find(|(path, _)| *path == self.path).map(|(_, most)| *most);
        most.is_none_or(|most| value.as_i64().is_none_or(|value| value <= most))
    }

    /// What its description says.
    pub fn says(&self, words: &str) -> bool {
        self.schema["description"].as_str().unwrap_or_default().contains(words)
    }

    fn range(&self) -> (i64, i64) {
        let bound = |bound: &str| {
            let value = self.schema[bound].as_f64();
            value.unwrap_or_else(|| panic!("{} has no {bound}", self.path)) as i64
        };
        (bound("minimum"), bound("maximum"))
    }
}

/// The merge patch of a spec that sets `path`.
pub fn patch(path: &str, value: &Value) -> Value {
    path.rsplit('.').fold(value.clone(), |inner, name| json!({ name: inner }))
}

#[test]
fn of_every_field_values_are_known_that_it_takes_and_that_it_does_not() {
    for field in all() {
        assert!(!field.valid().is_empty() && !field.invalid().is_empty(), "{}", field.path);
        assert!(field.valid().iter().any(|value| field.is_bearable(value)), "{}", field.path);
    }
}

#[test]
fn a_patch_sets_its_field_and_those_that_it_needs() {
    let set = crate::support::patch::both(
        patch("processing.cpu", &json!(256)),
        given("processing.cpu", &json!(256)),
    );
    assert_eq!(set, json!({ "processing": { "cpu": 256, "memory": 512 } }));
}
