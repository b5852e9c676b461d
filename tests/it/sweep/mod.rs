//! Faults swept over every call: a scenario is played undisturbed, and then once for each of its calls and each fault that
//! can befall it, the whole operator against a real API server and the stand-in. Each time it must end as it ends
//! undisturbed, by itself.
//!
//! `SWEEP` says what is tried: nothing for a choice that a test run has time for, a number for a choice of so many points of
//! each scenario, `all`, or the beginning of names of points, as in `SWEEP=create/dies-after`. `SWEEP_SEED` makes another
//! choice.
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
//! | [`choice`] | what a test run has time for |
//! | [`table`], [`page`] | what people read |
//! | [`broken`] | what each oracle catches |

pub(crate) mod account;
mod broken;
pub(crate) mod choice;
pub(crate) mod field;
pub(crate) mod inventory;
mod kubernetes;
pub(crate) mod operator;
pub(crate) mod page;
mod point;
mod scenario;
pub(crate) mod strangers;
mod table;
pub(crate) mod trial;
mod xml;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures::future::join_all;

use self::choice::{AT_ONCE, STAND_INS};
use self::field::{Field, Plot};
use self::point::Point;
use self::scenario::Scenario;
use self::trial::{Reference, Trial};

/// Trials of each scenario that a test run has time for.
const CHOICE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_point_recovers() {
    let asked = std::env::var("SWEEP").unwrap_or_default();
    let begun = Instant::now();
    let field = Field::open("points", STAND_INS).await;
    let mut plots = field.plots(AT_ONCE).await;
    let mut trials = Vec::new();
    for scenario in scenario::all().iter().filter(|scenario| concerns(&asked, scenario.name)) {
        trials.extend(sweep(scenario, &asked, &mut plots).await);
    }
    assert!(!trials.is_empty(), "no point is called {asked}");
    let points = format!("{} points", trials.len());
    let report = page::report(&table::table(&trials), &points, begun.elapsed());
    println!("{report}");
    if asked == "all" {
        page::put("sweep", "make sweep", &report);
    }
    let tried = trials.iter().map(|trial| (&trial.point, trial.broken.as_ref()));
    let failures = choice::failures(tried, "make sweep POINT=");
    assert!(failures.is_empty(), "{failures}");
}

/// Tries the points of `scenario` that are asked for, on all plots at once.
async fn sweep(scenario: &Scenario, asked: &str, plots: &mut Vec<Plot>) -> Vec<Trial> {
    for plot in &*plots {
        plot.lag(scenario.lag).await;
    }
    let reference = Reference::of(scenario, &mut plots[0]).await;
    let reference = reference.unwrap_or_else(|broken| panic!("{}, undisturbed: {broken}", scenario.name));
    let points = chosen(Point::all(scenario, &reference), asked);
    println!("{}: {} calls, {} points", scenario.name, reference.calls.len(), points.len());
    let begun = Instant::now();
    let stage = Arc::new((scenario.clone(), reference, Mutex::new(points)));
    let workers = std::mem::take(plots).into_iter().map(|plot| {
        // Tasks of their own, so that trials use all processors.
        tokio::spawn(work(Arc::clone(&stage), plot))
    });
    let mut trials = Vec::new();
    for worker in join_all(workers).await {
        let (tried, plot) = worker.unwrap();
        trials.extend(tried);
        plots.push(plot);
    }
    println!("{}: {} s", scenario.name, begun.elapsed().as_secs());
    trials
}

/// What is played, what it comes to undisturbed, and the points that are left to try.
type Stage = (Scenario, Reference, Mutex<Vec<Point>>);

async fn work(stage: Arc<Stage>, mut plot: Plot) -> (Vec<Trial>, Plot) {
    let (scenario, reference, points) = &*stage;
    let next = || points.lock().unwrap().pop();
    let mut trials = Vec::new();
    while let Some(point) = next() {
        let trial = Trial::of(&point, scenario, reference, &mut plot).await;
        if let Some(broken) = &trial.broken {
            println!("✘ {point}: {broken}");
        }
        trials.push(trial);
    }
    (trials, plot)
}

/// Points that failed once.
const KEPT: [&str; 2] = [
    // The SDK tried again, and registered a second revision.
    "roll/loses-reply/ecs:RegisterTaskDefinition@processing/task",
    "create-edit/loses-reply/ecs:RegisterTaskDefinition@processing/task/2",
];

/// The points that are asked for.
fn chosen(mut points: Vec<Point>, asked: &str) -> Vec<Point> {
    let number = if asked.is_empty() { Some(CHOICE) } else { asked.parse().ok() };
    let Some(number) = number else {
        points.retain(|point| asked == "all" || point.to_string().starts_with(asked));
        return points;
    };
    points.sort_by_cached_key(|point| (!KEPT.contains(&point.to_string().as_str()), choice::place(point)));
    points.truncate(number);
    points
}

/// Whether points of this scenario may be asked for.
fn concerns(asked: &str, scenario: &str) -> bool {
    asked.is_empty()
        || asked == "all"
        || asked.parse::<usize>().is_ok()
        || asked.split('/').next() == Some(scenario)
}
