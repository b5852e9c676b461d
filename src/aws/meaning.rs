//! The one table from AWS error codes to what they mean for us.

use std::time::Duration;

use crate::engine::Meaning::{self, *};

/// What an error of AWS means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// What it means for what happens next.
    pub meaning: Meaning,
    /// How long to wait before the same request, when AWS documents or implies a time.
    pub after: Option<Duration>,
}

/// One line of the table: the error `code` in a reply to `operation` whose message contains `says`.
struct Row {
    /// `""` is every operation, `"kinesis:"` every one of a service, `"kinesis:Create"` those that begin so.
    operation: &'static str,
    /// A leading `*` stands for any beginning: `*.NotFound`.
    code: &'static str,
    /// In lower case; `""` is every message.
    says: &'static str,
    meaning: Meaning,
    /// Seconds.
    after: Option<u64>,
}

const fn any(code: &'static str, meaning: Meaning) -> Row {
    Row { operation: "", code, says: "", meaning, after: None }
}

const fn of(operation: &'static str, code: &'static str, says: &'static str, meaning: Meaning) -> Row {
    Row { operation, code, says, meaning, after: None }
}

const fn later(operation: &'static str, code: &'static str, says: &'static str, seconds: u64) -> Row {
    Row { operation, code, says, meaning: Later, after: Some(seconds) }
}

