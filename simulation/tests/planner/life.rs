//! A small operator that lives through a case: it observes, plans, records its intents and applies until all is at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use simulation::engine::{
    Address, Block, Changes, Data, Depth, Failure, Graph, Item, Meaning, Memory, Named, Observed, Op,
    Outcome, Outcomes, Pause, Phase, Plan, Recall, Recent, Scope, Step, StepId, Verdict, Waiting, World,
    apply, observe,
};

use super::case::{ByHand, Case, Fault, OWNER, Want, name, root};
use super::cloud::{Cloud, Thing, failure};
use super::kinds::{KINDS, Kinds, LAG};

/// How plans are made: by the engine, or by a mutation of it.
pub type Planner = fn(&Kinds, &Graph, &World, &Memory) -> Result<Plan, Vec<StepId>>;

/// The engine itself.
pub fn engine(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    simulation::engine::plan(kinds, graph, world, memory)
}

/// All that came to pass.
pub struct Life {
    pub moments: Vec<Moment>,
    /// How each design ended.
    pub ends: Vec<End>,
    /// What the cloud complains of.
    pub faults: Vec<String>,
}

/// One pass.
pub struct Moment {
    pub want: Want,
    pub graph: Graph,
    pub world: World,
    pub memory: Memory,
    pub plan: Plan,
    /// None if the operator died.
    pub outcomes: Option<Outcomes>,
}

/// What a design came to.
pub struct End {
    pub want: Want,
    pub rested: bool,
    pub last: Plan,
    pub things: Vec<Thing>,
}

/// Most passes until a design is at rest.
const PASSES: usize = 90;
/// For how long the operator waits out reads that may lag, before it makes anew what only tags tell.
const READ_LAG: u64 = LAG + 1;

/// For how long what failed is not tried again.
const PAUSE: u64 = 3;

/// The life of `case` under an operator that plans with `planner`.
pub fn live(case: &Case, kinds: &Kinds, planner: Planner) -> Life {
    let cloud = Cloud::new(case.manners());
    if let Some(taken) = case.taken() {
        let kind = KINDS.iter().find(|kind| kind.name() == taken.kind).expect("a kind");
        cloud.occupy(kind.name(), &name(&taken));
    }
    let mut operator = Operator::new(case, kinds, planner, &cloud);
    let mut life = Life { moments: Vec::new(), ends: Vec::new(), faults: Vec::new() };
    for want in [Want::First, Want::Then, Want::Nothing] {
        let rested = operator.rest(want, &mut life.moments);
        let last = life.moments.last().map(|moment| moment.plan.clone()).unwrap_or_default();
        life.ends.push(End { want, rested, last, things: cloud.things() });
        if want == Want::First {
            case.by_hand.iter().for_each(|(slot, what)| by_hand(&cloud, case, *slot, *what));
        }
    }
    life.faults = cloud.faults();
    life
}

fn by_hand(cloud: &Cloud, case: &Case, slot: usize, what: ByHand) {
    let address = case.address(slot % case.slots.len());
    match what {
        ByHand::Lose => cloud.lose(&address),
        ByHand::Resize => cloud.by_hand(&address, |spec| spec["size"] = 7.into()),
        ByHand::Move => cloud.by_hand(&address, |spec| spec["place"] = 7.into()),
    }
}

struct Operator<'a> {
    case: &'a Case,
    kinds: &'a Kinds,
    planner: Planner,
    cloud: &'a Cloud,
    /// What is written down before calls: the token of an intent, and its time.
    intents: BTreeMap<Address, (String, u64)>,
    was_ready: BTreeMap<Address, String>,
    consents: BTreeSet<String>,
    /// What only the running process knows.
    recent: BTreeMap<Address, (u64, Option<Changes>)>,
    seen: BTreeSet<Address>,
    /// What failed, and when it is tried again.
    failed: BTreeMap<StepId, (Failure, u64)>,
    calls: AtomicUsize,
    tokens: usize,
}

