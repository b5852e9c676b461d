use super::{Address, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, collections::BTreeSet, marker::PhantomData};

/// A field of a spec: a value known now, or an output of another resource, known once that exists.
///
/// Using another resource's output *is* the dependency on it; there is no other way to state one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Input<T> {
    /// The output `field` of the resource at `of`.
    Output {
        /// The resource whose output this is.
        #[serde(rename = "$output")]
        of: Address,
        /// The name of the output.
        field: String,
    },
    /// A value.
    Known(T),
}

impl<T> Input<T> {
    /// The value. [`apply`](super::apply) resolves every input before it calls a kind, so a kind may rely on it.
    ///
    /// # Errors
    /// Where the input is still an output, which is a fault of the engine: the name of that output.
    pub fn known(&self) -> Result<&T, super::Failure> {
        match self {
            Self::Known(value) => Ok(value),
            Self::Output { of, field } => Err(super::Failure::new(
                "resolve",
                "UnresolvedInput",
                super::Meaning::Transient,
                format!("{field} of {of} is not known"),
            )),
        }
    }
}

impl<T: ToString> Input<T> {
    /// The same input as text: a policy's resource, a variable's value.
    pub fn text(self) -> Input<String> {
        match self {
            Self::Known(value) => Input::Known(value.to_string()),
            Self::Output { of, field } => Input::Output { of, field },
        }
    }
}

impl<T> From<T> for Input<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

/// A named output of a kind, with its type: `Vpc::ID`, an `Output<Vpc, VpcId>`.
pub struct Output<K, T>(pub(super) &'static str, PhantomData<fn() -> (K, T)>);

impl<K: Kind, T> Output<K, T> {
    /// The output that [`Kind::Outputs`] serializes under `field`.
    pub const fn new(field: &'static str) -> Self {
        Self(field, PhantomData)
    }

    /// The field's name.
    pub const fn field(&self) -> &'static str {
        self.0
    }
}

/// The resources whose outputs a document uses.
pub(super) fn sources(document: &Value) -> BTreeSet<Address> {
    let mut found = BTreeSet::new();
    collect(document, &mut found);
    found
}

fn collect(document: &Value, found: &mut BTreeSet<Address>) {
    match document {
        Value::Object(fields) => match output(document) {
            Some((of, _)) => drop(found.insert(of)),
            None => fields.values().for_each(|value| collect(value, found)),
        },
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// The document with every output that is known filled in, and the rest as they are.
pub(super) fn resolve(document: &Value, outputs: &BTreeMap<Address, Value>) -> Value {
    if let Some((of, field)) = output(document) {
        let known = outputs.get(&of).and_then(|o| o.get(field)).filter(|value| !value.is_null());
        return known.unwrap_or(document).clone();
    }
    match document {
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(k, v)| (k.clone(), resolve(v, outputs))).collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(|v| resolve(v, outputs)).collect()),
        _ => document.clone(),
    }
}

/// The output that a document stands for, if it is one.
pub(super) fn output(document: &Value) -> Option<(Address, &str)> {
    let of = document.get("$output")?;
    let field = document.get("field")?.as_str()?;
    Some((serde_json::from_value(of.clone()).ok()?, field))
}
