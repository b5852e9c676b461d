//! The texts of a case.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use video_pipeline_operator::api::{Condition, VideoPipelineStatus, status::ResourceState};
use video_pipeline_operator::report::text::{Header, Style, status_tree};
use video_pipeline_operator::report::{Event, Report, Requeue};

/// What people read.
pub struct Told {
    plan: String,
    tree: String,
    status: String,
}

impl Told {
    pub fn new(plan: String, header: &Header<'_>, report: Report, now: Timestamp) -> Self {
        let tree = status_tree(header, &report.status, now, Style::default());
        Self { plan, tree, status: yaml(&report) }
    }

    /// The files that hold the texts.
    pub fn files(&self) -> [(&'static str, String); 3] {
        let ended = |text: &str| format!("{}\n", text.trim_end());
        [
            ("plan.txt", ended(&self.plan)),
            ("status.txt", ended(&self.tree)),
            ("status.yaml", ended(&self.status)),
        ]
    }
}

/// The status without what the tree shows anyway: rows that are ready, ids, times.
fn yaml(Report { status, events, requeue, .. }: &Report) -> String {
    let conditions: Map<_, _> = status.conditions.iter().map(condition).collect();
    let document = json!({
        "phase": status.phase,
        "message": status.message,
        "resourcesReady": status.resources_ready,
        "conditions": conditions,
        "resources": rows(status),
        "events": events.iter().map(event).collect::<Vec<_>>(),
        "looksAgain": looks_again(*requeue),
        "finalSnapshot": status.final_snapshot,
    });
    serde_yaml::to_string(&document).expect("a document")
}

fn condition(condition: &Condition) -> (String, Value) {
    let status = format!("{:?} {}", condition.status, condition.reason);
    let said = match condition.message.as_str() {
        "" => status,
        message => format!("{status}: {message}"),
    };
    (condition.type_.clone(), said.into())
}

/// `state: message` of each resource about which there is something to say.
fn rows(status: &VideoPipelineStatus) -> Map<String, Value> {
    let said =
        status.resources.iter().filter(|row| row.state != ResourceState::Ready || row.message.is_some());
    said.map(|row| {
        let message = row.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
        (row.address.clone(), format!("{:?}{message}", row.state).into())
    })
    .collect()
}

fn event(Event { type_, reason, message }: &Event) -> String {
    format!("{type_:?} {reason}: {message}")
}

fn looks_again(requeue: Requeue) -> String {
    match requeue {
        Requeue::Poll(wait) => format!("whether AWS is done, after {wait:?}"),
        Requeue::Retry(wait) => format!("to try again, after {wait:?}"),
        Requeue::Later(wait) => format!("when AWS allows, after {wait:?}"),
        Requeue::Slowly(wait) => format!("slowly, after {wait:?}"),
        Requeue::Sweep => "at the next sweep".into(),
    }
}
