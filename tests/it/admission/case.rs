//! A resource, or a change of one, and the verdict that is right.

use serde_json::{Value, json};

/// What is asked, and what the answer should be.
pub struct Case {
    /// What it is about, for people.
    pub name: String,
    /// The resource as it is stored; `None` when it is created.
    pub old: Option<Value>,
    /// The resource as it is applied.
    pub new: Value,
    /// Paths that the case sets itself, with their values.
    pub set: Vec<(String, Value)>,
    /// What is refused; nothing when it is accepted.
    pub refused: Vec<Refusal>,
}

/// A field that is refused, and words that say what is allowed.
#[derive(Clone)]
pub struct Refusal {
    pub field: String,
    pub words: &'static str,
}

/// Paths and the values that they get.
pub type Changes<'a> = &'a [(&'a str, Value)];

/// The smallest resource, with changes, is accepted.
pub fn accepted(changes: Changes<'_>) -> Case {
    created(changes, &[])
}

/// The smallest resource, with changes, is refused for these fields and with these words.
pub fn refused(changes: Changes<'_>, refusals: &[(&str, &'static str)]) -> Case {
    created(changes, refusals)
}

fn created(changes: Changes<'_>, refusals: &[(&str, &'static str)]) -> Case {
    Case {
        name: text(changes),
        old: None,
        new: changed(&smallest(), changes),
        set: changes.iter().map(|(path, value)| ((*path).to_owned(), value.clone())).collect(),
        refused: refusals.iter().map(|(field, words)| Refusal { field: (*field).into(), words }).collect(),
    }
}

/// The smallest resource with `old` changes becomes the smallest with `new` ones; accepted when nothing is refused.
pub fn update(old: Changes<'_>, new: Changes<'_>, refusals: &[(&str, &'static str)]) -> Case {
    let case = created(new, refusals);
    Case {
        name: format!("{} becomes {}", text(old), text(new)),
        old: Some(changed(&smallest(), old)),
        ..case
    }
}

/// The smallest resource that says what is needed.
pub fn smallest() -> Value {
    json!({
        "apiVersion": "streamflix.io/v1alpha1",
        "kind": "VideoPipeline",
        "metadata": {"name": "dev", "namespace": "default"},
        "spec": {
            "environmentSuffix": "dev",
            "region": "eu-west-1",
            "processing": {"image": "registry.example/video-processor:1.0.0"},
        },
    })
}

fn changed(document: &Value, changes: Changes<'_>) -> Value {
    let mut document = document.clone();
    for (path, value) in changes {
        let (parents, field) = path.rsplit_once('.').unwrap_or(("", path));
        let mut at = &mut document;
        for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
            at = &mut at[parent];
        }
        match value {
            Value::String(text) if text == ABSENT => drop(at.as_object_mut().map(|at| at.remove(field))),
            _ => at[field] = value.clone(),
        }
    }
    document
}

/// Stands for a field that is taken away.
pub const ABSENT: &str = "(absent)";

fn text(changes: Changes<'_>) -> String {
    let shortened = |value: &Value| {
        let text = value.to_string();
        if text.chars().count() > 60 {
            format!("{}…", text.chars().take(60).collect::<String>())
        } else {
            text
        }
    };
    let changes = changes.iter().map(|(path, value)| format!("{path} = {}", shortened(value)));
    let text = changes.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "the smallest resource".to_owned() } else { text }
}

/// Cases of one field, with others set as it needs.
pub struct Field<'a> {
    path: &'a str,
    given: Vec<(&'a str, Value)>,
    pub cases: Vec<Case>,
}

impl<'a> Field<'a> {
    pub fn at(path: &'a str) -> Self {
        Self { path, given: Vec::new(), cases: Vec::new() }
    }

    /// Another field that all later cases set as well.
    pub fn given(mut self, path: &'a str, value: impl Into<Value>) -> Self {
        self.given.push((path, value.into()));
        self
    }

    fn with(&self, value: Value) -> Vec<(&'a str, Value)> {
        self.given.iter().cloned().chain([(self.path, value)]).collect()
    }

    pub fn accepts<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        for value in values {
            self.cases.push(accepted(&self.with(value.into())));
        }
        self
    }

    pub fn refuses<V: Into<Value>>(self, values: impl IntoIterator<Item = V>, words: &'static str) -> Self {
        let path = self.path;
        self.refuses_at(path, values, words)
    }

    /// Values that are refused for another field, such as an item of a list, or the parent that a rule stands at.
    pub fn refuses_at<V: Into<Value>>(
        mut self,
        field: &str,
        values: impl IntoIterator<Item = V>,
        words: &'static str,
    ) -> Self {
        for value in values {
            self.cases.push(refused(&self.with(value.into()), &[(field, words)]));
        }
        self
    }

    /// Whole numbers: the bounds are accepted, and what is next to them on the other side is not.
    pub fn range(self, min: i64, max: i64) -> Self {
        self.accepts([min, max])
            .refuses([min - 1], "should be greater than or equal to ")
            .refuses([max + 1], "should be less than or equal to ")
    }

    /// A word of a list: each is accepted, and another refused with all of them named.
    pub fn choice(self, choices: &[&str], words: &'static str) -> Self {
        let named = choices.iter().map(|choice| format!("\"{choice}\"")).collect::<Vec<_>>().join(", ");
        assert!(words.contains(&named), "the message names each choice: {named}");
        self.accepts(choices.iter().copied()).refuses(["SomethingElse"], words)
    }

    /// A switch.
    pub fn switch(self) -> Self {
        self.accepts([true, false])
    }
}

/// All cases of these fields.
pub fn all<'a>(fields: impl IntoIterator<Item = Field<'a>>) -> Vec<Case> {
    fields.into_iter().flat_map(|field| field.cases).collect()
}
