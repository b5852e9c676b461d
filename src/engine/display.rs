//! The words for verdicts, and a plan as text.

use super::{Block, Change, Deferral, Item, Pause, Plan, To, Verdict, Waiting};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, fmt};

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

    /// One word that stands for the verdict.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Keep => "Keep",
            Self::Create => "Create",
            Self::Revise(_) => "Revise",
            Self::Update(_) => "Update",
            Self::Replace(_) => "Replace",
            Self::Delete => "Delete",
            Self::Wait(_) => "Wait",
            Self::Blocked(_) => "Blocked",
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

impl Verdict {
    /// The changes as people read them.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<_> = self.changes().iter().flat_map(Change::parts).collect();
        if matches!(self, Self::Blocked(Block::WouldReplaceData { .. })) {
            parts.iter_mut().for_each(|part| part.to += "   (cannot be changed in place)");
        }
        parts
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("unchanged"),
            Self::Create => f.write_str("new"),
            Self::Revise(_) => f.write_str("new version"),
            Self::Update(_) => f.write_str("in place"),
            Self::Replace(_) => f.write_str("deleted and made anew"),
            Self::Delete => f.write_str("deleted"),
            Self::Wait(waiting) => waiting.fmt(f),
            Self::Blocked(block) => write!(f, "BLOCKED: {block}"),
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settling(why) | Self::Leaving(why) | Self::InDoubt(why) => f.write_str(why),
            Self::On(addresses) => write!(f, "waits for {}", joined(addresses)),
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
            Self::Protected => {
                f.write_str("is protected against deletion, so nothing of the environment is deleted")
            }
            Self::DataGone { .. } => {
                f.write_str("held data and is gone: restore it, or consent to an empty one")
            }
            Self::Broken(defect) => f.write_str(&defect.why),
            Self::Cycle(holder) => write!(f, "cannot be replaced while {holder} refers to it"),
        }
    }
}

impl fmt::Display for Deferral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(addresses) => write!(f, "waits for {}", joined(addresses)),
            Self::Leaving => f.write_str("on its way out"),
            Self::Refused(failure) | Self::Paused(Pause { failure, .. }) => failure.fmt(f),
            Self::Unregistered => f.write_str("of a kind that is not known here"),
            Self::Stopping => f.write_str("for the operator that begins next"),
        }
    }
}

fn joined(addresses: &BTreeSet<super::Address>) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A change, or a part of one, as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The field: `shards`, `tags.team`.
    pub field: String,
    /// What it is.
    pub from: String,
    /// What it becomes.
    pub to: String,
}

impl Change {
    /// The change as people read it: of a map only the keys that differ, of a list of objects only those that do.
    pub fn parts(&self) -> Vec<Part> {
        const LATER: &str = "known after apply";
        let to = match (&self.to, &self.from) {
            (To::Value(to), _) => to,
            (To::Partly(to), Value::Object(from)) => {
                let later = || Value::String(LATER.into());
                let to = to.iter().map(|(key, value)| (key.clone(), value.clone().unwrap_or_else(later)));
                return self.keys(from, &to.collect());
            }
            _ => return vec![self.part(&self.from, LATER.into())],
        };
        match (&self.from, to) {
            (Value::Object(from), Value::Object(to)) => self.keys(from, to),
            (Value::Array(from), Value::Array(to)) if from.iter().chain(to).any(Value::is_object) => {
                let only = |these: &[Value], others: &[Value]| {
                    these.iter().filter(|value| !others.contains(value)).cloned().collect()
                };
                vec![self.part(&Value::Array(only(from, to)), plain(&Value::Array(only(to, from))))]
            }
            (from, to) => vec![self.part(from, plain(to))],
        }
    }

    fn part(&self, from: &Value, to: String) -> Part {
        Part { field: self.field.clone(), from: plain(from), to }
    }

    fn keys(&self, from: &Map<String, Value>, to: &Map<String, Value>) -> Vec<Part> {
        let keys: BTreeSet<_> = from.keys().chain(to.keys()).collect();
        let value = |map: &Map<String, Value>, key: &str| plain(map.get(key).unwrap_or(&Value::Null));
        keys.into_iter()
            .filter(|key| from.get(*key) != to.get(*key))
            .map(|key| Part {
                field: format!("{}.{key}", self.field),
                from: value(from, key),
                to: value(to, key),
            })
            .collect()
    }
}

/// A value as people write it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) if text.is_empty() => "none".into(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".into(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let said = fields.iter().filter(|(_, value)| !value.is_null());
            let said: Vec<_> = said.map(|(field, value)| format!("{field}: {}", plain(value))).collect();
            format!("{{{}}}", said.join(", "))
        }
        Value::Number(number) => match number.as_f64() {
            Some(whole) if number.is_f64() && whole.fract() == 0.0 => format!("{whole:.0}"),
            _ => number.to_string(),
        },
        Value::Bool(flag) => flag.to_string(),
    }
}

