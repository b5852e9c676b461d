//! What environments come to.

use std::collections::BTreeMap;

use simulation::engine::{Address, Graph, Memory, Plan, StepId, Verdict, World};

use super::case::{OWNER, Want, name, root};
use super::check::{Lived, Sort, ensure, fails};
use super::cloud::Thing;
use super::kinds::{KINDS, Kinds, NeverEqual, with_broken};
use super::life::{End, Rest, engine};

/// Every design comes to rest; what is kept is as it should be, what is not wanted is gone, nothing is there twice, and
/// the cloud has nothing to complain of.
pub fn comes_to_rest(lived: &Lived<'_>) -> Result<(), String> {
    for end in &lived.life.ends {
        ensure!(
            end.rest != Rest::Failed,
            "{:?} does not come to rest:\n{}",
            end.want,
            last_turns(lived, end)
        );
        nothing_is_there_twice(end)?;
        if end.rest == Rest::Came {
            what_is_kept_is_as_wanted(end)?;
        }
        let left = ours(end).count();
        ensure!(end.want != Want::Nothing || left == 0, "{left} things are left: {:?}", end.things);
    }
    ensure!(lived.life.faults.is_empty(), "the cloud complains: {:?}", lived.life.faults);
    Ok(())
}

/// The last plans that differ, of those that were made for a design: what comes and goes for ever, or stands still.
fn last_turns(lived: &Lived<'_>, end: &End) -> String {
    const SHOWN: usize = 8;
    let turns: Vec<_> = lived.life.turns().filter(|moment| moment.want == end.want).collect();
    let plans = turns.iter().skip(turns.len().saturating_sub(SHOWN)).map(|moment| moment.plan.to_string());
    plans.collect::<Vec<_>>().join("\n\n")
}

fn nothing_is_there_twice(end: &End) -> Result<(), String> {
    let mut times = BTreeMap::<Address, usize>::new();
    ours(end).for_each(|thing| *times.entry(thing.address.clone()).or_default() += 1);
    match times.iter().find(|(_, times)| **times > 1) {
        Some((address, times)) => Err(format!("{address} is there {times} times")),
        None => Ok(()),
    }
}

fn what_is_kept_is_as_wanted(end: &End) -> Result<(), String> {
    let kept = end.last.items.iter().filter(|item| item.verdict == Verdict::Keep);
    for node in kept.filter_map(|item| end.graph.node(&item.address)) {
        let things: Vec<_> = ours(end).filter(|thing| thing.address.is_of(&node.address)).collect();
        let equal = |thing: &&&Thing| {
            ["size", "place", "secret"].iter().all(|field| thing.spec[field] == node.spec[field])
        };
        ensure!(things.iter().any(|t| equal(&t)), "{} is not as wanted: {things:?}", node.address);
    }
    Ok(())
}

fn ours(end: &End) -> impl Iterator<Item = &Thing> {
    end.things.iter().map(AsRef::as_ref).filter(|thing| thing.owner == OWNER)
}

/// No pass sees two things of one address: not even for a while.
pub fn nothing_is_ever_there_twice(lived: &Lived<'_>) -> Result<(), String> {
    for moment in &lived.life.moments {
        let twice = moment.world.ours().find(|(address, _)| address.name.contains('#'));
        ensure!(twice.is_none(), "a second one was made: {twice:?}");
    }
    Ok(())
}

/// Somebody else's thing is as it was, whatever we want and even when all of ours goes.
pub fn what_is_not_ours_is_untouched(lived: &Lived<'_>) -> Result<(), String> {
    let Some(taken) = lived.case.taken() else { return Ok(()) };
    for end in &lived.life.ends {
        let foreign: Vec<_> = end.things.iter().filter(|thing| thing.owner != OWNER).collect();
        let untouched = foreign.len() == 1 && foreign[0].spec.is_null() && !foreign[0].is_leaving();
        ensure!(untouched, "{:?} touched what is not ours: {foreign:?}", end.want);
        let owns_nothing = taken != root() || ours(end).count() == 0;
        ensure!(owns_nothing, "without the claim something was made: {:?}", end.things);
        let beside = ours(end).any(|thing| thing.name == name(&taken));
        ensure!(!beside || taken.kind == "revised", "made beside it: {:?}", end.things);
    }
    Ok(())
}

#[test]
fn a_plan_applied_then_observed_plans_empty_can_fail() {
    fails(Sort::Quiet, &with_broken::<NeverEqual>(), engine, comes_to_rest);
    fails(Sort::Quiet, &KINDS, never_deletes, comes_to_rest);
}

fn never_deletes(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    let mut plan = engine(kinds, graph, world, memory)?;
    plan.items.retain(|item| item.wanted);
    plan.steps.retain(|step| graph.node(&step.id.at).is_some());
    Ok(plan)
}

#[test]
fn an_interrupted_apply_makes_no_duplicates_can_fail() {
    fails(Sort::Troubled, &KINDS, doubts_nothing, nothing_is_ever_there_twice);
}

fn doubts_nothing(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    engine(kinds, graph, world, &Memory { in_doubt: BTreeMap::new(), ..memory.clone() })
}

#[test]
fn somebody_elses_thing_is_left_alone_can_fail() {
    fails(Sort::Crowded, &KINDS, takes_over, what_is_not_ours_is_untouched);
}

/// Takes what is not ours for ours.
fn takes_over(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    use simulation::engine::{Object, Observed, Phase};
    let mut world = world.clone();
    for observed in world.objects.values_mut() {
        if let Observed::Foreign { id, .. } = observed {
            let outputs = serde_json::json!({ "id": id, "endpoint": null });
            *observed = Observed::Ours(Object { id: id.clone(), spec: None, outputs, phase: Phase::Ready });
        }
    }
    engine(kinds, graph, &world, memory)
}
