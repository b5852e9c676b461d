//! The alarms.

use std::collections::BTreeMap;

use super::blueprint::Blueprint;
use super::ingestion::Intake;
use super::names::AlarmName;
use super::processing::Workforce;
use super::storage::Storage;
use crate::engine::Input;
use crate::kinds::alarm::ANY_UNIT;
use crate::kinds::{AlarmSpec, DbCluster, EcsCluster, Queue, Service, Stream};

/// What an alarm watches, and when it goes off.
struct Watch<'a> {
    namespace: &'a str,
    metric: &'a str,
    dimensions: Vec<(&'a str, Input<String>)>,
    statistic: &'a str,
    /// Seconds over which the metric is summed up.
    period: i32,
    /// How many periods in a row.
    periods: i32,
    comparison: &'a str,
    /// What no data means.
    missing: &'a str,
    description: &'a str,
}

const AT_LEAST: &str = "GreaterThanOrEqualToThreshold";
const BELOW: &str = "LessThanThreshold";

/// Lays out the alarms that are on.
pub fn alarms(blueprint: &mut Blueprint<'_>, intake: &Intake, storage: &Storage, workforce: &Workforce) {
    let on = blueprint.pipeline.monitoring.alarms;
    let stream = |metric, statistic, description| Watch {
        namespace: "AWS/Kinesis",
        metric,
        dimensions: vec![("StreamName", intake.stream.output(Stream::ID).text())],
        statistic,
        period: 300,
        periods: 1,
        comparison: AT_LEAST,
        missing: "notBreaching",
        description,
    };
    let watches = [
        (
            AlarmName::WriteThrottle,
            on.kinesis_write_throttle,
            stream("WriteProvisionedThroughputExceeded", "Sum", "Producers put more than the stream takes"),
        ),
        (
            AlarmName::ReadThrottle,
            on.kinesis_read_throttle,
            stream("ReadProvisionedThroughputExceeded", "Sum", "Tasks read more than the stream gives"),
        ),
        (
            AlarmName::IteratorAge,
            on.iterator_age,
            stream("GetRecords.IteratorAgeMilliseconds", "Maximum", "Tasks fall behind the stream"),
        ),
        (AlarmName::DeadLetterQueue, on.dead_letter_queue, failed_jobs(intake)),
        (AlarmName::RunningTasks, on.running_tasks, running_tasks(workforce)),
        (AlarmName::DatabaseCapacity, on.database_capacity, database_capacity(storage)),
    ];
    for (name, threshold, watch) in watches {
        if let Some(threshold) = threshold {
            let spec = spec(blueprint, watch, threshold);
            blueprint.add(blueprint.names.alarm(name), spec);
        }
    }
}

fn failed_jobs(intake: &Intake) -> Watch<'static> {
    Watch {
        namespace: "AWS/SQS",
        metric: "ApproximateNumberOfMessagesVisible",
        dimensions: vec![("QueueName", intake.failed.output(Queue::ID).text())],
        statistic: "Maximum",
        period: 60,
        periods: 1,
        comparison: AT_LEAST,
        missing: "notBreaching",
        description: "Jobs have failed for good",
    }
}

/// A service whose tasks are all gone reports nothing at all, so that no data is as bad as too few.
fn running_tasks(workforce: &Workforce) -> Watch<'static> {
    Watch {
        namespace: "ECS/ContainerInsights",
        metric: "RunningTaskCount",
        dimensions: vec![
            ("ClusterName", workforce.cluster.output(EcsCluster::ID).text()),
            ("ServiceName", workforce.service.output(Service::ID).text()),
        ],
        statistic: "Average",
        period: 60,
        periods: 5,
        comparison: BELOW,
        missing: "breaching",
        description: "Fewer tasks run than are wanted",
    }
}

fn database_capacity(storage: &Storage) -> Watch<'static> {
    Watch {
        namespace: "AWS/RDS",
        metric: "ACUUtilization",
        dimensions: vec![("DBClusterIdentifier", storage.cluster.output(DbCluster::ID).text())],
        statistic: "Average",
        period: 300,
        periods: 3,
        comparison: AT_LEAST,
        missing: "notBreaching",
        description: "The database comes near its greatest capacity, in percent of maxAcu",
    }
}

fn spec(blueprint: &Blueprint<'_>, watch: Watch<'_>, threshold: i32) -> AlarmSpec {
    let dimensions = watch.dimensions.into_iter().map(|(name, value)| (name.to_owned(), value));
    AlarmSpec {
        namespace: watch.namespace.into(),
        metric: watch.metric.into(),
        unit: ANY_UNIT.into(),
        dimensions: dimensions.collect::<BTreeMap<_, _>>(),
        statistic: watch.statistic.into(),
        period_seconds: watch.period,
        evaluation_periods: watch.periods,
        datapoints_to_alarm: watch.periods,
        threshold: f64::from(threshold),
        comparison: watch.comparison.into(),
        missing_data: watch.missing.into(),
        actions: blueprint.pipeline.monitoring.alarm_actions.iter().cloned().collect(),
        actions_enabled: true,
        description: watch.description.into(),
        tags: blueprint.tags(),
    }
}
