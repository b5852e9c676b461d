//! Courses that are broken on purpose, each in the way that one oracle forbids: an oracle that finds nothing wrong with them is
//! none.

use serde_json::json;

use super::ground::{Ground, State};
use super::loss::Loss;
use super::trial::{Case, Course, Then, broken_by, course};
use crate::sweep::field::Field;
use crate::sweep::operator::Rest;

/// An environment that is half made loses its finalizer, as it really goes.
async fn freed() -> (Case, Ground, Course) {
    let field = Field::open("memory-broken", 1).await;
    let ground = Ground::of(field.plots(1).await.remove(0)).await;
    let case = Case { state: State::HalfWay, then: Then::Restarts, loss: Loss::Finalizer };
    let (mut operator, resource) = ground.operator(case.state).await;
    let deed = case.loss.of(&resource, &ground.others(case.state)).unwrap();
    deed.be_done(ground.place()).await;
    let course = course(&case, &ground, &mut operator).await.unwrap();
    (case, ground, course)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_oracle_catches_what_it_forbids() {
    let (case, ground, course) = freed().await;
    assert_eq!(broken_by(&case, &ground, &course), None, "nothing is wrong yet");
    let caught = |case: &Case, course: Course, words: &str| {
        let broken = broken_by(case, &ground, &course);
        assert!(broken.as_ref().is_some_and(|broken| broken.contains(words)), "{words}: {broken:?}");
    };
    let changed = |change: &dyn Fn(&mut Course)| {
        let mut course = course.clone();
        change(&mut course);
        course
    };

    let vpc = "network/vpc";
    caught(&case, Course { rest: Rest::Gone, ..course.clone() }, "it ends as Gone");
    let usual = ground.mutations(case.state)[vpc];
    let anew = changed(&|course| {
        course.mutations.insert(vpc.to_owned(), usual + 1);
    });
    caught(&case, anew, "more calls than without a loss: [(\"network/vpc\",");
    caught(&case, Course { doubles: vec![vpc.to_owned()], ..course.clone() }, "there were two");
    let lost = changed(&|course| {
        course.inventory.as_mut().unwrap().0.pop();
    });
    caught(&case, lost, "what stands there differs");
    let early = changed(&|course| {
        course.at_ready.as_mut().unwrap().0.pop();
    });
    caught(&case, early, "said to be ready without");
    let wrong = changed(&|course| course.status["phase"] = json!("Failed"));
    caught(&case, wrong, r#".phase: \"Ready\""#);
    let silent = changed(&|course| course.status["resources"] = json!([]));
    caught(&case, silent, "; but: []");
    caught(&case, Course { held: false, ..course.clone() }, "it is not held any more");

    // As an operator would leave it that does not delete what it does not remember.
    let deleted = Case { then: Then::Deletes, ..case };
    caught(&deleted, course.clone(), "it ends as Ready");
    caught(&deleted, Course { rest: Rest::Gone, ..course.clone() }, "what stands there differs");
}
