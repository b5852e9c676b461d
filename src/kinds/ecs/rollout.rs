//! How far a service's rollout is, as ECS tells it.
//!
//! A rollout that fails is rolled back by ECS: the service runs the task definition before again. That is not
//! drift. Until another one is wanted the service counts as having been given the one that failed, and is
//! broken. It is given it once more when something that it rests on has changed, such as a role; and after an
//! hour, because what made it fail may lie outside, such as an image that was not there yet.

use std::time::Duration;

use aws_sdk_ecs::types::{
    Deployment, DeploymentRolloutState, Service, ServiceDeploymentBrief, ServiceDeploymentStatus,
};
use aws_smithy_types::DateTime;

use crate::aws::{Aws, During};
use crate::engine::{Defect, Failure, Phase};

/// When a failed rollout is tried again.
const RETRY: Duration = Duration::from_secs(3600);

/// What to do about tasks that do not start.
const AGAIN: &str = "see the stopped tasks and their logs, and correct what they say: it is rolled out again when the spec \
                     changes or something that it rests on, and else within an hour";

/// How many rollouts AWS lists a page, at most: mostly all that there are.
const PAGE: i32 = 100;

/// For how long after a service was made its role may not be known everywhere.
const GRACE: Duration = Duration::from_secs(120);

/// A rollout that ECS took back, or is taking back.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollback {
    why: String,
    /// When it was done; `None` while it is under way.
    finished: Option<DateTime>,
}

/// Where a service stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The task definition that it counts as having been given; none if that is to be given again.
    pub task_definition: String,
    /// How far it is.
    pub phase: Phase,
}

/// Where the service stands, given the task definition that was asked for last and whether ECS rolled that
/// back.
pub fn standing(service: &Service, requested: &str, rollback: Option<&Rollback>, now: DateTime) -> Standing {
    let given = service.task_definition().unwrap_or_default();
    let stands = |task_definition: &str, phase| Standing { task_definition: task_definition.into(), phase };
    if service.status() == Some("DRAINING") {
        let left = service.running_count() + service.pending_count();
        return stands(given, Phase::Leaving(format!("its tasks stop, {left} are left")));
    }
    match rollback {
        Some(Rollback { why, finished: None }) => {
            return stands(requested, Phase::Settling(format!("rolling back: {why}")));
        }
        Some(Rollback { why, finished: Some(finished) }) if since(finished, now) < RETRY => {
            return stands(requested, Phase::Broken(ended("AWS rolled back the last deployment", why, true)));
        }
        _ => {}
    }
    let primary = service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    match primary.filter(|primary| primary.rollout_state() == Some(&DeploymentRolloutState::Failed)) {
        Some(failed) => failed_rollout(service, failed, now),
        None => stands(given, progress(service, primary)),
    }
}

/// A rollout that failed with nothing to roll back to: ECS starts no more tasks.
fn failed_rollout(service: &Service, failed: &Deployment, now: DateTime) -> Standing {
    let why = failed.rollout_state_reason().unwrap_or("ECS does not say why");
    let long_ago = failed.updated_at().is_some_and(|at| since(at, now) >= RETRY);
    let young = service.created_at().is_some_and(|at| since(at, now) < GRACE);
    let role = service.events().iter().any(|event| {
        event.message().is_some_and(|message| message.to_lowercase().contains("unable to assume"))
    });
    if long_ago || (young && role) {
        let phase = Phase::Settling(format!("rolled out once more after: {why}"));
        return Standing { task_definition: String::new(), phase };
    }
    let task_definition = service.task_definition().unwrap_or_default().to_owned();
    Standing { task_definition, phase: Phase::Broken(ended("AWS gave up the deployment", why, false)) }
}

/// A rollout that is not tried again at once.
fn ended(how: &str, why: &str, rolled_back: bool) -> Defect {
    Defect { why: format!("{how}: {why}"), remedy: AGAIN.to_owned(), rolled_back }
}

