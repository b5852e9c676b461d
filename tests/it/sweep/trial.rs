//! A scenario, undisturbed or with a fault in it, and what must hold in either case.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::field::Plot;
use super::inventory::Inventory;
use super::operator::{Operator, Rest};
use super::point::{Allowance, Point};
use super::scenario::Scenario;
use crate::wire::{Aim, Attempt, Fault, Target, log};

/// What a scenario comes to when nothing goes wrong.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Every call that is made under fire, and whether it changes something.
    pub calls: Vec<(Aim, bool)>,
    /// Every write to Kubernetes.
    pub writes: Vec<Aim>,
    /// The calls that change something before people change their minds, had they waited for the end.
    pub moments: Vec<Aim>,
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
#[derive(Clone, Debug)]
pub struct Course {
    /// How it ended.
    pub rest: Rest,
    /// The addresses of what stood there before and has no name, by id.
    pub standing: BTreeMap<String, String>,
    /// Every call.
    pub calls: Vec<Attempt>,
    /// Every write to Kubernetes.
    pub writes: Vec<Aim>,
    /// What there was when the environment was said to be ready.
    pub at_ready: Option<Inventory>,
    /// What there was at the end.
    pub inventory: Inventory,
    /// What a process changed that began afterwards.
    pub late: Vec<String>,
}

impl Reference {
    /// Plays `scenario` undisturbed.
    pub async fn of(scenario: &Scenario, plot: &mut Plot) -> Result<Self, String> {
        let course = play(scenario, &mut plot.operator(&scenario.before).await?, |_| {}).await?;
        if course.rest == Rest::Gone {
            let empty = plot.operator(&[]).await?.inventory().await;
            let left = course.inventory.difference(&empty);
            left.map_or(Ok(()), |left| Err(format!("it is gone, and something is left:{left}")))?;
        }
        let (mutations, moments) = match &scenario.interruption {
            None => (log::mutations(&course.calls), Vec::new()),
            // How much was done when people changed their minds is another thing each time; but no more than if they had
            // waited.
            Some(interruption) => {
                let mut operator = plot.operator(&scenario.before).await?;
                operator.act(&scenario.act).await;
                operator.rest(None).await?;
                let before = log::aims(&operator.wire.log()).into_iter();
                let moments = before.filter(|(_, mutates)| *mutates).map(|(aim, _)| aim);
                operator.act(&interruption.act).await;
                operator.rest(None).await?;
                (log::mutations(&operator.wire.log()), moments.collect())
            }
        };
        Ok(Self {
            calls: log::aims(&course.calls),
            mutations,
            writes: course.writes,
            moments,
            rest: course.rest,
            inventory: course.inventory,
        })
    }

    /// What does not hold in a course that was disturbed, in which so much is allowed.
    pub fn broken_by(&self, course: &Course, allowance: &Allowance<'_>) -> Option<String> {
        let Allowance { surplus, steps } = allowance;
        let ends = (course.rest != self.rest)
            .then(|| format!("it ends as {:?} and not as {:?}", course.rest, self.rest));
        let differs = || {
            let difference = course.inventory.difference(&self.inventory)?;
            Some(format!("what stands there at the end is not the same:{difference}"))
        };
        let lied = || {
            let at_ready = course.at_ready.as_ref()?;
            let missing = at_ready.lacks(&self.inventory);
            let said = "it was said to be ready while things were missing";
            let difference = at_ready.difference(&self.inventory).filter(|_| !missing.is_empty())?;
            Some(format!("{said}:{difference}"))
        };
        let doubled = || {
            let mut doubles = log::doubles(&course.standing, &course.calls);
            doubles.retain(|address, _| !surplus.contains(&address.split('@').next().unwrap_or_default()));
            (!doubles.is_empty()).then(|| format!("there were two at one time: {doubles:#?}"))
        };
        let too_many = || {
            let mut mutations = log::mutations(&course.calls);
            // What belongs to a second one has to go, too.
            let second = |address: &str| !surplus.is_empty() && address.contains('#');
            mutations.retain(|address, _| !surplus.contains(&address.as_str()) && !second(address));
            self.too_many(&mutations, *steps)
        };
        let late = || {
            let late = &course.late;
            (!late.is_empty()).then(|| format!("it was at rest, and the next process did {late:?}"))
        };
        ends.or_else(lied).or_else(differs).or_else(doubled).or_else(too_many).or_else(late)
    }

