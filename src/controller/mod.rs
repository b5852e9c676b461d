//! The long-running operator: watches the resources, and makes passes over their environments.
//!
//! [`reconcile`] is one pass: observe, design, plan, apply, report. [`survey`] is the part of it that changes nothing, which
//! the command line uses as well.
//!
//! Architecture invariant: nothing here knows a kind of resource or a service of AWS; what is known between passes is a
//! cache, and losing it costs reads and waiting, never a duplicate.

mod allowed;
mod census;
pub mod connections;
mod environments;
mod failures;
mod http;
mod knowledge;
mod kubernetes;
pub mod leader;
mod metrics;
mod observer;
mod pace;
mod places;
pub mod recollection;
mod reconcile;
pub mod record;
pub mod settings;
pub mod stored;
pub mod survey;
mod traces;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::http::HeaderValue;
use ::http::header::USER_AGENT;
use futures::StreamExt;
use kube::api::{DynamicObject, ListParams};
use kube::runtime::controller::{Action, Controller, Error::ObjectNotFound, Error::QueueError};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use kube::{Api, Client};
use prometheus_client::registry::Registry;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use self::environments::SOON;
use self::http::Health;
use self::kubernetes::{PATIENCE, answered, is_conflict};
use self::leader::Candidate;
use self::places::Places;
use self::stored::reference;
use crate::aws::{self, Budget, Connection, CredentialScope, Fence, Gate, Timeouts};

pub use self::allowed::{Allowed, Forbidden};
pub use self::connections::{Connections, credential_scope, external_id};
pub use self::environments::Environments;
pub use self::knowledge::{Knowledge, Periods};
pub use self::kubernetes::{Kubernetes, MANAGER, resource_type};
pub use self::metrics::Metrics;
pub use self::observer::Observer;
pub use self::pace::Pace;
pub use self::reconcile::{Context, Error as PassError, reconcile};
pub use self::settings::Settings;
pub use self::stored::Stored;
pub use self::survey::{Environment, Obstacle, Survey, Surveyor};

