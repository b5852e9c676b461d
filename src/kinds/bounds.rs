//! What bounds the permissions of kinds: types of resources, and conditions, as the Service Authorization Reference of AWS
//! has them for each action.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
//!
//! Most types have three bounds: `NEW` for what makes an object, which has to tag it as ours; `OURS` for what changes one that
//! is tagged as ours, by whichever operator, so that a new owner can take it over; `NAMED` for one that has a name of ours. What
//! has a name is bound by it in all three. Services other than EC2 and ECS cannot tell a tag that is set at creation from one
//! that is set later: `TAGGED` lets both be set, on what has a name of ours.

use crate::engine::{Condition, Grant, ResourceType};

use Condition::{Boundary, BoundaryOnly, Is, Lacks, Names, RequestTag, ResourceTag, True};

/// Lists, and what AWS takes no resource for: there is nothing to bound.
pub const LOOK: &[Grant] = &[Grant { on: &[ResourceType::ANY], when: &[] }];

/// What changes something, though AWS takes no resource for it and knows no condition.
pub const UNBOUNDABLE: &[Grant] = LOOK;

/// What a kind can do and no design asks of it: it is not allowed.
pub const NEVER: &[Grant] = &[];

/// The bounds of one type of resources.
macro_rules! bounds {
    ($($(#[$doc:meta])* $module:ident: $service:literal, $form:literal, $named:literal;)*) => {$(
        $(#[$doc])*
        #[allow(missing_docs, reason = "the module's documentation says what they are")]
        pub mod $module {
            use super::{Grant, RequestTag, ResourceTag, ResourceType};

            pub const TYPE: ResourceType = ResourceType::named($service, $form, $named);
            const NEW_ONE: Grant = Grant { on: &[TYPE], when: &[RequestTag] };
            const OUR_OWN: Grant = Grant { on: &[TYPE], when: &[ResourceTag] };
            pub const NAMED: &[Grant] = &[Grant { on: &[TYPE], when: &[] }];
            pub const NEW: &[Grant] = &[NEW_ONE];
            pub const OURS: &[Grant] = &[OUR_OWN];
            pub const TAGGED: &[Grant] = &[NEW_ONE, OUR_OWN];
        }
    )*};
}

bounds! {
    /// Streams. <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html>
    stream: "kinesis", "stream/{}", "stream";
    /// Queues. <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html>
    queue: "sqs", "{}", "queue";
    /// Log groups; their ARNs end in several ways.
    /// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html>
    log_group: "logs", "log-group:{}*", "logGroup";
    /// Alarms. <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html>
    alarm: "cloudwatch", "alarm:{}", "alarm";
    /// DB clusters. <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html>
    db_cluster: "rds", "cluster:{}", "dbCluster";
    /// DB instances.
    db_instance: "rds", "db:{}", "dbInstance";
    /// DB subnet groups.
    db_subnet_group: "rds", "subgrp:{}", "dbSubnetGroup";
    /// DB cluster parameter groups.
    parameter_group: "rds", "cluster-pg:{}", "dbClusterParameterGroup";
    /// Final snapshots of DB clusters.
    final_snapshot: "rds", "cluster-snapshot:{}-final-*", "dbCluster";
    /// ECS clusters.
    /// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html>
    ecs_cluster: "ecs", "cluster/{}", "ecsCluster";
    /// Services.
    service: "ecs", "service/{}", "service";
    /// Service revisions.
    service_revision: "ecs", "service-revision/{}/*", "service";
    /// Task definitions, each revision by itself.
    task_definition: "ecs", "task-definition/{}:*", "taskDefinition";
    /// Roles, which stand under a path of ours. Conditions on their tags are left out: IAM shows tags late, and nothing else
    /// stands there. <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>
    role: "iam", "role/video-pipeline/{}", "role";
}

/// Networks. What is put into one is a resource of the call, as the network itself is.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
pub mod ec2 {
    use super::{Grant, Is, Lacks, RequestTag, ResourceTag, ResourceType};

    const VPC: ResourceType = ResourceType::of("ec2", "vpc/*");
    const SECURITY_GROUP: ResourceType = ResourceType::of("ec2", "security-group/*");
    const EVERY_TYPE: ResourceType = ResourceType::of("ec2", "*/*");
    const OUR_VPC: Grant = Grant { on: &[VPC], when: &[ResourceTag] };
    const OUR_OWN: Grant = Grant { on: &[EVERY_TYPE], when: &[ResourceTag] };

    const fn new(on: &'static [ResourceType]) -> Grant {
        Grant { on, when: &[RequestTag] }
    }

    /// What makes a VPC.
    pub const NEW_VPC: &[Grant] = &[new(&[VPC])];
    /// What makes an internet gateway.
    pub const NEW_INTERNET_GATEWAY: &[Grant] = &[new(&[ResourceType::of("ec2", "internet-gateway/*")])];
    /// What makes a subnet in a VPC of ours.
    pub const NEW_SUBNET: &[Grant] = &[new(&[ResourceType::of("ec2", "subnet/*")]), OUR_VPC];
    /// What makes a route table in a VPC of ours.
    pub const NEW_ROUTE_TABLE: &[Grant] = &[new(&[ResourceType::of("ec2", "route-table/*")]), OUR_VPC];
    /// What makes a security group in a VPC of ours.
    pub const NEW_SECURITY_GROUP: &[Grant] = &[new(&[SECURITY_GROUP]), OUR_VPC];

    /// What changes something: all of its resources are ours.
    pub const OURS: &[Grant] = &[OUR_OWN];

    /// What sets tags: at creation alone on what is not ours yet.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>
    pub const TAGGED: &[Grant] =
        &[Grant { on: &[EVERY_TYPE], when: &[RequestTag, Is("ec2:CreateAction", MAKE)] }, OUR_OWN];
    const MAKE: &[&str] =
        &["CreateInternetGateway", "CreateRouteTable", "CreateSecurityGroup", "CreateSubnet", "CreateVpc"];

    /// What takes rules out of groups: also out of the default group of a VPC, which AWS makes, and makes without tags. Nothing
    /// that a policy can say of that group tells it from the default group of another VPC; that it has no name keeps away from
    /// most other groups, and nothing can be opened by it.
    pub const OURS_OR_NAMELESS: &[Grant] =
        &[OUR_OWN, Grant { on: &[SECURITY_GROUP], when: &[Lacks("aws:ResourceTag/Name")] }];
}

/// What sets tags of ECS: at creation alone on what is not ours yet.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html>
pub const TAGGED_IN_ECS: &[Grant] = &[
    Grant { on: ALL_OF_ECS, when: &[RequestTag, Is("ecs:CreateAction", MADE_IN_ECS)] },
    Grant { on: ALL_OF_ECS, when: &[ResourceTag] },
];
const ALL_OF_ECS: &[ResourceType] = &[ecs_cluster::TYPE, service::TYPE, task_definition::TYPE];
const MADE_IN_ECS: &[&str] = &["CreateCluster", "CreateService", "RegisterTaskDefinition"];

/// What reads a revision of a service.
pub const SERVICE_REVISION: &[Grant] = &[Grant { on: &[service::TYPE, service_revision::TYPE], when: &[] }];

/// What handles a log group that services of AWS write to: they may have made it before us, without tags.
pub const LOG_GROUP_OF_AWS: &[Grant] =
    &[Grant { on: &[ResourceType { beginning: "/aws/", ..log_group::TYPE }], when: &[] }, log_group::OURS[0]];

/// The groups of options and of parameters that AWS has for whoever names none.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/security_iam_id-based-policy-examples-create-and-modify-examples.html>
const DEFAULT_OPTIONS: ResourceType = ResourceType::of("rds", "og:default*");
const DEFAULT_PARAMETERS: ResourceType = ResourceType::of("rds", "pg:default*");

/// What makes a DB cluster, which uses groups of ours.
pub const NEW_DB_CLUSTER: &[Grant] = &[
    db_cluster::NEW[0],
    Grant { on: &[parameter_group::TYPE, db_subnet_group::TYPE, DEFAULT_OPTIONS], when: &[] },
];
/// What changes a DB cluster.
pub const OUR_DB_CLUSTER: &[Grant] = &[db_cluster::OURS[0], parameter_group::NAMED[0]];
/// What deletes a DB cluster, and takes its final snapshot.
pub const DELETE_DB_CLUSTER: &[Grant] = &[db_cluster::OURS[0], final_snapshot::NAMED[0]];
/// What makes a DB instance in a DB cluster of ours.
pub const NEW_DB_INSTANCE: &[Grant] = &[
    db_instance::NEW[0],
    db_cluster::OURS[0],
    Grant { on: &[db_subnet_group::TYPE, DEFAULT_OPTIONS, DEFAULT_PARAMETERS], when: &[] },
];

/// A secret that RDS makes and rotates, and how it is called.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html>
const SECRET: ResourceType = ResourceType::of("secretsmanager", "secret:rds!cluster-*");
/// What RDS makes a secret with, on the caller's behalf.
pub const NEW_SECRET: &[Grant] = &[Grant { on: &[SECRET], when: &[] }];
/// The secret of a cluster that has a name of ours.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html>
pub const OUR_SECRET: &[Grant] = &[Grant {
    on: &[SECRET],
    when: &[Names("aws:ResourceTag/aws:rds:primaryDBClusterArn", db_cluster::TYPE)],
}];

/// A key that the user names, in whichever account. Its own policy has the last word.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html>
const KEY: ResourceType = ResourceType::of("kms", "key/*");
/// What looks at a key.
pub const LOOK_AT_KEY: &[Grant] = &[Grant { on: &[KEY], when: &[] }];
/// What RDS and Secrets Manager use a key for, on the caller's behalf.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service>
pub const KEY_BY_SERVICE: &[Grant] = &[Grant { on: &[KEY], when: &[VIA_SERVICE] }];
/// What lets RDS use a key from then on.
pub const KEY_FOR_SERVICE: &[Grant] =
    &[Grant { on: &[KEY], when: &[VIA_SERVICE, True("kms:GrantIsForAWSResource")] }];
const VIA_SERVICE: Condition = Is("kms:ViaService", &["rds.*", "secretsmanager.*"]);
/// What encrypts a stream of ours with a key.
pub const OUR_STREAM_AND_KEY: &[Grant] = &[stream::OURS[0], Grant { on: &[KEY], when: &[] }];

/// The target and the policies of a service that is scaled. Targets are called by ids that AWS chooses, and are not tagged:
/// they belong to their service.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsapplicationautoscaling.html>
pub const SCALED_SERVICE: &[Grant] = &[Grant {
    on: &[ResourceType::of("application-autoscaling", "scalable-target/*")],
    when: &[
        Is("application-autoscaling:scalable-dimension", &["ecs:service:DesiredCount"]),
        Is("application-autoscaling:service-namespace", &["ecs"]),
    ],
}];
/// The alarms that a target tracking policy has for a service.
pub const TRACKING_ALARM: &[Grant] = &[Grant {
    on: &[ResourceType::named("cloudwatch", "alarm:TargetTracking-{}-*", "scalableTarget")],
    when: &[],
}];

/// What makes a role, within the boundary.
pub const NEW_ROLE: &[Grant] = &[Grant { on: &[role::TYPE], when: &[RequestTag, Boundary] }];
/// What gives a role permissions, within the boundary.
pub const BOUNDED_ROLE: &[Grant] = &[Grant { on: &[role::TYPE], when: &[Boundary] }];
/// What sets the boundary.
pub const BOUNDARY_OF_ROLE: &[Grant] = &[Grant { on: &[role::TYPE], when: &[BoundaryOnly] }];
/// What hands a role to tasks, and to nothing else.
pub const ROLE_FOR_TASKS: &[Grant] =
    &[Grant { on: &[role::TYPE], when: &[Is("iam:PassedToService", &["ecs-tasks.amazonaws.com"])] }];
/// What makes service-linked roles, which AWS services need at first use.
pub const SERVICE_LINKED_ROLE: &[Grant] = &[Grant {
    on: &[ResourceType::of("iam", "role/aws-service-role/*")],
    when: &[Is(
        "iam:AWSServiceName",
        &["ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "rds.amazonaws.com"],
    )],
}];
