//! A status that is not what the operator wrote: fields lost, or exchanged for those of another environment, or nonsense.
//! Made from the schema, so that no field is forgotten that comes to it later.

use std::fmt;

use serde_json::{Map, Value, json};
use video_pipeline_operator::api::crd;

/// What befell a field of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is gone.
    Dropped,
    /// It is that of the neighbour.
    Swapped,
    /// It is nonsense of its type.
    Garbage,
    /// It is nonsense of its type, as large or as late as it can be.
    Extreme,
}

/// All of them.
pub const ALL: [How; 4] = [How::Dropped, How::Swapped, How::Garbage, How::Extreme];

/// A field of the status, or of all items of a list in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Items,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dropped => "dropped",
            Self::Swapped => "swapped",
            Self::Garbage => "garbage",
            Self::Extreme => "extreme",
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("status")?;
        self.0.iter().try_for_each(|step| match step {
            Step::Field(name) => write!(f, ".{name}"),
            Step::Items => f.write_str("[]"),
        })
    }
}

/// The schema of the status.
fn schema() -> &'static Value {
    &crd::schema()["properties"]["status"]
}

/// The status as a whole, and everything in it, and what may befall each: what the API server would refuse does not.
pub fn fields() -> Vec<(Path, How)> {
    let mut fields = Vec::new();
    walk(schema(), &mut Vec::new(), false, &mut fields);
    fields
}

fn walk(schema: &Value, path: &mut Vec<Step>, required: bool, fields: &mut Vec<(Path, How)>) {
    if path.last() != Some(&Step::Items) {
        let may = ALL.into_iter().filter(|how| !required || *how != How::Dropped);
        fields.extend(may.map(|how| (Path(path.clone()), how)));
    }
    let must = |name: &String| schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        path.push(Step::Field(name.clone()));
        walk(property, path, must(name), fields);
        path.pop();
    }
    if schema["items"]["properties"].is_object() {
        path.push(Step::Items);
        walk(&schema["items"], path, true, fields);
        path.pop();
    }
}

/// `status` with `how` having befallen what is at `path`; `other` is the neighbour's.
pub fn changed(status: &Value, other: &Value, path: &Path, how: How) -> Value {
    let mut change = Change { how, number: 0 };
    change.at(Some(status), Some(other), schema(), &path.0).unwrap_or(Value::Null)
}

struct Change {
    how: How,
    /// Of how many pieces of nonsense each differs from the others.
    number: i64,
}

impl Change {
    fn at(
        &mut self,
        value: Option<&Value>,
        other: Option<&Value>,
        schema: &Value,
        path: &[Step],
    ) -> Option<Value> {
        match path.split_first() {
            None => match self.how {
                How::Dropped => None,
                How::Swapped => other.cloned(),
                How::Garbage | How::Extreme => Some(self.nonsense(schema, value)),
            },
            Some((Step::Field(name), rest)) => {
                let invents = matches!(self.how, How::Garbage | How::Extreme);
                let Some(Value::Object(fields)) = value else {
                    return invents.then(|| self.nonsense(schema, None));
                };
                let mut fields = fields.clone();
                let other = other.and_then(|other| other.get(name));
                match self.at(fields.get(name), other, &schema["properties"][name], rest) {
                    Some(value) => drop(fields.insert(name.clone(), value)),
                    None => drop(fields.remove(name)),
                }
                Some(Value::Object(fields))
            }
            Some((Step::Items, rest)) => {
                let items = value.and_then(Value::as_array).cloned().unwrap_or_default();
                let mut other = other.and_then(Value::as_array).into_iter().flatten();
                let items =
                    items.iter().map(|item| self.at(Some(item), other.next(), &schema["items"], rest));
                Some(Value::Array(items.collect::<Option<_>>()?))
            }
        }
    }

    /// Something that the API server takes and nobody can make sense of; another thing than `value`.
    fn nonsense(&mut self, schema: &Value, value: Option<&Value>) -> Value {
        self.number += 1;
        let extreme = self.how == How::Extreme;
        if let Some(words) = schema["enum"].as_array() {
            let mut others = words.iter().filter(|word| Some(*word) != value);
            let other = if extreme { others.next_back() } else { others.next() };
            return other.cloned().unwrap_or_default();
        }
        match schema["type"].as_str().unwrap_or_default() {
            "object" => {
                let fields = schema["properties"].as_object().into_iter().flatten();
                let fields = fields.map(|(name, property)| (name.clone(), self.nonsense(property, None)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            "array" => (0..3).map(|_| self.nonsense(&schema["items"], None)).collect(),
            "integer" if extreme && schema["format"] == "int32" => json!(i32::MAX),
            "integer" if extreme => json!(i64::MAX),
            // Kubernetes itself takes no negative number of replicas.
            "integer" => json!(self.number),
            "boolean" => json!(!value.and_then(Value::as_bool).unwrap_or_default()),
            "string" if schema["format"] == "date-time" && extreme => json!("9999-12-31T23:59:59Z"),
            "string" if schema["format"] == "date-time" => json!("1970-01-01T00:00:00Z"),
            "string" => json!(self.text(schema["maxLength"].as_u64())),
            other => panic!("nonsense of type {other:?} is not known: {schema}"),
        }
    }

    fn text(&self, most: Option<u64>) -> String {
        let most = usize::try_from(most.unwrap_or(64)).unwrap();
        let text = match self.how {
            How::Extreme => format!("{}{{\"'<&;\n☃", self.number) + &"☃".repeat(most),
            _ => format!("nonsense-{}", self.number),
        };
        text.chars().take(most).collect()
    }
}

#[test]
fn every_field_of_the_status_is_lost_and_changed() {
    let named = |path: &str| fields().iter().filter(|(field, _)| field.to_string() == path).count();
    assert_eq!(named("status"), 4);
    assert_eq!(named("status.outputs.vpcId"), 4);
    assert_eq!(named("status.resources[].id"), 4);
    assert_eq!(named("status.resources[].state"), 3, "a row without it is not taken");
    assert_eq!(named("status.plan.changes[].fields[].from"), 4);
}

#[test]
fn a_change_is_where_it_is_meant_and_nowhere_else() {
    let status =
        json!({ "phase": "Ready", "resources": [{ "address": "a", "id": "1" }, { "address": "b" }] });
    let other = json!({ "phase": "Failed", "resources": [{ "address": "a", "id": "2" }] });
    let path = |text: &str| fields().into_iter().find(|(path, _)| path.to_string() == text).unwrap().0;
    let swapped = changed(&status, &other, &path("status.resources[].id"), How::Swapped);
    assert_eq!(
        swapped,
        json!({ "phase": "Ready", "resources": [{ "address": "a", "id": "2" }, { "address": "b" }] })
    );
    assert_eq!(changed(&status, &other, &path("status"), How::Swapped), other);
    assert_eq!(changed(&status, &other, &path("status"), How::Dropped), Value::Null);
    let garbage = changed(&status, &other, &path("status.phase"), How::Garbage);
    assert!(garbage["phase"] != "Ready" && garbage["resources"] == status["resources"], "{garbage}");
}
