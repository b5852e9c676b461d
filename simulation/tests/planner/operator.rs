//! A small operator: it looks, plans, writes down what it intends, and applies. What it remembers, and for how long, is what
//! `controller::recollection` remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use simulation::engine::{
    Address, Changes, Data, Deferral, Depth, Failure, Graph, Meaning, Memory, Named, Object, Observed, Op,
    Outcome, Outcomes, Pause, Phase, Plan, Recall, Recent, Scope, Step, StepId, World, apply, observe,
};

use super::case::{Case, Fault, OWNER, Stop, Want, name};
use super::cloud::{Cloud, failure};
use super::kinds::{Kinds, LAG};
use super::life::{Moment, Planner};

/// For how long the operator waits out reads that may lag, before it makes anew what only tags tell.
const READ_LAG: u64 = LAG + 1;

/// For how long what failed is not tried again.
const PAUSE: u64 = 3;

pub struct Operator<'a> {
    pub case: &'a Case,
    pub cloud: &'a Cloud,
    pub consents: BTreeSet<String>,
    kinds: &'a Kinds,
    planner: Planner,
    /// What is written down before calls.
    record: Record,
    process: Process,
    passes: usize,
    calls: AtomicUsize,
}

/// What outlives the operator.
#[derive(Default)]
struct Record {
    intents: BTreeMap<Address, Intent>,
    was_ready: BTreeMap<Address, String>,
    tokens: usize,
}

struct Intent {
    token: String,
    /// The id of the one that it replaces.
    instead_of: Option<String>,
}

/// What only the running process knows.
#[derive(Default)]
struct Process {
    recent: BTreeMap<Address, (u64, Option<Changes>)>,
    creates: BTreeMap<Address, Create>,
    /// When it met each token.
    met: BTreeMap<String, u64>,
    /// What failed, and when it is tried again.
    failed: BTreeMap<StepId, (Failure, u64)>,
}

/// What became of a create.
#[derive(Clone, Copy, PartialEq)]
enum Create {
    /// It certainly made nothing.
    Nothing,
    /// It may have made something: nobody heard.
    InDoubt(u64),
    Made(u64),
    Seen,
}

impl<'a> Operator<'a> {
    pub fn new(case: &'a Case, kinds: &'a Kinds, planner: Planner, cloud: &'a Cloud) -> Self {
        Self {
            case,
            cloud,
            consents: BTreeSet::new(),
            kinds,
            planner,
            record: Record::default(),
            process: Process::default(),
            passes: 0,
            calls: AtomicUsize::new(0),
        }
    }

    /// One pass; none where no order could be found.
    pub fn pass(&mut self, want: Want, graph: &Arc<Graph>) -> Option<Moment> {
        let stop = self.case.stops.get(&self.passes).copied();
        self.passes += 1;
        let world = self.look();
        let memory = self.memory(&world, want == Want::Nothing);
        let mut plan = (self.planner)(self.kinds, graph, &world, &memory).ok()?;
        if !matches!(stop, Some(Stop::Conflict | Stop::DeathBefore)) {
            plan = self.write_down(plan, &world);
        }
        let outcomes = if stop.is_none() { self.apply(&plan) } else { None };
        match &outcomes {
            Some(outcomes) => self.note(&plan, outcomes),
            None if stop == Some(Stop::Conflict) => {}
            // It died: another process takes over, which knows only what was written down.
            None => self.process = Process::default(),
        }
        let graph = Arc::clone(graph);
        Some(Moment { want, graph, world, memory, plan, outcomes, is_new: true })
    }

    fn apply(&self, plan: &Plan) -> Option<Outcomes> {
        let around = with_faults(self.cloud, &self.calls, &self.case.faults);
        apply(self.kinds, self.cloud, plan, &around).now_or_never()
    }

    fn look(&mut self) -> World {
        let named = |address: Address| Named { name: name(&address), address, remembered: None };
        let scope = Scope {
            owner: OWNER.into(),
            former: None,
            named: self.case.addresses().into_iter().map(named).collect(),
        };
        let worlds = observe(self.kinds, self.cloud, &[scope], Depth::Audit).now_or_never();
        let world = worlds.expect("toys answer at once").remove(0);
        for intent in self.record.intents.values() {
            self.process.met.entry(intent.token.clone()).or_insert(self.cloud.now());
        }
        for (address, _) in world.ours().filter(|(address, object)| !self.record.replaces(address, object)) {
            self.process.creates.insert(address.base(), Create::Seen);
        }
        world
    }

