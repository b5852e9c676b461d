//! What is broken is given what broke it once more when something that it rests on was mended, and not before.

use serde_json::{Value, json};
use simulation::engine::{
    Address, Block, Defect, Graph, Identity, Memory, Node, Object, Observed, Phase, Verdict, World,
};

use super::kinds::{KINDS, Spec};
use super::life::engine;

fn address(kind: &str) -> Address {
    Address::new(kind, kind)
}

fn spec(uses: Value) -> Value {
    let mut spec = serde_json::to_value(Spec { size: 1, ..Spec::default() }).expect("a document");
    spec["uses"] = uses;
    spec
}

/// A service that uses a plain thing.
fn graph() -> Graph {
    let node = |kind: &str, spec: Value| Node::new(address(kind), kind, spec);
    let mut graph = Graph::new(Identity::default(), Some(address("claim")));
    graph.push(node("claim", spec(json!([]))));
    graph.push(node("plain", spec(json!([]))));
    graph.push(node("service", spec(json!([{ "$output": address("plain"), "field": "id" }]))));
    graph
}

/// All as wanted, but that the service is broken, and the plain thing has that size.
fn world(size: u8) -> World {
    let object = |kind: &str, spec: Value, phase: Phase| {
        let object = Object { id: kind.into(), spec: Some(spec), outputs: json!({ "id": kind }), phase };
        (address(kind), Observed::Ours(object))
    };
    let mut plain = spec(json!([]));
    plain["size"] = size.into();
    let objects = [
        object("claim", spec(json!([])), Phase::Ready),
        object("plain", plain, Phase::Ready),
        object("service", spec(json!(["plain"])), Phase::Broken(defect())),
    ];
    World { objects: objects.into(), ..World::default() }
}

fn defect() -> Defect {
    Defect::new("it fails", "mend what it rests on")
}

fn verdict(world: &World, memory: &Memory) -> Verdict {
    let plan = engine(&KINDS, &graph(), world, memory).expect("an order");
    plan.item(&address("service")).expect("the service").verdict.clone()
}

#[test]
fn it_is_given_once_more_what_broke_it_once_all_that_it_rests_on_is_mended() {
    let stirred = Memory { stirred: [address("service")].into(), ..Memory::default() };
    let broken = Verdict::Blocked(Block::Broken(defect()));
    assert_eq!(verdict(&world(1), &Memory::default()), broken);
    assert_eq!(verdict(&world(2), &stirred), broken, "the plain thing is still to be mended");
    let Verdict::Update(changes) = verdict(&world(1), &stirred) else { panic!("it is left broken") };
    let fields: Vec<_> = changes.0.iter().map(|change| (change.field.as_str(), &change.from)).collect();
    assert_eq!(fields, [("size", &Value::Null)]);
}
