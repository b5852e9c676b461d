//! What is told once: the transitions from one status to the next.

use std::fmt;

use crate::api::{
    Condition, ConditionStatus, ConditionType, Reason, VideoPipelineStatus,
    status::{Phase, ResourceState, ResourceStatus},
};

use super::{conditions::find, resources::last_seen};

/// Something to tell those who watch the resource's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whether somebody should look.
    pub type_: EventType,
    /// What happened, as one word.
    pub reason: EventReason,
    /// What happened. Never a secret: it is made of the status, which holds none.
    pub message: String,
}

/// Whether somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// All goes as it should.
    Normal,
    /// Somebody should look.
    Warning,
}

/// What happened, as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventReason {
    /// Every resource is as wanted now.
    Ready,
    /// Somebody changed or deleted something in AWS; it is changed back.
    RepairingDrift,
    /// The service moves to a new version of its task.
    RollingOut,
    /// A stream was gone and is made anew; its records are lost.
    StreamLost,
    /// AWS refused a step, or a resource does not work.
    ResourceFailed,
    /// A resource waits for a person.
    ResourceBlocked,
    /// The operator cannot go on with the environment as a whole.
    Stalled,
    /// Nothing is changed from now on.
    Suspended,
    /// AWS is changed again.
    Resumed,
    /// The environment is being deleted.
    Deleting,
    /// Nothing is left in AWS.
    Deleted,
    /// The resource goes, and its environment stays in AWS.
    Retained,
    /// A last snapshot of the database is taken.
    FinalSnapshot,
}

impl fmt::Display for EventReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Event {
    fn normal(reason: EventReason, message: impl Into<String>) -> Self {
        Self { type_: EventType::Normal, reason, message: message.into() }
    }

    fn warning(reason: EventReason, message: impl Into<String>) -> Self {
        Self { type_: EventType::Warning, reason, message: message.into() }
    }
}

/// What happened between two statuses.
pub(super) fn between(before: &VideoPipelineStatus, after: &VideoPipelineStatus) -> Vec<Event> {
    let change = Change { before, after };
    let mut events = Vec::new();
    events.extend(change.phase());
    events.extend(change.deletion());
    events.extend(change.ready());
    events.extend(change.progress());
    events.extend(change.stall());
    events.extend(after.resources.iter().filter_map(|row| change.row(row)));
    events
}

struct Change<'a> {
    before: &'a VideoPipelineStatus,
    after: &'a VideoPipelineStatus,
}

impl<'a> Change<'a> {
    fn message(&self) -> &'a str {
        self.after.message.as_deref().unwrap_or_default()
    }

    /// The condition of a type, if its status or reason is another one than before.
    fn turned(&self, type_: ConditionType) -> Option<&'a Condition> {
        let after = find(&self.after.conditions, type_)?;
        let same = |before: &Condition| before.status == after.status && before.reason == after.reason;
        (!find(&self.before.conditions, type_).is_some_and(same)).then_some(after)
    }

    fn phase(&self) -> Option<Event> {
        let phase = |of| (self.before.phase == Some(of), self.after.phase == Some(of));
        match (phase(Phase::Suspended), phase(Phase::Deleting)) {
            ((false, true), _) => Some(Event::normal(EventReason::Suspended, Reason::Suspended.meaning())),
            ((true, false), (_, false)) => Some(Event::normal(EventReason::Resumed, "AWS is changed again")),
            (_, (false, true)) if !self.is_retained() => {
                Some(Event::normal(EventReason::Deleting, self.message()))
            }
            _ => None,
        }
    }

    fn is_retained(&self) -> bool {
        find(&self.after.conditions, ConditionType::Ready)
            .is_some_and(|ready| ready.reason == Reason::Retained.as_str())
    }

    fn deletion(&self) -> Option<Event> {
        let is_gone = |status: &VideoPipelineStatus| {
            let goes = status.phase == Some(Phase::Deleting) && status.resources.is_empty();
            goes && find(&status.conditions, ConditionType::Ready)
                .is_some_and(|ready| ready.reason == Reason::Deleting.as_str())
        };
        if self.after.final_snapshot.is_some() && self.after.final_snapshot != self.before.final_snapshot {
            let name = self.after.final_snapshot.as_deref().unwrap_or_default();
            return Some(Event::normal(
                EventReason::FinalSnapshot,
                format!("the database's last snapshot is {name}; it stays until somebody deletes it"),
            ));
        }
        if self.is_retained() {
            let told = find(&self.before.conditions, ConditionType::Ready)
                .is_some_and(|ready| ready.reason == Reason::Retained.as_str());
            return (!told).then(|| Event::normal(EventReason::Retained, self.message()));
        }
        (is_gone(self.after) && !is_gone(self.before))
            .then(|| Event::normal(EventReason::Deleted, self.message()))
    }

    fn ready(&self) -> Option<Event> {
        let before = find(&self.before.conditions, ConditionType::Ready).map(|ready| ready.status);
        let after = find(&self.after.conditions, ConditionType::Ready)?;
        (after.status == ConditionStatus::True && before != Some(ConditionStatus::True))
            .then(|| Event::normal(EventReason::Ready, self.message()))
    }

    fn progress(&self) -> Option<Event> {
        let reconciling = self.turned(ConditionType::Reconciling)?;
        match reconciling.reason.as_str() {
            _ if reconciling.status != ConditionStatus::True => None,
            "RepairingDrift" => Some(Event::warning(EventReason::RepairingDrift, &reconciling.message)),
            "RollingOut" => Some(Event::normal(EventReason::RollingOut, &reconciling.message)),
            _ => None,
        }
    }

    fn is_held(&self) -> bool {
        find(&self.after.conditions, ConditionType::Reconciling)
            .is_some_and(|reconciling| reconciling.reason == Reason::Suspended.as_str())
    }

    /// What stops the environment as a whole; what stops single resources is told of these.
    fn stall(&self) -> Option<Event> {
        let stalled = self.turned(ConditionType::Stalled)?;
        let of_a_row = self.after.resources.iter().any(is_stuck);
        (stalled.status == ConditionStatus::True && !of_a_row)
            .then(|| Event::warning(EventReason::Stalled, &stalled.message))
    }

    fn row(&self, row: &ResourceStatus) -> Option<Event> {
        let before = self
            .before
            .resources
            .iter()
            .find(|before| (&before.kind, &before.address) == (&row.kind, &row.address));
        let was = before.map(last_seen);
        let told = |reason, text: &str| Some(Event::warning(reason, format!("{}: {text}", row.address)));
        let message = row.message.as_deref().unwrap_or_default();
        match (row.state, was) {
            (now, Some(was)) if now == was => None,
            // Suspension holds everything; it is told once.
            (ResourceState::Blocked, _) if self.is_held() => None,
            (ResourceState::Failed, _) => told(EventReason::ResourceFailed, message),
            (ResourceState::Blocked, _) => told(EventReason::ResourceBlocked, message),
            (ResourceState::Creating, Some(_)) if row.kind == "stream" && lost(before, row) => told(
                EventReason::StreamLost,
                "it was gone and is made anew, empty: the records that it held are lost",
            ),
            _ => None,
        }
    }
}

fn is_stuck(row: &ResourceStatus) -> bool {
    matches!(row.state, ResourceState::Failed | ResourceState::Blocked)
}

/// True iff what stood there is not there any more.
fn lost(before: Option<&ResourceStatus>, row: &ResourceStatus) -> bool {
    before.is_some_and(|before| before.id.is_some()) && row.id.is_none()
}
