//! What is decided, and on what.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use simulation::engine::{
    Address, Block, Data, Graph, Item, Meaning, Memory, Node, Object, Observed, Op, Outcome, Phase, Plan,
    Step, StepId, Verdict, Waiting, World,
};

use super::case::{Case, SECRET, Want, root};
use super::check::{Lived, Sort, ensure, fails};
use super::cloud::failure;
use super::kinds::{KINDS, Kinds, Talkative, with_broken};
use super::life::{Moment, engine};
use super::operator::data_of;
use super::order::upstream;

/// Nothing is decided about what could not be read. Nothing that uses it, directly or through others, is made, replaced or
/// deleted; nothing that it may refer to is deleted; and nothing that uses what settles is replaced or deleted.
pub fn unknown_is_not_absent(lived: &Lived<'_>) -> Result<(), String> {
    for moment in lived.life.turns() {
        let (world, plan) = veiled(lived, moment)?;
        let unknown = |address: &Address| {
            let unread =
                |at: &Address, seen: &Observed| at.is_of(address) && matches!(seen, Observed::Unknown(_));
            world.unread.contains_key(&address.kind)
                || world.objects.iter().any(|(at, seen)| unread(at, seen))
        };
        // Of several versions only the one that is wanted is used.
        let settles = |address: &Address| {
            let used = plan.item(address).and_then(|item| item.id.as_ref());
            let mut objects = world.ours().filter(|(at, _)| at.is_of(address));
            objects.any(|(_, object)| used == Some(&object.id) && object.phase != Phase::Ready)
        };
        for step in &plan.steps {
            let at = &step.id.at;
            ensure!(!unknown(at), "{at} was not read:\n{plan}");
            let mut direct = moment.graph.node(at).into_iter().flat_map(Node::sources);
            let doubtful = match step.id.op {
                Op::Update => direct.find(|of| unknown(of)).cloned(),
                Op::Create => upstream(&moment.graph, at).into_iter().find(unknown),
                Op::Delete if moment.graph.node(at).is_some() => upstream(&moment.graph, at)
                    .into_iter()
                    .find(|of| unknown(of) || (*of != root() && settles(of))),
                Op::Delete => holder_kinds(&at.kind)
                    .find_map(|kind| world.ignorance_of(kind).map(|_| Address::new(kind, "any of them"))),
            };
            ensure!(doubtful.is_none(), "{:?} of {at} rests on {doubtful:?}:\n{plan}", step.id.op);
        }
    }
    Ok(())
}

/// Whatever was not read is shown, wanted or not, so that nobody takes it for absent; and only that is shown as unread.
pub fn what_is_unread_is_shown(lived: &Lived<'_>) -> Result<(), String> {
    for moment in lived.life.turns() {
        let (world, plan) = veiled(lived, moment)?;
        let unread = |item: &&Item| matches!(item.verdict, Verdict::Wait(Waiting::Unread(_)));
        for kind in world.unread.keys() {
            let shown = plan.items.iter().filter(unread).any(|item| item.address.kind == *kind);
            ensure!(shown, "nobody is told that {kind} was not read:\n{plan}");
        }
        for (at, _) in world.objects.iter().filter(|(_, seen)| matches!(seen, Observed::Unknown(_))) {
            let shown = plan.item(at).or_else(|| plan.item(&at.base()));
            ensure!(shown.is_some(), "nobody is told that {at} was not read:\n{plan}");
        }
        let mut told = BTreeSet::new();
        for item in &plan.items {
            ensure!(told.insert(&item.address), "{} is told twice:\n{plan}", item.address);
            ensure!(!unread(&item) || item.id.is_none(), "{} was read:\n{plan}", item.address);
        }
    }
    Ok(())
}

fn holder_kinds(kind: &str) -> impl Iterator<Item = &'static str> {
    KINDS.iter().filter(move |holder| holder.refers_to().contains(&kind)).map(|holder| holder.name())
}

/// What would be planned at that moment in this world, with this memory.
fn planned(lived: &Lived<'_>, moment: &Moment, world: &World, memory: &Memory) -> Result<Plan, String> {
    let plan = (lived.planner)(lived.kinds, &moment.graph, world, memory);
    plan.map_err(|steps| format!("no order: {steps:?}"))
}