/// The first row that fits decides: codes that mean different things in different places come first, then exact codes,
/// then endings that a service uses for a whole family.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Assuming the pipeline's role: whatever is refused here, there are no credentials.
    // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    of("sts:AssumeRole", "AccessDenied", "", Credentials),
    of("sts:AssumeRole", "IDPCommunicationError", "", Transient),
    of("sts:AssumeRole", "InvalidIdentityToken", "", Credentials),
    of("sts:AssumeRole", "IDPRejectedClaim", "", Credentials),
    of("sts:AssumeRole", "RegionDisabledException", "", Credentials),

    // A list of which AWS no longer knows the next page is begun anew. Other services have codes for it, below.
    of("ec2:Describe", "InvalidParameterValue", "pagination token", Transient),
    of("ecs:List", "InvalidParameterException", "token", Transient),
    of("iam:", "ValidationError", "marker", Transient),
    of("logs:Describe", "InvalidParameterException", "token", Transient),
    of("rds:Describe", "InvalidParameterValue", "token", Transient),

    // EC2. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    // A second gateway for a VPC has no code of its own.
    of("ec2:AttachInternetGateway", "InvalidParameterValue", "already has an internet gateway", AlreadyExists),
    // A gateway whose attachment is not visible yet.
    later("ec2:CreateRoute", "InvalidParameterValue", "belong to different networks", 5),
    later("ec2:ReplaceRoute", "InvalidParameterValue", "belong to different networks", 5),
    of("ec2:", "InvalidSubnet.Conflict", "", AlreadyExists),
    of("ec2:", "InvalidGroup.Duplicate", "", AlreadyExists),
    of("ec2:", "InvalidPermission.Duplicate", "", AlreadyExists),
    of("ec2:", "Resource.AlreadyAssociated", "", AlreadyExists),
    of("ec2:", "RouteAlreadyExists", "", AlreadyExists),
    of("ec2:", "IdempotentParameterMismatch", "", AlreadyExists),
    of("ec2:", "Gateway.NotAttached", "", NotFound),
    of("ec2:", "InvalidID", "does not exist", NotFound),
    of("ec2:", "AuthFailure", "", Credentials),
    of("ec2:", "IncorrectState", "", InUse),
    of("ec2:", "InsufficientFreeAddressesInSubnet", "", Quota),
    of("ec2:", "PendingVerification", "", Denied),
    of("ec2:", "InternalError", "", Transient),
    any("DependencyViolation", InUse),

    // Kinesis uses one code for a rate, for a stream that is busy, for what may be done only so often, and for a quota.
    // https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html and the pages of the operations
    of("kinesis:", "LimitExceededException", "rate exceeded", Throttled),
    later("kinesis:", "LimitExceededException", "creating", 10),
    later("kinesis:", "LimitExceededException", "24 hour", 3600),
    later("kinesis:", "LimitExceededException", "24-hour", 3600),
    of("kinesis:CreateStream", "LimitExceededException", "", Quota),
    of("kinesis:UpdateShardCount", "LimitExceededException", "", Quota),
    of("kinesis:UpdateStreamMode", "LimitExceededException", "", Quota),
    of("kinesis:", "LimitExceededException", "", Throttled),
    of("kinesis:CreateStream", "ResourceInUseException", "", AlreadyExists),
    of("kinesis:", "ExpiredNextTokenException", "", Transient),

    // The stream or queue is there; its key is not usable. Not to be read as an absent stream.
    // https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StartStreamEncryption.html
    of("kinesis:", "KMSAccessDeniedException", "", Denied),
    of("kinesis:", "KMSThrottlingException", "", Throttled),
    of("kinesis:", "KMSNotFoundException", "", Invalid),
    of("kinesis:", "KMSDisabledException", "", Invalid),
    of("kinesis:", "KMSInvalidStateException", "", Invalid),
    of("kinesis:", "KMSOptInRequired", "", Invalid),
    of("sqs:", "*KmsAccessDenied", "", Denied),
    of("sqs:", "*KmsThrottled", "", Throttled),
    of("sqs:", "*KmsNotFound", "", Invalid),
    of("rds:", "KMSKeyNotAccessibleFault", "", Invalid),

    // SQS. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    later("sqs:", "*QueueDeletedRecently", "", 60),
    later("sqs:", "*Value", "dead letter target does not exist", 5),
    of("sqs:", "*NonExistentQueue", "", NotFound),
    of("sqs:", "*QueueDoesNotExist", "", NotFound),
    of("sqs:", "*QueueNameExists", "", AlreadyExists),
    of("sqs:", "*QueueAlreadyExists", "", AlreadyExists),
    of("sqs:", "*RequestThrottled", "", Throttled),
    of("sqs:", "OverLimit", "", Quota),

    // ECS says much in two general codes. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
    of("ecs:CreateService", "InvalidParameterException", "not idempotent", AlreadyExists),
    later("ecs:CreateService", "InvalidParameterException", "draining", 10),
    later("ecs:", "InvalidParameterException", "unable to assume", 5),
    of("ecs:DescribeTaskDefinition", "ClientException", "", NotFound),
    of("ecs:DeregisterTaskDefinition", "ClientException", "does not exist", NotFound),
    of("ecs:RegisterTaskDefinition", "ClientException", "too many concurrent", Throttled),
    later("ecs:RegisterTaskDefinition", "ClientException", "role is not valid", 5),
    of("ecs:", "ServiceNotActiveException", "", NotFound),
    // The namespace of a service is something the caller names; never the service itself.
    of("ecs:", "NamespaceNotFoundException", "", Invalid),
    of("ecs:", "ClusterContainsServicesException", "", InUse),
    of("ecs:", "ClusterContainsTasksException", "", InUse),
    of("ecs:", "ClusterContainsContainerInstancesException", "", InUse),
    of("ecs:", "ClusterContainsCapacityProviderException", "", InUse),
    of("ecs:", "UpdateInProgressException", "", InUse),
    of("ecs:", "ConflictException", "", InUse),
    of("ecs:", "BlockedException", "", Denied),
    of("ecs:", "ServerException", "", Transient),

    // Application Auto Scaling, whose service-linked role AWS makes at the first registration.
    // https://docs.aws.amazon.com/autoscaling/application/APIReference/CommonErrors.html
    later("application-autoscaling:", "ValidationException", "unable to assume", 5),
    later("application-autoscaling:", "ValidationException", "service doesn't exist", 5),
    of("application-autoscaling:", "ObjectNotFoundException", "", NotFound),
    of("application-autoscaling:", "FailedResourceAccessException", "", Denied),

    // IAM. https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    // A principal or role made a moment ago is not yet known everywhere:
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    later("iam:", "MalformedPolicyDocument", "invalid principal", 5),
    later("iam:", "EntityTemporarilyUnmodifiable", "", 5),
    of("iam:", "NoSuchEntity", "", NotFound),
    of("iam:", "EntityAlreadyExists", "", AlreadyExists),
    of("iam:", "DeleteConflict", "", InUse),
    of("iam:", "LimitExceeded", "", Quota),
    of("iam:", "ServiceFailure", "", Transient),

    // RDS. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
    of("rds:", "InvalidVPCNetworkStateFault", "", Invalid),
    of("rds:", "InvalidDBSubnetGroupFault", "", Invalid),
    // A subnet made a moment ago.
    later("rds:CreateDBSubnetGroup", "InvalidSubnet", "", 5),
    // The first cluster of an account has RDS make its role, which takes a moment.
    // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html
    later("rds:Create", "InvalidParameterValue", "service linked role", 15),
    of("rds:", "SubnetAlreadyInUse", "", InUse),
    later("rds:", "InsufficientDBInstanceCapacity", "", 300),
    later("rds:", "InsufficientDBClusterCapacityFault", "", 300),
    of("rds:", "StorageTypeNotSupportedFault", "", Invalid),
    of("rds:", "DomainNotFoundFault", "", Invalid),
    of("rds:", "*QuotaExceeded", "", Quota),
    of("rds:", "*QuotaExceededFault", "", Quota),
    of("rds:", "*AlreadyExists", "", AlreadyExists),
    of("rds:", "*AlreadyExistsFault", "", AlreadyExists),
    of("rds:", "*NotFound", "", NotFound),
    of("rds:", "*NotFoundFault", "", NotFound),
    of("rds:", "*State", "", InUse),
    of("rds:", "*StateFault", "", InUse),

    // Secrets Manager. https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html
    later("secretsmanager:", "InvalidRequestException", "rotation is already in progress", 30),
    later("secretsmanager:", "InvalidRequestException", "previous rotation", 30),
    of("secretsmanager:", "InvalidRequestException", "deletion", InUse),
    of("secretsmanager:", "ResourceExistsException", "", AlreadyExists),

    // CloudWatch, Logs and the tagging API.
    of("cloudwatch:", "LimitExceeded", "", Quota),
    of("cloudwatch:", "ResourceNotFound", "", NotFound),
    of("logs:", "OperationAbortedException", "", Transient),
    of("logs:", "TooManyTagsException", "", Quota),
    of("tag:", "PaginationTokenExpiredException", "", Transient),

    // What all services say alike.
    // https://docs.aws.amazon.com/general/latest/gr/api-retries.html and each service's CommonErrors
    any("Throttling", Throttled),
    any("ThrottlingException", Throttled),
    any("ThrottledException", Throttled),
    any("RequestThrottled", Throttled),
    any("RequestThrottledException", Throttled),
    any("RequestLimitExceeded", Throttled),
    any("EC2ThrottledException", Throttled),
    any("TooManyRequestsException", Throttled),
    any("BandwidthLimitExceeded", Throttled),
    any("PriorRequestNotComplete", Throttled),
    any("SlowDown", Throttled),

    any("AccessDenied", Denied),
    any("AccessDeniedException", Denied),
    any("UnauthorizedOperation", Denied),
    any("AuthorizationError", Denied),
    any("NotAuthorized", Denied),
    any("OptInRequired", Denied),
    any("SubscriptionRequiredException", Denied),
    any("Blocked", Denied),

    any("ExpiredToken", Credentials),
    any("ExpiredTokenException", Credentials),
    any("IncompleteSignature", Credentials),
    any("IncompleteSignatureException", Credentials),
    any("InvalidAccessKeyId", Credentials),
    any("InvalidClientTokenId", Credentials),
    any("InvalidSignatureException", Credentials),
    any("InvalidToken", Credentials),
    any("MissingAuthenticationToken", Credentials),
    any("MissingAuthenticationTokenException", Credentials),
    any("RequestExpired", Credentials),
    any("RequestTimeTooSkewed", Credentials),
    any("SignatureDoesNotMatch", Credentials),
    any("TokenRefreshRequired", Credentials),
    any("UnrecognizedClientException", Credentials),

    any("ConcurrentModification", Transient),
    any("ConcurrentModificationException", Transient),
    any("ConcurrentUpdateException", Transient),
    any("InternalFailure", Transient),
    any("InternalServerError", Transient),
    any("InternalServiceError", Transient),
    any("InternalServiceErrorException", Transient),
    any("InternalServiceException", Transient),
    any("InternalServiceFault", Transient),
    any("InvalidNextToken", Transient),
    any("InvalidNextTokenException", Transient),
    any("RequestTimeout", Transient),
    any("RequestTimeoutException", Transient),
    any("ServiceUnavailable", Transient),
    any("ServiceUnavailableException", Transient),
    any("Unavailable", Transient),

    any("ResourceInUse", InUse),
    any("ResourceInUseException", InUse),
    any("LimitExceededException", Quota),
    any("LimitExceededFault", Quota),

    // Families.
    any("*.NotFound", NotFound),
    any("*NotFoundException", NotFound),
    any("*AlreadyExistsException", AlreadyExists),
    of("ec2:", "*.InUse", "", InUse),
    of("ec2:", "*LimitExceeded", "", Quota),
];

