//! Random environments: what is wanted first, what is wanted then, what happens meanwhile, and how the cloud behaves.

use std::collections::BTreeMap;
use std::fmt;

use proptest::{collection::vec, option, prelude::*};
use simulation::engine::{Address, Graph, Identity, Input, Node};

use super::cloud::Manners;
use super::kinds::{KINDS, Spec};

pub const OWNER: &str = "ours";

/// One environment's life as it may come.
#[derive(Clone)]
pub struct Case {
    pub slots: Vec<Slot>,
    pub lag: u64,
    pub pause: u64,
    /// What somebody does by hand between the two designs.
    pub by_hand: Vec<(usize, ByHand)>,
    /// What goes wrong with the calls of those numbers.
    pub faults: BTreeMap<usize, Fault>,
    /// A slot whose name is somebody else's; the first stands for the root.
    pub taken: Option<usize>,
    /// What cannot be read: slots, and kinds as a whole.
    pub veil: (Vec<usize>, Vec<usize>),
}

/// A place in the environment. It has one kind, and may be empty in one of the designs.
#[derive(Clone, Debug)]
pub struct Slot {
    pub kind: usize,
    pub first: Option<Sketch>,
    pub then: Option<Sketch>,
}

/// What should stand in a slot.
#[derive(Clone, Debug)]
pub struct Sketch {
    pub size: u8,
    pub place: u8,
    pub secret: u8,
    /// An earlier slot, and whether its endpoint is wanted instead of its id.
    pub built_on: Option<(usize, bool)>,
    pub uses: Option<(usize, bool)>,
}

/// What people do.
#[derive(Clone, Copy, Debug)]
pub enum ByHand {
    Lose,
    Resize,
    Move,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The cloud refuses it.
    Refused,
    /// The cloud takes it, and the reply is lost.
    ReplyLost,
    /// The cloud takes it, and the operator dies.
    Death,
}

/// Which design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    First,
    Then,
    Nothing,
}

/// Every text that nobody may read begins so.
pub const SECRET: &str = "hush";

/// A line for each slot: what a person who looks for a fault wants to see.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "reads lag {} s, changes take {} s", self.lag, self.pause)?;
        for index in 0..self.slots.len() {
            writeln!(f, "  {}", self.address(index))?;
            for want in [Want::First, Want::Then] {
                if let Some(node) = self.graph(want).node(&self.address(index)) {
                    writeln!(f, "    {want:?}: {}", node.spec)?;
                }
            }
        }
        writeln!(f, "  by hand, on slot modulo their number: {:?}", self.by_hand)?;
        writeln!(f, "  calls that go wrong: {:?}", self.faults)?;
        let taken = self.taken().map(|address| address.to_string());
        write!(f, "  somebody else's: {taken:?}, not read: {:?}", self.veil)
    }
}

impl Case {
    pub fn manners(&self) -> Manners {
        Manners { lag: self.lag, pause: self.pause }
    }

    /// What should exist: the root, and what the slots say.
    pub fn graph(&self, want: Want) -> Graph {
        let identity = Identity { owner: OWNER.into(), labels: BTreeMap::new() };
        let mut graph = Graph::new(identity, Some(root()));
        if want == Want::Nothing {
            return graph;
        }
        graph.push(node(root(), Spec::default()));
        for index in 0..self.slots.len() {
            if let Some(sketch) = self.sketch(index, want) {
                graph.push(node(self.address(index), self.spec(index, sketch, want)));
            }
        }
        graph
    }

    /// Every address that could ever be used.
    pub fn addresses(&self) -> Vec<Address> {
        std::iter::once(root()).chain((0..self.slots.len()).map(|index| self.address(index))).collect()
    }

    /// The address whose name is somebody else's.
    pub fn taken(&self) -> Option<Address> {
        let addresses = self.addresses();
        self.taken.map(|taken| addresses[taken % addresses.len()].clone())
    }

    pub fn address(&self, index: usize) -> Address {
        let kind = KINDS[self.slots[index].kind].name();
        Address::new(kind, format!("toy/{kind}-{index}"))
    }

