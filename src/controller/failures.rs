//! What failed or is broken, and when it is tried again: each by itself, so that one that always fails is tried rarely while
//! the others go on, and at once when something that it rests on changes.
//!
//! How long to pause is the report's to say, from the time for which a resource has failed, which is in its status; here it
//! is only kept until then. Losing it costs one attempt, and for what is broken the wait that its kind has for it.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use std::time::{Duration, Instant};

use crate::engine::{
    Address, Deferral, Failure, Graph, Object, Observed, Outcome, Pause, Phase, Step, StepId, World,
};

/// The steps that failed, and the resources that are broken.
#[derive(Debug, Default)]
pub struct Failures {
    failed: BTreeMap<StepId, Failed>,
    broken: BTreeMap<Address, Broken>,
}

/// A step that failed.
#[derive(Debug)]
struct Failed {
    failure: Failure,
    /// When it is tried again; at once where nobody said.
    until: Option<Instant>,
    /// What it rests on, as it was first seen after the step had failed.
    foundations: Option<Foundations>,
}

/// A resource that will not be ready by itself.
#[derive(Debug)]
struct Broken {
    /// What it rests on, as it was when the resource was first seen broken.
    foundations: Foundations,
    /// Some of that has changed since.
    stirred: bool,
}

type Foundations = BTreeMap<Address, Object>;

impl Failures {
    /// What came of a step.
    pub fn note(&mut self, step: &Step, outcome: Option<&Outcome>) {
        match outcome {
            Some(Outcome::Failed(failure) | Outcome::Deferred(Deferral::Refused(failure))) => {
                let failed = Failed { failure: failure.clone(), until: None, foundations: None };
                self.failed.insert(step.id.clone(), failed);
            }
            Some(Outcome::Deferred(Deferral::Paused(_))) => {}
            Some(Outcome::Done(_)) => {
                self.failed.remove(&step.id);
                self.broken.remove(&step.id.at);
            }
            _ => drop(self.failed.remove(&step.id)),
        }
    }

    /// What has failed just now at these addresses is not tried again for so long.
    pub fn pause(&mut self, pauses: &BTreeMap<Address, Duration>, now: Instant) {
        for (id, failed) in self.failed.iter_mut().filter(|(_, failed)| failed.until.is_none()) {
            failed.until = pauses.get(&id.at).map(|pause| now + *pause);
        }
        self.failed.retain(|_, failed| failed.until.is_some_and(|until| now < until));
    }

    /// Everything is tried again at once.
    pub fn retry(&mut self) {
        self.failed.clear();
    }

    /// What rests on something that has changed since is tried again at once.
    pub fn reconsider(&mut self, graph: &Graph, world: &World) {
        self.failed.retain(|id, failed| {
            let now = foundations(graph, world, &id.at);
            alike(failed.foundations.get_or_insert_with(|| now.clone()), &now, world)
        });
        let is_broken = |object: &Object| matches!(object.phase, Phase::Broken(_));
        let broken: BTreeSet<_> =
            world.ours().filter(|(_, object)| is_broken(object)).map(|(at, _)| at.base()).collect();
        self.broken.retain(|at, _| broken.contains(at));
        for at in broken {
            let mut now = foundations(graph, world, &at);
            now.values_mut().for_each(calm);
            let fresh = || Broken { foundations: now.clone(), stirred: false };
            let broken = self.broken.entry(at).or_insert_with(fresh);
            broken.stirred |= !alike(&broken.foundations, &now, world);
        }
    }

    /// What is broken, and rests on something that has changed since.
    pub fn stirred(&self) -> BTreeSet<Address> {
        self.broken.iter().filter(|(_, broken)| broken.stirred).map(|(at, _)| at.clone()).collect()
    }

    /// The steps that are not tried yet.
    pub fn pauses(&self, now: Instant) -> BTreeMap<StepId, Pause> {
        let pause = |(id, failed): (&StepId, &Failed)| {
            let left = failed.until?.checked_duration_since(now).filter(|left| !left.is_zero())?;
            Some((id.clone(), Pause { failure: failed.failure.clone(), left }))
        };
        self.failed.iter().filter_map(pause).collect()
    }
}

fn foundations(graph: &Graph, world: &World, at: &Address) -> Foundations {
    let addresses = graph.foundations(at);
    let founded = world.ours().filter(|(address, _)| addresses.contains(&address.base()));
    founded.map(|(address, object)| (address.clone(), object.clone())).collect()
}

/// Comes and goes, and mends nothing: a database that is backed up.
fn calm(object: &mut Object) {
    if matches!(object.phase, Phase::Settling(_)) {
        object.phase = Phase::Ready;
    }
}

