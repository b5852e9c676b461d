//! How a cell is tried, and what must hold in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use video_pipeline_operator::controller::{Pace, reconcile};

use super::cell::Cell;
use super::error::Error;
use super::expected::{Class, Expected};
use super::shown::Shown;
use super::story::Story;
use crate::sweep::field::Plot;
use crate::sweep::inventory::Inventory;
use crate::sweep::operator::{Operator, READ_LAG, Rest, context, is_ready};
use crate::sweep::trial::late;
use crate::wire::{Life, Target, log};

/// How many passes a fault lasts at most, and how long.
const PASSES: usize = 120;
const LONGEST: Duration = Duration::from_secs(20);
/// How long nothing may change before everything that goes on is taken to be done.
const STILL: Duration = Duration::from_millis(250);
/// How long an operator is watched that takes its time, after its first pass.
const WATCHED: Duration = Duration::from_millis(400);
/// In how many passes it may try again in that time what was just refused: those that follow upon progress elsewhere.
const FEW: usize = 3;
/// Between two passes.
const OFTEN: Duration = Duration::from_millis(25);

/// What a story comes to undisturbed.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Every operation that is called under fire.
    pub called: BTreeSet<String>,
    rest: Rest,
    inventory: Inventory,
}

/// How a trial went.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What was tried.
    pub cell: Cell,
    /// How often the operation was attempted while it failed.
    pub attempts: usize,
    /// How many passes were made, from the beginning to the end.
    pub passes: usize,
    /// How long it took.
    pub time: Duration,
    /// What does not hold.
    pub broken: Option<String>,
}

/// What happened.
#[derive(Clone, Debug)]
pub struct Course {
    /// What was shown in the end while the fault lasted; nothing if the resource was gone.
    pub shown: Option<Shown>,
    /// How often the operation was attempted meanwhile.
    pub attempts: usize,
    /// What was changed although it was not known.
    pub guessed: Vec<String>,
    /// What was missing when the environment was said to be ready.
    pub missing: Vec<String>,
    /// In how many passes an operator that takes its time tried again.
    pub again: usize,
    /// How it ended once the fault was gone.
    pub rest: Rest,
    /// What there was then.
    pub inventory: Inventory,
    /// What a process changed that began afterwards.
    pub late: Vec<String>,
    /// Addresses for which there were two at one time.
    pub doubles: BTreeMap<String, BTreeSet<String>>,
}

impl Reference {
    /// Plays `story` undisturbed.
    pub async fn of(story: &Story, plot: &mut Plot) -> Result<Self, String> {
        let mut operator = plot.operator(&story.before).await?;
        story.happen(&operator).await;
        let rest = operator.rest(None).await?;
        let called = operator.wire.log().into_iter().map(|attempt| attempt.call.action).collect();
        Ok(Self { called, rest, inventory: operator.inventory().await })
    }

    /// What does not hold in a course in which `cell` went wrong.
    pub fn broken_by(&self, cell: &Cell, course: &Course) -> Option<String> {
        let some = |what: &str, list: &[String]| (!list.is_empty()).then(|| format!("{what}: {list:#?}"));
        // What is wanted may show what could not be removed: a database its instances.
        let left = Class::of(&cell.operation) == Class::Delete
            && course.shown.as_ref().is_some_and(Shown::has_all_that_is_wanted);
        let missing = if left { &[][..] } else { &course.missing };
        let gone = || match (&course.shown, cell.expected) {
            (None, Expected::Told | Expected::Waits | Expected::Held) => {
                Some("it was gone all the same".to_owned())
            }
            (shown, _) => shown.as_ref().and_then(|shown| shown.broken_by(cell)),
        };
        let hammered = course.again > FEW && cell.expected != Expected::Believed;
        let doubles: Vec<_> = course.doubles.iter().map(|(at, ids)| format!("{at}: {ids:?}")).collect();
        let differs = course.inventory.difference(&self.inventory);
        (course.attempts == 0)
            .then(|| "it was never attempted".to_owned())
            .or_else(|| some("changed although not known", &course.guessed))
            .or_else(|| some("said to be ready, without", missing))
            .or_else(gone)
            .or_else(|| hammered.then(|| format!("tried again in {} passes at once", course.again)))
            .or_else(|| (course.rest != self.rest).then(|| format!("it ends as {:?}", course.rest)))
            .or_else(|| {
                differs.map(|difference| format!("what stands there at the end differs:{difference}"))
            })
            .or_else(|| some("there were two at one time", &doubles))
            .or_else(|| some("it was at rest, and the next process did", &course.late))
    }
}

