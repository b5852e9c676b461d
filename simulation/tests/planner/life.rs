//! A life under an operator: what is wanted, one after the other, until all is at rest.

use std::collections::BTreeSet;
use std::sync::Arc;

use simulation::engine::{
    Address, Block, Graph, Item, Memory, Outcomes, Plan, StepId, Verdict, Waiting, World,
};

use super::case::{ByHand, Case, Want, name, root};
use super::cloud::{Cloud, Thing};
use super::kinds::{KINDS, Kinds, LAG};
use super::operator::Operator;

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
    pub graph: Arc<Graph>,
    pub world: World,
    pub memory: Memory,
    pub plan: Plan,
    /// None if it came to nothing, or the operator died.
    pub outcomes: Option<Outcomes>,
    /// The pass before planned something else.
    pub is_new: bool,
}

/// What a design came to.
pub struct End {
    pub want: Want,
    pub graph: Arc<Graph>,
    pub rest: Rest,
    pub last: Plan,
    pub things: Vec<Arc<Thing>>,
}

/// How a chapter ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rest {
    /// Nothing was left to do.
    Came,
    /// It did not come.
    Failed,
    /// Something else was wanted before it could come.
    Disturbed,
}

impl Life {
    /// The passes that planned something else than the one before.
    pub fn turns(&self) -> impl Iterator<Item = &Moment> {
        self.moments.iter().filter(|moment| moment.is_new)
    }
}

/// Most passes until a design is at rest.
const PASSES: usize = 90;

/// The life of `case` under an operator that plans with `planner`.
pub fn live(case: &Case, kinds: &Kinds, planner: Planner) -> Life {
    let cloud = Cloud::new(case.manners.clone());
    if let Some(taken) = case.taken() {
        let kind = KINDS.iter().find(|kind| kind.name() == taken.kind).expect("a kind");
        cloud.occupy(kind.name(), &name(&taken));
    }
    let mut operator = Operator::new(case, kinds, planner, &cloud);
    let mut life = Life { moments: Vec::new(), ends: Vec::new(), faults: Vec::new() };
    for want in case.wants() {
        let graph = Arc::new(case.graph(want));
        let rest = operator.live_through(want, &graph, &mut life.moments);
        let last = life.moments.last().map(|moment| moment.plan.clone()).unwrap_or_default();
        life.ends.push(End { want, graph, rest, last, things: cloud.things() });
        for (slot, what) in case.by_hand(want) {
            by_hand(&cloud, case, *slot, *what);
        }
    }
    life.faults = cloud.faults();
    life
}

impl Operator<'_> {
    /// Passes until nothing has been left to do for as long as reads may lag, or until something else is wanted.
    fn live_through(&mut self, want: Want, graph: &Arc<Graph>, moments: &mut Vec<Moment>) -> Rest {
        let passes = self.case.passes(want);
        let mut quiet = false;
        for _ in 0..passes.unwrap_or(PASSES) {
            let before = moments.last();
            let Some(mut moment) = self.pass(want, graph) else { return Rest::Failed };
            moment.is_new = before.is_none_or(|before| before.plan != moment.plan);
            let rests = moment.is_at_rest();
            // A person reads what is blocked, and allows it.
            self.consents.extend(moment.plan.items.iter().filter_map(Item::consent).map(str::to_owned));
            moments.push(moment);
            if rests && quiet {
                return Rest::Came;
            }
            quiet = rests;
            // What rests is looked at again once reads must have shown everything.
            self.cloud.pass(if rests { LAG + 1 } else { 1 });
        }
        if passes.is_some() { Rest::Disturbed } else { Rest::Failed }
    }
}

fn by_hand(cloud: &Cloud, case: &Case, slot: usize, what: ByHand) {
    let address = case.address(slot % case.slots.len());
    match what {
        ByHand::Lose => cloud.lose(&address),
        ByHand::Resize => cloud.by_hand(&address, |spec| spec["size"] = 7.into()),
        ByHand::Move => cloud.by_hand(&address, |spec| spec["place"] = 7.into()),
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
