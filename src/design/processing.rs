//! The ECS cluster, what its tasks are, the service that keeps them running, and how their number follows the load.

use std::collections::BTreeSet;

use super::blueprint::Blueprint;
use super::environment;
use super::ingestion::Intake;
use super::logs::Logs;
use super::network::Ground;
use super::roles::Grants;
use super::storage::Storage;
use crate::engine::{Input, Ref};
use crate::kinds::ids::TaskDefinitionArn;
use crate::kinds::{
    EcsCluster, EcsClusterSpec, ScalableTarget, ScalableTargetSpec, ScalingPolicySpec, SecretRotation,
    Service, ServiceSpec, TaskDefinition, TaskDefinitionSpec,
};
use crate::pipeline::TaskCount;

/// Who works on the videos.
pub struct Workforce {
    /// The cluster.
    pub cluster: Ref<EcsCluster>,
    /// The service.
    pub service: Ref<Service>,
}

/// Seconds after scaling before the next step in the same direction.
const COOLDOWN: i32 = 60;
/// Removing tasks too soon costs more than keeping them a while.
const COOLDOWN_IN: i32 = 300;

/// Lays out the service.
pub fn service(
    blueprint: &mut Blueprint<'_>,
    ground: &Ground,
    logs: &Logs,
    intake: &Intake,
    storage: &Storage,
    grants: &Grants,
) -> Workforce {
    let processing = &blueprint.pipeline.processing;
    let cluster = EcsClusterSpec {
        container_insights: processing.container_insights,
        after: logs.insights.iter().cloned().collect(),
        tags: blueprint.tags(),
    };
    let cluster = blueprint.add(blueprint.names.cluster(), cluster);
    let task_definition = task_definition(blueprint, logs, intake, storage, grants);
    let spec = ServiceSpec {
        cluster: cluster.output(EcsCluster::ID),
        task_definition,
        desired_count: match processing.tasks {
            TaskCount::Fixed(count) => Some(count),
            TaskCount::Autoscaled { .. } => None,
        },
        first_count: processing.tasks.first(),
        subnets: ground.task_subnets.iter().cloned().collect(),
        security_groups: BTreeSet::from([ground.tasks.clone()]),
        public_ips: true,
        circuit_breaker: true,
        maximum_percent: 200,
        minimum_healthy_percent: 100,
        execute_command: false,
        tags: blueprint.tags(),
    };
    let service = blueprint.add(blueprint.names.service(), spec);
    scaling(blueprint, processing.tasks, &service);
    Workforce { cluster, service }
}

fn task_definition(
    blueprint: &mut Blueprint<'_>,
    logs: &Logs,
    intake: &Intake,
    storage: &Storage,
    grants: &Grants,
) -> Input<TaskDefinitionArn> {
    let processing = &blueprint.pipeline.processing;
    let spec = TaskDefinitionSpec {
        cpu: processing.cpu,
        memory: processing.memory,
        image: processing.image.clone(),
        command: processing.command.clone(),
        environment: environment::variables(blueprint, intake, storage),
        secrets: environment::secrets(storage),
        execution_role: grants.execution.clone(),
        task_role: grants.task.clone(),
        log_group: logs.tasks.clone(),
        log_region: blueprint.pipeline.identity.region.to_string(),
        stop_timeout_seconds: processing.stop_timeout_seconds,
        secret_version: storage.rotation.output(SecretRotation::VERSION),
        tags: blueprint.tags(),
    };
    blueprint.add(blueprint.names.task_definition(), spec).output(TaskDefinition::ARN)
}

fn scaling(blueprint: &mut Blueprint<'_>, tasks: TaskCount, service: &Ref<Service>) {
    let TaskCount::Autoscaled { min, max, cpu_target_percent, .. } = tasks else { return };
    let suspended = BTreeSet::new();
    let target = ScalableTargetSpec { service: service.output(Service::SCALABLE), min, max, suspended };
    let target = blueprint.add(blueprint.names.scaling_target(), target);
    let policy = ScalingPolicySpec {
        target: target.output(ScalableTarget::ID),
        cpu_target_percent: f64::from(cpu_target_percent),
        scale_in_cooldown_seconds: COOLDOWN_IN,
        scale_out_cooldown_seconds: COOLDOWN,
    };
    blueprint.add(blueprint.names.scaling_policy(), policy);
}
