//! Observe, plan, record, apply, again and again, as the controller does it; and the process may die on the way.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube::api::DynamicObject;
use serde_json::Value;
use video_pipeline_operator::api::{CONSENT, FINALIZER, INTENT};
use video_pipeline_operator::aws::Aws;
use video_pipeline_operator::controller::record::Record;
use video_pipeline_operator::controller::{Environment, Stored};
use video_pipeline_operator::engine::{
    self, Address, AnyKind, Block, Depth, Graph, Named, Object, Outcome, Plan, Scope, Verdict, World,
};

use super::estate::Estate;
use super::lab::Account;

/// All registered kinds, or what stands in for them.
pub type Kinds = &'static [&'static dyn AnyKind<Aws>];

/// How long reads are waited for when a call is in doubt. The stand-in's do not lag.
const READ_LAG: Duration = Duration::from_millis(30);

/// Between passes that had nothing to do but to wait.
const POLL: Duration = Duration::from_millis(10);

/// What exists whenever its parent does, wanted or not: the rules of a group, the rotation of a secret.
pub const INSEPARABLE: [&str; 2] = ["securityGroupRules", "secretRotation"];

/// One environment and the process that looks after it.
pub struct Rig {
    /// How resources are seen and changed.
    pub kinds: Kinds,
    /// Where everything is.
    pub account: Account,
    /// The clients of the present process.
    pub aws: Aws,
    /// Whose environment it is, and all of its names.
    pub scope: Scope,
    /// What was seen last.
    pub world: World,
    /// What the present process remembers.
    environment: Environment,
    /// The resource: it outlives the process.
    resource: DynamicObject,
    /// What the last pass came to, for whoever has to find out why.
    last: String,
}

impl Rig {
    /// A new process for `estate`.
    pub async fn new(kinds: Kinds, account: &Account, estate: &Estate) -> Self {
        let mut resource: DynamicObject = serde_json::from_value(estate.resource.clone()).unwrap();
        resource.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
        Self {
            kinds,
            account: account.clone(),
            aws: account.connect().await,
            scope: estate.scope(),
            world: World::default(),
            environment: Environment::default(),
            resource,
            last: String::new(),
        }
    }

    /// A new process takes over: it remembers nothing but what is on the resource.
    pub async fn restart(&mut self) {
        self.aws = self.account.connect().await;
        self.environment = Environment::default();
    }

    /// Looks at the `kinds` again.
    pub async fn observe(&mut self, kinds: &BTreeSet<String>) {
        let looked_at: Vec<_> =
            self.kinds.iter().copied().filter(|kind| kinds.contains(kind.name())).collect();
        let ids = self.environment.recollection.ids(&Stored::of(&self.resource));
        let remembered =
            |named: &Named| Named { remembered: ids.get(&named.address).cloned(), ..named.clone() };
        let named = self.scope.named.iter().map(remembered).collect();
        let scope = Scope { owner: self.scope.owner.clone(), former: None, named };
        let seen = engine::observe(&looked_at, &self.aws, &[scope], Depth::Audit).await;
        self.world.objects.retain(|address, _| !kinds.contains(&address.kind));
        self.world.unread.retain(|kind, _| !kinds.contains(kind));
        for world in seen {
            self.world.objects.extend(world.objects);
            self.world.unread.extend(world.unread);
        }
        self.environment.recollection.see(&Stored::of(&self.resource), &self.world, Instant::now());
    }

    /// What becomes of everything, given what was seen last.
    pub fn plan(&self, graph: &Graph) -> Result<Plan, String> {
        let resource = Stored::of(&self.resource);
        let memory = self.environment.recollection.memory(&resource, &self.world, READ_LAG, Instant::now());
        engine::plan(self.kinds, graph, &self.world, &memory).map_err(|circle| format!("{circle:?}"))
    }

    /// The object of ours at `address`, or at the version of it.
    pub fn object(&self, address: &Address) -> Option<&Object> {
        self.world.ours().find(|(at, _)| at.is_of(address)).map(|(_, object)| object)
    }

