//! An environment that moves from one team to another: not because the other one says so.

use serde_json::json;

use super::team::Team;
use crate::faults::stage::Stage;
use crate::support::account::Account;
use crate::support::control_plane::create_namespace;

const FORMER: &str = "faults/adoption-a/dev";
const HEIR: &str = "faults/adoption-b/dev";

#[tokio::test(flavor = "multi_thread")]
async fn a_team_takes_over_from_another_what_it_was_allowed_to() {
    let stage = Stage::set("adoption-a").await;
    create_namespace(&stage.client, "adoption-b").await;
    let account = Account::open(stage.aws.endpoint()).await;
    let owners = || account.owners("dev").into_iter().collect::<Vec<_>>();
    let (a, b) = (Team::of(&stage, "adoption-a"), Team::of(&stage, "adoption-b"));
    let common = ["--watch-namespaces=adoption-b", "--sweep-period=1h"];
    let operator = stage.start("strict", &common).await;
    a.asks(&json!({}), &json!({})).await;
    a.is_ready().await;

    // Whoever says that it was another team's gets nowhere near AWS, and is told whom to ask for what.
    let calls = stage.calls().len();
    b.asks(&json!({}), &json!({ "streamflix.io/adopt-from": FORMER })).await;
    let said = b.is_stalled("AdoptionNotAllowed", FORMER).await;
    for word in ["adoption-b", "streamflix.io/adopt-from", "--allowed-adoptions", "adoptions in the chart"] {
        assert!(said.contains(word), "{word} is not in: {said}");
    }
    assert_eq!(stage.calls().len(), calls, "AWS was called");

    // Without the annotation it is somebody else's environment as any other.
    b.patches(json!({ "metadata": { "annotations": { "streamflix.io/adopt-from": null } } })).await;
    b.is_stalled("Conflict", FORMER).await;
    assert_eq!(owners(), [FORMER]);

    // The team that had it leaves it behind, and whoever runs the operator allows the move.
    a.retains().await;
    a.deletes().await;
    a.is_gone().await;
    drop(operator);
    let allowed = format!("--allowed-adoptions=adoption-b={FORMER}");
    let operator = stage.start("lenient", &[&common[..], &[&allowed]].concat()).await;
    b.patches(json!({ "metadata": { "annotations": { "streamflix.io/adopt-from": FORMER } } })).await;
    b.is_ready().await;
    assert_eq!(owners(), [HEIR]);
    b.deletes().await;
    b.is_gone().await;
    assert_eq!(owners(), [""; 0], "something is left");
    drop(operator);
}
