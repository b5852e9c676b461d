//! What can be counted about the operator's work, under the names that controllers of Kubernetes have in common.

use std::time::{Duration, Instant};

use k8s_openapi::jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::census::Census;
use super::stored::Stored;
use crate::api::status::{Phase, VideoPipelineStatus};

type Labels = Vec<(&'static str, &'static str)>;

/// The only controller and the only queue.
const CONTROLLER: (&str, &str) = ("controller", "videopipeline");
const QUEUE: (&str, &str) = ("name", "videopipeline");

/// Metrics of the controller. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    passes: Family<Labels, Counter>,
    duration: Family<Labels, Histogram, fn() -> Histogram>,
    depth: Family<Labels, Gauge>,
    queued: Family<Labels, Histogram, fn() -> Histogram>,
    leads: Family<Vec<(&'static str, String)>, Gauge>,
    until_ready: Histogram,
    /// How environments stand.
    pub census: Census,
}

/// Seconds: a pass that finds everything at rest takes milliseconds, one that makes an environment some seconds.
fn durations() -> Histogram {
    Histogram::new([0.01, 0.05, 0.25, 1.0, 5.0, 20.0, 60.0])
}

/// Seconds. At rest nothing waits.
fn waits() -> Histogram {
    Histogram::new([0.001, 0.1, 1.0, 5.0, 20.0, 60.0, 300.0])
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            passes: Family::default(),
            duration: Family::new_with_constructor(durations),
            depth: Family::default(),
            queued: Family::new_with_constructor(waits),
            leads: Family::default(),
            // Seconds: most of it is Aurora's.
            until_ready: Histogram::new([30.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0]),
            census: Census::default(),
        }
    }
}

impl Metrics {
    /// Adds all of them to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "controller_runtime_reconcile",
            "Passes over environments; alert when result=error rises steadily: Kubernetes refuses the operator's writes",
            self.passes.clone(),
        );
        registry.register_with_unit(
            "controller_runtime_reconcile_time",
            "From the start of a pass to the write of its status",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register("workqueue_depth", "Passes that are due and wait for a place", self.depth.clone());
        registry.register_with_unit(
            "workqueue_queue_duration",
            "How long passes waited for a place; alert when it is long: concurrency is too low",
            Unit::Seconds,
            self.queued.clone(),
        );
        registry.register(
            "leader_election_master_status",
            "1 for the replica that leads, which alone changes AWS",
            self.leads.clone(),
        );
        registry.register_with_unit(
            "video_pipelines_until_ready",
            "From the creation of a VideoPipeline until it was Ready for the first time",
            Unit::Seconds,
            self.until_ready.clone(),
        );
        registry.register_collector(Box::new(self.census.clone()));
    }

    /// This replica leads, or does not.
    pub fn leads(&self, lease: &str, leads: bool) {
        self.leads.get_or_create(&vec![("name", lease.to_owned())]).set(leads.into());
    }

    /// A pass is due. What is returned is dropped when it has its place, or needs none any more.
    pub fn due(&self) -> Queued {
        let depth = self.depth.get_or_create_owned(&vec![QUEUE]);
        depth.inc();
        Queued { depth, waited: self.queued.get_or_create_owned(&vec![QUEUE]), since: Instant::now() }
    }

    /// One pass ended.
    pub fn ended(&self, went_well: bool, took: Duration) {
        let result = if went_well { "success" } else { "error" };
        self.passes.get_or_create(&vec![CONTROLLER, ("result", result)]).inc();
        self.duration.get_or_create(&vec![CONTROLLER]).observe(took.as_secs_f64());
    }

    /// A pass over the environment of `resource`, whose status says what the one before said, ended with `status`.
    pub fn told(&self, resource: &Stored, status: &VideoPipelineStatus) {
        self.census.note(resource, status, Instant::now());
        let young =
            matches!(resource.status.phase, None | Some(Phase::Pending | Phase::Creating | Phase::Failed));
        let born = resource.meta.creation_timestamp.as_ref().filter(|_| young);
        if let Some(born) = born.filter(|_| status.phase == Some(Phase::Ready)) {
            let age = Timestamp::now().duration_since(born.0);
            self.until_ready.observe(age.as_secs_f64().max(0.0));
        }
    }
}

/// A pass that waits for its place.
pub struct Queued {
    depth: Gauge,
    waited: Histogram,
    since: Instant,
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.depth.dec();
        self.waited.observe(self.since.elapsed().as_secs_f64());
    }
}
