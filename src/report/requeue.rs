//! When to look again.

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use jiff::Timestamp;

use crate::{
    api::{ConditionType, VideoPipelineStatus, status::ResourceStatus},
    engine::{Address, Failure},
};

use super::{
    Pass, conditions,
    standing::{Standing, Standings, Why},
};

/// When to look again, if the resource does not change before. A pace slows down with the time for which a thing has been
/// as it is, so that it needs no counter and survives a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
    /// AWS works on something: look whether it is done.
    Poll(Duration),
    /// A step failed and is worth trying again.
    Retry(Duration),
    /// AWS, or our share of its limits, asks not to come back before this.
    Later(Duration),
    /// What failed is not cured by trying again; look from time to time whether a person has cured it.
    Slowly(Duration),
    /// Nothing is open: with everybody else.
    Sweep,
}

impl Requeue {
    /// The time to wait, where the sweep of all environments comes every `sweep`.
    pub fn within(self, sweep: Duration) -> Duration {
        match self {
            Self::Poll(wait) | Self::Retry(wait) | Self::Later(wait) | Self::Slowly(wait) => wait,
            Self::Sweep => sweep,
        }
    }
}

/// How a failure is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    Soon,
    After(Duration),
    Slow,
}

/// Seconds between two looks at what AWS works on.
const POLL: RangeInclusive<u64> = 1..=15;
/// Seconds between two attempts of what may succeed by itself.
const RETRY: RangeInclusive<u64> = 2..=60;
/// Seconds between two attempts of what a person must cure.
const SLOWLY: RangeInclusive<u64> = 60..=900;

impl Pace {
    pub fn of(failure: &Failure) -> Self {
        match failure.retry_after {
            Some(after) => Self::After(after),
            None if failure.is_final() => Self::Slow,
            None => Self::Soon,
        }
    }

    /// When it is tried again, as people read it: true at any time, so no countdown.
    pub fn words(self) -> &'static str {
        match self {
            Self::Soon => "tried again within a minute",
            Self::After(_) => "tried again as soon as AWS allows",
            Self::Slow => "tried again every few minutes, and at once when the pipeline changes",
        }
    }

    /// When to try again what has failed for `elapsed`.
    pub fn requeue(self, elapsed: Duration) -> Requeue {
        match self {
            Self::Soon => Requeue::Retry(gently(elapsed, &RETRY)),
            Self::After(after) => Requeue::Later(after.max(Duration::from_secs(1))),
            Self::Slow => Requeue::Slowly(gently(elapsed, &SLOWLY)),
        }
    }
}

/// A tenth of the time that something has been as it is, within `bounds`.
fn gently(elapsed: Duration, bounds: &RangeInclusive<u64>) -> Duration {
    Duration::from_secs((elapsed.as_secs() / 10).clamp(*bounds.start(), *bounds.end()))
}

/// When to look again after a pass that went to its end: as soon as any resource wants it.
pub(super) fn of(pass: &Pass<'_>, standings: &Standings<'_>, status: &VideoPipelineStatus) -> Requeue {
    let rows = standings.all.iter().zip(&status.resources);
    let wishes = rows.filter_map(|(standing, row)| wish(standing, elapsed(row, pass.now)));
    let all_gone = pass.resource.deleting && standings.all.is_empty();
    // What was deleted last has to be seen to be gone, unless it is.
    wishes.min_by_key(|wish| wish.within(Duration::MAX)).unwrap_or(match all_gone {
        true => Requeue::Poll(Duration::from_secs(*POLL.start())),
        false => Requeue::Sweep,
    })
}

/// For how long what failed in this pass is not tried again, whatever else goes on in the environment.
pub(super) fn pauses(
    pass: &Pass<'_>,
    standings: &Standings<'_>,
    status: &VideoPipelineStatus,
) -> BTreeMap<Address, Duration> {
    let rows = standings.all.iter().zip(&status.resources);
    let failed = rows.filter(|(standing, _)| {
        standing.pause.is_none() && matches!(standing.why, Why::Failed(_) | Why::Refused(_))
    });
    let pause = |(standing, row): (&Standing<'_>, &ResourceStatus)| {
        let wish = wish(standing, elapsed(row, pass.now))?;
        Some((standing.item.address.clone(), wish.within(Duration::ZERO)))
    };
    failed.filter_map(pause).collect()
}

fn wish(standing: &Standing<'_>, elapsed: Duration) -> Option<Requeue> {
    if let Some(left) = standing.pause {
        return Some(Requeue::Retry(left));
    }
    match &standing.why {
        Why::Acting(_) | Why::Settling(_) | Why::Leaving(_) | Why::InDoubt(_) => {
            Some(Requeue::Poll(gently(elapsed, &POLL)))
        }
        // Busy with an earlier change: AWS does not say for how long.
        Why::Refused(failure) if failure.retry_after.is_none() => Some(Requeue::Poll(gently(elapsed, &POLL))),
        Why::Refused(failure) | Why::Failed(failure) | Why::Unread(failure) => {
            Some(Pace::of(failure).requeue(elapsed))
        }
        Why::AsWanted | Why::On(_) | Why::GoesLast | Why::Suspended(_) | Why::Blocked(_) => None,
    }
}

/// When to look again after a pass that `failure` stopped.
pub(super) fn after(pass: &Pass<'_>, pace: Pace, status: &VideoPipelineStatus) -> Requeue {
    let since = [ConditionType::Stalled, ConditionType::Ready]
        .iter()
        .filter_map(|type_| conditions::find(&status.conditions, *type_))
        .map(|condition| condition.last_transition_time)
        .max();
    pace.requeue(since.map(|since| between(since, pass.now)).unwrap_or_default())
}

fn elapsed(row: &ResourceStatus, now: Timestamp) -> Duration {
    row.since.map(|since| between(since, now)).unwrap_or_default()
}

/// The time from `since` to `now`; none if the clock went back.
pub(super) fn between(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_slows_down_gently_and_has_bounds() {
        let after = |seconds| gently(Duration::from_secs(seconds), &POLL).as_secs();
        assert_eq!([0, 10, 60, 100, 1000].map(after), [1, 1, 6, 10, 15]);
    }

    #[test]
    fn what_aws_asks_for_is_granted() {
        let wait = Duration::from_secs(60);
        assert_eq!(Pace::After(wait).requeue(Duration::ZERO), Requeue::Later(wait));
        assert_eq!(Requeue::Later(wait).within(Duration::from_secs(300)), wait);
        assert_eq!(Requeue::Sweep.within(Duration::from_secs(300)), Duration::from_secs(300));
    }
}
