//! Many environments are looked at together: a sweep costs pages of AWS's lists, not environments.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use sandbox::AwsCall;

use super::stage::Stage;

/// What the creation of one environment may cost.
const READS: usize = 60;
const MUTATIONS: usize = 55;

const SWEEP: &str = "--sweep-period=3s";
const MANY: usize = 10;

/// The goal at a thousand environments is 1.5 calls for each; what remains of the pages comes on top.
const EACH: f64 = 1.5;

/// What AWS lists for many environments in one call.
const LISTS: [&str; 12] = [
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "iam:GetAccountAuthorizationDetails",
    "kinesis:ListStreams",
    "logs:DescribeLogGroups",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "sqs:ListQueues",
    "tag:GetResources",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_of_many_environments_costs_hardly_more_than_one_of_one() {
    let stage = Stage::set("batching").await;
    // A call that a busy machine loses leaves its resource in doubt for as long as reads may lag.
    let operator = stage.start("operator", &[SWEEP, "--audit-period=1h", "--read-lag=3s"]).await;
    stage.create("env-0").await;
    stage.ready("env-0").await;
    let of_one = sweep(&stage).await;

    let others: Vec<String> = (1..MANY).map(|number| format!("env-{number}")).collect();
    join_all(others.iter().map(|name| stage.create(name))).await;
    join_all(others.iter().map(|name| stage.ready(name))).await;
    let of_many = sweep(&stage).await;

    for list in LISTS {
        let (one, many) = (of_one.get(list), of_many.get(list));
        assert!(one.is_some() && many.is_some(), "{list} is not called: {of_one:#?}\n{of_many:#?}");
        let most = one.map(|one| one + more_pages(list));
        assert!(many.copied() <= most, "{list}: {one:?} for one, {many:?} for {MANY}");
    }
    let more = f64::from(sum(&of_many)) - f64::from(sum(&of_one));
    let each = more / f64::from(u32::try_from(MANY - 1).unwrap());
    assert!(each <= EACH, "{each} more calls for each more environment: {of_one:#?}\n{of_many:#?}");
    drop(operator);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_environment_is_made_with_few_calls() {
    let stage = Stage::set("costs").await;
    let operator = stage.start("operator", &["--sweep-period=1h", "--audit-period=1h"]).await;
    stage.create("dev").await;
    stage.ready("dev").await;
    pause(&stage).await;

    let (mutations, reads): (Vec<_>, Vec<_>) = stage.calls().into_iter().partition(|call| call.mutating);
    let refused: Vec<_> = reads.iter().chain(&mutations).filter(|call| call.error.is_some()).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(mutations.len() <= MUTATIONS, "{} mutations: {:#?}", mutations.len(), counted(&mutations));
    assert!(reads.len() <= READS, "{} reads: {:#?}", reads.len(), counted(&reads));
    drop(operator);
}

/// The tagging API gives a hundred resources a page, and some twenty of each environment.
fn more_pages(list: &str) -> u32 {
    if list == "tag:GetResources" { u32::try_from(MANY * 20 / 100).unwrap() } else { 0 }
}

/// The calls of one sweep, by action: of three whole ones that change nothing the cheapest. On a busy machine those who are
/// late for a sweep look for themselves.
async fn sweep(stage: &Stage) -> BTreeMap<String, u32> {
    let mut whole: Vec<BTreeMap<String, u32>> = Vec::new();
    for _ in 0..30 {
        let calls = next_sweep(stage).await;
        let by_action = counted(&calls);
        let is_whole = LISTS.iter().all(|list| by_action.contains_key(*list));
        if is_whole && !calls.iter().any(|call| call.mutating) {
            whole.push(by_action);
        }
        if whole.len() == 3 {
            return whole.into_iter().min_by_key(sum).unwrap();
        }
    }
    panic!("it never comes to rest");
}

/// The calls between two pauses.
async fn next_sweep(stage: &Stage) -> Vec<AwsCall> {
    pause(stage).await;
    let before = stage.calls().len();
    stage.until("a sweep begins", async || stage.calls().len() > before).await;
    pause(stage).await;
    stage.calls().split_off(before)
}

/// Returns when nothing has been called for a while, which is shorter than between two sweeps.
async fn pause(stage: &Stage) {
    let mut before = None;
    while before != Some(stage.calls().len()) {
        before = Some(stage.calls().len());
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
}

fn counted(calls: &[AwsCall]) -> BTreeMap<String, u32> {
    let mut counted = BTreeMap::new();
    for call in calls {
        *counted.entry(call.action()).or_default() += 1;
    }
    counted
}

fn sum(counted: &BTreeMap<String, u32>) -> u32 {
    counted.values().sum()
}
