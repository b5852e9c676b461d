//! Log groups, all with the retention that is asked for: that of the tasks, and those that AWS itself writes to, which are
//! made before AWS would make them for ever.

use super::blueprint::Blueprint;
use super::names::Place;
use crate::api::spec::LogExport;
use crate::engine::Input;
use crate::kinds::ids::LogGroupName;
use crate::kinds::{LogGroup, LogGroupSpec};

/// The log groups.
pub struct Logs {
    /// Of the tasks.
    pub tasks: Input<LogGroupName>,
    /// Of Container Insights, where that is on.
    pub insights: Option<Input<LogGroupName>>,
    /// Of the database, for each log that it exports.
    pub database: Vec<Input<LogGroupName>>,
}

/// Lays out the log groups.
pub fn log_groups(blueprint: &mut Blueprint<'_>) -> Logs {
    let (names, pipeline) = (blueprint.names.clone(), blueprint.pipeline);
    let mut group = |place: Place<LogGroup>| {
        let retention = Some(pipeline.monitoring.log_retention_days);
        let spec = LogGroupSpec { retention_days: retention, tags: blueprint.tags() };
        blueprint.add(place, spec).output(LogGroup::ID)
    };
    let insights = pipeline.processing.container_insights;
    Logs {
        tasks: group(names.task_logs()),
        insights: insights.then(|| group(names.insights_logs())),
        database: pipeline
            .database
            .log_exports
            .iter()
            .map(|log| group(names.database_logs(word(*log))))
            .collect(),
    }
}

/// What AWS calls a log.
pub fn word(log: LogExport) -> &'static str {
    match log {
        LogExport::Postgresql => "postgresql",
        LogExport::Instance => "instance",
        LogExport::IamDbAuthError => "iam-db-auth-error",
    }
}