fn progress(service: &Service, primary: Option<&Deployment>) -> Phase {
    let (running, desired) = (service.running_count(), service.desired_count());
    let rolling = primary
        .is_some_and(|primary| primary.rollout_state() == Some(&DeploymentRolloutState::InProgress))
        || service.deployments().len() > 1;
    match primary.filter(|_| rolling) {
        Some(primary) => {
            let (new, wanted) = (primary.running_count(), primary.desired_count());
            let failed = match primary.failed_tasks() {
                0 => String::new(),
                failed => format!(", {failed} failed to start"),
            };
            Phase::Settling(format!("rolling out, {new} of {wanted} new tasks run{failed}"))
        }
        None if running != desired || service.pending_count() > 0 => {
            Phase::Settling(format!("{running} of {desired} tasks run"))
        }
        None => Phase::Ready,
    }
}

fn since(then: &DateTime, now: DateTime) -> Duration {
    Duration::from_secs(u64::try_from(now.secs() - then.secs()).unwrap_or_default())
}

/// Whether the service's last rollout was to `requested` and was rolled back.
///
/// # Errors
/// One of the calls failed.
pub async fn rollback(aws: &Aws, service: &Service, requested: &str) -> Result<Option<Rollback>, Failure> {
    let newest = newest(aws, service).await?;
    let Some((newest, rollback)) =
        newest.and_then(|newest| rolled_back(&newest).map(|rollback| (newest, rollback)))
    else {
        return Ok(None);
    };
    let revision = newest.target_service_revision_arn().unwrap_or_default();
    let call = aws.ecs.describe_service_revisions().service_revision_arns(revision);
    let reply = call.send().await.during("ecs:DescribeServiceRevisions")?;
    let to_requested = reply.service_revisions().iter().any(|one| one.task_definition() == Some(requested));
    Ok(to_requested.then_some(rollback))
}

/// The service's last rollout. AWS does not say in which order it lists them, so it may be on any page.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html>
async fn newest(aws: &Aws, service: &Service) -> Result<Option<ServiceDeploymentBrief>, Failure> {
    let list = aws.ecs.list_service_deployments().service(service.service_arn().unwrap_or_default());
    let list = list.cluster(service.cluster_arn().unwrap_or_default()).max_results(PAGE);
    let (mut newest, mut next) = (None, None);
    loop {
        let page = list.clone().set_next_token(next).send().await.during("ecs:ListServiceDeployments")?;
        newest = later(newest, page.service_deployments.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(newest);
        }
    }
}

/// The last of these rollouts.
fn later(
    known: Option<ServiceDeploymentBrief>,
    listed: Vec<ServiceDeploymentBrief>,
) -> Option<ServiceDeploymentBrief> {
    known.into_iter().chain(listed).max_by_key(|one| one.created_at().map(DateTime::as_nanos))
}

