//! Every operation that the registered kinds call, refused in every way that AWS refuses it: for a few passes all attempts
//! at it fail. Meanwhile the status must say so in words that a person can act on, all else must go on, and nothing may be
//! hammered, doubled or guessed; when the fault goes away, everything must end as it ends undisturbed.
//!
//! `MATRIX` says which cells are tried: nothing for a choice that a test run has time for, `all`, or parts of their names,
//! as in `MATRIX=ec2:CreateVpc/throttled`, `MATRIX=/denied` or `MATRIX=sqs:`. `SWEEP_SEED` makes another choice.
//!
//! | module | what it is for |
//! |---|---|
//! | [`error`] | what goes wrong, and how AWS says it |
//! | [`expected`] | what must then be seen: the table |
//! | [`cell`] | an operation and an error |
//! | [`story`], [`drift`] | what environments go through, so that every operation is called |
//! | [`trial`], [`shown`] | how a cell is tried, and what must hold |
//! | [`table`] | what people read |
//! | [`broken`] | what each oracle catches |

mod broken;
mod cell;
pub(crate) mod drift;
mod error;
mod expected;
mod shown;
mod story;
mod table;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures::future::join_all;
use video_pipeline_operator::kinds::{KINDS, facts};

use self::cell::Cell;
use self::error::Error;
use self::story::Story;
use self::trial::{Reference, Trial};
use crate::sweep::choice::{self, AT_ONCE, STAND_INS};
use crate::sweep::field::{Field, Plot};
use crate::sweep::page;
use crate::wire::{Fault, Target};

/// Cells that a test run has time for.
const CHOICE: usize = 24;

/// Every story with what it comes to undisturbed, and the cells that are left to try.
struct Stage {
    stories: Vec<(Story, Reference)>,
    left: Mutex<Vec<Cell>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_is_told_and_overcome() {
    let asked = std::env::var("MATRIX").unwrap_or_default();
    let begun = Instant::now();
    let field = Field::open("matrix", STAND_INS).await;
    let plots = field.plots(AT_ONCE).await;
    let (stories, plots) = undisturbed(plots).await;
    let called = by_operation(&stories);
    assert_eq!(forgotten(&called), BTreeSet::new(), "operations that no story calls");
    let cells = chosen(Cell::all(&operations()), &asked, &called);
    assert!(!cells.is_empty(), "no cell is called {asked}");
    println!("{} operations, {} cells, {} s so far", called.len(), cells.len(), begun.elapsed().as_secs());
    let stage = Arc::new(Stage { stories, left: Mutex::new(cells) });
    let workers = plots.into_iter().map(|plot| tokio::spawn(work(Arc::clone(&stage), plot)));
    let trials: Vec<Trial> = join_all(workers).await.into_iter().flat_map(Result::unwrap).collect();
    let cells = format!("{} cells", trials.len());
    let report = page::report(&table::table(&trials), &cells, begun.elapsed());
    println!("{report}");
    if asked == "all" {
        page::put("matrix", "make matrix", &report);
    }
    let tried = trials.iter().map(|trial| (&trial.cell, trial.broken.as_ref()));
    let failures = choice::failures(tried, "make matrix CELL=");
    assert!(failures.is_empty(), "{failures}");
}

/// Every operation that the registry calls, and nothing else: a new kind's are in it by themselves.
fn operations() -> BTreeSet<String> {
    let actions = KINDS.iter().flat_map(|kind| kind.actions()).chain(facts::ACTIONS);
    actions.filter(|action| action.implied_by.is_none()).map(|action| action.name.to_owned()).collect()
}

/// The faults by which AWS says of each name that is to be given that it is taken: it is, by what it has just made.
pub fn taken_by_us() -> Vec<(Target, Fault)> {
    let taken = |operation: String| {
        let fault = Error::AlreadyOurs.fault(&operation)?;
        Some((Target::Every(operation), fault))
    };
    operations().into_iter().filter_map(taken).collect()
}

/// How AWS refuses a removal at first: something still uses what is to go or, where AWS never says so, it is overloaded.
pub fn refused_for_now(operation: &str) -> Option<Fault> {
    Error::InUse.fault(operation).or_else(|| Error::Unavailable.fault(operation))
}

/// Plays all stories, as many at a time as there are plots.
async fn undisturbed(plots: Vec<Plot>) -> (Vec<(Story, Reference)>, Vec<Plot>) {
    let left: Vec<_> = story::all().into_iter().enumerate().rev().collect();
    let left = Arc::new(Mutex::new(left));
    let workers = plots.into_iter().map(|mut plot| {
        let left = Arc::clone(&left);
        tokio::spawn(async move {
            let next = || left.lock().unwrap().pop();
            let mut played = Vec::new();
            while let Some((number, story)) = next() {
                let reference = Reference::of(&story, &mut plot).await;
                let reference =
                    reference.unwrap_or_else(|broken| panic!("{}, undisturbed: {broken}", story.name));
                played.push((number, story, reference));
            }
            (played, plot)
        })
    });
    let (played, plots): (Vec<_>, Vec<_>) = join_all(workers).await.into_iter().map(Result::unwrap).unzip();
    let mut played = played.concat();
    played.sort_by_key(|(number, ..)| *number);
    (played.into_iter().map(|(_, story, reference)| (story, reference)).collect(), plots)
}

/// The first story that calls each operation.
fn by_operation(stories: &[(Story, Reference)]) -> BTreeMap<String, usize> {
    let mut called = BTreeMap::new();
    for (number, (_, reference)) in stories.iter().enumerate() {
        for operation in &reference.called {
            called.entry(operation.clone()).or_insert(number);
        }
    }
    called
}

/// Operations that neither a story calls nor anybody gave a reason for, and reasons that are none any more.
fn forgotten(called: &BTreeMap<String, usize>) -> BTreeSet<String> {
    let excused = |operation: &str| story::UNCALLED.iter().any(|(uncalled, _)| *uncalled == operation);
    operations()
        .into_iter()
        .filter(|operation| called.contains_key(operation) == excused(operation))
        .collect()
}

/// The cells that are asked for and can be tried, those of a story together.
fn chosen(mut cells: Vec<Cell>, asked: &str, called: &BTreeMap<String, usize>) -> Vec<Cell> {
    cells.retain(|cell| called.contains_key(&cell.operation));
    if asked.is_empty() {
        cells.sort_by_cached_key(choice::place);
        cells.truncate(CHOICE);
    } else if asked != "all" {
        cells.retain(|cell| asked.split(',').any(|part| cell.to_string().contains(part)));
    }
    cells.sort_by_key(|cell| std::cmp::Reverse(called[&cell.operation]));
    cells
}

async fn work(stage: Arc<Stage>, mut plot: Plot) -> Vec<Trial> {
    let next = || stage.left.lock().unwrap().pop();
    let mut trials = Vec::new();
    while let Some(cell) = next() {
        let calls = |(_, reference): &&(Story, Reference)| reference.called.contains(&cell.operation);
        let Some((story, reference)) = stage.stories.iter().find(calls) else { continue };
        let trial = Trial::of(&cell, story, reference, &mut plot).await;
        if let Some(broken) = &trial.broken {
            println!("✘ {cell}: {broken}");
        }
        trials.push(trial);
    }
    trials
}
