//! Credentials: none at all, none any more, and those of two accounts, one after the other and side by side.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use jiff::Timestamp;
use sandbox::Operator;
use sandbox::operator::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use serde_json::{Value, json};

use super::stage::Stage;
use crate::support::account::Account;

const NAME: &str = "dev";
const SWEEPS: [&str; 2] = ["--sweep-period=1s", "--audit-period=2s"];

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_it_is_said_what_to_do_and_they_are_found_once_they_are_there() {
    let stage = Stage::set("no-credentials").await;
    let file = stage.folder().join("credentials");
    std::fs::write(&file, "").unwrap();
    let operator = start(&stage, &[("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap())]).await;
    stage.create(NAME).await;
    let said = condition(&stage, "Stalled", "CredentialsRejected").await;
    assert_eq!((&said["status"], said["reason"].as_str()), (&json!("True"), Some("CredentialsRejected")));
    let message = said["message"].as_str().unwrap();
    for word in ["sts:GetCallerIdentity", "NoCredentials", "AWS_ACCESS_KEY_ID", "tried again"] {
        assert!(message.contains(word), "{word} is not in: {message}");
    }
    assert_eq!(stage.pipeline(NAME).await["status"]["phase"], "Pending");
    stays_calm(&stage, || 0).await;
    assert!(stage.calls().is_empty(), "AWS was called without credentials");

    std::fs::write(&file, profile()).unwrap();
    // A change of the resource is looked at at once.
    note(&stage, "there they are").await;
    stage.ready(NAME).await;
    drop(operator);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_withdrawn_are_missed_and_used_again_once_they_are_back() {
    let stage = Stage::set("withdrawn").await;
    let vendor = Vendor::open().await;
    let operator = start(&stage, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &vendor.uri)]).await;
    stage.create(NAME).await;
    stage.ready(NAME).await;

    vendor.refuses.store(true, Ordering::SeqCst);
    let said = condition(&stage, "Stalled", "CredentialsRejected").await;
    assert!(said["message"].to_string().contains("NoCredentials"), "{said}");
    let pipeline = stage.pipeline(NAME).await;
    let ready = conditions(&pipeline).find(|condition| condition["type"] == "Ready").unwrap();
    assert_eq!(ready["status"], "Unknown", "{pipeline:#}");
    assert_eq!(stage.pipeline(NAME).await["status"]["phase"], "Unknown");
    let mutations = stage.mutations().len();
    stays_calm(&stage, || vendor.asked.load(Ordering::SeqCst)).await;

    vendor.refuses.store(false, Ordering::SeqCst);
    // By itself, within the minute in which it looks again.
    stage.ready(NAME).await;
    assert_eq!(stage.mutations().len(), mutations, "nothing was there to be changed");
    drop(operator);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_credentials_become_those_of_another_account_nothing_is_made_and_nothing_let_go() {
    let stage = Stage::set("other-account").await;
    let (own, other) = ("123456789012", "222222222222");
    let role = json!({ "account": other, "name": "video-pipeline" });
    let role = stage.aws.control("POST", "role", role).await.unwrap()["arn"].clone();
    let user = Account::open(stage.aws.endpoint()).await;
    let session = json!({ "RoleArn": role, "RoleSessionName": "other" });
    let keys = user.call("sts", "assume_role", session)["Credentials"].clone();
    let vendor = Vendor::open().await;
    let operator = start(&stage, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &vendor.uri)]).await;
    stage.create(NAME).await;
    stage.ready(NAME).await;
    let mutations = stage.mutations().len();

    vendor.vend(Some(keys.clone()));
    let said = condition(&stage, "Stalled", "CredentialsRejected").await;
    assert!(said["message"].to_string().contains("OtherAccount"), "{said}");
    // A change of the resource is looked at at once.
    note(&stage, "one").await;
    let said = condition(&stage, "Stalled", "OtherAccount").await;
    for account in [own, other] {
        assert!(said["message"].to_string().contains(account), "{account} is not in: {said}");
    }
    stage.delete(NAME).await;
    note(&stage, "two").await;
    stays_calm(&stage, || 0).await;
    assert!(stage.api().get_opt(NAME).await.unwrap().is_some(), "it was let go");
    let mut calls = stage.calls();
    calls.retain(|call| json!(call.access_key) == keys["AccessKeyId"]);
    let asked: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
    assert_eq!(
        asked, ["GetCallerIdentity"; 2],
        "once by those who had others, and once by those who have these"
    );

    vendor.vend(None);
    note(&stage, "three").await;
    stage.gone(NAME).await;
    let mut calls = stage.mutations().split_off(mutations);
    calls.retain(|call| call.operation.starts_with("Create"));
    assert!(calls.is_empty(), "made anew: {calls:#?}");
    assert_eq!(user.leftovers(), [""; 0]);
    drop(operator);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_account_shows_never_serves_another() {
    let stage = Stage::set("accounts").await;
    let allowed = "--allowed-roles=accounts=arn:aws:iam::222222222222:role/video-pipeline";
    let operator = stage.start("operator", &[&SWEEPS[..], &[allowed]].concat()).await;
    let (own, other) = ("123456789012", "222222222222");
    let role = json!({ "account": other, "name": "video-pipeline", "externalId": "faults/accounts" });
    let role = stage.aws.control("POST", "role", role).await.unwrap()["arn"].clone();
    let there = json!({ "environmentSuffix": "twin", "account": { "roleArn": role } });
    tokio::join!(
        stage.create_with("here", json!({ "environmentSuffix": "twin" })),
        stage.create_with("there", there),
    );
    tokio::join!(stage.ready("here"), stage.ready("there"));
    for (name, account) in [("here", own), ("there", other)] {
        let status = stage.pipeline(name).await["status"].clone();
        assert_eq!(status["accountId"], account);
        assert_eq!(made(&stage, account), 1, "VPCs in {account}");
        let stranger = if account == own { other } else { own };
        assert!(!status.to_string().contains(stranger), "{name} shows what is in {stranger}");
    }
    let (here, there) = (ids(&stage, "here").await, ids(&stage, "there").await);
    assert!(here.is_disjoint(&there) && !here.is_empty(), "{:?}", here.intersection(&there));

    // Each looks at its own account alone, and with its own key.
    let keys = |account: &str| -> BTreeSet<String> {
        let calls = stage.calls().into_iter().filter(|call| call.account == account);
        calls.map(|call| call.access_key).collect()
    };
    assert!(keys(own).is_disjoint(&keys(other)), "{:?} {:?}", keys(own), keys(other));
    let (before, begun) = (stage.calls().len(), Instant::now());
    let writes = |account: &str| {
        let calls = stage.calls().split_off(before).into_iter().filter(|call| call.account == account);
        calls.filter(|call| call.mutating && !call.operation.starts_with("AssumeRole")).count()
    };
    while begun.elapsed() < Duration::from_secs(3) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((writes(own), writes(other)), (0, 0), "what is in the other account seems missing or changed");

    stage.delete("here").await;
    stage.gone("here").await;
    assert!(writes(own) > 30 && writes(other) == 0, "{} {}", writes(own), writes(other));
    stage.ready("there").await;
    assert_eq!(ids(&stage, "there").await, there);
    drop(operator);
}

/// Changes a resource in what is no concern of the operator.
async fn note(stage: &Stage, text: &str) {
    stage.patch(NAME, json!({ "metadata": { "annotations": { "example.org/note": text } } })).await;
}

/// VPCs that were made in an account.
fn made(stage: &Stage, account: &str) -> usize {
    let calls = stage.mutations();
    calls.iter().filter(|call| call.account == account && call.operation == "CreateVpc").count()
}

/// The ids of a pipeline's network: no two are alike, whatever account they are in.
async fn ids(stage: &Stage, name: &str) -> BTreeSet<String> {
    let pipeline = stage.pipeline(name).await;
    let rows = pipeline["status"]["resources"].as_array().unwrap();
    let network = rows.iter().filter(|row| row["address"].to_string().starts_with("\"network/"));
    network.map(|row| row["id"].as_str().unwrap_or_default().to_owned()).collect()
}

/// An operator that has no other credentials than those.
async fn start(stage: &Stage, credentials: &[(&str, &str)]) -> Operator {
    let mut options = stage.operator("operator", &SWEEPS);
    let none = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    let all = none.iter().chain(credentials);
    options.environment = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Operator::start(&options).await.unwrap()
}

fn profile() -> String {
    format!("[default]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_ACCESS_KEY}\n")
}

/// Waits until a condition has that reason.
async fn condition(stage: &Stage, type_: &str, reason: &str) -> Value {
    let mut found = Value::Null;
    stage
        .until(&format!("{type_} because of {reason}"), async || {
            let pipeline = stage.pipeline(NAME).await;
            let condition = conditions(&pipeline).find(|condition| condition["type"] == type_);
            found = condition.cloned().unwrap_or_default();
            found["reason"] == reason
        })
        .await;
    found
}

fn conditions(pipeline: &Value) -> impl Iterator<Item = &Value> {
    pipeline["status"]["conditions"].as_array().into_iter().flatten()
}

/// For some seconds nobody asks for credentials, and nothing is written.
async fn stays_calm(stage: &Stage, asked: impl Fn() -> usize) {
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (version, questions) = (stage.pipeline(NAME).await["metadata"]["resourceVersion"].clone(), asked());
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(stage.pipeline(NAME).await["metadata"]["resourceVersion"], version, "the status changed");
    assert_eq!(asked(), questions, "credentials were asked for again and again");
}

/// Gives out credentials as an agent on the node does, each for a short time.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>
struct Vendor {
    uri: String,
    refuses: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    keys: Keys,
}

/// Others than the operator's own, as STS tells them.
type Keys = Arc<Mutex<Option<Value>>>;
type Vending = (Arc<AtomicBool>, Arc<AtomicUsize>, Keys);

impl Vendor {
    async fn open() -> Self {
        let (refuses, asked, keys) =
            (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default(), Keys::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        let state = (Arc::clone(&refuses), Arc::clone(&asked), Arc::clone(&keys));
        let router = Router::new().route("/", get(vend)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { uri, refuses, asked, keys }
    }

    /// From now on it gives out these, or the operator's own.
    fn vend(&self, keys: Option<Value>) {
        *self.keys.lock().unwrap() = keys;
    }
}

async fn vend(State((refuses, asked, keys)): State<Vending>) -> Result<String, StatusCode> {
    asked.fetch_add(1, Ordering::SeqCst);
    if refuses.load(Ordering::SeqCst) {
        return Err(StatusCode::NOT_FOUND);
    }
    // Renewed ten seconds before it is over.
    let over = Timestamp::now() + Duration::from_secs(13);
    let own = json!({ "AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET_ACCESS_KEY, "SessionToken": "token" });
    let keys = keys.lock().unwrap().clone().unwrap_or(own);
    let credentials = json!({
        "AccessKeyId": keys["AccessKeyId"], "SecretAccessKey": keys["SecretAccessKey"], "Token": keys["SessionToken"],
        "Expiration": over.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    Ok(credentials.to_string())
}
