//! Toy kinds, each with one of the natures that real kinds have, and broken ones that show that the properties can fail.

use std::{marker::PhantomData, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use simulation::engine::{
    Action, AnyKind, Changes, Data, Deleted, Depth, Erased, Failure, Found, Input, Key, Kind, Ours, Recall,
    Scope, Sightings,
};

use super::cloud::{Cloud, Thing};

/// What every toy is like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    pub size: u8,
    pub place: u8,
    pub secret: String,
    pub built_on: Vec<Input<String>>,
    pub uses: Vec<Input<String>>,
}

/// What toys hand on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outputs {
    pub id: String,
    /// Known once it has been ready.
    pub endpoint: Option<String>,
}

/// What tells one toy kind from another.
pub trait Nature: Send + Sync + 'static {
    const NAME: &'static str;
    const REFERS_TO: &'static [&'static str];
    const IMMUTABLE: &'static [&'static str] = &["builtOn"];
    const CREATE_FIRST: bool = false;
    const HOLDS_DATA: Data = Data::None;
    const WHILE_SETTLING: &'static [&'static str] = &[];
    const RENEWED: &'static [&'static str] = &[];
    const PRIVATE: &'static [&'static str] = &["secret"];
    const RECALL: Recall = Recall::Name;

    /// What reads make of a spec; anything else than the spec itself is a fault of the kind.
    fn read(spec: Spec) -> Spec {
        spec
    }
}

/// The kind of that nature.
pub struct Toy<N>(PhantomData<fn() -> N>);

/// For how long reads may lag; clouds lag less.
pub const LAG: u64 = 3;

impl<N: Nature> Kind for Toy<N> {
    const NAME: &'static str = N::NAME;
    const REFERS_TO: &'static [&'static str] = N::REFERS_TO;
    const IMMUTABLE: &'static [&'static str] = N::IMMUTABLE;
    const CREATE_FIRST: bool = N::CREATE_FIRST;
    const HOLDS_DATA: Data = N::HOLDS_DATA;
    const WHILE_SETTLING: &'static [&'static str] = N::WHILE_SETTLING;
    const RENEWED: &'static [&'static str] = N::RENEWED;
    const PRIVATE: &'static [&'static str] = N::PRIVATE;
    const RECALL: Recall = N::RECALL;
    const CREATED_BY: &'static str = "toy:Create";
    const LAG: Duration = Duration::from_secs(LAG);
    const ACTIONS: &'static [Action] = &[];

    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    async fn observe(cloud: &Cloud, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let mut seen = Sightings::new(scopes);
        for (thing, phase, outputs) in cloud.read(N::NAME) {
            for (index, scope) in scopes.iter().enumerate() {
                let named = scope.named.iter().find(|named| named.name == thing.name);
                if thing.owner == scope.owner {
                    let (spec, outputs, phase) = (Some(read::<N>(&thing)), outputs.clone(), phase.clone());
                    let ours = Ours { id: thing.id.clone(), spec, outputs, phase };
                    seen.add(index, thing.address.clone(), Found::Ours(ours));
                } else if let Some(named) = named.filter(|_| !N::CREATE_FIRST) {
                    let foreign = Found::Foreign { id: thing.id.clone(), owner: Some(thing.owner.clone()) };
                    seen.add(index, named.address.clone(), foreign);
                }
            }
        }
        Ok(seen.complete(scopes))
    }

    async fn create(cloud: &Cloud, key: &Key, spec: Spec) -> Result<Outputs, Failure> {
        cloud.create(N::NAME, N::RECALL, key, &written(&spec))
    }

    async fn update(
        cloud: &Cloud,
        _: &Key,
        outputs: Outputs,
        spec: Spec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        let permitted = |field: &str| N::WHILE_SETTLING.iter().any(|f| *f == "*" || *f == field);
        let while_settling = changes.0.iter().all(|change| permitted(&change.field));
        cloud.update(&outputs.id, &written(&spec), while_settling)
    }

    async fn delete(cloud: &Cloud, outputs: Outputs) -> Result<Deleted, Failure> {
        cloud.delete(&outputs.id)
    }
}

