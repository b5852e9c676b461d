//! design, observe, plan, apply, report: one pass over one environment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, ready};
use jiff::Timestamp;
use kube::Client;
use kube::api::DynamicObject;
use kube::runtime::controller::Action;
use tokio::sync::watch;

use super::allowed::Forbidden;
use super::connections::Connections;
use super::environments::{Attended, Environments};
use super::knowledge::Periods;
use super::kubernetes::Kubernetes;
use super::metrics::Metrics;
use super::observer::Observer;
use super::pace::{Pace, Progress};
use super::record::Record;
use super::settings::Settings;
use super::stored::Stored;
use super::survey::{Environment, Obstacle, Survey, Surveyor};
use super::traces;
use crate::aws::{Connection, audit};
use crate::engine::{self, Address, Deferral, Outcome, Outcomes, Step};
use crate::kinds::{KINDS, kind};
use crate::report::{self, Pass, Planned, Report, Stage};

/// What every pass needs.
pub struct Context {
    /// Looks and decides.
    pub surveyor: Surveyor,
    /// Writes to Kubernetes.
    pub kubernetes: Kubernetes,
    /// What is known of each environment.
    pub environments: Environments,
    /// When sweeps are due.
    pub pace: Pace,
    /// Counts what is done.
    pub metrics: Metrics,
    /// True once the process is to end.
    stop: watch::Receiver<bool>,
}

impl Context {
    /// What a process has that begins: connections to Kubernetes and AWS, and nothing remembered.
    pub fn new(
        settings: &Settings,
        client: Client,
        connection: Connection,
        pace: Pace,
        metrics: Metrics,
    ) -> Self {
        Self {
            surveyor: Surveyor {
                cluster: settings.cluster_name.clone(),
                connections: Connections::new(connection),
                observer: Observer::default(),
                periods: Periods { sweep: settings.sweep_period, audit: settings.audit_period },
                read_lag: settings.read_lag,
                permissions_boundary: settings.permissions_boundary.clone(),
                ignored_tags: settings.ignored_tags.clone(),
                allowed: settings.allowed(),
            },
            kubernetes: Kubernetes::new(client),
            environments: Environments::default(),
            pace,
            metrics,
            stop: watch::channel(false).1,
        }
    }

    /// The same for a process that is to end when `stop` becomes true.
    pub fn until(self, stop: watch::Receiver<bool>) -> Self {
        Self { stop, ..self }
    }

    /// The process is to end: nothing is begun any more.
    pub fn is_over(&self) -> bool {
        *self.stop.borrow()
    }
}

