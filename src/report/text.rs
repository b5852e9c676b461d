//! Plan and status as text for a terminal: what `kubectl vp plan` and `kubectl vp status` print.

use std::time::Duration;

use crate::engine::{Item, Plan, Verdict, Waiting, Wording};

use super::{Resource, identity, impact, remedy};

pub use super::tree::status_tree;

/// How the text is dressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours.
    pub color: bool,
    /// With every resource on a line of its own, with its id in AWS.
    pub ids: bool,
}

/// A colour of a terminal, as the number in its escape sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
    Grey = 90,
}

impl Style {
    pub(super) fn paint(self, color: Color, text: &str) -> String {
        if self.color { format!("\x1b[{}m{text}\x1b[0m", color as u8) } else { text.to_owned() }
    }
}

/// What a text is about.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// The resource.
    pub resource: Resource<'a>,
    /// Its environment's suffix.
    pub suffix: &'a str,
    /// The AWS account, if it is known.
    pub account_id: Option<&'a str>,
}

impl Header<'_> {
    /// `prod · environment prod · eu-west-1 · account 1234…9012`.
    pub(super) fn line(&self) -> String {
        let Resource { name, region, .. } = self.resource;
        let account = self.account_id.map(|id| format!(" · account {}", shortened(id))).unwrap_or_default();
        format!("{name} · environment {} · {region}{account}", self.suffix)
    }
}

/// Enough of an account's number to tell it from others.
fn shortened(account: &str) -> String {
    match (account.get(..4), account.len().checked_sub(4).and_then(|at| account.get(at..))) {
        (Some(head), Some(tail)) if account.len() > 8 => format!("{head}…{tail}"),
        _ => account.to_owned(),
    }
}

/// The plan under its header, with what it means for users and how to allow what needs consent.
pub fn plan_text(header: &Header<'_>, plan: &Plan, style: Style) -> String {
    let resource = &header.resource;
    if plan.items.is_empty() {
        return format!("{}\n\nno changes: nothing is wanted, and nothing is there", header.line());
    }
    if plan.is_empty() {
        return format!("{}\n\nno changes: all {} resources are as wanted", header.line(), plan.items.len());
    }
    let text = plan.text(&Wording {
        paint: &|verdict, text| match color(verdict) {
            Some(color) => style.paint(color, text),
            None => text.to_owned(),
        },
        parts: &|item| identity::parts(resource, item),
        note: &|item| note(resource, item),
        allow: &|consent| remedy::allow(resource, consent),
    });
    let held = if resource.suspended { "\n\nnothing of this is done while spec.suspend is true" } else { "" };
    format!("{}\n\n{text}{held}", header.line())
}

/// What it means, or what to do about it; how to consent is said on a line of its own.
fn note(resource: &Resource<'_>, item: &Item) -> Option<String> {
    match &item.verdict {
        Verdict::Blocked(block) if item.consent().is_none() => remedy::of(resource, item, block, false),
        _ => impact::of(item).map(str::to_owned),
    }
}

fn color(verdict: &Verdict) -> Option<Color> {
    match verdict {
        Verdict::Create | Verdict::Revise(_) => Some(Color::Green),
        Verdict::Update(_) => Some(Color::Yellow),
        Verdict::Replace(_) | Verdict::Delete | Verdict::Blocked(_) => Some(Color::Red),
        Verdict::Wait(Waiting::Unread(_)) => Some(Color::Cyan),
        Verdict::Wait(_) => Some(Color::Grey),
        Verdict::Keep => None,
    }
}

/// A time as people say it, in its two greatest units: `1m 40s`.
pub(super) fn lasting(time: Duration) -> String {
    let seconds = time.as_secs();
    let units =
        [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let said: Vec<_> = units
        .iter()
        .skip_while(|(number, _)| *number == 0)
        .take(2)
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if said.is_empty() { "a moment".to_owned() } else { said.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_two_greatest_units() {
        let said = |seconds| lasting(Duration::from_secs(seconds));
        assert_eq!([0, 100, 3600, 7290, 90_000].map(said), ["a moment", "1m 40s", "1h", "2h 1m", "1d 1h"]);
    }

    #[test]
    fn an_account_is_shortened() {
        assert_eq!(shortened("123456789012"), "1234…9012");
        assert_eq!(shortened("1234"), "1234");
    }
}
