//! A revision of a task definition: what a task runs, with what, and as whom.
//!
//! A revision never changes, so each is described once and kept ([`Kept`](crate::aws::Kept)); a sweep costs
//! the list alone. Its tags do change. When everything managed is read, they are those that the tagging API
//! shows, or else described anew; what was kept of them tells otherwise only whose the revision is.
//!
//! Revisions are listed by family. Those of a family that no environment uses any more are found by the tagging
//! API, which also shows what is inactive, and so are described before they are believed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder;
use aws_sdk_ecs::types::{
    self, Compatibility, ContainerDefinition, CpuArchitecture, KeyValuePair, LogConfiguration, LogDriver,
    NetworkMode, OsFamily, RuntimePlatform, Secret, SortOrder, TaskDefinitionField, TaskDefinitionStatus,
};
use futures::future::try_join;
use serde::{Deserialize, Serialize};

use crate::aws::{self, Aws, During, Expect, Tags, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Input, Key, Kind, Ours, Output, Phase, Recall, Scope,
    Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ecs;
use crate::kinds::ids::{GrantedRoleArn, LogGroupName, SecretArn, TaskDefinitionArn};
use crate::kinds::sighting::{Listed, Mine, Sorted};
use crate::kinds::tagged;

/// A revision of a task definition.
pub struct TaskDefinition;

/// What a task definition should be: one container, on Fargate, x86-64 Linux.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinitionSpec {
    /// CPU units; 1024 are one vCPU. 256 to 16384, in pairs with `memory` that Fargate has.
    pub cpu: i32,
    /// Memory in MiB.
    pub memory: i32,
    /// The container's image.
    pub image: String,
    /// The container's command; empty for the image's own.
    pub command: Vec<String>,
    /// The container's environment variables.
    pub environment: BTreeMap<String, Input<String>>,
    /// Environment variables that ECS fills from secrets.
    pub secrets: BTreeMap<String, SecretKey>,
    /// The role with which ECS pulls the image, writes logs and reads secrets.
    pub execution_role: Input<GrantedRoleArn>,
    /// The role that the container has.
    pub task_role: Input<GrantedRoleArn>,
    /// The log group that the container's output goes to.
    pub log_group: Input<LogGroupName>,
    /// The log group's region: `eu-west-1`.
    pub log_region: String,
    /// Seconds from SIGTERM to SIGKILL; 2 to 120.
    pub stop_timeout_seconds: i32,
    /// The version of the secret that is current: another one makes a new revision, so that the tasks start
    /// again with it.
    pub secret_version: Input<String>,
    /// The user's tags.
    pub tags: Tags,
}

/// One key of a secret whose value is a JSON object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretKey {
    /// The secret.
    pub secret: Input<SecretArn>,
    /// The key in it.
    pub key: String,
}

impl SecretKey {
    /// As ECS wants it: the secret's ARN, the key, and the current version.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html>
    fn reference(&self) -> Result<String, Failure> {
        Ok(format!("{}:{}::", self.secret.known()?, self.key))
    }

    /// The other way round; a reference that names a whole secret, or a version, is no key of ours.
    fn read(reference: &str) -> Self {
        let parts: Vec<&str> = reference.split(':').collect();
        match parts.split_at_checked(SECRET_ARN_PARTS) {
            Some((arn, [key, "", ""])) => {
                Self { secret: SecretArn(arn.join(":")).into(), key: (*key).to_owned() }
            }
            _ => Self { secret: SecretArn(reference.to_owned()).into(), key: String::new() },
        }
    }
}

/// Of `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME`.
const SECRET_ARN_PARTS: usize = 7;

/// Values of environment variables are kept out of logs and error texts.
impl fmt::Debug for TaskDefinitionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskDefinitionSpec")
            .field("image", &self.image)
            .field("environment", &self.environment.keys())
            .field("cpu", &self.cpu)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

/// What others may use of a task definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinitionOutputs {
    /// The revision's ARN.
    pub arn: TaskDefinitionArn,
}

impl TaskDefinition {
    /// The revision's ARN.
    pub const ARN: Output<Self, TaskDefinitionArn> = Output::new("arn");
}

