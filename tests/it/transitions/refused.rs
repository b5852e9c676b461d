//! What Kubernetes takes and what it refuses of each field, without anything being made.

use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::edit::{EXCLUSIVE, is_immutable, set};
use super::field::{self, given, patch};
use crate::support::control_plane::{create_namespace, shared};
use crate::support::patch::{applied, both};
use crate::sweep::operator::{NAME, resource};
use video_pipeline_operator::controller::resource_type;

#[tokio::test(flavor = "multi_thread")]
async fn bounds_are_taken_and_what_lies_beyond_is_refused_by_its_name() {
    let api = resources("transitions").await;
    let resource: DynamicObject = serde_json::from_value(resource(NAME, "video")).unwrap();
    api.create(&PostParams::default(), &resource).await.unwrap();
    let mut wrong = Vec::new();
    for field in field::all() {
        for value in field.valid() {
            let change = both(given(&field.path, &value), patch(&field.path, &value));
            let what = format!("{} = {value}", field.path);
            // The smallest resource has none, which is the same as false.
            let answer =
                if is_immutable(&field) { create(&api, &change).await } else { edit(&api, &change).await };
            wrong.extend(answer.err().map(|refused| format!("{what} is refused: {refused}")));
            if is_immutable(&field) {
                wrong.extend(not_refused(&what, &field.path, edit(&api, &change).await));
            }
        }
        for value in field.invalid() {
            let what = format!("{} = {value}", field.path);
            wrong.extend(not_refused(&what, &field.path, edit(&api, &patch(&field.path, &value)).await));
        }
        let unset = edit(&api, &patch(&field.path, &Value::Null)).await;
        match field.required {
            true => wrong.extend(not_refused(&format!("no {}", field.path), &field.path, unset)),
            false => {
                wrong.extend(unset.err().map(|refused| format!("no {} is refused: {refused}", field.path)))
            }
        }
    }
    for (one, other, named) in EXCLUSIVE {
        let answer = edit(&api, &both(set(one), set(other))).await;
        wrong.extend(not_refused(&format!("{one} and {other}"), named, answer));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The refusal that is missing, or that does not name the field.
fn not_refused(what: &str, path: &str, answer: Result<(), String>) -> Option<String> {
    match answer {
        Ok(()) => Some(format!("{what} is taken")),
        Err(refused) if refused.contains(path) => None,
        Err(refused) => Some(format!("{what}: {path} is not named: {refused}")),
    }
}

async fn edit(api: &Api<DynamicObject>, spec: &Value) -> Result<(), String> {
    let params = PatchParams { dry_run: true, ..PatchParams::default() };
    let change = Patch::Merge(json!({ "spec": spec }));
    api.patch(NAME, &params, &change).await.map(drop).map_err(|refused| refused.to_string())
}

async fn create(api: &Api<DynamicObject>, spec: &Value) -> Result<(), String> {
    let mut resource = applied(resource(NAME, "video"), &json!({ "spec": spec }));
    resource["metadata"]["name"] = json!("another");
    let resource: DynamicObject = serde_json::from_value(resource).unwrap();
    let params = PostParams { dry_run: true, ..PostParams::default() };
    api.create(&params, &resource).await.map(drop).map_err(|refused| refused.to_string())
}

async fn resources(namespace: &str) -> Api<DynamicObject> {
    let client = shared().await.client().await.unwrap();
    create_namespace(&client, namespace).await;
    Api::namespaced_with(client, namespace, &resource_type())
}
