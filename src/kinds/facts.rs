//! What must be known of a region before an environment can be designed in it.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{AvailabilityZone, AvailabilityZoneOptInStatus, AvailabilityZoneState};
use aws_sdk_rds::types::{DbEngineVersion, ServerlessV2FeaturesSupport};

use crate::aws::{Aws, During};
use crate::engine::{Action, Failure};
use crate::kinds::bounds;
use crate::kinds::rds;
use crate::pipeline::{EngineFacts, EngineVersion};

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

#[cfg(test)]
mod tests {
    use super::*;

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