impl<'a> Operator<'a> {
    fn new(case: &'a Case, kinds: &'a Kinds, planner: Planner, cloud: &'a Cloud) -> Self {
        Self {
            case,
            kinds,
            planner,
            cloud,
            intents: BTreeMap::new(),
            was_ready: BTreeMap::new(),
            consents: BTreeSet::new(),
            recent: BTreeMap::new(),
            seen: BTreeSet::new(),
            failed: BTreeMap::new(),
            calls: AtomicUsize::new(0),
            tokens: 0,
        }
    }

    /// Passes until nothing has been left to do for as long as reads may lag. True iff that came.
    fn rest(&mut self, want: Want, moments: &mut Vec<Moment>) -> bool {
        let graph = self.case.graph(want);
        let mut quiet = 0;
        for _ in 0..PASSES {
            let Some(moment) = self.pass(want, &graph) else { return false };
            quiet = if moment.is_at_rest() { quiet + 1 } else { 0 };
            // A person reads what is blocked, and allows it.
            self.consents.extend(moment.plan.items.iter().filter_map(Item::consent).map(str::to_owned));
            moments.push(moment);
            self.cloud.tick();
            if quiet > LAG {
                return true;
            }
        }
        false
    }

    fn pass(&mut self, want: Want, graph: &Graph) -> Option<Moment> {
        let world = self.look();
        let memory = self.memory(&world, want == Want::Nothing);
        let plan = (self.planner)(self.kinds, graph, &world, &memory).ok()?;
        let plan = self.record(plan, graph);
        let outcomes = {
            let around = with_faults(&self.calls, &self.case.faults);
            apply(self.kinds, self.cloud, &plan, &around).now_or_never()
        };
        match &outcomes {
            Some(outcomes) => self.note(&plan, outcomes),
            // It died: another process takes over, which knows only what was written down.
            None => {
                self.recent.clear();
                self.seen.clear();
                self.failed.clear();
            }
        }
        Some(Moment { want, graph: graph.clone(), world, memory, plan, outcomes })
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
        for (address, object) in world.ours() {
            self.seen.insert(address.base());
            if object.phase == Phase::Ready && data_of(self.kinds, address) == Data::Kept {
                self.was_ready.insert(address.clone(), object.id.clone());
            }
        }
        world
    }

    fn memory(&self, world: &World, deleting: bool) -> Memory {
        let now = self.cloud.now();
        let by_tags = |address: &Address| recall_of(self.kinds, address) == Recall::Tags;
        let young = |at: u64| now - at < READ_LAG;
        let absent = |address: &Address| world.objects.get(address) == Some(&Observed::Absent);
        let open: Vec<_> = self.intents.iter().filter(|(address, _)| !self.seen.contains(*address)).collect();
        Memory {
            in_doubt: open
                .iter()
                .filter(|(address, (_, at))| by_tags(address) && absent(address) && young(*at))
                .map(|(address, _)| ((*address).clone(), "looked up by its tags".to_owned()))
                .collect(),
            // A call that only tags recall is intended anew each time, so that doubt is measured from the last one.
            tokens: open
                .iter()
                .filter(|(address, (_, at))| !by_tags(address) || young(*at))
                .map(|(address, (token, _))| ((*address).clone(), token.clone()))
                .collect(),
            recent: self
                .recent
                .iter()
                .map(|(address, write)| (address.clone(), recent(now, write)))
                .collect(),
            ids: BTreeMap::new(),
            was_ready: self.was_ready.clone(),
            stirred: BTreeSet::new(),
            consents: self.consents.clone(),
            pauses: self
                .failed
                .iter()
                .filter_map(|(id, failed)| Some((id.clone(), pause(now, failed)?)))
                .collect(),
            deleting,
            protected: false,
        }
    }

