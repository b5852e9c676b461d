//! AWS ends a page before the number of items that was asked for, and has forgotten what comes next by the time it is asked for: a
//! list counts only when it was read to its end.

use std::collections::BTreeSet;

use sandbox::{AwsCall, pipeline};
use serde_json::json;

use crate::faults::inventory::inventory;
use crate::faults::stage::Stage;
use crate::support::account::Account;

const NAME: &str = "dev";
const FLAGS: [&str; 2] = ["--sweep-period=1s", "--audit-period=2s"];

/// The lists of which one environment fills more than one page, where each has one item.
const PAGED: [&str; 9] = [
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "iam:GetAccountAuthorizationDetails",
    "logs:DescribeLogGroups",
    "rds:DescribeDBEngineVersions",
    "rds:DescribeDBInstances",
    "tag:GetResources",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_seen_whole_or_not_at_all() {
    let stage = Stage::set("pages").await;
    let account = Account::open(stage.aws.endpoint()).await;
    let set = async |settings| stage.aws.control("PUT", "settings", settings).await.unwrap();
    let is_ready = async || pipeline::holds(&stage.api().get(NAME).await.unwrap(), "Ready").is_some();

    let operator = stage.start("long", &FLAGS).await;
    stage.create(NAME).await;
    stage.ready(NAME).await;
    let wanted = inventory(&account);
    stage.delete(NAME).await;
    stage.gone(NAME).await;
    stage.aws.reset().await.unwrap();

    // Whole, in the shortest pages; also for a process that remembers nothing.
    set(json!({ "pages.most": 1 })).await;
    stage.create(NAME).await;
    stage.ready(NAME).await;
    assert_eq!(inventory(&account), wanted);
    drop(operator);
    let mutations = stage.mutations().len();
    let operator = stage.start("short", &FLAGS).await;
    let calls = stage.calls().len();
    let seen = async || reads(&stage.calls()[calls..]).is_superset(&PAGED.map(str::to_owned).into());
    stage.until("all is read again", seen).await;
    stage.ready(NAME).await;

    // No page but the first: nothing is taken for missing, nor for being there.
    let calls = stage.calls().len();
    set(json!({ "pages.expired": reads(&stage.calls()) })).await;
    stage.until("it is not said to be ready", async || !is_ready().await).await;
    let refused = async || {
        let all = stage.calls();
        let refused = all[calls..].iter().filter(|call| call.error.is_some());
        refused.map(AwsCall::action).collect::<BTreeSet<_>>() == PAGED.map(str::to_owned).into()
    };
    stage.until("each list is begun", refused).await;

    // They go on by themselves.
    set(json!({ "pages.expired": [] })).await;
    stage.ready(NAME).await;
    assert_eq!(
        stage.mutations().len(),
        mutations,
        "something was changed: {:?}",
        &stage.mutations()[mutations..]
    );
    stage.delete(NAME).await;
    stage.gone(NAME).await;
    assert_eq!(account.leftovers(), [""; 0]);
    drop(operator);
}

/// What was read.
fn reads(calls: &[AwsCall]) -> BTreeSet<String> {
    calls.iter().filter(|call| !call.mutating).map(AwsCall::action).collect()
}
