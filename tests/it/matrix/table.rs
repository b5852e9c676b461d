//! What the matrix came to, for people.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use super::error::Error;
use super::expected::Expected;
use super::trial::Trial;

/// The trials of one error with one expectation.
#[derive(Default)]
struct Row {
    cells: usize,
    held: usize,
    attempts: usize,
    passes: usize,
    time: Duration,
}

/// The table, in Markdown.
pub fn table(trials: &[Trial]) -> String {
    let mut rows: BTreeMap<(Error, String), Row> = BTreeMap::new();
    for trial in trials {
        rows.entry((trial.cell.error, word(trial.cell.expected).to_owned())).or_default().count(trial);
    }
    let mut text =
        "| error | what is seen meanwhile | cells | as expected, and recovered | most attempts | most passes | seconds |\n"
            .to_owned();
    text.push_str("|---|---|---:|---:|---:|---:|---:|\n");
    for ((error, seen), Row { cells, held, attempts, passes, time }) in &rows {
        let seconds = time.as_secs();
        writeln!(text, "| {error} | {seen} | {cells} | {held} | {attempts} | {passes} | {seconds} |")
            .unwrap();
    }
    text
}

fn word(expected: Expected) -> &'static str {
    match expected {
        Expected::Told => "failed or unknown, in AWS's words",
        Expected::Waits => "under way, in AWS's words",
        Expected::Held => "not ready",
        Expected::Unseen => "nothing: found at the next look",
        Expected::Believed => "what AWS says",
        Expected::Never => "nothing",
    }
}

impl Row {
    fn count(&mut self, trial: &Trial) {
        self.cells += 1;
        self.held += usize::from(trial.broken.is_none());
        self.attempts = self.attempts.max(trial.attempts);
        self.passes = self.passes.max(trial.passes);
        self.time += trial.time;
    }
}
