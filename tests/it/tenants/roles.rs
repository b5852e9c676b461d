//! Two teams with an account each and one that both know of: which namespace uses which role is for whoever runs the operator
//! to say, and for the role itself; a team that names another's role comes by nothing.

use serde_json::{Value, json};

use super::team::{NAME, Team};
use crate::faults::stage::Stage;
use crate::support::control_plane::create_namespace;

/// The account of the other team alone, and one in which a role trusts only that team although both may name it.
const PRIVATE: &str = "333333333333";
const SHARED: &str = "444444444444";
const ROLE: &str = "video-pipeline";

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/{ROLE}")
}

/// What asks for an environment in an account.
fn within(account: &str) -> Value {
    json!({ "account": { "roleArn": role(account) } })
}

/// The settings of the operator: who may name which role.
fn allowed(pairs: &[(&str, &str)]) -> Vec<String> {
    let pairs: Vec<_> =
        pairs.iter().map(|(namespace, account)| format!("{namespace}={}", role(account))).collect();
    let common = ["--watch-namespaces=tenants-b".to_owned(), "--sweep-period=1h".to_owned()];
    common
        .into_iter()
        .chain((!pairs.is_empty()).then(|| format!("--allowed-roles={}", pairs.join(";"))))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_that_names_another_s_role_comes_by_nothing() {
    let stage = Stage::set("tenants-a").await;
    create_namespace(&stage.client, "tenants-b").await;
    let (a, b) = (Team::of(&stage, "tenants-a"), Team::of(&stage, "tenants-b"));
    for account in [PRIVATE, SHARED] {
        let role = json!({ "account": account, "name": ROLE, "externalId": "faults/tenants-b" });
        stage.aws.control("POST", "role", role).await.unwrap();
    }
    let start = async |pairs: &[(&str, &str)]| {
        let flags = allowed(pairs);
        stage.start("operator", &flags.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    let operator = start(&[("tenants-b", PRIVATE), ("*", SHARED)]).await;

    // Whom nobody allowed the role gets nowhere near AWS, and is told whom to ask for what.
    a.asks(&within(PRIVATE), &json!({})).await;
    let said = a.is_stalled("RoleNotAllowed", "spec.account.roleArn").await;
    for word in ["tenants-a", &role(PRIVATE), "--allowed-roles", "aws.accounts"] {
        assert!(said.contains(word), "{word} is not in: {said}");
    }
    a.deletes().await;
    a.is_gone().await;
    assert!(stage.calls().is_empty(), "AWS was called: {:?}", stage.calls());

    // Who may name a role that does not trust it sees nothing of what the operator reads there for others.
    b.asks(&within(SHARED), &json!({})).await;
    b.is_ready().await;
    a.asks(&within(SHARED), &json!({})).await;
    let said = a.is_stalled("CredentialsRejected", "sts:AssumeRole").await;
    assert!(said.contains("external id"), "{said}");
    let (theirs, ours) = (b.status().await, a.status().await);
    assert_eq!(theirs["accountId"], SHARED);
    assert_eq!((&ours["accountId"], &ours["resources"]), (&Value::Null, &Value::Null), "{ours:#}");
    for id in ids(&theirs) {
        assert!(!ours.to_string().contains(&id), "{id} is shown to the other team: {ours:#}");
    }
    a.deletes().await;
    a.is_gone().await;

    // Who may no longer use its role can leave its environment behind.
    drop(operator);
    let calls = stage.calls().len();
    let operator = start(&[("tenants-b", PRIVATE)]).await;
    b.is_stalled("RoleNotAllowed", &role(SHARED)).await;
    assert_eq!(b.status().await["phase"], "Unknown");
    b.deletes().await;
    b.is_stalled("RoleNotAllowed", "spec.deletionPolicy: Retain").await;
    b.retains().await;
    b.is_gone().await;
    assert_eq!(stage.calls().len(), calls, "AWS was called");
    drop(operator);
}

/// The ids of what a status lists.
fn ids(status: &Value) -> Vec<String> {
    let rows = status["resources"].as_array().unwrap().iter();
    let ids: Vec<_> = rows.filter_map(|row| row["id"].as_str().map(str::to_owned)).collect();
    assert!(ids.iter().any(|id| id.starts_with("vpc-")), "{ids:?}");
    // What has a name is called alike in every account.
    ids.into_iter().filter(|id| !id.contains(NAME)).collect()
}