    fn memory(&self, world: &World, deleting: bool) -> Memory {
        let now = self.cloud.now();
        let recents = self.process.recent.iter();
        let pauses = self.process.failed.iter();
        Memory {
            in_doubt: self.in_doubt(world, now),
            tokens: self.tokens(now),
            recent: recents.map(|(address, write)| (address.clone(), recent(now, write))).collect(),
            ids: BTreeMap::new(),
            was_ready: self.record.was_ready.clone(),
            stirred: BTreeSet::new(),
            consents: self.consents.clone(),
            pauses: pauses.filter_map(|(id, failed)| Some((id.clone(), pause(now, failed)?))).collect(),
            deleting,
            protected: false,
        }
    }

    /// What is not to be seen, a call may have made a short time ago, and no token asks for.
    fn in_doubt(&self, world: &World, now: u64) -> BTreeMap<Address, String> {
        let tokens = self.tokens(now);
        let absent = |address: &&Address| match world.objects.get(*address) {
            Some(Observed::Absent) => true,
            Some(Observed::Ours(object)) => self.record.replaces(address, object),
            _ => false,
        };
        let asks = |address: &Address| match recall_of(self.kinds, address) {
            Recall::Name => true,
            Recall::Token => tokens.contains_key(address),
            Recall::Tags => false,
        };
        let doubted = |address: &&Address| {
            let ago = match self.process.creates.get(*address) {
                Some(Create::Nothing | Create::Seen) => return false,
                Some(Create::InDoubt(at) | Create::Made(at)) => now - at,
                None => now - self.process.met[&self.record.intents[*address].token],
            };
            !asks(address) && ago < READ_LAG
        };
        let doubts = self.record.intents.keys().filter(absent).filter(doubted);
        doubts.map(|address| (address.clone(), "looked up by its tags".to_owned())).collect()
    }

    /// Tokens that are still to serve.
    fn tokens(&self, now: u64) -> BTreeMap<Address, String> {
        let serves = |(address, intent): &(&Address, &Intent)| {
            let seen = self.process.creates.get(*address) == Some(&Create::Seen);
            !seen && now - self.process.met[&intent.token] < self.service(address)
        };
        let intents = self.record.intents.iter().filter(serves);
        intents.map(|(address, intent)| (address.clone(), intent.token.clone())).collect()
    }

    /// For how long calls are made by one intent.
    fn service(&self, address: &Address) -> u64 {
        if recall_of(self.kinds, address) == Recall::Tags { READ_LAG / 4 } else { READ_LAG }
    }

    /// Writes down what the plan makes, before it is made, and forgets what has come to be.
    fn write_down(&mut self, plan: Plan, world: &World) -> Plan {
        for (address, object) in world.ours() {
            if object.phase == Phase::Ready && data_of(self.kinds, address) == Data::Kept {
                self.record.was_ready.insert(address.clone(), object.id.clone());
            }
        }
        let goes = |address: &Address| {
            plan.steps.iter().any(|step| step.id.op == Op::Delete && step.id.at == *address)
        };
        self.record.was_ready.retain(|address, _| !goes(address));
        let creates = &self.process.creates;
        self.record.intents.retain(|address, _| creates.get(address) != Some(&Create::Seen));
        for address in plan.unrecorded(self.kinds) {
            self.record.tokens += 1;
            let token = format!("token-{}", self.record.tokens);
            let instead_of = plan.item(&address).and_then(|item| item.id.clone());
            self.record.intents.insert(address, Intent { token, instead_of });
        }
        let intents = self.record.intents.iter();
        plan.with_tokens(&intents.map(|(address, intent)| (address.clone(), intent.token.clone())).collect())
    }

