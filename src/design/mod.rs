//! A checked pipeline → what should exist in AWS. Pure, and nothing in it can fail.
//!
//! Each layer is a function whose signature says what it builds on. Using another resource's output is what makes one
//! wait for the other; nothing else orders them.

mod blueprint;
mod environment;
mod ingestion;
mod logs;
mod monitoring;
mod names;
mod network;
mod processing;
mod roles;
mod storage;

use std::collections::BTreeMap;

use crate::aws::tags;
use crate::engine::{self, Address, Graph, Kind};
use crate::kinds::Role;
use crate::pipeline::{Identity, Pipeline};

use blueprint::Blueprint;

pub use names::{AlarmName, Names, Place, Side};

/// What the operator's own settings decide of every environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// ARN of the policy that bounds every role.
    pub permissions_boundary: Option<String>,
}

/// Everything that should exist.
pub fn design(pipeline: &Pipeline, settings: &Settings) -> Graph {
    let mut blueprint = Blueprint::new(pipeline, nothing(&pipeline.identity));
    let roles = roles::roles(&mut blueprint, settings);
    let logs = logs::log_groups(&mut blueprint);
    let ground = network::network(&mut blueprint, &pipeline.network);
    let intake = ingestion::stream_and_queues(&mut blueprint);
    let storage = storage::database(&mut blueprint, &ground, &logs);
    let grants = roles::grants(&mut blueprint, &roles, &intake, &storage);
    let service = processing::service(&mut blueprint, &ground, &logs, &intake, &storage, &grants);
    monitoring::alarms(&mut blueprint, &intake, &storage, &service);
    blueprint.finish()
}

/// The graph of an environment that should not exist: all that is there goes, the claim last.
pub fn nothing(identity: &Identity) -> Graph {
    // AWS lets only one owner have the role, and so the suffix, in an account.
    let claim = Names::new(&identity.suffix).execution_role();
    let identity = engine::Identity { owner: identity.owner.to_string(), labels: labels(identity) };
    Graph::new(identity, Some(Address::new(Role::NAME, claim.address)))
}

/// What every resource of an environment is tagged with beside its owner.
pub fn labels(identity: &Identity) -> BTreeMap<String, String> {
    BTreeMap::from([
        (tags::ENVIRONMENT.to_owned(), identity.suffix.to_string()),
        (tags::REGION.to_owned(), identity.region.to_string()),
    ])
}

/// Remarks on resources that are as wanted, by address.
pub fn notes(pipeline: &Pipeline) -> BTreeMap<String, String> {
    let newer = pipeline.database.newer_minors.last();
    let note = newer.map(|newer| {
        let text = format!("AWS offers {newer}; raise spec.database.engineVersion when it suits you");
        (Names::new(&pipeline.identity.suffix).database().address, text)
    });
    note.into_iter().collect()
}
