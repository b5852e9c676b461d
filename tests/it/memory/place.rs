//! Where an environment stands: with credentials of another account, or in another region, it is not made a second time.

use std::collections::BTreeMap;

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::consent::told;
use crate::sweep::field::{Field, Place};
use crate::sweep::operator::{Act, NAME, Operator, Rest};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_environment_is_neither_made_again_nor_given_up_in_another_account() {
    let field = Field::open("memory-account", 1).await;
    let mut plots = field.plots(2).await;
    let mut operator = plots[0].operator(&[Act::Create]).await.unwrap();
    let place = Place { account: plots[1].place().account.clone(), ..plots[0].place().clone() };
    let mut lost = Operator::new(&place, BTreeMap::new());
    let message = told(&mut lost, "OtherAccount").await.unwrap();
    for account in [&operator.account().number, &place.account.number] {
        assert!(message.contains(account.as_str()), "{account} is not in: {message}");
    }

    // Also where the status is gone, and when it is to go.
    let wiped = Patch::Merge(json!({ "status": { "accountId": Value::Null } }));
    lost.resources().patch_status(NAME, &PatchParams::default(), &wiped).await.unwrap();
    lost.restart();
    told(&mut lost, "OtherAccount").await.unwrap();
    lost.act(&Act::Delete).await;
    lost.restart();
    told(&mut lost, "OtherAccount").await.unwrap();
    assert_eq!(lost.done().0, 0, "something was done in the wrong account");

    operator.restart();
    assert_eq!(operator.rest(None).await, Ok(Rest::Gone));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_in_one_region_is_not_taken_for_another() {
    let field = Field::open("memory-region", 1).await;
    let mut plot = field.plots(1).await.remove(0);
    let mut operator = plot.operator(&[Act::Create]).await.unwrap();
    operator.act(&Act::Edit(json!({ "deletionPolicy": "Retain" }))).await;
    operator.act(&Act::Delete).await;
    assert_eq!(operator.rest(None).await, Ok(Rest::Gone));

    let before = operator.inventory().await;
    operator.act(&Act::CreateWith(json!({ "region": "eu-west-3" }))).await;
    let message = told(&mut operator, "Conflict").await.unwrap();
    assert!(message.contains(" in eu-west-1"), "{message}");
    operator.act(&Act::Delete).await;
    assert_eq!(operator.rest(None).await, Ok(Rest::Gone));
    assert_eq!(operator.inventory().await.difference(&before), None, "what was left has been changed");
}
