use super::{Address, Input, Kind, Output, input::sources, kind::document};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
};

/// What should exist: resources, in an order in which each comes after those whose outputs it uses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Under which identity everything is made.
    pub identity: Identity,
    /// The resource that everything else waits for, and that goes last; it stays the root of an empty graph.
    pub root: Option<Address>,
    nodes: Vec<Node>,
}

/// Whose the resources of a graph are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The owner that the tags name.
    pub owner: String,
    /// Further tags that tell what the resources belong to.
    pub labels: BTreeMap<String, String>,
}

/// One resource that should exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub address: Address,
    /// Its name in the cloud.
    pub name: String,
    /// What it should be; outputs of others not filled in.
    pub spec: Value,
    sources: BTreeSet<Address>,
}

impl Node {
    /// The resource that should exist at `address`, under `name` in the cloud.
    pub fn new(address: Address, name: impl Into<String>, spec: Value) -> Self {
        Self { sources: sources(&spec), address, name: name.into(), spec }
    }

    /// The resources whose outputs it uses.
    pub fn sources(&self) -> &BTreeSet<Address> {
        &self.sources
    }
}

/// A typed handle to a node: the only way to use a resource's output.
pub struct Ref<K>(Address, PhantomData<fn() -> K>);

impl<K> Clone for Ref<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<K: Kind> Ref<K> {
    /// The output, as a field of another resource's spec.
    pub fn output<T>(&self, output: Output<K, T>) -> Input<T> {
        Input::Output { of: self.0.clone(), field: output.field().into() }
    }

    /// Where the node stands.
    pub fn address(&self) -> &Address {
        &self.0
    }
}

impl Graph {
    /// An empty graph: nothing of the owner's should exist.
    pub fn new(identity: Identity, root: Option<Address>) -> Self {
        Self { identity, root, nodes: Vec::new() }
    }

    /// Adds a resource that should exist at `address`, under `name` in the cloud.
    ///
    /// A handle is only had from an added node, so a graph cannot have a cycle. An address that is added twice keeps
    /// its first node; `tests/it/architecture/names.rs` proves that no design does so.
    pub fn add<K: Kind>(&mut self, address: &str, name: impl Into<String>, spec: K::Spec) -> Ref<K> {
        let address = Address::new(K::NAME, address);
        let spec = document(spec).unwrap_or(Value::Null);
        debug_assert!(self.node(&address).is_none(), "{address} added twice");
        if self.node(&address).is_none() {
            self.nodes.push(Node::new(address.clone(), name, spec));
        }
        Ref(address, PhantomData)
    }

    /// The resources, each after those whose outputs it uses.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node at `address`.
    pub fn node(&self, address: &Address) -> Option<&Node> {
        self.nodes.iter().find(|node| node.address == *address)
    }

    /// All that the node at `address` rests on: the root, and whatever it uses the outputs of, directly or through others.
    pub fn foundations(&self, address: &Address) -> BTreeSet<Address> {
        let mut found = BTreeSet::new();
        let mut frontier: Vec<_> = self.root.iter().cloned().chain([address.clone()]).collect();
        while let Some(next) = frontier.pop() {
            let sources = self.node(&next).into_iter().flat_map(Node::sources);
            frontier.extend(sources.filter(|source| !found.contains(*source)).cloned());
            found.insert(next);
        }
        found.remove(address);
        found
    }

    /// Adds a node as plain data, for tests over generated graphs.
    #[doc(hidden)]
    pub fn push(&mut self, node: Node) {
        self.nodes.push(node);
    }
}
