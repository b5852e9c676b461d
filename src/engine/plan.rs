use super::{
    Address, AnyKind, Changes, Failure, Graph, Key, Object, Recall, Verdict, Waiting, World,
    judge::Judgement, order::order, room::judge_to_the_end, unread,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    fmt,
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
    /// The incarnations of resources that held data and were ready once.
    pub was_ready: BTreeMap<Address, String>,
    /// What is broken, and rests on something that has changed since.
    pub stirred: BTreeSet<Address>,
    /// What a person allowed, as `address@digest`.
    pub consents: BTreeSet<String>,
    /// The tokens of recorded intents.
    pub tokens: BTreeMap<Address, String>,
    /// Steps that failed, and are not tried again yet.
    pub pauses: BTreeMap<StepId, Pause>,
    /// The whole environment goes, its data included.
    pub deleting: bool,
    /// Nothing goes with the whole environment for as long as something is there that keeps data.
    pub protected: bool,
}

/// A write that reads may not show yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Recent {
    /// It was made.
    Created {
        /// How long ago.
        ago: Duration,
        /// How often it had been made before, and was gone again.
        repeats: u32,
    },
    /// It was changed.
    Updated {
        /// How long ago.
        ago: Duration,
        /// To what.
        changes: Changes,
        /// How often it had been changed just so before, and was as it had been again.
        repeats: u32,
    },
}

/// A step failed, and it is too early to try it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Pause {
    /// How it failed.
    pub failure: Failure,
    /// For how much longer it is not tried again.
    pub left: Duration,
}

/// What becomes of every resource, and the steps that bring it about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Every resource that should exist, in the graph's order, then whatever else could not be read, then every one that
    /// should not exist.
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
#[derive(Clone, PartialEq)]
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
    /// Why it is not started in this pass.
    pub pause: Option<Pause>,
}

/// Without the spec and the outputs, whose values may be nobody's business.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, after, key, changes, pause, .. } = self;
        let mut step = f.debug_struct("Step");
        step.field("id", id).field("after", after).field("key", key).field("changes", changes);
        step.field("pause", pause);
        step.finish_non_exhaustive()
    }
}

impl Plan {
    /// The kinds whose reads do not show yet what calls have brought about, or may have.
    pub fn unshown(&self) -> impl Iterator<Item = &str> {
        let unshown =
            |item: &&Item| matches!(item.verdict, Verdict::Wait(Waiting::Settling(_) | Waiting::InDoubt(_)));
        self.items.iter().filter(unshown).map(|item| item.address.kind.as_str())
    }

    /// The item at `address`.
    pub fn item(&self, address: &Address) -> Option<&Item> {
        self.items.iter().find(|item| item.address == *address)
    }

    /// Resources about to be made whose intent has to be recorded before the call, and is not.
    pub fn unrecorded<C>(&self, kinds: &[&dyn AnyKind<C>]) -> Vec<Address> {
        let recorded = |kind: &dyn AnyKind<C>| kind.recall() != Recall::Name;
        let creates = self.steps.iter().filter(|s| s.id.op == Op::Create && s.key.token.is_none());
        creates
            .filter(|s| s.pause.is_none())
            .filter(|s| named(kinds, &s.id.at.kind).is_some_and(recorded))
            .map(|s| s.id.at.clone())
            .collect()
    }

    /// Resources that a call may have made, and that wait for reads to show it.
    pub fn doubted(&self) -> impl Iterator<Item = &Address> {
        let in_doubt = |item: &&Item| matches!(item.verdict, Verdict::Wait(Waiting::InDoubt(_)));
        self.items.iter().filter(in_doubt).map(|item| &item.address)
    }

    /// The plan with the tokens of recorded intents in the keys of its steps.
    pub fn with_tokens(mut self, tokens: &BTreeMap<Address, String>) -> Self {
        for step in &mut self.steps {
            step.key.token = tokens.get(&step.id.at).cloned().or(step.key.token.take());
        }
        self
    }

    /// True iff every wanted resource is as wanted, nothing else is left to do, and nothing is unread.
    pub fn is_empty(&self) -> bool {
        self.items.iter().all(|item| item.verdict == Verdict::Keep)
    }
}

/// The kinds by name, and which may refer to which.
pub(super) struct Registry<'a, C> {
    pub kinds: &'a [&'a dyn AnyKind<C>],
    /// For each kind, once somebody asks: most plans delete and replace nothing.
    referring: Vec<OnceCell<BTreeSet<&'static str>>>,
}

impl<'a, C> Registry<'a, C> {
    pub fn new(kinds: &'a [&'a dyn AnyKind<C>]) -> Self {
        Self { kinds, referring: kinds.iter().map(|_| OnceCell::new()).collect() }
    }

    pub fn get(&self, name: &str) -> Option<&'a dyn AnyKind<C>> {
        named(self.kinds, name)
    }

    /// The kinds whose objects may refer to one of `kind`, directly or through others.
    pub fn referring_to(&self, kind: &str) -> &BTreeSet<&'static str> {
        const NONE: &BTreeSet<&'static str> = &BTreeSet::new();
        let known = self.kinds.iter().zip(&self.referring).find(|(known, _)| known.name() == kind);
        known.map_or(NONE, |(_, referring)| referring.get_or_init(|| referring_to(self.kinds, kind)))
    }
}

fn referring_to<C>(kinds: &[&dyn AnyKind<C>], kind: &str) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    let mut frontier = vec![kind];
    while let Some(target) = frontier.pop() {
        for candidate in kinds.iter().filter(|kind| kind.refers_to().contains(&target)) {
            if found.insert(candidate.name()) {
                frontier.push(candidate.name());
            }
        }
    }
    found
}

/// The kind of that name.
pub(super) fn named<'a, C>(kinds: &[&'a dyn AnyKind<C>], name: &str) -> Option<&'a dyn AnyKind<C>> {
    kinds.iter().find(|kind| kind.name() == name).copied()
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
    let registry = Registry::new(kinds);
    let (judgement, orphans) = judge_to_the_end(&registry, graph, world, memory);
    let mut items: Vec<Item> = graph
        .nodes()
        .iter()
        .filter_map(|node| {
            let verdict = judgement.verdicts.get(&node.address)?.clone();
            let verdict = unread::said_first(world, &node.address, verdict);
            let id = object(&judgement, world, &node.address).map(|object| object.id.clone());
            Some(Item { address: node.address.clone(), name: node.name.clone(), id, wanted: true, verdict })
        })
        .collect();
    items.extend(unread::unshown(world, &items));
    items.extend(orphans);
    unread::trace_back(&registry, &mut items);
    let steps = order(&registry, graph, world, memory, &judgement, &items)?;
    Ok(Plan { items, steps })
}

/// The object that stands for the node at `address`.
pub(super) fn object<'a>(judgement: &Judgement, world: &'a World, address: &Address) -> Option<&'a Object> {
    world.our(judgement.present.get(address)?)
}
