//! The `VideoPipeline` resource as Kubernetes stores it: schema, defaults, admission rules, status.
//!
//! Doc comments of fields are the descriptions that `kubectl explain` and `docs/reference.md` show, so
//! they name unit and range. Rules stand beside the field that they guard.

pub mod condition;
pub mod crd;
pub mod rules;
pub mod spec;
pub mod status;

pub use condition::{Condition, ConditionStatus, ConditionType, Reason};
pub use spec::{VideoPipeline, VideoPipelineSpec};
pub use status::VideoPipelineStatus;

/// Kept on a `VideoPipeline` until nothing that it owns is left in AWS.
pub const FINALIZER: &str = "streamflix.io/aws-resources";

/// Annotation that names the owner (`clusterName/namespace/name`) whose environment this resource takes over.
pub const ADOPT_FROM: &str = "streamflix.io/adopt-from";

/// Annotation that allows one step against what holds data: an address and the digest of the plan.
pub const CONSENT: &str = "streamflix.io/consent";

/// Annotation in which the operator records what it is about to create, before the calls that it covers.
pub const INTENT: &str = "streamflix.io/intent";

/// Prefix of the tags and annotations that belong to the operator.
pub const RESERVED_PREFIX: &str = "streamflix.io/";

/// Names of environment variables that the operator gives to the container itself.
pub const INJECTED_ENVIRONMENT: [&str; 13] = [
    "AWS_REGION",
    "ENVIRONMENT",
    "KINESIS_STREAM_NAME",
    "KINESIS_STREAM_ARN",
    "JOB_QUEUE_URL",
    "DEAD_LETTER_QUEUE_URL",
    "DATABASE_HOST",
    "DATABASE_READER_HOST",
    "DATABASE_PORT",
    "DATABASE_NAME",
    "DATABASE_SECRET_ARN",
    "DATABASE_USERNAME",
    "DATABASE_PASSWORD",
];

/// The regions that `dataResidency: EU` allows.
pub const EU_REGIONS: [&str; 6] =
    ["eu-west-1", "eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2"];