/// What is seen at that moment, and what would be planned, where some reads fail.
fn veiled<'m>(lived: &Lived<'_>, moment: &'m Moment) -> Result<(Cow<'m, World>, Cow<'m, Plan>), String> {
    if !lived.case.veiled() {
        return Ok((Cow::Borrowed(&moment.world), Cow::Borrowed(&moment.plan)));
    }
    let world = veil(lived.case, &moment.world);
    let plan = planned(lived, moment, &world, &moment.memory)?;
    Ok((Cow::Owned(world), Cow::Owned(plan)))
}

/// The world with some reads failed.
fn veil(case: &Case, world: &World) -> World {
    let failed = || failure("toy:Read", "Throttled", Meaning::Throttled);
    let mut world = world.clone();
    for kind in &case.veil.1 {
        let name = KINDS[*kind].name();
        world.objects.retain(|address, _| address.kind != name);
        world.unread.insert(name.into(), failed());
    }
    let addresses = case.addresses();
    for slot in &case.veil.0 {
        let address = &addresses[slot % addresses.len()];
        world.objects.retain(|at, _| !at.is_of(address));
        world.objects.insert(address.clone(), Observed::Unknown(failed()));
    }
    world
}

/// Consent is asked for exactly where something would be lost, and nothing is lost without it.
pub fn consent_is_needed_exactly_where_data_is_at_stake(lived: &Lived<'_>) -> Result<(), String> {
    for moment in lived.life.turns() {
        for item in &moment.plan.items {
            let data = data_of(lived.kinds, &item.address);
            let stands = moment.world.ours().any(|(at, _)| *at == item.address);
            let asked = match &item.verdict {
                Verdict::Blocked(Block::WouldReplaceData { .. } | Block::WouldDeleteData { .. }) => {
                    Some(data != Data::None && stands && !moment.memory.deleting)
                }
                Verdict::Blocked(Block::DataGone { .. }) => Some(data == Data::Kept && !stands),
                _ => None,
            };
            ensure!(asked != Some(false), "{} needs no consent:\n{}", item.address, moment.plan);
            if loses_data(moment, item, data) {
                let allowed =
                    moment.memory.consents.iter().any(|c| c.starts_with(&format!("{}@", item.address)));
                ensure!(allowed, "{} was not allowed:\n{}", item.address, moment.plan);
            }
        }
    }
    Ok(())
}

fn loses_data(moment: &Moment, item: &Item, data: Data) -> bool {
    let steps = |op: Op| moment.plan.steps.iter().any(|s| s.id.at == item.address && s.id.op == op);
    let deletes = steps(Op::Delete) && data != Data::None && !moment.memory.deleting;
    let was_there = moment.memory.was_ready.contains_key(&item.address);
    let stands = moment.world.ours().any(|(at, _)| *at == item.address);
    deletes || (steps(Op::Create) && data == Data::Kept && was_there && !stands)
}

/// Where data is protected, nothing at all is deleted with the environment as long as some is there, or may be; and all is
/// as if it were not protected once none is.
pub fn what_is_protected_keeps_everything(lived: &Lived<'_>) -> Result<(), String> {
    for moment in lived.life.turns().filter(|moment| moment.want == Want::Nothing) {
        let memory = Memory { protected: true, ..moment.memory.clone() };
        let unveiled = (Cow::Borrowed(&moment.world), Cow::Borrowed(&moment.plan));
        let veiled = lived.case.veiled().then(|| veiled(lived, moment)).transpose()?;
        for (world, free) in [unveiled].into_iter().chain(veiled) {
            let plan = planned(lived, moment, &world, &memory)?;
            let keeps = |at: &Address| data_of(lived.kinds, at) == Data::Kept;
            let stands = |object: &Object| !matches!(object.phase, Phase::Leaving(_));
            let kept: Vec<_> =
                world.ours().filter(|(at, object)| keeps(at) && stands(object)).map(|(at, _)| at).collect();
            let kinds = lived.kinds.iter().filter(|kind| kind.holds_data() == Data::Kept);
            let doubtful = kinds.clone().any(|kind| world.ignorance_of(kind.name()).is_some());
            if kept.is_empty() && !doubtful {
                ensure!(are_the_same(&plan, &free), "nothing is protected:\n{plan}");
                continue;
            }
            ensure!(plan.steps.is_empty(), "{kept:?} is protected, in doubt {doubtful}:\n{plan}");
            for item in &plan.items {
                let blocked = item.verdict == Verdict::Blocked(Block::Protected);
                ensure!(
                    blocked == kept.contains(&&item.address),
                    "{} is said wrongly:\n{plan}",
                    item.address
                );
            }
        }
    }
    Ok(())
}

