//! What one environment is known to be like, and how fresh that is, kind by kind.
//!
//! What has come to rest is not read again before the next sweep; what was touched, settles or could not be read is.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::aws::Aws;
use crate::engine::{AnyKind, Depth, Observed, Phase, World};

/// How often what has come to rest is looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// For existence and state.
    pub sweep: Duration,
    /// For every managed field.
    pub audit: Duration,
}

/// What is known of an environment.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// The account in which it was seen.
    account: String,
    kinds: BTreeMap<&'static str, Known>,
}

/// What is known of one kind.
#[derive(Debug)]
struct Known {
    world: World,
    depth: Depth,
    /// When it was looked at, at whatever depth.
    seen: Instant,
    /// When every field was read.
    audited: Option<Instant>,
    /// Something was done since.
    touched: bool,
}

impl Knowledge {
    /// The kinds that have to be looked at before anything is decided, and how deep.
    pub fn stale(
        &self,
        kinds: &[&'static dyn AnyKind<Aws>],
        periods: Periods,
        now: Instant,
    ) -> Vec<(&'static str, Depth)> {
        let depth = |kind: &'static dyn AnyKind<Aws>| {
            let needed = match self.kinds.get(kind.name()) {
                None => Some(Depth::Audit),
                Some(known) => known.needs(periods, now),
            };
            needed.map(|depth| (kind.name(), depth))
        };
        kinds.iter().filter_map(|kind| depth(*kind)).collect()
    }

    /// The kinds of which not every field is known.
    pub fn shallow(&self) -> Vec<&'static str> {
        self.kinds.iter().filter(|(_, known)| known.depth < Depth::Audit).map(|(kind, _)| *kind).collect()
    }

    /// What was just seen of `kind`.
    pub fn learn(&mut self, kind: &'static str, world: World, depth: Depth, now: Instant) {
        let before = self.kinds.get(kind).and_then(|known| known.audited);
        let audited = if depth == Depth::Audit { Some(now) } else { before };
        self.kinds.insert(kind, Known { world, depth, seen: now, audited, touched: false });
    }

    /// From now on it is about `account`: what was seen in another one says nothing of it.
    pub fn enter(&mut self, account: &str) {
        if self.account != account {
            self.forget();
            account.clone_into(&mut self.account);
        }
    }

    /// Something was done to objects of `kind`.
    pub fn touch(&mut self, kind: &str) {
        if let Some(known) = self.kinds.get_mut(kind) {
            known.touched = true;
        }
    }

    /// Nothing that was known counts any more.
    pub fn forget(&mut self) {
        self.kinds.clear();
    }

    /// True iff anything is known to be the environment's own.
    pub fn owns(&self) -> bool {
        self.kinds.values().any(|known| known.world.ours().next().is_some())
    }

    /// Everything that is known.
    pub fn world(&self) -> World {
        let mut all = World::default();
        for known in self.kinds.values() {
            all.objects.extend(known.world.objects.clone());
            all.unread.extend(known.world.unread.clone());
        }
        all
    }
}

impl Known {
    fn needs(&self, periods: Periods, now: Instant) -> Option<Depth> {
        // Sweeps keep a beat; what was read a little after one beat is due at the next.
        let older_than =
            |then: Instant, period: Duration| now.saturating_duration_since(then) >= period.mul_f32(0.9);
        if self.touched || self.moves() || self.unread() {
            return Some(Depth::Audit);
        }
        if self.audited.is_none_or(|audited| older_than(audited, periods.audit)) {
            return Some(Depth::Audit);
        }
        older_than(self.seen, periods.sweep).then_some(Depth::Status)
    }

    fn moves(&self) -> bool {
        self.world.ours().any(|(_, object)| matches!(object.phase, Phase::Settling(_) | Phase::Leaving(_)))
    }

    fn unread(&self) -> bool {
        !self.world.unread.is_empty()
            || self.world.objects.values().any(|o| matches!(o, Observed::Unknown(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::KINDS;

    #[test]
    fn what_was_seen_in_another_account_is_not_believed() {
        let (mut knowledge, now) = (Knowledge::default(), Instant::now());
        let hour = Duration::from_secs(3600);
        let unknown =
            |knowledge: &Knowledge| knowledge.stale(KINDS, Periods { sweep: hour, audit: hour }, now).len();
        knowledge.enter("111122223333");
        KINDS.iter().for_each(|kind| knowledge.learn(kind.name(), World::default(), Depth::Audit, now));
        knowledge.enter("111122223333");
        assert_eq!(unknown(&knowledge), 0);
        knowledge.enter("444455556666");
        assert_eq!(unknown(&knowledge), KINDS.len());
    }
}
