//! Of all that could be tried, what a test run tries: the same for everybody, unless `SWEEP_SEED` makes another choice. And
//! what of it failed.

use std::fmt::{Display, Write};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Stand-ins: one for each processor.
pub const STAND_INS: usize = 2;
/// Trials at a time: most of them wait for something most of the time.
pub const AT_ONCE: usize = 6;
/// Which choice; any number will do, and a fixed one is replayed by everybody.
const SEED: u64 = 20_261_128;

/// The place of a trial in the order in which trials are chosen.
pub fn place(trial: &impl Display) -> u64 {
    let seed = std::env::var("SWEEP_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    let mut hasher = DefaultHasher::new();
    (seed, trial.to_string()).hash(&mut hasher);
    hasher.finish()
}

/// The trials that are asked for: `all`, a number for a choice of so many, parts of names, or, where nothing is asked for, a
/// choice of `usual`. A choice begins with those that are `kept`.
pub fn chosen<T: Display>(mut trials: Vec<T>, asked: &str, usual: usize, kept: &[&str]) -> Vec<T> {
    let number = if asked.is_empty() { Some(usual) } else { asked.parse().ok() };
    if let Some(number) = number {
        trials.sort_by_cached_key(|trial| (!kept.contains(&trial.to_string().as_str()), place(trial)));
        trials.truncate(number);
    } else if asked != "all" {
        trials.retain(|trial| asked.split(',').any(|part| trial.to_string().contains(part)));
    }
    trials
}

/// What failed and how, each with the command that replays it: `make sweep POINT=`.
pub fn failures<'t, T: Display>(
    trials: impl Iterator<Item = (T, Option<&'t String>)>,
    command: &str,
) -> String {
    let mut text = String::new();
    for (trial, broken) in trials.filter_map(|(trial, broken)| Some((trial, broken?))) {
        writeln!(text, "\n{trial}\n  {broken}\n  {command}'{trial}'").unwrap();
    }
    text
}
