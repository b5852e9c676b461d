//! Whether a mutating attempt may start now: only while the lease is certainly ours.
//!
//! AWS knows no fencing token, so this is all that keeps a deposed leader from starting anything. Time is read from a
//! clock that goes on while the machine sleeps: a suspended leader must not wake up and believe that its lease is fresh.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A reading of the clock that counts time since boot, time asleep included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootTime(Duration);

impl BootTime {
    /// What the clock reads now.
    pub fn now() -> Self {
        // On other systems the monotonic clock is as near as there is; the operator runs on Linux.
        #[cfg(target_os = "linux")]
        let clock = ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let clock = ClockId::Monotonic;
        let reading = clock_gettime(clock);
        Self(Duration::new(reading.tv_sec.unsigned_abs(), u32::try_from(reading.tv_nsec).unwrap_or(0)))
    }
}

impl std::ops::Add<Duration> for BootTime {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}

/// Lets mutating attempts start only while a lease is certainly held. Clones share one lease.
#[derive(Clone, Debug)]
pub struct Fence {
    /// Nanoseconds since boot until which the lease is ours. `None`: there is no lease to hold.
    until: Option<Arc<AtomicU64>>,
}

/// Between the clock's reading here and the first byte of the request, a busy machine may lose this much.
const MARGIN: Duration = Duration::from_millis(500);

impl Fence {
    /// For whoever needs no lease: a person's command line, a test.
    pub fn open() -> Self {
        Self { until: None }
    }

    /// Shut until the first [`Fence::hold_until`].
    pub fn shut() -> Self {
        Self { until: Some(Arc::new(AtomicU64::new(0))) }
    }

    /// The lease is ours until `expiry`: the time read *before* the renewal was sent, plus the lease's duration.
    pub fn hold_until(&self, expiry: BootTime) {
        if let Some(until) = &self.until {
            until.store(u64::try_from(expiry.0.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
    }

    /// The lease is given up or lost.
    pub fn close(&self) {
        self.hold_until(BootTime(Duration::ZERO));
    }

    /// Whether an attempt that takes at most `attempt` may start now and still end within the lease.
    pub fn admits(&self, attempt: Duration) -> bool {
        self.admits_at(BootTime::now(), attempt)
    }

    fn admits_at(&self, now: BootTime, attempt: Duration) -> bool {
        self.until.as_ref().is_none_or(|until| {
            now + attempt + MARGIN < BootTime(Duration::from_nanos(until.load(Ordering::SeqCst)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_attempt_must_end_within_the_lease() {
        let (fence, start) = (Fence::shut(), BootTime::now());
        fence.hold_until(start + 10 * SECOND);
        assert!(fence.admits_at(start, 6 * SECOND));
        assert!(fence.admits_at(start + 3 * SECOND, 6 * SECOND));
        assert!(!fence.admits_at(start + 4 * SECOND, 6 * SECOND));
    }

    #[test]
    fn nothing_starts_before_the_lease_or_after_it() {
        let fence = Fence::shut();
        assert!(!fence.admits(Duration::ZERO));
        fence.hold_until(BootTime::now() + 60 * SECOND);
        assert!(fence.clone().admits(SECOND));
        fence.close();
        assert!(!fence.clone().admits(Duration::ZERO));
    }

    #[test]
    fn without_a_lease_everything_may_start() {
        let fence = Fence::open();
        fence.close();
        assert!(fence.admits(3600 * SECOND));
    }
}
