//! Observing twenty environments costs no more list calls than observing one, but for further pages, and for what AWS tells
//! only of one thing at a time.

use std::collections::BTreeMap;

use futures::future::join_all;
use video_pipeline_operator::engine::{self, Depth, Scope};

use super::super::broken::How;
use super::super::ground::{Ground, Site, Verdict};
use super::super::lab::Account;
use super::{caught, kept};

const ENVIRONMENTS: usize = 20;

/// How many objects a page of a list has at most, or how many names a call takes, and how many of them an environment of
/// these tests has. Lists that are not here fit on one page.
/// <https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html>, and each operation's own page
const PAGES: [(&str, usize, usize); 4] = [
    // Alarms, log groups, queues and the stream; twenty owners a call.
    ("tag:GetResources", 100, 6 + 3 + 2 + 1),
    ("cloudwatch:DescribeAlarms", 100, 6),
    ("application-autoscaling:DescribeScalingPolicies", 10, 1),
    // One page for each of three prefixes.
    ("logs:DescribeLogGroups", 50, 1),
];

/// What AWS tells only of one thing at a time.
const ONE_BY_ONE: [&str; 0] = [];

/// How often each operation is called when these are looked at, by a process that knows nothing.
async fn cost(site: &Site, scopes: &[Scope], depth: Depth) -> BTreeMap<String, usize> {
    let aws = site.rig.account.connect().await;
    let before = site.rig.account.calls().await.len();
    let worlds = engine::observe(site.rig.kinds, &aws, scopes, depth).await;
    assert!(worlds.iter().all(|world| world.unread.is_empty()), "{:?}", worlds[0].unread);
    let mut calls = BTreeMap::new();
    for call in &site.rig.account.calls().await[before..] {
        *calls.entry(call.action()).or_default() += 1;
    }
    calls
}

async fn law(ground: Ground) -> Verdict {
    let account = Account::open().await;
    let suffixes: Vec<String> = (1..=ENVIRONMENTS).map(|number| format!("n{number}")).collect();
    let mut sites: Vec<Site> =
        join_all(suffixes.iter().map(|suffix| ground.site(&account, "media", suffix))).await;
    for verdict in join_all(sites.iter_mut().map(Site::build)).await {
        verdict?;
    }
    let scopes: Vec<Scope> = sites.iter().map(|site| site.rig.scope.clone()).collect();
    let one = cost(&sites[0], &scopes[..1], Depth::Status).await;
    let all = cost(&sites[0], &scopes, Depth::Status).await;
    eprintln!("one {one:#?}\nall {all:#?}");
    let audit1 = cost(&sites[0], &scopes[..1], Depth::Audit).await;
    let audit = cost(&sites[0], &scopes, Depth::Audit).await;
    eprintln!("audit one {audit1:#?}\nall {audit:#?}");
    for (operation, calls) in &all {
        let alone = one.get(operation).copied().unwrap_or_default();
        let allowed = match ONE_BY_ONE.contains(&operation.as_str()) {
            true => alone * ENVIRONMENTS,
            false => alone.max(pages(operation)),
        };
        if *calls > allowed {
            return Err(format!(
                "{operation}: {calls} calls for {ENVIRONMENTS} environments, {alone} for one, {allowed} allowed"
            ));
        }
    }
    Ok(())
}

fn pages(operation: &str) -> usize {
    let page = PAGES.iter().find(|(of, ..)| *of == operation);
    page.map_or(1, |(_, size, each)| (ENVIRONMENTS * each).div_ceil(*size))
}

#[tokio::test]
async fn twenty_environments_cost_no_more_lists_than_one() {
    kept(law(Ground::registered()).await);
}

#[tokio::test]
async fn a_kind_that_reads_one_by_one_is_caught() {
    caught(law(Ground::broken(How::ReadsOneByOne)).await, "logs:DescribeLogGroups");
}
