//! `VideoPipeline` + facts → [`Pipeline`]: everything that can be wrong with a spec is found here.
//!
//! What comes out needs no further checks, so that `design` cannot fail. A value that was accepted before a rule
//! existed is found as well: it becomes a condition, not a panic.

pub mod admission;
mod database;
mod facts;
mod identity;
mod network;
mod processing;
mod schema;

use std::{collections::BTreeMap, fmt};

pub use admission::Admitted;
pub use database::{Database, EngineVersion};
pub use facts::{EngineFacts, Facts, RunningEngine, partition_of};
pub use identity::{ClusterName, EnvironmentSuffix, Identity, Malformed, Owner, Region};
pub use network::{Network, Subnet, VpcBlock};
pub use processing::{Alarms, Monitoring, Processing, Queues, Stream, StreamCapacity, TaskCount};

/// A whole environment, checked and with every choice made.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// Whose it is, what it is called, and where it lives.
    pub identity: Identity,
    /// AWS account that it lives in, 12 digits.
    pub account_id: String,
    /// AWS partition of its region: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// The VPC and its subnets.
    pub network: Network,
    /// The stream.
    pub stream: Stream,
    /// The job queue and the dead-letter queue.
    pub queues: Queues,
    /// The service and its tasks.
    pub processing: Processing,
    /// The database and its master user.
    pub database: Database,
    /// Log retention and alarms.
    pub monitoring: Monitoring,
    /// The user's tags.
    pub tags: BTreeMap<String, String>,
}

impl Pipeline {
    /// Checks what is `admitted` against what AWS says, and makes every choice that the design needs.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, in the order of the fields.
    pub fn from(admitted: &Admitted, facts: &Facts, cluster: &ClusterName) -> Result<Self, Vec<Invalid>> {
        let identity = Identity::read(cluster, admitted.document())?;
        let spec = &admitted.resource().spec;
        let mut found = facts.check(spec);
        let network = found.keep(Network::new(&spec.network, facts));
        let database = found.keep(Database::new(&spec.database, &spec.credentials, facts));
        let processing = found.keep(Processing::new(&spec.processing));
        let (Some(network), Some(database), Some(processing), true) =
            (network, database, processing, found.0.is_empty())
        else {
            return Err(found.0);
        };
        Ok(Self {
            identity,
            account_id: facts.account_id.clone(),
            partition: facts.partition.clone(),
            network,
            stream: Stream::new(&spec.ingestion),
            queues: Queues::new(&spec.error_handling),
            monitoring: Monitoring::new(&spec.monitoring, &processing.tasks),
            processing,
            database,
            tags: spec.tags.clone(),
        })
    }
}

/// Something that is wrong with a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Path of the field, such as `spec.network.cidr`.
    pub field: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

impl Invalid {
    /// Something that is wrong with the field at `field`.
    pub fn new(field: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A rule of the whole resource names its field itself.
        let field = if self.field.is_empty() { String::new() } else { format!("{}: ", self.field) };
        write!(f, "{field}{}; {}", self.problem, self.remedy)
    }
}

/// What has been found wrong so far. A person wants to hear of all of it at once.
#[derive(Debug, Default)]
struct Found(Vec<Invalid>);

impl Found {
    fn keep<T>(&mut self, result: Result<T, Vec<Invalid>>) -> Option<T> {
        result.map_err(|invalid| self.0.extend(invalid)).ok()
    }

    fn add(&mut self, wrong: bool, invalid: impl FnOnce() -> Invalid) {
        if wrong {
            self.0.push(invalid());
        }
    }

    fn into_result<T>(self, value: T) -> Result<T, Vec<Invalid>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}
