//! A scalable target: the bounds within which Application Auto Scaling sets a service's number of tasks.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::types::{self, SuspendedState};
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Input, Key, Kind, Ours, Output, Phase, Recall, Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ids::ScalableId;
use crate::kinds::scaling::{DIMENSION, NAMESPACE, Scaled};
use crate::kinds::tagged;

/// A scalable target. It belongs to whom its service belongs.
pub struct ScalableTarget;

/// What a scalable target should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalableTargetSpec {
    /// The service that it scales.
    pub service: Input<ScalableId>,
    /// Fewest tasks.
    pub min: i32,
    /// Most tasks.
    pub max: i32,
    /// What it does not do for the time being: `scaleIn`, `scaleOut`, `scheduled`.
    pub suspended: BTreeSet<String>,
}

/// What others may use of a scalable target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalableTargetOutputs {
    /// The service that it scales.
    pub id: ScalableId,
}

impl ScalableTarget {
    /// The service that it scales.
    pub const ID: Output<Self, ScalableId> = Output::new("id");
}

/// What a caller has to be allowed besides, so that ECS services can be scaled.
pub(super) const PERMISSIONS: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/auto-scaling-IAM.html";

impl Kind for ScalableTarget {
    const NAME: &'static str = "scalableTarget";
    const REFERS_TO: &'static [&'static str] = &["service"];
    // Its number of tasks is brought within the bounds.
    const ALTERS: &'static [&'static str] = &["service"];
    const IMMUTABLE: &'static [&'static str] = &["service"];
    // A service has one target, which is registered whether it is there already or not.
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "application-autoscaling:RegisterScalableTarget";
    const ACTIONS: &'static [Action] = &[
        tagged::ACTION,
        Action::called("application-autoscaling:DescribeScalableTargets", bounds::LOOK),
        Action::called("ecs:DescribeClusters", bounds::ecs_cluster::NAMED),
        Action::called("ecs:DescribeServices", bounds::service::NAMED),
        Action::called("application-autoscaling:RegisterScalableTarget", bounds::SCALED_SERVICE),
        Action::implied("ecs:UpdateService", PERMISSIONS, bounds::service::OURS),
        Action::implied("cloudwatch:DescribeAlarms", PERMISSIONS, bounds::LOOK),
        Action::implied(
            "iam:CreateServiceLinkedRole",
            "https://docs.aws.amazon.com/autoscaling/application/userguide/\
             application-auto-scaling-service-linked-roles.html",
            bounds::SERVICE_LINKED_ROLE,
        ),
        Action::called("application-autoscaling:DeregisterScalableTarget", bounds::SCALED_SERVICE),
        Action::implied("cloudwatch:DeleteAlarms", PERMISSIONS, bounds::TRACKING_ALARM),
    ];

    type Cloud = Aws;
    type Spec = ScalableTargetSpec;
    type Outputs = ScalableTargetOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let scaled = Scaled::read(aws, scopes).await?;
        Ok(scaled.sightings(scopes, |sightings, target, place| {
            let found = place.found(ours(target));
            sightings.add(place.scope, place.address.clone(), found);
        }))
    }

    async fn create(aws: &Aws, _: &Key, spec: ScalableTargetSpec) -> Result<ScalableTargetOutputs, Failure> {
        let id = spec.service.known()?.clone();
        register(aws, &id, &spec).await?;
        Ok(ScalableTargetOutputs { id })
    }

    async fn update(
        aws: &Aws,
        _: &Key,
        ScalableTargetOutputs { id }: ScalableTargetOutputs,
        spec: ScalableTargetSpec,
        _: &Changes,
    ) -> Result<(), Failure> {
        register(aws, &id, &spec).await
    }

    async fn delete(
        aws: &Aws,
        ScalableTargetOutputs { id: ScalableId(id) }: ScalableTargetOutputs,
    ) -> Result<Deleted, Failure> {
        let call = aws.autoscaling.deregister_scalable_target().service_namespace(NAMESPACE);
        let call = call.scalable_dimension(DIMENSION).resource_id(id);
        call.send().await.during("application-autoscaling:DeregisterScalableTarget").or_gone()?;
        Ok(Deleted::Gone)
    }
}

async fn register(aws: &Aws, ScalableId(id): &ScalableId, spec: &ScalableTargetSpec) -> Result<(), Failure> {
    let call = aws.autoscaling.register_scalable_target().service_namespace(NAMESPACE);
    let call = call.scalable_dimension(DIMENSION).resource_id(id);
    let call = call.min_capacity(spec.min).max_capacity(spec.max).suspended_state(state(&spec.suspended));
    call.send().await.during("application-autoscaling:RegisterScalableTarget")?;
    Ok(())
}

const SCALE_IN: &str = "scaleIn";
const SCALE_OUT: &str = "scaleOut";
const SCHEDULED: &str = "scheduled";

/// All of it is said always: what is not said stays as it is.
fn state(suspended: &BTreeSet<String>) -> SuspendedState {
    SuspendedState::builder()
        .dynamic_scaling_in_suspended(suspended.contains(SCALE_IN))
        .dynamic_scaling_out_suspended(suspended.contains(SCALE_OUT))
        .scheduled_scaling_suspended(suspended.contains(SCHEDULED))
        .build()
}

fn suspended(state: Option<&SuspendedState>) -> BTreeSet<String> {
    let activities = [
        (SCALE_IN, state.and_then(SuspendedState::dynamic_scaling_in_suspended)),
        (SCALE_OUT, state.and_then(SuspendedState::dynamic_scaling_out_suspended)),
        (SCHEDULED, state.and_then(SuspendedState::scheduled_scaling_suspended)),
    ];
    let suspended = activities.into_iter().filter(|(_, suspended)| *suspended == Some(true));
    suspended.map(|(activity, _)| activity.to_owned()).collect()
}

fn ours(target: &types::ScalableTarget) -> Ours<ScalableTarget> {
    let id = ScalableId(target.resource_id.clone());
    let spec = ScalableTargetSpec {
        service: id.clone().into(),
        min: target.min_capacity,
        max: target.max_capacity,
        suspended: suspended(target.suspended_state()),
    };
    Ours { id: id.0.clone(), spec: Some(spec), outputs: ScalableTargetOutputs { id }, phase: Phase::Ready }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_suspended_is_read_back() {
        for activities in [vec![], vec![SCALE_IN], vec![SCALE_OUT, SCHEDULED]] {
            let wanted: BTreeSet<String> = activities.into_iter().map(str::to_owned).collect();
            assert_eq!(suspended(Some(&state(&wanted))), wanted);
        }
        assert_eq!(suspended(None), BTreeSet::new());
    }
}
