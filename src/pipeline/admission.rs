//! The API server's verdict, without an API server: schema, then defaults, then CEL rules.
//!
//! The command line uses it on files, and the operator on objects that were stored before a rule existed.

use std::sync::LazyLock;

use kube::core::cel::{CompiledSchema, compile_schema, validate_compiled};
use serde_json::Value;

use crate::api::{VideoPipeline, crd};

use super::{Invalid, schema};

const REMEDY: &str = "correct the field and apply the resource again";

/// Reads a document as the API server does: null means absent, and what is absent has its default.
///
/// # Errors
///
/// All that the schema refuses; or, where it refuses nothing, all that the rules refuse.
pub fn read(document: &Value) -> Result<VideoPipeline, Vec<Invalid>> {
    let resource = typed(document)?;
    check(&resource)?;
    Ok(resource)
}

/// Reads a document that is to replace `old`, so that what may not change is compared as well.
///
/// # Errors
///
/// As [`read`]; a rule about a change names the field that may not change.
pub fn read_update(document: &Value, old: &VideoPipeline) -> Result<VideoPipeline, Vec<Invalid>> {
    let resource = typed(document)?;
    rules(&json(&resource)?, Some(&json(old)?))?;
    Ok(resource)
}

/// Checks a resource against schema and rules, and gives it back as the document that it is.
///
/// # Errors
///
/// As [`read`].
pub fn check(resource: &VideoPipeline) -> Result<Value, Vec<Invalid>> {
    let object = json(resource)?;
    schema_allows(&object)?;
    rules(&object, None)?;
    Ok(object)
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

fn typed(document: &Value) -> Result<VideoPipeline, Vec<Invalid>> {
    let mut document = document.clone();
    schema::drop_nulls(&mut document);
    schema_allows(&document)?;
    serde_json::from_value(document).map_err(malformed)
}

fn schema_allows(document: &Value) -> Result<(), Vec<Invalid>> {
    let problems = schema::problems(document, crd::schema());
    if problems.is_empty() {
        return Ok(());
    }
    Err(problems.into_iter().map(|(field, problem)| Invalid::new(field, problem, REMEDY)).collect())
}

fn rules(object: &Value, old: Option<&Value>) -> Result<(), Vec<Invalid>> {
    static RULES: LazyLock<CompiledSchema> = LazyLock::new(|| compile_schema(crd::schema()));
    validate_compiled(&RULES, object, old).map_err(|errors| {
        errors
            .into_vec()
            .into_iter()
            .map(|error| Invalid::new(error.field_path, error.message, REMEDY))
            .collect()
    })
}

fn json(resource: &VideoPipeline) -> Result<Value, Vec<Invalid>> {
    serde_json::to_value(resource).map_err(malformed)
}

fn malformed(error: serde_json::Error) -> Vec<Invalid> {
    vec![Invalid::new("spec", error.to_string(), REMEDY)]
}
