//! A whole life under the policy that `iam-policy` prints: nothing is denied, and nothing is granted that is not used.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use video_pipeline_operator::engine::{self, Depth, Graph, Verdict};
use video_pipeline_operator::kinds::{KINDS, facts};

use super::edits;
use super::estate::{first, with_spec};
use super::ground::{Ground, PASSES, Site};
use super::lab::{Account, REGION};
use super::meddling;
use super::rig::kinds_of;
use super::strangers;
use crate::iam;
use crate::matrix;
use crate::support::control_plane::empty_folder;

/// A statement's name and an action that it allows.
type Permission = (String, String);

/// In so many passes what AWS decides is noticed.
const BOUND: usize = 60;

/// What AWS asks for on behalf of a call, so that no request shows it: service-linked roles at first use, the alarms of target
/// tracking, last snapshots and their tags, the secret of a database, and keys. The kinds name the page of AWS for each.
const IMPLIED: [(&str, &str); 12] = [
    ("ChangeByAWSServiceName", "iam:CreateServiceLinkedRole"),
    ("ChangeByName", "cloudwatch:DeleteAlarms"),
    ("ChangeByName", "cloudwatch:PutMetricAlarm"),
    ("ChangeByName", "rds:AddTagsToResource"),
    ("ChangeByName", "rds:CreateDBClusterSnapshot"),
    ("ChangeByName", "secretsmanager:CreateSecret"),
    ("ChangeByName", "secretsmanager:TagResource"),
    ("ChangeByViaService", "kms:Decrypt"),
    ("ChangeByViaService", "kms:GenerateDataKey"),
    ("ChangeByViaServiceByGrantIsForAWSResource", "kms:CreateGrant"),
    ("ChangeOurs", "rds:CreateDBClusterSnapshot"),
    ("LookByName", "kms:DescribeKey"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_life_is_allowed_and_uses_all_that_is_granted() {
    let account = Account::open().await;
    let mut site = Ground::registered().site(&account, "media", "dev").await;
    let policy = iam::printed(&["--account", &account.number, "--region", REGION]);
    let mut life = Life { policy: &policy, account, used: BTreeSet::new() };

    life.comes(&mut site).await;
    life.is_looked_at(&mut site).await;
    for edit in edits::of_users().into_iter().chain(edits::for_good()) {
        let graph = site.estate.patched(&edit).graph();
        life.lives(&mut site, Some(graph)).await;
    }
    // What cannot be taken back stays.
    site.estate = site.estate.patched(&edits::for_good()[1]);
    site.graph = site.estate.graph();
    life.fails(&mut site).await;
    life.drifts(&mut site).await;
    life.goes(&mut site).await;

    written("used", &life.used);
    written("granted", &granted(&policy));
    assert_eq!(unused(&policy, &life.used), BTreeSet::new(), "granted and not used");
    let mut wider = policy.clone();
    wider["Statement"].as_array_mut().unwrap().push(json!({ "Sid": "Wider", "Action": "sqs:PurgeQueue" }));
    let too_much = Permission::from(("Wider".to_owned(), "sqs:PurgeQueue".to_owned()));
    assert_eq!(unused(&wider, &life.used), BTreeSet::from([too_much]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_policy_lacks_is_denied_and_told() {
    let account = Account::open().await;
    let mut site = Ground::registered().site(&account, "media", "dev").await;
    let mut policy = iam::printed(&["--account", &account.number, "--region", REGION]);
    let makes_roles = |statement: &Value| iam::texts(&statement["Action"]).contains(&"iam:CreateRole");
    policy["Statement"].as_array_mut().unwrap().retain(|statement| !makes_roles(statement));
    account.bind(&policy).await;
    let claim = first(&site.graph, 1);
    site.rig.rest(&claim, &kinds_of(&claim), 1).await.unwrap_err();
    let denied = account.free().await["denied"].clone();
    assert_eq!(denied[0][0], "iam:CreateRole", "{denied:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_boundary_is_named_roles_come_within_it_and_no_others() {
    let account = Account::open().await;
    let mut site = Ground::registered().site(&account, "media", "dev").await;
    let boundary = meddling::policy(&site, "boundary").await;
    let flags = ["--account", &account.number, "--region", REGION, "--permissions-boundary", &boundary];
    let policy = iam::printed(&flags);
    let mut life = Life { policy: &policy, account: account.clone(), used: BTreeSet::new() };
    let open = roles_of(&site.graph);
    site.graph = open.clone();
    for node in open.nodes() {
        let mut within = node.clone();
        within.spec["boundary"] = boundary.as_str().into();
        site.graph = with_spec(&site.graph, &within);
    }

    life.account.bind(&policy).await;
    site.rig.rest(&open, &kinds_of(&open), 1).await.unwrap_err();
    assert_eq!(
        life.account.free().await["denied"][0][0],
        "iam:CreateRole",
        "one without the boundary is made"
    );
    life.lives(&mut site, None).await;
    meddling::unbind_roles(&site).await;
    life.lives(&mut site, None).await;
    for action in ["iam:CreateRole", "iam:PutRolePermissionsBoundary"] {
        assert!(life.used.iter().any(|(_, used)| used == action), "{action} is not in {:?}", life.used);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_prefix_is_named_only_environments_whose_suffix_begins_so_are_allowed() {
    let account = Account::open().await;
    let mut site = Ground::registered().site(&account, "media", "team-a-1").await;
    let of = |prefix| iam::printed(&["--account", &account.number, "--region", REGION, "--prefix", prefix]);
    let policy = of("team-a-");
    let mut life = Life { policy: &policy, account: account.clone(), used: BTreeSet::new() };
    life.comes(&mut site).await;
    life.is_looked_at(&mut site).await;
    life.drifts(&mut site).await;

    let before = strangers::everything(&account).await;
    assert_eq!(removed_under(&of("team-b-"), &site).await, BTreeSet::new());
    let after = strangers::everything(&account).await;
    assert_eq!(after.difference(&before), None, "something was changed");
    assert!(
        removed_under(&of("team-a-1"), &site).await.len() > 10,
        "the whole suffix is a beginning of it, too"
    );
}

/// Kinds whose removal AWS bounds by no name and no tag.
const UNBOUND: [&str; 3] = ["scalableTarget", "scalingPolicy", "taskDefinition"];

/// The actions by which something of all that a site has can be removed under a policy, but for what AWS bounds by nothing.
async fn removed_under(policy: &Value, site: &Site) -> BTreeSet<String> {
    let account = &site.rig.account;
    account.bind(policy).await;
    let bound = site.rig.world.ours().filter(|(address, _)| !UNBOUND.contains(&address.kind.as_str()));
    for (address, object) in bound {
        let kind = KINDS.iter().find(|kind| kind.name() == address.kind).unwrap();
        // Refused for want of rights, or because something still uses it.
        let _ = kind.delete(&site.rig.aws, object.outputs.clone()).await;
    }
    let used: BTreeSet<Permission> = serde_json::from_value(account.free().await["used"].clone()).unwrap();
    let bound = |sid: &str| !sid.starts_with("Look") && sid != "ChangeWhatAwsBoundsByNothing";
    used.into_iter().filter(|(sid, _)| bound(sid)).map(|(_, action)| action).collect()
}

/// The roles alone.
fn roles_of(graph: &Graph) -> Graph {
    let mut roles = Graph::new(graph.identity.clone(), graph.root.clone());
    graph
        .nodes()
        .iter()
        .filter(|node| node.address.kind == "role")
        .cloned()
        .for_each(|node| roles.push(node));
    roles
}

/// A life under a policy.
struct Life<'p> {
    policy: &'p Value,
    account: Account,
    used: BTreeSet<Permission>,
}

impl Life<'_> {
    /// Does something under the policy, which allows all of it.
    async fn under<T>(&mut self, deed: impl AsyncFnOnce() -> T) -> T {
        self.account.bind(self.policy).await;
        let done = deed().await;
        let told = self.account.free().await;
        let denied = told["denied"].as_array().unwrap();
        assert!(denied.is_empty(), "denied: {denied:#?}");
        let pairs: Vec<Permission> = serde_json::from_value(told["used"].clone()).unwrap();
        self.used.extend(pairs);
        done
    }

    /// Comes to rest with another graph, or that of the site, under the policy.
    async fn lives(&mut self, site: &mut Site, graph: Option<Graph>) {
        let graph = graph.unwrap_or_else(|| site.graph.clone());
        let mut kinds = kinds_of(&graph);
        kinds.extend(kinds_of(&site.graph));
        self.under(async || site.rig.rest(&graph, &kinds, PASSES).await).await.unwrap();
    }

    /// Everything is made, and of each name AWS says that it is taken: it is, by what was just made.
    async fn comes(&mut self, site: &mut Site) {
        site.rig.account.wire.beset(matrix::taken_by_us());
        self.lives(site, None).await;
        site.rig.account.wire.beset([]);
    }

    /// It is looked at: by a sweep, by the next process, by validation, and by somebody who would have the same names.
    async fn is_looked_at(&mut self, site: &mut Site) {
        let scopes = [site.rig.scope.clone()];
        let look = async || engine::observe(KINDS, &site.rig.aws, &scopes, Depth::Status).await;
        self.under(look).await;
        site.rig.restart().await;
        self.lives(site, None).await;
        let aws = &site.rig.aws;
        let facts = async || futures::try_join!(facts::zones(aws), facts::engine(aws, "16.8")).map(drop);
        self.under(facts).await.unwrap();
        let mut other = Ground::registered().site(&self.account, "film", site.estate.suffix()).await;
        self.under(async || other.rig.observe(&kinds_of(&site.graph)).await).await;
    }

    /// A deployment fails, and AWS rolls it back.
    async fn fails(&mut self, site: &mut Site) {
        self.lives(site, None).await;
        let image = json!({ "processing": { "image": "registry.example/fails:1" } });
        let graph = site.estate.patched(&image).graph();
        let kinds = kinds_of(&graph);
        let is_noticed = async || {
            for _ in 0..BOUND {
                let plan = site.rig.pass(&graph, &kinds).await.unwrap();
                if plan.items.iter().any(|item| matches!(item.verdict, Verdict::Blocked(_))) {
                    return true;
                }
            }
            false
        };
        assert!(self.under(is_noticed).await, "that the deployment failed is never noticed");
        self.lives(site, None).await;
    }

    /// Everything that nobody but the design decides is changed behind the operator's back, which then mends it.
    async fn drifts(&mut self, site: &mut Site) {
        let mut drifted = site.graph.clone();
        for node in site.graph.nodes() {
            let kind = KINDS.iter().find(|kind| kind.name() == node.address.kind).unwrap();
            let mut edited = node.clone();
            for field in edits::mutable(*kind, node) {
                let value = meddling::by_hand(&site.rig.aws, &site.graph, node, &field).await;
                if let Some(value) = value {
                    edited.spec[field.as_str()] = value;
                }
            }
            drifted = with_spec(&drifted, &edited);
        }
        for drifted in [drifted, meddling::surplus(&site.graph)] {
            site.rig.rest(&drifted, &kinds_of(&drifted), PASSES).await.unwrap();
            self.lives(site, None).await;
        }
        meddling::divert(site).await;
        self.lives(site, None).await;
    }

    /// It is deleted, though things of others hold some of it, and leaves a last snapshot.
    async fn goes(&mut self, site: &mut Site) {
        let last = json!({ "database": { "finalSnapshot": true } });
        let graph = site.estate.patched(&last).graph();
        self.lives(site, Some(graph)).await;
        meddling::hold_role(site).await;
        let interface = meddling::hold_subnet(site).await;
        let nothing = Graph::new(site.graph.identity.clone(), None);
        let kinds = kinds_of(&site.graph);
        let held = self.under(async || site.rig.rest(&nothing, &kinds, PASSES).await).await.unwrap_err();
        assert!(held.contains(&interface), "{held}");
        meddling::let_go(site, interface).await;
        self.lives(site, Some(nothing)).await;
    }
}

/// What a policy grants, nothing shows the use of, and no call implies.
fn unused(policy: &Value, used: &BTreeSet<Permission>) -> BTreeSet<Permission> {
    let is_implied = |(sid, action): &Permission| IMPLIED.contains(&(sid.as_str(), action.as_str()));
    let granted = granted(policy).into_iter();
    granted.filter(|permission| !used.contains(permission) && !is_implied(permission)).collect()
}

#[test]
fn what_is_implied_is_declared_so() {
    let all = KINDS.iter().flat_map(|kind| kind.actions()).chain(facts::ACTIONS);
    let declared: BTreeSet<_> =
        all.filter(|action| action.implied_by.is_some()).map(|action| action.name).collect();
    let granted = granted(&iam::printed(&[]));
    for (sid, action) in IMPLIED {
        assert!(declared.contains(action), "{action} is no implied one");
        assert!(granted.contains(&(sid.to_owned(), action.to_owned())), "{sid} does not grant {action}");
    }
}

/// Leaves a list for whoever wants to read it.
fn written(name: &str, permissions: &BTreeSet<Permission>) {
    let folder = empty_folder(&format!("permissions/{name}"));
    let lines: String = permissions.iter().map(|(sid, action)| format!("{sid} {action}\n")).collect();
    std::fs::write(folder.join("list.txt"), lines).unwrap();
}

fn granted(policy: &Value) -> BTreeSet<Permission> {
    let of = |statement: &Value| -> Vec<Permission> {
        let sid = statement["Sid"].as_str().unwrap();
        iam::texts(&statement["Action"])
            .into_iter()
            .map(|action| (sid.to_owned(), action.to_owned()))
            .collect()
    };
    iam::statements(policy).into_iter().flat_map(of).collect()
}