/// Why the operator ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing says where Kubernetes is.
    #[error("cannot find Kubernetes: there is neither a service account nor a kubeconfig (KUBECONFIG)")]
    Configure(#[source] kube::config::InferConfigError),
    /// Kubernetes cannot be reached, or does not let us in.
    #[error("cannot connect to Kubernetes")]
    Connect(#[source] kube::Error),
    /// The CustomResourceDefinition is missing, or may not be read.
    #[error(
        "cannot list VideoPipelines in {0}; install crds/videopipelines.streamflix.io.yaml and check the operator's role"
    )]
    List(String, #[source] kube::Error),
    /// The address for metrics and health cannot be used.
    #[error("cannot listen on {0}")]
    Listen(std::net::SocketAddr, #[source] std::io::Error),
    /// Signals cannot be received.
    #[error("cannot receive signals")]
    Signals(#[source] std::io::Error),
    /// Another replica leads now.
    #[error("the lease is lost; another replica leads")]
    Deposed,
}

/// How long calls under way may go on after the process is told to stop.
pub const GRACE: Duration = Duration::from_secs(9);

/// How long a connection to Kubernetes may be silent while something is waited for: longer than a watch, which lasts 290 s and may
/// have nothing to tell. What this is for is the list that a watch begins with, which nothing else ends.
const SILENCE: Duration = Duration::from_secs(330);

/// Runs until it is told to stop, and says when that was.
///
/// # Errors
/// Why it could not run, or had to end.
pub async fn run(settings: &Settings) -> Result<Instant, Error> {
    let mut stop = stop_signal().map_err(Error::Signals)?;
    let client = client().await?;
    let fence = if settings.lease_namespace.is_some() { Fence::shut() } else { Fence::open() };
    let (gate, metrics, health) = instruments(settings, &fence);
    let connection = Connection {
        http: gate.around(aws::default_http_client()),
        session_name: settings.cluster_name.to_string(),
    };
    let pace = Pace::new(settings.sweep_period);
    let context = Context::new(settings, client.clone(), connection, pace, metrics).until(stop.clone());
    let context = Arc::new(context);
    let serving = serve(settings, health.clone());
    tokio::pin!(serving);
    let working = lead(settings, client, fence, context, health, stop.clone());
    tokio::pin!(working);
    tokio::select! {
        result = &mut working => result.map(|()| Instant::now()),
        Err(error) = &mut serving => Err(error),
        // Told to stop: what is under way may end, but only for so long, also when Kubernetes does not answer.
        () = stopped(&mut stop) => {
            let told = Instant::now();
            let _ = tokio::time::timeout(GRACE, working).await;
            tracing::info!("stopped");
            Ok(told)
        }
    }
}

/// A client that says who it is, for whoever reads the API server's audit log.
///
/// # Errors
/// Nothing says where Kubernetes is, or it is no place to connect to.
pub async fn client() -> Result<Client, Error> {
    let mut config = kube::Config::infer().await.map_err(Error::Configure)?;
    let name = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    config.headers.push((USER_AGENT, HeaderValue::from_static(name)));
    config.read_timeout = Some(SILENCE);
    // The time before a request, in which nothing was waited for, does not count.
    config.reset_reader_on_write = true;
    Client::try_from(config).map_err(Error::Connect)
}

/// Waits for the lead, and works for as long as it lasts.
async fn lead(
    settings: &Settings,
    client: Client,
    fence: Fence,
    context: Arc<Context>,
    health: Health,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    let resources = resources(settings, &client);
    can_be_listed(&resources).await?;
    health.set_ready();
    let Some(namespace) = &settings.lease_namespace else {
        work(settings, resources, context, stop).await;
        return Ok(());
    };
    let cluster = settings.cluster_name.as_str();
    let mut candidate = Candidate::new(client, namespace, &settings.lease_name, cluster, fence);
    tokio::select! {
        () = candidate.campaign() => tracing::info!("leads"),
        () = stopped(&mut stop) => return Ok(()),
    }
    let metrics = context.metrics.clone();
    metrics.leads(&settings.lease_name, true);
    let deposed = tokio::select! {
        () = work(settings, resources, context, stop) => false,
        () = candidate.reign() => true,
    };
    metrics.leads(&settings.lease_name, false);
    candidate.resign().await;
    if deposed { Err(Error::Deposed) } else { Ok(()) }
}

/// Makes passes until told to stop, and then ends those that are under way.
///
/// Each namespace that is watched has a queue of its own, so that one whose watch fails keeps none of the others waiting.
async fn work(
    settings: &Settings,
    resources: Vec<Api<DynamicObject>>,
    context: Arc<Context>,
    stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Places::new(settings.concurrency.into()));
    let pass = move |object: Arc<DynamicObject>, context: Arc<Context>| {
        let places = Arc::clone(&places);
        async move {
            let queued = context.metrics.due();
            let _place = places.take(as_whom(&object, &context)).await;
            drop(queued);
            // Whoever waited for a place until now need not begin any more.
            if context.is_over() {
                return Ok(Action::await_change());
            }
            let action = reconcile(Arc::clone(&object), Arc::clone(&context)).await?;
            context.environments.went_well(reference(&object.metadata));
            Ok(action)
        }
    };
    let queues = resources.into_iter().map(|resources| {
        let mut stop = stop.clone();
        Controller::new_with(resources, watcher::Config::default(), resource_type())
            .graceful_shutdown_on(async move { stopped(&mut stop).await })
            .run(pass.clone(), again, Arc::clone(&context))
            .for_each(async |result| match result {
                Ok(_) => {}
                Err(ObjectNotFound(gone)) => forget(&gone, &context),
                Err(QueueError(error)) => tracing::warn!(error = %error, "cannot watch; tries again"),
                Err(error) => tracing::debug!(error = %error, "a pass ended early"),
            })
    });
    futures::future::join_all(queues).await;
}

/// As whom, and where, AWS is called for the environment of a resource; for what is no environment it is not.
fn as_whom(object: &DynamicObject, context: &Context) -> Option<CredentialScope> {
    let identity = Stored::of(object).identity(&context.surveyor.cluster);
    identity.ok().map(|identity| credential_scope(&identity))
}

/// A conflict is retried soon. Any other refusal is retried with backoff, because its cause tends to last.
fn again(object: Arc<DynamicObject>, error: &PassError, context: Arc<Context>) -> Action {
    let cause = std::error::Error::source(error);
    let source = cause.map(ToString::to_string).unwrap_or_default();
    let (namespace, name) = (&object.metadata.namespace, &object.metadata.name);
    tracing::warn!(?namespace, ?name, error = %error, source, "a pass could not be finished");
    let was_changed = cause.and_then(|cause| cause.downcast_ref()).is_some_and(is_conflict);
    Action::requeue(if was_changed {
        SOON
    } else {
        context.environments.refused(reference(&object.metadata))
    })
}

/// One that was held is forgotten when it is let go; that any other is gone is noticed when the next pass over it is due.
fn forget(gone: &ObjectRef<DynamicObject>, context: &Context) {
    context.forget((gone.namespace.as_deref().unwrap_or_default(), gone.name.as_str()));
}

/// The resources of each namespace that is watched, or of all of them.
pub fn resources(settings: &Settings, client: &Client) -> Vec<Api<DynamicObject>> {
    let namespaces = settings.namespaces();
    if namespaces.is_empty() {
        return vec![Api::all_with(client.clone(), &resource_type())];
    }
    namespaces
        .iter()
        .map(|namespace| Api::namespaced_with(client.clone(), namespace, &resource_type()))
        .collect()
}

/// That the definition is installed, and that we may see what it defines.
///
/// # Errors
/// It is not, or we may not.
pub async fn can_be_listed(resources: &[Api<DynamicObject>]) -> Result<(), Error> {
    for resources in resources {
        let one = ListParams::default().limit(1);
        let listed = answered("list VideoPipelines", PATIENCE, resources.list(&one)).await;
        listed.map_err(|error| {
            let namespace = resources.namespace().map(|namespace| format!("namespace {namespace}"));
            Error::List(namespace.unwrap_or_else(|| "all namespaces".into()), error)
        })?;
    }
    Ok(())
}

fn instruments(settings: &Settings, fence: &Fence) -> (Gate, Metrics, Health) {
    let (calls, metrics, mut registry) = (aws::Metrics::default(), Metrics::default(), Registry::default());
    calls.register(&mut registry);
    metrics.register(&mut registry);
    metrics.leads(&settings.lease_name, settings.lease_namespace.is_none());
    let gate = Gate {
        budget: Budget::share_of_published(f64::from(settings.aws_rate_percent) / 100.0),
        fence: fence.clone(),
        metrics: calls,
        timeouts: Timeouts::default(),
    };
    (gate, metrics, Health::new(registry))
}

async fn serve(settings: &Settings, health: Health) -> Result<(), Error> {
    health.serve(settings.listen).await.map_err(|error| Error::Listen(settings.listen, error))
}

/// Becomes true at SIGTERM or SIGINT.
fn stop_signal() -> std::io::Result<watch::Receiver<bool>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (told, stop) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        let _ = told.send(true);
        tracing::info!("told to stop");
        // The receivers must not see the sender go.
        std::future::pending::<()>().await;
    });
    Ok(stop)
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|told| *told).await;
}
