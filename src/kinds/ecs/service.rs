//! An ECS service: keeps tasks running, and rolls out what they run.
//!
//! A service's name is unique in its cluster alone. So the name that finds it, here and in the graph, is
//! `CLUSTER/SERVICE`, as in its ARN.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use aws_sdk_ecs::types::{
    self, AssignPublicIp, AwsVpcConfiguration, DeploymentCircuitBreaker, DeploymentConfiguration, LaunchType,
    NetworkConfiguration, PropagateTags, Tag,
};
use serde::{Deserialize, Serialize};

use crate::aws::not_yet;
use crate::aws::{Aws, During, Expect, Tags, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Input, Key, Kind, Meaning, Ours, Output, Recall, Scope,
    Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ecs;
use crate::kinds::ecs::rollout::{self, Rollback};
use crate::kinds::ids::{
    EcsClusterName, RoutableSubnetId, ScalableId, SecurityGroupId, ServiceArn, ServiceName, TaskDefinitionArn,
};
use crate::kinds::sighting::{Listed, Mine, Sorted, prove};
use crate::kinds::tagged;

/// An ECS service.
pub struct Service;

/// What an ECS service should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceSpec {
    /// The cluster that it belongs to.
    pub cluster: Input<EcsClusterName>,
    /// What its tasks run.
    pub task_definition: Input<TaskDefinitionArn>,
    /// How many tasks; `None` leaves the number to autoscaling.
    pub desired_count: Option<i32>,
    /// How many tasks it begins with, where their number is left to autoscaling.
    pub first_count: i32,
    /// The subnets that its tasks lie in.
    pub subnets: BTreeSet<Input<RoutableSubnetId>>,
    /// The security groups of its tasks.
    pub security_groups: BTreeSet<Input<SecurityGroupId>>,
    /// Whether its tasks have public addresses.
    pub public_ips: bool,
    /// Whether a rollout whose tasks fail to start is ended and rolled back.
    pub circuit_breaker: bool,
    /// How many tasks there may be during a rollout, in percent of those wanted; 100 to 200.
    pub maximum_percent: i32,
    /// How many tasks have to run during a rollout, in percent of those wanted; 0 to 100.
    pub minimum_healthy_percent: i32,
    /// Whether commands can be executed in its tasks, by ECS Exec.
    pub execute_command: bool,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of an ECS service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceOutputs {
    /// Its name in its cluster.
    pub name: ServiceName,
    /// Its ARN.
    pub arn: ServiceArn,
    /// What Application Auto Scaling calls it.
    pub id: ScalableId,
    /// How many tasks run.
    pub running: i32,
}

impl Service {
    /// Its name in its cluster.
    pub const ID: Output<Self, ServiceName> = Output::new("name");
    /// Its ARN.
    pub const ARN: Output<Self, ServiceArn> = Output::new("arn");
    /// What Application Auto Scaling calls it.
    pub const SCALABLE: Output<Self, ScalableId> = Output::new("id");

    /// The name of a service in the graph.
    pub fn name(cluster: &str, service: &str) -> String {
        format!("{cluster}/{service}")
    }
}

const NETWORK: &[&str] = &["subnets", "securityGroups", "publicIps"];
const ROLLOUT: &[&str] = &["circuitBreaker", "maximumPercent", "minimumHealthyPercent"];

/// The tag that says which task definition was asked for last, so that a rollback can be told from drift.
const REQUESTED: &str = "streamflix.io/requested-task-definition";

impl Kind for Service {
    const NAME: &'static str = "service";
    // A gateway does not go while the VPC has public addresses, as those of the tasks.
    const REFERS_TO: &'static [&'static str] = &[
        "ecsCluster",
        "taskDefinition",
        "routeTableAssociation",
        "subnet",
        "securityGroup",
        "internetGateway",
    ];
    const IMMUTABLE: &'static [&'static str] = &["cluster"];
    const AT_CREATION: &'static [&'static str] = &["firstCount"];
    const WHILE_SETTLING: &'static [&'static str] = &["*"];
    const RENEWED: &'static [&'static str] = &["taskDefinition"];
    const RECALL: Recall = Recall::Token;
    const CREATED_BY: &'static str = "ecs:CreateService";
    const ACTIONS: &'static [Action] = &[
        tagged::ACTION,
        Action::called("ecs:DescribeClusters", bounds::ecs_cluster::NAMED),
        Action::called("ecs:DescribeServices", bounds::service::NAMED),
        Action::called("ecs:ListServiceDeployments", bounds::service::NAMED),
        Action::called("ecs:DescribeServiceRevisions", bounds::SERVICE_REVISION),
        Action::called("ecs:CreateService", bounds::service::NEW),
        Action::implied(
            "iam:PassRole",
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
            bounds::ROLE_FOR_TASKS,
        ),
        Action::implied(
            "iam:CreateServiceLinkedRole",
            crate::kinds::ecs::ecs_cluster::SERVICE_LINKED_ROLE,
            bounds::SERVICE_LINKED_ROLE,
        ),
        Action::called("ecs:UpdateService", bounds::service::OURS),
        Action::called("ecs:TagResource", bounds::TAGGED_IN_ECS),
        Action::called("ecs:UntagResource", bounds::service::OURS),
        Action::called("ecs:DeleteService", bounds::service::OURS),
    ];

    type Cloud = Aws;
    type Spec = ServiceSpec;
    type Outputs = ServiceOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let names = scopes.iter().flat_map(|scope| &scope.named).map(|named| named.name.clone()).collect();
        let services = ecs::services_of(aws, scopes, names).await?;
        let standing = services.found.iter().filter(|(_, service)| service.status() != Some("INACTIVE"));
        let sorted = Sorted::of(scopes, standing.map(|(name, service)| listed(name, service)));
        let mut rollbacks = rollbacks(aws, &sorted.ours).await;
        let sightings = sorted.sightings(scopes, |service| match rollbacks.remove(&service.id).transpose() {
            Ok(rollback) => Found::Ours(ours(service, rollback.flatten().as_ref())),
            Err(failure) => Found::Unknown(failure),
        });
        Ok(services.doubts(scopes, sightings))
    }

    async fn create(aws: &Aws, key: &Key, spec: ServiceSpec) -> Result<ServiceOutputs, Failure> {
        let EcsClusterName(cluster) = spec.cluster.known()?;
        let TaskDefinitionArn(task_definition) = spec.task_definition.known()?;
        let name = ecs::parts(&key.name).1;
        let mut tags = Tags::of(key, &spec.tags);
        tags.0.insert(REQUESTED.to_owned(), task_definition.clone());
        let call =
            aws.ecs.create_service().cluster(cluster).service_name(name).task_definition(task_definition);
        let call = call
            .set_client_token(key.token.clone())
            .desired_count(spec.desired_count.unwrap_or(spec.first_count))
            .launch_type(LaunchType::Fargate)
            .network_configuration(network(&spec)?)
            .deployment_configuration(rollout(&spec))
            .enable_execute_command(spec.execute_command)
            .propagate_tags(PropagateTags::Service)
            .set_tags(Some(tags.list()));
        let arn = match call.send().await.during("ecs:CreateService").map_err(not_yet) {
            Err(refused) if refused.is(Meaning::AlreadyExists) => standing(aws, key, refused).await?,
            made => made?.service.and_then(|service| service.service_arn),
        };
        Ok(outputs(&Service::name(cluster, name), &arn.unwrap_or_default(), 0))
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        ServiceOutputs { name: ServiceName(name), arn: ServiceArn(arn), .. }: ServiceOutputs,
        spec: ServiceSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        retag::ecs(aws, &arn, key, &spec.tags, changes).await?;
        let mut call = aws.ecs.update_service().cluster(&spec.cluster.known()?.0).service(name);
        if changes.has("taskDefinition") {
            let TaskDefinitionArn(requested) = spec.task_definition.known()?;
            request(aws, &arn, requested).await?;
            // What failed is rolled out once more only by force.
            let again = changes
                .from::<Option<String>>("taskDefinition")
                .is_some_and(|had| had.is_none_or(|had| had.is_empty()));
            call = call.task_definition(requested).force_new_deployment(again);
        }
        if changes.has("desiredCount") {
            call = call.set_desired_count(spec.desired_count);
        }
        if changes.any(NETWORK) {
            call = call.network_configuration(network(&spec)?);
        }
        if changes.any(ROLLOUT) {
            call = call.deployment_configuration(rollout(&spec));
        }
        // It rolls nothing: tasks that started with it keep their agent, to which their role allows no channel.
        if changes.has("executeCommand") {
            call = call.enable_execute_command(spec.execute_command);
        }
        if changes.0.iter().any(|change| change.field != "tags") {
            call.send().await.during("ecs:UpdateService")?;
        }
        Ok(())
    }

    async fn delete(
        aws: &Aws,
        ServiceOutputs { id: ScalableId(id), .. }: ServiceOutputs,
    ) -> Result<Deleted, Failure> {
        let (cluster, name) = ecs::parts(id.trim_start_matches("service/"));
        let call = aws.ecs.delete_service().cluster(cluster).service(name).force(true);
        let deletion = call.send().await.during("ecs:DeleteService").or_absent()?;
        match deletion.and_then(|reply| reply.service) {
            Some(service) if service.status() == Some("DRAINING") => Ok(Deleted::Leaving),
            _ => Ok(Deleted::Gone),
        }
    }
}

