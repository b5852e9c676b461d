//! The state of an environment in one word.

use crate::api::{ConditionStatus, status::Phase};

use super::{
    Pass,
    standing::{Standing, Standings},
};

/// The phase of an environment that was looked at.
pub(super) fn of(pass: &Pass<'_>, standings: &Standings<'_>, ready: ConditionStatus) -> Phase {
    let moves = standings.all.iter().any(Standing::is_moving);
    match ready {
        _ if pass.resource.deleting => Phase::Deleting,
        _ if pass.resource.suspended => Phase::Suspended,
        ConditionStatus::True => Phase::Ready,
        ConditionStatus::Unknown => Phase::Unknown,
        ConditionStatus::False => match (has_existed(pass, standings), moves) {
            (true, true) => Phase::Updating,
            (true, false) => Phase::Degraded,
            (false, true) => Phase::Creating,
            (false, false) => Phase::Failed,
        },
    }
}

/// True iff the environment was complete before, so that what happens to it now is no creation. Where the phase before
/// does not tell, it is when everything is there, or was.
pub(super) fn has_existed(pass: &Pass<'_>, standings: &Standings<'_>) -> bool {
    match pass.previous.phase {
        Some(Phase::Ready | Phase::Updating | Phase::Degraded) => true,
        Some(Phase::Pending | Phase::Creating | Phase::Failed) => false,
        Some(Phase::Deleting | Phase::Suspended | Phase::Unknown) | None => {
            standings.wanted().all(|standing| standing.item.id.is_some() || standing.before_had_id())
        }
    }
}
