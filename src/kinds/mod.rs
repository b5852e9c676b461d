//! The kinds of AWS resources that environments are made of, one file each: what one should be, what others may use of it,
//! and how to see, make, change and remove it. [`vpc`] is a good one to read first.
//!
//! What kinds share: [`sighting`] tells whose an object is, [`tagged`] asks the tagging API about it, [`untagged`] lists by
//! name what has no tags in lists, [`ec2`] lists by tags, [`rds`] lists clusters and tells what states mean, [`ecs`] reads
//! by name, [`policy`] compares documents of IAM, [`security_rule`] reads and writes one rule of a group.
//!
//! Architecture invariant: only the files of this directory call operations of AWS that read or change resources.
//! A new kind is a new file, a line in [`KINDS`], and its use in the design.

pub mod alarm;
pub mod db_cluster;
pub mod db_cluster_parameter_group;
pub mod db_instance;
pub mod db_subnet_group;
pub mod ec2;
pub mod ecs;
pub mod ecs_cluster;
pub mod facts;
pub mod ids;
pub mod internet_gateway;
pub mod log_group;
pub mod policy;
pub mod queue;
pub mod rds;
pub mod role;
pub mod role_policy;
pub mod rollout;
pub mod route_table;
pub mod route_table_association;
pub mod scalable_target;
pub mod scaling;
pub mod scaling_policy;
pub mod secret_rotation;
pub mod security_group;
pub mod security_group_rules;
pub mod security_rule;
pub mod service;
pub mod sighting;
pub mod stream;
pub mod subnet;
pub mod tagged;
pub mod task_definition;
pub mod untagged;
pub mod vpc;

pub use alarm::{Alarm, AlarmSpec};
pub use db_cluster::{DbCluster, DbClusterSpec};
pub use db_cluster_parameter_group::{DbClusterParameterGroup, DbClusterParameterGroupSpec};
pub use db_instance::{DbInstance, DbInstanceSpec};
pub use db_subnet_group::{DbSubnetGroup, DbSubnetGroupSpec};
pub use ecs_cluster::{EcsCluster, EcsClusterSpec};
pub use internet_gateway::{InternetGateway, InternetGatewaySpec};
pub use log_group::{LogGroup, LogGroupSpec};
pub use queue::{Queue, QueueSpec, Redrive};
pub use role::{Role, RoleSpec};
pub use role_policy::{RolePolicy, RolePolicySpec, Statement};
pub use route_table::{Route, RouteTable, RouteTableSpec};
pub use route_table_association::{RouteTableAssociation, RouteTableAssociationSpec};
pub use scalable_target::{ScalableTarget, ScalableTargetSpec};
pub use scaling_policy::{ScalingPolicy, ScalingPolicySpec};
pub use secret_rotation::{SecretRotation, SecretRotationSpec};
pub use security_group::{SecurityGroup, SecurityGroupSpec};
pub use security_group_rules::{SecurityGroupRules, SecurityGroupRulesSpec};
pub use security_rule::{Peer, Rule};
pub use service::{Service, ServiceSpec};
pub use stream::{Stream, StreamMode, StreamSpec};
pub use subnet::{Subnet, SubnetSpec};
pub use task_definition::{SecretKey, TaskDefinition, TaskDefinitionSpec};
pub use vpc::{Vpc, VpcSpec};

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