/// A consent is good once: no two losses rest on the same one. What reads still show once it is gone is not lost again.
pub fn a_consent_is_good_once(lived: &Lived<'_>) -> Result<(), String> {
    let mut losses = BTreeSet::new();
    let mut allowed = BTreeSet::new();
    for moment in lived.life.moments.iter().filter(|moment| moment.want != Want::Nothing) {
        let done =
            |id: &StepId| matches!(moment.outcomes.as_ref().and_then(|o| o.get(id)), Some(Outcome::Done(_)));
        allowed.extend(moment.memory.consents.iter().cloned());
        let lost = moment
            .plan
            .steps
            .iter()
            .filter(|step| step.id.op == Op::Delete && done(&step.id))
            .filter(|step| data_of(lived.kinds, &step.id.at) != Data::None);
        losses.extend(lost.map(|step| step.outputs["id"].to_string()));
    }
    ensure!(losses.len() <= allowed.len(), "{losses:?} are lost on {} consents", allowed.len());
    Ok(())
}

/// The same knowledge gives the same plan. Of each life some plans are made once more: what is moody is so everywhere.
pub fn plans_are_deterministic(lived: &Lived<'_>) -> Result<(), String> {
    for moment in lived.life.turns().step_by(3) {
        let plan = planned(lived, moment, &moment.world, &moment.memory)?;
        let same = are_the_same(&plan, &moment.plan);
        ensure!(same, "the plan differs from itself:\n{plan}\n{}", moment.plan);
    }
    Ok(())
}

/// True iff the plans do the same, whatever the tokens of their calls are.
fn are_the_same(one: &Plan, other: &Plan) -> bool {
    let steps = |plan: &Plan| plan.steps.iter().map(|step| step.id.clone()).collect::<Vec<_>>();
    one.items == other.items && steps(one) == steps(other)
}