impl Kind for TaskDefinition {
    const NAME: &'static str = "taskDefinition";
    const REFERS_TO: &'static [&'static str] = &["role", "rolePolicy", "logGroup"];
    const IMMUTABLE: &'static [&'static str] = &[
        "cpu",
        "memory",
        "image",
        "command",
        "environment",
        "secrets",
        "executionRole",
        "taskRole",
        "logGroup",
        "logRegion",
        "stopTimeoutSeconds",
        "secretVersion",
    ];
    const CREATE_FIRST: bool = true;
    // The secret's version, a random id, keeps the digest of a revision from telling anything of its environment.
    const PRIVATE: &'static [&'static str] = &["environment", "secretVersion"];
    // `create` looks for the revision before it makes one; should a list lag, the second one is surplus and
    // goes.
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "ecs:RegisterTaskDefinition";
    // The tagging API may take this long to show what was changed.
    const LAG: std::time::Duration = std::time::Duration::from_secs(30);
    const ACTIONS: &'static [Action] = &[
        Action::called("ecs:ListTaskDefinitions", bounds::LOOK),
        Action::called("ecs:DescribeTaskDefinition", bounds::LOOK),
        tagged::ACTION,
        Action::called("ecs:RegisterTaskDefinition", bounds::task_definition::NEW),
        Action::implied(
            "iam:PassRole",
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
            bounds::ROLE_FOR_TASKS,
        ),
        Action::called("ecs:TagResource", bounds::TAGGED_IN_ECS),
        Action::called("ecs:UntagResource", bounds::task_definition::OURS),
        Action::called("ecs:DeregisterTaskDefinition", bounds::UNBOUNDABLE),
    ];

    type Cloud = Aws;
    type Spec = TaskDefinitionSpec;
    type Outputs = TaskDefinitionOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], depth: Depth) -> Result<Sightings<Self>, Failure> {
        let named = scopes.iter().flat_map(|scope| &scope.named);
        let families: BTreeSet<&str> = named.map(|named| named.name.as_str()).collect();
        let proven = tagged::proven(aws, "ecs:task-definition", scopes);
        let (arns, proven) = try_join(active(aws, &families), proven).await?;
        let fresh = (depth == Depth::Audit).then_some(&proven);
        let mut listed = Vec::new();
        for arn in &arns {
            listed.extend(revision(aws, arn, fresh).await?.map(|revision| listing(arn, revision)));
        }
        for arn in proven.keys().filter(|arn| !families.contains(family_and_number(arn).0)) {
            listed.extend(stray(aws, arn).await?.map(|revision| listing(arn, revision)));
        }
        Ok(Sorted::of(scopes, listed).sightings(scopes, |revision| Found::Ours(ours(revision, depth))))
    }

    async fn create(
        aws: &Aws,
        key: &Key,
        spec: TaskDefinitionSpec,
    ) -> Result<TaskDefinitionOutputs, Failure> {
        let arn = match registered(aws, key).await? {
            Some(arn) => arn,
            None => {
                let call = definition(aws.ecs.register_task_definition().family(&key.name), &spec)?;
                let tags = Tags::of(key, &spec.tags);
                let call = call.set_tags(Some(tags.list())).customize();
                let made = call.config_override(aws::once_in_ecs()).send().await;
                let made = made.during("ecs:RegisterTaskDefinition")?.task_definition;
                made.map(|made| keep(aws, made, tags)).unwrap_or_default()
            }
        };
        Ok(TaskDefinitionOutputs { arn: arn.into() })
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        TaskDefinitionOutputs { arn: TaskDefinitionArn(arn) }: TaskDefinitionOutputs,
        spec: TaskDefinitionSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        retag::ecs(aws, &arn, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        TaskDefinitionOutputs { arn: TaskDefinitionArn(arn) }: TaskDefinitionOutputs,
    ) -> Result<Deleted, Failure> {
        let call = aws.ecs.deregister_task_definition().task_definition(arn);
        call.send().await.during("ecs:DeregisterTaskDefinition").or_gone()?;
        Ok(Deleted::Gone)
    }
}

/// A revision and its tags, as they were described.
struct Revision {
    definition: Arc<types::TaskDefinition>,
    tags: Tags,
}

/// Up to so many families are listed one by one; more are looked for in a list of all, a hundred revisions a
/// call.
const FAMILIES: usize = 5;

/// The ARNs of the families' active revisions, newest first: of two at one address the newer one counts.
async fn active(aws: &Aws, families: &BTreeSet<&str>) -> Result<Vec<String>, Failure> {
    let call = || aws.ecs.list_task_definitions().status(TaskDefinitionStatus::Active).sort(SortOrder::Desc);
    let calls = match families.len() {
        0..=FAMILIES => families.iter().map(|family| call().family_prefix(*family)).collect(),
        _ => vec![call()],
    };
    let mut arns = Vec::new();
    for call in calls {
        let pages = call.into_paginator().page_size(100).items().send();
        let found: Vec<String> = pages.collect::<Result<_, _>>().await.during("ecs:ListTaskDefinitions")?;
        arns.extend(found.into_iter().filter(|arn| families.contains(family_and_number(arn).0)));
    }
    arns.sort_by_key(|arn| std::cmp::Reverse(family_and_number(arn).1));
    Ok(arns)
}

