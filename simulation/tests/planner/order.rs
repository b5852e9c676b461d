//! What comes before what, and what a failure stops.

use std::collections::BTreeSet;

use simulation::engine::{
    Address, Deferral, Graph, Memory, Node, Observed, Op, Outcome, Outcomes, Phase, Plan, Step, StepId, World,
};

use super::case::{Want, root};
use super::check::{Lived, Sort, ensure, fails};
use super::cloud::refers;
use super::kinds::{Circular, KINDS, Kinds, with_broken};
use super::life::{Moment, engine};

/// Nothing is deleted while something that refers to it exists, leaving or not: that one goes before, in the same plan or
/// an earlier one.
pub fn deletes_follow_dependants(lived: &Lived<'_>) -> Result<(), String> {
    for moment in lived.life.turns() {
        for step in moment.plan.steps.iter().filter(|step| step.id.op == Op::Delete) {
            let id = step.outputs["id"].as_str().unwrap_or_default();
            let before = all_before(&moment.plan, step);
            let holders = moment
                .world
                .ours()
                .filter(|(_, object)| object.spec.as_ref().is_some_and(|spec| refers(spec, id)));
            for (holder, object) in holders {
                let goes =
                    before.iter().any(|s| s.op == Op::Delete && [holder, &holder.base()].contains(&&s.at));
                let leaves = matches!(object.phase, Phase::Leaving(_));
                ensure!(goes && !leaves, "{} is deleted before {holder}:\n{}", step.id.at, moment.plan);
            }
        }
    }
    Ok(())
}

/// Whatever is made comes after the root, and the root goes only together with all that is left.
pub fn the_root_is_first_and_last(lived: &Lived<'_>) -> Result<(), String> {
    for moment in lived.life.turns() {
        let stands = matches!(moment.world.objects.get(&root()), Some(Observed::Ours(_)));
        for step in &moment.plan.steps {
            let before = all_before(&moment.plan, step);
            let made = before.iter().any(|s| s.at == root() && s.op != Op::Delete);
            let first = step.id.op == Op::Delete || step.id.at == root() || stands || made;
            ensure!(first, "{} comes before the root:\n{}", step.id.at, moment.plan);
            if step.id == (StepId { at: root(), op: Op::Delete }) {
                let goes = |address: &Address| before.iter().any(|s| s.at == *address && s.op == Op::Delete);
                let left = moment.world.ours().find(|(address, _)| **address != root() && !goes(address));
                ensure!(left.is_none(), "the root goes before {left:?}");
                ensure!(moment.world.unread.is_empty(), "the root goes while something is unread");
            }
        }
    }
    Ok(())
}

/// What is made or changed waits only for what it uses, and for the root; what it waits for is really not done.
pub fn a_failure_stops_only_what_depends_on_it(lived: &Lived<'_>) -> Result<(), String> {
    for moment in &lived.life.moments {
        let Some(outcomes) = &moment.outcomes else { continue };
        for step in moment.plan.steps.iter().filter(|step| step.id.op != Op::Delete) {
            let sources = upstream(&moment.graph, &step.id.at);
            let undone = |at: &Address| {
                let of = outcomes.iter().filter(|(id, _)| id.at == *at);
                of.clone().any(|(_, outcome)| !matches!(outcome, Outcome::Done(_)))
            };
            let held =
                sources.iter().find(|source| undone(source) || !has_endpoint(moment, outcomes, source));
            let own = outcomes.get(&StepId { at: step.id.at.clone(), op: Op::Delete });
            let own_half = !matches!(own, None | Some(Outcome::Done(_)));
            if matches!(outcomes.get(&step.id), Some(Outcome::Deferred(Deferral::On(_)))) {
                ensure!(held.is_some() || own_half, "{} waits for nothing:\n{}", step.id.at, moment.plan);
            }
            if let (Some(Outcome::Done(_)), Some(node)) =
                (outcomes.get(&step.id), moment.graph.node(&step.id.at))
            {
                let used = node.sources().iter().chain([&root()]).find(|source| undone(source)).cloned();
                ensure!(used.is_none(), "{} went on without {used:?}", step.id.at);
            }
        }
    }
    Ok(())
}

/// What failed a moment ago is not tried, and its pause is no one else's: nothing else is decided because of it.
pub fn what_pauses_is_not_tried_and_slows_nothing_else(lived: &Lived<'_>) -> Result<(), String> {
    for moment in lived.life.moments.iter().filter(|moment| !moment.memory.pauses.is_empty()) {
        let restless = Memory { pauses: [].into(), ..moment.memory.clone() };
        let plan = engine(lived.kinds, &moment.graph, &moment.world, &restless);
        let plan = plan.map_err(|steps| format!("no order: {steps:?}"))?;
        ensure!(plan.items == moment.plan.items, "without the pause:\n{plan}\nwith it:\n{}", moment.plan);
        let Some(outcomes) = &moment.outcomes else { continue };
        for (id, outcome) in outcomes {
            let tried = !matches!(outcome, Outcome::Deferred(Deferral::Paused(_) | Deferral::On(_)));
            let pauses = moment.memory.pauses.contains_key(id);
            ensure!(!(tried && pauses), "{id:?} was tried too early: {outcome:?}");
            let paused = matches!(outcome, Outcome::Deferred(Deferral::Paused(_)));
            ensure!(!paused || pauses, "{id:?} pauses for nothing");
        }
    }
    Ok(())
}

