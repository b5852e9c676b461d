use super::{
    Address, AnyKind, Changes, Data, Graph, Key, Object, Phase, Recall, Verdict, Waiting, World,
    judge::{Block, Judgement, consent, judge},
    order::order,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What is remembered from before, and what people allowed. All of it may be lost: the world is read again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// Resources that a lost call may have made, and what is waited for.
    pub in_doubt: BTreeMap<Address, String>,
    /// What was written only just now.
    pub recent: BTreeMap<Address, Recent>,
    /// The ids under which resources were seen last.
    pub ids: BTreeMap<Address, String>,
    /// The ids of resources that held data and were ready once.
    pub was_ready: BTreeMap<Address, String>,
    /// What a person allowed, as `address@digest`.
    pub consents: BTreeSet<String>,
    /// The tokens of recorded intents.
    pub tokens: BTreeMap<Address, String>,
    /// The whole environment goes, its data included.
    pub deleting: bool,
}

/// A write that reads may not show yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Recent {
    /// It was made.
    Created {
        /// How long ago.
        ago: Duration,
    },
    /// It was changed.
    Updated {
        /// How long ago.
        ago: Duration,
        /// To what.
        changes: Changes,
    },
}

/// What becomes of every resource, and the steps that bring it about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Every resource that should exist, in the graph's order, then every one that should not.
    pub items: Vec<Item>,
    /// The calls, each after those that it needs; nothing in them is left to decide.
    pub steps: Vec<Step>,
}

/// One resource and what becomes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Where it stands.
    pub address: Address,
    /// Its name in the cloud; empty for one that is not in the graph.
    pub name: String,
    /// Its id in the cloud, where it exists.
    pub id: Option<String>,
    /// True iff the graph wants it.
    pub wanted: bool,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// One half of a replacement, or the whole of any other verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Op {
    /// Remove it.
    Delete,
    /// Make it.
    Create,
    /// Change it.
    Update,
}

/// Which step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StepId {
    /// The resource; for one that is wanted, without its version.
    pub at: Address,
    /// What is done to it.
    pub op: Op,
}

/// One call of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which one.
    pub id: StepId,
    /// The steps that must be done before.
    pub after: BTreeSet<StepId>,
    /// Under which identity.
    pub key: Key,
    /// What it should be; outputs of resources that are still to be made not filled in.
    pub spec: Value,
    /// The outputs of the object as it is.
    pub outputs: Value,
    /// What an update changes.
    pub changes: Changes,
}

impl Plan {
    /// The item at `address`.
    pub fn item(&self, address: &Address) -> Option<&Item> {
        self.items.iter().find(|item| item.address == *address)
    }

    /// Resources about to be made whose intent has to be recorded before the call, and is not.
    pub fn unrecorded<C>(&self, kinds: &[&dyn AnyKind<C>]) -> Vec<Address> {
        let registry = Registry(kinds);
        let recorded = |kind: &dyn AnyKind<C>| kind.recall() != Recall::Name;
        let creates = self.steps.iter().filter(|s| s.id.op == Op::Create && s.key.token.is_none());
        creates
            .filter(|s| registry.get(&s.id.at.kind).is_some_and(recorded))
            .map(|s| s.id.at.clone())
            .collect()
    }

    /// The plan with the tokens of recorded intents in the keys of its steps.
    pub fn with_tokens(mut self, tokens: &BTreeMap<Address, String>) -> Self {
        for step in &mut self.steps {
            step.key.token = tokens.get(&step.id.at).cloned().or(step.key.token.take());
        }
        self
    }

    /// True iff every wanted resource is as wanted and nothing else is left to do.
    pub fn is_empty(&self) -> bool {
        self.items.iter().all(|item| item.verdict == Verdict::Keep)
    }
}

/// The kinds by name.
pub(super) struct Registry<'a, C>(pub &'a [&'a dyn AnyKind<C>]);

impl<'a, C> Registry<'a, C> {
    pub fn get(&self, name: &str) -> Option<&'a dyn AnyKind<C>> {
        self.0.iter().find(|kind| kind.name() == name).copied()
    }

    /// The kinds whose objects may refer to one of `kind`, directly or through others.
    pub fn referring_to(&self, kind: &str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut frontier = vec![kind];
        while let Some(target) = frontier.pop() {
            for candidate in self.0.iter().filter(|k| k.refers_to().contains(&target)) {
                if found.insert(candidate.name()) {
                    frontier.push(candidate.name());
                }
            }
        }
        found
    }
}

/// Decides what becomes of every resource and in which order. Pure.
///
/// # Errors
/// The steps that wait for each other in a circle: kinds that refer to each other, a fault of the registry.
pub fn plan<C>(
    kinds: &[&dyn AnyKind<C>],
    graph: &Graph,
    world: &World,
    memory: &Memory,
) -> Result<Plan, Vec<StepId>> {
    let registry = Registry(kinds);
    let judgement = judge_to_the_end(&registry, graph, world, memory);
    let mut items: Vec<Item> = graph
        .nodes()
        .iter()
        .filter_map(|node| {
            let verdict = judgement.verdicts.get(&node.address)?.clone();
            let id = object(&judgement, world, &node.address).map(|object| object.id.clone());
            Some(Item { address: node.address.clone(), name: node.name.clone(), id, wanted: true, verdict })
        })
        .collect();
    let orphans = Orphans { registry: &registry, graph, world, memory, judgement: &judgement };
    items.extend(orphans.items());
    let steps = order(&registry, graph, world, memory, &judgement, &items)?;
    Ok(Plan { items, steps })
}

