use super::{
    Address, AnyKind, Deleted, Failure, Key, Op, Pause, Plan, Step, StepId,
    diff::digest,
    input::{resolve, sources},
    judge::immutable_part,
    plan::named,
};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What came of one step.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The cloud took it. What was made has these outputs so far.
    Done(Value),
    /// Not started, or not finished, and no fault.
    Deferred(Deferral),
    /// The cloud refused it.
    Failed(Failure),
}

/// What a step that is not done waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Deferral {
    /// These come first.
    On(BTreeSet<Address>),
    /// It is on its way out.
    Leaving,
    /// The cloud takes the call only later.
    Refused(Failure),
    /// It failed before, and it is too early to try it again.
    Paused(Pause),
    /// Nobody here knows its kind.
    Unregistered,
    /// The process is to end: the next one begins it.
    Stopping,
}

/// What came of every step.
pub type Outcomes = BTreeMap<StepId, Outcome>;

/// What accompanies every call of a kind: a span, a deadline, a record of who did what.
pub type Around<'a> = &'a (dyn for<'s> Fn(&'s Step, BoxFuture<'s, Outcome>) -> BoxFuture<'s, Outcome> + Sync);

/// Nothing accompanies the calls.
pub fn plainly<'s>(_: &'s Step, call: BoxFuture<'s, Outcome>) -> BoxFuture<'s, Outcome> {
    call
}

/// One concurrent pass over the plan: starts each step once all that it comes after is done, but none that is to pause.
/// Never sleeps and never polls; what is not ready yet is for the next pass.
pub async fn apply<C: Sync>(
    kinds: &[&dyn AnyKind<C>],
    cloud: &C,
    plan: &Plan,
    around: Around<'_>,
) -> Outcomes {
    let planned: BTreeSet<_> = plan.steps.iter().map(|step| step.id.clone()).collect();
    let mut walk = Walk { outputs: BTreeMap::new(), done: BTreeSet::new(), outcomes: BTreeMap::new() };
    let mut todo: Vec<&Step> = plan.steps.iter().collect();
    let mut running = FuturesUnordered::new();
    loop {
        let (ready, rest): (Vec<_>, Vec<_>) = todo
            .into_iter()
            .partition(|s| s.after.iter().all(|id| walk.done.contains(id) || !planned.contains(id)));
        todo = rest;
        for step in ready {
            let spec = resolve(&step.spec, &walk.outputs);
            let kind = named(kinds, &step.id.at.kind);
            running.push(async move {
                let outcome = match (kind, &step.pause) {
                    (_, Some(pause)) => Outcome::Deferred(Deferral::Paused(pause.clone())),
                    (Some(kind), None) => around(step, Box::pin(run(kind, cloud, step, spec))).await,
                    (None, None) => Outcome::Deferred(Deferral::Unregistered),
                };
                (step, outcome)
            });
        }
        let Some((step, outcome)) = running.next().await else { break };
        walk.record(step, outcome);
    }
    for step in todo {
        let on = step.after.iter().filter(|id| !walk.done.contains(*id)).map(|id| id.at.clone()).collect();
        walk.outcomes.insert(step.id.clone(), Outcome::Deferred(Deferral::On(on)));
    }
    walk.outcomes
}

struct Walk {
    outputs: BTreeMap<Address, Value>,
    done: BTreeSet<StepId>,
    outcomes: Outcomes,
}

impl Walk {
    fn record(&mut self, step: &Step, outcome: Outcome) {
        if let Outcome::Done(outputs) = &outcome {
            self.done.insert(step.id.clone());
            if step.id.op != Op::Delete {
                self.outputs.insert(step.id.at.clone(), outputs.clone());
            }
        }
        self.outcomes.insert(step.id.clone(), outcome);
    }
}

async fn run<C: Sync>(kind: &dyn AnyKind<C>, cloud: &C, step: &Step, spec: Value) -> Outcome {
    let unresolved = sources(&spec);
    if step.id.op != Op::Delete && !unresolved.is_empty() {
        return Outcome::Deferred(Deferral::On(unresolved));
    }
    let result = match step.id.op {
        Op::Delete => match kind.delete(cloud, step.outputs.clone()).await {
            Ok(Deleted::Leaving) => return Outcome::Deferred(Deferral::Leaving),
            result => result.map(|_| Value::Null),
        },
        Op::Update => kind
            .update(cloud, &step.key, step.outputs.clone(), spec, &step.changes)
            .await
            .map(|()| step.outputs.clone()),
        Op::Create => kind.create(cloud, &key(kind, step, &spec), spec).await,
    };
    match result {
        Ok(outputs) => Outcome::Done(outputs),
        Err(failure) if failure.asks_to_wait() => Outcome::Deferred(Deferral::Refused(failure)),
        Err(failure) => Outcome::Failed(failure),
    }
}

/// The key of what is made; the version of an address is known only now that every input is.
fn key<C>(kind: &dyn AnyKind<C>, step: &Step, spec: &Value) -> Key {
    let mut key = step.key.clone();
    if kind.create_first() {
        key.address =
            step.id.at.version(&digest(&immutable_part(&kind.normal(spec.clone()), kind.immutable())));
    }
    key
}
