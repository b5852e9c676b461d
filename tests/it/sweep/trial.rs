//! A scenario, undisturbed or with a fault in it, and what must hold in either case.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::field::{Field, Place};
use super::inventory::Inventory;
use super::operator::{Operator, Rest};
use super::point::Point;
use super::scenario::Scenario;
use super::strangers;
use crate::wire::{Aim, Attempt, Fault, Target, log};

/// What a scenario comes to when nothing goes wrong.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Every call that is made under fire, and whether it changes something.
    pub calls: Vec<(Aim, bool)>,
    /// Every write to Kubernetes.
    pub writes: Vec<Aim>,
    rest: Rest,
    inventory: Inventory,
    mutations: BTreeMap<String, usize>,
}

/// How a trial went.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Which one it is.
    pub point: Point,
    /// Whether the call that the fault was meant for was made at all.
    pub struck: bool,
    /// How many passes were made.
    pub passes: usize,
    /// How long it took.
    pub time: Duration,
    /// What does not hold; nothing if it recovered.
    pub broken: Option<String>,
}

/// What happened under fire.
struct Course {
    rest: Rest,
    passes: usize,
    calls: Vec<Attempt>,
    writes: Vec<Aim>,
    /// What there was when the environment was said to be ready.
    at_ready: Option<Inventory>,
    inventory: Inventory,
}

impl Reference {
    /// Plays `scenario` undisturbed.
    pub async fn of(scenario: &Scenario, field: &Field) -> Result<Self, String> {
        let mut operator = begin(scenario, &field.place().await).await?;
        let course = play(scenario, &mut operator, |_| {}).await?;
        Ok(Self {
            calls: log::aims(&course.calls),
            mutations: log::mutations(&course.calls),
            writes: course.writes,
            rest: course.rest,
            inventory: course.inventory,
        })
    }

    /// What does not hold in a course that was disturbed.
    fn broken_by(&self, course: &Course) -> Option<String> {
        if course.rest != self.rest {
            return Some(format!("it ends as {:?} and not as {:?}", course.rest, self.rest));
        }
        if let Some(difference) = course.inventory.difference(&self.inventory) {
            return Some(format!("what stands there at the end is not the same:{difference}"));
        }
        if let Some(missing) = course.at_ready.as_ref().map(|at_ready| at_ready.lacks(&self.inventory))
            && !missing.is_empty()
        {
            return Some(format!("it was said to be ready while these were missing: {missing:#?}"));
        }
        let doubles = log::doubles(&course.calls);
        if !doubles.is_empty() {
            return Some(format!("there were two at one time: {doubles:#?}"));
        }
        self.too_many(&log::mutations(&course.calls))
    }

    /// Resources that were changed more than once more often than they are undisturbed.
    fn too_many(&self, mutations: &BTreeMap<String, usize>) -> Option<String> {
        let usual = |address: &String| self.mutations.get(address).copied().unwrap_or_default();
        let too_many = mutations.iter().filter(|(address, count)| **count > usual(address) + 1);
        let too_many: Vec<_> =
            too_many.map(|(at, count)| format!("{at}: {count} instead of {}", usual(at))).collect();
        (!too_many.is_empty()).then(|| format!("more calls than one more than undisturbed: {too_many:?}"))
    }
}

impl Trial {
    /// Tries `point`.
    pub async fn of(point: &Point, scenario: &Scenario, reference: &Reference, field: &Field) -> Self {
        let begun = Instant::now();
        let mut trial =
            Self { point: point.clone(), struck: false, passes: 0, time: Duration::ZERO, broken: None };
        match begin(scenario, &field.place().await).await {
            Ok(mut operator) => {
                let course = play(scenario, &mut operator, |operator| arm(operator, point)).await;
                let struck = (operator.wire.disarm(), operator.kubernetes.disarm());
                trial.struck = struck.0.is_some() || struck.1.is_some();
                trial.passes = course.as_ref().map_or(operator.passes, |course| course.passes);
                trial.broken = match course {
                    Ok(course) => reference.broken_by(&course),
                    Err(broken) => Some(broken),
                };
            }
            Err(broken) => trial.broken = Some(format!("before anything went wrong: {broken}")),
        }
        trial.time = begun.elapsed();
        trial
    }
}

/// The environment as it is before anything goes wrong.
async fn begin(scenario: &Scenario, place: &Place) -> Result<Operator, String> {
    strangers::settle(&place.account).await;
    let mut operator = Operator::new(place);
    for act in &scenario.before {
        operator.act(act).await;
        operator.rest(None).await?;
    }
    Ok(operator)
}

fn arm(operator: &mut Operator, point: &Point) {
    operator.stale = point.fault == Fault::DiesStale;
    let target = Target::Call(point.aim.clone());
    match point.aim.action.starts_with("kubernetes:") {
        true => operator.kubernetes.arm(target, point.fault),
        false => operator.wire.arm(target, point.fault),
    }
}

async fn play(
    scenario: &Scenario,
    operator: &mut Operator,
    arm: impl FnOnce(&mut Operator),
) -> Result<Course, String> {
    let marks = (operator.wire.log().len(), operator.kubernetes.log().len(), operator.passes);
    arm(operator);
    operator.act(&scenario.act).await;
    operator.at_ready = None;
    let rest = operator.rest(scenario.interruption.clone()).await?;
    let passes = operator.passes - marks.2;
    let (calls, writes) =
        (operator.wire.log().split_off(marks.0), operator.kubernetes.log().split_off(marks.1));
    let mut numbered: Vec<Aim> = Vec::new();
    for write in &writes {
        let mut aim = Aim::at(write);
        aim.number += numbered.iter().filter(|earlier| earlier.action == aim.action).count();
        numbered.push(aim);
    }
    let (at_ready, inventory) = (operator.at_ready.take(), operator.inventory().await);
    if rest == Rest::Ready {
        stays(operator).await?;
    }
    Ok(Course { rest, passes, calls, writes: numbered, at_ready, inventory })
}

/// Another process finds nothing to do.
async fn stays(operator: &mut Operator) -> Result<(), String> {
    let before = operator.wire.log().len();
    operator.restart();
    operator.rest(None).await?;
    let late = operator.wire.log().split_off(before);
    let late: Vec<_> = late
        .iter()
        .filter(|attempt| attempt.call.mutates())
        .map(|attempt| Aim::at(&attempt.call).to_string())
        .collect();
    if late.is_empty() { Ok(()) } else { Err(format!("it was at rest, and the next process did {late:?}")) }
}
