//! A scaling policy: keeps the CPU utilisation of a service's tasks near a target by changing their number.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::types::{
    self, MetricType, PolicyType, PredefinedMetricSpecification, TargetTrackingScalingPolicyConfiguration,
};
use serde::{Deserialize, Serialize};

use crate::aws::not_yet;
use crate::aws::{Aws, During, Expect};
use crate::engine::{
    Action, Address, Changes, Deleted, Depth, Failure, Input, Key, Kind, Ours, Output, Phase, Recall, Scope,
    Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ids::{ScalableId, ScalingPolicyArn};
use crate::kinds::scaling::scalable_target::PERMISSIONS;
use crate::kinds::scaling::{DIMENSION, NAMESPACE, Scaled};
use crate::kinds::tagged;

/// A scaling policy. All of them of a service of ours are ours.
pub struct ScalingPolicy;

/// What a scaling policy should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalingPolicySpec {
    /// The service that it scales.
    pub target: Input<ScalableId>,
    /// The average CPU utilisation aimed at, in percent. Read back, a policy that aims at something else has
    /// 0.
    pub cpu_target_percent: f64,
    /// Seconds from one reduction to the next.
    pub scale_in_cooldown_seconds: i32,
    /// Seconds from one increase to the next.
    pub scale_out_cooldown_seconds: i32,
}

/// What others may use of a scaling policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalingPolicyOutputs {
    /// Its ARN.
    pub arn: ScalingPolicyArn,
    /// Its name, unique for its target.
    pub name: String,
    /// The service that it scales.
    pub target: ScalableId,
}

impl ScalingPolicy {
    /// Its ARN.
    pub const ARN: Output<Self, ScalingPolicyArn> = Output::new("arn");
}

/// The policy's name; AWS asks only that it is unique for its target.
const POLICY: &str = "cpu-target-tracking";

impl Kind for ScalingPolicy {
    const NAME: &'static str = "scalingPolicy";
    const REFERS_TO: &'static [&'static str] = &["scalableTarget"];
    const IMMUTABLE: &'static [&'static str] = &["target"];
    // A policy is put, whether it is there already or not.
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "application-autoscaling:PutScalingPolicy";
    const ACTIONS: &'static [Action] = &[
        tagged::ACTION,
        Action::called("application-autoscaling:DescribeScalableTargets", bounds::LOOK),
        Action::called("application-autoscaling:DescribeScalingPolicies", bounds::LOOK),
        Action::called("ecs:DescribeClusters", bounds::ecs_cluster::NAMED),
        Action::called("ecs:DescribeServices", bounds::service::NAMED),
        Action::called("application-autoscaling:PutScalingPolicy", bounds::SCALED_SERVICE),
        Action::implied("cloudwatch:PutMetricAlarm", PERMISSIONS, bounds::TRACKING_ALARM),
        Action::implied("cloudwatch:DescribeAlarms", PERMISSIONS, bounds::LOOK),
        Action::called("application-autoscaling:DeleteScalingPolicy", bounds::SCALED_SERVICE),
        Action::implied("cloudwatch:DeleteAlarms", PERMISSIONS, bounds::TRACKING_ALARM),
    ];

    type Cloud = Aws;
    type Spec = ScalingPolicySpec;
    type Outputs = ScalingPolicyOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let scaled = Scaled::read(aws, scopes).await?;
        let targets = scaled.targets.iter().map(|target| target.resource_id.as_str()).collect();
        let policies = list(aws, targets).await?;
        Ok(scaled.sightings(scopes, |sightings, target, place| {
            for policy in policies.iter().filter(|policy| policy.resource_id == target.resource_id) {
                let address = address(&place.address, &policy.policy_name);
                sightings.add(place.scope, address, place.found(ours(policy)));
            }
        }))
    }

    async fn create(aws: &Aws, _: &Key, spec: ScalingPolicySpec) -> Result<ScalingPolicyOutputs, Failure> {
        let target = spec.target.known()?.clone();
        let arn = put(aws, &target, &spec).await?;
        Ok(ScalingPolicyOutputs { arn, name: POLICY.to_owned(), target })
    }

    async fn update(
        aws: &Aws,
        _: &Key,
        ScalingPolicyOutputs { target, .. }: ScalingPolicyOutputs,
        spec: ScalingPolicySpec,
        _: &Changes,
    ) -> Result<(), Failure> {
        put(aws, &target, &spec).await?;
        Ok(())
    }

    async fn delete(
        aws: &Aws,
        ScalingPolicyOutputs { name, target: ScalableId(target), .. }: ScalingPolicyOutputs,
    ) -> Result<Deleted, Failure> {
        let call = aws.autoscaling.delete_scaling_policy().service_namespace(NAMESPACE);
        let call = call.scalable_dimension(DIMENSION).resource_id(target).policy_name(name);
        call.send().await.during("application-autoscaling:DeleteScalingPolicy").or_gone()?;
        Ok(Deleted::Gone)
    }
}

