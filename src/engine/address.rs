use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a resource stands in an environment: `network/public-subnet-1`, of the kind `subnet`.
///
/// People read the name, the resource carries it as a tag; the kind says who can observe and change it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// The kind's [`NAME`](super::Kind::NAME).
    pub kind: String,
    /// `layer/name`, unique in an environment whatever the kind.
    pub name: String,
}

impl Address {
    /// In place of a layer, where nobody can say in which one something stands.
    pub const ANYWHERE: &'static str = "any";

    /// The address of `name`, a resource of the kind called `kind`.
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: kind.into(), name: name.into() }
    }

    /// Where resources of a kind may stand of which nothing is known: `any/alarm`.
    pub fn anywhere(kind: &str) -> Self {
        Self::new(kind, format!("{}/{kind}", Self::ANYWHERE))
    }

    /// Whether it stands for all of a kind of which nothing is known.
    pub fn is_anywhere(&self) -> bool {
        self.layer() == Self::ANYWHERE
    }

    /// One version of a resource whose replacement is made before the old one goes: `processing/task@1a2b3c4d`.
    pub fn version(&self, digest: &str) -> Self {
        Self::new(&self.kind, format!("{}@{digest}", self.name))
    }

    /// A second object that carries this address, told apart by its id: `network/vpc#vpc-0a1b`.
    pub fn surplus(&self, id: &str) -> Self {
        Self::new(&self.kind, format!("{}#{id}", self.name))
    }

    /// Whether it is that of a second object.
    pub fn is_surplus(&self) -> bool {
        self.name.contains('#')
    }

    /// The address without its version and without the mark of a surplus.
    pub fn base(&self) -> Self {
        Self::new(&self.kind, self.base_name())
    }

    /// Whether `base` is its address without version and mark.
    pub fn is_of(&self, base: &Self) -> bool {
        self.kind == base.kind && self.base_name() == base.name
    }

    fn base_name(&self) -> &str {
        let end = self.name.find(['@', '#']).unwrap_or(self.name.len());
        &self.name[..end]
    }

    /// The part before the slash: `network`.
    pub fn layer(&self) -> &str {
        self.name.split_once('/').map_or("", |(layer, _)| layer)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