/// All that must be done before `step`.
fn all_before(plan: &Plan, step: &Step) -> BTreeSet<StepId> {
    let mut before = BTreeSet::new();
    let mut frontier: Vec<&StepId> = step.after.iter().collect();
    while let Some(id) = frontier.pop() {
        if before.insert(id.clone()) {
            frontier.extend(plan.steps.iter().filter(|s| s.id == *id).flat_map(|s| &s.after));
        }
    }
    before
}

/// The root and all that the node uses, directly or through others.
pub fn upstream(graph: &Graph, address: &Address) -> BTreeSet<Address> {
    let mut found = BTreeSet::new();
    let mut frontier = vec![address.clone()];
    while let Some(next) = frontier.pop() {
        let sources = graph.node(&next).into_iter().flat_map(Node::sources);
        frontier.extend(sources.filter(|source| found.insert(Address::clone(source))).cloned());
    }
    found.extend([root()].into_iter().filter(|root| root != address));
    found
}

/// Whether all outputs of the resource are known: of what this pass made, else of what stood there before.
fn has_endpoint(moment: &Moment, outcomes: &Outcomes, address: &Address) -> bool {
    let made = outcomes.iter().find_map(|(id, outcome)| match outcome {
        Outcome::Done(outputs) if id.at == *address && id.op != Op::Delete => Some(outputs),
        _ => None,
    });
    let stands = |object: &Observed| match object {
        Observed::Ours(object) => !object.outputs["endpoint"].is_null(),
        _ => false,
    };
    match made {
        Some(outputs) => !outputs["endpoint"].is_null(),
        None => moment.world.objects.iter().any(|(at, object)| at.is_of(address) && stands(object)),
    }
}

#[test]
fn nothing_is_deleted_before_its_dependants_can_fail() {
    fails(Sort::Quiet, &KINDS, all_at_once, deletes_follow_dependants);
}

#[test]
fn nothing_comes_before_the_root_or_outlives_it_can_fail() {
    fails(Sort::Quiet, &KINDS, all_at_once, the_root_is_first_and_last);
    fails(Sort::Quiet, &KINDS, without_root, the_root_is_first_and_last);
}

#[test]
fn one_failure_defers_only_what_depends_on_it_can_fail() {
    fails(Sort::Troubled, &KINDS, one_by_one, a_failure_stops_only_what_depends_on_it);
}

#[test]
fn what_failed_a_moment_ago_is_not_tried_can_fail() {
    fails(Sort::Troubled, &KINDS, impatient, what_pauses_is_not_tried_and_slows_nothing_else);
    fails(Sort::Troubled, &KINDS, discouraged, what_pauses_is_not_tried_and_slows_nothing_else);
}

/// Tries again at once what failed.
fn impatient(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    engine(kinds, graph, world, &Memory { pauses: [].into(), ..memory.clone() })
}

/// Has everything pause that comes after what does.
fn discouraged(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    let mut plan = engine(kinds, graph, world, memory)?;
    let pause = plan.steps.iter().find_map(|step| step.pause.clone());
    plan.steps.iter_mut().for_each(|step| step.pause = pause.clone());
    Ok(plan)
}

/// No step waits for another.
fn all_at_once(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    let mut plan = engine(kinds, graph, world, memory)?;
    plan.steps.iter_mut().for_each(|step| step.after.clear());
    Ok(plan)
}

/// Every step waits for the one before.
fn one_by_one(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    let mut plan = engine(kinds, graph, world, memory)?;
    let ids: Vec<_> = plan.steps.iter().map(|step| step.id.clone()).collect();
    for (step, before) in plan.steps.iter_mut().skip(1).zip(ids) {
        step.after.insert(before);
    }
    Ok(plan)
}

fn without_root(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    let mut graph = graph.clone();
    graph.root = None;
    engine(kinds, &graph, world, memory)
}

#[test]
fn a_circle_is_refused_can_fail() {
    fails(Sort::Quiet, &KINDS, ignores_circles, a_circle_of_deletions_is_refused);
}

pub fn a_circle_of_deletions_is_refused(lived: &Lived<'_>) -> Result<(), String> {
    let circular = with_broken::<Circular>();
    let nothing = lived.case.graph(Want::Nothing);
    for moment in lived.life.turns().filter(|moment| moment.want == Want::Nothing) {
        let goes = |kind: &str| {
            let deletes = |step: &&Step| step.id.op == Op::Delete && step.id.at.kind == kind;
            moment.plan.steps.iter().find(deletes).map(|step| &step.id)
        };
        let (Some(one), Some(other)) = (goes("plain"), goes("rigid")) else { continue };
        if moment.world.ours().any(|(_, object)| matches!(object.phase, Phase::Leaving(_))) {
            // What leaves may hold either, so that the circle is not closed.
            continue;
        }
        match (lived.planner)(&circular, &nothing, &moment.world, &moment.memory) {
            Ok(plan) => return Err(format!("an order was found:\n{plan}")),
            Err(steps) => ensure!(steps.contains(one) && steps.contains(other), "not said: {steps:?}"),
        }
    }
    Ok(())
}

/// Plans as if the broken kind were whole.
fn ignores_circles(_: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    engine(&KINDS, graph, world, memory)
}