/// `video-processing-task-dev` and 3, of `arn:aws:ecs:…:task-definition/video-processing-task-dev:3`.
fn family_and_number(arn: &str) -> (&str, u64) {
    let revision = ecs::last(arn);
    let (family, number) = revision.split_once(':').unwrap_or((revision, ""));
    (family, number.parse().unwrap_or_default())
}

/// The revision with this ARN. With `fresh` tags, those that are kept do not do; what is missing is described.
async fn revision(
    aws: &Aws,
    arn: &str,
    fresh: Option<&BTreeMap<String, Tags>>,
) -> Result<Option<Arc<Revision>>, Failure> {
    let kept = aws.kept.get::<Revision>(arn);
    let known = match (kept, fresh) {
        (Some(kept), None) => Some(kept),
        (Some(kept), Some(fresh)) => fresh
            .get(arn)
            .map(|tags| Arc::new(Revision { definition: Arc::clone(&kept.definition), tags: tags.clone() })),
        (None, _) => None,
    };
    let revision = match known {
        None => described(aws, arn).await?,
        known => known,
    };
    if let Some(revision) = &revision {
        aws.kept.put(arn, Arc::clone(revision));
    }
    Ok(revision)
}

/// Keeps what AWS says that it registered, with these tags; its ARN.
fn keep(aws: &Aws, made: types::TaskDefinition, tags: Tags) -> String {
    let arn = made.task_definition_arn.clone().unwrap_or_default();
    aws.kept.put(&arn, Arc::new(Revision { definition: Arc::new(made), tags }));
    arn
}

/// What is kept of a revision that was deregistered: it never becomes active again.
struct Inactive;

/// The revision with this ARN, which the tagging API shows and no list, if it is still active.
async fn stray(aws: &Aws, arn: &str) -> Result<Option<Arc<Revision>>, Failure> {
    if aws.kept.get::<Inactive>(arn).is_some() {
        return Ok(None);
    }
    // The tagging API goes on showing for a while what is deleted for good.
    Ok(described(aws, arn).await.or_absent()?.flatten())
}

/// What a list shows and is not found is not gone: nothing is known of it.
async fn described(aws: &Aws, arn: &str) -> Result<Option<Arc<Revision>>, Failure> {
    let call = aws.ecs.describe_task_definition().task_definition(arn).include(TaskDefinitionField::Tags);
    let reply = call.send().await.during("ecs:DescribeTaskDefinition")?;
    let (tags, Some(definition)) = (Tags::from(reply.tags()), reply.task_definition) else {
        return Ok(None);
    };
    // A list may still show what was deregistered a moment ago.
    if definition.status() != Some(&TaskDefinitionStatus::Active) {
        aws.kept.put(arn, Arc::new(Inactive));
        return Ok(None);
    }
    Ok(Some(Arc::new(Revision { definition: Arc::new(definition), tags })))
}

fn listing(arn: &str, revision: Arc<Revision>) -> Listed<Arc<Revision>> {
    let name = family_and_number(arn).0.to_owned();
    Listed { id: ecs::last(arn).to_owned(), name, tags: revision.tags.clone(), object: revision }
}

/// The active revision that an earlier call for `key` made. What is kept of it does: neither its digest nor
/// its owner changes.
async fn registered(aws: &Aws, key: &Key) -> Result<Option<String>, Failure> {
    for arn in active(aws, &BTreeSet::from([key.name.as_str()])).await? {
        let Some(revision) = revision(aws, &arn, None).await? else { continue };
        let address = revision.tags.address();
        if address == Some(&key.address.to_string()) && revision.tags.owner() == Some(&key.owner) {
            return Ok(Some(arn));
        }
    }
    Ok(None)
}

/// The container's name in the task.
const CONTAINER: &str = "processor";
/// The label of the container that carries the version of its secret.
const SECRET_VERSION: &str = "streamflix.io/secret-version";

/// Where the container's output goes.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html>
const LOG_GROUP: &str = "awslogs-group";
const LOG_REGION: &str = "awslogs-region";
const LOG_STREAM_PREFIX: &str = "awslogs-stream-prefix";

