//! What a sweep came to, for people.

use std::collections::BTreeMap;
use std::time::Duration;

use super::trial::Trial;

/// The trials of one scenario with one fault.
#[derive(Default)]
struct Row {
    tried: usize,
    struck: usize,
    recovered: usize,
    worst: usize,
    time: Duration,
}

/// The table, in Markdown.
pub fn table(trials: &[Trial]) -> String {
    let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
    for trial in trials {
        let then = trial.point.then.as_ref().map(|(fault, _)| format!(", then {fault}")).unwrap_or_default();
        let key = (trial.point.scenario.clone(), format!("{}{then}", trial.point.fault));
        for key in [key, ("all".to_owned(), String::new())] {
            rows.entry(key).or_default().count(trial);
        }
    }
    let total = rows.remove(&("all".to_owned(), String::new()));
    let mut text =
        "| scenario | fault | points | struck | recovered | worst number of passes | seconds |\n".to_owned();
    text.push_str("|---|---|---:|---:|---:|---:|---:|\n");
    for ((scenario, fault), row) in &rows {
        text.push_str(&row.line(scenario, fault));
    }
    if let Some(total) = total {
        text.push_str(&total.line("**all**", ""));
    }
    text
}

impl Row {
    fn count(&mut self, trial: &Trial) {
        self.tried += 1;
        self.struck += usize::from(trial.struck);
        self.recovered += usize::from(trial.broken.is_none());
        self.worst = self.worst.max(trial.passes);
        self.time += trial.time;
    }

    fn line(&self, scenario: &str, fault: &str) -> String {
        let Self { tried, struck, recovered, worst, time } = self;
        let seconds = time.as_secs();
        format!("| {scenario} | {fault} | {tried} | {struck} | {recovered} | {worst} | {seconds} |\n")
    }
}