fn read<N: Nature>(thing: &Thing) -> Spec {
    N::read(serde_json::from_value(thing.spec.clone()).expect("what was written"))
}

fn written(spec: &Spec) -> Value {
    serde_json::to_value(spec).expect("a document")
}

/// Natures: a type, its name, what it may refer to, and what else is special about it.
macro_rules! natures {
    ($($nature:ident $name:literal $refers:tt { $($special:tt)* })*) => {$(
        pub struct $nature;
        impl Nature for $nature {
            const NAME: &'static str = $name;
            const REFERS_TO: &'static [&'static str] = &$refers;
            $($special)*
        }
    )*};
}

natures! {
    Claim "claim" [] {}
    Plain "plain" ["claim"] { const WHILE_SETTLING: &'static [&'static str] = &["size"]; }
    Tagged "tagged" ["claim", "plain"] { const RECALL: Recall = Recall::Tags; }
    Rigid "rigid" ["claim", "plain", "tagged"] {
        const IMMUTABLE: &'static [&'static str] = &["place", "builtOn"];
        const RECALL: Recall = Recall::Token;
    }
    Store "store" ["claim", "plain", "tagged", "rigid"] {
        const IMMUTABLE: &'static [&'static str] = &["place", "builtOn"];
        const HOLDS_DATA: Data = Data::Kept;
    }
    Passage "passage" ["claim", "plain", "tagged", "rigid", "store"] {
        const IMMUTABLE: &'static [&'static str] = &["place", "builtOn"];
        const HOLDS_DATA: Data = Data::Passing;
    }
    Revised "revised" ["claim", "plain", "tagged", "rigid", "store", "passage"] {
        const IMMUTABLE: &'static [&'static str] = &["size", "place", "secret", "builtOn", "uses"];
        const CREATE_FIRST: bool = true;
    }
    Service "service" ["claim", "plain", "tagged", "rigid", "store", "passage", "revised"] {
        const WHILE_SETTLING: &'static [&'static str] = &["*"];
        const RENEWED: &'static [&'static str] = &["size"];
        const RECALL: Recall = Recall::Token;
    }

    // Broken ones.
    NeverEqual "plain" ["claim"] {
        fn read(spec: Spec) -> Spec { Spec { size: spec.size + 1, ..spec } }
    }
    Talkative "revised" ["claim", "plain", "tagged", "rigid", "store", "passage"] {
        const IMMUTABLE: &'static [&'static str] = &["size", "place", "secret", "builtOn", "uses"];
        const CREATE_FIRST: bool = true;
        const PRIVATE: &'static [&'static str] = &[];
    }
    Circular "plain" ["claim", "rigid"] {}
}

/// The kinds that a test works with.
pub type Kinds = [&'static dyn AnyKind<Cloud>];

/// Every nature, in dependency order.
pub static KINDS: [&dyn AnyKind<Cloud>; 8] = [
    &Erased::<Toy<Claim>>::new(),
    &Erased::<Toy<Plain>>::new(),
    &Erased::<Toy<Tagged>>::new(),
    &Erased::<Toy<Rigid>>::new(),
    &Erased::<Toy<Store>>::new(),
    &Erased::<Toy<Passage>>::new(),
    &Erased::<Toy<Revised>>::new(),
    &Erased::<Toy<Service>>::new(),
];

/// The kinds with one of a broken nature in place of that of the same name.
pub fn with_broken<N: Nature>() -> Vec<&'static dyn AnyKind<Cloud>> {
    let broken: &'static dyn AnyKind<Cloud> = const { &Erased::<Toy<N>>::new() };
    KINDS.iter().map(|kind| if kind.name() == broken.name() { broken } else { *kind }).collect()
}
