//! Cells whose table, and courses whose operator, are broken on purpose, each in the way that one oracle forbids: an oracle
//! that finds nothing wrong with them is none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::cell::Cell;
use super::error::Error;
use super::expected::Expected;
use super::shown::Shown;
use super::story;
use super::trial::{Course, Reference, play};
use crate::sweep::field::Field;
use crate::sweep::operator::Rest;

/// A denial of the creation of a queue, as it really goes.
async fn denied() -> (Cell, Reference, Course) {
    let field = Field::open("matrix-broken", 1).await;
    let mut plot = field.plots(1).await.remove(0);
    let story = story::all().remove(0);
    let reference = Reference::of(&story, &mut plot).await.unwrap();
    let cell = Cell::of("sqs:CreateQueue", Error::Denied).unwrap();
    let mut operator = plot.operator(&story.before).await.unwrap();
    let course = play(&cell, &story, &reference, &mut operator).await.unwrap();
    (cell, reference, course)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_oracle_catches_what_it_forbids() {
    let (cell, reference, course) = denied().await;
    assert_eq!(reference.broken_by(&cell, &course), None, "nothing is wrong yet");
    let caught = |cell: &Cell, course: Course, words: &str| {
        let broken = reference.broken_by(cell, &course);
        assert!(broken.as_ref().is_some_and(|broken| broken.contains(words)), "{words}: {broken:?}");
    };

    // As the operator would have it that reads the error otherwise.
    for (error, words) in [
        (Error::Throttled, "no line tells of sqs:CreateQueue and RequestThrottled"),
        (Error::Invalid, "no line tells of sqs:CreateQueue and InvalidAttributeValue"),
    ] {
        caught(&Cell { error, ..cell.clone() }, course.clone(), words);
    }
    caught(&Cell { expected: Expected::Unseen, ..cell.clone() }, course.clone(), "is Failed");
    caught(&Cell { expected: Expected::Waits, ..cell.clone() }, course.clone(), "is said to be Failed");
    let transient = Cell { error: Error::NotFound, expected: Expected::Held, ..cell.clone() };
    caught(&transient, course.clone(), "Stalled is (\"True\", \"AccessDenied\")");

    // As an operator would do that is broken.
    let told = |course: &Course, lie: &dyn Fn(&mut serde_json::Value)| {
        let mut course = course.clone();
        lie(&mut course.shown.as_mut().unwrap().0);
        course
    };
    let ready = told(&course, &|status| set(status, "conditions", "type", "Ready", ("status", "True")));
    caught(&cell, ready, "it is said to be ready");
    let other = told(&course, &|status| set(status, "conditions", "type", "Ready", ("reason", "Other")));
    caught(&cell, other, "the reason is Other and not AccessDenied");
    let dead = "errors/dead-letter-queue";
    let curt = format!("sqs:CreateQueue refused: AccessDeniedException, {dead}");
    let curt = told(&course, &|status| set(status, "resources", "address", dead, ("message", &curt)));
    caught(&cell, curt, "it is not said what to do");
    let halted =
        told(&course, &|status| set(status, "resources", "address", "network/vpc", ("state", "Waiting")));
    caught(&cell, halted, "network/vpc is Waiting without need");
    caught(&cell, Course { shown: None, ..course.clone() }, "it was gone all the same");

    caught(&cell, Course { attempts: 0, ..course.clone() }, "it was never attempted");
    caught(&cell, Course { again: 9, ..course.clone() }, "tried again in 9 passes at once");
    caught(&cell, Course { guessed: vec![dead.into()], ..course.clone() }, "changed although not known");
    caught(&cell, Course { missing: vec![dead.into()], ..course.clone() }, "said to be ready, without");
    caught(&cell, Course { rest: Rest::Gone, ..course.clone() }, "it ends as Gone");
    let doubles = BTreeMap::from([(dead.to_owned(), BTreeSet::new())]);
    caught(&cell, Course { doubles, ..course.clone() }, "there were two at one time");
    let late = vec!["sqs:TagQueue".to_owned()];
    caught(&cell, Course { late, ..course.clone() }, "it was at rest, and the next process did");
    let mut lost = course.clone();
    lost.inventory.0.pop();
    caught(&cell, lost, "what stands there at the end differs");
}

/// In the item of `list` whose `key` is `is`, sets a field.
fn set(status: &mut serde_json::Value, list: &str, key: &str, is: &str, (field, value): (&str, &str)) {
    let items = status[list].as_array_mut().unwrap();
    items.iter_mut().filter(|item| item[key] == is).for_each(|item| item[field] = json!(value));
}

#[test]
fn what_waits_for_the_unknown_is_not_known_either() {
    let shown = Shown(json!({ "resources": [
        { "address": "network/vpc", "state": "Unknown", "message": "could not be read" },
        { "address": "network/subnet", "state": "Waiting", "message": "waits for network/vpc" },
        { "address": "errors/queue", "state": "Waiting", "message": "waits for errors/other" },
    ] }));
    assert_eq!(shown.unknown(), ["network/vpc", "network/subnet"]);
}
