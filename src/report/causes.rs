//! The root causes of what is not as wanted, worst first, each with what merely waits for it.

use crate::engine::Address;

use super::{
    Pass,
    standing::{Standing, Standings, Why},
    words::{self, PART},
};

/// Most causes that one text tells in full.
const MOST: usize = 3;

/// A root cause.
pub(super) struct Cause<'s> {
    /// The resource that is the cause.
    pub root: &'s Standing<'s>,
    /// Others that could not be read for the same reason.
    pub alike: Vec<&'s Address>,
    /// Echoes: what waits for it.
    pub waiting: Vec<&'s Address>,
}

/// The causes of whatever of `scope` is not as wanted.
pub(super) fn of<'s>(
    standings: &'s Standings<'s>,
    scope: impl Iterator<Item = &'s Standing<'s>>,
) -> Vec<Cause<'s>> {
    let mut causes: Vec<Cause<'s>> = Vec::new();
    for standing in scope.filter(|standing| !standing.is_ready()) {
        for root in standings.roots(standing) {
            let cause = entry(&mut causes, root);
            let address = &standing.item.address;
            let echoes = *address != root.item.address;
            if echoes && !cause.waiting.contains(&address) {
                cause.waiting.push(address);
            }
        }
    }
    causes.sort_by_key(|cause| severity(cause.root));
    causes
}

/// The cause that `root` belongs to, added where it is a new one.
fn entry<'c, 's>(causes: &'c mut Vec<Cause<'s>>, root: &'s Standing<'s>) -> &'c mut Cause<'s> {
    let same = |cause: &Cause<'_>| {
        cause.root.item.address == root.item.address || (root.is_unread() && cause.root.why == root.why)
    };
    let at = causes.iter().position(same).unwrap_or_else(|| {
        causes.push(Cause { root, alike: Vec::new(), waiting: Vec::new() });
        causes.len() - 1
    });
    let cause = &mut causes[at];
    let address = &root.item.address;
    if cause.root.item.address != *address && !cause.alike.contains(&address) {
        cause.alike.push(address);
    }
    cause
}

fn severity(standing: &Standing<'_>) -> u8 {
    match &standing.why {
        _ if standing.needs_person() => 0,
        Why::Unread(_) => 1,
        Why::Failed(_) => 2,
        Why::Refused(_) => 3,
        Why::GoesLast => 5,
        _ => 4,
    }
}

/// The causes in full, one after the other.
pub(super) fn told(pass: &Pass<'_>, standings: &Standings<'_>, causes: &[Cause<'_>]) -> String {
    let texts: Vec<_> = causes.iter().map(|cause| cause.told(pass, standings)).collect();
    words::few(&texts, MOST, "; ")
}

impl Cause<'_> {
    fn told(&self, pass: &Pass<'_>, standings: &Standings<'_>) -> String {
        let mut text = self.root.address().to_owned();
        if !self.alike.is_empty() {
            text += &format!(" (and {})", words::listed(self.alike.iter().copied()));
        }
        match words::message(pass, standings, self.root) {
            Some(message) => text += &format!(": {message}"),
            None => text = words::brief(self.root),
        }
        if !self.waiting.is_empty() {
            text += &format!("{PART}waiting for it: {}", words::listed(self.waiting.iter().copied()));
        }
        text
    }
}