/// What a reader is told of a plan beyond the engine's neutral words.
pub struct Wording<'a> {
    /// Dresses a piece of the text as its verdict deserves: a colour, or nothing.
    pub paint: &'a dyn Fn(&Verdict, &str) -> String,
    /// The changes of an item.
    pub parts: &'a dyn Fn(&Item) -> Vec<Part>,
    /// What carrying an item out means for those who use it.
    pub note: &'a dyn Fn(&Item) -> Option<String>,
    /// How a person gives this consent.
    pub allow: &'a dyn Fn(&str) -> String,
}

impl Plan {
    /// The plan as text: a line for each resource that is not simply kept, its changes below it, and a closing count.
    pub fn text(&self, wording: &Wording<'_>) -> String {
        let shown: Vec<_> = self.items.iter().filter(|item| item.verdict != Verdict::Keep).collect();
        let width = |text: fn(&Item) -> String| shown.iter().map(|i| text(i).chars().count()).max();
        let (address, name) = (width(|i| i.address.to_string()).unwrap_or(0), width(label).unwrap_or(0));
        let mut text = String::new();
        for item in &shown {
            text += &line(item, wording, address, name);
            text += &below(item, wording);
        }
        let kept = self.items.len() - shown.len();
        if kept > 0 {
            text += &format!("  = {kept} unchanged\n");
        }
        format!("{text}\n{}", self.summary())
    }

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

/// The plan in neutral words.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(&Wording {
            paint: &|_, text| text.to_owned(),
            parts: &|item| item.verdict.parts(),
            note: &|_| None,
            allow: &|consent| format!("consent to {consent}"),
        }))
    }
}

fn line(item: &Item, wording: &Wording<'_>, address: usize, name: usize) -> String {
    let verdict = match &item.verdict {
        Verdict::Wait(Waiting::On(others)) if !item.wanted => format!("deleted after {}", joined(others)),
        verdict => verdict.to_string(),
    };
    // What to do about a block stands on a line of its own.
    let note = (wording.note)(item).filter(|_| !matches!(item.verdict, Verdict::Blocked(_)));
    let note = note.map(|note| format!(", {note}")).unwrap_or_default();
    let text = format!(
        "{} {:address$}  {:name$}  {verdict}{note}",
        item.verdict.symbol(),
        item.address.to_string(),
        label(item),
    );
    format!("  {}\n", (wording.paint)(&item.verdict, text.trim_end()))
}

fn below(item: &Item, wording: &Wording<'_>) -> String {
    let parts = (wording.parts)(item);
    let width = parts.iter().map(|part| part.field.chars().count()).max().unwrap_or(0).max(22);
    let mut text = String::new();
    for Part { field, from, to } in parts {
        text += &format!("      {field:width$}  {from} → {to}\n");
    }
    if let Some(consent) = item.consent() {
        text += &format!("      to allow it: {}\n", (wording.allow)(consent));
    } else if matches!(item.verdict, Verdict::Blocked(_)) {
        text += &(wording.note)(item).map(|note| format!("      {note}\n")).unwrap_or_default();
    }
    text
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parts(from: Value, to: Value) -> Vec<(String, String, String)> {
        let change = Change { field: "field".into(), from, to: To::Value(to) };
        change.parts().into_iter().map(|part| (part.field, part.from, part.to)).collect()
    }

    fn one(field: &str, from: &str, to: &str) -> Vec<(String, String, String)> {
        vec![(field.to_owned(), from.to_owned(), to.to_owned())]
    }

    #[test]
    fn of_a_map_only_what_differs_is_read() {
        assert_eq!(
            parts(json!({"team": "a", "cost": "1"}), json!({"team": "b", "cost": "1"})),
            one("field.team", "a", "b")
        );
        assert_eq!(parts(json!({}), json!({"team": "b"})), one("field.team", "none", "b"));
    }

    #[test]
    fn of_a_list_of_objects_only_those_that_differ_are_read() {
        let (same, new) = (json!({"to": "igw"}), json!({"to": "nat"}));
        assert_eq!(parts(json!([same]), json!([same, new])), one("field", "none", "{to: nat}"));
    }

    #[test]
    fn plain_values_are_read_as_people_write_them() {
        assert_eq!(parts(json!(["a", "b"]), json!([])), one("field", "a, b", "none"));
        assert_eq!(parts(json!(2), json!(4)), one("field", "2", "4"));
        assert_eq!(parts(json!(0.5), json!(4.0)), one("field", "0.5", "4"));
    }
}
