//! What the kinds of Application Auto Scaling share. A scalable target and its policies have no tags that are
//! cheap to read: they belong to whom the service belongs that they scale.
//!
//! The name of either in the graph is the service's scalable id, `service/CLUSTER/SERVICE`.

pub mod scalable_target;
pub mod scaling_policy;

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace};
use futures::future::join;

use crate::aws::{Aws, During, Tags};
use crate::engine::{Failure, Found, Kind, Named, Scope, Sightings};
use crate::kinds::ecs::{self, Answer};
use crate::kinds::sighting::is_of;

/// What is scaled.
pub const NAMESPACE: ServiceNamespace = ServiceNamespace::Ecs;
/// The number that is scaled.
pub const DIMENSION: ScalableDimension = ScalableDimension::EcsServiceDesiredCount;

/// The name of a service's scalable target, and of its scaling policy, in the graph.
pub fn name(cluster: &str, service: &str) -> String {
    format!("service/{cluster}/{service}")
}

/// The scalable targets of the scopes' names, and what is known of the services that they scale.
pub struct Scaled {
    /// The targets that exist, whosever they are.
    pub targets: Vec<ScalableTarget>,
    services: Answer<aws_sdk_ecs::types::Service>,
}

/// Where something of a scalable target belongs.
pub struct Place<'s> {
    /// The position of the scope.
    pub scope: usize,
    /// The name and address of the kind that is observed.
    pub named: &'s Named,
    owner: Owner,
}

enum Owner {
    Ours,
    Stranger(Option<String>),
    Unknown(Failure),
}

impl Place<'_> {
    /// What is seen here: `ours` if the service is.
    pub fn found<K: Kind>(&self, ours: impl FnOnce() -> Found<K>) -> Found<K> {
        match &self.owner {
            Owner::Ours => ours(),
            Owner::Stranger(owner) => Found::Foreign { id: self.named.name.clone(), owner: owner.clone() },
            Owner::Unknown(failure) => Found::Unknown(failure.clone()),
        }
    }
}

impl Scaled {
    /// Reads the targets and, at the same moment as others do, the services.
    ///
    /// # Errors
    /// The targets could not be read.
    pub async fn read(aws: &Aws, scopes: &[Scope]) -> Result<Self, Failure> {
        let ids: BTreeSet<String> =
            scopes.iter().flat_map(|scope| &scope.named).map(|named| named.name.clone()).collect();
        let names = ids.iter().map(|id| service(id).to_owned()).collect();
        let (targets, services) = join(targets(aws, ids), ecs::services(aws, names)).await;
        Ok(Self { targets: targets?, services })
    }

    /// The places of what belongs to the target with this id. Without its service nothing tells whose it is:
    /// there are none then, and a service made anew brings it back.
    pub fn places<'s>(&self, scopes: &'s [Scope], id: &str) -> Vec<Place<'s>> {
        let mut places = Vec::new();
        for (index, scope) in scopes.iter().enumerate() {
            for named in scope.named.iter().filter(|named| named.name == id) {
                let owner = self.owner(scope, id);
                places.extend(owner.map(|owner| Place { scope: index, named, owner }));
            }
        }
        places
    }

    fn owner(&self, scope: &Scope, id: &str) -> Option<Owner> {
        if let Some(failure) = self.services.unread.get(service(id)) {
            return Some(Owner::Unknown(failure.clone()));
        }
        let tags = Tags::from(self.services.found.get(service(id))?.tags());
        Some(match tags.owner() {
            _ if is_of(&tags, scope) => Owner::Ours,
            owner => Owner::Stranger(owner.map(str::to_owned)),
        })
    }

    /// What was seen, given what each target is, or has.
    pub fn sightings<K: Kind>(
        &self,
        scopes: &[Scope],
        mut see: impl FnMut(&mut Sightings<K>, &ScalableTarget, &Place<'_>),
    ) -> Sightings<K> {
        let mut sightings = Sightings::new(scopes);
        for target in &self.targets {
            for place in self.places(scopes, &target.resource_id) {
                see(&mut sightings, target, &place);
            }
        }
        sightings.complete(scopes)
    }
}

/// `cluster/service` of `service/cluster/service`.
fn service(id: &str) -> &str {
    id.strip_prefix("service/").unwrap_or(id)
}

/// How many targets AWS describes a call.
/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html>
const TARGETS: usize = 50;

async fn targets(aws: &Aws, ids: BTreeSet<String>) -> Result<Vec<ScalableTarget>, Failure> {
    let ids: Vec<String> = ids.into_iter().collect();
    let mut targets = Vec::new();
    for ids in ids.chunks(TARGETS) {
        let read = async || {
            let call = aws.autoscaling.describe_scalable_targets().service_namespace(NAMESPACE);
            let call = call.scalable_dimension(DIMENSION).set_resource_ids(Some(ids.to_vec()));
            let found: Vec<ScalableTarget> = call
                .into_paginator()
                .items()
                .send()
                .collect::<Result<_, _>>()
                .await
                .during("application-autoscaling:DescribeScalableTargets")?;
            Ok(Arc::new(found))
        };
        let operation = "application-autoscaling:DescribeScalableTargets";
        let found: Arc<Vec<ScalableTarget>> = aws.shared.read(operation, &ids.join(" "), read).await?;
        targets.extend(found.iter().cloned());
    }
    Ok(targets)
}
