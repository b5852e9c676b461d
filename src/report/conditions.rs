//! One condition for each layer, then `Ready`, `Reconciling` and `Stalled`.

use crate::api::{Condition, ConditionStatus, ConditionType, Reason, condition::merge};

use super::{
    Pass,
    causes::{self, Cause},
    phase::has_existed,
    standing::{Standing, Standings},
    words,
};

/// The layers' conditions, with the layers of addresses that each sums up.
pub(super) const LAYERS: [(ConditionType, &[&str]); 5] = [
    (ConditionType::NetworkReady, &["network"]),
    (ConditionType::IngestionReady, &["ingestion", "errors"]),
    (ConditionType::StorageReady, &["storage"]),
    (ConditionType::ProcessingReady, &["processing"]),
    (ConditionType::MonitoringReady, &["monitoring"]),
];

/// What a condition says, before it has a time.
struct Said {
    status: ConditionStatus,
    reason: Reason,
    message: String,
}

/// All conditions of a pass that went to its end.
pub(super) fn all(pass: &Pass<'_>, standings: &Standings<'_>) -> Vec<Condition> {
    let mut said: Vec<_> =
        LAYERS.iter().map(|(type_, layers)| (*type_, layer(pass, standings, layers))).collect();
    let reconciling = reconciling(pass, standings);
    let stalled = stalled(pass, standings, &reconciling);
    said.push((ConditionType::Ready, whole(pass, standings)));
    said.push((ConditionType::Reconciling, reconciling));
    said.push((ConditionType::Stalled, stalled));
    let conditions = said
        .into_iter()
        .map(|(type_, said)| Condition::new(type_, said.status, said.reason, said.message, pass.now))
        .collect();
    timed(pass, conditions)
}

/// The conditions with what is true at every stage, and with the times at which they really changed.
pub(super) fn timed(pass: &Pass<'_>, mut conditions: Vec<Condition>) -> Vec<Condition> {
    if pass.resource.autoscaled {
        conditions.push(Condition::new(
            ConditionType::DesiredCountIgnored,
            true,
            Reason::AutoscalingOn,
            "AWS chooses the number of tasks between spec.processing.autoscaling.minCount and maxCount; \
             spec.processing.desiredCount counts again once autoscaling is removed",
            pass.now,
        ));
    }
    merge(&pass.previous.conditions, conditions, pass.resource.generation)
}

/// Whether the environment is ready, as `conditions` say.
pub(super) fn ready(conditions: &[Condition]) -> ConditionStatus {
    find(conditions, ConditionType::Ready).map_or(ConditionStatus::Unknown, |ready| ready.status)
}

/// The condition of a type.
pub(super) fn find(conditions: &[Condition], type_: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == type_.as_str())
}

/// One layer: those of its resources that should exist or, while everything goes, that are left.
fn layer(pass: &Pass<'_>, standings: &Standings<'_>, layers: &[&str]) -> Said {
    let within = |standing: &&Standing<'_>| layers.contains(&standing.item.address.layer());
    if pass.resource.deleting {
        let scope: Vec<_> = standings.all.iter().filter(within).collect();
        return going(pass, standings, &scope, &causes::of(standings, scope.iter().copied()));
    }
    let scope: Vec<_> = standings.wanted().filter(within).collect();
    let causes = causes::of(standings, scope.iter().copied());
    let elsewhere = |cause: &&Cause<'_>| !scope.iter().any(|s| s.item.address == cause.root.item.address);
    let mut said = judged(pass, standings, &scope, &causes);
    // What comes from another layer is that one's to tell.
    if said.status != ConditionStatus::True && !causes.is_empty() && causes.iter().all(|c| elsewhere(&c)) {
        let others = words::listed(causes.iter().map(|cause| &cause.root.item.address));
        if said.status == ConditionStatus::False {
            said.reason = Reason::WaitingForDependency;
        }
        said.message = format!("{}; waits for {others}", tally(&scope));
    }
    said
}

/// The whole environment.
fn whole(pass: &Pass<'_>, standings: &Standings<'_>) -> Said {
    if pass.resource.deleting {
        let scope: Vec<_> = standings.all.iter().collect();
        return going(pass, standings, &scope, &causes::of(standings, scope.iter().copied()));
    }
    // What could not be read may be there although nothing wants it.
    let counts = |standing: &&Standing<'_>| standing.item.wanted || standing.is_unseen();
    let scope: Vec<_> = standings.all.iter().filter(counts).collect();
    let mut said = judged(pass, standings, &scope, &causes::of(standings, scope.iter().copied()));
    if said.status == ConditionStatus::True {
        for (address, note) in pass.notes {
            said.message += &format!("; {address}: {note}");
        }
    }
    said
}

