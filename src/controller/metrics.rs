//! What can be counted about passes.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Metrics of all passes. Clones share them.
#[derive(Clone, Debug)]
pub struct Passes {
    passes: Family<Vec<(&'static str, &'static str)>, Counter>,
    duration: Histogram,
}

impl Default for Passes {
    fn default() -> Self {
        // Seconds: a pass that finds everything at rest takes milliseconds, one that makes an environment some seconds.
        let duration = Histogram::new([0.01, 0.05, 0.25, 1.0, 5.0, 20.0, 60.0]);
        Self { passes: Family::default(), duration }
    }
}

impl Passes {
    /// Adds all of them to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "reconcile_passes",
            "Passes over environments; alert when result=failed rises steadily: Kubernetes refuses the operator's writes",
            self.passes.clone(),
        );
        registry.register_with_unit(
            "reconcile_pass_duration",
            "From the start of a pass to the write of its status",
            Unit::Seconds,
            self.duration.clone(),
        );
    }

    /// One pass ended.
    pub fn ended(&self, went_well: bool, took: Duration) {
        let result = if went_well { "done" } else { "failed" };
        self.passes.get_or_create(&vec![("result", result)]).inc();
        self.duration.observe(took.as_secs_f64());
    }
}
