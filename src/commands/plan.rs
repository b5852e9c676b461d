//! `kubectl vp plan`: what would be created, changed, replaced and deleted, and why. Changes nothing: every call that would
//! is refused before it leaves.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::cluster::{self, Cluster, Target};
use super::file::{self, File};
use super::output::{self, Format, Output, header};
use crate::aws::{self, Connection, Explanation, Gate, IgnoredTags};
use crate::controller::{
    Allowed, Connections, Environment, Observer, Obstacle, Periods, Stored, Survey, Surveyor,
};
use crate::engine::{Failure, Meaning};
use crate::pipeline::{ClusterName, Invalid, admission};
use crate::report::published::published_text;
use crate::report::text::plan_text;

/// Show what the operator would create, change, replace and delete, and why; change nothing.
///
/// The plan is made by the operator's own code, with your own AWS credentials; without rights in AWS, `plan NAME` shows the
/// plan that the operator published. `plan -f` shows what applying the file would bring about.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Exit code: 0 no changes, 2 changes, 1 error.\n\nExamples:\n  kubectl vp plan -f pipeline.yaml\n  \
    kubectl vp plan dev -o json\n  kubectl vp plan -f - < pipeline.yaml"
)]
pub struct Args {
    /// Name of a VideoPipeline in the cluster.
    #[arg(required_unless_present = "filename", conflicts_with = "filename")]
    name: Option<String>,
    /// A file with VideoPipelines, as it would be applied; `-` for standard input.
    #[arg(short, long, value_name = "FILE")]
    filename: Option<PathBuf>,
    /// ARN of the permissions boundary that the operator's settings name, if they name one.
    #[arg(long, env = "PERMISSIONS_BOUNDARY", value_name = "ARN")]
    permissions_boundary: Option<String>,
    /// Keys of tags that the operator neither compares nor removes, where its settings name others.
    #[arg(long, env = "IGNORED_TAGS", value_name = "KEYS", default_value = IgnoredTags::USUAL, value_parser = IgnoredTags::new)]
    ignored_tags: IgnoredTags,
    /// The operator's cluster name; found in the cluster without it.
    #[arg(long, env = "CLUSTER_NAME", value_name = "NAME")]
    cluster_name: Option<String>,
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
    /// The file does not give what is needed.
    #[error(transparent)]
    File(#[from] file::Error),
    /// A resource is wrong.
    #[error("VideoPipeline {name} is not valid:\n{}", listed(.problems))]
    Invalid {
        /// Which resource.
        name: String,
        /// What is wrong with it.
        problems: Vec<Invalid>,
    },
    /// AWS could not be asked.
    #[error("{failure}\n  {}", Explanation::of(.failure))]
    Unreached {
        /// What AWS said.
        failure: Failure,
    },
    /// No order of the steps exists.
    #[error("the steps wait for each other in a circle, a fault of the operator: {0}")]
    Circular(String),
}

/// What one plan comes to.
struct Planned {
    text: String,
    document: Value,
    changes: bool,
}

/// Prints the plans, and says by the exit code whether anything would change.
///
/// # Errors
/// No plan could be made. One that could not be made beside others is told, and counts as an error.
pub async fn run(args: &Args) -> Result<ExitCode, Error> {
    let file = args.filename.as_deref().map(File::read).transpose()?;
    for document in file.iter().flat_map(|file| &file.pipelines) {
        file::check(document).map_err(|problems| invalid(document, problems))?;
    }
    let cluster = Cluster::of(&args.target).await?;
    let resources = resources(args, file, &cluster).await?;
    let surveyor = surveyor(&cluster.name(args.cluster_name.as_deref()).await?, args);
    let mut plans = Vec::new();
    let mut failed = false;
    for resource in &resources {
        match plan(args, &surveyor, resource).await {
            Ok(planned) => plans.push(planned),
            Err(error) if resources.len() == 1 => return Err(error),
            Err(error) => {
                super::failed(&error);
                failed = true;
            }
        }
    }
    println!("{}", printed(args.output.output, &plans));
    let changes = plans.iter().any(|planned| planned.changes);
    Ok(ExitCode::from(if failed {
        1
    } else if changes {
        2
    } else {
        0
    }))
}

/// All plans as one text, or one document.
fn printed(format: Format, plans: &[Planned]) -> String {
    match format {
        Format::Text => plans.iter().map(|plan| plan.text.trim_end()).collect::<Vec<_>>().join("\n\n\n"),
        Format::Json => {
            let plans: Vec<_> = plans.iter().map(|plan| &plan.document).collect();
            format!("{:#}", json!({ "plans": plans }))
        }
    }
}

async fn plan(args: &Args, surveyor: &Surveyor, resource: &Stored) -> Result<Planned, Error> {
    let survey = surveyor.survey(resource, &mut Environment::default()).await;
    match survey {
        Ok(survey) => Ok(made(args, resource, &survey, &reservations(&surveyor.cluster, resource))),
        Err(Obstacle::Invalid(problems)) => Err(wrong(resource, problems)),
        Err(Obstacle::Forbidden(forbidden)) => Err(wrong(resource, vec![forbidden.named])),
        // Who may not ask AWS is shown what the operator published.
        Err(Obstacle::Unreached(failure)) if unauthorized(failure.meaning) && args.name.is_some() => {
            Ok(published(args, resource, &failure))
        }
        Err(Obstacle::Unreached(failure)) => Err(Error::Unreached { failure }),
        Err(Obstacle::Circular(steps)) => {
            let steps: Vec<_> = steps.iter().map(|step| step.at.to_string()).collect();
            Err(Error::Circular(steps.join(", ")))
        }
    }
}

fn wrong(resource: &Stored, problems: Vec<Invalid>) -> Error {
    Error::Invalid { name: resource.reference().1.to_owned(), problems }
}

fn unauthorized(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Credentials | Meaning::Denied)
}

