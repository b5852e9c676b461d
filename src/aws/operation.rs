//! What an AWS call is named, and whether it changes anything.

use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::Metadata;

/// One operation of an AWS service, spelt as IAM spells actions: `ec2:CreateVpc`.
///
/// Prefixes: <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    prefix: &'static str,
    name: String,
}

/// The name that an SDK gives its service, and the service's prefix in IAM actions.
const PREFIXES: &[(&str, &str)] = &[
    ("Application Auto Scaling", "application-autoscaling"),
    ("CloudWatch", "cloudwatch"),
    ("CloudWatch Logs", "logs"),
    ("EC2", "ec2"),
    ("ECS", "ecs"),
    ("IAM", "iam"),
    ("Kinesis", "kinesis"),
    ("RDS", "rds"),
    ("Resource Groups Tagging API", "tag"),
    ("SQS", "sqs"),
    ("STS", "sts"),
    ("Secrets Manager", "secretsmanager"),
];

/// Verbs that only look. All others are taken to change something, so that a new one is fenced and audited by default.
const READS: &[&str] = &["Describe", "Get", "List", "AssumeRole"];

impl Operation {
    /// The operation `name` of the service that its SDK calls `service`, for instance `CreateVpc` of `EC2`.
    pub fn new(service: &str, name: impl Into<String>) -> Self {
        let prefix = PREFIXES.iter().find(|(sdk, _)| *sdk == service).map_or("unknown", |(_, prefix)| prefix);
        Self { prefix, name: name.into() }
    }

    /// The service's prefix in IAM actions: `ec2`.
    pub fn service(&self) -> &'static str {
        self.prefix
    }

    /// The service as its SDK calls it: `EC2`.
    pub fn sdk_service(&self) -> &'static str {
        PREFIXES.iter().find(|(_, prefix)| *prefix == self.prefix).map_or(self.prefix, |(sdk, _)| sdk)
    }

    /// The operation without its service: `CreateVpc`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the operation may change anything in AWS.
    pub fn mutates(&self) -> bool {
        !READS.iter().any(|verb| self.name.starts_with(verb))
    }
}

impl From<&Metadata> for Operation {
    fn from(metadata: &Metadata) -> Self {
        Self::new(metadata.service(), metadata.name())
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.prefix, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation that the operator calls, by service; those that only look come first.
    const CALLED: &[(&str, &str, &str)] = &[
        (
            "EC2",
            "DescribeVpcs DescribeVpcAttribute DescribeInternetGateways DescribeSubnets DescribeRouteTables \
             DescribeSecurityGroups DescribeSecurityGroupRules DescribeAvailabilityZones DescribeNetworkInterfaces \
             DescribeTags",
            "CreateVpc ModifyVpcAttribute DeleteVpc CreateInternetGateway AttachInternetGateway \
             DetachInternetGateway DeleteInternetGateway CreateSubnet ModifySubnetAttribute DeleteSubnet \
             CreateRouteTable CreateRoute ReplaceRoute DeleteRoute AssociateRouteTable DisassociateRouteTable \
             ReplaceRouteTableAssociation DeleteRouteTable CreateSecurityGroup AuthorizeSecurityGroupIngress \
             AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress \
             DeleteSecurityGroup CreateTags DeleteTags",
        ),
        (
            "Kinesis",
            "DescribeStreamSummary ListStreams ListTagsForStream",
            "CreateStream AddTagsToStream RemoveTagsFromStream IncreaseStreamRetentionPeriod \
             DecreaseStreamRetentionPeriod EnableEnhancedMonitoring DisableEnhancedMonitoring \
             StartStreamEncryption StopStreamEncryption UpdateShardCount UpdateStreamMode DeleteStream",
        ),
        (
            "SQS",
            "ListQueues GetQueueUrl GetQueueAttributes ListQueueTags",
            "CreateQueue SetQueueAttributes TagQueue UntagQueue DeleteQueue",
        ),
        ("Secrets Manager", "DescribeSecret ListSecrets", "RotateSecret TagResource UntagResource"),
        (
            "RDS",
            "DescribeDBClusters DescribeDBInstances DescribeDBSubnetGroups DescribeDBClusterParameterGroups \
             DescribeDBClusterParameters DescribeDBEngineVersions ListTagsForResource",
            "CreateDBCluster ModifyDBCluster DeleteDBCluster CreateDBInstance ModifyDBInstance DeleteDBInstance \
             CreateDBSubnetGroup ModifyDBSubnetGroup DeleteDBSubnetGroup CreateDBClusterParameterGroup \
             ModifyDBClusterParameterGroup DeleteDBClusterParameterGroup ResetDBClusterParameterGroup \
             AddTagsToResource RemoveTagsFromResource",
        ),
        (
            "ECS",
            "DescribeClusters DescribeTaskDefinition ListTaskDefinitions DescribeServices ListServices \
             ListServiceDeployments DescribeServiceDeployments ListTasks DescribeTasks ListTagsForResource",
            "CreateCluster UpdateCluster UpdateClusterSettings PutClusterCapacityProviders DeleteCluster \
             RegisterTaskDefinition DeregisterTaskDefinition CreateService UpdateService DeleteService \
             TagResource UntagResource",
        ),
        (
            "Application Auto Scaling",
            "DescribeScalableTargets DescribeScalingPolicies",
            "RegisterScalableTarget DeregisterScalableTarget PutScalingPolicy DeleteScalingPolicy",
        ),
        (
            "IAM",
            "GetRole ListRoles GetAccountAuthorizationDetails GetRolePolicy ListRolePolicies ListRoleTags \
             ListAttachedRolePolicies",
            "CreateRole UpdateAssumeRolePolicy UpdateRole PutRolePolicy DeleteRolePolicy TagRole UntagRole \
             PutRolePermissionsBoundary DeleteRolePermissionsBoundary DeleteRole AttachRolePolicy \
             DetachRolePolicy",
        ),
        (
            "CloudWatch Logs",
            "DescribeLogGroups ListTagsForResource",
            "CreateLogGroup PutRetentionPolicy DeleteRetentionPolicy TagResource UntagResource DeleteLogGroup",
        ),
        (
            "CloudWatch",
            "DescribeAlarms ListTagsForResource",
            "PutMetricAlarm DeleteAlarms TagResource UntagResource",
        ),
        ("Resource Groups Tagging API", "GetResources", ""),
        ("STS", "GetCallerIdentity AssumeRole AssumeRoleWithWebIdentity", ""),
    ];

    #[test]
    fn reads_and_mutations_are_told_apart() {
        for (service, reads, mutations) in CALLED {
            for name in reads.split_whitespace() {
                assert!(!Operation::new(service, name).mutates(), "{service} {name}");
            }
            for name in mutations.split_whitespace() {
                assert!(Operation::new(service, name).mutates(), "{service} {name}");
            }
        }
    }

    #[test]
    fn every_service_has_its_iam_prefix() {
        for (service, ..) in CALLED {
            assert_ne!(Operation::new(service, "X").service(), "unknown", "{service}");
        }
        assert_eq!(Operation::new("EC2", "CreateVpc").to_string(), "ec2:CreateVpc");
        assert_eq!(
            Operation::new("Resource Groups Tagging API", "GetResources").to_string(),
            "tag:GetResources"
        );
    }
}
