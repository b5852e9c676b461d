//! What becomes of each resource that should exist, looked at in the graph's order.

use super::{
    Address, AnyKind, Change, Changes, Data, Defect, Failure, Graph, Memory, Node, Object, Observed, Phase,
    Recent, World,
    diff::{Comparison, digest},
    input::{resolve, sources},
    plan::Registry,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What becomes of one resource, and why: what people read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It is as it should be.
    Keep,
    /// It is made.
    Create,
    /// A new version of it is made beside the one in place, which goes once nothing uses it any more.
    Revise(Changes),
    /// It is changed in place.
    Update(Changes),
    /// It is deleted and made anew.
    Replace(Changes),
    /// It is not wanted any more.
    Delete,
    /// Nothing is decided yet.
    Wait(Waiting),
    /// Nothing will happen before a person decides or something outside changes.
    Blocked(Block),
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Waiting {
    /// It is on its way to being ready.
    Settling(String),
    /// It is on its way out.
    Leaving(String),
    /// These come first.
    On(BTreeSet<Address>),
    /// It could not be read, so nothing is decided about it.
    Unread(Failure),
    /// A call that made it may have been lost; reads have to catch up first.
    InDoubt(String),
}

/// What a person has to decide, or the world outside to change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Block {
    /// Something of this name exists and is not ours.
    Foreign {
        /// The cloud's id of it.
        id: String,
        /// Whose it is, where its tags say so.
        owner: Option<String>,
    },
    /// It was ours, and stands there without our tags.
    OwnershipLost {
        /// The cloud's id of it.
        id: String,
    },
    /// It would be replaced, and holds data.
    WouldReplaceData {
        /// The changes that the cloud cannot make in place.
        changes: Changes,
        /// What to consent to: `address@digest`.
        consent: String,
    },
    /// It would be deleted, and holds data.
    WouldDeleteData {
        /// What to consent to: `address@digest`.
        consent: String,
    },
    /// It would go with the whole environment, and is protected against that.
    Protected,
    /// It held data, and is gone.
    DataGone {
        /// What to consent to, for an empty one: `address@digest`.
        consent: String,
    },
    /// It will not be ready by itself.
    Broken(Defect),
    /// Its replacement would need that one, which refers to it, to let go first, and that one cannot.
    Cycle(Address),
}

impl Verdict {
    /// True iff what is there stays as it is for now, although it should not: it may still refer to what it did.
    pub(super) fn stays_as_it_is(&self) -> bool {
        matches!(
            self,
            Self::Wait(_)
                | Self::Blocked(
                    Block::WouldReplaceData { .. } | Block::OwnershipLost { .. } | Block::Cycle(_)
                )
        )
    }

    /// True iff carrying it out calls the cloud.
    pub fn mutates(&self) -> bool {
        matches!(self, Self::Create | Self::Revise(_) | Self::Update(_) | Self::Replace(_) | Self::Delete)
    }
}

/// Verdicts of the nodes, and what is known of outputs once they are carried out.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub verdicts: BTreeMap<Address, Verdict>,
    /// Specs with every output filled in that is known before anything is applied.
    pub specs: BTreeMap<Address, Value>,
    /// The object at each node's address, or at the address of the version that is wanted.
    pub present: BTreeMap<Address, Address>,
    /// Outputs of what stays.
    pub known: BTreeMap<Address, Value>,
    /// What will be made, so that its outputs come.
    coming: BTreeSet<Address>,
    /// What will be made anew in place of another, so that its outputs certainly change.
    renewed: BTreeSet<Address>,
    /// What will be made anew, but not by this plan: nothing new is built on it.
    outgoing: BTreeSet<Address>,
    /// What is unknown or settling, and everything that depends on it.
    unsettled: BTreeSet<Address>,
    /// What is unknown, and everything that depends on it.
    doubtful: BTreeSet<Address>,
}

/// Why something is not replaced although it should be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Refusal {
    /// That one, which refers to it, cannot let go.
    Never(Address),
    /// What may refer to it has not let go yet.
    NotYet(Waiting),
}

/// Judges every node. `refused` are addresses whose replacement turned out to be impossible.
pub(super) fn judge<C>(
    kinds: &Registry<'_, C>,
    graph: &Graph,
    world: &World,
    memory: &Memory,
    refused: &BTreeMap<Address, Refusal>,
) -> Judgement {
    let mut judgement = Judgement::default();
    for node in graph.nodes() {
        let Some(kind) = kinds.get(&node.address.kind) else { continue };
        Judge { kind, graph, world, memory, refused, so_far: &mut judgement }.judge(node);
    }
    judgement
}

struct Judge<'a, C> {
    kind: &'a dyn AnyKind<C>,
    graph: &'a Graph,
    world: &'a World,
    memory: &'a Memory,
    refused: &'a BTreeMap<Address, Refusal>,
    so_far: &'a mut Judgement,
}