/// What the resource names that its operator may have to be allowed; what its settings allow, only the operator knows.
fn reservations(cluster: &ClusterName, resource: &Stored) -> Vec<Invalid> {
    let Ok(identity) = resource.identity(cluster) else { return Vec::new() };
    let nothing = Allowed::Listed { regions: Vec::new(), roles: Vec::new(), adoptions: Vec::new() };
    let former = resource.former_owner().ok().flatten();
    let adoption = former.and_then(|former| nothing.adoption(&identity.owner, &former).err());
    nothing.role(&identity).err().into_iter().chain(adoption).map(|forbidden| forbidden.named).collect()
}

fn made(args: &Args, resource: &Stored, survey: &Survey, reservations: &[Invalid]) -> Planned {
    let Survey { aws, graph, plan, .. } = survey;
    let mut header = header(resource, Some(&aws.account));
    header.resource.owner = Some(&graph.identity.owner);
    let mut text = format!("{}\n\nread as {}", plan_text(&header, plan, args.output.style()), aws.identity);
    for reservation in reservations {
        text += &format!("\nnote: unless its settings allow it, the operator refuses this: {reservation}");
    }
    let mut document = described(resource, Some(&aws.account));
    document["reservations"] = reservations.iter().map(ToString::to_string).collect();
    document["identity"] = aws.identity.as_str().into();
    document["summary"] = plan.summary().into();
    document["resources"] = json!(plan.items);
    let changes = !plan.is_empty();
    document["changes"] = changes.into();
    Planned { text, document, changes }
}

fn published(args: &Args, resource: &Stored, failure: &Failure) -> Planned {
    let account = resource.status.account_id.as_deref();
    let text = published_text(&header(resource, account), &resource.status, args.output.style());
    let note = format!("published by the operator; AWS does not let you look yourself ({})", failure.code);
    let mut document = described(resource, account);
    document["published"] = json!(resource.status.plan);
    let changes = resource.status.plan.is_some();
    document["changes"] = changes.into();
    Planned { text: format!("{text}\n\n{note}"), document, changes }
}

