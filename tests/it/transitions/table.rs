//! What edits came to, for people.

use std::collections::BTreeMap;
use std::time::Duration;

use super::trial::Trial;

/// The edits of one part of the spec.
#[derive(Default)]
struct Row {
    tried: usize,
    same: usize,
    worst: usize,
    time: Duration,
}

/// The table, in Markdown.
pub fn table(trials: &[Trial]) -> String {
    let (mut rows, mut total): (BTreeMap<&str, Row>, Row) = Default::default();
    for trial in trials {
        rows.entry(trial.edit.part()).or_default().count(trial);
        total.count(trial);
    }
    let mut text =
        "| part of the spec | edits | as expected | worst number of passes | seconds |\n".to_owned();
    text.push_str("|---|---:|---:|---:|---:|\n");
    rows.iter().for_each(|(part, row)| text.push_str(&row.line(part)));
    text.push_str(&total.line("**all**"));
    text
}

impl Row {
    fn count(&mut self, trial: &Trial) {
        self.tried += 1;
        self.same += usize::from(trial.broken.is_none());
        self.worst = self.worst.max(trial.passes);
        self.time += trial.time;
    }

    fn line(&self, part: &str) -> String {
        let Self { tried, same, worst, time } = self;
        format!("| {part} | {tried} | {same} | {worst} | {} |\n", time.as_secs())
    }
}
