//! The Aurora cluster with its groups and instances, and the secret that RDS keeps for it.

use std::collections::{BTreeMap, BTreeSet};

use super::blueprint::Blueprint;
use super::logs::{Logs, word};
use super::network::Ground;
use crate::engine::{Input, Ref};
use crate::kinds::ids::DbClusterParameterGroupName;
use crate::kinds::rds::db_cluster::{MANAGED_KEY, key_id};
use crate::kinds::{
    DbCluster, DbClusterParameterGroup, DbClusterParameterGroupSpec, DbClusterSpec, DbInstanceSpec,
    DbSubnetGroup, DbSubnetGroupSpec, SecretRotation, SecretRotationSpec,
};
use crate::pipeline::Database;

/// Where the videos' metadata is kept.
pub struct Storage {
    /// The cluster.
    pub cluster: Ref<DbCluster>,
    /// The rotation of its master secret.
    pub rotation: Ref<SecretRotation>,
}

/// What every connection and every change of the schema must be like.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Reference.ParameterGroups.html>
const PARAMETERS: [(&str, &str); 3] = [(FORCE_SSL, "1"), ("log_connections", "1"), ("log_statement", "ddl")];

const FORCE_SSL: &str = "rds.force_ssl";

/// The first major whose own value of `rds.force_ssl` is 1. AWS does not count a parameter as set that has the engine's
/// value, so it is not wanted there: what somebody sets it to is seen, and reset.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html>
const FORCES_SSL: u16 = 17;

/// Instances with serverless capacity.
const SERVERLESS: &str = "db.serverless";

/// Lays out the database.
pub fn database(blueprint: &mut Blueprint<'_>, ground: &Ground, logs: &Logs) -> Storage {
    let database = &blueprint.pipeline.database;
    let parameter_group = parameter_group(blueprint, database);
    let subnet_group = DbSubnetGroupSpec {
        description: "Private subnets of the video pipeline".into(),
        subnets: ground.database_subnets.clone(),
        tags: blueprint.tags(),
    };
    let subnet_group = blueprint.add(blueprint.names.subnet_group(), subnet_group);
    let key = database.kms_key_id.as_deref().unwrap_or(MANAGED_KEY);
    let cluster = DbClusterSpec {
        engine_major: database.engine.major,
        engine_version: database.engine.to_string(),
        database_name: database.name.clone(),
        username: database.username.clone(),
        kms_key_id: Some(key.to_owned()),
        key_id: key_id(key).map(str::to_owned),
        subnet_group: subnet_group.output(DbSubnetGroup::ID),
        security_groups: BTreeSet::from([ground.database.clone()]),
        parameter_group,
        min_acu: database.min_acu,
        max_acu: database.max_acu,
        backup_retention_days: database.backup_retention_days,
        deletion_protection: database.deletion_protection,
        final_snapshot: database.final_snapshot,
        log_exports: database.log_exports.iter().map(|log| word(*log).to_owned()).collect(),
        http_endpoint: false,
        after: logs.database.clone(),
        tags: blueprint.tags(),
    };
    let cluster = blueprint.add(blueprint.names.database(), cluster);
    instances(blueprint, database, &cluster);
    let rotation =
        SecretRotationSpec { secret: cluster.output(DbCluster::SECRET), days: database.rotation_days };
    let rotation = blueprint.add(blueprint.names.secret_rotation(), rotation);
    Storage { cluster, rotation }
}

fn parameter_group(blueprint: &mut Blueprint<'_>, database: &Database) -> Input<DbClusterParameterGroupName> {
    let major = database.engine.major;
    let spec = DbClusterParameterGroupSpec {
        family: format!("aurora-postgresql{major}"),
        description: "TLS only; connections and schema changes are logged".into(),
        parameters: parameters(major),
        tags: blueprint.tags(),
    };
    let group = blueprint.add(blueprint.names.parameter_group(major), spec);
    group.output(DbClusterParameterGroup::ID)
}

fn parameters(major: u16) -> BTreeMap<String, String> {
    let differs = |name: &str| name != FORCE_SSL || major < FORCES_SSL;
    let set = PARAMETERS.into_iter().filter(|(name, _)| differs(name));
    set.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Instances go round the zones; the first is the one that AWS prefers as writer.
fn instances(blueprint: &mut Blueprint<'_>, database: &Database, cluster: &Ref<DbCluster>) {
    let zones = blueprint.pipeline.network.subnets.iter().map(|subnet| &subnet.zone).cycle();
    for (number, zone) in (1..=database.instances).zip(zones) {
        let spec = DbInstanceSpec {
            cluster: cluster.output(DbCluster::ID),
            zone: zone.clone(),
            class: SERVERLESS.into(),
            promotion_tier: i32::from(number > 1),
            public: false,
            auto_minor_upgrade: false,
            tags: blueprint.tags(),
        };
        blueprint.add(blueprint.names.instance(number), spec);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_parameter_is_set_to_the_engine_s_own_value() {
        let ssl = |major| parameters(major).get(FORCE_SSL).cloned();
        assert_eq!([ssl(15), ssl(16)], [Some("1".to_owned()), Some("1".to_owned())]);
        assert_eq!([ssl(17), ssl(18)], [None, None]);
        assert_eq!(parameters(17).len(), PARAMETERS.len() - 1);
    }
}
