//! A person who does what an environment says.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::sweep::operator::{NAME, Operator, summary};

/// How many passes may be made until it is said what to do.
const BOUND: usize = 60;

/// Passes until the environment says that it waits for a person because of `reason`, and returns what it says.
pub async fn told(operator: &mut Operator, reason: &str) -> Result<String, String> {
    let mut last = String::new();
    for _ in 0..BOUND {
        let resource = operator.resource().await.ok_or("it is gone")?;
        Box::pin(operator.pass(resource, &mut None)).await;
        let resource = operator.resource().await.ok_or("it is gone")?;
        let conditions: &Value = &resource.data["status"]["conditions"];
        let mut conditions = conditions.as_array().into_iter().flatten();
        let said =
            conditions.find(|condition| condition["type"] == "Stalled" && condition["reason"] == reason);
        if let Some(said) = said {
            return Ok(said["message"].as_str().unwrap_or_default().to_owned());
        }
        last = summary(&resource);
    }
    Err(format!("{reason} is never said: {last}"))
}

/// Consents as `message` says: by the annotation that it names.
pub async fn consent(operator: &Operator, message: &str) -> Result<(), String> {
    let told = message.split("streamflix.io/consent=").nth(1);
    let told = told.and_then(|rest| rest.split_whitespace().next());
    let consent = told.ok_or_else(|| format!("it is not said how to consent: {message}"))?;
    let consent = consent.trim_matches(['.', ',', ';', '`']);
    let change = json!({ "metadata": { "annotations": { "streamflix.io/consent": consent } } });
    let patched = operator.resources().patch(NAME, &PatchParams::default(), &Patch::Merge(change)).await;
    patched.map(drop).map_err(|refused| refused.to_string())
}
