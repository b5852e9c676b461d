//! When an environment is looked at again.

use std::time::{Duration, Instant};

use crate::report::Requeue;

/// How soon to go on after something was done: just long enough for AWS to have taken it in.
const GO_ON: Duration = Duration::from_millis(100);

/// How many passes in a row may do something before a fault is suspected: one that never sees what it did would go on
/// for ever.
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

impl Pace {
    /// Sweeps every `sweep`, from now on.
    pub fn new(sweep: Duration) -> Self {
        Self { begun: Instant::now(), sweep: sweep.max(Duration::from_millis(100)), longest: Duration::MAX }
    }

    /// The same for those who have no patience: nothing is waited for longer than `longest`.
    pub fn at_most(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// How long to wait. A pass that did something is followed by another at once, which sees what came of it;
    /// `progress` is how many such passes there were in a row.
    pub fn wait(&self, requeue: Requeue, progress: u32) -> Duration {
        let wait = match (requeue, progress) {
            (Requeue::Sweep, 0) => self.next_sweep(Instant::now()),
            (other, 0) => other.within(self.sweep),
            (_, progress) => GO_ON * 2_u32.saturating_pow(progress.saturating_sub(BRISK).min(SLOWEST)),
        };
        wait.min(self.longest)
    }

    /// How long to pause with what failed and is tried again after `pause`.
    pub fn pause(&self, pause: Duration) -> Duration {
        pause.min(self.longest)
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
    use super::*;

    #[test]
    fn all_wait_for_the_same_beat() {
        let pace = Pace::new(Duration::from_secs(60));
        let beat = |after| pace.begun + after + pace.next_sweep(pace.begun + after);
        let (early, late) = (beat(Duration::from_secs(1)), beat(Duration::from_secs(59)));
        assert_eq!(early, late);
        assert!(beat(Duration::from_secs(61)) > late);
    }

    #[test]
    fn a_pass_that_did_something_is_followed_at_once() {
        let pace = Pace::new(Duration::from_secs(300));
        assert_eq!(pace.wait(Requeue::Sweep, 1), GO_ON);
        assert_eq!(pace.wait(Requeue::Slowly(Duration::from_secs(60)), 0), Duration::from_secs(60));
    }

    #[test]
    fn the_impatient_wait_for_nothing_any_longer() {
        let pace = Pace::new(Duration::from_secs(300)).at_most(Duration::from_millis(10));
        for (requeue, progress) in
            [(Requeue::Sweep, 0), (Requeue::Later(Duration::from_secs(60)), 0), (Requeue::Sweep, 1)]
        {
            assert_eq!(pace.wait(requeue, progress), Duration::from_millis(10));
        }
    }

    #[test]
    fn passes_that_never_come_to_rest_become_rare() {
        let pace = Pace::new(Duration::from_secs(300));
        assert_eq!(pace.wait(Requeue::Sweep, BRISK), GO_ON);
        assert_eq!(pace.wait(Requeue::Sweep, BRISK + 3), 8 * GO_ON);
        assert!(pace.wait(Requeue::Sweep, u32::MAX) > Duration::from_secs(60));
    }
}
