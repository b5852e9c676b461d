//! What AWS calls things, each kind of name with a type of its own, so that a subnet is never given where a group belongs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Types that wrap a name and serialize as it.
macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $id(pub String);

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $id {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&str> for $id {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }
    )*};
}

ids! {
    /// A VPC: `vpc-0a1b2c3d4e5f60718`.
    VpcId,
    /// An internet gateway: `igw-0a1b2c3d4e5f60718`.
    InternetGatewayId,
    /// A subnet: `subnet-0a1b2c3d4e5f60718`.
    SubnetId,
    /// A subnet whose traffic is routed as it should be.
    RoutableSubnetId,
    /// A route table: `rtb-0a1b2c3d4e5f60718`.
    RouteTableId,
    /// The use of a route table by a subnet: `rtbassoc-0a1b2c3d4e5f60718`.
    RouteTableAssociationId,
    /// A security group: `sg-0a1b2c3d4e5f60718`.
    SecurityGroupId,
    /// A role's name, unique in the account.
    RoleName,
    /// A role: `arn:aws:iam::123456789012:role/video-pipeline/video-processing-task-role-dev`.
    RoleArn,
    /// A role that has the permissions that it should have.
    GrantedRoleArn,
    /// A stream's name.
    StreamName,
    /// A stream: `arn:aws:kinesis:eu-west-1:123456789012:stream/video-ingestion-stream-dev`.
    StreamArn,
    /// A queue's name.
    QueueName,
    /// A queue: `arn:aws:sqs:eu-west-1:123456789012:video-processing-jobs-dev`.
    QueueArn,
    /// Where a queue is called.
    QueueUrl,
    /// A log group's name: `/ecs/video-processing-dev`.
    LogGroupName,
    /// A log group, without `:*` at its end.
    LogGroupArn,
    /// An alarm's name.
    AlarmName,
    /// An alarm.
    AlarmArn,
    /// A DB subnet group's name.
    DbSubnetGroupName,
    /// A DB subnet group: `arn:aws:rds:eu-west-1:123456789012:subgrp:video-metadata-subnet-group-dev`.
    DbSubnetGroupArn,
    /// A DB cluster parameter group's name.
    DbClusterParameterGroupName,
    /// A DB cluster parameter group: `arn:aws:rds:eu-west-1:123456789012:cluster-pg:params-pg16-dev`.
    DbClusterParameterGroupArn,
    /// A DB cluster's identifier: `video-metadata-cluster-dev`.
    DbClusterId,
    /// A DB cluster.
    DbClusterArn,
    /// A DB instance's identifier: `video-metadata-instance-1-dev`.
    DbInstanceId,
    /// A DB instance: `arn:aws:rds:eu-west-1:123456789012:db:video-metadata-instance-1-dev`.
    DbInstanceArn,
    /// A secret.
    SecretArn,
    /// An ECS cluster's name.
    EcsClusterName,
    /// An ECS cluster.
    EcsClusterArn,
    /// A revision of a task definition: `arn:aws:ecs:eu-west-1:123456789012:task-definition/video-processing-task-dev:3`.
    TaskDefinitionArn,
    /// An ECS service's name.
    ServiceName,
    /// An ECS service.
    ServiceArn,
    /// What Application Auto Scaling scales: `service/CLUSTER/SERVICE`.
    ScalableId,
    /// A scaling policy.
    ScalingPolicyArn,
}
