//! A row for each resource, wanted or not.

use crate::{
    api::{
        condition::whole_second,
        status::{ResourceState, ResourceStatus},
    },
    engine::Block,
};

use super::{
    Pass,
    standing::{Standing, Standings, Why},
    words,
};

/// The rows, in the plan's order.
pub(super) fn rows(pass: &Pass<'_>, standings: &Standings<'_>) -> Vec<ResourceStatus> {
    standings.all.iter().map(|standing| row(pass, standings, standing)).collect()
}

fn row(pass: &Pass<'_>, standings: &Standings<'_>, standing: &Standing<'_>) -> ResourceStatus {
    let item = standing.item;
    let state = standing.state();
    let unread = (state == ResourceState::Unknown).then_some(standing.before).flatten();
    ResourceStatus {
        address: item.address.name.clone(),
        kind: item.address.kind.clone(),
        name: Some(item.name.clone()).filter(|name| !name.is_empty()),
        id: id(standing),
        state,
        last_seen: unread.map(last_seen).filter(|state| *state != ResourceState::Unknown),
        message: words::message(pass, standings, standing),
        waits_for: standings.waits_for(standing),
        since: since(pass, standing.before, state),
    }
}

/// The id of what is there. That of something which is not there any more is kept where the engine must remember it:
/// data that is gone, tags that are lost, reads that fail.
fn id(standing: &Standing<'_>) -> Option<String> {
    let remembers = matches!(
        standing.why,
        Why::Unread(_) | Why::InDoubt(_) | Why::Blocked(Block::DataGone { .. } | Block::OwnershipLost { .. })
    );
    let before = || standing.before.filter(|_| remembers)?.id.clone();
    standing.item.id.clone().or_else(before)
}

/// Since when a resource is in `state`.
fn since(pass: &Pass<'_>, before: Option<&ResourceStatus>, state: ResourceState) -> Option<jiff::Timestamp> {
    before
        .filter(|before| before.state == state)
        .and_then(|before| before.since)
        .or_else(|| Some(whole_second(pass.now)))
}

/// The rows of the status before, for a pass that saw nothing.
pub(super) fn unseen(pass: &Pass<'_>) -> Vec<ResourceStatus> {
    let unseen = |row: &ResourceStatus| ResourceStatus {
        state: ResourceState::Unknown,
        last_seen: Some(last_seen(row)).filter(|state| *state != ResourceState::Unknown),
        message: None,
        waits_for: Vec::new(),
        since: since(pass, Some(row), ResourceState::Unknown),
        ..row.clone()
    };
    pass.previous.resources.iter().map(unseen).collect()
}

/// The state in which a resource was seen last.
pub(super) fn last_seen(row: &ResourceStatus) -> ResourceState {
    row.last_seen.unwrap_or(row.state)
}
