//! Two operators and one Lease: one leads, and the other takes over when it goes, whichever way and in the middle of whatever.
//!
//! `LEADERSHIP` says how often that is tried; without it, once in each way. What was measured is printed, and has to reach the
//! goals where so much was asked for; a whole run also writes it into the page on reliability. One change of the leader, and what
//! must hold in it, is a [`trial`].

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
/// How many trials are a whole run.
const WHOLE: usize = 120;

/// How soon one that is told to stop is to be followed, in the median.
const TOLD: Duration = Duration::from_secs(1);
/// How soon one that says nothing is to be followed, every time: the whole lease, and a look.
const SILENT: Duration = Duration::from_secs(12);

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
    if asked.is_some_and(|asked| asked >= WHOLE) {
        page::put("leadership", "make leadership", &report);
    }
    if asked.is_some() {
        assert_eq!(missed(&changes), Vec::<String>::new(), "goals that were missed");
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

/// The ways in which a leader is not followed as soon as it should be.
fn missed(changes: &[(Trial, Change)]) -> Vec<String> {
    let missed = |way: Way| {
        let of_way = changes.iter().filter(|(trial, _)| trial.way == way);
        let mut took: Vec<Duration> = of_way.map(|(_, change)| change.took).collect();
        took.sort();
        let (measured, time, goal) = match way {
            Way::Told => ("in the median", *took.get(took.len() / 2)?, TOLD),
            Way::Killed | Way::Stopped => ("at most", *took.last()?, SILENT),
        };
        let (name, late) = (way.name(), time > goal);
        late.then(|| format!("{name}: followed after {} {measured}, not {}", seconds(time), seconds(goal)))
    };
    Way::ALL.into_iter().filter_map(missed).collect()
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
    let trials = trials(WHOLE);
    for way in Way::ALL {
        let mut moments: Vec<usize> =
            trials.iter().filter(|trial| trial.way == way).map(|trial| trial.after).collect();
        moments.sort_unstable();
        assert_eq!(moments, (1..=40).collect::<Vec<_>>(), "{}", way.name());
    }
}

#[test]
fn a_goal_that_is_missed_is_told() {
    let change =
        |way, ms| (Trial { way, after: 1 }, Change { took: Duration::from_millis(ms), anew: 0, late: 0 });
    let told = |times: [u64; 3]| times.map(|ms| change(Way::Told, ms)).to_vec();
    assert_eq!(missed(&told([1000, 4000, 900])), Vec::<String>::new(), "the median is what counts");
    assert_eq!(missed(&[told([1100, 4000, 900]), vec![change(Way::Killed, 12_000)]].concat()).len(), 1);
    let slow = [change(Way::Killed, 12_100), change(Way::Killed, 10_000), change(Way::Stopped, 12_000)];
    let missed = missed(&slow);
    assert_eq!(missed, ["is killed (SIGKILL): followed after 12.1 s at most, not 12.0 s"]);
}