    fn sketch(&self, index: usize, want: Want) -> Option<&Sketch> {
        let slot = &self.slots[index];
        if want == Want::First { slot.first.as_ref() } else { slot.then.as_ref() }
    }

    fn spec(&self, index: usize, sketch: &Sketch, want: Want) -> Spec {
        let input = |(of, endpoint): (usize, bool)| {
            let field = if endpoint { "endpoint" } else { "id" }.to_owned();
            self.source(index, of, want).map(|of| Input::Output { of, field })
        };
        Spec {
            size: sketch.size,
            place: sketch.place,
            secret: format!("{SECRET}-{}", sketch.secret),
            built_on: sketch.built_on.and_then(input).into_iter().collect(),
            uses: sketch.uses.and_then(input).into_iter().collect(),
        }
    }

    /// The earlier slot that `of` stands for: one that is filled, of a kind that this one may refer to.
    fn source(&self, index: usize, of: usize, want: Want) -> Option<Address> {
        let mine = KINDS[self.slots[index].kind];
        let earlier: Vec<_> = (0..index)
            .filter(|other| self.sketch(*other, want).is_some())
            .map(|other| self.address(other))
            .filter(|other| mine.refers_to().contains(&other.kind.as_str()))
            .collect();
        earlier.get(of.checked_rem(earlier.len())?).cloned()
    }
}

pub fn root() -> Address {
    Address::new("claim", "toy/claim")
}

fn node(address: Address, spec: Spec) -> Node {
    let name = name(&address);
    Node { address, name, spec: serde_json::to_value(spec).expect("a document") }
}

pub fn name(address: &Address) -> String {
    format!("name-of-{}", address.name)
}

/// Lives in which nothing goes wrong.
pub fn quiet() -> impl Strategy<Value = Case> {
    let slots = vec(slot(), 1..7);
    let by_hand = vec((any::<usize>(), by_hand()), 0..3);
    (slots, 0..3_u64, 0..3_u64, by_hand).prop_map(|(slots, lag, pause, by_hand)| Case {
        slots,
        lag,
        pause,
        by_hand,
        faults: BTreeMap::new(),
        taken: None,
        veil: (Vec::new(), Vec::new()),
    })
}

/// Lives with calls that go wrong.
pub fn troubled() -> impl Strategy<Value = Case> {
    let fault = prop_oneof![Just(Fault::Refused), Just(Fault::ReplyLost), Just(Fault::Death)];
    let faults = proptest::collection::btree_map(0..24_usize, fault, 1..6);
    (quiet(), faults).prop_map(|(case, faults)| Case { faults, ..case })
}

/// Lives in which somebody else has one of the names.
pub fn crowded() -> impl Strategy<Value = Case> {
    (quiet(), any::<usize>()).prop_map(|(case, taken)| Case { taken: Some(taken), ..case })
}

/// Lives in which some reads fail.
pub fn veiled() -> impl Strategy<Value = Case> {
    let (slots, kinds) = (vec(any::<usize>(), 0..3), vec(0..KINDS.len(), 0..2));
    (quiet(), slots, kinds).prop_map(|(case, slots, kinds)| Case { veil: (slots, kinds), ..case })
}

fn slot() -> impl Strategy<Value = Slot> {
    (1..KINDS.len(), sketch(), sketch(), 0..4_u8).prop_map(|(kind, first, then, filled)| Slot {
        kind,
        first: (filled != 1).then_some(first),
        then: (filled != 2).then_some(then),
    })
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let reference = || option::of((0..6_usize, any::<bool>()));
    (0..2_u8, 0..2_u8, 0..2_u8, reference(), reference())
        .prop_map(|(size, place, secret, built_on, uses)| Sketch { size, place, secret, built_on, uses })
}

fn by_hand() -> impl Strategy<Value = ByHand> {
    prop_oneof![Just(ByHand::Lose), Just(ByHand::Resize), Just(ByHand::Move)]
}
