//! What is replaced is replaced once, whatever reads still show, and not while what it rests on is on its way.

use serde_json::{Value, json};
use simulation::engine::{
    Address, Graph, Identity, Memory, Node, Object, Observed, Phase, Recent, Verdict, Waiting, World,
};
use std::time::Duration;

use super::kinds::{KINDS, LAG, Spec};
use super::life::engine;

fn address(kind: &str) -> Address {
    Address::new(kind, kind)
}

fn spec(size: u8, place: u8, uses: Value) -> Value {
    let mut spec = serde_json::to_value(Spec { size, place, ..Spec::default() }).expect("a document");
    spec["builtOn"] = uses;
    spec
}

/// A rigid thing that is built on a plain one.
fn graph() -> Graph {
    let node = |kind: &str, spec: Value| Node::new(address(kind), kind, spec);
    let mut graph = Graph::new(Identity::default(), Some(address("claim")));
    graph.push(node("claim", spec(0, 0, json!([]))));
    graph.push(node("plain", spec(1, 0, json!([]))));
    let built_on = json!([{ "$output": address("plain"), "field": "id" }]);
    graph.push(node("rigid", spec(0, 1, built_on)));
    graph
}

/// All as wanted, but that the rigid thing stands elsewhere, and of the plain one what is said.
fn world(plain: u8, phase: Phase) -> World {
    let object = |kind: &str, spec: Value, phase: Phase| {
        let outputs = json!({ "id": kind, "endpoint": null });
        (address(kind), Observed::Ours(Object { id: kind.into(), spec: Some(spec), outputs, phase }))
    };
    let objects = [
        object("claim", spec(0, 0, json!([])), Phase::Ready),
        object("plain", spec(plain, 0, json!([])), phase),
        object("rigid", spec(0, 0, json!(["plain"])), Phase::Ready),
    ];
    World { objects: objects.into(), ..World::default() }
}

fn verdict(world: &World, memory: &Memory) -> Verdict {
    let plan = engine(&KINDS, &graph(), world, memory).expect("an order");
    plan.item(&address("rigid")).expect("the rigid thing").verdict.clone()
}

#[test]
fn what_was_just_made_is_not_replaced_because_reads_show_the_one_before() {
    let world = world(1, Phase::Ready);
    let made = |ago| {
        let recent = Recent::Created { ago: Duration::from_secs(ago), repeats: 0 };
        Memory { recent: [(address("rigid"), recent)].into(), ..Memory::default() }
    };
    assert!(matches!(verdict(&world, &made(LAG - 1)), Verdict::Wait(Waiting::Settling(_))));
    assert!(matches!(verdict(&world, &made(LAG)), Verdict::Replace(_)), "reads must have shown it");
    let doubtful = Memory { in_doubt: [(address("rigid"), "who knows".into())].into(), ..Memory::default() };
    assert_eq!(verdict(&world, &doubtful), Verdict::Wait(Waiting::InDoubt("who knows".into())));
}

#[test]
fn what_rests_on_something_that_is_changed_while_it_settles_is_not_replaced() {
    let settles = || Phase::Settling("on its way".into());
    let waits = Verdict::Wait(Waiting::On([address("plain")].into()));
    for plain in [0, 1] {
        assert_eq!(verdict(&world(plain, settles()), &Memory::default()), waits, "of size {plain}");
    }
    assert!(matches!(verdict(&world(0, Phase::Ready), &Memory::default()), Verdict::Replace(_)));
}
