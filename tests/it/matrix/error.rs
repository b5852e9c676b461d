//! What goes wrong with a call, and how each service of AWS says it.

use std::fmt;

use crate::wire::{Fault, Refusal};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Error {
    /// Too many calls.
    Throttled,
    /// AWS breaks.
    Internal,
    /// AWS is overloaded.
    Unavailable,
    /// The connection is refused.
    NotSent,
    /// The call is carried out, and the connection is reset.
    ReplyLost,
    /// The call is carried out, and no answer comes in time.
    NoAnswer,
    /// The identity may not do this.
    Denied,
    /// A quota is used up.
    Quota,
    /// What was just made is not there.
    NotFound,
    /// The name is taken, by something that is not to be seen.
    AlreadyExists,
    /// It is carried out, and AWS says that the name is taken: an earlier attempt had arrived.
    AlreadyOurs,
    /// Something still uses it, or it is busy.
    InUse,
    /// A parameter is not what AWS takes.
    Invalid,
    /// The credentials have expired.
    Expired,
}

use Error::*;

/// Each as it is called in the table and in the name of a cell.
pub const ALL: [(&str, Error); 14] = [
    ("throttled", Throttled),
    ("internal-error", Internal),
    ("unavailable", Unavailable),
    ("not-sent", NotSent),
    ("reply-lost", ReplyLost),
    ("no-answer", NoAnswer),
    ("denied", Denied),
    ("over-quota", Quota),
    ("not-found", NotFound),
    ("already-exists", AlreadyExists),
    ("already-ours", AlreadyOurs),
    ("in-use", InUse),
    ("invalid", Invalid),
    ("expired-token", Expired),
];

