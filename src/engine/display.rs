use super::{Block, Change, Item, Plan, To, Verdict, Waiting};
use serde_json::Value;
use std::fmt;

impl Verdict {
    /// One character that stands for the verdict: `+ ~ - ± = … ! ?`.
    pub fn symbol(&self) -> char {
        match self {
            Self::Keep => '=',
            Self::Create | Self::Revise(_) => '+',
            Self::Update(_) => '~',
            Self::Replace(_) => '±',
            Self::Delete => '-',
            Self::Wait(Waiting::Unread(_)) => '?',
            Self::Wait(_) => '…',
            Self::Blocked(_) => '!',
        }
    }

    /// The fields that change, if any.
    pub fn changes(&self) -> &[Change] {
        match self {
            Self::Revise(c)
            | Self::Update(c)
            | Self::Replace(c)
            | Self::Blocked(Block::WouldReplaceData { changes: c, .. }) => &c.0,
            _ => &[],
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("unchanged"),
            Self::Create => f.write_str("is created"),
            Self::Revise(_) => f.write_str("gets a new version"),
            Self::Update(_) => f.write_str("is changed in place"),
            Self::Replace(_) => f.write_str("is deleted and made anew"),
            Self::Delete => f.write_str("is deleted"),
            Self::Wait(waiting) => waiting.fmt(f),
            Self::Blocked(block) => write!(f, "BLOCKED: {block}"),
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settling(why) | Self::Leaving(why) | Self::InDoubt(why) => f.write_str(why),
            Self::On(addresses) => {
                let names: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                write!(f, "waits for {}", names.join(", "))
            }
            Self::Unread(failure) => write!(
                f,
                "could not be read: {failure}; nothing will be decided about it or what depends on it"
            ),
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign { id, owner: Some(owner) } => {
                write!(f, "{id} belongs to {owner}; it is left untouched")
            }
            Self::Foreign { id, owner: None } => {
                write!(f, "{id} exists and is not ours; it is left untouched")
            }
            Self::OwnershipLost { id } => write!(f, "{id} was ours and has lost the tags that say so"),
            Self::WouldReplaceData { .. } => f.write_str("would be replaced, and it holds data"),
            Self::WouldDeleteData { .. } => f.write_str("would be deleted, and it holds data"),
            Self::DataGone { .. } => {
                f.write_str("held data and is gone: restore it, or consent to an empty one")
            }
            Self::Broken(why) => f.write_str(why),
            Self::Cycle(holder) => write!(f, "cannot be replaced while {holder} refers to it"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → ", plain(&self.from))?;
        match &self.to {
            To::Value(value) => f.write_str(&plain(value)),
            To::KnownAfterApply => f.write_str("known after apply"),
        }
    }
}

/// A value as people write it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The plan as text: a line for each resource that is not simply kept, its changes below it, and a closing count.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width =
            |text: fn(&Item) -> String| self.items.iter().map(|i| text(i).chars().count()).max().unwrap_or(0);
        let (address, name) = (width(|i| i.address.to_string()), width(label));
        for item in self.items.iter().filter(|item| item.verdict != Verdict::Keep) {
            let line = format!(
                "  {} {:address$}  {:name$}  {}",
                item.verdict.symbol(),
                item.address.to_string(),
                label(item),
                item.verdict
            );
            writeln!(f, "{}", line.trim_end())?;
            for change in item.verdict.changes() {
                writeln!(f, "      {:width$}  {change}", change.field, width = address.saturating_sub(2))?;
            }
            if let Some(consent) = item.consent() {
                writeln!(f, "      to allow it, consent to {consent}")?;
            }
        }
        let kept = self.items.iter().filter(|item| item.verdict == Verdict::Keep).count();
        if kept > 0 {
            writeln!(f, "  = {kept} unchanged")?;
        }
        write!(f, "\n{}", self.summary())
    }
}

fn label(item: &Item) -> String {
    if item.name.is_empty() { item.id.clone().unwrap_or_default() } else { item.name.clone() }
}

impl Item {
    /// What a person writes to allow what is blocked, if consent is what it needs.
    pub fn consent(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::Blocked(
                Block::WouldReplaceData { consent, .. }
                | Block::WouldDeleteData { consent }
                | Block::DataGone { consent },
            ) => Some(consent),
            _ => None,
        }
    }
}

impl Plan {
    /// `1 to create, 2 to change, 0 to delete, 1 blocked.`
    pub fn summary(&self) -> String {
        let count = |of: fn(&Verdict) -> bool| self.items.iter().filter(|item| of(&item.verdict)).count();
        let mut summary = format!(
            "{} to create, {} to change, {} to delete",
            count(|v| matches!(v, Verdict::Create | Verdict::Revise(_))),
            count(|v| matches!(v, Verdict::Update(_))),
            count(|v| matches!(v, Verdict::Delete)),
        );
        for (number, what) in [
            (count(|v| matches!(v, Verdict::Replace(_))), "to replace"),
            (count(|v| matches!(v, Verdict::Blocked(_))), "blocked"),
            (count(|v| matches!(v, Verdict::Wait(_))), "waiting"),
        ] {
            if number > 0 {
                summary += &format!(", {number} {what}");
            }
        }
        summary + "."
    }
}
