//! Observing twenty environments costs no more list calls than observing one, but for further pages, and for what AWS tells
//! only of one thing at a time.

use std::collections::BTreeMap;

use futures::future::join_all;
use video_pipeline_operator::aws::one_look;
use video_pipeline_operator::engine::{self, Depth, Scope};

use super::super::broken::How;
use super::super::ground::{Ground, Site, Verdict};
use super::super::lab::Account;
use super::{caught, kept};

const ENVIRONMENTS: usize = 20;

/// Lists whose answer, for so many environments, has more than one page: how many objects or names of one question go on
/// a page, and how many of them an environment has. All others fit on one.
///
/// | list | page |
/// |---|---|
/// | `DescribeAlarms`, by name | 100 <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html> |
/// | `DescribeScalingPolicies` | 10 with alarms <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingPolicies.html> |
/// | `DescribeTags`, by name | 200 names <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html> |
/// | `DescribeLogGroups` | 50 <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html> |
/// | `GetResources`, twenty owners a question | 100 <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html> |
const PAGES: [(&str, usize, usize); 5] = [
    ("cloudwatch:DescribeAlarms", 100, 6),
    ("application-autoscaling:DescribeScalingPolicies", 10, 1),
    // Once a look for all kinds: a VPC, six subnets in up to three zones, a gateway, two route tables, two security groups.
    ("ec2:DescribeTags", 200, 12),
    ("logs:DescribeLogGroups", 50, 3),
    // Six alarms, three log groups, two queues, a stream, the two groups of the database, a cluster, a service and what
    // it runs.
    ("tag:GetResources", 100, 17),
];

/// What AWS tells only of one thing at a time: a cluster's services, an attribute of a VPC, a queue, …
const ONE_BY_ONE: [&str; 7] = [
    "ec2:DescribeVpcAttribute",
    "ecs:DescribeServices",
    // Once for each revision, which never changes.
    "ecs:DescribeTaskDefinition",
    "kinesis:DescribeStreamSummary",
    "rds:DescribeDBClusterParameters",
    // The list of secrets lags behind by minutes.
    "secretsmanager:DescribeSecret",
    "sqs:GetQueueAttributes",
];

/// How often each operation is called when these are looked at, by a process that knows nothing. Within one look, as the
/// controller looks: elsewhere kinds share a list only while it is on its way, which depends on how busy the machine is.
async fn cost(site: &Site, scopes: &[Scope], depth: Depth) -> BTreeMap<String, usize> {
    let aws = site.rig.account.connect().await;
    let before = site.rig.account.calls().await.len();
    let worlds = one_look(engine::observe(site.rig.kinds, &aws, scopes, depth)).await;
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
    for depth in [Depth::Status, Depth::Audit] {
        let one = cost(&sites[0], &scopes[..1], depth).await;
        let all = cost(&sites[0], &scopes, depth).await;
        for (operation, calls) in &all {
            let alone = one.get(operation).copied().unwrap_or_default();
            let allowed = allowed(operation, alone);
            if *calls > allowed {
                let environments = format!("{calls} calls for {ENVIRONMENTS} environments, {alone} for one");
                return Err(format!("{depth:?}, {operation}: {environments}, {allowed} allowed"));
            }
        }
    }
    Ok(())
}

/// How many calls of an operation twenty environments may cost, of which one costs so many.
fn allowed(operation: &str, alone: usize) -> usize {
    if ONE_BY_ONE.contains(&operation) {
        return alone * ENVIRONMENTS;
    }
    let questions = PAGES.iter().filter(|(of, ..)| *of == operation);
    let pages = questions.map(|(_, page, each)| (ENVIRONMENTS * each).div_ceil(*page)).sum();
    alone.max(pages)
}

#[tokio::test]
async fn twenty_environments_cost_no_more_lists_than_one() {
    kept(law(Ground::registered()).await);
}

#[tokio::test]
async fn a_kind_that_reads_one_by_one_is_caught() {
    caught(law(Ground::broken(How::ReadsOneByOne)).await, "logs:DescribeLogGroups");
}
