//! A replacement deletes before it makes, so whatever refers to the old object has to let go of it first.

use super::{
    Address, Graph, Item, Memory, Node, Object, Phase, Verdict, Waiting, World,
    judge::{Judgement, Refusal, judge},
    orphans::Orphans,
    plan::{Registry, object},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Replacements that nothing makes room for are refused, and all verdicts are made again without them.
pub(super) fn judge_to_the_end<C>(
    registry: &Registry<'_, C>,
    graph: &Graph,
    world: &World,
    memory: &Memory,
) -> (Judgement, Vec<Item>) {
    let mut refused = BTreeMap::new();
    loop {
        let judgement = judge(registry, graph, world, memory, &refused);
        let orphans = Orphans { registry, graph, world, memory, judgement: &judgement }.items();
        let room = Room { registry, graph, world, judgement: &judgement, orphans: &orphans };
        let mut found = room.refusals(Room::users);
        if found.is_empty() {
            // Only once it is clear what is replaced can it be told what else stands in the way for now.
            found = room.refusals(Room::remainders);
        }
        if found.is_empty() {
            found = room.circles(&refused);
        }
        if found.is_empty() {
            return (judgement, orphans);
        }
        refused.extend(found);
    }
}

struct Room<'a, C> {
    registry: &'a Registry<'a, C>,
    graph: &'a Graph,
    world: &'a World,
    judgement: &'a Judgement,
    orphans: &'a [Item],
}

impl<C> Room<'_, C> {
    fn refusals(&self, of: fn(&Self, &Address) -> Option<Refusal>) -> BTreeMap<Address, Refusal> {
        let replaced = self.judgement.verdicts.iter().filter(|(_, v)| matches!(v, Verdict::Replace(_)));
        replaced.filter_map(|(at, _)| Some((at.clone(), of(self, at)?))).collect()
    }

    /// Those that are wanted to use it and are there already: they let go only by being replaced themselves. One whose
    /// kind never refers to it knows no more than a name of it, such as an alarm, and is changed afterwards.
    fn users(&self, replaced: &Address) -> Option<Refusal> {
        let referring = self.registry.referring_to(&replaced.kind);
        let refers = |node: &&Node| referring.contains(node.address.kind.as_str());
        let users = self.graph.nodes().iter().filter(refers).filter(|node| node.sources().contains(replaced));
        users.filter_map(|user| self.holds(user)).next()
    }

    fn holds(&self, user: &Node) -> Option<Refusal> {
        match self.judgement.verdicts.get(&user.address)? {
            Verdict::Replace(_) => None,
            Verdict::Revise(_) => self.version_in_use(user),
            _ if object(self.judgement, self.world, &user.address).is_none() => None,
            Verdict::Wait(waiting) => Some(Refusal::NotYet(Waiting::On(with_foundations(user, waiting)))),
            _ => Some(Refusal::Never(user.address.clone())),
        }
    }

    /// A version that goes only after everything uses the next one, which cannot be made before the replacement is.
    fn version_in_use(&self, user: &Node) -> Option<Refusal> {
        let versions = self.orphans.iter().filter(|item| item.address.is_of(&user.address));
        let mut in_use = versions.filter(|item| matches!(item.verdict, Verdict::Wait(Waiting::On(_))));
        in_use.next().map(|item| Refusal::Never(item.address.clone()))
    }

    /// Those that refer to it, wanted to or not, and do not go: what is to be changed yet, and what leaves or stays.
    fn remainders(&self, replaced: &Address) -> Option<Refusal> {
        let referring = self.registry.referring_to(&replaced.kind);
        if let Some(failure) = referring.iter().find_map(|kind| self.world.ignorance_of(kind)) {
            return Some(Refusal::NotYet(Waiting::Unread(failure.clone())));
        }
        let outputs = &object(self.judgement, self.world, replaced)?.outputs;
        let refers = |at: &Address, seen: &Object| {
            let mentions = seen.spec.as_ref().is_none_or(|spec| mentions(spec, outputs));
            referring.contains(at.kind.as_str()) && mentions
        };
        let holders = self.world.ours().filter(|(at, seen)| refers(at, seen) && self.remains(at));
        let holders: BTreeSet<_> = holders.map(|(at, _)| self.named(at)).collect();
        (!holders.is_empty()).then_some(Refusal::NotYet(Waiting::On(holders)))
    }

    /// True iff the object at `at` neither goes nor is as wanted: what is as wanted refers to what it is wanted to.
    fn remains(&self, at: &Address) -> bool {
        !matches!(self.verdict(at), Some(Verdict::Keep | Verdict::Delete | Verdict::Replace(_)))
    }

    /// The address under which people find what becomes of the object at `at`.
    fn named(&self, at: &Address) -> Address {
        if self.orphans.iter().any(|item| item.address == *at) { at.clone() } else { at.base() }
    }

    /// Replacements that wait for something that in the end waits for them.
    fn circles(&self, refused: &BTreeMap<Address, Refusal>) -> BTreeMap<Address, Refusal> {
        let waiting = refused.iter().filter_map(|(at, refusal)| match refusal {
            Refusal::NotYet(Waiting::On(holders)) => Some((at, holders)),
            _ => None,
        });
        let closed = waiting.filter_map(|(at, holders)| {
            let holder = holders.iter().find(|holder| self.waits_for(holder, at))?;
            Some((at.clone(), Refusal::Never(holder.clone())))
        });
        closed.collect()
    }

    /// What becomes of the object at `at`. A version stays for as long as it cannot be told which one is wanted.
    fn verdict(&self, at: &Address) -> Option<&Verdict> {
        let orphan = self.orphans.iter().find(|item| item.address == *at).map(|item| &item.verdict);
        orphan.or_else(|| self.judgement.verdicts.get(&at.base()))
    }

    /// True iff what stands at `at`, in whichever version, goes by itself.
    fn leaves(&self, at: &Address) -> bool {
        let stands = |address: &Address| address == at || address.is_of(at);
        let mut objects = self.world.ours().filter(|(address, _)| stands(address)).peekable();
        objects.peek().is_some() && objects.all(|(_, object)| matches!(object.phase, Phase::Leaving(_)))
    }

    /// True iff what stands at `from` waits for `to`, directly or through others.
    fn waits_for(&self, from: &Address, to: &Address) -> bool {
        let mut seen = BTreeSet::new();
        let mut frontier = vec![from];
        while let Some(next) = frontier.pop() {
            if let Some(Verdict::Wait(Waiting::On(others))) = self.verdict(next)
                && !self.leaves(next)
                && seen.insert(next)
            {
                frontier.extend(others);
            }
        }
        seen.contains(to)
    }
}

/// A user, and what it waits for before it can let go: while nothing is replaced, it may be as it should be, and says nothing.
fn with_foundations(user: &Node, waiting: &Waiting) -> BTreeSet<Address> {
    let mut holders = BTreeSet::from([user.address.clone()]);
    if let Waiting::On(foundations) = waiting {
        holders.extend(foundations.iter().cloned());
    }
    holders
}

/// True iff `spec` has one of the texts in `outputs`: to use another's output is to refer to it.
fn mentions(spec: &Value, outputs: &Value) -> bool {
    match spec {
        Value::String(text) => outputs.as_object().is_some_and(|o| o.values().any(|output| output == text)),
        Value::Array(values) => values.iter().any(|value| mentions(value, outputs)),
        Value::Object(fields) => fields.values().any(|value| mentions(value, outputs)),
        _ => false,
    }
}
