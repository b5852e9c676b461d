//! The plan as far as it is not carried out: for those who may consent, and for those without rights in AWS.

use sha2::{Digest, Sha256};

use crate::{
    api::status::{FieldChange, PlannedChange, PublishedPlan},
    engine::{Item, Part, Verdict, Waiting},
};

use super::{
    Pass, Resource, identity, impact, remedy,
    standing::{Standing, Standings, Why},
};

/// What is still to be done or decided; nothing when nothing is.
pub(super) fn published(pass: &Pass<'_>, standings: &Standings<'_>) -> Option<PublishedPlan> {
    let is_open = |standing: &&Standing<'_>| {
        !matches!(standing.why, Why::AsWanted | Why::Acting(_) | Why::Settling(_) | Why::Leaving(_))
    };
    let changes: Vec<_> =
        standings.all.iter().filter(is_open).map(|standing| planned(&pass.resource, standing.item)).collect();
    if changes.is_empty() {
        return None;
    }
    let unchanged = standings.wanted().filter(|standing| standing.is_ready()).count();
    Some(PublishedPlan {
        digest: digest(&changes),
        changes,
        unchanged: i32::try_from(unchanged).unwrap_or(i32::MAX),
    })
}

fn planned(resource: &Resource<'_>, item: &Item) -> PlannedChange {
    PlannedChange {
        address: item.address.name.clone(),
        name: Some(item.name.clone()).filter(|name| !name.is_empty()),
        action: item.verdict.word().to_owned(),
        note: note(item),
        allow: item.consent().map(|consent| remedy::allow(resource, consent)),
        fields: identity::parts(resource, item).into_iter().map(field).collect(),
    }
}

/// Why, and what it means. What changes from attempt to attempt is left to the resource's row.
fn note(item: &Item) -> Option<String> {
    match &item.verdict {
        Verdict::Blocked(block) => Some(block.to_string()),
        Verdict::Wait(Waiting::Unread(failure)) => Some(format!("could not be read ({})", failure.code)),
        Verdict::Wait(waiting) => Some(waiting.to_string()),
        _ => impact::of(item).map(str::to_owned),
    }
}

fn field(Part { field, from, to }: Part) -> FieldChange {
    FieldChange { field, from, to }
}

/// Eight hexadecimal digits that stand for the changes.
fn digest(changes: &[PlannedChange]) -> String {
    let text = serde_json::to_string(changes).unwrap_or_default();
    Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