    fn note(&mut self, plan: &Plan, outcomes: &Outcomes) {
        let now = self.cloud.now();
        for step in &plan.steps {
            let outcome = outcomes.get(&step.id);
            if let Some(Outcome::Failed(failure)) = outcome {
                self.process.failed.insert(step.id.clone(), (failure.clone(), now + PAUSE));
            }
            let tried = !matches!(outcome, Some(Outcome::Deferred(Deferral::Paused(_))));
            if step.id.op == Op::Create && tried {
                let create = self.process.creates.entry(step.id.at.clone()).or_insert(Create::Nothing);
                *create = created(outcome, now).unwrap_or(match *create {
                    Create::Seen => Create::Nothing,
                    earlier => earlier,
                });
            }
            self.process.note(step, outcome, now);
        }
    }
}

impl Record {
    /// Whether that is the one instead of which another was to be made.
    fn replaces(&self, address: &Address, object: &Object) -> bool {
        let intent = self.intents.get(address);
        intent.and_then(|intent| intent.instead_of.as_ref()) == Some(&object.id)
    }
}

impl Process {
    fn note(&mut self, step: &Step, outcome: Option<&Outcome>, now: u64) {
        let at = step.key.address.clone();
        match (step.id.op, outcome) {
            (Op::Create, Some(Outcome::Done(_))) => drop(self.recent.insert(at, (now, None))),
            (Op::Update, Some(Outcome::Done(_))) => {
                let mut changes = step.changes.clone();
                let earlier = self.recent.remove(&at).and_then(|(_, changes)| changes).unwrap_or_default();
                changes.0.extend(earlier.0.into_iter().filter(|change| !step.changes.has(&change.field)));
                self.recent.insert(at, (now, Some(changes)));
            }
            (Op::Delete, Some(Outcome::Done(_) | Outcome::Deferred(Deferral::Leaving))) => {
                self.recent.remove(&at);
            }
            _ => {}
        }
    }
}

/// What is known of a create that was tried just now; nothing where it was refused.
fn created(outcome: Option<&Outcome>, now: u64) -> Option<Create> {
    match outcome {
        Some(Outcome::Done(_)) => Some(Create::Made(now)),
        Some(Outcome::Failed(failure)) if failure.leaves_doubt() => Some(Create::InDoubt(now)),
        _ => None,
    }
}

fn pause(now: u64, (failure, until): &(Failure, u64)) -> Option<Pause> {
    let left = Duration::from_secs(until.checked_sub(now).filter(|left| *left > 0)?);
    Some(Pause { failure: failure.clone(), left })
}

fn recent(now: u64, (at, changes): &(u64, Option<Changes>)) -> Recent {
    let ago = Duration::from_secs(now - at);
    match changes {
        None => Recent::Created { ago, repeats: 0 },
        Some(changes) => Recent::Updated { ago, changes: changes.clone(), repeats: 0 },
    }
}

fn lost() -> Outcome {
    Outcome::Failed(failure("toy:Call", "Timeout", Meaning::Transient))
}

/// Calls are counted; those with a fault go wrong.
fn with_faults<'c>(
    cloud: &'c Cloud,
    calls: &'c AtomicUsize,
    faults: &'c BTreeMap<usize, Fault>,
) -> impl for<'s> Fn(&'s Step, BoxFuture<'s, Outcome>) -> BoxFuture<'s, Outcome> + Sync {
    move |_, call| {
        let fault = faults.get(&calls.fetch_add(1, Ordering::Relaxed)).copied();
        let twice = Arc::clone(&cloud.twice);
        Box::pin(async move {
            match fault {
                None => call.await,
                Some(Fault::Twice) => {
                    twice.store(true, Ordering::Relaxed);
                    call.await
                }
                Some(Fault::Refused) => Outcome::Failed(failure("toy:Call", "Denied", Meaning::Denied)),
                Some(Fault::Lost) => lost(),
                Some(Fault::ReplyLost) => {
                    call.await;
                    lost()
                }
                Some(Fault::DeathBefore) => pending().await,
                Some(Fault::Death) => {
                    call.await;
                    pending().await
                }
            }
        })
    }
}

pub fn data_of(kinds: &Kinds, address: &Address) -> Data {
    kinds.iter().find(|kind| kind.name() == address.kind).map_or(Data::None, |kind| kind.holds_data())
}

fn recall_of(kinds: &Kinds, address: &Address) -> Recall {
    kinds.iter().find(|kind| kind.name() == address.kind).map_or(Recall::Name, |kind| kind.recall())
}
