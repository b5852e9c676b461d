//! Where environments may live is for whoever runs the operator to say.

use serde_json::json;

use super::team::Team;
use crate::faults::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_lives_only_where_it_may() {
    let stage = Stage::set("regions").await;
    let team = Team::of(&stage, "regions");
    let operator = stage.start("operator", &["--allowed-regions=eu-west-1,eu-central-*"]).await;
    // The resource itself allows it.
    let elsewhere = json!({ "region": "us-east-1", "account": { "dataResidency": "None" } });
    team.asks(&elsewhere, &json!({})).await;
    let said = team.is_stalled("RegionNotAllowed", "us-east-1").await;
    for word in ["spec.region", "eu-west-1, eu-central-*", "--allowed-regions", "aws.regions"] {
        assert!(said.contains(word), "{word} is not in: {said}");
    }
    assert!(stage.calls().is_empty(), "AWS was called: {:?}", stage.calls());
    team.deletes().await;
    team.is_gone().await;
    drop(operator);

    // What lives where none may any more stays as it is, and can be removed.
    let operator = stage.start("anywhere", &[]).await;
    team.asks(&elsewhere, &json!({})).await;
    team.is_ready().await;
    drop(operator);
    let operator = stage.start("nowhere", &["--allowed-regions=eu-*"]).await;
    team.is_stalled("RegionNotAllowed", "us-east-1").await;
    team.deletes().await;
    team.is_gone().await;
    drop(operator);
}
