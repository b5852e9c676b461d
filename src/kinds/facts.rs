//! What must be known of a region before an environment can be designed in it, and what the environment decided there before.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{AvailabilityZone, AvailabilityZoneOptInStatus, AvailabilityZoneState};
use aws_sdk_rds::types::{DbEngineVersion, ServerlessV2FeaturesSupport};
use serde::Deserialize;

use crate::aws::{Aws, During};
use crate::engine::{Action, Address, Failure, Kind, World};
use crate::kinds::bounds;
use crate::kinds::rds;
use crate::kinds::{DbCluster, Subnet};
use crate::pipeline::{EngineFacts, EngineVersion, Facts, RunningEngine};

/// Every IAM action that looking these things up needs.
pub const ACTIONS: &[Action] = &[
    Action::called("ec2:DescribeAvailabilityZones", bounds::LOOK),
    Action::called("rds:DescribeDBEngineVersions", bounds::LOOK),
];

/// The names of the availability zones that can be used, in order. Those that must be asked for, and places that are
/// no availability zone, are left out.
///
/// # Errors
/// The call failed.
pub async fn zones(aws: &Aws) -> Result<Vec<String>, Failure> {
    let found = aws.ec2.describe_availability_zones().send().await.during("ec2:DescribeAvailabilityZones")?;
    let zones = found.availability_zones.unwrap_or_default().into_iter().filter(usable);
    let names: BTreeSet<String> = zones.filter_map(|zone| zone.zone_name).collect();
    Ok(names.into_iter().collect())
}

fn usable(zone: &AvailabilityZone) -> bool {
    let asked_for =
        zone.opt_in_status().is_some_and(|status| *status != AvailabilityZoneOptInStatus::OptInNotRequired);
    zone.state() == Some(&AvailabilityZoneState::Available)
        && zone.zone_type().is_none_or(|zone_type| zone_type == "availability-zone")
        && !asked_for
}

/// What AWS says of the Aurora PostgreSQL version `wanted`, which is spelt `16.8`, and of its major.
///
/// A version that AWS does not offer, or not without servers, has no capacity. One that AWS makes no more, and goes on
/// running, is not offered.
///
/// # Errors
/// One of the calls failed.
pub async fn engine(aws: &Aws, wanted: &str) -> Result<EngineFacts, Failure> {
    let list = async || {
        let pages =
            aws.rds.describe_db_engine_versions().engine(rds::ENGINE).into_paginator().page_size(rds::PAGE);
        pages.items().send().collect::<Result<Vec<_>, _>>().await.during("rds:DescribeDBEngineVersions")
    };
    let offered = aws.shared.read("rds:DescribeDBEngineVersions", rds::ENGINE, list).await?;
    Ok(facts_of(&offered, wanted))
}

fn facts_of(offered: &[DbEngineVersion], wanted: &str) -> EngineFacts {
    let major = wanted.split('.').next().and_then(|major| major.parse().ok());
    // What is not MAJOR.MINOR, such as a limitless one, is another product.
    let versions: BTreeSet<EngineVersion> = offered
        .iter()
        .filter_map(|version| version.engine_version()?.parse().ok())
        .filter(|version: &EngineVersion| Some(version.major) == major)
        .collect();
    let this = offered.iter().find(|version| version.engine_version() == Some(wanted));
    let capacity = this.and_then(DbEngineVersion::serverless_v2_features_support);
    EngineFacts {
        versions: versions.iter().map(ToString::to_string).collect(),
        min_acu: capacity.and_then(ServerlessV2FeaturesSupport::min_capacity).unwrap_or_default(),
        max_acu: capacity.and_then(ServerlessV2FeaturesSupport::max_capacity).unwrap_or_default(),
    }
}

/// What an environment decided before, and stays with.
#[derive(Debug, PartialEq)]
pub struct Decided {
    /// The zones of its subnets, by their number. Both subnets of a number are in one zone.
    zones: BTreeMap<u8, String>,
    /// What its database runs.
    engine: RunningEngine,
}

impl Decided {
    /// What shows in `world`.
    ///
    /// # Errors
    /// The subnets could not be read: their zones would be guessed.
    pub fn read(world: &World) -> Result<Self, Failure> {
        if let Some(failure) = world.ignorance_of(Subnet::NAME) {
            return Err(failure.clone());
        }
        let numbered = standing::<Subnet>(world).filter_map(|(address, subnet)| {
            Some((address.name.rsplit_once('-')?.1.parse().ok()?, subnet.zone))
        });
        let zones = numbered.collect();
        Ok(Self { zones, engine: running_engine(world) })
    }

    /// What AWS says, as the environment may assume it.
    pub fn facts(self, aws: &Aws, zones: Vec<String>, engine: EngineFacts) -> Facts {
        Facts {
            account_id: aws.account.clone(),
            partition: aws.partition.clone(),
            zones: sticky(&self.zones, zones),
            engine,
            running_engine: self.engine,
        }
    }
}

/// The zones in the order in which subnets take them: each number stays where it is, and the others get what is left.
fn sticky(taken: &BTreeMap<u8, String>, zones: Vec<String>) -> Vec<String> {
    let is_free = |zone: &String| !taken.values().any(|other| other == zone);
    let mut free = zones.into_iter().filter(is_free);
    let last = taken.keys().last().copied().unwrap_or_default();
    let mut sticky: Vec<String> =
        (1..=last).filter_map(|number| taken.get(&number).cloned().or_else(|| free.next())).collect();
    sticky.extend(free);
    sticky
}

