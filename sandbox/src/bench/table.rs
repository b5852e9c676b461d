//! What was measured, as a table.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Scenario;
use super::meter::{Cost, Measured};

/// Columns of a row's name, and of each figure.
const NAME: usize = 34;
const FIGURE: usize = 12;

type Row = (&'static str, fn(&Cost) -> String);

const ALL: [Row; 6] = [
    ("AWS reads", |cost| cost.calls.reads.to_string()),
    ("AWS mutations", |cost| cost.calls.mutations.to_string()),
    ("AWS errors", |cost| total(&cost.calls.errors).to_string()),
    ("Kubernetes writes", |cost| total(&cost.writes).to_string()),
    ("memory, MiB: now / most", |cost| format!("{} / {}", mib(cost.usage.resident), mib(cost.usage.peak))),
    ("processor, s since it started", |cost| format!("{:.2}", cost.usage.processor.as_secs_f64())),
];

type Part = (&'static str, Option<&'static str>, fn(&Measured) -> &Cost);

const PARTS: [Part; 3] = [
    ("create", Some("seconds from apply to Ready"), |measured| &measured.created),
    ("restart on Ready", None, |measured| &measured.restarted),
    ("delete", Some("seconds from delete to gone"), |measured| &measured.deleted),
];

/// The table, and below it what the sums are made of.
pub(super) fn render(described: &str, all: &[(Scenario, Measured)]) -> String {
    let mut text = format!("{described}\n\n");
    let head = |of: fn(&Scenario) -> String| all.iter().map(|(scenario, _)| of(scenario)).collect();
    text.push_str(&row("environments", head(|scenario| scenario.environments.to_string())));
    text.push_str(&row("added to every call of AWS", head(|scenario| format!("{} ms", scenario.latency_ms))));
    for (part, timed, cost) in PARTS {
        let _ = writeln!(text, "\n{part}");
        let mut figures = |name: &str, of: &dyn Fn(&Cost) -> String| {
            let values = all.iter().map(|(_, measured)| of(cost(measured))).collect();
            text.push_str(&row(&format!("  {name}"), values));
        };
        if let Some(name) = timed {
            figures(name, &|cost| format!("{:.1}", cost.seconds));
        }
        ALL.iter().for_each(|(name, of)| figures(name, of));
    }
    text.push_str("\nKubernetes writes and AWS errors in full\n");
    for (scenario, measured) in all {
        for (part, _, cost) in PARTS {
            let Cost { writes, calls, .. } = cost(measured);
            let listed = listed(writes.iter().chain(&calls.errors));
            let _ = writeln!(text, "  {scenario}, {part}: {listed}");
        }
    }
    text
}

fn row(name: &str, figures: Vec<String>) -> String {
    let figures: String = figures.iter().map(|figure| format!("{figure:>FIGURE$}")).collect();
    format!("{name:NAME$}{figures}\n")
}

fn listed<'a>(counted: impl Iterator<Item = (&'a String, &'a usize)>) -> String {
    let parts: Vec<String> = counted.map(|(what, count)| format!("{count} {what}")).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

fn total(counted: &BTreeMap<String, usize>) -> usize {
    counted.values().sum()
}

fn mib(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bench::meter::Calls;
    use crate::operator::Usage;

    #[test]
    fn every_figure_has_its_column() {
        let cost = Cost {
            seconds: 1.25,
            calls: Calls {
                reads: 7,
                mutations: 5,
                errors: BTreeMap::from([("ec2:CreateVpc Busy".into(), 3)]),
            },
            writes: BTreeMap::from([("patch videopipelines".into(), 2)]),
            usage: Usage { resident: 20 << 20, peak: 21 << 20, processor: Duration::from_millis(340) },
        };
        let measured = Measured { created: cost.clone(), restarted: cost.clone(), deleted: cost };
        let text = render("somewhere", &[(Scenario { environments: 1, latency_ms: 0 }, measured)]);
        for line in [
            "  seconds from apply to Ready              1.2",
            "  AWS errors                                 3",
            "  memory, MiB: now / most              20 / 21",
            "  1 × environment, 0 ms a call, delete: 2 patch videopipelines, 3 ec2:CreateVpc Busy",
        ] {
            assert!(text.lines().any(|found| found == line), "{line:?} is not in\n{text}");
        }
    }
}
