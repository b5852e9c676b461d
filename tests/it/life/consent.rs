//! What holds data: nothing happens to it without a person's consent, which is good once.

use serde_json::{Value, json};

use super::environment::{Environment, condition, is_observed};
use super::lab;
use super::scrub::scrubbed;

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_replaced_only_by_the_command_that_is_named_and_only_once() {
    let lab = lab::shared().await;
    let environment = Environment::create(lab, "consent", json!({})).await;
    environment.ready().await;
    let first = id(&environment);
    for alias in ["alias/one", "alias/two"] {
        let key = lab.account.call("kms", "create_key", json!({}))["KeyMetadata"]["KeyId"].clone();
        lab.account.call("kms", "create_alias", json!({ "AliasName": alias, "TargetKeyId": key }));
    }

    environment.edit(json!({ "database": { "kmsKeyId": "alias/one" } })).await;
    let message = environment.condition("Stalled", "True", "ConsentNeeded").await;
    assert!(message.contains("kmsKeyId"), "{message}");
    assert_eq!(id(&environment), first);
    follow(&environment, &message).await;
    environment.ready().await;
    let second = id(&environment);
    assert_ne!(second, first);

    // The consent is used up: another change waits for another one.
    environment.edit(json!({ "database": { "kmsKeyId": "alias/two" } })).await;
    environment.condition("Stalled", "True", "ConsentNeeded").await;
    environment.edit(json!({ "database": { "kmsKeyId": "alias/one" } })).await;
    environment.ready().await;

    environment.edit(json!({ "database": { "engineVersion": "17.5" } })).await;
    environment
        .until("not given another major version", |object| {
            is_observed(object) && condition(object, "Stalled")["status"] == "True"
        })
        .await;
    assert_eq!(id(&environment), second);
    environment.delete_to_the_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_is_made_anew_only_with_consent() {
    let lab = lab::shared().await;
    let environment = Environment::create(lab, "gone", json!({ "database": { "instances": 1 } })).await;
    environment.ready().await;
    lose_database(&environment);
    let message = environment.condition("Stalled", "True", "DataGone").await;
    assert!(environment.in_aws()["database"].is_null());
    lab.sweeps(2).await;
    assert!(environment.in_aws()["database"].is_null());

    follow(&environment, &message).await;
    environment.ready().await;
    assert!(environment.in_aws()["database"].is_object());

    // The consent is still written on the resource, and was about the first one.
    lose_database(&environment);
    let again = environment.condition("Stalled", "True", "DataGone").await;
    assert_ne!(consent(&environment, &again), consent(&environment, &message));
    lab.sweeps(2).await;
    assert!(environment.in_aws()["database"].is_null());
    environment.delete_to_the_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_restored_with_its_owner_s_tags_alone_is_taken_as_it_is() {
    let lab = lab::shared().await;
    let key = lab.account.call("kms", "create_key", json!({}))["KeyMetadata"]["KeyId"].clone();
    lab.account.call("kms", "create_alias", json!({ "AliasName": "alias/kept", "TargetKeyId": key }));
    let named = json!({ "database": { "kmsKeyId": "alias/kept", "instances": 1 } });
    let environment = Environment::create(lab, "restored", named).await;
    environment.ready().await;
    let before = environment.in_aws();
    // The stand-in's snapshots hold no data, so only what a restored cluster lacks is taken from this one.
    let keys = ["streamflix.io/kms-key", "streamflix.io/final-snapshot", "streamflix.io/engine-version"];
    let bare = json!({ "ResourceName": before["database"]["DBClusterArn"], "TagKeys": keys });
    lab.account.call("rds", "remove_tags_from_resource", bare);
    environment
        .until("given its tags back", |_| environment.in_aws()["databaseTags"] == before["databaseTags"])
        .await;
    environment.ready().await;
    assert_eq!(id(&environment), before["database"]["DbClusterResourceId"]);
    environment.delete_to_the_end().await;
}

/// Somebody deletes the database by hand, and its one instance before.
fn lose_database(environment: &Environment<'_>) {
    let (account, name) = (&environment.lab.account, &environment.name);
    let cluster =
        json!({ "DBClusterIdentifier": format!("video-metadata-cluster-{name}"), "SkipFinalSnapshot": true });
    let instance = json!({
        "DBInstanceIdentifier": format!("video-metadata-instance-1-{name}"), "SkipFinalSnapshot": true
    });
    // The operator may make the instance anew before the cluster goes.
    while account.try_call("rds", "delete_db_cluster", cluster.clone()).is_err() {
        let _ = account.try_call("rds", "delete_db_instance", instance.clone());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_with_a_protected_database_and_a_last_snapshot_is_named() {
    let lab = lab::shared().await;
    let database = json!({ "database": { "deletionProtection": true, "finalSnapshot": true } });
    let environment = Environment::create(lab, "guarded", database).await;
    environment.ready().await;
    let before = environment.in_aws();
    let resource = before["database"]["DbClusterResourceId"].as_str().unwrap().to_lowercase();

    environment.delete().await;
    let message = environment.condition("Stalled", "True", "DeletionProtected").await;
    lab.sweeps(2).await;
    assert_eq!(scrubbed(&before), scrubbed(&environment.in_aws()), "something went");

    let mark = (environment.mark(), lab.calls().len());
    patch_as_told(&environment, &message).await;
    environment.gone().await;
    let mut calls = lab.calls().split_off(mark.1);
    calls.retain(|call| ["ModifyDBCluster", "DeleteDBCluster"].contains(&call.operation.as_str()));
    let calls: Vec<_> = calls.iter().map(|call| (call.operation.as_str(), call.status)).collect();
    assert!(calls.starts_with(&[("ModifyDBCluster", 200), ("DeleteDBCluster", 200)]), "{calls:?}");
    let name = format!("video-metadata-cluster-guarded-final-{resource}");
    let said = environment.seen_since(mark.0);
    assert!(said.iter().any(|object| object["status"]["finalSnapshot"] == json!(name)), "{name} is not said");
    let left = lab.account.everything_of("guarded");
    let snapshots: Vec<_> = left.iter().map(|(_, item)| &item["DBClusterSnapshotIdentifier"]).collect();
    assert_eq!(snapshots, [&json!(name)], "{left:#?}");
}

/// Does what the message says first: `kubectl -n NAMESPACE patch vp NAME --type merge -p 'PATCH'`.
async fn patch_as_told(environment: &Environment<'_>, message: &str) {
    let (namespace, name) = (environment.lab.namespace, &environment.name);
    let command = format!("kubectl -n {namespace} patch vp {name} --type merge -p '");
    let (_, rest) = message.split_once(&command).unwrap_or_else(|| panic!("no command in: {message}"));
    let (patch, _) = rest.split_once('\'').unwrap();
    assert!(rest.contains(r#"{"deletionPolicy":"Retain"}"#), "the other way out is not told: {message}");
    environment.patch(serde_json::from_str(patch).unwrap()).await;
}

/// The id that no other database ever has.
fn id(environment: &Environment<'_>) -> Value {
    environment.in_aws()["database"]["DbClusterResourceId"].clone()
}

/// Does what the message says.
async fn follow(environment: &Environment<'_>, message: &str) {
    let (key, value) = consent(environment, message);
    environment.patch(json!({ "metadata": { "annotations": { key: value } } })).await;
}

/// What the message says to write: `kubectl -n NAMESPACE annotate --overwrite vp NAME KEY=VALUE`.
fn consent<'m>(environment: &Environment<'_>, message: &'m str) -> (&'m str, &'m str) {
    let (namespace, name) = (environment.lab.namespace, &environment.name);
    let command = format!("kubectl -n {namespace} annotate --overwrite vp {name} ");
    let (_, rest) = message.split_once(&command).unwrap_or_else(|| panic!("no command in: {message}"));
    rest.split_whitespace().next().unwrap().split_once('=').unwrap()
}
