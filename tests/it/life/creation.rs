//! From an empty account to a Ready environment, to rest, and back to the empty account.

use sandbox::Durations;
use serde_json::json;

use super::environment::Environment;
use super::lab::Lab;

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_comes_rests_and_goes_without_a_trace() {
    let lab = Lab::open("creation", Durations::None).await;
    let empty = lab.account.everything();

    let dev = Environment::create(&lab, "dev", json!({})).await;
    let ready = dev.ready().await;
    let (is, of) = ready["status"]["resourcesReady"].as_str().unwrap().split_once('/').unwrap();
    assert_eq!(is, of);
    assert_eq!(ready["status"]["resources"].as_array().unwrap().len().to_string(), of);
    nothing_failed(&lab);

    rests(&lab).await;
    lab.restart().await;
    rests(&lab).await;

    dev.delete().await;
    dev.gone().await;
    let mut left = lab.account.everything();
    left.retain(|item| !empty.contains(item));
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(lab.account.everything().len(), empty.len(), "something is gone that was there before");
}

/// No call was refused: what AWS would refuse is not asked for.
fn nothing_failed(lab: &Lab) {
    let mut failed = lab.calls();
    failed.retain(|call| call.error.is_some());
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Nothing is changed in AWS or written to Kubernetes over several sweeps and an audit.
async fn rests(lab: &Lab) {
    let (calls, writes) = (lab.calls().len(), lab.writes().len());
    lab.sweeps(5).await;
    let mutations: Vec<_> = lab.calls().into_iter().skip(calls).filter(|call| call.mutating).collect();
    assert!(mutations.is_empty(), "{mutations:#?}");
    let written: Vec<_> = lab.writes().into_iter().skip(writes).collect();
    assert!(written.is_empty(), "{written:#?}");
}
