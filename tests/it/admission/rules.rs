//! What the definition promises, read off the definition itself, and whether some case exercises it.
//!
//! A promise is exercised when a case is refused by it, and another accepted with a value that it speaks of: at a bound,
//! with each word of a list, or, for a rule, with a field that the rule reads.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;
use video_pipeline_operator::api::crd;

use super::Judged;
use super::case::Case;

/// What the definition promises of the field at `path`, where `[]` stands for any item and `.*` for any key.
struct Promise {
    path: String,
    keyword: String,
    value: Value,
    /// The path of an error that it leads to.
    field: Regex,
}

/// Promises of the resource and its spec that no case exercises. The status is written by the operator alone.
pub fn not_exercised(judged: &[Judged]) -> Vec<String> {
    let mut promises = Vec::new();
    collect("", crd::schema(), &mut promises);
    assert!(promises.len() > 100, "the definition is read");
    let missing = |promise: &Promise| {
        let refused = judged.iter().any(|judged| promise.refuses(judged));
        let accepted = promise.accepts(judged);
        let lacks = match (refused, accepted) {
            (true, true) => return None,
            (false, true) => "a refused value",
            (true, false) => "an accepted value",
            (false, false) => "an accepted and a refused value",
        };
        Some(format!("{} {} {}: lacks {lacks}", promise.path, promise.keyword, promise.value))
    };
    promises.iter().filter_map(missing).collect()
}

fn collect(path: &str, schema: &Value, promises: &mut Vec<Promise>) {
    if path == "status" {
        return;
    }
    let mut promise = |keyword: &str, value: &Value| {
        promises.push(Promise::new(path, keyword, value));
    };
    for (keyword, value) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "x-kubernetes-validations" | "required" => {
                value.as_array().unwrap().iter().for_each(|value| promise(keyword, value));
            }
            "x-kubernetes-list-type" if value == "atomic" => {}
            "type" if path.is_empty() => {}
            "description"
            | "title"
            | "default"
            | "format"
            | "properties"
            | "items"
            | "additionalProperties"
            | "x-kubernetes-list-map-keys" => {}
            _ => promise(keyword, value),
        }
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        collect(&join(path, name), field, promises);
    }
    if let Some(items) = schema.get("items") {
        collect(&format!("{path}[]"), items, promises);
    }
    if let Some(values) = schema.get("additionalProperties") {
        collect(&format!("{path}.*"), values, promises);
    }
}

impl Promise {
    fn new(path: &str, keyword: &str, value: &Value) -> Self {
        let of_rule = value.get("fieldPath").and_then(Value::as_str).unwrap_or_default();
        let field = match keyword {
            "required" => join(path, value.as_str().unwrap()),
            "x-kubernetes-list-type" => format!("{path}[]"),
            _ => format!("{path}{of_rule}"),
        };
        let pattern = regex::escape(&field).replace(r"\[\]", r"\[\d+\]").replace(r"\.\*", r"\.[^.]+");
        let field = Regex::new(&format!("^{pattern}$")).unwrap();
        Self { path: path.to_owned(), keyword: keyword.to_owned(), value: value.clone(), field }
    }

    fn refuses(&self, judged: &Judged) -> bool {
        let words = self.words();
        judged.server.iter().any(|cause| self.field.is_match(&cause.field) && cause.message.contains(&words))
    }

    /// Words of the API server by which a refusal for this promise is told from others.
    fn words(&self) -> String {
        let value = &self.value;
        match self.keyword.as_str() {
            "type" => format!("must be of type {}", value.as_str().unwrap()),
            "enum" => "supported values".to_owned(),
            "minimum" => format!("greater than or equal to {value}"),
            "maximum" => format!("less than or equal to {value}"),
            "minLength" => format!("at least {value} chars"),
            "maxLength" => format!("may not be more than {value} bytes"),
            "maxItems" | "maxProperties" => format!("must have at most {value} items"),
            "pattern" => format!("should match '{}'", value.as_str().unwrap()),
            "required" => "Required value".to_owned(),
            "x-kubernetes-list-type" => "Duplicate value".to_owned(),
            "x-kubernetes-validations" => {
                value.get("message").map_or("cpu", |m| m.as_str().unwrap()).to_owned()
            }
            other => panic!("{}: say how the API server refuses what breaks `{other}`", self.path),
        }
    }

    fn accepts(&self, judged: &[Judged]) -> bool {
        let accepted: Vec<_> =
            judged.iter().map(|judged| &judged.case).filter(|case| case.refused.is_empty()).collect();
        let values =
            |path: &str| -> Vec<Value> { accepted.iter().flat_map(|case| values_at(case, path)).collect() };
        let here = values(&self.path);
        let length = |value: &Value| match value {
            Value::String(text) => text.chars().count(),
            Value::Array(items) => items.len(),
            Value::Object(fields) => fields.len(),
            _ => usize::MAX,
        };
        match self.keyword.as_str() {
            "enum" => self.value.as_array().unwrap().iter().all(|allowed| here.contains(allowed)),
            "minimum" | "maximum" => here.iter().any(|value| value.as_f64() == self.value.as_f64()),
            "minLength" | "maxLength" | "maxItems" | "maxProperties" => {
                let at_bound = here.iter().any(|value| Some(length(value) as u64) == self.value.as_u64());
                at_bound || RULED_WITHIN.contains(&(self.path.as_str(), self.keyword.as_str()))
            }
            "required" => !values(&join(&self.path, self.value.as_str().unwrap())).is_empty(),
            "x-kubernetes-validations" => {
                let rule = self.value["rule"].as_str().unwrap();
                let changes = rule.contains("oldSelf");
                let cases: Vec<_> = accepted.iter().filter(|case| case.old.is_some() == changes).collect();
                let set = |field: String| {
                    let path = format!("{}{field}", self.path);
                    cases.iter().any(|case| !values_at(case, &path).is_empty())
                };
                let reads = fields_of(rule).into_iter().any(set);
                reads || self.path.is_empty()
            }
            _ => !here.is_empty(),
        }
    }
}

/// Bounds of a length that a rule of the same field keeps well within; they bound what the rule itself may cost.
const RULED_WITHIN: [(&str, &str); 3] = [
    ("spec.region", "minLength"),
    ("spec.network.cidr", "maxLength"),
    ("spec.database.engineVersion", "maxLength"),
];

/// The fields that a rule reads, each as the end of a path: `.cpu`, or nothing where it reads the value itself.
fn fields_of(rule: &str) -> BTreeSet<String> {
    let read = Regex::new(r"\bself((?:\.[a-zA-Z]+\b)*)").unwrap();
    let method = Regex::new(r"\.(matches|startsWith|all|contains|size)$").unwrap();
    read.captures_iter(rule).map(|found| method.replace(&found[1], "").into_owned()).collect()
}

/// The values that a case sets at a path, in a parent of it, or below it.
fn values_at(case: &Case, path: &str) -> Vec<Value> {
    let touches = |set: &str| {
        let path = path.split(['[', '*']).next().unwrap().trim_end_matches('.');
        set.starts_with(path) || path.starts_with(&format!("{set}."))
    };
    if !case.set.iter().any(|(set, _)| touches(set)) {
        return Vec::new();
    }
    let mut values = vec![case.new.clone()];
    for segment in path.replace("[]", ".[]").split('.') {
        values = match segment {
            "[]" => values.iter().filter_map(Value::as_array).flatten().cloned().collect(),
            "*" => values.iter().filter_map(Value::as_object).flat_map(|map| map.values().cloned()).collect(),
            name => values.iter().filter_map(|value| value.get(name)).cloned().collect(),
        };
    }
    values
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
