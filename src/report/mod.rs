//! What a pass found and did → what people read: status, events, and when to look again. Pure.
//!
//! Everything is derived from one view, [`standing`]: how each resource stands at the end of the pass, and why. A
//! resource that only waits for another is an echo of that one and is listed under it; the root cause is said once.
//!
//! Architecture invariant: the status holds nothing that changes by itself (no ages, no countdowns, no request ids that
//! differ from attempt to attempt), so a pass that changes nothing writes nothing.

mod causes;
mod conditions;
mod events;
mod identity;
mod impact;
mod outputs;
mod phase;
mod plan;
pub mod published;
mod remedy;
mod requeue;
mod resources;
mod standing;
mod steady;
mod stopped;
pub mod text;
mod tree;
mod words;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use crate::{
    api::{Reason, VideoPipelineStatus},
    engine::{Address, Failure, Graph, Outcomes, Plan, StepId, World},
    pipeline::Invalid,
};

pub use events::{Event, EventReason, EventType};
pub use requeue::Requeue;

/// All that a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Pass<'a> {
    /// The status as it stands on the resource; the empty one where there is none.
    pub previous: &'a VideoPipelineStatus,
    /// The resource that the pass was for.
    pub resource: Resource<'a>,
    /// AWS account of the environment, once it is known.
    pub account_id: Option<&'a str>,
    /// Remarks on resources that are as wanted, by address: a newer minor version of `storage/cluster`.
    pub notes: &'a BTreeMap<String, String>,
    /// How far the pass came.
    pub stage: Stage<'a>,
    /// The time at which whatever changed in this pass is said to have changed.
    pub now: Timestamp,
}

/// What a report needs of the resource itself.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The region that it names.
    pub region: &'a str,
    /// The value of the tag `streamflix.io/owner`, where the identity could be read.
    pub owner: Option<&'a str>,
    /// The generation of the spec that the pass worked with.
    pub generation: Option<i64>,
    /// `spec.suspend` is true, so nothing was applied.
    pub suspended: bool,
    /// It is being deleted.
    pub deleting: bool,
    /// `spec.processing.autoscaling` is set.
    pub autoscaled: bool,
}

/// How far a pass came.
#[derive(Clone, Copy, Debug)]
pub enum Stage<'a> {
    /// The spec asks for something that cannot be; nothing was planned.
    Invalid(&'a [Invalid]),
    /// It names what whoever runs the operator did not allow it to name; AWS was not called.
    Forbidden(Reason, &'a Invalid),
    /// AWS could not be asked at all: no credentials, no role, no answer from the region.
    Unreached(&'a Failure),
    /// No order of the steps exists: they wait for each other in a circle, a fault of the operator.
    Circular(&'a [StepId]),
    /// Everything was looked at and judged, and applied unless suspended. An empty graph deletes what is there.
    Planned(Planned<'a>),
    /// Nothing of what goes is to be seen any more, and for so long reads of AWS need not show what was made last.
    Unshown(Duration),
    /// The resource goes and its environment stays (`deletionPolicy: Retain`); AWS was not called.
    Retained,
}

/// What a whole pass saw, decided and did.
#[derive(Clone, Copy, Debug)]
pub struct Planned<'a> {
    /// What should exist. Its root is the claim.
    pub graph: &'a Graph,
    /// What was seen before anything was applied.
    pub world: &'a World,
    /// What was decided.
    pub plan: &'a Plan,
    /// What came of it; `None` when it was not applied.
    pub outcomes: Option<&'a Outcomes>,
}

/// What people read of a pass, and when to look again.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The status to write, unless it is the previous one.
    pub status: VideoPipelineStatus,
    /// What to tell about the change from the previous status; none if there is none.
    pub events: Vec<Event>,
    /// When to look again, if nothing happens before.
    pub requeue: Requeue,
    /// For how long what failed is not tried again, even if something happens before.
    pub pauses: BTreeMap<Address, Duration>,
}

/// Says what became of a pass.
pub fn report(pass: &Pass<'_>) -> Report {
    let mut pauses = BTreeMap::new();
    let (status, requeue) = match pass.stage {
        Stage::Planned(planned) => {
            let standings = standing::Standings::new(pass, planned);
            let status = reported(pass, planned, &standings);
            pauses = requeue::pauses(pass, &standings, &status);
            let requeue = requeue::of(pass, &standings, &status);
            (status, requeue)
        }
        Stage::Invalid(problems) => stopped::invalid(pass, problems),
        Stage::Forbidden(reason, named) => stopped::forbidden(pass, reason, named),
        Stage::Unreached(failure) => stopped::unreached(pass, failure),
        Stage::Circular(steps) => stopped::circular(pass, steps),
        Stage::Unshown(left) => stopped::unshown(pass, left),
        Stage::Retained => stopped::retained(pass),
    };
    let status = as_kept(status);
    let events = events::between(pass.previous, &status);
    Report { status, events, requeue, pauses }
}

/// The status as Kubernetes will give it back, texts that are too long cut, so that it can be compared with that.
fn as_kept(status: VideoPipelineStatus) -> VideoPipelineStatus {
    let kept = status.to_bounded_json().and_then(serde_json::from_value);
    kept.unwrap_or(status)
}

fn reported(
    pass: &Pass<'_>,
    planned: Planned<'_>,
    standings: &standing::Standings<'_>,
) -> VideoPipelineStatus {
    let resources = resources::rows(pass, standings);
    let conditions = conditions::all(pass, standings);
    VideoPipelineStatus {
        phase: Some(phase::of(pass, standings, conditions::ready(&conditions))),
        message: Some(words::headline(pass, standings)),
        resources_ready: Some(standings.count().to_string()),
        replicas: outputs::replicas(pass, planned.world),
        outputs: outputs::outputs(pass, planned.world),
        plan: plan::published(pass, standings),
        final_snapshot: outputs::final_snapshot(pass, standings, planned.world),
        conditions,
        resources,
        ..identified(pass)
    }
}

/// The parts of a status that every stage of a pass knows.
fn identified(pass: &Pass<'_>) -> VideoPipelineStatus {
    let known =
        |now: Option<&str>, before: &Option<String>| now.map(str::to_owned).or_else(|| before.clone());
    VideoPipelineStatus {
        observed_generation: pass.resource.generation,
        account_id: known(pass.account_id, &pass.previous.account_id),
        owner: known(pass.resource.owner, &pass.previous.owner),
        final_snapshot: pass.previous.final_snapshot.clone(),
        ..VideoPipelineStatus::default()
    }
}
