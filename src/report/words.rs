//! What is said of a resource: in few words for a line, in full for those who must act.
//!
//! A text in full is a row of parts with ` · ` between them: what was attempted and what AWS said, what that means, what
//! to do, when it is tried again.

use crate::{
    aws::Explanation,
    engine::{Address, Block, Failure, Meaning, Verdict},
};

use super::{
    Pass, causes, remedy,
    requeue::Pace,
    standing::{Standing, Standings, Why},
    steady::steady,
};

/// Between the parts of a text.
pub(super) const PART: &str = " · ";

/// Most characters of AWS's own words, which can have any length.
const MOST_OF_AWS: usize = 800;

/// What is to be said of a resource in its row; nothing where its state says it all.
pub(super) fn message(pass: &Pass<'_>, standings: &Standings<'_>, standing: &Standing<'_>) -> Option<String> {
    match &standing.why {
        Why::AsWanted => pass.notes.get(standing.address()).cloned(),
        Why::Acting(Verdict::Create | Verdict::Delete) => None,
        Why::Acting(verdict) => Some(doing(verdict)),
        Why::Suspended(verdict) => {
            Some(format!("{}{PART}nothing is changed while spec.suspend is true", doing(verdict)))
        }
        Why::Settling(why) | Why::Leaving(why) | Why::InDoubt(why) => Some((*why).to_owned()),
        Why::On(_) => Some(format!("waits for {}", standings.waits_for(standing).join(", "))),
        Why::GoesLast => Some("goes when nothing else is left".to_owned()),
        Why::Unread(failure) => Some(unread(standings, standing, failure)),
        Why::Failed(failure) => Some(steadily(standing, failed(failure))),
        Why::Refused(failure) => Some(steadily(standing, format!("AWS asks to wait: {}", failed(failure)))),
        Why::Blocked(block) => Some(blocked(pass, standings, standing, block)),
    }
}

/// What is to be said of a resource in a line about several.
pub(super) fn brief(standing: &Standing<'_>) -> String {
    let address = standing.address();
    match &standing.why {
        Why::Unread(failure) => format!("{address} not read ({})", failure.code),
        Why::Failed(failure) | Why::Refused(failure) => {
            format!("{address} {}: {} on {}", verb(failure), failure.code, failure.operation)
        }
        Why::Blocked(block) => format!("{address}: {block}"),
        Why::AsWanted | Why::On(_) | Why::GoesLast => format!("{address} waits"),
        Why::Suspended(verdict) => format!("{address} {}", doing(verdict)),
        _ => format!("{address} {}", format!("{:?}", standing.state()).to_lowercase()),
    }
}

/// The environment in one line.
pub(super) fn headline(pass: &Pass<'_>, standings: &Standings<'_>) -> String {
    let count = standings.count();
    let causes = causes::of(standings, standings.all.iter());
    let open: Vec<_> = causes.iter().map(|cause| brief(cause.root)).collect();
    let open = few(&open, 3, "; ");
    let left = standings.all.iter().filter(|standing| !standing.is_unseen()).count();
    let unread = left < standings.all.len();
    let state = match (pass.resource.deleting, left) {
        (true, 0) if !unread => return "nothing is left in AWS".to_owned(),
        (true, left) => remaining(left, unread),
        (false, _) if count.ready == count.of && !unread => {
            format!("all {} resources are as wanted", count.of)
        }
        (false, _) => format!("{} of {} as wanted", count.ready, count.of),
    };
    let suspended = if pass.resource.suspended { "suspended; " } else { "" };
    if open.is_empty() { format!("{suspended}{state}") } else { format!("{suspended}{state}: {open}") }
}

/// How much is left of what goes, given whether all of it could be read.
pub(super) fn remaining(left: usize, unread: bool) -> String {
    match (left, unread) {
        (0, true) => "nothing left of what could be read".to_owned(),
        (0, false) => "nothing left".to_owned(),
        (left, _) => format!("{left} left"),
    }
}

/// AWS's refusal in full: what was attempted, AWS's words, cause, remedy, and when it is tried again.
pub(super) fn failed(failure: &Failure) -> String {
    let Explanation { cause, action } = Explanation::of(failure);
    let request = failure.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
    let said = format!("{} {}: {}{}", failure.operation, verb(failure), failure.code, said(failure));
    [format!("{said}{request}"), cause, action, Pace::of(failure).words().to_owned()].join(PART)
}