/// The engine version that the environment's database runs.
fn running_engine(world: &World) -> RunningEngine {
    let mut running = standing::<DbCluster>(world).map(|(_, cluster)| cluster.engine_version);
    match (running.next(), world.ignorance_of(DbCluster::NAME)) {
        (Some(version), _) => RunningEngine::Version(version),
        (None, Some(_)) => RunningEngine::Unread,
        (None, None) => RunningEngine::Nothing,
    }
}

/// What is ours of a kind. A second object at an address decided nothing: it goes.
fn standing<K: Kind>(world: &World) -> impl Iterator<Item = (&Address, K::Spec)> {
    let standing = world.ours().filter(|(address, _)| address.kind == K::NAME && !address.is_surplus());
    standing
        .filter_map(|(address, object)| Some((address, K::Spec::deserialize(object.spec.as_ref()?).ok()?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::Tags;
    use crate::engine::{Meaning, Object, Observed, Phase};
    use crate::kinds::SubnetSpec;
    use crate::kinds::ids::VpcId;

    fn version(name: &str, max: f64) -> DbEngineVersion {
        let capacity = ServerlessV2FeaturesSupport::builder().min_capacity(0.5).max_capacity(max).build();
        DbEngineVersion::builder().engine_version(name).serverless_v2_features_support(capacity).build()
    }

    #[test]
    fn versions_of_a_major_come_in_the_order_of_their_numbers() {
        let names = ["15.12", "16.10", "16.9", "16.8", "16.8-limitless", "17.4"];
        let offered: Vec<_> = names.iter().map(|name| version(name, 256.0)).collect();
        assert_eq!(facts_of(&offered, "16.8").versions, ["16.8", "16.9", "16.10"]);
        assert!(facts_of(&offered, "14.1").versions.is_empty());
    }

    #[test]
    fn capacity_is_that_of_the_version_itself() {
        let offered = [version("16.1", 128.0), version("16.8", 256.0)];
        let facts = facts_of(&offered, "16.1");
        assert_eq!((facts.min_acu, facts.max_acu), (0.5, 128.0));
        assert_eq!(facts_of(&offered, "16.9").max_acu, 0.0);
    }

    /// A world with subnets of ours in those zones.
    fn world(subnets: &[(&str, &str)]) -> World {
        let subnet = |(name, zone): &(&str, &str)| {
            let spec = SubnetSpec {
                vpc: VpcId("vpc-1".into()).into(),
                cidr: "10.0.0.0/20".into(),
                zone: (*zone).to_owned(),
                public_ips: false,
                tags: Tags::default(),
            };
            let spec = Some(serde_json::to_value(spec).unwrap());
            let object = Object { id: (*name).to_owned(), spec, outputs: json!({}), phase: Phase::Ready };
            (Address::new("subnet", *name), Observed::Ours(object))
        };
        World { objects: subnets.iter().map(subnet).collect(), ..World::default() }
    }

    /// The zones of a region with three of them, for an environment with those subnets.
    fn order(subnets: &[(&str, &str)]) -> String {
        let decided = Decided::read(&world(subnets)).unwrap();
        sticky(&decided.zones, ["a", "b", "c"].map(String::from).into()).concat()
    }

    #[test]
    fn subnets_stay_in_their_zones_and_others_get_what_is_left() {
        assert_eq!(order(&[]), "abc");
        let (one, two) = ("network/private-subnet-1", "network/public-subnet-2");
        assert_eq!(order(&[(one, "c"), ("network/public-subnet-1", "c"), (two, "a")]), "cab");
        assert_eq!(order(&[(two, "c")]), "acb", "the first one is not made yet");
        assert_eq!(order(&[(one, "d")]), "dabc", "a zone that takes no new subnets");
    }

    #[test]
    fn a_second_subnet_at_an_address_turns_no_zones_round() {
        let (one, two) = (("network/public-subnet-1", "a"), ("network/public-subnet-2", "b"));
        for surplus in ["network/public-subnet-2#subnet-0abc", "network/public-subnet-2#subnet-1"] {
            assert_eq!(order(&[one, two, (surplus, "c")]), "abc", "{surplus}");
        }
    }

    #[test]
    fn zones_are_not_guessed_where_subnets_cannot_be_seen() {
        let failure = Failure::new("ec2:DescribeSubnets", "Timeout", Meaning::Transient, "no answer");
        let unread = [("subnet".to_owned(), failure.clone())].into();
        assert_eq!(Decided::read(&World { unread, ..World::default() }), Err(failure));
    }

    #[test]
    fn only_zones_that_need_no_opting_in_are_used() {
        let zone = |kind: &str, status| {
            AvailabilityZone::builder()
                .zone_type(kind)
                .opt_in_status(status)
                .state(AvailabilityZoneState::Available)
                .build()
        };
        assert!(usable(&zone("availability-zone", AvailabilityZoneOptInStatus::OptInNotRequired)));
        assert!(!usable(&zone("availability-zone", AvailabilityZoneOptInStatus::NotOptedIn)));
        assert!(!usable(&zone("local-zone", AvailabilityZoneOptInStatus::OptedIn)));
    }
}