impl Trial {
    /// Tries `cell` in `story`.
    pub async fn of(cell: &Cell, story: &Story, reference: &Reference, plot: &mut Plot) -> Self {
        let begun = Instant::now();
        let mut trial =
            Self { cell: cell.clone(), attempts: 0, passes: 0, time: Duration::ZERO, broken: None };
        trial.broken = match plot.operator(&story.before).await {
            Ok(mut operator) => {
                let course = play(cell, story, reference, &mut operator).await;
                trial.passes = operator.passes;
                trial.attempts = course.as_ref().map_or(0, |course| course.attempts);
                course.map_or_else(Some, |course| reference.broken_by(cell, &course))
            }
            Err(broken) => Some(broken),
        };
        Self { time: begun.elapsed(), ..trial }
    }
}

/// Plays `story` with `cell` in it: first while it goes wrong, then when it no longer does.
pub async fn play(
    cell: &Cell,
    story: &Story,
    reference: &Reference,
    operator: &mut Operator,
) -> Result<Course, String> {
    operator.wire.arm([(Target::Every(cell.operation.clone()), cell.fault)]);
    story.happen(operator).await;
    let (shown, guessed, missing) = disturbed(cell, reference, operator).await;
    let attempts = attempts(operator, cell, 0);
    let again = again(cell, operator).await;
    operator.wire.disarm();
    if cell.error == Error::NotFound {
        // What AWS said was there no more is looked for again only once reads must show it.
        operator.bound = usize::MAX;
    }
    // The process that was refused lives on, with all that it remembers of it.
    let rest = operator.rest(None).await.map_err(|broken| format!("afterwards: {broken}"))?;
    let inventory = operator.inventory().await;
    let late = if rest == Rest::Ready { late(operator).await? } else { Vec::new() };
    let course = Course {
        shown,
        attempts,
        guessed,
        missing,
        again,
        inventory,
        late,
        doubles: log::doubles(&operator.standing, &operator.wire.log()),
        rest,
    };
    Ok(course)
}

/// How often the operation was attempted since so many calls.
fn attempts(operator: &Operator, cell: &Cell, since: usize) -> usize {
    let log = operator.wire.log();
    log.iter().skip(since).filter(|attempt| attempt.call.action == cell.operation).count()
}

/// Passes while the fault lasts, until nothing changes any more. What is shown then, what was changed although it was not
/// known, and what was missing when the environment was said to be ready.
async fn disturbed(
    cell: &Cell,
    reference: &Reference,
    operator: &mut Operator,
) -> (Option<Shown>, Vec<String>, Vec<String>) {
    let (begun, mut still_since, mut last) = (Instant::now(), Instant::now(), Value::Null);
    let (mut shown, mut guessed, mut missing) = (None, Vec::new(), Vec::new());
    for pass in 0..PASSES {
        let Some(object) = operator.resource().await else { return (None, guessed, missing) };
        let before = operator.wire.log().len();
        let ended = operator.pass(object, &mut None).await;
        let calls = operator.wire.log().split_off(before);
        let Some(object) = operator.resource().await else { return (None, guessed, missing) };
        let now = Shown(object.data["status"].clone());
        let changes = |address: &&str| {
            let is = |at: &Option<String>| at.as_deref() == Some(address);
            calls.iter().any(|attempt| attempt.call.mutates() && is(&attempt.call.address))
        };
        guessed.extend(now.unknown().into_iter().filter(|_| ended).filter(changes).map(str::to_owned));
        let ready = is_ready(&object) && pass > 0;
        let looks = now.without_times();
        shown = Some(now);
        if looks != last {
            (last, still_since) = (looks, Instant::now());
        } else if still_since.elapsed() > STILL && attempts(operator, cell, 0) > 0 {
            if ready {
                missing = operator.inventory().await.lacks(&reference.inventory);
            }
            break;
        }
        if begun.elapsed() > LONGEST {
            break;
        }
        tokio::time::sleep(OFTEN).await;
    }
    (shown, guessed, missing)
}

/// In how many passes a process that takes its time attempts the operation, which still fails, in no time.
async fn again(cell: &Cell, operator: &Operator) -> usize {
    let life = Life::default();
    let mut context = context(&operator.wire, &operator.kubernetes, &life, READ_LAG);
    context.pace = Pace::new(Duration::from_secs(3600));
    let context = Arc::new(context);
    let (mut passes, mut since) = (0, None);
    while since.is_none_or(|since: Instant| since.elapsed() < WATCHED) {
        let Some(object) = operator.resource().await else { break };
        let before = operator.wire.log().len();
        // What Kubernetes refused is tried again in the next pass.
        let _ = reconcile(Arc::new(object), Arc::clone(&context)).await;
        passes += usize::from(attempts(operator, cell, before) > 0);
        since.get_or_insert_with(Instant::now);
        tokio::time::sleep(OFTEN).await;
    }
    life.bury();
    passes
}