/// What is left of what goes.
fn going(pass: &Pass<'_>, standings: &Standings<'_>, scope: &[&Standing<'_>], causes: &[Cause<'_>]) -> Said {
    let reason = match causes.first() {
        _ if pass.resource.suspended => Reason::Suspended,
        Some(cause) if cause.root.needs_person() || cause.root.is_unread() => cause.root.reason(),
        _ => Reason::Deleting,
    };
    // What is unread of a kind may lie in any layer.
    let anywhere = standings.all.iter().any(|standing| standing.item.address.is_anywhere());
    let left = scope.iter().filter(|standing| !standing.is_unseen()).count();
    let left = words::remaining(left, anywhere || left < scope.len());
    let message = match causes {
        [] => left,
        causes => format!("{left}; {}", causes::told(pass, standings, causes)),
    };
    Said { status: ConditionStatus::False, reason, message }
}

/// Three-valued: false as soon as one is certainly not as wanted, else unknown as soon as one is not known.
fn judged(pass: &Pass<'_>, standings: &Standings<'_>, scope: &[&Standing<'_>], causes: &[Cause<'_>]) -> Said {
    let is_open = |standing: &&&Standing<'_>| !standing.is_ready() && !standings.is_spared(standing);
    let is_unknown = |standing: &&Standing<'_>| standings.roots(standing).iter().all(|root| root.is_unread());
    let open: Vec<_> = scope.iter().filter(is_open).copied().collect();
    let status = match (open.is_empty(), open.iter().all(is_unknown)) {
        (true, _) => ConditionStatus::True,
        (false, true) => ConditionStatus::Unknown,
        (false, false) => ConditionStatus::False,
    };
    let reason = match (status, causes.first()) {
        (ConditionStatus::False, Some(cause)) => cause.root.reason(),
        (ConditionStatus::Unknown, _) => Reason::NotObserved,
        _ => Reason::AsWanted,
    };
    let message = match causes {
        [] => tally(scope),
        causes => format!("{}; {}", tally(scope), causes::told(pass, standings, causes)),
    };
    Said { status, reason, message }
}

fn tally(scope: &[&Standing<'_>]) -> String {
    let wanted = || scope.iter().filter(|standing| standing.item.wanted);
    match (wanted().filter(|standing| standing.is_ready()).count(), wanted().count()) {
        (_, 0) => "nothing is wanted here".to_owned(),
        (ready, of) => format!("{ready} of {of} as wanted"),
    }
}

/// Whether the operator changes AWS, or waits for AWS.
fn reconciling(pass: &Pass<'_>, standings: &Standings<'_>) -> Said {
    let moving: Vec<_> = standings.all.iter().filter(|standing| standing.is_moving()).collect();
    if moving.is_empty() {
        let reason = if pass.resource.suspended { Reason::Suspended } else { Reason::Idle };
        let message = if pass.resource.suspended { reason.meaning() } else { "" };
        return Said { status: ConditionStatus::False, reason, message: message.to_owned() };
    }
    let texts: Vec<_> = moving.iter().map(|standing| words::brief(standing)).collect();
    Said {
        status: ConditionStatus::True,
        reason: progress(pass, standings, &moving),
        message: words::few(&texts, 6, "; "),
    }
}

/// What all that moves amounts to.
fn progress(pass: &Pass<'_>, standings: &Standings<'_>, moving: &[&Standing<'_>]) -> Reason {
    let only = |of: fn(&Standing<'_>) -> bool| moving.iter().all(|standing| of(standing));
    let acts = moving.iter().any(|standing| standing.acts());
    if pass.resource.deleting {
        let held = only(|standing| standing.reason() == Reason::WaitingForDeletion);
        return if held { Reason::WaitingForDeletion } else { Reason::Deleting };
    }
    match () {
        () if !has_existed(pass, standings) => Reason::Creating,
        () if only(|standing| standing.rolls_out()) => Reason::RollingOut,
        () if repairs(pass, acts) => Reason::RepairingDrift,
        () if acts => Reason::Updating,
        () if only(|standing| standing.is_leaving()) => Reason::Deleting,
        () => Reason::WaitingForAws,
    }
}

/// True iff what changes was as wanted before and nobody has asked for another thing since: AWS differs by itself.
fn repairs(pass: &Pass<'_>, acts: bool) -> bool {
    let before = |type_| find(&pass.previous.conditions, type_);
    let was = |type_, status| before(type_).is_some_and(|condition| condition.status == status);
    let asked = pass.previous.observed_generation != pass.resource.generation;
    let at_rest = was(ConditionType::Ready, ConditionStatus::True)
        && was(ConditionType::Reconciling, ConditionStatus::False);
    let repairing = before(ConditionType::Reconciling)
        .is_some_and(|condition| condition.reason == Reason::RepairingDrift.as_str());
    !asked && (repairing || (acts && at_rest))
}

/// Whether a person is needed.
fn stalled(pass: &Pass<'_>, standings: &Standings<'_>, reconciling: &Said) -> Said {
    let mut causes = causes::of(standings, standings.all.iter());
    causes.retain(|cause| cause.root.needs_person());
    match causes.first() {
        Some(cause) => Said {
            status: ConditionStatus::True,
            reason: cause.root.reason(),
            message: causes::told(pass, standings, &causes),
        },
        None => Said { status: ConditionStatus::False, reason: reconciling.reason, message: String::new() },
    }
}