/// Why a pass could not be finished. All of AWS's failures are in the report; what is left are those of Kubernetes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody changed the resource meanwhile, or it could not be written.
    #[error("cannot write the intent and the finalizer")]
    Record(#[source] kube::Error),
    /// The status could not be written.
    #[error("cannot write the status")]
    Status(#[source] kube::Error),
    /// The finalizer could not be removed.
    #[error("cannot remove the finalizer")]
    Release(#[source] kube::Error),
}

/// One pass over one environment, counted.
///
/// # Errors
/// Kubernetes refused a write; the pass is made again.
pub async fn reconcile(object: Arc<DynamicObject>, context: Arc<Context>) -> Result<Action, Error> {
    let begun = Instant::now();
    // On the heap: what it holds while it waits would fill a good part of a thread's stack.
    let result = traces::pass(&object.metadata, Box::pin(pass(&object, &context))).await;
    context.metrics.ended(result.is_ok(), begun.elapsed());
    result
}

async fn pass(object: &DynamicObject, context: &Context) -> Result<Action, Error> {
    let mut resource = Stored::of(object);
    let attended = context.environments.of(&resource);
    let mut attended = attended.lock().await;
    if let Some(left) = attended.meet(&mut resource, Instant::now()) {
        return Ok(Action::requeue(left));
    }
    if resource.deleting() && (!resource.has_finalizer() || resource.retains()) {
        return context.let_go(&resource, Stage::Retained).await;
    }
    match context.survey(&resource, &mut attended.environment).await {
        Err(obstacle) => {
            let resource = context.ensure_finalizer(resource, &attended.environment).await?;
            context.hindered(&resource, &mut attended, &obstacle).await
        }
        Ok(survey) if resource.deleting() && survey.is_empty() => match survey.unshown {
            Some(left) => context.wait(&resource, &mut attended, Stage::Unshown(left)).await,
            None => context.let_go(&resource, Stage::Planned(survey.told(None))).await,
        },
        Ok(survey) if resource.suspended() => {
            let resource = context.ensure_finalizer(resource, &attended.environment).await?;
            context.tell(&resource, &mut attended, &survey, None).await
        }
        Ok(survey) => {
            let (resource, survey) = context.record(resource, &attended.environment, survey).await?;
            let outcomes = context.apply(&resource, &mut attended.environment, &survey).await;
            context.tell(&resource, &mut attended, &survey, Some(&outcomes)).await
        }
    }
}

impl Context {
    /// Looks and decides. What goes, and of which nothing is to be seen any more, is looked at once more as a whole: what was not
    /// there at some earlier look may have shown up since.
    async fn survey(&self, resource: &Stored, environment: &mut Environment) -> Result<Survey, Obstacle> {
        let survey = self.surveyor.survey(resource, environment).await?;
        if !resource.deleting() || !survey.is_empty() || survey.unshown.is_some() {
            return Ok(survey);
        }
        environment.knowledge.forget();
        self.surveyor.survey(resource, environment).await
    }

    /// What owns something keeps its finalizer, whoever took it away, also while nothing is changed in AWS.
    async fn ensure_finalizer(&self, resource: Stored, environment: &Environment) -> Result<Stored, Error> {
        if resource.has_finalizer() || resource.deleting() || !environment.knowledge.owns() {
            return Ok(resource);
        }
        self.kubernetes.add_finalizer(&resource).await.map_err(Error::Record)
    }

    /// Writes down what cannot be found again, before the calls that it is about.
    async fn record(
        &self,
        resource: Stored,
        environment: &Environment,
        survey: Survey,
    ) -> Result<(Stored, Survey), Error> {
        let before = Record::on(&resource);
        let unrecorded = survey.plan.unrecorded(KINDS);
        let mut record = before.clone().unwrap_or_else(|| Record::recovered(&resource));
        let at_rest = survey.plan.is_empty() && !resource.deleting();
        let settled = environment.recollection.settled(&record, &survey.world);
        // That data came to be is written down at once: something else may keep the environment from coming to rest for long.
        if !unrecorded.is_empty() || at_rest || settled.data != record.data {
            record = settled;
        }
        record.part_with(&survey.plan);
        // Where the annotation was lost, these addresses are recorded as intended again, so that the doubt survives a restart.
        let forgotten = survey.plan.doubted().filter(|address| record.intent(address).is_none()).cloned();
        let intended: Vec<Address> = unrecorded.into_iter().chain(forgotten).collect();
        record.intend(&survey.plan, &intended, Timestamp::now());
        // What owns nothing, and makes nothing, needs no finalizer.
        let holds = !survey.plan.steps.is_empty() || environment.knowledge.owns();
        if holds {
            record.account = Some(survey.aws.account.clone());
        }
        if before.as_ref() == Some(&record) && (resource.has_finalizer() || !holds) || resource.deleting() {
            return Ok((resource, survey));
        }
        let resource = self.kubernetes.record(&resource, &record).await.map_err(Error::Record)?;
        let tokens: BTreeMap<Address, String> =
            record.intents.iter().map(|intent| (intent.address.clone(), intent.token.clone())).collect();
        let plan = survey.plan.with_tokens(&tokens);
        Ok((resource, Survey { plan, ..survey }))
    }

    async fn apply(&self, resource: &Stored, environment: &mut Environment, survey: &Survey) -> Outcomes {
        let (namespace, name) = resource.reference();
        let pipeline = format!("{}/{namespace}/{name}", self.surveyor.cluster);
        let around = self.accompanying(&pipeline);
        let outcomes = engine::apply(KINDS, &survey.aws, &survey.plan, &around).await;
        for step in survey.plan.steps.iter().filter(|step| attempted(outcomes.get(&step.id))) {
            environment.knowledge.touch(&step.id.at.kind);
            let Some(kind) = kind(&step.id.at.kind) else { continue };
            kind.alters().iter().for_each(|altered| environment.knowledge.touch(altered));
            // A surplus hangs on another one, which an earlier look may not have shown.
            if step.id.at.is_surplus() {
                kind.refers_to().iter().for_each(|parent| environment.knowledge.touch(parent));
            }
        }
        environment.recollection.note(&survey.plan, &outcomes, Instant::now());
        outcomes
    }

    /// Every step's calls are recorded as made for the pipeline and the resource. Once the process is to end, no step begins any
    /// more: a creation takes a while, and whoever is to follow waits for it.
    fn accompanying(
        &self,
        pipeline: &str,
    ) -> impl for<'s> Fn(&'s Step, BoxFuture<'s, Outcome>) -> BoxFuture<'s, Outcome> + Sync {
        move |step, call| {
            // Read before the question, so that no step seems to have begun after the process was told to end.
            let begun = Some(Timestamp::now());
            if self.is_over() {
                return Box::pin(ready(Outcome::Deferred(Deferral::Stopping)));
            }
            let context = audit::Context {
                pipeline: pipeline.to_owned(),
                address: step.id.at.to_string(),
                changed: step.changes.0.iter().map(|change| change.field.clone()).collect(),
                begun,
            };
            Box::pin(audit::scope(context, call))
        }
    }

    /// Says what there is and what was done.
    async fn tell(
        &self,
        resource: &Stored,
        attended: &mut Attended,
        survey: &Survey,
        outcomes: Option<&Outcomes>,
    ) -> Result<Action, Error> {
        let account = Some(survey.aws.account.as_str());
        let report = self.report(resource, account, &survey.notes, Stage::Planned(survey.told(outcomes)));
        attended.progress.note(outcomes.unwrap_or(&Outcomes::new()));
        let wait = self.pace.wait(report.requeue, &attended.progress);
        self.publish(resource, attended, report, wait).await
    }

    /// Says why nothing could be decided.
    async fn hindered(
        &self,
        resource: &Stored,
        attended: &mut Attended,
        obstacle: &Obstacle,
    ) -> Result<Action, Error> {
        let stage = match obstacle {
            Obstacle::Invalid(problems) => Stage::Invalid(problems),
            Obstacle::Forbidden(Forbidden { reason, named }) => Stage::Forbidden(*reason, named),
            Obstacle::Unreached(failure) => Stage::Unreached(failure),
            Obstacle::Circular(steps) => Stage::Circular(steps),
        };
        self.wait(resource, attended, stage).await
    }

    /// Says why nothing is done, and when it is looked at again.
    async fn wait(
        &self,
        resource: &Stored,
        attended: &mut Attended,
        stage: Stage<'_>,
    ) -> Result<Action, Error> {
        let report = self.report(resource, None, &BTreeMap::new(), stage);
        attended.progress = Progress::default();
        let wait = self.pace.wait_blindly(report.requeue);
        self.publish(resource, attended, report, wait).await
    }

    fn report(
        &self,
        resource: &Stored,
        account_id: Option<&str>,
        notes: &BTreeMap<String, String>,
        stage: Stage<'_>,
    ) -> Report {
        let identity = resource.identity(&self.surveyor.cluster).ok();
        let owner = identity.map(|identity| identity.owner.to_string());
        report::report(&Pass {
            previous: &resource.status,
            resource: resource.described(owner.as_deref()),
            account_id,
            notes,
            stage,
            now: Timestamp::now(),
        })
    }

    async fn publish(
        &self,
        resource: &Stored,
        attended: &mut Attended,
        Report { status, events, pauses, .. }: Report,
        wait: Duration,
    ) -> Result<Action, Error> {
        let pauses = pauses.into_iter().map(|(at, pause)| (at, self.pace.pause(pause))).collect();
        attended.environment.recollection.failures.pause(&pauses, Instant::now());
        traces::came_to(status.phase);
        let mut version = resource.meta.resource_version.clone();
        if status != resource.status {
            version = self.kubernetes.write_status(resource, &status).await.map_err(Error::Status)?;
        }
        self.kubernetes.publish(resource, &events).await;
        self.metrics.told(resource, &status);
        attended.rest(resource, version, status, wait);
        Ok(Action::requeue(wait))
    }

    /// Nothing of it is left, or it is to stay: the resource may go.
    async fn let_go(&self, resource: &Stored, stage: Stage<'_>) -> Result<Action, Error> {
        if resource.has_finalizer() {
            let report = self.report(resource, None, &BTreeMap::new(), stage);
            traces::came_to(report.status.phase);
            self.kubernetes.remove_finalizer(resource).await.map_err(Error::Release)?;
            self.kubernetes.publish(resource, &report.events).await;
        }
        self.forget(resource.reference());
        Ok(Action::await_change())
    }

    /// Nothing need be known any more of the resource of this namespace and name: it is gone.
    pub fn forget(&self, gone: (&str, &str)) {
        self.environments.forget(gone);
        self.metrics.census.forget(gone);
    }
}

impl Survey {
    fn told<'a>(&'a self, outcomes: Option<&'a Outcomes>) -> Planned<'a> {
        Planned { graph: &self.graph, world: &self.world, plan: &self.plan, outcomes }
    }
}

/// Whether the step called AWS, or will when its pause is over: nothing is tried again on the strength of an old look.
fn attempted(outcome: Option<&Outcome>) -> bool {
    !matches!(
        outcome,
        None | Some(Outcome::Deferred(Deferral::On(_) | Deferral::Unregistered | Deferral::Stopping))
    )
}