impl<C> Judge<'_, C> {
    fn judge(&mut self, node: &Node) {
        let spec = self.kind.normal(resolve(&node.spec, &self.so_far.known));
        let verdict = match self.whereabouts(node, &spec) {
            Err(waiting) => Verdict::Wait(waiting),
            Ok(at) => {
                let verdict = self.verdict(node, &spec, &at);
                self.so_far.present.insert(node.address.clone(), at);
                verdict
            }
        };
        self.look_ahead(node, &verdict);
        self.so_far.specs.insert(node.address.clone(), spec);
        self.so_far.verdicts.insert(node.address.clone(), verdict);
    }

    /// The address at which the node's object would be observed: its own or, for a kind whose replacement is made
    /// first, that of the version with the wanted immutable values.
    fn whereabouts(&self, node: &Node, spec: &Value) -> Result<Address, Waiting> {
        if !self.kind.create_first() {
            return Ok(node.address.clone());
        }
        let immutable = immutable_part(spec, self.kind.immutable());
        let unresolved = sources(&immutable);
        let stuck: BTreeSet<_> = unresolved.difference(&self.so_far.coming).cloned().collect();
        match (unresolved.is_empty(), stuck.is_empty()) {
            (true, _) => Ok(node.address.version(&digest(&immutable))),
            // Not made yet, whichever version it will be.
            (false, true) => Ok(node.address.version("known-after-apply")),
            (false, false) => Err(Waiting::On(stuck)),
        }
    }

    fn verdict(&mut self, node: &Node, spec: &Value, at: &Address) -> Verdict {
        let world = self.world;
        if let Some(failure) = world.unread.get(&node.address.kind) {
            return Verdict::Wait(Waiting::Unread(failure.clone()));
        }
        match world.objects.get(at) {
            Some(Observed::Unknown(failure)) => Verdict::Wait(Waiting::Unread(failure.clone())),
            Some(Observed::Foreign { id, owner }) => Verdict::Blocked(self.foreign(at, id, owner.clone())),
            Some(Observed::Ours(object)) => self.present(node, spec, at, object),
            Some(Observed::Absent) => self.absent(node, spec, at),
            // Versions are not asked for by address: a complete read that does not mention one shows its absence.
            None if self.kind.create_first() => match self.unread_version(node) {
                Some(failure) => Verdict::Wait(Waiting::Unread(failure.clone())),
                None => self.absent(node, spec, at),
            },
            None => Verdict::Wait(Waiting::Unread(Failure::new(
                "observe",
                "NotObserved",
                super::Meaning::Transient,
                format!("{at} was not looked at"),
            ))),
        }
    }

    /// Why some version of the node, which may be the wanted one, is not known.
    fn unread_version(&self, node: &Node) -> Option<&Failure> {
        let versions = self.world.objects.iter().filter(|(at, _)| at.kind == node.address.kind);
        versions.filter(|(at, _)| at.is_of(&node.address)).find_map(|(_, observed)| match observed {
            Observed::Unknown(failure) => Some(failure),
            _ => None,
        })
    }

    fn foreign(&self, at: &Address, id: &str, owner: Option<String>) -> Block {
        match self.memory.ids.get(at) {
            Some(remembered) if remembered == id && owner.is_none() => Block::OwnershipLost { id: id.into() },
            _ => Block::Foreign { id: id.into(), owner },
        }
    }

    fn absent(&self, node: &Node, spec: &Value, at: &Address) -> Verdict {
        if let Some(waiting) = self.may_be_there(node, at) {
            return Verdict::Wait(waiting);
        }
        if let Some(incarnation) = self.memory.was_ready.get(&node.address)
            && self.kind.holds_data() == Data::Kept
        {
            let consent = consent(&node.address, "recreate", incarnation, &Changes::default());
            if !self.memory.consents.contains(&consent) {
                return Verdict::Blocked(Block::DataGone { consent });
            }
        }
        let mut stuck = self.stuck(node, &sources(spec));
        let unfit =
            |source: &Address| self.so_far.doubtful.contains(source) || self.so_far.outgoing.contains(source);
        stuck.extend(node.sources().iter().filter(|source| unfit(source)).cloned());
        if !stuck.is_empty() {
            return Verdict::Wait(Waiting::On(stuck));
        }
        self.version_in_place(node).map_or(Verdict::Create, |have| Verdict::Revise(self.revision(spec, have)))
    }

    /// The spec of the version that a new one is made beside.
    fn version_in_place(&self, node: &Node) -> Option<&Value> {
        let is_version = |at: &Address| at.name.contains('@') && !at.is_surplus() && at.is_of(&node.address);
        let versions = self.world.ours().filter(|(at, _)| self.kind.create_first() && is_version(at));
        versions.filter_map(|(_, object)| object.spec.as_ref()).last()
    }

    /// How a new version differs from the one in place; all that is still to come differs.
    fn revision(&self, spec: &Value, have: &Value) -> Changes {
        self.comparison(&sources(spec)).of(spec, have).changes
    }

    fn comparison<'r>(&'r self, renewed: &'r BTreeSet<Address>) -> Comparison<'r> {
        Comparison { at_creation: self.kind.at_creation(), private: self.kind.private(), renewed }
    }

    /// Of `unresolved`, those that no step of this plan will bring; the root is needed always.
    fn stuck(&self, node: &Node, unresolved: &BTreeSet<Address>) -> BTreeSet<Address> {
        let root = self.graph.root.iter().filter(|root| **root != node.address);
        let missing_root = root.filter(|root| !self.so_far.known.contains_key(*root));
        unresolved.iter().chain(missing_root).filter(|a| !self.so_far.coming.contains(*a)).cloned().collect()
    }

    fn present(&mut self, node: &Node, spec: &Value, at: &Address, object: &Object) -> Verdict {
        if let Phase::Leaving(why) = &object.phase {
            return Verdict::Wait(Waiting::Leaving(why.clone()));
        }
        let have = object.spec.as_ref().map(|have| self.once_more(node, object, have));
        let comparison = self.comparison(&self.so_far.renewed);
        let difference = have.map(|have| comparison.of(spec, &have)).unwrap_or_default();
        let all = difference.changes;
        let changes = self.without_written(at, &all);
        match &object.phase {
            // What is shown may be the one before.
            _ if changes.any(self.kind.immutable())
                && let Some(waiting) = self.may_be_there(node, at) =>
            {
                Verdict::Wait(waiting)
            }
            _ if changes.0.is_empty() && !all.0.is_empty() => {
                Verdict::Wait(Waiting::Settling("changed, not yet visible".into()))
            }
            Phase::Settling(why) => self.settling(node, why, changes, &difference.undecided),
            Phase::Broken(defect) if changes.0.is_empty() => Verdict::Blocked(Block::Broken(defect.clone())),
            _ => self.ready(node, object, changes, &difference.undecided),
        }
    }

    /// What an object has. One that is broken lacks what is to be given to it once more, when something that it rests on
    /// has changed since and all of that is as it should be: else the next attempt would be as vain as the last.
    fn once_more<'v>(&self, node: &Node, object: &Object, have: &'v Value) -> Cow<'v, Value> {
        let mut have = Cow::Borrowed(have);
        let sound = |at: &Address| self.so_far.verdicts.get(at) == Some(&Verdict::Keep);
        if matches!(object.phase, Phase::Broken(_))
            && self.memory.stirred.contains(&node.address)
            && self.graph.foundations(&node.address).iter().all(sound)
            && let Value::Object(fields) = have.to_mut()
        {
            let renewed =
                fields.iter_mut().filter(|(field, _)| self.kind.renewed().contains(&field.as_str()));
            renewed.for_each(|(_, value)| *value = Value::Null);
        }
        have
    }

    /// A change that was written only just now is not written again while reads may lag.
    fn without_written(&self, at: &Address, changes: &Changes) -> Changes {
        let written = match self.memory.recent.get(at) {
            Some(Recent::Updated { ago, changes, repeats }) if *ago < self.patience(*repeats) => changes,
            _ => return changes.clone(),
        };
        let is_written = |change: &&Change| written.of(&change.field).is_some_and(|w| w.to == change.to);
        Changes(changes.0.iter().filter(|change| !is_written(change)).cloned().collect())
    }

    /// What has to be waited for where it was made, or may have been, so short a time ago that reads need not show it yet.
    fn may_be_there(&self, node: &Node, at: &Address) -> Option<Waiting> {
        if let Some(Recent::Created { ago, repeats }) = self.memory.recent.get(at)
            && *ago < self.patience(*repeats)
        {
            return Some(Waiting::Settling("created, not yet visible".into()));
        }
        self.memory.in_doubt.get(&node.address).map(|why| Waiting::InDoubt(why.clone()))
    }

    /// For how long a write may be without effect before it is repeated. Somebody who undoes it whenever it is made, or
    /// a fault by which it never shows, is met more and more rarely.
    fn patience(&self, repeats: u32) -> Duration {
        const LONGEST: Duration = Duration::from_secs(900);
        let doubled = self.kind.lag().saturating_mul(2_u32.saturating_pow(repeats));
        doubled.min(LONGEST.max(self.kind.lag()))
    }

    fn settling(&self, node: &Node, why: &str, changes: Changes, undecided: &BTreeSet<Address>) -> Verdict {
        let allowed = self.kind.while_settling();
        let permitted = |field: &str| {
            (allowed.contains(&"*") || allowed.contains(&field)) && !self.kind.immutable().contains(&field)
        };
        let now: Vec<_> = changes.0.into_iter().filter(|change| permitted(&change.field)).collect();
        if now.is_empty() || !undecided.is_empty() || !self.stuck(node, &BTreeSet::new()).is_empty() {
            return Verdict::Wait(Waiting::Settling(why.into()));
        }
        Verdict::Update(Changes(now))
    }

    fn ready(
        &mut self,
        node: &Node,
        object: &Object,
        changes: Changes,
        undecided: &BTreeSet<Address>,
    ) -> Verdict {
        // What needs a person is said at once, whatever else is still to be found out.
        if let Some(block) = self.loss_of(node, object, &changes) {
            return Verdict::Blocked(block);
        }
        if !undecided.is_empty() {
            return Verdict::Wait(Waiting::On(undecided.clone()));
        }
        if changes.0.is_empty() {
            return Verdict::Keep;
        }
        let stuck = self.stuck(node, &BTreeSet::new());
        if !stuck.is_empty() {
            return Verdict::Wait(Waiting::On(stuck));
        }
        if changes.any(self.kind.immutable()) {
            self.replace(node, changes)
        } else {
            Verdict::Update(changes)
        }
    }

    fn replace(&mut self, node: &Node, changes: Changes) -> Verdict {
        let shaky: BTreeSet<_> = node.sources().intersection(&self.so_far.unsettled).cloned().collect();
        let waiting = match self.refused.get(&node.address) {
            _ if !shaky.is_empty() => Some(Waiting::On(shaky)),
            Some(Refusal::Never(holder)) => return Verdict::Blocked(Block::Cycle(holder.clone())),
            Some(Refusal::NotYet(waiting)) => Some(waiting.clone()),
            None => None,
        };
        if let Some(waiting) = waiting {
            self.so_far.outgoing.insert(node.address.clone());
            return Verdict::Wait(waiting);
        }
        Verdict::Replace(changes)
    }

    /// Why data would be lost without consent. What may be changed in place has no part in the consent.
    fn loss_of(&self, node: &Node, object: &Object, changes: &Changes) -> Option<Block> {
        let immutable = |change: &&Change| self.kind.immutable().contains(&change.field.as_str());
        let changes = Changes(changes.0.iter().filter(immutable).cloned().collect());
        if changes.0.is_empty() || self.kind.holds_data() == Data::None {
            return None;
        }
        let consent = consent(&node.address, "replace", self.kind.incarnation(object), &changes);
        let allowed = self.memory.consents.contains(&consent);
        (!allowed).then_some(Block::WouldReplaceData { changes, consent })
    }

    /// Records what the verdict means for those who use this node's outputs.
    fn look_ahead(&mut self, node: &Node, verdict: &Verdict) {
        let at = &node.address;
        let object = self.so_far.present.get(at).and_then(|at| self.world.our(at));
        match (verdict, object) {
            (Verdict::Create | Verdict::Revise(_), _) => {
                self.so_far.coming.insert(at.clone());
                if self.kind.create_first() {
                    self.so_far.renewed.insert(at.clone());
                }
            }
            (Verdict::Replace(_), _) => {
                self.so_far.coming.insert(at.clone());
                self.so_far.renewed.insert(at.clone());
            }
            (_, Some(object)) if !matches!(object.phase, Phase::Leaving(_)) => {
                self.so_far.known.insert(at.clone(), object.outputs.clone());
            }
            _ => {}
        }
        let sources = node.sources();
        // Some changes are made while it settles.
        let settles = object.is_some_and(|object| matches!(object.phase, Phase::Settling(_)));
        if !sources.is_disjoint(&self.so_far.unsettled) || settles || matches!(verdict, Verdict::Wait(_)) {
            self.so_far.unsettled.insert(at.clone());
        }
        if !sources.is_disjoint(&self.so_far.doubtful) || matches!(verdict, Verdict::Wait(Waiting::Unread(_)))
        {
            self.so_far.doubtful.insert(at.clone());
        }
    }
}

/// The fields of `spec` that decide which version of a resource it is.
pub(super) fn immutable_part(spec: &Value, immutable: &[&str]) -> Value {
    let fields: Map<String, Value> =
        immutable.iter().map(|f| (String::from(*f), spec.get(*f).cloned().unwrap_or(Value::Null))).collect();
    Value::Object(fields)
}

/// What a person writes to allow one act on what holds data: the address, and a digest of the act and of the object. It is
/// good once, although nobody takes it away: no later object is of the same incarnation.
pub(super) fn consent(address: &Address, act: &str, incarnation: &str, changes: &Changes) -> String {
    let what = serde_json::json!({ "act": act, "id": incarnation, "changes": changes });
    format!("{address}@{}", digest(&what))
}
