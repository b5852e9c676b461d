//! A replacement deletes before it makes, so whatever refers to the old object has to let go of it first.

use super::{
    Address, Graph, Item, Memory, Node, Verdict, Waiting, World,
    judge::{Judgement, Refusal, judge},
    orphans::Orphans,
    plan::{Registry, object},
};
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
        let found = match room.refusals(Room::users) {
            users if !users.is_empty() => users,
            // Only once it is clear what is replaced can it be told what else stands in the way for now.
            _ => room.refusals(Room::remainders),
        };
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

    /// Those that are wanted to use it and are there already: they let go only by being replaced themselves.
    fn users(&self, replaced: &Address) -> Option<Refusal> {
        let users = self.graph.nodes().iter().filter(|node| node.sources().contains(replaced));
        users.filter_map(|user| self.holds(user)).next()
    }

    fn holds(&self, user: &Node) -> Option<Refusal> {
        match self.judgement.verdicts.get(&user.address)? {
            Verdict::Replace(_) => None,
            Verdict::Revise(_) => self.version_in_use(user),
            _ if object(self.judgement, self.world, &user.address).is_none() => None,
            Verdict::Wait(_) => Some(Refusal::NotYet(Waiting::On([user.address.clone()].into()))),
            _ => Some(Refusal::Never(user.address.clone())),
        }
    }

    /// A version that goes only after everything uses the next one, which cannot be made before the replacement is.
    fn version_in_use(&self, user: &Node) -> Option<Refusal> {
        let versions = self.orphans.iter().filter(|item| item.address.base() == user.address);
        let mut in_use = versions.filter(|item| matches!(item.verdict, Verdict::Wait(Waiting::On(_))));
        in_use.next().map(|item| Refusal::Never(item.address.clone()))
    }

    /// Those that may refer to it without being wanted to: what is to be changed yet, and what leaves or stays.
    fn remainders(&self, replaced: &Address) -> Option<Refusal> {
        let referring = self.registry.referring_to(&replaced.kind);
        if let Some(failure) = referring.iter().find_map(|kind| self.world.ignorance_of(kind)) {
            return Some(Refusal::NotYet(Waiting::Unread(failure.clone())));
        }
        let refers = |address: &Address| referring.contains(address.kind.as_str());
        let restless = |node: &&Node| {
            let verdict = self.judgement.verdicts.get(&node.address);
            let changes = verdict.is_some_and(|v| matches!(v, Verdict::Update(_)) || v.stays_as_it_is());
            changes && self.world.ours().any(|(at, _)| at.base() == node.address)
        };
        let nodes = self.graph.nodes().iter().filter(restless).map(|node| &node.address);
        let orphans = self.orphans.iter().filter(|item| item.verdict != Verdict::Delete);
        let holders = nodes.chain(orphans.map(|item| &item.address)).filter(|address| refers(address));
        let holders: BTreeSet<_> = holders.cloned().collect();
        (!holders.is_empty()).then_some(Refusal::NotYet(Waiting::On(holders)))
    }
}