/// True iff the same objects are there, in the same state. What was not read is not known to differ.
fn alike(before: &Foundations, now: &Foundations, world: &World) -> bool {
    let same = |before: &Object, now: &Object| {
        before.id == now.id
            && discriminant(&before.phase) == discriminant(&now.phase)
            && before.outputs == now.outputs
            && (before.spec.is_none() || now.spec.is_none() || before.spec == now.spec)
    };
    let unread = |at: &Address| {
        world.unread.contains_key(&at.kind) || matches!(world.objects.get(at), Some(Observed::Unknown(_)))
    };
    let kept = before.iter().all(|(at, object)| match now.get(at) {
        Some(other) => same(object, other),
        None => unread(at),
    });
    kept && now.keys().all(|at| before.contains_key(at))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::{Changes, Defect, Identity, Key, Meaning, Node, Op};

    const PAUSE: Duration = Duration::from_secs(2);

    fn address(name: &str) -> Address {
        Address::new("thing", name)
    }

    /// A root, a base on the root, and the thing that fails, on the base.
    fn graph() -> Graph {
        let node = |name: &str, spec: Value| Node::new(address(name), name, spec);
        let mut graph = Graph::new(Identity::default(), Some(address("root")));
        graph.push(node("root", json!({})));
        graph.push(node("other", json!({})));
        graph.push(node("base", json!({ "on": { "$output": address("root"), "field": "id" } })));
        graph.push(node("thing", json!({ "on": { "$output": address("base"), "field": "id" } })));
        graph
    }

    fn world(changed: &[&str]) -> World {
        let object = |name: &&str| {
            let (id, outputs) = ((*name).to_owned(), json!({ "id": name }));
            let spec = Some(json!({ "size": u8::from(changed.contains(name)) }));
            (address(name), Observed::Ours(Object { id, spec, outputs, phase: Phase::Ready }))
        };
        World { objects: ["root", "other", "base"].iter().map(object).collect(), ..World::default() }
    }

    fn step() -> Step {
        let key = Key {
            address: address("thing"),
            name: "thing".into(),
            owner: String::new(),
            labels: BTreeMap::new(),
            token: None,
        };
        Step {
            id: StepId { at: address("thing"), op: Op::Create },
            after: [].into(),
            key,
            spec: json!({}),
            outputs: Value::Null,
            changes: Changes::default(),
            pause: None,
        }
    }

    fn failure() -> Failure {
        Failure::new("toy:Create", "Busy", Meaning::Transient, "")
    }

    /// It failed at `now`.
    fn failures(now: Instant) -> Failures {
        let mut failures = Failures::default();
        failures.note(&step(), Some(&Outcome::Failed(failure())));
        failures.pause(&[(address("thing"), PAUSE)].into(), now);
        failures
    }

    fn pauses(failures: &Failures, now: Instant) -> bool {
        failures.pauses(now).contains_key(&step().id)
    }

    #[test]
    fn what_failed_pauses_for_as_long_as_was_said() {
        let now = Instant::now();
        let mut failures = failures(now);
        failures.reconsider(&graph(), &world(&[]));
        let half = now + PAUSE / 2;
        assert_eq!(failures.pauses(half)[&step().id].left, PAUSE / 2);
        let paused = Outcome::Deferred(Deferral::Paused(failures.pauses(half)[&step().id].clone()));
        failures.note(&step(), Some(&paused));
        failures.pause(&[(address("thing"), PAUSE)].into(), half);
        assert!(pauses(&failures, half) && !pauses(&failures, now + PAUSE), "a pass does not make it longer");
    }

    #[test]
    fn what_succeeded_or_was_not_spoken_of_does_not_pause() {
        let now = Instant::now();
        let mut failures = failures(now);
        failures.note(&step(), Some(&Outcome::Done(Value::Null)));
        assert!(!pauses(&failures, now));
        let mut failures = self::failures(now);
        failures.retry();
        assert!(!pauses(&failures, now));
    }

    /// The thing stands and is broken.
    fn broken(mut world: World) -> World {
        let phase = Phase::Broken(Defect::new("rolled back", "wait"));
        let object = Object { id: "thing".into(), spec: None, outputs: Value::Null, phase };
        world.objects.insert(address("thing"), Observed::Ours(object));
        world
    }

    #[test]
    fn what_is_broken_is_stirred_by_what_it_rests_on_until_it_was_given_something() {
        let after = |worlds: &[World]| {
            let mut failures = Failures::default();
            worlds.iter().for_each(|world| failures.reconsider(&graph(), &broken(world.clone())));
            failures
        };
        let stirred = |worlds: &[World]| !after(worlds).stirred().is_empty();
        assert!(!stirred(&[world(&["base"])]) && !stirred(&[world(&[]), world(&["other"])]));
        assert!(stirred(&[world(&["root"]), world(&[])]));
        let again = [world(&[]), world(&["base"]), world(&[])];
        assert!(stirred(&again), "it changed, if only for a while");

        let mut unread = world(&[]);
        for observed in unread.objects.values_mut() {
            *observed = Observed::Unknown(failure());
        }
        assert!(!stirred(&[world(&[]), unread, world(&[])]), "what was not read has not changed");

        let mut failures = after(&again);
        failures.note(&step(), Some(&Outcome::Done(Value::Null)));
        failures.reconsider(&graph(), &broken(world(&[])));
        assert!(failures.stirred().is_empty());
    }

    #[test]
    fn it_is_tried_again_when_what_it_rests_on_changes_and_only_then() {
        let now = Instant::now();
        let after = |changed: &[&str]| {
            let mut failures = failures(now);
            failures.reconsider(&graph(), &world(&[]));
            failures.reconsider(&graph(), &world(changed));
            pauses(&failures, now)
        };
        assert!(after(&[]) && after(&["other"]));
        assert!(!after(&["base"]) && !after(&["root"]));

        let mut shallow = world(&[]);
        for object in shallow.objects.values_mut() {
            if let Observed::Ours(object) = object {
                object.spec = None;
            }
        }
        let mut failures = failures(now);
        failures.reconsider(&graph(), &world(&[]));
        failures.reconsider(&graph(), &shallow);
        assert!(pauses(&failures, now), "a cheap look shows no change");
    }
}
