//! The calls that carry the verdicts out, and what each comes after.

use super::{
    Address, Changes, Graph, Item, Key, Memory, Op, Step, StepId, Verdict, Waiting, World,
    judge::Judgement,
    plan::{Registry, object},
};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn order<C>(
    registry: &Registry<'_, C>,
    graph: &Graph,
    world: &World,
    memory: &Memory,
    judgement: &Judgement,
    items: &[Item],
) -> Result<Vec<Step>, Vec<StepId>> {
    let order = Order { registry, graph, world, memory, judgement, items };
    let steps: Vec<Step> = items.iter().flat_map(|item| order.steps(item)).collect();
    refuse_circles(steps)
}

struct Order<'a, C> {
    registry: &'a Registry<'a, C>,
    graph: &'a Graph,
    world: &'a World,
    memory: &'a Memory,
    judgement: &'a Judgement,
    items: &'a [Item],
}

impl<C> Order<'_, C> {
    fn steps(&self, item: &Item) -> Vec<Step> {
        let at = &item.address;
        match &item.verdict {
            Verdict::Create => vec![self.step(item, Op::Create, self.makings_before(at), Changes::default())],
            Verdict::Revise(c) => vec![self.step(item, Op::Create, self.makings_before(at), c.clone())],
            Verdict::Update(c) => vec![self.step(item, Op::Update, self.makings_before(at), c.clone())],
            Verdict::Delete if self.is_root(at) && !self.alone(at) => vec![],
            Verdict::Delete => vec![self.step(item, Op::Delete, self.goings_before(at), Changes::default())],
            Verdict::Replace(changes) => {
                let mut makings = self.makings_before(at);
                makings.insert(StepId { at: at.clone(), op: Op::Delete });
                vec![
                    self.step(item, Op::Delete, self.goings_before(at), changes.clone()),
                    self.step(item, Op::Create, makings, changes.clone()),
                ]
            }
            Verdict::Keep | Verdict::Wait(_) | Verdict::Blocked(_) => vec![],
        }
    }

    fn step(&self, item: &Item, op: Op, after: BTreeSet<StepId>, changes: Changes) -> Step {
        let at = &item.address;
        let observed = if item.wanted { object(self.judgement, self.world, at) } else { self.world.our(at) };
        let key = Key {
            address: self.judgement.present.get(at).unwrap_or(at).clone(),
            name: item.name.clone(),
            owner: self.graph.identity.owner.clone(),
            labels: self.graph.identity.labels.clone(),
            token: self.memory.tokens.get(at).cloned(),
        };
        let id = StepId { at: at.clone(), op };
        Step {
            pause: self.memory.pauses.get(&id).cloned(),
            id,
            after,
            key,
            spec: self.judgement.specs.get(at).cloned().unwrap_or(Value::Null),
            outputs: observed.map_or(Value::Null, |object| object.outputs.clone()),
            changes,
        }
    }

    /// What is made or changed first: the root, and the resources whose outputs are used.
    fn makings_before(&self, at: &Address) -> BTreeSet<StepId> {
        let sources = self.graph.node(at).into_iter().flat_map(super::Node::sources);
        let root = self.graph.root.iter().filter(|root| *root != at);
        sources.chain(root).filter_map(|source| self.making(source)).collect()
    }

    fn making(&self, at: &Address) -> Option<StepId> {
        let op = match self.judgement.verdicts.get(at)? {
            Verdict::Create | Verdict::Revise(_) | Verdict::Replace(_) => Op::Create,
            Verdict::Update(_) => Op::Update,
            _ => return None,
        };
        Some(StepId { at: at.clone(), op })
    }

    /// Whatever may refer to this goes before it; everything goes before the root.
    fn goings_before(&self, at: &Address) -> BTreeSet<StepId> {
        let referring = self.registry.referring_to(&at.kind);
        let goes = |item: &&Item| matches!(item.verdict, Verdict::Delete | Verdict::Replace(_));
        let before = |item: &&Item| {
            item.address != *at && (self.is_root(at) || referring.contains(item.address.kind.as_str()))
        };
        self.items
            .iter()
            .filter(goes)
            .filter(before)
            .map(|item| StepId { at: item.address.clone(), op: Op::Delete })
            .collect()
    }

    fn is_root(&self, at: &Address) -> bool {
        self.graph.root.as_ref() == Some(at)
    }

    /// True iff nothing is left, or unknown, but what this plan deletes before the root.
    fn alone(&self, root: &Address) -> bool {
        let going = |item: &Item| item.address == *root || item.verdict == Verdict::Delete;
        self.world.unread.is_empty()
            && self.items.iter().all(going)
            && !self.items.iter().any(|item| matches!(item.verdict, Verdict::Wait(Waiting::Leaving(_))))
            && !self.world.objects.values().any(|o| matches!(o, super::Observed::Unknown(_)))
    }
}

/// The steps as they are, unless some wait for each other in a circle.
fn refuse_circles(steps: Vec<Step>) -> Result<Vec<Step>, Vec<StepId>> {
    let all: BTreeSet<_> = steps.iter().map(|step| &step.id).collect();
    let mut done = BTreeSet::new();
    loop {
        let ready = |step: &&Step| step.after.iter().all(|id| done.contains(id) || !all.contains(id));
        let next: BTreeSet<_> = steps.iter().filter(ready).map(|step| step.id.clone()).collect();
        if next.len() == steps.len() {
            return Ok(steps);
        }
        if next.len() == done.len() {
            return Err(steps.into_iter().map(|step| step.id).filter(|id| !done.contains(id)).collect());
        }
        done = next;
    }
}
