//! `world.yaml`: how an environment came to be, and what happened to it since.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use video_pipeline_operator::engine::{Address, Defect, Failure, Meaning, Object, Observed, Phase, World};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Script {
    /// What the case is about.
    pub about: String,
    /// Nothing has been made yet.
    pub new: bool,
    /// What `pipeline.yaml` said otherwise when the environment was made, as a merge patch; the environment came to rest
    /// then.
    pub before: Option<Value>,
    /// What happened since, in order.
    pub then: Vec<Bend>,
    /// What AWS refuses from now on, by address.
    pub refused: BTreeMap<String, Refusal>,
    /// Resources that a lost call may have made, by address.
    pub in_doubt: BTreeMap<String, String>,
    /// AWS cannot be asked at all.
    pub unreached: Option<Refusal>,
    /// Minor versions that AWS offers.
    pub offered: Option<Vec<String>>,
}

/// Something that happened to a resource.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Bend {
    /// It is gone.
    Lose(String),
    /// All is gone but these.
    LoseAllBut(Vec<String>),
    /// Fields were changed by hand.
    Change { at: String, fields: Map<String, Value> },
    /// Outputs are others now.
    Output { at: String, fields: Map<String, Value> },
    /// It is on its way.
    Settle { at: String, why: String },
    /// It is on its way out.
    Leave { at: String, why: String },
    /// It will not be ready by itself.
    Break { at: String, defect: Defect },
    /// Something of its name is there, and carries no tags of ours.
    Foreign { at: String, id: Option<String>, owner: Option<String> },
    /// There is one more of it.
    Double { at: String, id: String },
    /// It could not be read; without an address, nothing of the kind could.
    Unread { at: Option<String>, kind: Option<String>, why: Refusal },
}

/// What AWS says when it refuses.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refusal {
    operation: String,
    code: String,
    message: String,
    meaning: Meaning,
}

impl Refusal {
    pub fn failure(&self) -> Failure {
        let Self { operation, code, message, meaning } = self.clone();
        let request_id = Some("8f4c0f3e".to_owned());
        Failure { operation, code, message, request_id, meaning, retry_after: None }
    }
}

impl Script {
    pub fn read(text: &str) -> Result<Self, String> {
        serde_json::from_value(yaml(text)?).map_err(|error| error.to_string())
    }

    /// The world after all that happened.
    pub fn bend(&self, world: &mut World, names: &[(Address, String)]) {
        for bend in &self.then {
            bend.apply(world, names);
        }
    }
}

/// A YAML document.
pub fn yaml(text: &str) -> Result<Value, String> {
    serde_yaml::from_str(text).map_err(|error| error.to_string())
}

/// The address called `name`.
pub fn address(names: &[(Address, String)], name: &str) -> Address {
    let known = names.iter().find(|(address, _)| address.name == name);
    known.unwrap_or_else(|| panic!("nothing stands at {name}")).0.clone()
}

impl Bend {
    fn apply(&self, world: &mut World, names: &[(Address, String)]) {
        match self {
            Self::Lose(at) => drop(world.objects.remove(&standing(world, names, at))),
            Self::LoseAllBut(left) => world.objects.retain(|address, _| left.contains(&address.base().name)),
            Self::Change { at, fields } => on(world, names, at, |object| {
                let spec = object.spec.as_mut().and_then(Value::as_object_mut).expect("a document");
                spec.extend(fields.clone());
            }),
            Self::Output { at, fields } => on(world, names, at, |object| {
                object.outputs.as_object_mut().expect("a document").extend(fields.clone());
            }),
            Self::Settle { at, why } => on(world, names, at, |o| o.phase = Phase::Settling(why.clone())),
            Self::Leave { at, why } => on(world, names, at, |o| o.phase = Phase::Leaving(why.clone())),
            Self::Break { at, defect } => {
                on(world, names, at, |o| o.phase = Phase::Broken(defect.clone()));
            }
            Self::Foreign { at, id, owner } => {
                let address = standing(world, names, at);
                let id = id.clone().or_else(|| id_of(world, &address)).expect("an id");
                world.objects.insert(address, Observed::Foreign { id, owner: owner.clone() });
            }
            Self::Double { at, id } => {
                let address = standing(world, names, at);
                let Some(Observed::Ours(object)) = world.objects.get(&address).cloned() else {
                    panic!("nothing stands at {at}")
                };
                world
                    .objects
                    .insert(address.surplus(id), Observed::Ours(Object { id: id.clone(), ..object }));
            }
            Self::Unread { at: Some(at), why, .. } => {
                world.objects.insert(standing(world, names, at), Observed::Unknown(why.failure()));
            }
            Self::Unread { kind, why, .. } => {
                let kind = kind.clone().expect("an address or a kind");
                world.objects.retain(|address, _| address.kind != kind);
                world.unread.insert(kind, why.failure());
            }
        }
    }
}

/// Where the object stands whose address people know: of what has versions, that of the latest.
fn standing(world: &World, names: &[(Address, String)], at: &str) -> Address {
    let address = address(names, at);
    let found = world.ours().map(|(at, _)| at).filter(|at| at.is_of(&address)).last();
    found.cloned().unwrap_or(address)
}

fn id_of(world: &World, address: &Address) -> Option<String> {
    world.ours().find(|(at, _)| *at == address).map(|(_, object)| object.id.clone())
}

fn on(world: &mut World, names: &[(Address, String)], at: &str, change: impl FnOnce(&mut Object)) {
    let address = standing(world, names, at);
    match world.objects.get_mut(&address) {
        Some(Observed::Ours(object)) => change(object),
        _ => panic!("nothing stands at {at}"),
    }
}
