//! Random environments: what is wanted first, what is wanted then, what happens meanwhile, and how the cloud behaves.

use std::collections::BTreeMap;
use std::fmt;

use proptest::collection::{btree_map, vec};
use proptest::sample::select;
use proptest::{option, prelude::*};
use simulation::engine::{Address, Graph, Identity, Input, Node};

use super::cloud::Manners;
use super::kinds::{KINDS, Spec};

pub const OWNER: &str = "ours";

/// One environment's life as it may come.
#[derive(Clone)]
pub struct Case {
    /// The kind of each place in the environment.
    pub slots: Vec<usize>,
    /// What is wanted, one after the other; in the end nothing is.
    pub chapters: Vec<Chapter>,
    pub manners: Manners,
    /// What goes wrong with the calls of those numbers.
    pub faults: BTreeMap<usize, Fault>,
    /// The passes of those numbers that come to nothing.
    pub stops: BTreeMap<usize, Stop>,
    /// A slot whose name is somebody else's; the first stands for the root.
    pub taken: Option<usize>,
    /// What cannot be read: slots, and kinds as a whole.
    pub veil: (Vec<usize>, Vec<usize>),
}

/// What is wanted for a while.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// What should stand in each slot.
    pub sketches: Vec<Option<Sketch>>,
    /// For how many passes; else until all is at rest.
    pub passes: Option<usize>,
    /// What somebody does by hand in the end.
    pub by_hand: Vec<(usize, ByHand)>,
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
    /// It never arrives.
    Lost,
    /// The cloud takes it, and the reply is lost.
    ReplyLost,
    /// It arrives twice.
    Twice,
    /// The operator dies before it arrives.
    DeathBefore,
    /// The cloud takes it, and the operator dies.
    Death,
}

/// Where a pass ends before it calls anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stop {
    /// What is intended could not be written down: somebody else had changed the resource.
    Conflict,
    /// The operator dies before it writes down what it intends.
    DeathBefore,
    /// The operator dies once it has.
    Death,
}

/// Which design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Chapter(usize),
    Nothing,
}

/// Every text that nobody may read begins so.
pub const SECRET: &str = "hush";

/// A line for each slot: what a person who looks for a fault wants to see.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "changes take {} s, reads are {:?} s late", self.manners.pause, self.manners.ages)?;
        for (number, chapter) in self.chapters.iter().enumerate() {
            match chapter.passes {
                Some(passes) => writeln!(f, "  chapter {number}, for {passes} passes")?,
                None => writeln!(f, "  chapter {number}, until all is at rest")?,
            }
            for node in self.graph(Want::Chapter(number)).nodes() {
                writeln!(f, "    {}: {}", node.address, node.spec)?;
            }
            writeln!(f, "    by hand, on slot modulo their number: {:?}", chapter.by_hand)?;
        }
        writeln!(f, "  calls that go wrong: {:?}, passes that stop: {:?}", self.faults, self.stops)?;
        let taken = self.taken().map(|address| address.to_string());
        write!(f, "  somebody else's: {taken:?}, not read: {:?}", self.veil)
    }
}

impl Case {
    /// Every design in its order.
    pub fn wants(&self) -> impl Iterator<Item = Want> {
        (0..self.chapters.len()).map(Want::Chapter).chain([Want::Nothing])
    }

    /// For how many passes that is wanted, if something else is wanted before all is at rest.
    pub fn passes(&self, want: Want) -> Option<usize> {
        self.chapter(want)?.passes
    }

    /// What somebody does by hand at the end of that.
    pub fn by_hand(&self, want: Want) -> &[(usize, ByHand)] {
        self.chapter(want).map_or(&[], |chapter| &chapter.by_hand)
    }

