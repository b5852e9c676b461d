//! What owns something is held until that is gone, also while nothing is changed in AWS.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::loss::is_held;
use crate::support::consent::told;
use crate::sweep::account::Account;
use crate::sweep::field::Field;
use crate::sweep::operator::{Act, NAME, Operator};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_suspended_or_invalid_is_held_again_as_well() {
    let field = Field::open("memory-held", 1).await;
    let mut plot = field.plots(1).await.remove(0);
    for spec in [json!({ "suspend": true }), json!({ "database": { "engineVersion": "16.99" } })] {
        let mut operator = plot.operator(&[Act::Create]).await.unwrap();
        operator.act(&Act::Edit(spec.clone())).await;
        pass(&mut operator).await;
        let remembered = metadata(&operator).await;
        let freed = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
        operator.resources().patch(NAME, &PatchParams::default(), &freed).await.unwrap();
        operator.restart();
        pass(&mut operator).await;
        assert!(is_held(&operator.resource().await.unwrap()), "{spec}: it is not held");
        assert_eq!(metadata(&operator).await, remembered, "{spec}");
        assert_eq!(operator.done().0, 0, "{spec}: something was done to AWS");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_missed_also_where_the_environment_never_came_to_rest() {
    let field = Field::open("memory-missed", 1).await;
    let mut plot = field.plots(1).await.remove(0);
    let mut operator = plot.operator(&[]).await.unwrap();
    let fails = json!({ "processing": { "image": "registry.example/fails:1" } });
    operator.act(&Act::CreateWith(fails)).await;
    told(&mut operator, "Broken").await.unwrap();
    lose_the_database(operator.account()).await;
    operator.restart();
    let message = told(&mut operator, "DataGone").await.unwrap();
    assert!(message.contains("streamflix.io/consent="), "{message}");
    let made = operator.wire.log().iter().filter(|call| call.call.action == "rds:CreateDBCluster").count();
    assert_eq!(made, 1, "it is not made anew without consent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_missed_also_where_the_annotation_is_gone_with_it() {
    let field = Field::open("memory-replaced", 1).await;
    let mut plot = field.plots(1).await.remove(0);
    let mut operator = plot.operator(&[Act::Create]).await.unwrap();
    lose_the_database(operator.account()).await;
    // As `kubectl replace` does with a file that never had it.
    let replaced = Patch::Merge(json!({ "metadata": { "annotations": { "streamflix.io/intent": null } } }));
    operator.resources().patch(NAME, &PatchParams::default(), &replaced).await.unwrap();
    told(&mut operator, "DataGone").await.unwrap();
    operator.restart();
    let message = told(&mut operator, "DataGone").await.unwrap();
    assert!(message.contains("streamflix.io/consent="), "{message}");
    let made = operator.wire.log().iter().filter(|call| call.call.action == "rds:CreateDBCluster").count();
    assert_eq!(made, 0, "it is not made anew without consent");
}

/// Somebody deletes the database with all that it holds.
async fn lose_the_database(account: &Account) {
    for instance in ["video-metadata-instance-1-dev", "video-metadata-instance-2-dev"] {
        let instance = [("DBInstanceIdentifier", instance), ("SkipFinalSnapshot", "true")];
        account.form("rds:DeleteDBInstance", &instance).await;
    }
    let cluster = ("DBClusterIdentifier", "video-metadata-cluster-dev");
    let open = [cluster, ("DeletionProtection", "false"), ("ApplyImmediately", "true")];
    account.form("rds:ModifyDBCluster", &open).await;
    account.form("rds:DeleteDBCluster", &[cluster, ("SkipFinalSnapshot", "true")]).await;
}

async fn pass(operator: &mut Operator) {
    let resource = operator.resource().await.unwrap();
    operator.pass(resource, &mut None).await;
}

/// What is remembered beside the status.
async fn metadata(operator: &Operator) -> Value {
    let metadata = operator.resource().await.unwrap().metadata;
    json!([metadata.finalizers, metadata.annotations])
}
