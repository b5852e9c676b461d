//! Operators and worlds that are broken on purpose, each in the way that one oracle forbids: an oracle that finds nothing
//! wrong with them is none.

use tokio::sync::OnceCell;

use super::account::Account;
use super::field::{Field, Plot};
use super::operator::Operator;
use super::point::Allowance;
use super::scenario::{self, Scenario};
use super::strangers;
use super::trial::{Course, Reference, late, play};
use crate::wire::{Aim, Fault, Target};

/// A scenario, undisturbed, and a plot for another.
struct Bench {
    scenario: Scenario,
    reference: Reference,
    plot: Plot,
}

impl Bench {
    async fn new() -> Self {
        Self::of("create").await
    }

    async fn of(scenario: &str) -> Self {
        static FIELD: OnceCell<Field> = OnceCell::const_new();
        Self::on(FIELD.get_or_init(|| Field::open("broken", 1)).await, scenario).await
    }

    async fn on(field: &Field, scenario: &str) -> Self {
        let mut plot = field.plots(1).await.remove(0);
        let mut scenarios = scenario::all().into_iter();
        let scenario = scenarios.find(|one| one.name == scenario).unwrap();
        let reference = Reference::of(&scenario, &mut plot).await.unwrap();
        Self { scenario, reference, plot }
    }

    /// Plays it with something wrong in it.
    async fn play(&mut self, wrong: impl FnOnce(&mut Operator)) -> (Result<Course, String>, Operator) {
        let mut operator = self.plot.operator(&self.scenario.before).await.unwrap();
        let course = play(&self.scenario, &mut operator, wrong).await;
        (course, operator)
    }

    /// What does not hold in a course.
    fn broken_by(&self, course: &Course) -> Option<String> {
        let allowance = Allowance { steps: self.scenario.past > 0, ..Allowance::default() };
        self.reference.broken_by(course, &allowance)
    }

    /// What is said of the course is just this.
    fn caught(&self, course: &Course, words: &str) {
        let broken = self.broken_by(course);
        assert!(broken.as_ref().is_some_and(|broken| broken.contains(words)), "{words}: {broken:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_oracle_catches_what_it_forbids() {
    let mut bench = Bench::new().await;
    let (course, mut operator) = bench.play(|_| {}).await;
    let course = course.unwrap();
    assert_eq!(bench.broken_by(&course), None, "nothing is wrong yet");

    let mut too_often = course.clone();
    too_often.calls.extend(course.calls.clone());
    too_often.calls.extend(course.calls.clone());
    // Ids come twice, which is no second thing.
    bench.caught(&too_often, "more calls than one more");

    let account = operator.account().clone();
    leave_something(&account).await;
    bench.caught(
        &Course { inventory: operator.inventory().await, ..course.clone() },
        "+ sqs:GetQueueAttributes",
    );
    strangers::meddle(&account, &operator.ids()).await;
    bench.caught(&Course { inventory: operator.inventory().await, ..course.clone() }, "- cloudwatch:Alarm");
    let late = late(&mut operator).await.unwrap();
    assert!(late.iter().any(|call| call.starts_with("cloudwatch:PutMetricAlarm")), "{late:?}");
    bench.caught(&Course { late, ..course }, "the next process did");
}

async fn leave_something(account: &Account) {
    account.json("sqs:CreateQueue", serde_json::json!({ "QueueName": "left-behind" })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_object_for_one_address_is_caught_also_when_it_goes_again() {
    let mut bench = Bench::new().await;
    let vpc: Aim = "ec2:CreateVpc@network/vpc".parse().unwrap();
    let (course, _operator) =
        bench.play(|operator| operator.wire.arm([(Target::Call(vpc), Fault::DeliveredTwice)])).await;
    bench.caught(&course.unwrap(), "two at one time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_says_ready_too_early_is_caught() {
    let mut bench = Bench::new().await;
    let (course, _operator) = bench.play(|operator| operator.kubernetes.lie()).await;
    bench.caught(&course.unwrap(), "said to be ready while");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_never_comes_to_rest_is_caught() {
    let mut bench = Bench::new().await;
    let (course, _operator) = bench.play(|operator| operator.bound = 1).await;
    let broken = course.unwrap_err();
    assert!(broken.contains("not at rest after"), "{broken}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_does_not_remember_what_it_did_is_caught_where_reads_show_what_was_before() {
    let mut bench = Bench::of("edit-past").await;
    let (course, _operator) = bench.play(|_| {}).await;
    assert_eq!(bench.broken_by(&course.unwrap()), None, "nothing is wrong yet");
    let (course, _operator) = bench.play(|operator| operator.forgetful = true).await;
    bench.caught(&course.unwrap(), "more calls than one more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_does_not_wait_for_reads_to_catch_up_is_caught() {
    // Its own, because reads of a stand-in lag for all who use it.
    let field = Field::open("hasty", 1).await;
    let mut bench = Bench::on(&field, "create").await;
    bench.plot.lag(3.0).await;
    let vpc: Aim = "ec2:CreateVpc@network/vpc".parse().unwrap();
    let (course, operator) = bench
        .play(|operator| {
            operator.impatient();
            operator.wire.arm([(Target::Call(vpc), Fault::DiesAfter)]);
        })
        .await;
    // It may have found both by the end, and removed one.
    let doubled = crate::wire::log::doubles(&operator.standing, &operator.wire.log());
    assert!(doubled.contains_key("network/vpc"), "{course:?}");
}
