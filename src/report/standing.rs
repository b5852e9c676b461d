//! How each resource stands at the end of a pass, and why.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use crate::{
    api::{
        Reason,
        status::{ResourceState, ResourceStatus},
    },
    engine::{Address, Block, Deferral, Failure, Item, Meaning, Outcome, Pause, Verdict, Waiting},
};

use super::{Pass, Planned, outputs, resources::last_seen};

/// Every resource, wanted or not, in the plan's order.
pub(super) struct Standings<'a> {
    pub all: Vec<Standing<'a>>,
    /// The claim, which all else waits for.
    pub root: Option<&'a Address>,
    /// The id of the instance that the database writes with, as far as its cluster says so.
    writer: Option<&'a str>,
    index: BTreeMap<&'a Address, usize>,
}

/// One resource at the end of a pass.
pub(super) struct Standing<'a> {
    pub item: &'a Item,
    pub before: Option<&'a ResourceStatus>,
    pub why: Why<'a>,
    /// For how much longer what failed is not tried again.
    pub pause: Option<Duration>,
}

/// Why a resource stands as it does.
#[derive(Debug, PartialEq)]
pub(super) enum Why<'a> {
    /// It is as wanted.
    AsWanted,
    /// AWS took the step that brings this verdict about.
    Acting(&'a Verdict),
    /// The verdict was not carried out: the environment is suspended.
    Suspended(&'a Verdict),
    /// AWS works on it.
    Settling(&'a str),
    /// AWS is removing it.
    Leaving(&'a str),
    /// A call that made it may have been lost; reads have to catch up first.
    InDoubt(&'a str),
    /// It waits for these: an echo.
    On(BTreeSet<&'a Address>),
    /// It is the claim, and goes when nothing else is left.
    GoesLast,
    /// It could not be read.
    Unread(&'a Failure),
    /// AWS refused the step.
    Failed(&'a Failure),
    /// AWS takes the step only later.
    Refused(&'a Failure),
    /// A person has to decide, or the world outside to change.
    Blocked(&'a Block),
}

/// As wanted, of all that should exist: `31/34`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub ready: usize,
    pub of: usize,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ready, self.of)
    }
}

impl<'a> Standings<'a> {
    pub fn new(pass: &Pass<'a>, planned: Planned<'a>) -> Self {
        let rows = pass.previous.resources.iter();
        let before: BTreeMap<_, _> = rows.map(|row| ((&*row.kind, &*row.address), row)).collect();
        let standing = |item: &'a Item| Standing {
            item,
            before: before.get(&(&*item.address.kind, &*item.address.name)).copied(),
            why: why(item, planned),
            pause: pause(item, planned),
        };
        let all: Vec<_> = planned.plan.items.iter().map(standing).collect();
        let index = all.iter().enumerate().map(|(at, standing)| (&standing.item.address, at)).collect();
        Self { all, root: planned.graph.root.as_ref(), writer: outputs::writer(planned.world), index }
    }

    pub fn at(&self, address: &Address) -> Option<&Standing<'a>> {
        self.all.get(*self.index.get(address)?)
    }

    pub fn wanted(&self) -> impl Iterator<Item = &Standing<'a>> {
        self.all.iter().filter(|standing| standing.item.wanted)
    }

    /// How many nodes of the graph are as wanted; while everything goes, how many resources are left.
    pub fn count(&self) -> Count {
        let of = self.wanted().count();
        Count {
            ready: self.wanted().filter(|standing| standing.is_ready()).count(),
            of: if of == 0 { self.all.len() } else { of },
        }
    }

    /// The addresses of what an echo waits for in the end; none of anything else.
    pub fn waits_for(&self, standing: &Standing<'a>) -> Vec<String> {
        match standing.why {
            Why::On(_) => self.roots(standing).iter().map(|root| root.address().to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    /// What a standing comes from: itself, or, for an echo, whatever it waits for in the end.
    pub fn roots<'s>(&'s self, standing: &'s Standing<'a>) -> Vec<&'s Standing<'a>> {
        let mut roots = Vec::new();
        let mut seen = BTreeSet::new();
        let mut frontier = vec![standing];
        while let Some(next) = frontier.pop() {
            if !seen.insert(&next.item.address) {
                continue;
            }
            match &next.why {
                Why::On(addresses) => {
                    frontier.extend(addresses.iter().rev().filter_map(|address| self.at(address)));
                }
                // What is waited for can be as wanted by now: the next pass goes on.
                Why::AsWanted => {}
                _ => roots.push(next),
            }
        }
        if roots.is_empty() { vec![standing] } else { roots }
    }

    /// True iff this one does not keep the environment from being ready: a reader that settles beside a writer.
    pub fn is_spared(&self, standing: &Standing<'_>) -> bool {
        let settles =
            matches!(standing.why, Why::Settling(_) | Why::Acting(Verdict::Create)) && standing.is_instance();
        let ready = || self.wanted().filter(|standing| standing.is_ready());
        settles
            && ready().any(|standing| self.may_write(standing))
            && ready().any(|standing| standing.item.address.kind == "dbCluster")
    }

    /// True iff the database writes with this instance, or may do so.
    fn may_write(&self, standing: &Standing<'_>) -> bool {
        standing.is_instance() && self.writer.is_none_or(|writer| standing.item.id.as_deref() == Some(writer))
    }
}

/// Why `item` stands as it does, given what came of its steps.
fn why<'a>(item: &'a Item, planned: Planned<'a>) -> Why<'a> {
    match &item.verdict {
        Verdict::Keep => Why::AsWanted,
        Verdict::Wait(Waiting::Settling(why)) => Why::Settling(why),
        Verdict::Wait(Waiting::Leaving(why)) => Why::Leaving(why),
        Verdict::Wait(Waiting::InDoubt(why)) => Why::InDoubt(why),
        Verdict::Wait(Waiting::On(addresses)) => Why::On(addresses.iter().collect()),
        Verdict::Wait(Waiting::Unread(failure)) => Why::Unread(failure),
        Verdict::Blocked(block) => Why::Blocked(block),
        verdict => applied(item, verdict, planned),
    }
}

/// Why a resource stands as it does that has steps. A replacement has two, of which the worse one counts.
fn applied<'a>(item: &'a Item, verdict: &'a Verdict, planned: Planned<'a>) -> Why<'a> {
    let Some(outcomes) = planned.outcomes else { return Why::Suspended(verdict) };
    let of_item: Vec<_> =
        outcomes.iter().filter(|(id, _)| id.at == item.address).map(|(_, outcome)| outcome).collect();
    let first = |of: fn(&'a Outcome) -> Option<Why<'a>>| of_item.iter().find_map(|outcome| of(outcome));
    first(|outcome| failed(outcome).filter(|failure| !failure.asks_to_wait()).map(Why::Failed))
        .or_else(|| first(|outcome| failed(outcome).map(Why::Refused)))
        .or_else(|| {
            first(|outcome| match outcome {
                Outcome::Deferred(Deferral::Leaving) => Some(Why::Leaving("on its way out")),
                Outcome::Deferred(Deferral::Unregistered) => {
                    Some(Why::Settling("of a kind that is not known here"))
                }
                _ => None,
            })
        })
        .or_else(|| {
            first(|outcome| match outcome {
                Outcome::Deferred(Deferral::On(addresses)) => Some(Why::On(addresses.iter().collect())),
                _ => None,
            })
        })
        // The deletion of the claim is the only verdict that may have no step: it waits for everything else.
        .unwrap_or(if of_item.is_empty() && *verdict == Verdict::Delete {
            Why::GoesLast
        } else {
            Why::Acting(verdict)
        })
}

/// How a step failed, now or in the pass since which it pauses.
fn failed(outcome: &Outcome) -> Option<&Failure> {
    match outcome {
        Outcome::Failed(failure)
        | Outcome::Deferred(Deferral::Refused(failure) | Deferral::Paused(Pause { failure, .. })) => {
            Some(failure)
        }
        Outcome::Done(_) | Outcome::Deferred(_) => None,
    }
}

/// For how much longer a step of `item` pauses.
fn pause(item: &Item, planned: Planned<'_>) -> Option<Duration> {
    let outcomes = planned.outcomes?.iter().filter(|(id, _)| id.at == item.address);
    let pauses = outcomes.filter_map(|(_, outcome)| match outcome {
        Outcome::Deferred(Deferral::Paused(pause)) => Some(pause.left),
        _ => None,
    });
    pauses.min()
}

impl Standing<'_> {
    pub fn is_ready(&self) -> bool {
        self.why == Why::AsWanted
    }

    pub fn is_unread(&self) -> bool {
        matches!(self.why, Why::Unread(_))
    }

    /// True iff nobody knows whether it is there, and nothing says that it should be.
    pub fn is_unseen(&self) -> bool {
        !self.item.wanted && self.item.id.is_none() && self.is_unread()
    }

    pub fn is_instance(&self) -> bool {
        self.item.address.kind == "dbInstance"
    }

    /// True iff it goes.
    pub fn is_leaving(&self) -> bool {
        !self.item.wanted || matches!(self.why, Why::Leaving(_))
    }

    /// True iff nothing gets better before a person acts.
    pub fn needs_person(&self) -> bool {
        match &self.why {
            Why::Blocked(_) => true,
            Why::Failed(failure) | Why::Unread(failure) => failure.is_final(),
            _ => false,
        }
    }

    /// True iff it changes, or is tried again, by itself.
    pub fn is_moving(&self) -> bool {
        match &self.why {
            Why::Acting(_) | Why::Settling(_) | Why::Leaving(_) | Why::InDoubt(_) | Why::Refused(_) => true,
            Why::Failed(failure) => !failure.is_final(),
            _ => false,
        }
    }

    /// The state in one word. What exists and settles is being made until it has been ready once.
    pub fn state(&self) -> ResourceState {
        let before = self.before.map(last_seen);
        let young = matches!(before, None | Some(ResourceState::Creating | ResourceState::Waiting));
        match &self.why {
            Why::AsWanted => ResourceState::Ready,
            Why::On(_) => ResourceState::Waiting,
            Why::Unread(_) => ResourceState::Unknown,
            Why::Failed(_) | Why::Blocked(Block::Broken(_)) => ResourceState::Failed,
            Why::Blocked(_) | Why::Suspended(_) => ResourceState::Blocked,
            Why::InDoubt(_) | Why::Acting(Verdict::Create) => ResourceState::Creating,
            // What is deleted in order to be made anew is being made: its end is no loss.
            Why::Acting(Verdict::Replace(_)) => ResourceState::Creating,
            Why::Leaving(_) if self.item.wanted && self.replaces(before) => ResourceState::Creating,
            Why::Refused(_) if self.item.wanted && self.item.id.is_none() => ResourceState::Creating,
            Why::Leaving(_) | Why::GoesLast => ResourceState::Deleting,
            _ if !self.item.wanted => ResourceState::Deleting,
            Why::Settling(_) if young => ResourceState::Creating,
            Why::Settling(_) | Why::Acting(_) | Why::Refused(_) => ResourceState::Updating,
        }
    }

    fn replaces(&self, before: Option<ResourceState>) -> bool {
        before == Some(ResourceState::Creating) || matches!(self.item.verdict, Verdict::Replace(_))
    }

    /// Why, as one word.
    pub fn reason(&self) -> Reason {
        match &self.why {
            Why::AsWanted => Reason::AsWanted,
            Why::On(_) => Reason::WaitingForDependency,
            Why::Suspended(_) => Reason::Suspended,
            Why::Unread(failure) if !failure.is_final() => Reason::NotObserved,
            Why::Refused(_) if self.is_leaving() => Reason::WaitingForDeletion,
            Why::Refused(_) => Reason::WaitingForAws,
            Why::Unread(failure) | Why::Failed(failure) => reason_of(failure),
            Why::Blocked(block) => blocked(block),
            _ if self.is_leaving() => Reason::Deleting,
            Why::Acting(Verdict::Create) | Why::InDoubt(_) => Reason::Creating,
            Why::Acting(_) => Reason::Updating,
            _ if self.state() == ResourceState::Creating => Reason::Creating,
            _ => Reason::WaitingForAws,
        }
    }

    /// True iff a step of this pass created, changed or removed something.
    pub fn acts(&self) -> bool {
        matches!(self.why, Why::Acting(_)) || matches!(self.item.verdict, Verdict::Replace(_))
    }

    /// True iff this is a part of rolling the service over to a new version of its task.
    pub fn rolls_out(&self) -> bool {
        let kind = self.item.address.kind.as_str();
        kind == "service" || (kind == "taskDefinition" && (!self.item.wanted || self.before.is_some()))
    }

    /// True iff a step of the verdict is accepted that removes the object.
    pub fn removes(&self) -> bool {
        matches!(self.why, Why::Leaving(_) | Why::Acting(Verdict::Delete | Verdict::Replace(_)))
    }

    pub fn before_had_id(&self) -> bool {
        self.before.is_some_and(|row| row.id.is_some())
    }

    /// Where it stands, as people read it.
    pub fn address(&self) -> &str {
        &self.item.address.name
    }
}

/// Why a call failed, as one word.
pub(super) fn reason_of(failure: &Failure) -> Reason {
    match failure.meaning {
        Meaning::Denied => Reason::AccessDenied,
        Meaning::Credentials => Reason::CredentialsRejected,
        Meaning::Quota => Reason::QuotaExceeded,
        Meaning::Throttled => Reason::Throttled,
        Meaning::Invalid => Reason::AwsRefused,
        Meaning::AlreadyExists => Reason::Conflict,
        Meaning::InUse | Meaning::Later => Reason::WaitingForAws,
        Meaning::Transient if failure.code == "ConnectionFailed" => Reason::RegionUnreachable,
        Meaning::Transient | Meaning::NotFound => Reason::AwsFailed,
    }
}

fn blocked(block: &Block) -> Reason {
    match block {
        Block::Foreign { .. } => Reason::Conflict,
        Block::OwnershipLost { .. } => Reason::OwnershipLost,
        Block::WouldReplaceData { .. } | Block::WouldDeleteData { .. } => Reason::ConsentNeeded,
        Block::Protected => Reason::DeletionProtected,
        Block::DataGone { .. } => Reason::DataGone,
        Block::Broken(defect) if defect.rolled_back => Reason::RolledBack,
        Block::Broken(_) => Reason::Broken,
        Block::Cycle(_) => Reason::NotChangeable,
    }
}
