//! What this process knows of each environment it looks after.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pace::Progress;
use super::stored::{Stored, owned};
use super::survey::Environment;
use crate::api::{INTENT, VideoPipelineStatus};

/// How soon what was refused is tried again: mostly, somebody changed the resource meanwhile.
pub const SOON: Duration = Duration::from_secs(1);

/// How long it takes at most until what was refused again and again is tried once more: so long may pass after its cause is gone.
const LATE: Duration = Duration::from_secs(60);

/// All environments, by the namespace and name of their resource: Kubernetes reports one that is gone by these alone.
#[derive(Default)]
pub struct Environments {
    by_name: Mutex<HashMap<(String, String), Known>>,
}

/// What is known under a name.
#[derive(Default)]
struct Known {
    /// The resource's: another one of the same name is another environment.
    uid: String,
    attended: Arc<tokio::sync::Mutex<Attended>>,
    /// How many passes in a row could not be finished.
    refused: u32,
}

/// One environment that is looked after.
#[derive(Debug, Default)]
pub struct Attended {
    /// What is known of it.
    pub environment: Environment,
    /// What the last passes did.
    pub progress: Progress,
    /// What of the resource was there when it was last looked at.
    met: Option<Asked>,
    rest: Option<Rest>,
}

/// What people ask for: all that makes what is known worth reading again.
#[derive(Debug, PartialEq)]
struct Asked {
    generation: Option<i64>,
    annotations: Vec<(String, String)>,
}

/// What the last pass ended with.
#[derive(Debug)]
struct Rest {
    /// The version of the resource that the pass was made for; the cache may still show it after our own write.
    upon: Option<String>,
    /// The version that the resource had when the pass was over.
    after: Option<String>,
    /// The status that the pass ended with.
    status: VideoPipelineStatus,
    /// When the next pass is due.
    until: Instant,
}

impl Environments {
    /// The environment of `resource`.
    pub fn of(&self, resource: &Stored) -> Arc<tokio::sync::Mutex<Attended>> {
        let (mut by_name, uid) = (self.by_name(), resource.uid());
        let known = by_name.entry(owned(resource.reference())).or_default();
        if known.uid != uid {
            *known = Known { uid, ..Known::default() };
        }
        Arc::clone(&known.attended)
    }

    /// A pass over the environment of the resource `of` this namespace and name ended well.
    pub fn went_well(&self, of: (&str, &str)) {
        if let Some(known) = self.by_name().get_mut(&owned(of)) {
            known.refused = 0;
        }
    }

    /// A pass over it could not be finished: after how long the next one is due.
    pub fn refused(&self, of: (&str, &str)) -> Duration {
        let mut by_name = self.by_name();
        let known = by_name.entry(owned(of)).or_default();
        let before = known.refused;
        known.refused = before.saturating_add(1);
        backoff(before, rand::random())
    }

    /// The resource is gone.
    pub fn forget(&self, it: (&str, &str)) {
        self.by_name().remove(&owned(it));
    }

    fn by_name(&self) -> MutexGuard<'_, HashMap<(String, String), Known>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long to wait after `before` refused passes: doubles from [`SOON`] up to [`LATE`], less up to a half by `chance` (0 to 1),
/// since what refuses one environment mostly refuses all of them; never less than [`SOON`].
fn backoff(before: u32, chance: f64) -> Duration {
    let longest = SOON.saturating_mul(2_u32.saturating_pow(before)).min(LATE);
    longest.mul_f64(f64::midpoint(1.0, chance)).max(SOON)
}

impl Attended {
    /// Begins a pass, or says how long there is nothing to do: our own writes wake us, too.
    ///
    /// When people ask for something else, everything is read again, and what failed is tried again. Where the cache lags
    /// behind our own status, the resource gets that one and its version; a status that somebody changed or removed is
    /// written anew at once.
    pub fn meet(&mut self, resource: &mut Stored, now: Instant) -> Option<Duration> {
        let asked = Some(Asked::by(resource));
        let changed = self.met != asked;
        self.met = asked;
        if changed {
            self.environment.knowledge.forget();
            self.environment.recollection.failures.retry();
        }
        let rest = self.rest.as_mut()?;
        if rest.upon == resource.meta.resource_version {
            resource.status = rest.status.clone();
            resource.meta.resource_version = rest.after.clone();
        }
        let left = rest.until.saturating_duration_since(now);
        if !changed && rest.status == resource.status && !left.is_zero() {
            return Some(left);
        }
        // There is no rest until a pass ends well.
        rest.until = now;
        None
    }

    /// Ends a pass that wrote or confirmed `status`, with which the resource has the version `after`; the next one is due
    /// after `wait`.
    pub fn rest(
        &mut self,
        resource: &Stored,
        after: Option<String>,
        status: VideoPipelineStatus,
        wait: Duration,
    ) {
        let upon = resource.meta.resource_version.clone();
        self.rest = Some(Rest { upon, after, status, until: Instant::now() + wait });
    }
}

impl Asked {
    fn by(resource: &Stored) -> Self {
        let annotations = resource.meta.annotations.iter().flatten();
        let theirs = annotations.filter(|(name, _)| *name != INTENT);
        Self {
            generation: resource.meta.generation,
            annotations: theirs.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DEV: (&str, &str) = ("media", "dev");

    fn resource(uid: &str, generation: i64) -> Stored {
        let object = json!({
            "apiVersion": "streamflix.io/v1", "kind": "VideoPipeline",
            "metadata": { "namespace": DEV.0, "name": DEV.1, "uid": uid, "generation": generation },
        });
        Stored::of(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn what_is_refused_again_and_again_is_tried_ever_more_rarely() {
        let longest = [0, 1, 2, 3, 5, 6, u32::MAX].map(|before| backoff(before, 1.0).as_secs());
        assert_eq!(longest, [1, 2, 4, 8, 32, 60, 60]);
        let shortest = [0, 1, 2, 3, 5, 6, u32::MAX].map(|before| backoff(before, 0.0).as_secs());
        assert_eq!(shortest, [1, 1, 2, 4, 16, 30, 30]);
    }

    #[test]
    fn a_pass_that_ends_well_is_followed_as_if_nothing_had_been_refused() {
        let environments = Environments::default();
        environments.of(&resource("1", 1));
        for _ in 0..10 {
            environments.refused(DEV);
        }
        assert!(environments.refused(DEV) >= LATE / 2);
        assert_eq!(environments.refused(("media", "prod")), SOON, "each has its own count");
        environments.went_well(DEV);
        assert_eq!(environments.refused(DEV), SOON);
    }

    #[test]
    fn a_pass_that_was_refused_is_made_again_although_the_one_before_came_to_rest() {
        let (mut attended, mut resource, now) = (Attended::default(), resource("1", 1), Instant::now());
        assert_eq!(attended.meet(&mut resource, now), None);
        attended.rest(&resource, None, resource.status.clone(), Duration::from_secs(300));
        assert!(attended.meet(&mut resource, now).is_some());
        resource.meta.generation = Some(2);
        assert_eq!(attended.meet(&mut resource, now), None);
        assert_eq!(attended.meet(&mut resource, now), None, "what was asked for is not done");
    }

    #[test]
    fn another_one_of_the_same_name_is_another_environment() {
        let environments = Environments::default();
        let first = environments.of(&resource("1", 1));
        assert!(Arc::ptr_eq(&first, &environments.of(&resource("1", 2))));
        let second = environments.of(&resource("2", 1));
        assert!(!Arc::ptr_eq(&first, &second));
        environments.forget(DEV);
        assert!(!Arc::ptr_eq(&second, &environments.of(&resource("2", 1))));
    }
}
