//! The part of OpenAPI that a structural schema uses, in the words of the API server.
//!
//! A value is never repeated in a problem, because it may be one of the user's environment.

use regex::Regex;
use serde_json::{Number, Value};

/// What `schema` refuses in a value.
#[derive(Debug)]
pub(super) struct Problem {
    /// Path of the field.
    pub field: String,
    /// What is allowed there.
    pub text: String,
    /// The value is not such that a rule could be asked about it, so the API server asks none.
    pub blocks_rules: bool,
}

/// What `schema` refuses in `value`.
pub(super) fn problems(value: &Value, schema: &Value) -> Vec<Problem> {
    let mut check = Check { problems: Vec::new() };
    check.value("", value, schema);
    check.problems
}

/// What Kubernetes itself refuses of the name of a resource, which stands in no schema.
///
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names>
pub(super) fn name_problem(document: &Value) -> Option<Problem> {
    let name = document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let ends = |label: &str| label.starts_with('-') || label.ends_with('-') || label.is_empty();
    let odd = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let text = match name {
        "" => "Required value: name or generateName is required",
        name if name.split('.').any(|label| ends(label) || label.contains(odd)) => {
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
             start and end with an alphanumeric character"
        }
        _ => return None,
    };
    let field = "metadata.name".to_owned();
    Some(Problem { field, text: text.to_owned(), blocks_rules: name.is_empty() })
}

/// Paths of fields in `value` that `schema` does not have.
pub(super) fn unknown_fields(value: &Value, schema: &Value) -> Vec<String> {
    let mut unknown = Vec::new();
    collect_unknown("", value, schema, &mut unknown);
    unknown
}

/// The document as the API server stores it: null in a field that is not nullable means that the field is absent, and no
/// field of ours is nullable; what is absent has its default; a whole number has no decimal point.
pub(super) fn as_stored(document: &Value, schema: &Value) -> Value {
    let mut document = without_nulls(document);
    fill_in(&mut document, schema);
    document
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let present = fields.iter().filter(|(_, field)| !field.is_null());
            Value::Object(present.map(|(name, field)| (name.clone(), without_nulls(field))).collect())
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        Value::Number(number) => whole(number).map_or_else(|| value.clone(), Value::from),
        _ => value.clone(),
    }
}

/// Gives what is absent its default, and the fields of that default theirs.
fn fill_in(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if let Some(default) = schema.get("default").filter(|_| !fields.contains_key(name)) {
                    fields.insert(name.clone(), default.clone());
                }
                if let Some(field) = fields.get_mut(name) {
                    fill_in(field, schema);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| fill_in(item, schema));
            }
        }
        _ => {}
    }
}

fn whole(number: &Number) -> Option<i64> {
    let number = number.as_f64().filter(|whole| number.is_f64() && whole.fract() == 0.0)?;
    format!("{number}").parse().ok()
}

struct Check {
    problems: Vec<Problem>,
}

impl Check {
    fn value(&mut self, path: &str, value: &Value, schema: &Value) {
        let wanted = schema.get("type").and_then(Value::as_str).unwrap_or_default();
        if !has_type(value, wanted) {
            return self.block(path, format!("must be of type {wanted}"));
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array).filter(|a| !a.contains(value)) {
            let allowed = allowed.iter().map(|a| format!("{:?}", text(a))).collect::<Vec<_>>().join(", ");
            self.block(path, format!("Unsupported value: supported values: {allowed}"));
        }
        match value {
            Value::Number(_) => self.number(path, value.as_f64().unwrap_or_default(), schema),
            Value::String(text) => self.string(path, text, schema),
            Value::Array(items) => self.array(path, items, schema),
            Value::Object(_) => self.object(path, value, schema),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn number(&mut self, path: &str, number: f64, schema: &Value) {
        let bound = |keyword| schema.get(keyword).and_then(Value::as_f64);
        if let Some(min) = bound("minimum").filter(|min| number < *min) {
            self.say(path, format!("should be greater than or equal to {min}"));
        }
        if let Some(max) = bound("maximum").filter(|max| number > *max) {
            self.say(path, format!("should be less than or equal to {max}"));
        }
    }

    fn string(&mut self, path: &str, text: &str, schema: &Value) {
        let length = text.chars().count() as u64;
        if let Some(min) = limit(schema, "minLength").filter(|min| length < *min) {
            self.say(path, format!("should be at least {min} chars long"));
        }
        if let Some(max) = limit(schema, "maxLength").filter(|max| length > *max) {
            self.block(path, format!("Too long: may not be more than {max} bytes"));
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
        {
            self.say(path, format!("should match '{pattern}'"));
        }
    }

    fn array(&mut self, path: &str, items: &[Value], schema: &Value) {
        if let Some(max) = limit(schema, "maxItems").filter(|max| items.len() as u64 > *max) {
            self.block(path, format!("Too many: must have at most {max} items"));
        }
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Some(items_schema) = schema.get("items") {
                self.value(&path, item, items_schema);
            }
            if items.iter().take(index).any(|earlier| same_entry(earlier, item, schema)) {
                self.say(&path, "Duplicate value".to_owned());
            }
        }
    }

    fn object(&mut self, path: &str, object: &Value, schema: &Value) {
        let fields = object.as_object().into_iter().flatten();
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().map(text) {
            if object.get(&name).is_none() {
                self.block(&join(path, &name), "Required value".to_owned());
            }
        }
        if let Some(max) = limit(schema, "maxProperties").filter(|max| fields.clone().count() as u64 > *max) {
            self.block(path, format!("Too many: must have at most {max} items"));
        }
        for (name, field) in fields {
            let declared = schema.get("properties").and_then(|properties| properties.get(name));
            if let Some(schema) = declared.or_else(|| schema.get("additionalProperties")) {
                self.value(&join(path, name), field, schema);
            }
        }
    }

    fn say(&mut self, path: &str, text: String) {
        self.problems.push(Problem { field: path.to_owned(), text, blocks_rules: false });
    }

    fn block(&mut self, path: &str, text: String) {
        self.problems.push(Problem { field: path.to_owned(), text, blocks_rules: true });
    }
}

fn collect_unknown(path: &str, value: &Value, schema: &Value, unknown: &mut Vec<String>) {
    for (name, field) in value.as_object().into_iter().flatten() {
        let path = join(path, name);
        let declared = schema.get("properties").and_then(|properties| properties.get(name));
        match declared.or_else(|| schema.get("additionalProperties")) {
            Some(schema) => collect_unknown(&path, field, schema, unknown),
            None => unknown.push(path),
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        collect_unknown(
            &format!("{path}[{index}]"),
            item,
            schema.get("items").unwrap_or(&Value::Null),
            unknown,
        );
    }
}

fn has_type(value: &Value, wanted: &str) -> bool {
    match wanted {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// Whether a list that is a set or a map may not hold both.
fn same_entry(one: &Value, other: &Value, schema: &Value) -> bool {
    match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => one == other,
        Some("map") => schema
            .get("x-kubernetes-list-map-keys")
            .and_then(Value::as_array)
            .is_some_and(|keys| keys.iter().map(text).all(|key| one.get(&key) == other.get(&key))),
        _ => false,
    }
}

fn limit(schema: &Value, keyword: &str) -> Option<u64> {
    schema.get(keyword).and_then(Value::as_u64)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
