//! `kubectl vp plan`: what would be created, changed, replaced and deleted, and why. Changes nothing: every call that would
//! is refused before it leaves.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use kube::api::DynamicObject;
use serde_json::Value;

use super::cluster::{self, Cluster, Target};
use super::output::{Format, Output};
use crate::aws::{self, Budget, Connection, Fence, Gate, Remedy, Timeouts};
use crate::controller::{Connections, Environment, Observer, Obstacle, Periods, Stored, Survey, Surveyor};
use crate::engine::Meaning;
use crate::pipeline::{ClusterName, Invalid, admission};
use crate::report::published::published_text;
use crate::report::text::{Header, plan_text};

/// Shows what the operator would do, and does nothing. Uses your own AWS credentials. Exit code: 0 no changes, 2 changes, 1 error.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Name of a VideoPipeline in the cluster.
    #[arg(required_unless_present = "filename", conflicts_with = "filename")]
    name: Option<String>,
    /// A file with VideoPipelines, as it would be applied; `-` for standard input.
    #[arg(short, long)]
    filename: Option<PathBuf>,
    /// Permissions boundary of roles, as the operator's settings have it.
    #[arg(long, env = "PERMISSIONS_BOUNDARY")]
    permissions_boundary: Option<String>,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    output: Output,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Kubernetes did not give what is needed.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The file cannot be read.
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// The file is no YAML.
    #[error("{} is not YAML", .0.display())]
    Parse(PathBuf, #[source] serde_yaml::Error),
    /// The file has no VideoPipeline.
    #[error("{} has no VideoPipeline of streamflix.io/v1alpha1", .0.display())]
    Empty(PathBuf),
    /// A resource is wrong.
    #[error("VideoPipeline {name} is not valid:\n{}", listed(.problems))]
    Invalid {
        /// Which resource.
        name: String,
        /// What is wrong with it.
        problems: Vec<Invalid>,
    },
    /// AWS could not be asked.
    #[error("{failure}\n  {}", Remedy::of(.failure))]
    Unreached {
        /// What AWS said.
        failure: crate::engine::Failure,
    },
    /// No order of the steps exists.
    #[error("the steps wait for each other in a circle, a fault of the operator: {0}")]
    Circular(String),
    /// The plan is no JSON.
    #[error("cannot write the plan as JSON")]
    Write(#[source] serde_json::Error),
}

/// What one plan comes to.
struct Planned {
    text: String,
    changes: bool,
}

/// Prints the plans, and says by the exit code whether anything would change.
///
/// # Errors
/// A plan could not be made.
pub async fn run(args: &Args) -> Result<ExitCode, Error> {
    let cluster = Cluster::of(&args.target).await?;
    let name = cluster.name().await?;
    let surveyor = surveyor(&name, args);
    let mut changes = false;
    for resource in resources(args, &cluster).await? {
        let planned = plan(args, &surveyor, &resource).await?;
        println!("{}", planned.text);
        changes |= planned.changes;
    }
    Ok(if changes { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

async fn plan(args: &Args, surveyor: &Surveyor, resource: &Stored) -> Result<Planned, Error> {
    let survey = surveyor.survey(resource, &mut Environment::default()).await;
    match survey {
        Ok(survey) => shown(args, resource, &survey),
        Err(Obstacle::Invalid(problems)) => {
            Err(Error::Invalid { name: resource.reference().1.to_owned(), problems })
        }
        // Who may not ask AWS is shown what the operator published.
        Err(Obstacle::Unreached(failure)) if unauthorized(failure.meaning) && args.name.is_some() => {
            let header = header(resource, resource.status.account_id.as_deref());
            let text = published_text(&header, &resource.status, args.output.style());
            eprintln!(
                "note: AWS does not let you look ({}); this is the plan that the operator published",
                failure.code
            );
            Ok(Planned { text, changes: resource.status.plan.is_some() })
        }
        Err(Obstacle::Unreached(failure)) => Err(Error::Unreached { failure }),
        Err(Obstacle::Circular(steps)) => {
            let steps: Vec<_> = steps.iter().map(|step| step.at.to_string()).collect();
            Err(Error::Circular(steps.join(", ")))
        }
    }
}

fn unauthorized(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Credentials | Meaning::Denied)
}

fn shown(args: &Args, resource: &Stored, survey: &Survey) -> Result<Planned, Error> {
    let text = match args.output.output {
        Format::Json => serde_json::to_string_pretty(&survey.plan.items).map_err(Error::Write)?,
        Format::Text => {
            let header = header(resource, Some(&survey.aws.account));
            let plan = plan_text(&header, &survey.plan, args.output.style());
            format!("{plan}\n\nread as {}", survey.aws.identity)
        }
    };
    Ok(Planned { text, changes: !survey.plan.is_empty() })
}

fn header<'a>(resource: &'a Stored, account_id: Option<&'a str>) -> Header<'a> {
    let owner = resource.status.owner.as_deref();
    Header { resource: resource.described(owner), suffix: resource.suffix(), account_id }
}

fn surveyor(cluster: &ClusterName, args: &Args) -> Surveyor {
    let gate = Gate {
        budget: Budget::share_of_published(0.5),
        // Never opened: whatever would change something is not sent.
        fence: Fence::shut(),
        metrics: aws::Metrics::default(),
        timeouts: Timeouts::default(),
    };
    let connection =
        Connection { http: gate.around(aws::default_http_client()), session_name: "kubectl-vp".into() };
    let once = Duration::from_secs(3600);
    Surveyor {
        cluster: cluster.clone(),
        connections: Connections::new(connection),
        observer: Observer::default(),
        periods: Periods { sweep: once, audit: once },
        read_lag: Duration::from_secs(60),
        permissions_boundary: args.permissions_boundary.clone(),
    }
}

/// The resources as they would be after the file is applied, or as they are.
async fn resources(args: &Args, cluster: &Cluster) -> Result<Vec<Stored>, Error> {
    let Some(path) = &args.filename else {
        let name = args.name.as_deref().unwrap_or_default();
        return Ok(vec![Stored::of(&cluster.get(name).await?)]);
    };
    let mut resources = Vec::new();
    for document in documents(path)? {
        resources.push(applied(cluster, document).await?);
    }
    if resources.is_empty() { Err(Error::Empty(path.clone())) } else { Ok(resources) }
}

fn documents(path: &PathBuf) -> Result<Vec<Value>, Error> {
    let text = match path.as_os_str() == "-" {
        true => std::io::read_to_string(std::io::stdin()),
        false => std::fs::read_to_string(path),
    };
    let text = text.map_err(|error| Error::Read(path.clone(), error))?;
    let parsed = serde_yaml::Deserializer::from_str(&text)
        .map(<Value as serde::Deserialize>::deserialize)
        .collect::<Result<Vec<_>, _>>();
    let parsed = parsed.map_err(|error| Error::Parse(path.clone(), error))?;
    let ours = |document: &Value| {
        document["kind"] == "VideoPipeline" && document["apiVersion"] == "streamflix.io/v1alpha1"
    };
    Ok(parsed.into_iter().filter(ours).collect())
}

/// The resource that comes of applying `document`: its spec, with what the cluster knows of it.
async fn applied(cluster: &Cluster, mut document: Value) -> Result<Stored, Error> {
    let name = document["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let invalid = |problems| Error::Invalid { name: name.clone(), problems };
    let unknown = admission::unknown_fields(&document);
    if !unknown.is_empty() {
        return Err(invalid(unknown));
    }
    let namespace = document["metadata"]["namespace"].as_str().unwrap_or(&cluster.namespace).to_owned();
    let stored = cluster.find(&namespace, &name).await?;
    match stored.as_ref().map(Stored::of).map(|stored| stored.typed()) {
        Some(Ok(old)) => admission::read_update(&document, &old).map_err(invalid)?,
        _ => admission::read(&document).map_err(invalid)?,
    };
    document["metadata"]["namespace"] = namespace.into();
    if let Some(stored) = stored {
        keep_what_the_cluster_knows(&mut document, &stored);
    }
    let object: DynamicObject = serde_json::from_value(document).map_err(Error::Write)?;
    Ok(Stored::of(&object))
}

/// Applying a file keeps the annotations that others set, and the status.
fn keep_what_the_cluster_knows(document: &mut Value, stored: &DynamicObject) {
    let mut metadata = serde_json::to_value(&stored.metadata).unwrap_or_default();
    let annotations = document["metadata"]["annotations"].as_object().cloned();
    for (name, value) in annotations.into_iter().flatten() {
        metadata["annotations"][name] = value;
    }
    document["metadata"] = metadata;
    document["status"] = stored.data["status"].clone();
}

fn listed(problems: &[Invalid]) -> String {
    problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n")
}
