//! When an environment is looked at again.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::{
    engine::{Outcome, Outcomes, StepId},
    report::Requeue,
};

/// How soon to go on after something was done: just long enough for AWS to have taken it in.
const GO_ON: Duration = Duration::from_millis(100);

/// How many passes in a row may do only what others of them did before a fault is suspected: one that never sees what it did
/// would go on for ever.
const BRISK: u32 = 10;

/// Doublings of [`GO_ON`] at most: a pass in not quite two minutes.
const SLOWEST: u32 = 10;

/// The beat of the sweeps: all environments are looked at together, so that they share the reads.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    begun: Instant,
    sweep: Duration,
    longest: Duration,
}

/// What passes in a row did, until one has nothing to do.
#[derive(Debug, Default)]
pub struct Progress {
    /// Whatever versions of a resource it was done to: of those there may be new ones without end.
    done: BTreeSet<StepId>,
    /// How many passes there were since one did something for the first time; none where the last one did nothing.
    passes: u32,
}

impl Progress {
    /// A pass came to this.
    pub fn note(&mut self, outcomes: &Outcomes) {
        let done = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Done(_)));
        let done: Vec<_> = done.map(|(id, _)| StepId { at: id.at.base(), op: id.op }).collect();
        if done.is_empty() {
            *self = Self::default();
            return;
        }
        let known = self.done.len();
        self.done.extend(done);
        self.passes = if self.done.len() > known { 1 } else { self.passes.saturating_add(1) };
    }
}

impl Pace {
    /// Sweeps every `sweep`, from now on.
    pub fn new(sweep: Duration) -> Self {
        Self { begun: Instant::now(), sweep: sweep.max(Duration::from_millis(100)), longest: Duration::MAX }
    }

    /// The same for those who have no patience: nothing is waited for longer than `longest`.
    pub fn at_most(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// For how long what failed is not tried again, where that should be `pause`.
    pub fn pause(&self, pause: Duration) -> Duration {
        pause.min(self.longest)
    }

    /// How long to wait. A pass that did something is followed by another at once, which sees what came of it. However rarely
    /// one resource is tried again, the others are looked at with the next sweep.
    pub fn wait(&self, requeue: Requeue, progress: &Progress) -> Duration {
        let wait = match progress.passes {
            0 => self.next_sweep(Instant::now()).min(requeue.within(Duration::MAX)),
            passes => GO_ON * 2_u32.saturating_pow(passes.saturating_sub(BRISK).min(SLOWEST)),
        };
        wait.min(self.longest)
    }

    /// How long to wait after a pass that could look at nothing: for it, sweeps are no better than any other moment.
    pub fn wait_blindly(&self, requeue: Requeue) -> Duration {
        requeue.within(self.sweep).min(self.longest)
    }

    fn next_sweep(&self, now: Instant) -> Duration {
        let into = now.saturating_duration_since(self.begun).as_nanos() % self.sweep.as_nanos();
        let left = self.sweep.as_nanos() - into;
        // A little after the beat, so that what was read at the beat before is due.
        Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX)) + Duration::from_millis(5)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::engine::{Address, Op};

    #[test]
    fn all_wait_for_the_same_beat() {
        let pace = Pace::new(Duration::from_secs(60));
        let beat = |after| pace.begun + after + pace.next_sweep(pace.begun + after);
        let (early, late) = (beat(Duration::from_secs(1)), beat(Duration::from_secs(59)));
        assert_eq!(early, late);
        assert!(beat(Duration::from_secs(61)) > late);
    }

    fn progress(passes: u32) -> Progress {
        Progress { passes, ..Progress::default() }
    }

    fn outcomes(done: &[&str]) -> Outcomes {
        let id = |name: &&str| StepId { at: Address::new("toy", *name), op: Op::Delete };
        done.iter().map(|name| (id(name), Outcome::Done(Value::Null))).collect()
    }

    #[test]
    fn a_pass_that_did_something_is_followed_at_once() {
        let pace = Pace::new(Duration::from_secs(300));
        assert_eq!(pace.wait(Requeue::Sweep, &progress(1)), GO_ON);
        assert_eq!(
            pace.wait(Requeue::Slowly(Duration::from_secs(60)), &progress(0)),
            Duration::from_secs(60)
        );
    }

    #[test]
    fn only_what_is_done_again_slows_down() {
        let mut progress = Progress::default();
        for pass in 0..3 * BRISK {
            progress.note(&outcomes(&[&format!("network/toy-{pass}"), "network/vpc"]));
            assert_eq!(progress.passes, 1, "something new was done");
        }
        for version in 1..=BRISK {
            progress.note(&outcomes(&["network/vpc", &format!("network/toy-0@{version}")]));
            assert_eq!(progress.passes, 1 + version, "another version of the same is nothing new");
        }
        progress.note(&outcomes(&[]));
        assert_eq!(progress.passes, 0);
        progress.note(&outcomes(&["network/vpc"]));
        assert_eq!(progress.passes, 1);
    }

    #[test]
    fn what_fails_for_long_keeps_nobody_from_looking_at_the_rest() {
        let (pace, slowly) = (Pace::new(Duration::from_secs(300)), Requeue::Slowly(Duration::from_secs(900)));
        assert!(pace.wait(slowly, &progress(0)) <= Duration::from_secs(301));
        assert_eq!(pace.wait_blindly(slowly), Duration::from_secs(900));
    }

    #[test]
    fn the_impatient_wait_for_nothing_any_longer() {
        let pace = Pace::new(Duration::from_secs(300)).at_most(Duration::from_millis(10));
        for (requeue, passes) in
            [(Requeue::Sweep, 0), (Requeue::Later(Duration::from_secs(60)), 0), (Requeue::Sweep, 1)]
        {
            assert_eq!(pace.wait(requeue, &progress(passes)), Duration::from_millis(10));
        }
        assert_eq!(pace.pause(Duration::from_secs(60)), Duration::from_millis(10));
    }

    #[test]
    fn passes_that_never_come_to_rest_become_rare() {
        let pace = Pace::new(Duration::from_secs(300));
        assert_eq!(pace.wait(Requeue::Sweep, &progress(BRISK)), GO_ON);
        assert_eq!(pace.wait(Requeue::Sweep, &progress(BRISK + 3)), 8 * GO_ON);
        assert!(pace.wait(Requeue::Sweep, &progress(u32::MAX)) > Duration::from_secs(60));
    }
}