/// A new version beside one in place shows what differs, all of it and nothing else.
pub fn a_new_version_shows_its_changes(lived: &Lived<'_>) -> Result<(), String> {
    for moment in lived.life.turns() {
        for item in moment.plan.items.iter().filter(|item| item.address.kind == "revised") {
            let in_place = moment.world.ours().filter(|(at, _)| at.is_of(&item.address)).last();
            match (&item.verdict, in_place) {
                (Verdict::Create, Some((at, _))) => {
                    return Err(format!("{at} is in place:\n{}", moment.plan));
                }
                (Verdict::Revise(changes), Some((_, object))) => {
                    ensure!(!changes.0.is_empty(), "nothing changes:\n{}", moment.plan);
                    let wanted = &moment.graph.node(&item.address).expect("a node").spec;
                    let have = object.spec.as_ref().expect("all is read");
                    for field in ["size", "place", "secret"] {
                        let differs = wanted[field] != have[field];
                        ensure!(changes.has(field) == differs, "{field} is wrong:\n{}", moment.plan);
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// What nobody may read is in no text that a plan has.
pub fn private_values_stay_private(lived: &Lived<'_>) -> Result<(), String> {
    for Moment { plan, .. } in lived.life.turns() {
        let json = serde_json::to_string(&plan.items).expect("a document");
        for text in [plan.to_string(), json, format!("{plan:?}")] {
            ensure!(!text.contains(SECRET), "a secret is told: {text}");
        }
    }
    Ok(())
}

#[test]
fn nothing_is_decided_on_what_is_not_known_can_fail() {
    fails(Sort::Veiled, &KINDS, unknown_as_absent, unknown_is_not_absent);
    fails(Sort::Quiet, &KINDS, settling_as_ready, unknown_is_not_absent);
}

#[test]
fn what_is_unread_is_shown_can_fail() {
    fails(Sort::Veiled, &KINDS, shows_what_is_wanted, what_is_unread_is_shown);
}

/// Says nothing of what nobody wants.
fn shows_what_is_wanted(
    kinds: &Kinds,
    graph: &Graph,
    world: &World,
    memory: &Memory,
) -> Result<Plan, Vec<StepId>> {
    let mut plan = engine(kinds, graph, world, memory)?;
    plan.items.retain(|item| item.wanted || item.id.is_some());
    Ok(plan)
}

fn unknown_as_absent(
    kinds: &Kinds,
    graph: &Graph,
    world: &World,
    memory: &Memory,
) -> Result<Plan, Vec<StepId>> {
    let mut world = world.clone();
    world.unread.clear();
    for node in graph.nodes() {
        let seen = world.objects.entry(node.address.clone()).or_insert(Observed::Absent);
        if matches!(seen, Observed::Unknown(_)) {
            *seen = Observed::Absent;
        }
    }
    engine(kinds, graph, &world, memory)
}

fn settling_as_ready(
    kinds: &Kinds,
    graph: &Graph,
    world: &World,
    memory: &Memory,
) -> Result<Plan, Vec<StepId>> {
    let mut world = world.clone();
    for observed in world.objects.values_mut() {
        if let Observed::Ours(object) = observed {
            object.phase = Phase::Ready;
        }
    }
    engine(kinds, graph, &world, memory)
}

#[test]
fn data_is_lost_only_with_consent_can_fail() {
    fails(Sort::Quiet, &KINDS, as_if_deleting, consent_is_needed_exactly_where_data_is_at_stake);
    fails(Sort::Quiet, &KINDS, forgets_data, consent_is_needed_exactly_where_data_is_at_stake);
}

/// Deletes without asking.
fn as_if_deleting(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    engine(kinds, graph, world, &Memory { deleting: true, ..memory.clone() })
}

/// Makes anew what was there and is gone.
fn forgets_data(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    engine(kinds, graph, world, &Memory { was_ready: [].into(), ..memory.clone() })
}

#[test]
fn what_is_protected_keeps_everything_can_fail() {
    fails(Sort::Quiet, &KINDS, unprotected, what_is_protected_keeps_everything);
    fails(Sort::Quiet, &KINDS, protects_data_alone, what_is_protected_keeps_everything);
}

fn unprotected(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    engine(kinds, graph, world, &Memory { protected: false, ..memory.clone() })
}

/// Lets go whatever holds no data.
fn protects_data_alone(
    kinds: &Kinds,
    graph: &Graph,
    world: &World,
    memory: &Memory,
) -> Result<Plan, Vec<StepId>> {
    let mut plan = engine(kinds, graph, world, memory)?;
    let free = unprotected(kinds, graph, world, memory)?;
    let keeps = |step: &Step| step.id.op == Op::Delete && data_of(kinds, &step.id.at) == Data::Kept;
    plan.steps = free.steps.into_iter().filter(|step| !keeps(step)).collect();
    Ok(plan)
}

#[test]
fn one_consent_allows_one_loss_can_fail() {
    fails(Sort::Quiet, &KINDS, as_if_deleting, a_consent_is_good_once);
}

#[test]
fn the_same_knowledge_gives_the_same_plan_can_fail() {
    fails(Sort::Quiet, &KINDS, moody, plans_are_deterministic);
}

/// Puts the steps in another order each time.
fn moody(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    static MOOD: AtomicUsize = AtomicUsize::new(0);
    let mut plan = engine(kinds, graph, world, memory)?;
    if MOOD.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
        plan.items.reverse();
    }
    Ok(plan)
}

#[test]
fn a_new_version_says_what_is_new_can_fail() {
    fails(Sort::Quiet, &KINDS, silent, a_new_version_shows_its_changes);
}

fn silent(kinds: &Kinds, graph: &Graph, world: &World, memory: &Memory) -> Result<Plan, Vec<StepId>> {
    let mut plan = engine(kinds, graph, world, memory)?;
    for item in &mut plan.items {
        if matches!(item.verdict, Verdict::Revise(_)) {
            item.verdict = Verdict::Create;
        }
    }
    Ok(plan)
}

#[test]
fn what_is_private_is_in_no_text_of_a_plan_can_fail() {
    fails(Sort::Quiet, &with_broken::<Talkative>(), engine, private_values_stay_private);
}