fn rolled_back(deployment: &ServiceDeploymentBrief) -> Option<Rollback> {
    use ServiceDeploymentStatus::{
        RollbackFailed, RollbackInProgress, RollbackRequested, RollbackSuccessful,
    };
    let why = deployment.status_reason().unwrap_or("ECS does not say why").to_owned();
    let ended = deployment.finished_at().or(deployment.created_at()).copied();
    match deployment.status()? {
        RollbackRequested | RollbackInProgress => Some(Rollback { why, finished: None }),
        RollbackSuccessful | RollbackFailed => Some(Rollback { why, finished: ended }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::ServiceEvent;
    use aws_sdk_ecs::types::builders::ServiceBuilder;

    use super::*;

    const OLD: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/task:1";
    const NEW: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/task:2";
    const NOW: i64 = 1_000_000;

    fn at(seconds: i64) -> DateTime {
        DateTime::from_secs(NOW + seconds)
    }

    fn service(state: DeploymentRolloutState, running: i32) -> ServiceBuilder {
        let deployment = Deployment::builder()
            .status("PRIMARY")
            .rollout_state(state)
            .rollout_state_reason("tasks failed to start")
            .updated_at(at(-60))
            .desired_count(2)
            .running_count(2)
            .failed_tasks(1);
        let service = Service::builder().status("ACTIVE").task_definition(OLD).created_at(at(-3000));
        service.desired_count(2).running_count(running).deployments(deployment.build())
    }

    fn stands(service: ServiceBuilder) -> Standing {
        standing(&service.build(), OLD, None, at(0))
    }

    #[test]
    fn it_is_ready_once_all_tasks_of_one_deployment_run() {
        use DeploymentRolloutState::{Completed, InProgress};
        assert_eq!(stands(service(Completed, 2)).phase, Phase::Ready);
        assert_eq!(stands(service(Completed, 1)).phase, Phase::Settling("1 of 2 tasks run".into()));
        let rolling = Phase::Settling("rolling out, 2 of 2 new tasks run, 1 failed to start".into());
        assert_eq!(stands(service(InProgress, 3)).phase, rolling);
        let before = Deployment::builder().status("ACTIVE").build();
        assert_eq!(stands(service(Completed, 2).deployments(before)).phase, rolling);
        let draining = stands(service(Completed, 1).status("DRAINING")).phase;
        assert_eq!(draining, Phase::Leaving("its tasks stop, 1 are left".into()));
    }

    #[test]
    fn what_was_rolled_back_is_not_rolled_out_again_before_an_hour_has_passed() {
        let stands = |finished: Option<DateTime>| {
            let rollback = Rollback { why: "tasks failed".into(), finished };
            standing(&service(DeploymentRolloutState::Completed, 2).build(), NEW, Some(&rollback), at(0))
        };
        let under_way = stands(None);
        assert_eq!(under_way.task_definition, NEW);
        assert_eq!(under_way.phase, Phase::Settling("rolling back: tasks failed".into()));

        let done = stands(Some(at(-60)));
        assert_eq!(done.task_definition, NEW);
        assert_eq!(
            done.phase,
            Phase::Broken(ended("AWS rolled back the last deployment", "tasks failed", true))
        );

        let long_ago = stands(Some(at(-3600)));
        assert_eq!((long_ago.task_definition.as_str(), long_ago.phase), (OLD, Phase::Ready));
    }

    #[test]
    fn the_last_rollout_counts_on_whichever_page_it_is_listed() {
        let rollout = |seconds| ServiceDeploymentBrief::builder().created_at(at(seconds)).build();
        let undated = ServiceDeploymentBrief::builder().build();
        let first = later(None, vec![rollout(-3), rollout(-1), rollout(-2), undated]);
        assert_eq!(first, Some(rollout(-1)));
        assert_eq!(later(first.clone(), vec![rollout(-9)]), first);
        assert_eq!(later(first, vec![rollout(-9), rollout(0)]), Some(rollout(0)));
        assert_eq!(later(None, Vec::new()), None);
    }

    #[test]
    fn a_first_rollout_that_failed_is_broken_unless_its_role_was_only_just_made() {
        let failed = || service(DeploymentRolloutState::Failed, 0);
        let broken = Phase::Broken(ended("AWS gave up the deployment", "tasks failed to start", false));
        assert_eq!(stands(failed()).phase, broken);

        let role = ServiceEvent::builder().message("ECS was unable to assume the role 'arn'").build();
        let young = failed().created_at(at(-30));
        assert_eq!(stands(young.clone()).phase, broken);
        assert_eq!(stands(young.events(role.clone())).task_definition, "");
        assert_eq!(stands(failed().events(role)).phase, broken);
    }

    #[test]
    fn a_drift_to_another_task_definition_shows() {
        let drifted = standing(&service(DeploymentRolloutState::Completed, 2).build(), NEW, None, at(0));
        assert_eq!(drifted.task_definition, OLD);
    }
}
