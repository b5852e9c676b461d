//! Operators, and things expected of an edit, that are broken on purpose, each in the way that one oracle forbids: an oracle
//! that finds nothing wrong with them is none.

use serde_json::json;

use super::edit::{self, Edit, Expected};
use super::trial::{Course, fresh, play, rests};
use crate::sweep::field::{Field, Plot};
use crate::sweep::operator::{Act, Operator};
use crate::wire::{Fault, Refusal, Target};

/// An edit that takes one call.
const EDIT: &str = "credentials.rotationDays=1000";
/// That call.
const CALL: &str = "secretsmanager:RotateSecret";
/// What AWS says of a call that nobody allowed.
const DENIED: Fault = Fault::Refused(Refusal {
    status: 403,
    code: "AccessDeniedException",
    message: "You are not authorized to do this.",
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_oracle_catches_what_it_forbids() {
    let field = Field::open("transitions-broken", 1).await;
    let mut plots = field.plots(2).await;
    let edit = edit(EDIT);
    let made = fresh(&edit, &mut plots[1]).await.unwrap();
    let plot = &mut plots[0];
    let course = play(&edit, &mut standing(plot).await).await.unwrap();
    assert_eq!(course.differs_from(&made), Ok(()), "nothing is wrong yet");

    // What is expected of the edit.
    let other = Course { undone: course.edited.clone(), ..made.clone() };
    caught(course.differs_from(&other), "when one that was made so is changed");
    for (expected, words) in [
        (Expected::Held, "ConsentNeeded is never said"),
        (Expected::Suspended, "while it is suspended"),
        (Expected::Stays, "although it was to stay"),
    ] {
        let edit = Edit { expected, ..edit.clone() };
        caught(play(&edit, &mut standing(plot).await).await, words);
    }

    // What the operator does.
    let mut idle = standing(plot).await;
    idle.wire.arm([(Target::Every(CALL.to_owned()), DENIED)]);
    idle.bound = 12;
    caught(play(&edit, &mut idle).await, "edited: not at rest after");
    let mut untidy = standing(plot).await;
    untidy.account().json("sqs:CreateQueue", json!({ "QueueName": "left-behind" })).await;
    let course = play(&edit, &mut untidy).await.unwrap();
    caught(course.differs_from(&made), "other than in an environment that was made so");
    let mut restless = standing(plot).await;
    restless.act(&Act::Meddle).await;
    caught(rests(&mut restless).await, "it was at rest, and the next process did");
}

fn edit(name: &str) -> Edit {
    edit::all().into_iter().find(|edit| edit.name == name).unwrap()
}

async fn standing(plot: &mut Plot) -> Operator {
    plot.operator(&[Act::Create]).await.unwrap()
}

fn caught<T: std::fmt::Debug>(course: Result<T, String>, words: &str) {
    let broken = course.map(drop).expect_err(words);
    assert!(broken.contains(words), "{words}: {broken}");
}
