//! What must hold whatever is lost: nothing is made twice, nothing is lost, nobody else's is touched, and all that was known
//! is known again.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ground::{Ground, Mutations, State};
use super::loss::{Intent, Loss, is_held};
use super::status::How;
use crate::support::consent;
use crate::sweep::inventory::Inventory;
use crate::sweep::operator::{Act, Operator, Rest};
use crate::wire::log;

/// What happens to the process, and what people want then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The process lives on, and has seen what was there.
    LivesOn,
    /// Another process begins.
    Restarts,
    /// Another process begins, and the environment is to go.
    Deletes,
}

/// One loss, in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// How far the environment has got.
    pub state: State,
    /// What happens afterwards.
    pub then: Then,
    /// What is lost.
    pub loss: Loss,
}

/// How it went.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// Whether anything was lost at all.
    pub struck: bool,
    /// How many passes were made.
    pub passes: usize,
    /// How long it took.
    pub time: Duration,
    /// What does not hold.
    pub broken: Option<String>,
}

/// What was there in the end.
#[derive(Clone, Debug)]
pub struct Course {
    pub rest: Rest,
    pub held: bool,
    pub status: Value,
    pub mutations: Mutations,
    pub doubles: Vec<String>,
    pub inventory: Option<Inventory>,
    pub at_ready: Option<Inventory>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let then = match self.then {
            Then::LivesOn => "lives-on",
            Then::Restarts => "restarts",
            Then::Deletes => "deletes",
        };
        write!(f, "{}/{then}/{}", self.state, self.loss)
    }
}

impl Case {
    /// Every loss in every state. What has no status cannot lose any of it, but the whole neighbour's can be put there.
    pub fn all(losses: &[Loss]) -> Vec<Self> {
        let mut cases = Vec::new();
        for loss in losses {
            let whole = matches!(loss, Loss::Status(path, _) if path.to_string() == "status");
            let field = matches!(loss, Loss::Status(..)) && !whole;
            let mut case = |state, then| cases.push(Self { state, then, loss: loss.clone() });
            case(State::Ready, Then::LivesOn);
            case(State::Ready, Then::Restarts);
            case(State::HalfWay, Then::Restarts);
            if !field {
                case(State::Died, Then::Restarts);
                case(State::Died, Then::Deletes);
                case(State::HalfWay, Then::Deletes);
            }
            // What is not held goes at once: the operator had no time to see that it was not.
            if !field && *loss != Loss::Finalizer {
                case(State::Ready, Then::Deletes);
            }
        }
        let vanishes = |case: &Self| case.loss == Loss::Finalizer && case.then == Then::Deletes;
        cases.retain(|case| !vanishes(case));
        cases
    }

    /// Whether the neighbour gets what is taken.
    fn is_exchange(&self) -> bool {
        matches!(self.loss, Loss::Status(_, How::Swapped))
    }
}

impl Trial {
    /// Tries `case`.
    pub async fn of(case: &Case, ground: &Ground) -> Self {
        let begun = Instant::now();
        let mut trial = Self::default();
        trial.broken = trial.play(case, ground).await.unwrap_or_else(Some);
        trial.time = begun.elapsed();
        trial
    }

    async fn play(&mut self, case: &Case, ground: &Ground) -> Result<Option<String>, String> {
        let (mut operator, resource) = ground.operator(case.state).await;
        let Some(deed) = case.loss.of(&resource, &ground.others(case.state)) else { return Ok(None) };
        self.struck = true;
        if case.then == Then::LivesOn {
            operator.rest(None).await?;
        }
        deed.be_done(ground.place()).await;
        let course = course(case, ground, &mut operator).await?;
        self.passes = operator.passes;
        Ok(broken_by(case, ground, &course))
    }
}

