//! The status of a pass that ended before anything was planned: what was seen before stays, as far as it is still true.

use std::time::Duration;

use crate::{
    api::{Condition, ConditionStatus, ConditionType, Reason, VideoPipelineStatus, status::Phase},
    engine::{Failure, StepId},
    pipeline::Invalid,
};

use super::{
    Pass, Requeue, conditions, identified,
    requeue::{self, Pace},
    resources,
    standing::reason_of,
    steady::steady,
    words,
};

/// Why a pass ended early.
struct Stop {
    phase: Phase,
    ready: ConditionStatus,
    reason: Reason,
    message: String,
    needs_person: bool,
}

/// The spec asks for something that cannot be.
pub(super) fn invalid(pass: &Pass<'_>, problems: &[Invalid]) -> (VideoPipelineStatus, Requeue) {
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let stop = Stop {
        phase: or_deleting(pass, if was_complete(pass) { Phase::Degraded } else { Phase::Failed }),
        ready: ConditionStatus::False,
        reason: Reason::InvalidSpec,
        message: texts.join(" · "),
        needs_person: true,
    };
    let status = VideoPipelineStatus { resources: pass.previous.resources.clone(), ..stopped(pass, &stop) };
    // What is wrong can lie in AWS: a version that is not offered yet, a region that is not enabled.
    let requeue = requeue::after(pass, Pace::Slow, &status);
    (status, requeue)
}

/// Nobody may look: what the resource names is not for it.
pub(super) fn forbidden(pass: &Pass<'_>, reason: Reason, named: &Invalid) -> (VideoPipelineStatus, Requeue) {
    let way_out = match pass.resource.deleting {
        true => " · spec.deletionPolicy: Retain lets the resource go and leaves what is in AWS there",
        false => "",
    };
    let stop = Stop {
        phase: or_deleting(pass, if has_rows(pass) { Phase::Unknown } else { Phase::Failed }),
        ready: ConditionStatus::Unknown,
        reason,
        message: format!("{named}{way_out}"),
        needs_person: true,
    };
    let status = unseen(pass, &stop);
    // The settings change with a restart.
    let requeue = requeue::after(pass, Pace::Slow, &status);
    (status, requeue)
}

/// AWS could not be asked.
pub(super) fn unreached(pass: &Pass<'_>, failure: &Failure) -> (VideoPipelineStatus, Requeue) {
    let before = conditions::find(&pass.previous.conditions, ConditionType::Ready);
    let stop = Stop {
        phase: or_deleting(pass, if has_rows(pass) { Phase::Unknown } else { Phase::Pending }),
        ready: ConditionStatus::Unknown,
        reason: if failure.is_final() { reason_of(failure) } else { unanswered(failure) },
        message: steady(before.map(|condition| condition.message.as_str()), words::failed(failure)),
        needs_person: failure.is_final(),
    };
    let status = unseen(pass, &stop);
    let requeue = requeue::after(pass, Pace::of(failure), &status);
    (status, requeue)
}

/// Nothing was seen, so nothing is known to be ready.
fn unseen(pass: &Pass<'_>, stop: &Stop) -> VideoPipelineStatus {
    let mut status = VideoPipelineStatus { resources: resources::unseen(pass), ..stopped(pass, stop) };
    if has_rows(pass) {
        status.resources_ready = Some(format!("0/{}", status.resources.len()));
    }
    status
}

/// The steps wait for each other.
pub(super) fn circular(pass: &Pass<'_>, steps: &[StepId]) -> (VideoPipelineStatus, Requeue) {
    let steps: Vec<_> = steps.iter().map(|step| format!("{:?} {}", step.op, step.at)).collect();
    let stop = Stop {
        phase: or_deleting(pass, if was_complete(pass) { Phase::Degraded } else { Phase::Failed }),
        ready: ConditionStatus::Unknown,
        reason: Reason::NotChangeable,
        message: format!(
            "these steps wait for each other: {} · nothing is changed · this is a fault of the operator: report it",
            steps.join(", ")
        ),
        needs_person: true,
    };
    let status = VideoPipelineStatus { resources: pass.previous.resources.clone(), ..stopped(pass, &stop) };
    let requeue = requeue::after(pass, Pace::Slow, &status);
    (status, requeue)
}

/// Nothing is to be seen any more of what goes; but what was made a moment ago AWS may show only after a while.
pub(super) fn unshown(pass: &Pass<'_>, left: Duration) -> (VideoPipelineStatus, Requeue) {
    let stop = Stop {
        phase: Phase::Deleting,
        ready: ConditionStatus::False,
        reason: Reason::WaitingForAws,
        message:
            "nothing is left to be seen; it is looked at once more when AWS must show what was made last"
                .to_owned(),
        needs_person: false,
    };
    let status = VideoPipelineStatus { resources_ready: Some("0/0".to_owned()), ..stopped(pass, &stop) };
    (status, Requeue::Later(left))
}

/// The environment stays in AWS and the resource goes.
pub(super) fn retained(pass: &Pass<'_>) -> (VideoPipelineStatus, Requeue) {
    let stop = Stop {
        phase: Phase::Deleting,
        ready: ConditionStatus::Unknown,
        reason: Reason::Retained,
        message: Reason::Retained.meaning().to_owned(),
        needs_person: false,
    };
    (
        VideoPipelineStatus { resources: pass.previous.resources.clone(), ..stopped(pass, &stop) },
        Requeue::Sweep,
    )
}

/// A failure that passes by itself: it matters that nothing was seen, unless the region is silent.
fn unanswered(failure: &Failure) -> Reason {
    match reason_of(failure) {
        Reason::RegionUnreachable => Reason::RegionUnreachable,
        _ => Reason::NotObserved,
    }
}

fn or_deleting(pass: &Pass<'_>, phase: Phase) -> Phase {
    if pass.resource.deleting { Phase::Deleting } else { phase }
}

fn has_rows(pass: &Pass<'_>) -> bool {
    !pass.previous.resources.is_empty()
}

/// True iff the environment was complete before, as far as the status tells.
fn was_complete(pass: &Pass<'_>) -> bool {
    matches!(
        pass.previous.phase,
        Some(Phase::Ready | Phase::Updating | Phase::Degraded | Phase::Unknown | Phase::Suspended)
    )
}

fn stopped(pass: &Pass<'_>, stop: &Stop) -> VideoPipelineStatus {
    let condition =
        |type_, status, reason, message: &str| Condition::new(type_, status, reason, message, pass.now);
    let stalled = ConditionStatus::from(stop.needs_person);
    // Nothing that a person must cure moves by itself, and what passes by itself is still to be done.
    let reconciling = ConditionStatus::from(!stop.needs_person && stop.reason != Reason::Retained);
    let mut all: Vec<_> = conditions::LAYERS
        .iter()
        .map(|(type_, _)| condition(*type_, ConditionStatus::Unknown, Reason::NotObserved, "see Ready"))
        .collect();
    all.push(condition(ConditionType::Ready, stop.ready, stop.reason, &stop.message));
    all.push(condition(ConditionType::Reconciling, reconciling, stop.reason, ""));
    let why = if stop.needs_person { stop.message.as_str() } else { "" };
    all.push(condition(ConditionType::Stalled, stalled, stop.reason, why));
    VideoPipelineStatus {
        phase: Some(stop.phase),
        message: Some(stop.message.clone()),
        resources_ready: pass.previous.resources_ready.clone(),
        replicas: pass.previous.replicas,
        outputs: pass.previous.outputs.clone(),
        conditions: conditions::timed(pass, all),
        ..identified(pass)
    }
}
