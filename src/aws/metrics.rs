//! What can be counted about calls to AWS.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::operation::Operation;

type Labels = Vec<(&'static str, String)>;

/// Metrics of all attempts, retries included. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    attempts: Family<Labels, Counter>,
    duration: Family<Labels, Histogram, fn() -> Histogram>,
    throttles: Family<Labels, Counter>,
    budget_wait: Family<Labels, Histogram, fn() -> Histogram>,
    refused: Family<Labels, Counter>,
}

/// Seconds. Reads take tens of milliseconds, creates of Aurora some seconds.
fn latencies() -> Histogram {
    Histogram::new([0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0])
}

/// Seconds. Most calls wait not at all.
fn waits() -> Histogram {
    Histogram::new([0.001, 0.1, 1.0, 5.0, 20.0, 60.0, 300.0])
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            attempts: Family::default(),
            duration: Family::new_with_constructor(latencies),
            throttles: Family::default(),
            budget_wait: Family::new_with_constructor(waits),
            refused: Family::default(),
        }
    }
}

impl Metrics {
    /// Adds all of them to `registry`, under names that begin with `aws_`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "aws_attempts",
            "Attempts to call AWS, retries included, by what AWS answered: ok, its error code, Timeout or ConnectionFailed",
            self.attempts.clone(),
        );
        registry.register_with_unit(
            "aws_attempt_duration",
            "From an attempt's first byte to the last byte of its answer, without the wait for the budget",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register(
            "aws_throttles",
            "Attempts that AWS throttled; alert when it rises steadily: others use the account, or the budget is too wide",
            self.throttles.clone(),
        );
        registry.register_with_unit(
            "aws_budget_wait",
            "How long attempts waited for our own budget before they were sent",
            Unit::Seconds,
            self.budget_wait.clone(),
        );
        registry.register(
            "aws_refused",
            "Attempts that were not sent: LeaseLost (we no longer lead) or OverBudget (the wait would be too long)",
            self.refused.clone(),
        );
    }

    pub(super) fn attempted(&self, operation: &Operation, outcome: &str, took: Duration) {
        let labels = labels(operation);
        self.duration.get_or_create(&labels).observe(took.as_secs_f64());
        let labels = [labels, vec![("outcome", outcome.to_owned())]].concat();
        self.attempts.get_or_create(&labels).inc();
    }

    pub(super) fn throttled(&self, operation: &Operation) {
        self.throttles.get_or_create(&labels(operation)).inc();
    }

    pub(super) fn waited(&self, operation: &Operation, wait: Duration) {
        let labels = vec![("service", operation.service().to_owned())];
        self.budget_wait.get_or_create(&labels).observe(wait.as_secs_f64());
    }

    pub(super) fn refused(&self, operation: &Operation, reason: &str) {
        let labels = [labels(operation), vec![("reason", reason.to_owned())]].concat();
        self.refused.get_or_create(&labels).inc();
    }
}

fn labels(operation: &Operation) -> Labels {
    vec![("service", operation.service().to_owned()), ("operation", operation.name().to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_shows_in_the_exposition() {
        let (metrics, mut registry) = (Metrics::default(), Registry::default());
        metrics.register(&mut registry);
        let operation = Operation::new("EC2", "CreateVpc");
        metrics.attempted(&operation, "RequestLimitExceeded", Duration::from_millis(300));
        metrics.throttled(&operation);
        metrics.refused(&operation, "LeaseLost");

        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            r#"aws_attempts_total{service="ec2",operation="CreateVpc",outcome="RequestLimitExceeded"} 1"#,
            r#"aws_throttles_total{service="ec2",operation="CreateVpc"} 1"#,
            r#"aws_refused_total{service="ec2",operation="CreateVpc",reason="LeaseLost"} 1"#,
            r#"aws_attempt_duration_seconds_bucket{le="0.5",service="ec2",operation="CreateVpc"} 1"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