    fn chapter(&self, want: Want) -> Option<&Chapter> {
        match want {
            Want::Chapter(number) => self.chapters.get(number),
            Want::Nothing => None,
        }
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

    /// True iff something cannot be read.
    pub fn veiled(&self) -> bool {
        !(self.veil.0.is_empty() && self.veil.1.is_empty())
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
        let kind = KINDS[self.slots[index]].name();
        Address::new(kind, format!("toy/{kind}-{index}"))
    }

    fn sketch(&self, index: usize, want: Want) -> Option<&Sketch> {
        self.chapter(want)?.sketches[index].as_ref()
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
        let mine = KINDS[self.slots[index]];
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
    Node::new(address, name, serde_json::to_value(spec).expect("a document"))
}

pub fn name(address: &Address) -> String {
    format!("name-of-{}", address.name)
}

/// Lives in which nothing goes wrong.
pub fn quiet() -> impl Strategy<Value = Case> {
    let slots = vec(1..KINDS.len(), 1..=SLOTS);
    let first = (vec(option::weighted(0.75, sketch()), SLOTS), ending());
    let manners = (0..3_u64, vec(0..3_u64, 1..4)).prop_map(|(pause, ages)| Manners { pause, ages });
    (slots, first, vec(edit(), 0..4), manners).prop_map(|(slots, first, edits, manners)| Case {
        slots,
        chapters: chapters(first, edits),
        manners,
        faults: BTreeMap::new(),
        stops: BTreeMap::new(),
        taken: None,
        veil: (Vec::new(), Vec::new()),
    })
}

/// Lives with calls that go wrong, and passes that come to nothing.
pub fn troubled() -> impl Strategy<Value = Case> {
    let fault = select(vec![
        Fault::Refused,
        Fault::Lost,
        Fault::ReplyLost,
        Fault::Twice,
        Fault::DeathBefore,
        Fault::Death,
    ]);
    let stop = select(vec![Stop::Conflict, Stop::DeathBefore, Stop::Death]);
    let (faults, stops) = (btree_map(0..24_usize, fault, 1..6), btree_map(0..16_usize, stop, 0..3));
    (quiet(), faults, stops).prop_map(|(case, faults, stops)| Case { faults, stops, ..case })
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

/// Lives in which anything may happen.
pub fn eventful() -> impl Strategy<Value = Case> {
    (troubled(), veiled(), option::of(any::<usize>())).prop_map(|(case, Case { veil, .. }, taken)| Case {
        veil,
        taken,
        ..case
    })
}

/// Most slots of an environment.
const SLOTS: usize = 6;

/// What is wanted in a chapter, as far as that differs from the one before, and how the chapter ends.
type Edit = (Vec<Option<Option<Sketch>>>, Ending);
type Ending = (Option<usize>, Vec<(usize, ByHand)>);

fn edit() -> impl Strategy<Value = Edit> {
    (vec(option::weighted(0.4, option::weighted(0.7, sketch())), SLOTS), ending())
}

fn ending() -> impl Strategy<Value = Ending> {
    (option::weighted(0.4, 1..6_usize), vec((any::<usize>(), by_hand()), 0..3))
}

fn chapters(first: (Vec<Option<Sketch>>, Ending), edits: Vec<Edit>) -> Vec<Chapter> {
    let (sketches, (passes, by_hand)) = first;
    let mut chapters = vec![Chapter { sketches, passes, by_hand }];
    for (edits, (passes, by_hand)) in edits {
        let before = chapters.last().into_iter().flat_map(|chapter| chapter.sketches.clone());
        let sketches = before.zip(edits).map(|(before, edit)| edit.unwrap_or(before)).collect();
        chapters.push(Chapter { sketches, passes, by_hand });
    }
    chapters
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let reference = || option::of((0..SLOTS, any::<bool>()));
    (0..2_u8, 0..2_u8, 0..2_u8, reference(), reference())
        .prop_map(|(size, place, secret, built_on, uses)| Sketch { size, place, secret, built_on, uses })
}

fn by_hand() -> impl Strategy<Value = ByHand> {
    prop_oneof![Just(ByHand::Lose), Just(ByHand::Resize), Just(ByHand::Move)]
}
