//! Two operators and one Lease: one leads, and the other takes over when it goes, whichever way and in the middle of whatever.
//!
//! `LEADERSHIP` says how often that is tried; without it, once in each way. What was measured is printed; a whole run writes it
//! into the page on reliability. One change of the leader, and what must hold in it, is a [`trial`].

mod trial;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures::future::join_all;

use self::trial::{Change, Ground, Trial, Way};
use crate::sweep::page;

/// Trials at a time: they wait for the lease nearly all the time.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_led_is_followed_and_starts_nothing_any_more() {
    let asked: Option<usize> = std::env::var("LEADERSHIP").ok().map(|number| number.parse().unwrap());
    let begun = Instant::now();
    let trials = trials(asked.unwrap_or(Way::ALL.len()));
    let workers = trials.len().min(AT_ONCE);
    let left = Mutex::new(trials);
    let workers = (0..workers).map(|number| work(&left, number));
    let changes: Vec<(Trial, Change)> = join_all(workers).await.into_iter().flatten().collect();
    let report = page::report(&table(&changes), &format!("{} trials", changes.len()), begun.elapsed());
    println!("{report}");
    if asked.is_some() {
        page::put("leadership", "make leadership", &report);
    }
}

/// So many trials of all ways, in the middle of different calls.
fn trials(number: usize) -> Vec<Trial> {
    // A creation takes about fifty calls; thirteen and forty have no common divisor.
    let at = |number: usize| Trial { way: Way::ALL[number % Way::ALL.len()], after: 1 + 13 * number % 40 };
    (0..number).map(at).collect()
}

async fn work(left: &Mutex<Vec<Trial>>, number: usize) -> Vec<(Trial, Change)> {
    let ground = Ground::prepare(&format!("leadership-{number}")).await;
    let next = || left.lock().unwrap().pop();
    let mut changes = Vec::new();
    while let Some(trial) = next() {
        let change = ground.play(trial, changes.len()).await;
        changes.push((trial, change));
    }
    changes
}

/// What the trials came to, in Markdown.
fn table(changes: &[(Trial, Change)]) -> String {
    let mut rows: BTreeMap<&str, Vec<Change>> = BTreeMap::new();
    for (trial, change) in changes {
        rows.entry(trial.way.name()).or_default().push(*change);
    }
    let mut text = "| the leader | trials | followed after, median | at most | calls that it started then | \
                    that were on the wire |\n|---|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for (way, mut changes) in rows {
        changes.sort_by_key(|change| change.took);
        let (median, most) = (changes[changes.len() / 2].took, changes[changes.len() - 1].took);
        let of = |count: fn(&Change) -> usize| changes.iter().map(count).sum::<usize>();
        let (anew, late) = (of(|change| change.anew), of(|change| change.late));
        let (median, most) = (seconds(median), seconds(most));
        writeln!(text, "| {way} | {} | {median} | {most} | {anew} | {late} |", changes.len()).unwrap();
    }
    text
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[test]
fn trials_go_all_ways_in_the_middle_of_all_calls() {
    let trials = trials(120);
    for way in Way::ALL {
        let mut moments: Vec<usize> =
            trials.iter().filter(|trial| trial.way == way).map(|trial| trial.after).collect();
        moments.sort_unstable();
        assert_eq!(moments, (1..=40).collect::<Vec<_>>(), "{}", way.name());
    }
}