type Said = (Error, &'static str, u16, &'static str, &'static str);

/// What AWS answers to operations that begin so: the first that fits. Each service's page of common errors, and those of
/// the operations.
#[rustfmt::skip]
const SAID: &[Said] = &[
    (Throttled, "ec2:", 503, "RequestLimitExceeded", "Request limit exceeded."),
    (Throttled, "iam:", 400, "Throttling", "Rate exceeded"),
    (Throttled, "rds:", 400, "Throttling", "Rate exceeded"),
    (Throttled, "cloudwatch:", 400, "Throttling", "Rate exceeded"),
    (Throttled, "sqs:", 403, "RequestThrottled", "Request is throttled."),
    (Throttled, "kinesis:", 400, "LimitExceededException", "Rate exceeded for stream s under account 123456789012."),
    (Throttled, "tag:", 400, "ThrottledException", "Rate exceeded"),
    (Throttled, "", 400, "ThrottlingException", "Rate exceeded"),

    (Internal, "ec2:", 500, "InternalError", "An internal error has occurred."),
    (Internal, "iam:", 500, "ServiceFailure", "An internal error has occurred."),
    (Internal, "ecs:", 500, "ServerException", "Service Unavailable. Please try again later."),
    (Internal, "secretsmanager:", 500, "InternalServiceError", "An error occurred on the server side."),
    (Internal, "application-autoscaling:", 500, "InternalServiceException", "The service encountered an internal error."),
    (Internal, "cloudwatch:", 500, "InternalServiceError", "The service encountered an internal error."),
    (Internal, "", 500, "InternalFailure", "An internal error has occurred."),

    (Unavailable, "ec2:", 503, "Unavailable", "The service is unavailable. Please try again shortly."),
    (Unavailable, "logs:", 503, "ServiceUnavailableException", "The service cannot complete the request."),
    (Unavailable, "", 503, "ServiceUnavailable", "The service is unavailable."),

    (Denied, "ec2:", 403, "UnauthorizedOperation", "You are not authorized to perform this operation."),
    (Denied, "iam:", 403, "AccessDenied", "User: u is not authorized to perform this."),
    (Denied, "rds:", 403, "AccessDenied", "User: u is not authorized to perform this."),
    (Denied, "cloudwatch:", 403, "AccessDenied", "User: u is not authorized to perform this."),
    (Denied, "", 400, "AccessDeniedException", "User: u is not authorized to perform this."),

    (Quota, "ec2:", 400, "VpcLimitExceeded", "The maximum number has been reached."),
    (Quota, "iam:", 409, "LimitExceeded", "Cannot exceed quota."),
    (Quota, "rds:", 400, "InstanceQuotaExceeded", "The quota is exceeded."),
    (Quota, "cloudwatch:", 400, "LimitExceeded", "The quota has already been reached."),
    (Quota, "sqs:", 403, "OverLimit", "The maximum number is reached."),
    // Of Kinesis, nothing else has a quota; the same code is then that of a rate.
    (Quota, "kinesis:CreateStream", 400, "LimitExceededException", "The quota of the account is exceeded."),
    (Quota, "kinesis:UpdateShardCount", 400, "LimitExceededException", "The quota of the account is exceeded."),
    (Quota, "kinesis:UpdateStreamMode", 400, "LimitExceededException", "The quota of the account is exceeded."),
    (Quota, "ecs:", 400, "LimitExceededException", "The quota of the account is exceeded."),
    (Quota, "logs:", 400, "LimitExceededException", "The quota of the account is exceeded."),
    (Quota, "secretsmanager:", 400, "LimitExceededException", "The quota of the account is exceeded."),
    (Quota, "application-autoscaling:", 400, "LimitExceededException", "The quota of the account is exceeded."),

    (NotFound, "ec2:", 400, "InvalidID.NotFound", "The ID does not exist."),
    (NotFound, "iam:", 404, "NoSuchEntity", "The role cannot be found."),
    (NotFound, "rds:", 404, "DBClusterNotFoundFault", "It is not found."),
    (NotFound, "cloudwatch:", 404, "ResourceNotFound", "The alarm does not exist."),
    (NotFound, "sqs:", 400, "QueueDoesNotExist", "The specified queue does not exist."),
    (NotFound, "ecs:DescribeTaskDefinition", 400, "ClientException", "Unable to describe task definition."),
    (NotFound, "ecs:DeregisterTaskDefinition", 400, "ClientException", "The specified task definition does not exist."),
    (NotFound, "ecs:", 400, "ClusterNotFoundException", "Cluster not found."),
    (NotFound, "application-autoscaling:", 400, "ObjectNotFoundException", "No scalable target found."),
    (NotFound, "", 400, "ResourceNotFoundException", "It is not found."),

    (AlreadyExists, "ec2:CreateSubnet", 400, "InvalidSubnet.Conflict", "The CIDR conflicts with another subnet."),
    (AlreadyExists, "ec2:CreateSecurityGroup", 400, "InvalidGroup.Duplicate", "The security group already exists."),
    (AlreadyExists, "ec2:CreateRouteTable", 400, "IdempotentParameterMismatch", "The token was used otherwise."),
    (AlreadyExists, "ec2:CreateRoute", 400, "RouteAlreadyExists", "The route already exists."),
    (AlreadyExists, "ec2:AssociateRouteTable", 400, "Resource.AlreadyAssociated", "It is already associated."),
    (AlreadyExists, "ec2:AuthorizeSecurityGroup", 400, "InvalidPermission.Duplicate", "The rule already exists."),
    (AlreadyExists, "ec2:AttachInternetGateway", 400, "Resource.AlreadyAssociated", "It is already attached."),
    (AlreadyExists, "iam:CreateRole", 409, "EntityAlreadyExists", "Role with this name already exists."),
    (AlreadyExists, "rds:CreateDBClusterParameterGroup", 400, "DBParameterGroupAlreadyExists", "It already exists."),
    (AlreadyExists, "rds:CreateDBCluster", 400, "DBClusterAlreadyExistsFault", "It already exists."),
    (AlreadyExists, "rds:CreateDBInstance", 400, "DBInstanceAlreadyExists", "It already exists."),
    (AlreadyExists, "rds:CreateDBSubnetGroup", 400, "DBSubnetGroupAlreadyExists", "It already exists."),
    (AlreadyExists, "kinesis:CreateStream", 400, "ResourceInUseException", "Stream already exists."),
    (AlreadyExists, "sqs:CreateQueue", 400, "QueueNameExists", "A queue with this name already exists."),
    (AlreadyExists, "ecs:CreateService", 400, "InvalidParameterException", "Creation of service was not idempotent."),
    (AlreadyExists, "logs:CreateLogGroup", 400, "ResourceAlreadyExistsException", "The log group already exists."),

    (InUse, "ec2:", 400, "DependencyViolation", "It has dependencies and cannot be deleted."),
    (InUse, "iam:DeleteRole", 409, "DeleteConflict", "Cannot delete entity, must detach all policies first."),
    (InUse, "rds:", 400, "InvalidDBClusterStateFault", "It is not in available state."),
    (InUse, "ecs:DeleteCluster", 400, "ClusterContainsServicesException", "The cluster contains services."),
    (InUse, "ecs:UpdateCluster", 400, "UpdateInProgressException", "An update is in progress."),
    (InUse, "kinesis:", 400, "ResourceInUseException", "Stream s not ACTIVE, instead in state UPDATING"),

    (Invalid, "ec2:", 400, "InvalidParameterValue", "The value is not valid."),
    (Invalid, "iam:", 400, "ValidationError", "A value failed to satisfy a constraint."),
    (Invalid, "rds:", 400, "InvalidParameterValue", "The value is not valid."),
    (Invalid, "cloudwatch:", 400, "InvalidParameterValue", "The value is not valid."),
    (Invalid, "kinesis:", 400, "InvalidArgumentException", "The value is not valid."),
    (Invalid, "sqs:", 400, "InvalidAttributeValue", "The value is not valid."),
    (Invalid, "application-autoscaling:", 400, "ValidationException", "The value is not valid."),
    (Invalid, "", 400, "InvalidParameterException", "The value is not valid."),

    (Expired, "ec2:", 400, "RequestExpired", "Request has expired."),
    (Expired, "iam:", 403, "ExpiredToken", "The security token included in the request is expired"),
    (Expired, "rds:", 403, "ExpiredToken", "The security token included in the request is expired"),
    (Expired, "cloudwatch:", 403, "ExpiredToken", "The security token included in the request is expired"),
    (Expired, "", 400, "ExpiredTokenException", "The security token included in the request is expired"),
];

impl Error {
    /// What befalls the calls of `operation`; nothing where AWS never says this.
    pub fn fault(self, operation: &str) -> Option<Fault> {
        match self {
            NotSent => Some(Fault::NotSent),
            ReplyLost => Some(Fault::LosesReply),
            NoAnswer => Some(Fault::NotAnswered),
            AlreadyOurs => AlreadyExists.refusal(operation).map(Fault::DoneAndRefused),
            _ => self.refusal(operation).map(Fault::Refused),
        }
    }

    /// The code by which a status tells it.
    pub fn code(self, operation: &str) -> &'static str {
        match self {
            NotSent | ReplyLost => "ConnectionFailed",
            NoAnswer => "Timeout",
            _ => self.refusal(operation).map_or("", |refusal| refusal.code),
        }
    }

    fn refusal(self, operation: &str) -> Option<Refusal> {
        let said = SAID.iter().find(|(error, begins, ..)| *error == self && operation.starts_with(begins));
        said.map(|(_, _, status, code, message)| Refusal { status: *status, code, message })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(ALL.iter().find(|(_, error)| error == self).map_or("", |(name, _)| name))
    }
}
