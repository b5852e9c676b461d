//! What validation must look up in AWS and design may then assume.

use crate::api::VideoPipelineSpec;

use super::{Found, Invalid};

/// What AWS says of the account, the region and the database engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Account of the identity in use, 12 digits.
    pub account_id: String,
    /// Partition of that account: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Zones that may be used, in the order in which subnets take them: those of our own subnets first, by their
    /// number, then the region's other available ones. Empty when AWS has no such region.
    pub zones: Vec<String>,
    /// What AWS says of the engine version asked for.
    pub engine: EngineFacts,
    /// The engine version that the environment's database runs.
    pub running_engine: RunningEngine,
}

/// The engine version that an environment's database runs.
#[derive(Clone, Debug, PartialEq)]
pub enum RunningEngine {
    /// There is no database.
    Nothing,
    /// It is not known whether there is one.
    Unread,
    /// This one.
    Version(String),
}

impl RunningEngine {
    pub(super) fn version(&self) -> Option<&str> {
        match self {
            Self::Version(version) => Some(version),
            Self::Nothing | Self::Unread => None,
        }
    }
}

/// What AWS says of an Aurora PostgreSQL version in a region (`rds:DescribeDBEngineVersions`).
#[derive(Clone, Debug, PartialEq)]
pub struct EngineFacts {
    /// Every version that AWS offers of the same major, in ascending order.
    pub versions: Vec<String>,
    /// Least capacity of an instance of the version asked for, in ACU.
    pub min_acu: f64,
    /// Greatest capacity of an instance of the version asked for, in ACU.
    pub max_acu: f64,
}

impl Facts {
    /// What is wrong with `spec` in this account and region as a whole.
    pub(super) fn check(&self, spec: &VideoPipelineSpec) -> Found {
        let mut found = Found::default();
        found.add(self.zones.is_empty(), || {
            Invalid::new(
                "spec.region",
                format!("AWS offers no availability zone in {} to account {}", spec.region, self.account_id),
                "check the region's code, and enable the region for the account if it is one that must be enabled",
            )
        });
        found.add(partition_of(&spec.region) != self.partition, || {
            Invalid::new(
                "spec.region",
                format!(
                    "{} is not in partition {}, which account {} is in",
                    spec.region, self.partition, self.account_id
                ),
                "use a region of that partition, or credentials of the other one",
            )
        });
        found
    }
}

/// The partition that a region is in, which AWS puts into the first part of its code.
///
/// <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>
pub fn partition_of(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("eusc-") => "aws-eusc",
        _ if region.starts_with("us-iso-") => "aws-iso",
        _ if region.starts_with("us-isob-") => "aws-iso-b",
        _ => "aws",
    }
}