    /// Resources that were changed more than once more often than they are undisturbed, or more than one step more often.
    fn too_many(&self, mutations: &BTreeMap<String, usize>, steps: bool) -> Option<String> {
        let usual = |address: &String| self.mutations.get(address).copied().unwrap_or_default();
        let most = |usual: usize| usual + if steps { usual.max(1) } else { 1 };
        let too_many = mutations.iter().filter(|(address, count)| **count > most(usual(address)));
        let too_many: Vec<_> =
            too_many.map(|(at, count)| format!("{at}: {count} instead of {}", usual(at))).collect();
        (!too_many.is_empty()).then(|| format!("more calls than one more than undisturbed: {too_many:?}"))
    }
}

impl Trial {
    /// Tries `point`.
    pub async fn of(point: &Point, scenario: &Scenario, reference: &Reference, plot: &mut Plot) -> Self {
        let begun = Instant::now();
        let (mut struck, mut passes) = (false, 0);
        let tried = async {
            let mut operator = plot.operator(&scenario.before).await?;
            let changed = (point.fault == Fault::MindsChange).then(|| scenario.with_a_change_of_minds());
            let scenario = changed.as_ref().unwrap_or(scenario);
            let course = play(scenario, &mut operator, |operator| arm(operator, point)).await;
            let calls = operator.wire.disarm().len() + operator.kubernetes.disarm().len();
            (struck, passes) = (calls == 1 + usize::from(point.then.is_some()), operator.passes);
            course.map(|course| reference.broken_by(&course, &point.allowance(scenario)))
        };
        let broken = tried.await.unwrap_or_else(Some);
        Self { point: point.clone(), struck, passes, time: begun.elapsed(), broken }
    }
}

fn arm(operator: &mut Operator, point: &Point) {
    operator.stale = point.fault == Fault::DiesStale;
    let first = (point.fault, point.aim.clone());
    let strikes = [Some(first), point.then.clone()].into_iter().flatten();
    let strikes = strikes.map(|(fault, aim)| (Target::Call(aim), fault));
    match point.aim.action.starts_with("kubernetes:") {
        true => operator.kubernetes.arm(strikes),
        false => operator.wire.arm(strikes),
    }
}

/// Plays what happens under fire, to its end.
pub async fn play(
    scenario: &Scenario,
    operator: &mut Operator,
    arm: impl FnOnce(&mut Operator),
) -> Result<Course, String> {
    if scenario.surplus {
        operator.impatient();
        // It looks all the time until reads show what there is.
        operator.bound *= 10;
    }
    if scenario.past > 0 {
        operator.patient();
        operator.wire.show_past(scenario.past);
    }
    arm(operator);
    operator.act(&scenario.act).await;
    operator.watched = true;
    let mut rest = operator.rest(scenario.interruption.clone()).await?;
    if scenario.surplus {
        // Until reads show all, and a sweep looks.
        tokio::time::sleep(Duration::from_secs_f64(scenario.lag)).await;
        operator.restart();
        rest = operator.rest(None).await?;
    }
    operator.watched = false;
    operator.wire.show_past(0);
    let at_ready = operator.at_ready.take();
    let mut course = Course {
        rest: rest.clone(),
        standing: operator.standing.clone(),
        calls: operator.wire.log(),
        writes: numbered(operator),
        inventory: operator.inventory_since(at_ready.as_ref()).await,
        at_ready: at_ready.map(|(inventory, _)| inventory),
        late: Vec::new(),
    };
    if rest == Rest::Ready {
        course.late = late(operator).await?;
    }
    Ok(course)
}

/// What another process finds to do.
pub async fn late(operator: &mut Operator) -> Result<Vec<String>, String> {
    let before = operator.wire.log().len();
    operator.restart();
    operator.rest(None).await?;
    let late = operator.wire.log().split_off(before).into_iter().filter(|attempt| attempt.call.mutates());
    Ok(late.map(|attempt| Aim::at(&attempt.call).to_string()).collect())
}

/// Each write by its number among its like.
fn numbered(operator: &Operator) -> Vec<Aim> {
    let mut numbered: Vec<Aim> = Vec::new();
    for write in operator.kubernetes.log() {
        let mut aim = Aim::at(&write);
        aim.number += numbered.iter().filter(|earlier| earlier.action == aim.action).count();
        numbered.push(aim);
    }
    numbered
}