/// Which environment a plan is for.
fn described(resource: &Stored, account: Option<&str>) -> Value {
    let mut document = output::document(resource);
    document["accountId"] = json!(account);
    document
}

fn surveyor(cluster: &ClusterName, args: &Args) -> Surveyor {
    let http = Gate::for_reading().around(aws::default_http_client());
    let connection = Connection { http, session_name: "kubectl-vp".into() };
    let once = Duration::from_secs(3600);
    Surveyor {
        cluster: cluster.clone(),
        connections: Connections::new(connection),
        observer: Observer::default(),
        periods: Periods { sweep: once, audit: once },
        read_lag: Duration::from_secs(60),
        permissions_boundary: args.permissions_boundary.clone(),
        ignored_tags: args.ignored_tags.clone(),
        allowed: Allowed::Anything,
    }
}

/// The resources as they would be after the file is applied, or as they are.
async fn resources(args: &Args, file: Option<File>, cluster: &Cluster) -> Result<Vec<Stored>, Error> {
    let Some(file) = file else {
        let name = args.name.as_deref().unwrap_or_default();
        return Ok(vec![Stored::of(&cluster.get(name).await?)]);
    };
    for other in &file.others {
        eprintln!("note: {other} is no VideoPipeline and not part of the plan");
    }
    let mut resources = Vec::new();
    for document in file.pipelines {
        resources.push(applied(cluster, document).await?);
    }
    Ok(resources)
}

/// The resource that comes of applying `document`: its spec, with what the cluster knows of it.
async fn applied(cluster: &Cluster, mut document: Value) -> Result<Stored, Error> {
    let name = document["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let namespace = document["metadata"]["namespace"].as_str().unwrap_or(&cluster.namespace).to_owned();
    let stored = cluster.find(&namespace, &name).await?;
    if let Some(Ok(old)) = stored.as_ref().map(|stored| Stored::of(stored).admitted()) {
        admission::read_update(&document, &old).map_err(|problems| invalid(&document, problems))?;
    }
    document["metadata"]["namespace"] = namespace.into();
    match stored {
        Some(stored) => keep_what_the_cluster_knows(&mut document, &stored),
        None => drop(document.as_object_mut().map(|fields| fields.remove("status"))),
    }
    let malformed = |error: serde_json::Error| {
        Invalid::new("metadata", error.to_string(), "kubectl explain vp.metadata says how it is written")
    };
    let object: DynamicObject = serde_json::from_value(document)
        .map_err(|error| Error::Invalid { name, problems: vec![malformed(error)] })?;
    Ok(Stored::of(&object))
}

fn invalid(document: &Value, problems: Vec<Invalid>) -> Error {
    let name = document["metadata"]["name"].as_str().unwrap_or("without a name");
    Error::Invalid { name: name.to_owned(), problems }
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

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/video-pipeline";

    /// The reservations for a resource of the namespace films that names a role, and whose environment it takes over.
    fn of(role: Option<&str>, former: &str) -> Vec<String> {
        let document = json!({
            "apiVersion": "streamflix.io/v1alpha1",
            "kind": "VideoPipeline",
            "metadata": {
                "namespace": "films", "name": "dev", "annotations": { "streamflix.io/adopt-from": former },
            },
            "spec": { "environmentSuffix": "dev", "region": "eu-west-1", "account": { "roleArn": role } },
        });
        let resource = Stored::of(&serde_json::from_value(document).unwrap());
        let cluster = ClusterName::new("home").unwrap();
        reservations(&cluster, &resource).iter().map(|reservation| reservation.field.clone()).collect()
    }

    #[test]
    fn a_plan_says_what_only_the_operator_s_settings_can_allow() {
        let (role, adoption) = ("spec.account.roleArn", "metadata.annotations[streamflix.io/adopt-from]");
        assert_eq!(of(None, "home/films/old"), [""; 0]);
        assert_eq!(of(Some(ROLE), "home/films/old"), [role]);
        assert_eq!(of(None, "home/news/old"), [adoption]);
        assert_eq!(of(Some(ROLE), "away/films/old"), [role, adoption]);
    }
}
