//! The API server's verdict, without an API server: schema, then defaults, then CEL rules.
//!
//! The command line uses it on files, and the operator on objects that were stored before a rule existed.

use std::sync::LazyLock;

use kube::core::cel::{CompiledSchema, ValidationError, compile_schema, validate_compiled};
use serde_json::Value;

use crate::api::{VideoPipeline, crd};

use super::{Invalid, schema};

const REMEDY: &str = "correct the field and apply the resource again";

/// A resource that schema and rules let pass.
#[derive(Clone, Debug)]
pub struct Admitted {
    resource: VideoPipeline,
    document: Value,
}

impl Admitted {
    /// The resource, with every default.
    pub fn resource(&self) -> &VideoPipeline {
        &self.resource
    }

    /// The same as the document that the API server stores.
    pub fn document(&self) -> &Value {
        &self.document
    }
}

/// Reads a document as the API server does: null means absent, and what is absent has its default.
///
/// # Errors
///
/// All that schema and rules refuse.
pub fn read(document: &Value) -> Result<Admitted, Vec<Invalid>> {
    admit(document, None)
}

/// Reads a document that is to replace `old`, so that what may not change is compared as well.
///
/// # Errors
///
/// As [`read`]; a rule about a change names the field that may not change.
pub fn read_update(document: &Value, old: &Admitted) -> Result<Admitted, Vec<Invalid>> {
    admit(document, Some(&old.document))
}

fn admit(document: &Value, old: Option<&Value>) -> Result<Admitted, Vec<Invalid>> {
    let document = schema::as_stored(document, crd::schema());
    allowed(&document, old)?;
    let malformed = |error: serde_json::Error| vec![Invalid::new("spec", error.to_string(), REMEDY)];
    let resource = serde_json::from_value(document.clone()).map_err(malformed)?;
    Ok(Admitted { resource, document })
}

/// Fields below `spec` that a VideoPipeline does not have, most likely misspelt ones. The API server drops them,
/// with a warning or, when asked to be strict, with an error.
pub fn unknown_fields(document: &Value) -> Vec<Invalid> {
    schema::unknown_fields(document, crd::schema())
        .into_iter()
        .filter(|field| field.starts_with("spec."))
        .map(|field| {
            Invalid::new(
                field,
                "unknown field",
                "see docs/reference.md or kubectl explain vp.spec for the fields",
            )
        })
        .collect()
}

/// As the API server does, the rules are asked as well where the schema refuses something that they can be asked about.
fn allowed(document: &Value, old: Option<&Value>) -> Result<(), Vec<Invalid>> {
    let mut problems = schema::problems(document, crd::schema());
    problems.extend(schema::name_problem(document));
    let askable = !problems.iter().any(|problem| problem.blocks_rules);
    let by_schema = problems.into_iter().map(|problem| Invalid::new(problem.field, problem.text, REMEDY));
    let mut refused: Vec<_> = by_schema.collect();
    if askable {
        refused.extend(broken_rules(document, old));
    }
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

/// What the rules refuse.
fn broken_rules(document: &Value, old: Option<&Value>) -> Vec<Invalid> {
    static RULES: LazyLock<CompiledSchema> = LazyLock::new(|| compile_schema(crd::schema()));
    let errors = validate_compiled(&RULES, document, old).err().map(|errors| errors.into_vec());
    let invalid = |error: ValidationError| Invalid::new(error.field_path, error.message, REMEDY);
    errors.into_iter().flatten().map(invalid).collect()
}