/// The object that stands for the node at `address`.
pub(super) fn object<'a>(judgement: &Judgement, world: &'a World, address: &Address) -> Option<&'a Object> {
    match world.objects.get(judgement.present.get(address)?)? {
        super::Observed::Ours(object) => Some(object),
        _ => None,
    }
}

/// A replacement that a dependant cannot make room for is refused, and all verdicts are made again without it.
fn judge_to_the_end<C>(
    registry: &Registry<'_, C>,
    graph: &Graph,
    world: &World,
    memory: &Memory,
) -> Judgement {
    let mut refused = BTreeMap::new();
    loop {
        let judgement = judge(registry, graph, world, memory, &refused);
        let before = refused.len();
        for node in graph.nodes() {
            let stays =
                matches!(judgement.verdicts.get(&node.address), Some(v) if !matches!(v, Verdict::Replace(_)));
            if !stays || object(&judgement, world, &node.address).is_none() {
                continue;
            }
            for source in node.sources() {
                if matches!(judgement.verdicts.get(&source), Some(Verdict::Replace(_))) {
                    refused.insert(source, node.address.clone());
                }
            }
        }
        if refused.len() == before {
            return judgement;
        }
    }
}

/// What exists and is not wanted.
struct Orphans<'a, C> {
    registry: &'a Registry<'a, C>,
    graph: &'a Graph,
    world: &'a World,
    memory: &'a Memory,
    judgement: &'a Judgement,
}

impl<C> Orphans<'_, C> {
    fn items(&self) -> Vec<Item> {
        let claimed: BTreeSet<_> = self.judgement.present.values().collect();
        // A versioned resource of which the wanted version cannot be told yet may be any of those that exist.
        let undecided: BTreeSet<_> = self
            .graph
            .nodes()
            .iter()
            .map(|n| &n.address)
            .filter(|a| !self.judgement.present.contains_key(a))
            .collect();
        self.world
            .ours()
            .filter(|(address, _)| !claimed.contains(address) && !undecided.contains(&address.base()))
            .map(|(address, object)| Item {
                address: address.clone(),
                name: String::new(),
                id: Some(object.id.clone()),
                wanted: false,
                verdict: self.verdict(address, object),
            })
            .collect()
    }

    fn verdict(&self, address: &Address, object: &Object) -> Verdict {
        if let Phase::Leaving(why) = &object.phase {
            return Verdict::Wait(Waiting::Leaving(why.clone()));
        }
        let Some(kind) = self.registry.get(&address.kind) else {
            return Verdict::Wait(Waiting::Settling("of a kind that is not known here".into()));
        };
        if kind.holds_data() != Data::None && !self.memory.deleting {
            let consent = consent(address, "delete", &object.id, &Changes::default());
            if !self.memory.consents.contains(&consent) {
                return Verdict::Blocked(Block::WouldDeleteData { consent });
            }
        }
        match self.holders(address) {
            Err(waiting) => Verdict::Wait(waiting),
            Ok(holders) if !holders.is_empty() => Verdict::Wait(Waiting::On(holders)),
            Ok(_) => Verdict::Delete,
        }
    }

    /// Wanted resources that may still refer to the orphan and have not come to rest.
    fn holders(&self, orphan: &Address) -> Result<BTreeSet<Address>, Waiting> {
        let referring = self.registry.referring_to(&orphan.kind);
        for kind in &referring {
            if let Some(failure) = self.world.ignorance_of(kind) {
                return Err(Waiting::Unread(failure.clone()));
            }
        }
        let superseded = orphan.name.contains('@').then(|| orphan.base());
        let holds = |node: &&super::Node| match (self.judgement.verdicts.get(&node.address), &superseded) {
            // The version before may be needed again until everything that used it rests on the new one.
            (Some(verdict), Some(base)) if node.sources().contains(base) => *verdict != Verdict::Keep,
            (Some(verdict), _) => {
                referring.contains(node.address.kind.as_str())
                    && matches!(verdict, Verdict::Update(_) | Verdict::Replace(_) | Verdict::Wait(_))
            }
            (None, _) => false,
        };
        let holding = self.graph.nodes().iter().filter(holds).map(|node| node.address.clone());
        Ok(holding.chain(self.leaving(&referring)).collect())
    }

    /// What is on its way out, and until it is gone needs what it refers to: tasks that end still use their role.
    fn leaving(&self, kinds: &BTreeSet<&str>) -> impl Iterator<Item = Address> {
        let leaves = |(address, object): &(&Address, &Object)| {
            kinds.contains(address.kind.as_str()) && matches!(object.phase, Phase::Leaving(_))
        };
        self.world.ours().filter(leaves).map(|(address, _)| address.clone())
    }
}
