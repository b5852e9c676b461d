//! The Aurora PostgreSQL cluster and its master user.

use std::collections::BTreeSet;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::rules;

/// The Aurora PostgreSQL cluster (Serverless v2) for the videos' metadata.
#[derive(KubeSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
// The default of the whole is checked before the fields have theirs.
#[x_kube(validation = Rule::new("!has(self.minAcu) || !has(self.maxAcu) || self.minAcu <= self.maxAcu")
    .message("minAcu must be at most maxAcu"))]
#[serde(rename_all = "camelCase", default = "Database::default")]
pub struct Database {
    /// Name of the database: lower-case letters, digits and underscores, beginning with a letter, 1 to 63
    /// characters. AWS cannot change it in place.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z][a-z0-9_]*$')")
        .message("must be lower-case letters, digits and underscores, and begin with a letter"))]
    #[x_kube(validation = rules::not_reserved_in_postgresql())]
    pub name: String,

    /// Version of Aurora PostgreSQL, MAJOR.MINOR. The minor may be raised; another major is not done in place.
    #[schemars(length(min = 4, max = 8))]
    #[x_kube(validation = Rule::new("self.matches('^[1-9][0-9][.][0-9]{1,2}$')")
        .message("must be a version of Aurora PostgreSQL as MAJOR.MINOR, such as 16.8"))]
    pub engine_version: String,

    /// Least capacity of an instance in Aurora capacity units (ACU, about 2 GiB of memory each): 0 to 256 in steps
    /// of 0.5; 0 lets it pause, where the engine version can.
    #[schemars(range(min = 0.0, max = 256.0))]
    #[x_kube(validation = rules::half_steps())]
    pub min_acu: f64,

    /// Greatest capacity of an instance in ACU: 1 to 256 in steps of 0.5.
    #[schemars(range(min = 1.0, max = 256.0))]
    #[x_kube(validation = rules::half_steps())]
    pub max_acu: f64,

    /// Number of instances, 1 to 16, spread over the zones; the first is the writer, the others are readers.
    #[schemars(range(min = 1, max = 16))]
    pub instances: i32,

    /// KMS key that encrypts the database: key id, alias, or the ARN of either, at most 2048 characters; without
    /// one the key that AWS manages. AWS cannot change it in place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    #[x_kube(validation = rules::kms_key())]
    pub kms_key_id: Option<String>,

    /// How long automatic backups are kept, in days: 1 to 35.
    #[schemars(range(min = 1, max = 35))]
    pub backup_retention_days: i32,

    /// `true` protects the cluster in AWS, and deleting this VideoPipeline then deletes nothing; it can be set to `false` also
    /// while the resource waits for its deletion.
    pub deletion_protection: bool,

    /// `true` takes a snapshot before the cluster is deleted; its name is reported.
    pub final_snapshot: bool,

    /// Logs that Aurora writes to CloudWatch Logs.
    #[schemars(length(max = 3))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub log_exports: BTreeSet<LogExport>,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            name: "videometadata".to_owned(),
            // A release with long-term support. It is written out, and not looked up, so that an upgrade of the
            // operator never upgrades a database.
            engine_version: "16.8".to_owned(),
            min_acu: 0.5,
            max_acu: 1.0,
            instances: 2,
            kms_key_id: None,
            backup_retention_days: 7,
            deletion_protection: false,
            final_snapshot: false,
            log_exports: BTreeSet::from([LogExport::Postgresql]),
        }
    }
}

/// A log that Aurora PostgreSQL writes to CloudWatch Logs.
///
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html>
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogExport {
    /// The server's log.
    Postgresql,
    /// The instance's log.
    Instance,
    /// Failed authentications by IAM.
    IamDbAuthError,
}

/// The database's master user. Its password is made, kept and rotated by RDS in Secrets Manager.
#[derive(KubeSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default = "Credentials::default")]
pub struct Credentials {
    /// Name of the master user: lower-case letters, digits and underscores, beginning with a letter, 1 to 63
    /// characters. AWS cannot change it in place.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z][a-z0-9_]*$')")
        .message("must be lower-case letters, digits and underscores, and begin with a letter"))]
    #[x_kube(validation = rules::not_reserved_in_postgresql())]
    pub username: String,

    /// How often the password is rotated, in days: 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub rotation_days: i32,
}

impl Default for Credentials {
    fn default() -> Self {
        Self { username: "video_admin".to_owned(), rotation_days: 7 }
    }
}