/// What AWS said, without its end mark and without the blob that only AWS can read.
fn said(failure: &Failure) -> String {
    let message = failure.message.split("Encoded authorization failure message").next().unwrap_or_default();
    let message = message.trim().trim_end_matches('.');
    if message.is_empty() {
        return String::new();
    }
    let cut: String = message.chars().take(MOST_OF_AWS).collect();
    let mark = if cut.len() < message.len() { "…" } else { "" };
    format!(": {cut}{mark}")
}

fn verb(failure: &Failure) -> &'static str {
    match failure.meaning {
        Meaning::Throttled => "slowed down",
        Meaning::Transient | Meaning::NotFound => "failed",
        _ => "refused",
    }
}

/// A failed read in full, once: whatever else could not be read for the same reason points there.
fn unread(standings: &Standings<'_>, standing: &Standing<'_>, failure: &Failure) -> String {
    let first = standings.all.iter().find(|other| other.why == Why::Unread(failure));
    match first {
        Some(first) if first.item.address != standing.item.address => {
            format!("could not be read, like {}", first.address())
        }
        _ => steadily(
            standing,
            format!(
                "could not be read; nothing is decided about it or what depends on it{PART}{}",
                failed(failure)
            ),
        ),
    }
}

fn steadily(standing: &Standing<'_>, text: String) -> String {
    steady(standing.before.and_then(|row| row.message.as_deref()), text)
}

fn blocked(pass: &Pass<'_>, standings: &Standings<'_>, standing: &Standing<'_>, block: &Block) -> String {
    let is_claim = standings.root == Some(&standing.item.address);
    let fields = fields(&standing.item.verdict);
    let what = if fields.is_empty() { block.to_string() } else { format!("{block} ({fields})") };
    match remedy::of(&pass.resource, standing.item, block, is_claim) {
        Some(remedy) => format!("{what}{PART}{remedy}"),
        None => what,
    }
}

fn doing(verdict: &Verdict) -> String {
    let what = match verdict {
        Verdict::Create => "to be created".to_owned(),
        Verdict::Delete => "to be deleted".to_owned(),
        Verdict::Replace(_) => "deleted and made anew".to_owned(),
        Verdict::Revise(_) => "new version".to_owned(),
        Verdict::Update(_) => "changed in place".to_owned(),
        other => other.to_string(),
    };
    let fields = fields(verdict);
    if fields.is_empty() { what } else { format!("{what}: {fields}") }
}

/// The names of the fields that change; their values are the plan's business.
fn fields(verdict: &Verdict) -> String {
    verdict.changes().iter().map(|change| change.field.as_str()).collect::<Vec<_>>().join(", ")
}

/// The first `most` of `texts`, and how many more there are.
pub(super) fn few(texts: &[String], most: usize, between: &str) -> String {
    let shown = texts.iter().take(most).cloned().collect::<Vec<_>>().join(between);
    match texts.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown}{between}and {more} more"),
    }
}

/// Addresses in a row of text, not more than a reader takes in.
pub(super) fn listed<'a>(addresses: impl Iterator<Item = &'a Address>) -> String {
    few(&addresses.map(ToString::to_string).collect::<Vec<_>>(), 8, ", ")
}

/// A kind's name as people say it: `route table`, `VPC`.
pub(super) fn spaced(kind: &str) -> String {
    let mut words = String::new();
    for letter in kind.chars() {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    let words: Vec<_> = words
        .split(' ')
        .map(|word| match word {
            "vpc" | "db" => word.to_uppercase(),
            "ecs" => "ECS".to_owned(),
            word => word.to_owned(),
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_said_as_people_say_it() {
        assert_eq!(spaced("routeTable"), "route table");
        assert_eq!(spaced("dbSubnetGroup"), "DB subnet group");
        assert_eq!(spaced("vpc"), "VPC");
    }

    #[test]
    fn many_are_counted() {
        let texts: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        assert_eq!(few(&texts, 2, ", "), "a, b, and 1 more");
        assert_eq!(few(&texts, 3, ", "), "a, b, c");
    }
}
