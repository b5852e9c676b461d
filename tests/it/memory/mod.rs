//! Whatever the operator remembers in Kubernetes may be lost, or be that of another environment, or nonsense: its status
//! field by field, the annotation of what it was about to make, the finalizer, the resource as such. It remembers only to
//! wait less, so that it ends as it would have ended.
//!
//! `MEMORY` says what is tried: nothing for a choice that a test run has time for, a number for a choice of so many, `all`, or
//! parts of names, as in
//! `MEMORY=half-way/restarts/status.resources,/intent/`.
//!
//! | module | what it is for |
//! |---|---|
//! | [`status`] | a status that is not what the operator wrote |
//! | [`loss`] | everything that may be lost |
//! | [`ground`] | two environments, and the states into which one is put back |
//! | [`trial`] | how a trial goes, and what must hold in it |
//! | [`held`] | what is held while nothing is changed |
//! | [`place`] | in which account and region it stands |
//! | [`broken`] | courses in which something is wrong |

mod broken;
mod ground;
mod held;
mod loss;
mod place;
mod status;
mod trial;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures::future::join_all;

use self::ground::Ground;
use self::trial::{Case, Trial};
use crate::sweep::choice::{self, STAND_INS};
use crate::sweep::field::Field;
use crate::sweep::page;

/// Losses that a test run has time for.
const CHOICE: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_forgotten_is_found_again() {
    let asked = std::env::var("MEMORY").unwrap_or_default();
    let begun = Instant::now();
    let field = Field::open("memory", STAND_INS).await;
    // A ground is worth its building only where much is tried on it.
    let at_once = if asked.is_empty() { STAND_INS } else { 2 * STAND_INS };
    let building = field.plots(at_once).await.into_iter().map(|plot| tokio::spawn(Ground::of(plot)));
    let grounds: Vec<Ground> = join_all(building).await.into_iter().map(Result::unwrap).collect();
    let cases = choice::chosen(Case::all(&loss::all()), &asked, CHOICE, &KEPT);
    assert!(!cases.is_empty(), "nothing is called {asked}");
    println!("{} trials, {} s so far", cases.len(), begun.elapsed().as_secs());
    let left = Arc::new(Mutex::new(cases));
    let workers = grounds.into_iter().map(|ground| tokio::spawn(work(Arc::clone(&left), ground)));
    let trials: Vec<(Case, Trial)> = join_all(workers).await.into_iter().flat_map(Result::unwrap).collect();
    let struck = trials.iter().filter(|(_, trial)| trial.struck).count();
    let passes = trials.iter().map(|(_, trial)| trial.passes).max().unwrap_or_default();
    let report = format!(
        "{} trials, {struck} of them struck, at most {passes} passes, in {}.",
        trials.len(),
        page::took(begun.elapsed())
    );
    println!("{report}");
    if asked == "all" {
        page::put("memory", "make memory", &report);
    }
    let tried = trials.iter().map(|(case, trial)| (case, trial.broken.as_ref()));
    let failures = choice::failures(tried, "make memory CASE=");
    assert!(failures.is_empty(), "{failures}");
}

/// Cases that failed once.
const KEPT: [&str; 4] = [
    // What the neighbour owns was taken for a stranger in our place.
    "half-way/restarts/status.resources[].id/swapped",
    // For ids that are none, AWS refuses to list anything, also what others asked for in the same call.
    "half-way/restarts/status.resources[].id/extreme",
    // It was said for ever that there was a snapshot.
    "ready/restarts/status.finalSnapshot/garbage",
    // What was as wanted was not held again before something changed.
    "ready/restarts/finalizer/removed",
];

async fn work(left: Arc<Mutex<Vec<Case>>>, ground: Ground) -> Vec<(Case, Trial)> {
    let next = || left.lock().unwrap().pop();
    let mut trials = Vec::new();
    while let Some(case) = next() {
        let trial = Trial::of(&case, &ground).await;
        if let Some(broken) = &trial.broken {
            println!("✘ {case}: {broken}");
        }
        trials.push((case, trial));
    }
    trials
}
