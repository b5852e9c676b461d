//! The plan that the operator published, as text: for those who may read the resource and not AWS.

use crate::api::{
    VideoPipelineStatus,
    status::{FieldChange, PlannedChange},
};

use super::text::{Header, Style};

/// The published plan under its header.
pub fn published_text(header: &Header<'_>, status: &VideoPipelineStatus, _: Style) -> String {
    let Some(plan) = &status.plan else {
        return format!("{}\n\nno changes are open", header.line());
    };
    let changes: Vec<String> = plan.changes.iter().map(change).collect();
    format!("{}\n\n{}\n  = {} unchanged", header.line(), changes.join("\n"), plan.unchanged)
}

fn change(change: &PlannedChange) -> String {
    let name = change.name.as_deref().unwrap_or_default();
    let note = change.note.as_deref().map(|note| format!("  {note}")).unwrap_or_default();
    let fields =
        change.fields.iter().map(|FieldChange { field, from, to }| format!("\n      {field}  {from} → {to}"));
    format!("  {} {}  {name}{note}{}", change.action, change.address, fields.collect::<String>())
}
