//! The plan that the operator published, as text: for those who may read the resource and not AWS.

use crate::api::{
    VideoPipelineStatus,
    status::{FieldChange, PlannedChange, PublishedPlan},
};

use super::text::{Color, Header, Style};

/// The published plan under its header, in the words and columns of a plan that one makes oneself.
pub fn published_text(header: &Header<'_>, status: &VideoPipelineStatus, style: Style) -> String {
    let text = match &status.plan {
        Some(plan) => plan_text(plan, style),
        None => "no changes are open".to_owned(),
    };
    let outdated = status.observed_generation != header.resource.generation;
    let note = if outdated {
        "\n\nthe operator has not yet looked at the latest change of the resource"
    } else {
        ""
    };
    format!("{}\n\n{text}{note}", header.line())
}

fn plan_text(plan: &PublishedPlan, style: Style) -> String {
    let width = |text: fn(&PlannedChange) -> &str| plan.changes.iter().map(|c| text(c).chars().count()).max();
    let (address, name) = (width(|c| &c.address).unwrap_or(0), width(name).unwrap_or(0));
    let mut text: String = plan.changes.iter().map(|c| change(c, address, name, style)).collect();
    if plan.unchanged > 0 {
        text += &format!("  = {} unchanged\n", plan.unchanged);
    }
    format!("{text}\n{}", summary(&plan.changes))
}

/// An action: its word, its symbol, what is said of it, and its colour.
struct Action {
    word: &'static str,
    symbol: char,
    says: &'static str,
    counted: &'static str,
    color: Color,
}

const ACTIONS: [Action; 7] = [
    Action { word: "Create", symbol: '+', says: "new", counted: "to create", color: Color::Green },
    Action { word: "Revise", symbol: '+', says: "new version", counted: "to create", color: Color::Green },
    Action { word: "Update", symbol: '~', says: "in place", counted: "to change", color: Color::Yellow },
    Action { word: "Delete", symbol: '-', says: "deleted", counted: "to delete", color: Color::Red },
    Action {
        word: "Replace",
        symbol: '±',
        says: "deleted and made anew",
        counted: "to replace",
        color: Color::Red,
    },
    Action { word: "Blocked", symbol: '!', says: "BLOCKED", counted: "blocked", color: Color::Red },
    Action { word: "Wait", symbol: '…', says: "waits", counted: "waiting", color: Color::Grey },
];

fn action(change: &PlannedChange) -> &'static Action {
    let [.., unknown] = &ACTIONS;
    ACTIONS.iter().find(|action| action.word == change.action).unwrap_or(unknown)
}

fn name(change: &PlannedChange) -> &str {
    change.name.as_deref().unwrap_or_default()
}

fn change(change: &PlannedChange, address: usize, width: usize, style: Style) -> String {
    let action = action(change);
    let says = match (action.word, change.note.as_deref().unwrap_or_default()) {
        (_, "") => action.says.to_owned(),
        ("Blocked", note) => format!("{}: {note}", action.says),
        ("Wait", note) => note.to_owned(),
        (_, note) => format!("{}, {note}", action.says),
    };
    let line = format!("{} {:address$}  {:width$}  {says}", action.symbol, change.address, name(change));
    let mut text = format!("  {}\n", style.paint(action.color, line.trim_end()));
    let field_width =
        change.fields.iter().map(|change| change.field.chars().count()).max().unwrap_or(0).max(22);
    for FieldChange { field, from, to } in &change.fields {
        text += &format!("      {field:field_width$}  {from} → {to}\n");
    }
    if let Some(allow) = &change.allow {
        text += &format!("      to allow it: {allow}\n");
    }
    text
}

/// `1 to create, 2 to change, 0 to delete, 1 blocked.`
fn summary(changes: &[PlannedChange]) -> String {
    let count = |counted: &str| changes.iter().filter(|change| action(change).counted == counted).count();
    let always =
        ["to create", "to change", "to delete"].map(|counted| format!("{} {counted}", count(counted)));
    let more = ["to replace", "blocked", "waiting"].into_iter().filter(|counted| count(counted) > 0);
    let all: Vec<_> =
        always.into_iter().chain(more.map(|counted| format!("{} {counted}", count(counted)))).collect();
    format!("{}.", all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Block, Changes, Defect, Verdict};

    #[test]
    fn the_words_are_those_of_a_plan_that_one_makes_oneself() {
        let none = Changes::default;
        for verdict in [
            Verdict::Create,
            Verdict::Revise(none()),
            Verdict::Update(none()),
            Verdict::Replace(none()),
            Verdict::Delete,
        ] {
            let change = PlannedChange { action: verdict.word().to_owned(), ..PlannedChange::default() };
            let action = action(&change);
            assert_eq!((action.word, action.symbol), (verdict.word(), verdict.symbol()));
            assert_eq!(action.says, verdict.to_string());
        }
        let blocked = Verdict::Blocked(Block::Broken(Defect::new("x", "y")));
        let change = PlannedChange { action: blocked.word().to_owned(), ..PlannedChange::default() };
        assert_eq!(format!("{}: x", action(&change).says), blocked.to_string());
        assert_eq!(action(&change).symbol, blocked.symbol());
    }

    #[test]
    fn a_published_plan_reads_like_one_that_one_makes_oneself() {
        let field = |field: &str, from: &str, to: &str| FieldChange {
            field: field.into(),
            from: from.into(),
            to: to.into(),
        };
        let plan = PublishedPlan {
            digest: "0123abcd".into(),
            changes: vec![
                PlannedChange {
                    address: "storage/cluster".into(),
                    name: Some("video-metadata-cluster-dev".into()),
                    action: "Blocked".into(),
                    note: Some("would be replaced, and it holds data".into()),
                    allow: Some("kubectl annotate …".into()),
                    fields: vec![field("kmsKeyId", "alias/a", "alias/b")],
                },
                PlannedChange {
                    address: "ingestion/stream".into(),
                    name: Some("video-ingestion-stream-dev".into()),
                    action: "Update".into(),
                    note: Some("no interruption".into()),
                    allow: None,
                    fields: vec![field("shardCount", "4", "8")],
                },
            ],
            unchanged: 31,
        };
        let expected = "  \
  ! storage/cluster   video-metadata-cluster-dev  BLOCKED: would be replaced, and it holds data
      kmsKeyId                alias/a → alias/b
      to allow it: kubectl annotate …
  ~ ingestion/stream  video-ingestion-stream-dev  in place, no interruption
      shardCount              4 → 8
  = 31 unchanged

0 to create, 1 to change, 0 to delete, 1 blocked.";
        assert_eq!(plan_text(&plan, Style::default()), expected);
    }
}