    fn record(&mut self, plan: Plan, graph: &Graph) -> Plan {
        self.intents.retain(|address, _| !self.seen.contains(address) && graph.node(address).is_some());
        for address in plan.unrecorded(self.kinds) {
            self.tokens += 1;
            self.seen.remove(&address);
            self.intents.insert(address, (format!("token-{}", self.tokens), self.cloud.now()));
        }
        let tokens = self.intents.iter().map(|(address, (token, _))| (address.clone(), token.clone()));
        plan.with_tokens(&tokens.collect())
    }

    fn note(&mut self, plan: &Plan, outcomes: &Outcomes) {
        let now = self.cloud.now();
        for (id, outcome) in outcomes {
            if let Outcome::Failed(failure) = outcome {
                self.failed.insert(id.clone(), (failure.clone(), now + PAUSE));
            }
        }
        for step in plan.steps.iter().filter(|step| matches!(outcomes.get(&step.id), Some(Outcome::Done(_))))
        {
            let at = step.key.address.clone();
            match step.id.op {
                Op::Delete => drop(self.recent.remove(&at)),
                Op::Create => drop(self.recent.insert(at, (now, None))),
                Op::Update => {
                    let mut changes = step.changes.clone();
                    let earlier =
                        self.recent.remove(&at).and_then(|(_, changes)| changes).unwrap_or_default();
                    changes.0.extend(earlier.0.into_iter().filter(|change| !step.changes.has(&change.field)));
                    self.recent.insert(at, (now, Some(changes)));
                }
            }
        }
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

/// Calls are counted; those with a fault go wrong.
fn with_faults<'c>(
    calls: &'c AtomicUsize,
    faults: &'c BTreeMap<usize, Fault>,
) -> impl for<'s> Fn(&'s Step, BoxFuture<'s, Outcome>) -> BoxFuture<'s, Outcome> + Sync {
    move |_, call| {
        let fault = faults.get(&calls.fetch_add(1, Ordering::Relaxed)).copied();
        Box::pin(async move {
            match fault {
                None => call.await,
                Some(Fault::Refused) => Outcome::Failed(failure("toy:Call", "Denied", Meaning::Denied)),
                Some(Fault::ReplyLost) => {
                    call.await;
                    Outcome::Failed(failure("toy:Call", "Timeout", Meaning::Transient))
                }
                Some(Fault::Death) => {
                    call.await;
                    pending().await
                }
            }
        })
    }
}

impl Moment {
    /// True iff nothing is done, and nothing is open but what a person or somebody else would have to change.
    fn is_at_rest(&self) -> bool {
        let stuck = self.stuck();
        // The root waits for what is left.
        let rests = |item: &Item| {
            let goes_last = item.verdict == Verdict::Delete && item.address == root();
            item.verdict == Verdict::Keep || goes_last || stuck.contains(&item.address)
        };
        self.plan.steps.is_empty() && self.plan.items.iter().all(rests)
    }

    /// What somebody else holds up or cannot be replaced, and all that waits for it.
    fn stuck(&self) -> BTreeSet<Address> {
        let mut stuck = BTreeSet::new();
        loop {
            let joins = |item: &&Item| match &item.verdict {
                Verdict::Blocked(Block::Cycle(_) | Block::Foreign { .. }) => true,
                Verdict::Wait(Waiting::On(addresses)) => !addresses.is_disjoint(&stuck),
                _ => false,
            };
            let all: BTreeSet<_> =
                self.plan.items.iter().filter(joins).map(|item| item.address.clone()).collect();
            if all == stuck {
                return stuck;
            }
            stuck = all;
        }
    }
}

pub fn data_of(kinds: &Kinds, address: &Address) -> Data {
    kinds.iter().find(|kind| kind.name() == address.kind).map_or(Data::None, |kind| kind.holds_data())
}

fn recall_of(kinds: &Kinds, address: &Address) -> Recall {
    kinds.iter().find(|kind| kind.name() == address.kind).map_or(Recall::Name, |kind| kind.recall())
}
