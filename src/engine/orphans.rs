//! What exists and is not wanted.

use super::{
    Address, Changes, Data, Graph, Item, Memory, Object, Observed, Phase, Verdict, Waiting, World,
    judge::{Block, Judgement, consent},
    plan::Registry,
};
use std::collections::BTreeSet;

pub(super) struct Orphans<'a, C> {
    pub registry: &'a Registry<'a, C>,
    pub graph: &'a Graph,
    pub world: &'a World,
    pub memory: &'a Memory,
    pub judgement: &'a Judgement,
}

impl<C> Orphans<'_, C> {
    pub fn items(&self) -> Vec<Item> {
        let mut items = self.found();
        self.yield_to_another(&mut items);
        items.extend(self.lost());
        self.protect(&mut items);
        // What waits stays for now, and so holds what it may refer to.
        loop {
            let going = items.iter().enumerate().filter(|(_, item)| item.verdict == Verdict::Delete);
            let blocked: Vec<_> =
                going.filter_map(|(at, item)| Some((at, self.blocked_by(&item.address, &items)?))).collect();
            if blocked.is_empty() {
                return items;
            }
            for (at, waiting) in blocked {
                items[at].verdict = Verdict::Wait(waiting);
            }
        }
    }

    /// Where what keeps data is protected, it stays, and so does all else: a database without its instances is of no use.
    fn protect(&self, items: &mut [Item]) {
        if !self.memory.deleting || !self.memory.protected {
            return;
        }
        let keeps = |kind: &str| self.registry.get(kind).is_some_and(|kind| kind.holds_data() == Data::Kept);
        let going = |item: &&mut Item| item.verdict == Verdict::Delete;
        let lost = |item: &Item| matches!(item.verdict, Verdict::Blocked(Block::OwnershipLost { .. }));
        let data: Vec<_> = items.iter_mut().filter(|item| keeps(&item.address.kind)).collect();
        let kept = data.iter().filter(|item| lost(item) || item.verdict == Verdict::Delete);
        let kept: BTreeSet<_> = kept.map(|item| item.address.clone()).collect();
        data.into_iter().filter(going).for_each(|item| item.verdict = Verdict::Blocked(Block::Protected));
        let unread = self.registry.kinds.iter().map(|kind| kind.name()).filter(|kind| keeps(kind));
        let unread = unread.filter_map(|kind| self.world.ignorance_of(kind)).next();
        let waiting = match unread {
            _ if !kept.is_empty() => Waiting::On(kept),
            Some(failure) => Waiting::Unread(failure.clone()),
            None => return,
        };
        items.iter_mut().filter(going).for_each(|item| item.verdict = Verdict::Wait(waiting.clone()));
    }

    /// Each orphan with what becomes of it if nothing holds it.
    fn found(&self) -> Vec<Item> {
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
            .map(|(address, object)| unwanted(address, &object.id, self.verdict(address, object)))
            .collect()
    }

    /// Where the root is somebody else's, so is all that rests on it: what still seems to be ours was taken over a moment ago.
    fn yield_to_another(&self, items: &mut Vec<Item>) {
        let Some(root) = self.graph.root.as_ref().filter(|_| !items.is_empty()) else { return };
        let Some(Observed::Foreign { id, owner: owner @ Some(_) }) = self.world.objects.get(root) else {
            return;
        };
        for item in &mut *items {
            item.verdict = Verdict::Wait(Waiting::On([root.clone()].into()));
        }
        if self.graph.node(root).is_none() {
            let block = Block::Foreign { id: id.clone(), owner: owner.clone() };
            items.push(unwanted(root, id, Verdict::Blocked(block)));
        }
    }

    /// What should not exist, was ours, and stands there without our tags: nobody may touch it, and it is not forgotten.
    fn lost(&self) -> Vec<Item> {
        let objects = self.world.objects.iter().filter(|(address, _)| self.graph.node(address).is_none());
        let lost = objects.filter_map(|(address, observed)| match observed {
            Observed::Foreign { id, owner: None } if self.memory.ids.get(address) == Some(id) => {
                Some(unwanted(address, id, Verdict::Blocked(Block::OwnershipLost { id: id.clone() })))
            }
            _ => None,
        });
        lost.collect()
    }

    fn verdict(&self, address: &Address, object: &Object) -> Verdict {
        if let Phase::Leaving(why) = &object.phase {
            return Verdict::Wait(Waiting::Leaving(why.clone()));
        }
        let Some(kind) = self.registry.get(&address.kind) else {
            return Verdict::Wait(Waiting::Settling("of a kind that is not known here".into()));
        };
        if kind.holds_data() != Data::None && !self.memory.deleting {
            let consent = consent(address, "delete", kind.incarnation(object), &Changes::default());
            if !self.memory.consents.contains(&consent) {
                return Verdict::Blocked(Block::WouldDeleteData { consent });
            }
        }
        Verdict::Delete
    }

    /// What has to be waited for before the orphan can go: whatever may refer to it and has not come to rest, or leaves,
    /// or stays. Tasks that end still use their role.
    fn blocked_by(&self, orphan: &Address, orphans: &[Item]) -> Option<Waiting> {
        let referring = self.registry.referring_to(&orphan.kind);
        if let Some(failure) = referring.iter().find_map(|kind| self.world.ignorance_of(kind)) {
            return Some(Waiting::Unread(failure.clone()));
        }
        let superseded = orphan.name.contains('@').then(|| orphan.base());
        let holds = |node: &&super::Node| match (self.judgement.verdicts.get(&node.address), &superseded) {
            // The version before may be needed again until everything that used it rests on the new one.
            (Some(verdict), Some(base)) if node.sources().contains(base) => *verdict != Verdict::Keep,
            (Some(verdict), _) => {
                // What is replaced goes before the orphan in the same plan.
                let restless = matches!(verdict, Verdict::Update(_)) || verdict.stays_as_it_is();
                referring.contains(node.address.kind.as_str())
                    && restless
                    && !self.is_still_to_come(&node.address)
            }
            (None, _) => false,
        };
        let nodes = self.graph.nodes().iter().filter(holds).map(|node| &node.address);
        let others = orphans
            .iter()
            .filter(|item| item.verdict != Verdict::Delete && referring.contains(item.address.kind.as_str()))
            .map(|item| &item.address);
        let holders: BTreeSet<_> = nodes.chain(others).cloned().collect();
        (!holders.is_empty()).then_some(Waiting::On(holders))
    }

    /// True iff what waits for others to come first is not there in any version, for certain: it refers to nothing yet.
    fn is_still_to_come(&self, address: &Address) -> bool {
        let Memory { recent, in_doubt, .. } = self.memory;
        let waits = matches!(self.judgement.verdicts.get(address), Some(Verdict::Wait(Waiting::On(_))));
        let stands = self.world.ours().any(|(at, _)| at.is_of(address));
        waits && !stands && !in_doubt.contains_key(address) && !recent.keys().any(|at| at.is_of(address))
    }
}

fn unwanted(address: &Address, id: &str, verdict: Verdict) -> Item {
    Item { address: address.clone(), name: String::new(), id: Some(id.to_owned()), wanted: false, verdict }
}
