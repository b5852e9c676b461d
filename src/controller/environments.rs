//! What this process knows of each environment it looks after.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::stored::Stored;
use super::survey::Environment;
use crate::api::{INTENT, VideoPipelineStatus};

/// All environments, by the uid of their resource.
#[derive(Default)]
pub struct Environments {
    by_uid: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Attended>>>>,
}

/// One environment that is looked after.
#[derive(Debug, Default)]
pub struct Attended {
    /// What is known of it.
    pub environment: Environment,
    /// How many passes in a row did something.
    pub progress: u32,
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
        let mut by_uid = self.by_uid.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(by_uid.entry(resource.uid()).or_default())
    }

    /// The resource is gone.
    pub fn forget(&self, resource: &Stored) {
        self.by_uid.lock().unwrap_or_else(PoisonError::into_inner).remove(&resource.uid());
    }
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
        let rest = self.rest.as_ref()?;
        if rest.upon == resource.meta.resource_version {
            resource.status = rest.status.clone();
            resource.meta.resource_version = rest.after.clone();
        }
        let left = rest.until.saturating_duration_since(now);
        (!changed && rest.status == resource.status && !left.is_zero()).then_some(left)
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