    /// One pass in which the `kinds` are looked at; the others are as they were.
    pub async fn pass(&mut self, graph: &Graph, kinds: &BTreeSet<String>) -> Result<Plan, String> {
        self.observe(kinds).await;
        let plan = self.plan(graph)?;
        self.last = unrest(&plan);
        if self.consent(&plan) || plan.steps.is_empty() {
            self.settle(&plan);
            return Ok(plan);
        }
        let plan = self.record(plan);
        let outcomes = engine::apply(self.kinds, &self.aws, &plan, &engine::plainly).await;
        let undone = outcomes.iter().filter(|(_, outcome)| !matches!(outcome, Outcome::Done(_)));
        self.last.extend(undone.map(|(step, outcome)| format!("\n  {:?} {}: {outcome:?}", step.op, step.at)));
        self.environment.recollection.note(&plan, &outcomes, Instant::now());
        Ok(plan)
    }

    /// Passes until nothing is left to do; how many of them did something. A process that dies is followed by another.
    pub async fn rest(
        &mut self,
        graph: &Graph,
        kinds: &BTreeSet<String>,
        bound: usize,
    ) -> Result<usize, String> {
        let mut busy = 0;
        // Most passes of one that waits only wait.
        for _ in 0..bound + 40 {
            let wire = self.account.wire.clone();
            let plan = tokio::select! {
                () = wire.died() => None,
                plan = self.pass(graph, kinds) => Some(plan?),
            };
            match plan {
                None => self.restart().await,
                Some(plan) if quiet(&plan) => return Ok(busy),
                Some(plan) if plan.steps.is_empty() => tokio::time::sleep(POLL).await,
                Some(_) if busy == bound => break,
                Some(_) => busy += 1,
            }
        }
        Err(format!("not at rest after {busy} passes that did something:{}", self.last))
    }

    /// People allow whatever they are asked to.
    fn consent(&mut self, plan: &Plan) -> bool {
        let asked = plan.items.iter().filter_map(|item| match &item.verdict {
            Verdict::Blocked(
                Block::WouldReplaceData { consent, .. }
                | Block::WouldDeleteData { consent }
                | Block::DataGone { consent },
            ) => Some(consent.clone()),
            _ => None,
        });
        let asked: Vec<String> = asked.collect();
        if !asked.is_empty() {
            self.annotate(CONSENT, asked.join(","));
        }
        !asked.is_empty()
    }

    /// Writes on the resource what cannot be found again otherwise.
    fn record(&mut self, plan: Plan) -> Plan {
        let unrecorded = plan.unrecorded(self.kinds);
        if unrecorded.is_empty() {
            return plan;
        }
        let before = Record::on(&Stored::of(&self.resource)).unwrap_or_default();
        let mut record = self.environment.recollection.settled(&before, &self.world);
        record.intend(&plan, &unrecorded, Timestamp::now());
        self.annotate(INTENT, record.text().unwrap());
        plan.with_tokens(&record.intents.into_iter().map(|intent| (intent.address, intent.token)).collect())
    }

    /// Once everything has come to rest, nothing is intended any more.
    fn settle(&mut self, plan: &Plan) {
        let before = Record::on(&Stored::of(&self.resource));
        if let (true, Some(record)) = (quiet(plan), before) {
            let settled = self.environment.recollection.settled(&record, &self.world);
            self.annotate(INTENT, settled.text().unwrap());
        }
    }

    fn annotate(&mut self, name: &str, value: String) {
        self.resource.metadata.annotations.get_or_insert_default().insert(name.to_owned(), value);
    }
}

/// True iff nothing is left to do. What is there with its parent is not minded where it is not wanted.
fn quiet(plan: &Plan) -> bool {
    plan.items.iter().all(|item| item.verdict == Verdict::Keep || minded_by_parent(item))
}

fn minded_by_parent(item: &engine::Item) -> bool {
    !item.wanted && INSEPARABLE.contains(&item.address.kind.as_str())
}

fn unrest(plan: &Plan) -> String {
    let items = plan.items.iter().filter(|item| item.verdict != Verdict::Keep);
    items.map(|item| format!("\n  {}: {:?}", item.address, item.verdict)).collect()
}

/// The kinds of a graph's resources.
pub fn kinds_of(graph: &Graph) -> BTreeSet<String> {
    graph.nodes().iter().map(|node| node.address.kind.clone()).collect()
}

/// Only this kind.
pub fn only(kind: &str) -> BTreeSet<String> {
    BTreeSet::from([kind.to_owned()])
}

/// The ids of everything of ours, by address.
pub fn ids(world: &World) -> Vec<(Address, String)> {
    world.ours().map(|(address, object)| (address.clone(), object.id.clone())).collect()
}

/// What everything of ours is like, by address.
pub fn specs(world: &World) -> Vec<(&Address, Option<&Value>)> {
    world.ours().map(|(address, object)| (address, object.spec.as_ref())).collect()
}
