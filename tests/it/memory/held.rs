//! What owns something is held until that is gone, also while nothing is changed in AWS.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::loss::is_held;
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

async fn pass(operator: &mut Operator) {
    let resource = operator.resource().await.unwrap();
    operator.pass(resource, &mut None).await;
}

/// What is remembered beside the status.
async fn metadata(operator: &Operator) -> Value {
    let metadata = operator.resource().await.unwrap().metadata;
    json!([metadata.finalizers, metadata.annotations])
}
