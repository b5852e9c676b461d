//! The API server's verdict, without an API server: schema, then defaults, then CEL rules.
//!
//! The command line uses it on files, and the operator on objects that were stored before a rule existed.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use kube::core::cel::{CompiledSchema, ValidationError, compile_schema, validate_compiled};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::api::{VideoPipeline, crd};

use super::{Invalid, schema};

const REMEDY: &str = "correct the field and apply the resource again";

/// Reads a document as the API server does: null means absent, and what is absent has its default.
///
/// # Errors
///
/// All that schema and rules refuse.
pub fn read(document: &Value) -> Result<VideoPipeline, Vec<Invalid>> {
    let document = schema::as_stored(document, crd::schema());
    allowed(&document, None)?;
    serde_json::from_value(document).map_err(malformed)
}

/// Reads a document that is to replace `old`, so that what may not change is compared as well.
///
/// # Errors
///
/// As [`read`]; a rule about a change names the field that may not change.
pub fn read_update(document: &Value, old: &VideoPipeline) -> Result<VideoPipeline, Vec<Invalid>> {
    let document = schema::as_stored(document, crd::schema());
    allowed(&document, Some(&json(old)?))?;
    serde_json::from_value(document).map_err(malformed)
}

/// Checks a resource against schema and rules, and gives it back as the document that it is.
///
/// # Errors
///
/// As [`read`].
pub fn check(resource: &VideoPipeline) -> Result<Value, Vec<Invalid>> {
    let object = json(resource)?;
    allowed(&object, None)?;
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

/// What the rules refuse. Each pass asks about the same spec, and they compile their patterns whenever they are asked, so
/// what they accepted once is not asked about again.
fn broken_rules(document: &Value, old: Option<&Value>) -> Vec<Invalid> {
    static ACCEPTED: LazyLock<Mutex<HashSet<[u8; 32]>>> = LazyLock::new(Mutex::default);
    let accepted = || ACCEPTED.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = asked_about(document, old);
    if accepted().contains(&asked) {
        return Vec::new();
    }
    let broken = break_rules(document, old);
    if broken.is_empty() {
        let mut accepted = accepted();
        if accepted.len() >= REMEMBERED {
            accepted.clear();
        }
        accepted.insert(asked);
    }
    broken
}

/// How many accepted specs are remembered: more than most operators look after.
const REMEMBERED: usize = 4096;

/// All that rules speak of: the name and the spec, and the spec that was there before.
fn asked_about(document: &Value, old: Option<&Value>) -> [u8; 32] {
    let part =
        |document: &Value, pointer| document.pointer(pointer).map(Value::to_string).unwrap_or_default();
    let mut digest = Sha256::new();
    for (document, pointer) in
        [(document, "/metadata/name"), (document, "/spec"), (old.unwrap_or(&Value::Null), "/spec")]
    {
        digest.update(part(document, pointer));
        digest.update([0]);
    }
    digest.finalize().into()
}

fn break_rules(document: &Value, old: Option<&Value>) -> Vec<Invalid> {
    static RULES: LazyLock<CompiledSchema> = LazyLock::new(|| compile_schema(crd::schema()));
    let errors = validate_compiled(&RULES, document, old).err().map(|errors| errors.into_vec());
    let invalid = |error: ValidationError| Invalid::new(error.field_path, error.message, REMEDY);
    errors.into_iter().flatten().map(invalid).collect()
}

fn json(resource: &VideoPipeline) -> Result<Value, Vec<Invalid>> {
    serde_json::to_value(resource).map_err(malformed)
}

fn malformed(error: serde_json::Error) -> Vec<Invalid> {
    vec![Invalid::new("spec", error.to_string(), REMEDY)]
}
