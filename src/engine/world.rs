use super::{Address, Failure, Phase};
use serde_json::Value;
use std::collections::BTreeMap;

/// What exists: per address what was seen there, and which kinds could not be read at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// What was seen. An address that is missing is unknown.
    pub objects: BTreeMap<Address, Observed>,
    /// Kinds of which nothing is known, orphans included.
    pub unread: BTreeMap<String, Failure>,
}

/// What was seen at one address.
#[derive(Clone, Debug, PartialEq)]
pub enum Observed {
    /// The read was complete, and it is not there.
    Absent,
    /// Ours.
    Ours(Object),
    /// Not ours, but under our name.
    Foreign {
        /// The cloud's id.
        id: String,
        /// Whose it is, where its tags say so.
        owner: Option<String>,
    },
    /// The read failed.
    Unknown(Failure),
}

/// A resource of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The cloud's id.
    pub id: String,
    /// All managed fields, where they were read.
    pub spec: Option<Value>,
    /// What others may refer to.
    pub outputs: Value,
    /// How far along it is.
    pub phase: Phase,
}

impl World {
    /// The resources of ours.
    pub fn ours(&self) -> impl Iterator<Item = (&Address, &Object)> {
        self.objects.iter().filter_map(|(address, observed)| match observed {
            Observed::Ours(object) => Some((address, object)),
            _ => None,
        })
    }

    /// The resource of ours at `address`.
    pub fn our(&self, address: &Address) -> Option<&Object> {
        match self.objects.get(address)? {
            Observed::Ours(object) => Some(object),
            _ => None,
        }
    }

    /// Why the kind, or something at one of its addresses, is not known.
    pub fn ignorance_of(&self, kind: &str) -> Option<&Failure> {
        let single = || {
            self.objects.iter().find_map(|(address, observed)| match observed {
                Observed::Unknown(failure) if address.kind == kind => Some(failure),
                _ => None,
            })
        };
        self.unread.get(kind).or_else(single)
    }

    /// True iff every read succeeded and nothing of ours is left.
    pub fn is_empty(&self) -> bool {
        self.unread.is_empty()
            && self.objects.values().all(|o| matches!(o, Observed::Absent | Observed::Foreign { .. }))
    }

    /// Adds what was seen at `address`. A second resource of ours there becomes a surplus with an address of its own.
    pub(super) fn record(&mut self, address: Address, observed: Observed) {
        use Observed::{Foreign, Ours, Unknown};
        match (self.objects.get(&address), observed) {
            (Some(Ours(_)), Ours(second)) => {
                let surplus = address.surplus(&second.id);
                self.objects.insert(surplus, Ours(second));
            }
            (Some(Unknown(_)), _) | (Some(Ours(_)), _) => {}
            (Some(Foreign { .. }), Observed::Absent | Foreign { .. }) => {}
            (_, observed) => drop(self.objects.insert(address, observed)),
        }
    }
}
