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
fn table(trials: &[Trial]) -> String {
    let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
    for trial in trials {
        let times = if trial.point.then.is_some() { " twice" } else { "" };
        let key = (trial.point.scenario.clone(), format!("{}{times}", trial.point.fault));
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

/// The table and what it took.
pub fn report(trials: &[Trial], time: Duration) -> String {
    format!("{}\n{} points in {} s.", table(trials), trials.len(), time.as_secs())
}

/// The page on which people read what the last sweep came to, and which it was.
pub fn page(asked: &str, report: &str) -> String {
    let point = if asked == "all" { String::new() } else { format!(" POINT={asked}") };
    PAGE.replace("COMMAND", &format!("make sweep{point}")).replace("REPORT", report)
}

const PAGE: &str = "\
# Reliability

`make sweep` plays each scenario undisturbed, and then once for each of its calls and each fault that can befall that call: the
whole operator, with its real kinds and SDKs, against a real API server and the stand-in for AWS. Each time the environment has to
come to rest by itself, as it does undisturbed:

- the account holds the same, field by field, and what others have in it is untouched;
- at no moment were there two objects for one address, but for what AWS itself was asked for twice, and that is gone at the end;
- no resource was changed by more than one call more than undisturbed;
- the environment was not said to be ready before everything was there;
- a process that begins afterwards finds nothing to do.

What `COMMAND` printed last:

REPORT

*points* are trials; *struck* are those in which the call was made at all: where people change their minds half-way, not every run
makes the same calls. *seconds* are those of all trials together, several of which run at a time. A point that fails is printed with
the command that replays it, such as `make sweep POINT=create/dies-after/ec2:CreateVpc@network/vpc`; the beginning of a name tries
all points that begin so, and a number tries so many points of each scenario. `make test` tries a choice of points that is the same each time; `SWEEP_SEED` makes another.

| fault | what befalls the call |
|---|---|
| dies-before, dies-after | the operator dies before the call is sent, or when it was carried out; another one begins that remembers nothing |
| dies-before twice, dies-after twice | the same, and the next operator dies later in the making of the same resource |
| dies-stale | it dies after a write, and the next one is first shown the resource as it was before that |
| loses-reply | the call is carried out and the connection breaks |
| delivered-twice | the call is carried out twice |
| not-sent | the connection is refused |
| throttled, internal-error, unavailable, denied, expired-token, over-quota | AWS refuses the call once, in these words |
| conflict | Kubernetes refuses the write: somebody was faster |
| times-out | Kubernetes carries the write out, and answers that it took too long |
";

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
