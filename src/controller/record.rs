//! What cannot be found again in AWS and is therefore written on the resource, before the calls that it is about.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::stored::Stored;
use crate::api::INTENT;
use crate::api::status::{ResourceState, ResourceStatus};
use crate::engine::{Address, Data, Op, Plan};
use crate::kinds::kind;

/// The content of the annotation `streamflix.io/intent`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// What is about to be made.
    pub intents: Vec<Intent>,
    /// What held data and was ready once.
    #[serde(rename = "held")]
    pub data: Vec<KeptData>,
    /// The AWS account in which the environment stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// A resource that is about to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// Where it will stand.
    pub address: Address,
    /// The token of this series of attempts; at most 36 characters.
    pub token: String,
    /// When it was intended, for people. No two machines have the same clock, so that nothing is decided by it.
    pub at: Timestamp,
    /// The id of the one that it replaces, which reads may show for a while yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
}

/// An object that held data and was ready once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptData {
    /// Where it stands.
    pub address: Address,
    /// Its incarnation; its id, where an earlier version wrote the record.
    #[serde(rename = "id")]
    pub incarnation: String,
}

impl Record {
    /// The record on `resource`. One that is missing, or that cannot be read, is none: what it said is in doubt then.
    pub fn on(resource: &Stored) -> Option<Self> {
        serde_json::from_str(resource.annotation(INTENT)?).ok()
    }

    /// What is known where the annotation was lost: what the status shows that held data. What was intended is in doubt.
    pub fn recovered(resource: &Stored) -> Self {
        let kept = |row: &&ResourceStatus| {
            let is_young = matches!(row.state, ResourceState::Creating | ResourceState::Waiting);
            !is_young && kind(&row.kind).is_some_and(|kind| kind.holds_data() == Data::Kept)
        };
        let data = resource.status.resources.iter().filter(kept).filter_map(|row| {
            Some(KeptData { address: Address::new(&row.kind, &row.address), incarnation: row.id.clone()? })
        });
        Self { data: data.collect(), ..Self::default() }
    }

    /// The annotation's value.
    ///
    /// # Errors
    /// When it is no JSON, which plain texts exclude.
    pub fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// The intent to make what stands at `address`.
    pub fn intent(&self, address: &Address) -> Option<&Intent> {
        self.intents.iter().find(|intent| intent.address == *address)
    }

    /// Notes an intent for each of `addresses` that `plan` makes, with a new token, in place of an earlier one.
    pub fn intend(&mut self, plan: &Plan, addresses: &[Address], now: Timestamp) {
        self.intents.retain(|intent| !addresses.contains(&intent.address));
        let intent = |address: &Address| Intent {
            address: address.clone(),
            token: token(),
            at: now,
            instead_of: plan.item(address).and_then(|item| item.id.clone()),
        };
        self.intents.extend(addresses.iter().map(intent));
    }

    /// What `plan` deletes is deleted by consent: once it is gone it is not missed, and its successor needs no other one.
    pub fn part_with(&mut self, plan: &Plan) {
        let goes =
            |data: &KeptData| plan.steps.iter().any(|s| s.id.op == Op::Delete && s.id.at == data.address);
        self.data.retain(|data| !goes(data));
    }

    /// The incarnations of what held data.
    pub fn incarnations(&self) -> BTreeMap<Address, String> {
        self.data.iter().map(|data| (data.address.clone(), data.incarnation.clone())).collect()
    }
}

/// Thirty-two random hexadecimal digits: AWS takes up to 36 characters for the tokens of ECS, 64 elsewhere.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>
fn token() -> String {
    format!("{:032x}", rand::random::<u128>())
}
