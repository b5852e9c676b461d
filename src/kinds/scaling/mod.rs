//! What the kinds of Application Auto Scaling share. A scalable target and its policies have no tags that are
//! cheap to read: they belong to whom the service belongs that they scale.
//!
//! The name of either in the graph is the service's scalable id, `service/CLUSTER/SERVICE`. What scales a service of ours
//! is found with it, whatever the service is called.

pub mod scalable_target;
pub mod scaling_policy;

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace};

use crate::aws::{Aws, During, Tags};
use crate::engine::{Address, Failure, Found, Kind, Ours, Scope, Sightings};
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

/// The scalable targets of the scopes' services, and what is known of those.
pub struct Scaled {
    /// The targets that exist, whosever they are.
    pub targets: Vec<ScalableTarget>,
    services: Answer<aws_sdk_ecs::types::Service>,
}

/// Where something of a scalable target belongs.
pub struct Place {
    /// The position of the scope.
    pub scope: usize,
    /// Where it stands.
    pub address: Address,
    owner: Owner,
}

enum Owner {
    Ours,
    Stranger(Option<String>),
    Unknown(Failure),
}

impl Place {
    /// What is seen here: this, which is ours if the service is.
    pub fn found<K: Kind>(&self, it: Ours<K>) -> Found<K> {
        match &self.owner {
            Owner::Ours => Found::Ours(it),
            Owner::Stranger(owner) => Found::Foreign { id: it.id, owner: owner.clone() },
            Owner::Unknown(failure) => Found::Unknown(failure.clone()),
        }
    }
}

impl Scaled {
    /// Reads the services, at the same moment as others do, and then the targets of those that there are: AWS removes
    /// a target with its service.
    ///
    /// # Errors
    /// The targets could not be read, or nobody knows which services there are.
    pub async fn read(aws: &Aws, scopes: &[Scope]) -> Result<Self, Failure> {
        let named = scopes.iter().flat_map(|scope| &scope.named);
        let names = named.map(|named| service(&named.name).to_owned()).collect();
        let services = ecs::services_of(aws, scopes, names).await?;
        let there = services.found.keys().chain(services.unread.keys());
        let ids = there.map(|name| format!("service/{name}")).collect();
        Ok(Self { targets: targets(aws, ids).await?, services })
    }

    /// The places of what belongs to the target with this id.
    fn places<K: Kind>(&self, scopes: &[Scope], id: &str) -> Vec<Place> {
        let place = |(index, scope): (usize, &Scope)| {
            let owner = self.owner(scope, id)?;
            let named = scope.named.iter().find(|named| named.name == id);
            let address = match (named, &owner) {
                (Some(named), _) => named.address.clone(),
                (None, Owner::Ours | Owner::Unknown(_)) => self.services.stray::<K>(scope, service(id))?,
                (None, Owner::Stranger(_)) => return None,
            };
            Some(Place { scope: index, address, owner })
        };
        scopes.iter().enumerate().filter_map(place).collect()
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
        mut see: impl FnMut(&mut Sightings<K>, &ScalableTarget, &Place),
    ) -> Sightings<K> {
        let mut sightings = Sightings::new(scopes);
        for target in &self.targets {
            for place in self.places::<K>(scopes, &target.resource_id) {
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