/// What `code` and `message`, in a reply to `operation` with this HTTP `status`, mean.
///
/// A code that the table does not know is a server's fault (5xx: Transient) or ours (Invalid).
pub fn read(operation: &str, code: &str, message: &str, status: u16) -> Reading {
    let message = message.to_lowercase();
    match TABLE.iter().find(|row| row.fits(operation, code, &message)) {
        Some(row) => Reading { meaning: row.meaning, after: row.after.map(Duration::from_secs) },
        None if status == 429 => Reading { meaning: Throttled, after: None },
        None if status >= 500 => Reading { meaning: Transient, after: None },
        None => Reading { meaning: Invalid, after: None },
    }
}

impl Row {
    fn fits(&self, operation: &str, code: &str, message: &str) -> bool {
        let code_fits = match self.code.strip_prefix('*') {
            Some(ending) => code.ends_with(ending),
            None => code == self.code,
        };
        code_fits && operation.starts_with(self.operation) && message.contains(self.says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(operation: &str, code: &str, message: &str) -> Meaning {
        read(operation, code, message, 400).meaning
    }

    #[test]
    fn one_code_means_what_its_service_and_message_say() {
        let limit = "LimitExceededException";
        let rate = "Rate exceeded for stream s under account 1";
        let quota = "This request would exceed the shard limit for the account 1 in eu-west-1";
        let busy = "This request would have exceed the limit on the number of streams that can simultaneously be in \
                    CREATING or DELETING for the account 1. Limit: 5.";
        assert_eq!(meaning("kinesis:CreateStream", limit, rate), Throttled);
        assert_eq!(meaning("kinesis:CreateStream", limit, quota), Quota);
        assert_eq!(meaning("kinesis:CreateStream", limit, busy), Later);
        assert_eq!(meaning("kinesis:DescribeStreamSummary", limit, ""), Throttled);
        assert_eq!(meaning("logs:CreateLogGroup", limit, ""), Quota);
        assert_eq!(meaning("iam:CreateRole", "LimitExceeded", ""), Quota);

        assert_eq!(meaning("kinesis:CreateStream", "ResourceInUseException", ""), AlreadyExists);
        assert_eq!(meaning("kinesis:DeleteStream", "ResourceInUseException", ""), InUse);
    }

    #[test]
    fn an_unusable_key_is_not_an_absent_stream() {
        assert_eq!(meaning("kinesis:StartStreamEncryption", "KMSNotFoundException", ""), Invalid);
        assert_eq!(meaning("kinesis:DescribeStreamSummary", "ResourceNotFoundException", ""), NotFound);
    }

    #[test]
    fn families_of_codes() {
        assert_eq!(meaning("ec2:DeleteVpc", "InvalidVpcID.NotFound", ""), NotFound);
        assert_eq!(meaning("ec2:CreateVpc", "VpcLimitExceeded", ""), Quota);
        assert_eq!(meaning("ec2:CreateVpc", "RequestLimitExceeded", ""), Throttled);
        assert_eq!(meaning("rds:DeleteDBCluster", "InvalidDBClusterStateFault", ""), InUse);
        assert_eq!(meaning("rds:DescribeDBInstances", "DBInstanceNotFound", ""), NotFound);
        assert_eq!(meaning("rds:CreateDBInstance", "InstanceQuotaExceeded", ""), Quota);
        assert_eq!(meaning("sqs:GetQueueUrl", "AWS.SimpleQueueService.NonExistentQueue", ""), NotFound);
        assert_eq!(meaning("sqs:GetQueueUrl", "QueueDoesNotExist", ""), NotFound);
    }

    #[test]
    fn a_deleted_queue_s_name_is_free_after_a_minute() {
        let reading = read("sqs:CreateQueue", "AWS.SimpleQueueService.QueueDeletedRecently", "", 400);
        assert_eq!(reading, Reading { meaning: Later, after: Some(Duration::from_secs(60)) });
    }

    #[test]
    fn a_role_that_rds_makes_for_itself_is_waited_for() {
        let refused = "Unable to create the resource. Verify that you have permission to create service linked role. \
                       Otherwise wait and try again later.";
        let reading = read("rds:CreateDBCluster", "InvalidParameterValue", refused, 400);
        assert_eq!(reading, Reading { meaning: Later, after: Some(Duration::from_secs(15)) });
        assert_eq!(meaning("rds:CreateDBCluster", "InvalidParameterValue", "Invalid DB engine"), Invalid);
    }

    #[test]
    fn a_refused_role_leaves_no_credentials_but_a_refused_action_is_denied() {
        assert_eq!(meaning("sts:AssumeRole", "AccessDenied", ""), Credentials);
        assert_eq!(meaning("iam:CreateRole", "AccessDenied", ""), Denied);
    }

    #[test]
    fn what_the_table_does_not_know_is_judged_by_status() {
        assert_eq!(read("ec2:X", "Nonsense", "", 400).meaning, Invalid);
        assert_eq!(read("ec2:X", "Nonsense", "", 429).meaning, Throttled);
        assert_eq!(read("ec2:X", "Nonsense", "", 503).meaning, Transient);
    }

    #[test]
    fn every_row_can_be_reached() {
        for (position, row) in TABLE.iter().enumerate() {
            let code = row.code.replace('*', "Any");
            let operation = if row.operation.is_empty() { "any:Any" } else { row.operation };
            let first = TABLE.iter().position(|other| other.fits(operation, &code, row.says));
            assert_eq!(first, Some(position), "{operation} {code} is shadowed");
        }
    }
}