/// The policies of these targets, and of others: AWS lists those of one target or of all.
async fn list(aws: &Aws, targets: BTreeSet<&str>) -> Result<Vec<types::ScalingPolicy>, Failure> {
    let mut call = aws.autoscaling.describe_scaling_policies().service_namespace(NAMESPACE);
    if let (Some(only), 1) = (targets.first(), targets.len()) {
        call = call.resource_id(*only).scalable_dimension(DIMENSION);
    }
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let pages = call.into_paginator().items().send();
    pages.collect::<Result<_, _>>().await.during("application-autoscaling:DescribeScalingPolicies")
}

async fn put(aws: &Aws, target: &ScalableId, spec: &ScalingPolicySpec) -> Result<ScalingPolicyArn, Failure> {
    let operation = "application-autoscaling:PutScalingPolicy";
    let cpu = PredefinedMetricSpecification::builder()
        .predefined_metric_type(MetricType::EcsServiceAverageCpuUtilization)
        .build()
        .during(operation)?;
    let tracking = TargetTrackingScalingPolicyConfiguration::builder()
        .predefined_metric_specification(cpu)
        .target_value(spec.cpu_target_percent)
        .scale_in_cooldown(spec.scale_in_cooldown_seconds)
        .scale_out_cooldown(spec.scale_out_cooldown_seconds)
        .build()
        .during(operation)?;
    let call = aws.autoscaling.put_scaling_policy().service_namespace(NAMESPACE);
    let call = call.scalable_dimension(DIMENSION).resource_id(&target.0).policy_name(POLICY);
    let call = call.policy_type(PolicyType::TargetTrackingScaling);
    let call = call.target_tracking_scaling_policy_configuration(tracking);
    Ok(call.send().await.during(operation).map_err(not_yet)?.policy_arn.into())
}

/// Where the policy called `name` stands, given where ours does; another one at an address where nothing is
/// wanted.
fn address(own: &Address, name: &str) -> Address {
    if name == POLICY { own.clone() } else { Address::new(&own.kind, format!("{}-{name}", own.name)) }
}

fn ours(policy: &types::ScalingPolicy) -> Ours<ScalingPolicy> {
    let target = ScalableId(policy.resource_id.clone());
    let tracking = policy.target_tracking_scaling_policy_configuration.as_ref();
    let metric = tracking.and_then(|tracking| tracking.predefined_metric_specification());
    let cpu = metric.map(|metric| metric.predefined_metric_type())
        == Some(&MetricType::EcsServiceAverageCpuUtilization)
        && tracking.and_then(|tracking| tracking.disable_scale_in()) != Some(true);
    // Without a cooldown, services of ECS have this one.
    // https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
    let cooldown = |seconds: Option<i32>| seconds.unwrap_or(300);
    let spec = ScalingPolicySpec {
        target: target.clone().into(),
        cpu_target_percent: tracking.filter(|_| cpu).map_or(0.0, |tracking| tracking.target_value()),
        scale_in_cooldown_seconds: cooldown(tracking.and_then(|tracking| tracking.scale_in_cooldown())),
        scale_out_cooldown_seconds: cooldown(tracking.and_then(|tracking| tracking.scale_out_cooldown())),
    };
    let outputs = ScalingPolicyOutputs {
        arn: policy.policy_arn.as_str().into(),
        name: policy.policy_name.clone(),
        target,
    };
    let id = format!("{}/{}", policy.resource_id, policy.policy_name);
    Ours { id, spec: Some(spec), outputs, phase: Phase::Ready }
}
