//! Faults swept over every call: a scenario is played undisturbed, and then once for each of its calls and each fault that
//! can befall it, the whole operator against a real API server and the stand-in. Each time it must end as it ends
//! undisturbed, by itself.
//!
//! `SWEEP` says what is tried: nothing for a choice that a test run has time for, `all`, or the beginning of names of
//! points, as in `SWEEP=create/dies-after`. `SWEEP_SEED` makes another choice.
//!
//! | module | what it is for |
//! |---|---|
//! | [`scenario`] | what environments go through |
//! | [`point`] | one trial: scenario, fault, call |
//! | [`trial`] | how a trial goes, and what must hold in it |
//! | [`operator`] | the operator in this process, through its deaths |
//! | [`kubernetes`], [`wire`](crate::wire) | where writes and calls are broken and noted |
//! | [`inventory`], [`account`], [`xml`] | what an account really holds |
//! | [`strangers`] | what others have in it |
//! | [`field`] | the API server and the stand-ins |
//! | [`table`] | what people read |

mod account;
mod field;
mod inventory;
mod kubernetes;
mod operator;
mod point;
mod scenario;
mod strangers;
mod table;
mod trial;
mod xml;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Instant;

use futures::{StreamExt, stream};

use self::field::Field;
use self::point::Point;
use self::scenario::Scenario;
use self::trial::{Reference, Trial};

/// Trials at a time: most of them wait most of the time.
const AT_ONCE: usize = 6;
/// Trials of each scenario that a test run has time for.
const CHOICE: usize = 6;
/// Which ones; any number will do, and a fixed one is replayed by everybody.
const SEED: u64 = 20_261_128;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_point_recovers() {
    let asked = std::env::var("SWEEP").unwrap_or_default();
    let (field, begun) = (Arc::new(Field::open("points", 2).await), Instant::now());
    let mut trials = Vec::new();
    for scenario in scenario::all().iter().filter(|scenario| concerns(&asked, scenario.name)) {
        trials.extend(sweep(scenario, &asked, &field).await);
    }
    assert!(!trials.is_empty(), "no point is called {asked}");
    println!("{}\n{} points in {:.0?}", table::table(&trials), trials.len(), begun.elapsed());
    let failures = table::failures(&trials);
    assert!(failures.is_empty(), "{failures}");
}

/// Tries the points of `scenario` that are asked for.
async fn sweep(scenario: &Scenario, asked: &str, field: &Arc<Field>) -> Vec<Trial> {
    let reference = Reference::of(scenario, field).await;
    let reference = reference.unwrap_or_else(|broken| panic!("{}, undisturbed: {broken}", scenario.name));
    let stage = Arc::new((scenario.clone(), reference));
    let reference = &stage.1;
    let points = Point::all(scenario.name, &reference.calls, &reference.writes);
    let points = chosen(points, asked);
    println!("{}: {} calls, {} points", scenario.name, reference.calls.len(), points.len());
    let trying = points.into_iter().map(|point| {
        let (stage, field) = (Arc::clone(&stage), Arc::clone(field));
        // Of its own, so that trials use all processors.
        tokio::spawn(async move { Trial::of(&point, &stage.0, &stage.1, &field).await })
    });
    let trials = stream::iter(trying).buffer_unordered(AT_ONCE).map(|trial| trial.unwrap());
    trials.inspect(told).collect().await
}

/// The points that are asked for.
fn chosen(mut points: Vec<Point>, asked: &str) -> Vec<Point> {
    if !asked.is_empty() {
        points.retain(|point| asked == "all" || point.to_string().starts_with(asked));
        return points;
    }
    let seed = std::env::var("SWEEP_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    points.sort_by_key(|point| {
        let mut hasher = DefaultHasher::new();
        (seed, point.to_string()).hash(&mut hasher);
        hasher.finish()
    });
    points.truncate(CHOICE);
    points
}

/// Whether points of this scenario may be asked for.
fn concerns(asked: &str, scenario: &str) -> bool {
    asked.is_empty() || asked == "all" || asked.split('/').next() == Some(scenario)
}

fn told(trial: &Trial) {
    if let Some(broken) = &trial.broken {
        println!("✘ {}: {broken}", trial.point);
    }
}
