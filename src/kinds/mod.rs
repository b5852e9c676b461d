//! The kinds of AWS resources that environments are made of: what one should be, what others may use of it, and how to see,
//! make, change and remove it. [`ec2::vpc`] is a good one to read first.
//!
//! A file for each kind, in a folder for each service that has several; a folder's `mod.rs` is what its kinds share. What all
//! share: [`sighting`] tells whose an object is, [`tagged`] asks the tagging API about it, [`untagged`] lists by name what
//! has no tags in lists, [`ids`] are the types of names, [`bounds`] bound what kinds may do, [`facts`] is what validation has to
//! look up.
//!
//! Architecture invariant: only the files of this directory call operations of AWS that read or change resources.
//! A new kind is a new file, a line in [`KINDS`], and its use in the design.

pub mod alarm;
pub mod bounds;
pub mod ec2;
pub mod ecs;
pub mod facts;
pub mod iam;
pub mod ids;
pub mod logs;
pub mod queue;
pub mod rds;
pub mod scaling;
pub mod sighting;
pub mod stream;
pub mod tagged;
pub mod untagged;

pub use alarm::{Alarm, AlarmSpec};
pub use ec2::internet_gateway::{InternetGateway, InternetGatewaySpec};
pub use ec2::route_table::{Route, RouteTable, RouteTableSpec};
pub use ec2::route_table_association::{RouteTableAssociation, RouteTableAssociationSpec};
pub use ec2::security_group::{SecurityGroup, SecurityGroupSpec};
pub use ec2::security_group_rules::{SecurityGroupRules, SecurityGroupRulesSpec};
pub use ec2::security_rule::{Peer, Rule};
pub use ec2::subnet::{Subnet, SubnetSpec};
pub use ec2::vpc::{Vpc, VpcSpec};
pub use ecs::ecs_cluster::{EcsCluster, EcsClusterSpec};
pub use ecs::service::{Service, ServiceSpec};
pub use ecs::task_definition::{SecretKey, TaskDefinition, TaskDefinitionSpec};
pub use iam::role::{Role, RoleSpec};
pub use iam::role_policy::{RolePolicy, RolePolicySpec, Statement};
pub use logs::log_group::{LogGroup, LogGroupSpec};
pub use queue::{Queue, QueueSpec, Redrive};
pub use rds::db_cluster::{DbCluster, DbClusterSpec};
pub use rds::db_cluster_parameter_group::{DbClusterParameterGroup, DbClusterParameterGroupSpec};
pub use rds::db_instance::{DbInstance, DbInstanceSpec};
pub use rds::db_subnet_group::{DbSubnetGroup, DbSubnetGroupSpec};
pub use rds::secret_rotation::{SecretRotation, SecretRotationSpec};
pub use scaling::scalable_target::{ScalableTarget, ScalableTargetSpec};
pub use scaling::scaling_policy::{ScalingPolicy, ScalingPolicySpec};
pub use stream::{Stream, StreamMode, StreamSpec};

use crate::engine::Defect;

// In dependency order: a kind comes after those whose outputs it takes.
crate::engine::kinds! {
    crate::aws::Aws:
    Role,
    LogGroup,
    Vpc,
    Subnet,
    InternetGateway,
    RouteTable,
    RouteTableAssociation,
    SecurityGroup,
    SecurityGroupRules,
    Stream,
    Queue,
    DbSubnetGroup,
    DbClusterParameterGroup,
    DbCluster,
    DbInstance,
    SecretRotation,
    RolePolicy,
    EcsCluster,
    TaskDefinition,
    Service,
    ScalableTarget,
    ScalingPolicy,
    Alarm,
}

/// The kind called `name`.
pub fn kind(name: &str) -> Option<&'static dyn crate::engine::AnyKind<crate::aws::Aws>> {
    KINDS.iter().find(|kind| kind.name() == name).copied()
}

/// What is wrong with an object that never became what it should, and holds nothing.
fn stillborn(why: impl Into<String>) -> Defect {
    Defect::new(why, "delete it in AWS, and it is made anew")
}