/// How it goes on once it was lost.
pub(super) async fn course(case: &Case, ground: &Ground, operator: &mut Operator) -> Result<Course, String> {
    let before = operator.wire.log().len();
    // What is there from the beginning is there when it is said to be.
    operator.watched = case.state != State::Ready && case.then != Then::Deletes;
    if case.is_exchange() {
        ground.confuse(case.state).await;
    }
    if case.then == Then::Deletes {
        let resource = operator.resource().await.ok_or("it is gone already")?;
        // A backup without the finalizer is held from the first pass on.
        if !is_held(&resource) {
            operator.pass(resource, &mut None).await;
        }
        operator.act(&Act::Delete).await;
    }
    if is_missed(case) {
        let message = consent::told(operator, "DataGone").await?;
        consent::consent(operator, &message).await?;
    }
    let rest = if case.is_exchange() { ground.rest(operator).await? } else { operator.rest(None).await? };
    let resource = operator.resource().await;
    let calls = operator.wire.log().split_off(before);
    let mutations = log::mutations(&calls);
    let at_ready = operator.at_ready.take();
    Ok(Course {
        rest,
        held: resource.as_ref().is_some_and(is_held),
        status: resource.map(|resource| resource.data["status"].clone()).unwrap_or_default(),
        doubles: log::doubles(&operator.standing, &calls).into_keys().collect(),
        inventory: match mutations.is_empty() {
            true => None,
            false => Some(operator.inventory_since(at_ready.as_ref()).await),
        },
        mutations,
        at_ready: at_ready.map(|(inventory, _)| inventory),
    })
}

/// Whether the neighbour's database is missed where there is none yet: a person has to say that there was none.
fn is_missed(case: &Case) -> bool {
    case.loss == Loss::Intent(Intent::Swapped) && case.state != State::Ready && case.then != Then::Deletes
}

/// What does not hold.
pub fn broken_by(case: &Case, ground: &Ground, course: &Course) -> Option<String> {
    let end = ground.end();
    let gone = case.then == Then::Deletes;
    let ends = || {
        let wanted = if gone { Rest::Gone } else { Rest::Ready };
        (course.rest != wanted).then(|| format!("it ends as {:?}", course.rest))
    };
    let too_many = || {
        let usual = |at: &String| ground.mutations(case.state).get(at).copied().unwrap_or_default();
        let more: Vec<_> = course.mutations.iter().filter(|(at, count)| **count > usual(at)).collect();
        (!gone && !more.is_empty()).then(|| format!("more calls than without a loss: {more:?}"))
    };
    let doubled = || (!course.doubles.is_empty()).then(|| format!("there were two: {:?}", course.doubles));
    let differs = || {
        let wanted = if gone { ground.neighbourhood() } else { &end.inventory };
        let difference = course.inventory.as_ref()?.difference(wanted)?;
        Some(format!("what stands there differs:{difference}"))
    };
    let lied = || {
        let missing = course.at_ready.as_ref()?.lacks(&end.inventory);
        (!gone && !missing.is_empty()).then(|| format!("said to be ready without {missing:#?}"))
    };
    let forgotten = || {
        let (said, wanted) = (lines(case, &course.status), lines(case, &end.status));
        let lost: Vec<_> = wanted.difference(&said).collect();
        let wrong: Vec<_> = said.difference(&wanted).collect();
        (!gone && said != wanted).then(|| format!("not said: {lost:#?}; but: {wrong:#?}"))
    };
    let let_go = || (!gone && !course.held).then(|| "it is not held any more".to_owned());
    ends()
        .or_else(too_many)
        .or_else(doubled)
        .or_else(differs)
        .or_else(lied)
        .or_else(forgotten)
        .or_else(let_go)
}

/// A status, a line a field, without what says when. What is made meanwhile has other ids than it had the first time.
fn lines(case: &Case, status: &Value) -> BTreeSet<String> {
    const WHEN: [&str; 3] = ["since", "lastTransitionTime", "observedGeneration"];
    const MADE: [&str; 6] =
        ["id", "vpcId", "databaseSecretArn", "databaseEndpoint", "databaseReaderEndpoint", "name"];
    let (mut lines, mut left) = (BTreeSet::new(), vec![(String::new(), status)]);
    while let Some((path, value)) = left.pop() {
        match value {
            Value::Object(fields) => {
                let kept = fields.iter().filter(|(name, _)| !WHEN.contains(&name.as_str()));
                let kept =
                    kept.filter(|(name, _)| case.state == State::Ready || !MADE.contains(&name.as_str()));
                left.extend(kept.map(|(name, value)| (format!("{path}.{name}"), value)));
            }
            Value::Array(items) => {
                left.extend(items.iter().enumerate().map(|(at, item)| (format!("{path}[{at}]"), item)));
            }
            value => drop(lines.insert(format!("{path}: {value}"))),
        }
    }
    lines
}
