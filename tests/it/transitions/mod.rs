//! Every field of the spec, given every kind of value that its schema allows or forbids, and taken back: an environment that
//! was edited ends as one that was made so from the beginning, and rests then.
//!
//! What Kubernetes takes and refuses is tried in every test run. `TRANSITIONS` says which edits are carried out: nothing for a
//! choice that a test run has time for, a number for a choice of so many, `all`, or parts of names, as in
//! `TRANSITIONS=database.,processing.cpu`.
//!
//! | module | what it is for |
//! |---|---|
//! | [`field`] | the fields of the schema, and values for them |
//! | [`edit`] | one edit, and what is to come of it |
//! | [`chosen`] | what depends on what was there before |
//! | [`trial`] | how an edit goes, and what must hold |
//! | [`refused`] | what Kubernetes itself refuses |
//! | [`table`] | what people read |
//! | [`broken`] | what each oracle catches |

mod broken;
mod chosen;
mod edit;
mod field;
mod refused;
mod table;
mod trial;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures::future::join_all;

use self::edit::Edit;
use self::trial::Trial;
use crate::sweep::choice::{self, STAND_INS};
use crate::sweep::field::{Field, Plot};
use crate::sweep::page;

/// Edits at a time; each is made in one account and compared with another.
const AT_ONCE: usize = 2 * STAND_INS;
/// Edits that a test run has time for.
const CHOICE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_environment_that_was_edited_is_as_one_that_was_made_so() {
    let asked = std::env::var("TRANSITIONS").unwrap_or_default();
    let begun = Instant::now();
    let edits = choice::chosen(edit::all(), &asked, CHOICE, &KEPT);
    assert!(!edits.is_empty(), "no edit is called {asked}");
    let field = Field::open("transitions", STAND_INS).await;
    let plots = field.plots(AT_ONCE).await.into_iter().zip(field.plots(AT_ONCE).await);
    let left = Arc::new(Mutex::new(edits));
    let workers = plots.map(|(standing, empty)| tokio::spawn(work(Arc::clone(&left), standing, empty)));
    let trials: Vec<Trial> = join_all(workers).await.into_iter().flat_map(Result::unwrap).collect();
    let report = page::report(&table::table(&trials), &format!("{} edits", trials.len()), begun.elapsed());
    println!("{report}");
    if asked == "all" {
        page::put("transitions", "make transitions", &report);
    }
    let tried = trials.iter().map(|trial| (&trial.edit, trial.broken.as_ref()));
    let failures = choice::failures(tried, "make transitions EDIT=");
    assert!(failures.is_empty(), "{failures}");
}

/// Edits that failed once.
const KEPT: [&str; 1] = [
    // That more tasks ran was seen only at the next sweep.
    "processing.autoscaling.minCount=4",
];

async fn work(left: Arc<Mutex<Vec<Edit>>>, mut standing: Plot, mut empty: Plot) -> Vec<Trial> {
    let next = || left.lock().unwrap().pop();
    let mut trials = Vec::new();
    while let Some(edit) = next() {
        let trial = Trial::of(&edit, &mut standing, &mut empty).await;
        if let Some(broken) = &trial.broken {
            println!("✘ {edit}: {broken}");
        }
        trials.push(trial);
    }
    trials
}