fn definition(
    call: RegisterTaskDefinitionFluentBuilder,
    spec: &TaskDefinitionSpec,
) -> Result<RegisterTaskDefinitionFluentBuilder, Failure> {
    let platform = RuntimePlatform::builder()
        .operating_system_family(OsFamily::Linux)
        .cpu_architecture(CpuArchitecture::X8664)
        .build();
    Ok(call
        .requires_compatibilities(Compatibility::Fargate)
        .runtime_platform(platform)
        .network_mode(NetworkMode::Awsvpc)
        .cpu(spec.cpu.to_string())
        .memory(spec.memory.to_string())
        .execution_role_arn(&spec.execution_role.known()?.0)
        .task_role_arn(&spec.task_role.known()?.0)
        .container_definitions(container(spec)?))
}

fn container(spec: &TaskDefinitionSpec) -> Result<ContainerDefinition, Failure> {
    let variable = |(name, value): (&String, &Input<String>)| {
        Ok::<_, Failure>(KeyValuePair::builder().name(name).value(value.known()?).build())
    };
    let secret = |(name, key): (&String, &SecretKey)| {
        let secret = Secret::builder().name(name).value_from(key.reference()?);
        secret.build().during("ecs:RegisterTaskDefinition")
    };
    Ok(ContainerDefinition::builder()
        .name(CONTAINER)
        .image(&spec.image)
        .essential(true)
        .set_command(Some(spec.command.clone()))
        .set_environment(Some(spec.environment.iter().map(variable).collect::<Result<_, _>>()?))
        .set_secrets(Some(spec.secrets.iter().map(secret).collect::<Result<_, _>>()?))
        .log_configuration(logs(spec)?)
        .stop_timeout(spec.stop_timeout_seconds)
        .docker_labels(SECRET_VERSION, spec.secret_version.known()?)
        .build())
}

fn logs(spec: &TaskDefinitionSpec) -> Result<LogConfiguration, Failure> {
    LogConfiguration::builder()
        .log_driver(LogDriver::Awslogs)
        .options(LOG_GROUP, &spec.log_group.known()?.0)
        .options(LOG_REGION, &spec.log_region)
        .options(LOG_STREAM_PREFIX, "task")
        .build()
        .during("ecs:RegisterTaskDefinition")
}

fn ours(revision: Mine<Arc<Revision>>, depth: Depth) -> Ours<TaskDefinition> {
    let definition = &revision.object.definition;
    let arn = definition.task_definition_arn().unwrap_or_default();
    let spec = (depth == Depth::Audit).then(|| read(definition, revision.tags));
    Ours { id: revision.id, spec, outputs: TaskDefinitionOutputs { arn: arn.into() }, phase: Phase::Ready }
}

fn read(definition: &types::TaskDefinition, tags: Tags) -> TaskDefinitionSpec {
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or_default();
    let container = definition.container_definitions().iter().find(|one| one.name() == Some(CONTAINER));
    let empty = ContainerDefinition::builder().build();
    let container = container.unwrap_or(&empty);
    let options = container.log_configuration().and_then(|logs| logs.options());
    let option = |name: &str| options.and_then(|options| options.get(name)).cloned().unwrap_or_default();
    let labels = container.docker_labels();
    let secret_version = labels.and_then(|labels| labels.get(SECRET_VERSION)).cloned().unwrap_or_default();
    let variable = |pair: &KeyValuePair| {
        let value = pair.value().unwrap_or_default().to_owned();
        (pair.name().unwrap_or_default().to_owned(), Input::Known(value))
    };
    let secret = |secret: &Secret| (secret.name().to_owned(), SecretKey::read(secret.value_from()));
    let role = |arn: Option<&str>| GrantedRoleArn::from(arn.unwrap_or_default()).into();
    TaskDefinitionSpec {
        cpu: number(definition.cpu()),
        memory: number(definition.memory()),
        image: container.image().unwrap_or_default().to_owned(),
        command: container.command().to_vec(),
        environment: container.environment().iter().map(variable).collect(),
        secrets: container.secrets().iter().map(secret).collect(),
        execution_role: role(definition.execution_role_arn()),
        task_role: role(definition.task_role_arn()),
        log_group: LogGroupName(option(LOG_GROUP)).into(),
        log_region: option(LOG_REGION),
        stop_timeout_seconds: container.stop_timeout().unwrap_or_default(),
        secret_version: secret_version.into(),
        tags,
    }
}
