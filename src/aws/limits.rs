//! How fast AWS lets an account call it: the table that the [budget](super::budget) is seeded from.

use super::operation::Operation;

/// What AWS allows one account in one region for one group of operations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    /// As in IAM actions: `ec2`.
    service: &'static str,
    /// Operations that share the bucket; a trailing `*` stands for any ending.
    operations: &'static [&'static str],
    /// Whether each of the operations has a bucket of its own.
    each: bool,
    /// Whether the service is counted once for all regions.
    pub global: bool,
    /// Calls at once.
    pub burst: f64,
    /// Calls per second.
    pub rate: f64,
}

const READS: &[&str] = &["Describe*", "Get*", "List*"];
const ALL: &[&str] = &["*"];

const fn shared(service: &'static str, operations: &'static [&'static str], burst: f64, rate: f64) -> Limit {
    Limit { service, operations, each: false, global: false, burst, rate }
}

const fn each(service: &'static str, operations: &'static [&'static str], burst: f64, rate: f64) -> Limit {
    Limit { service, operations, each: true, global: false, burst, rate }
}

const fn global(service: &'static str, operations: &'static [&'static str], burst: f64, rate: f64) -> Limit {
    Limit { service, operations, each: false, global: true, burst, rate }
}

/// The first row that names the operation is its limit. Each service ends with a row for all else.
#[rustfmt::skip]
const LIMITS: &[Limit] = &[
    // https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
    each("ec2", READS, 100.0, 20.0),
    each("ec2", &["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"], 50.0, 5.0),
    each("ec2", &["CreateTags", "DeleteTags"], 100.0, 10.0),
    shared("ec2", ALL, 50.0, 5.0),

    // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
    shared("ecs", &["RegisterTaskDefinition", "DeregisterTaskDefinition"], 20.0, 1.0),
    shared("ecs", &["DescribeTaskDefinition", "ListTaskDefinition*"], 50.0, 20.0),
    shared("ecs", &["CreateService", "UpdateService", "DeleteService"], 50.0, 5.0),
    shared("ecs", &["DescribeServices", "ListServices"], 100.0, 20.0),
    shared("ecs", &["DescribeServiceDeployments", "ListServiceDeployments"], 50.0, 20.0),
    shared("ecs", &["DescribeTasks", "ListTasks"], 100.0, 20.0),
    shared("ecs", &["TagResource", "UntagResource"], 20.0, 10.0),
    shared("ecs", &["ListTagsForResource"], 50.0, 20.0),
    shared("ecs", READS, 50.0, 20.0),
    shared("ecs", ALL, 20.0, 1.0),

    // https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
    // What changes or lists the tags of one stream is counted per stream, which never comes near its limit.
    each("kinesis", &["DescribeStreamSummary"], 20.0, 20.0),
    each("kinesis", &["CreateStream", "DeleteStream", "AddTagsToStream", "ListStreams"], 5.0, 5.0),
    each("kinesis", ALL, 50.0, 20.0),

    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    // AWS names no burst; twice an environment's alarms lets one be made without a pause.
    each("cloudwatch", &["PutMetricAlarm"], 12.0, 3.0),
    each("cloudwatch", &["DescribeAlarms"], 18.0, 9.0),
    each("cloudwatch", ALL, 10.0, 3.0),

    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    each("logs", READS, 10.0, 10.0),
    each("logs", ALL, 10.0, 10.0),

    // https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
    each("secretsmanager", &["DescribeSecret"], 1000.0, 1000.0),
    each("secretsmanager", &["ListSecrets"], 100.0, 100.0),
    each("secretsmanager", ALL, 50.0, 50.0),

    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    global("sts", ALL, 600.0, 600.0),

    // AWS publishes no rates for the rest. These begin where others were not throttled, and learn.
    global("iam", READS, 20.0, 5.0),
    global("iam", ALL, 12.0, 1.0),
    shared("rds", READS, 20.0, 4.0),
    shared("rds", ALL, 16.0, 1.0),
    shared("sqs", ALL, 50.0, 10.0),
    shared("application-autoscaling", READS, 20.0, 5.0),
    shared("application-autoscaling", ALL, 10.0, 2.0),
    shared("tag", ALL, 15.0, 5.0),
    shared("", ALL, 20.0, 5.0),
];

/// The limit that `operation` counts against.
pub(super) fn limit(operation: &Operation) -> &'static Limit {
    // The last row names every operation; the first is what the compiler is owed.
    LIMITS.iter().find(|limit| limit.names(operation)).unwrap_or(&LIMITS[0])
}

impl Limit {
    fn names(&self, operation: &Operation) -> bool {
        let named = |pattern: &&str| match pattern.strip_suffix('*') {
            Some(beginning) => operation.name().starts_with(beginning),
            None => operation.name() == *pattern,
        };
        (self.service.is_empty() || self.service == operation.service()) && self.operations.iter().any(named)
    }

    /// A name for what is counted together.
    pub(super) fn group(&self, operation: &Operation) -> String {
        if self.each {
            operation.to_string()
        } else {
            format!("{}:{}", operation.service(), self.operations.join("|"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(service: &str, name: &str) -> String {
        let operation = Operation::new(service, name);
        limit(&operation).group(&operation)
    }

    #[test]
    fn operations_are_counted_as_aws_counts_them() {
        assert_ne!(group("EC2", "DescribeVpcs"), group("EC2", "DescribeSubnets"));
        assert_eq!(group("EC2", "CreateVpc"), group("EC2", "DeleteSubnet"));
        assert_eq!(group("ECS", "RegisterTaskDefinition"), group("ECS", "DeregisterTaskDefinition"));
        assert_ne!(group("ECS", "CreateService"), group("ECS", "CreateCluster"));
    }

    #[test]
    fn every_service_has_a_limit_for_all_else() {
        for service in LIMITS.iter().map(|limit| limit.service).filter(|service| !service.is_empty()) {
            let last = LIMITS.iter().rfind(|limit| limit.service == service);
            assert_eq!(last.map(|limit| limit.operations), Some(ALL), "{service}");
        }
    }
}