/// Whether ECS rolled back what was asked for last, of those services that run something else.
async fn rollbacks(
    aws: &Aws,
    services: &[Mine<types::Service>],
) -> BTreeMap<String, Result<Option<Rollback>, Failure>> {
    let mut rollbacks = BTreeMap::new();
    for service in services {
        let requested =
            service.tags.get(REQUESTED).filter(|arn| service.object.task_definition() != Some(arn));
        if let Some(requested) = requested {
            let rollback = rollout::rollback(aws, &service.object, requested).await;
            rollbacks.insert(service.id.clone(), rollback);
        }
    }
    rollbacks
}

/// Says on the service which task definition it is about to be given.
async fn request(aws: &Aws, arn: &str, task_definition: &str) -> Result<(), Failure> {
    let tag = Tag::builder().key(REQUESTED).value(task_definition).build();
    aws.ecs.tag_resource().resource_arn(arn).tags(tag).send().await.during("ecs:TagResource")?;
    Ok(())
}

fn network(spec: &ServiceSpec) -> Result<NetworkConfiguration, Failure> {
    let public_ips = if spec.public_ips { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
    let mut vpc = AwsVpcConfiguration::builder().assign_public_ip(public_ips);
    for subnet in &spec.subnets {
        vpc = vpc.subnets(&subnet.known()?.0);
    }
    for group in &spec.security_groups {
        vpc = vpc.security_groups(&group.known()?.0);
    }
    let vpc = vpc.build().during("ecs:CreateService")?;
    Ok(NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
}

fn rollout(spec: &ServiceSpec) -> DeploymentConfiguration {
    let breaker =
        DeploymentCircuitBreaker::builder().enable(spec.circuit_breaker).rollback(spec.circuit_breaker);
    DeploymentConfiguration::builder()
        .deployment_circuit_breaker(breaker.build())
        .maximum_percent(spec.maximum_percent)
        .minimum_healthy_percent(spec.minimum_healthy_percent)
        .build()
}

/// The ARN of the service that stands under this name already, if a lost call for `key` made it.
async fn standing(aws: &Aws, key: &Key, refused: Failure) -> Result<Option<String>, Failure> {
    let mut services = ecs::services(aws, [key.name.clone()].into()).await;
    if let Some(failure) = services.unread.remove(&key.name) {
        return Err(failure);
    }
    let service = services.found.remove(&key.name);
    prove(key, &service.as_ref().map(|service| Tags::from(service.tags())).unwrap_or_default(), refused)?;
    Ok(service.and_then(|service| service.service_arn))
}

fn listed(name: &str, service: &types::Service) -> Listed<types::Service> {
    Listed { id: name.into(), name: name.into(), tags: Tags::from(service.tags()), object: service.clone() }
}

fn outputs(name: &str, arn: &str, running: i32) -> ServiceOutputs {
    let id = format!("service/{name}").into();
    ServiceOutputs { name: ecs::parts(name).1.into(), arn: arn.into(), id, running }
}

fn ours(service: Mine<types::Service>, rollback: Option<&Rollback>) -> Ours<Service> {
    let (seen, mut tags) = (service.object, service.tags);
    let running = seen.task_definition().unwrap_or_default().to_owned();
    let requested = tags.0.remove(REQUESTED).unwrap_or(running);
    let rollout::Standing { task_definition, phase } =
        rollout::standing(&seen, &requested, rollback, SystemTime::now().into());
    let vpc = seen.network_configuration().and_then(NetworkConfiguration::awsvpc_configuration);
    let rollout = seen.deployment_configuration();
    let breaker = rollout.and_then(DeploymentConfiguration::deployment_circuit_breaker);
    let percent =
        |percent: fn(&DeploymentConfiguration) -> Option<i32>| rollout.and_then(percent).unwrap_or_default();
    let subnets = vpc.map(AwsVpcConfiguration::subnets).unwrap_or_default();
    let groups = vpc.map(AwsVpcConfiguration::security_groups).unwrap_or_default();
    let spec = ServiceSpec {
        cluster: EcsClusterName::from(ecs::parts(&service.id).0).into(),
        task_definition: TaskDefinitionArn(task_definition).into(),
        desired_count: Some(seen.desired_count()),
        first_count: seen.desired_count(),
        subnets: subnets.iter().map(|id| RoutableSubnetId::from(id.as_str()).into()).collect(),
        security_groups: groups.iter().map(|id| SecurityGroupId::from(id.as_str()).into()).collect(),
        public_ips: vpc.and_then(|vpc| vpc.assign_public_ip()) == Some(&AssignPublicIp::Enabled),
        circuit_breaker: breaker.is_some_and(|breaker| breaker.enable() && breaker.rollback()),
        maximum_percent: percent(DeploymentConfiguration::maximum_percent),
        minimum_healthy_percent: percent(DeploymentConfiguration::minimum_healthy_percent),
        execute_command: seen.enable_execute_command(),
        tags,
    };
    let outputs = outputs(&service.id, seen.service_arn().unwrap_or_default(), seen.running_count());
    Ours { id: service.id, spec: Some(spec), outputs, phase }
}
