//! The graph while it is drawn, and what every layer needs to draw on it.

use crate::aws::Tags;
use crate::engine::{Graph, Kind, Ref};
use crate::pipeline::Pipeline;

use super::names::{Names, Place};

/// A graph in the making.
pub struct Blueprint<'a> {
    /// What things are called.
    pub names: Names,
    /// Whose environment it is.
    pub pipeline: &'a Pipeline,
    graph: Graph,
}

impl<'a> Blueprint<'a> {
    /// An empty one.
    pub fn new(pipeline: &'a Pipeline, graph: Graph) -> Self {
        Self { names: Names::new(&pipeline.identity.suffix), pipeline, graph }
    }

    /// Adds a resource.
    pub fn add<K: Kind>(&mut self, place: Place<K>, spec: K::Spec) -> Ref<K> {
        self.graph.add(&place.address, place.name, spec)
    }

    /// The user's tags.
    pub fn tags(&self) -> Tags {
        Tags(self.pipeline.tags.clone())
    }

    /// The ARN of something in the environment's region and account.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let Pipeline { partition, account_id, identity, .. } = self.pipeline;
        format!("arn:{partition}:{service}:{}:{account_id}:{resource}", identity.region)
    }

    /// The finished graph.
    pub fn finish(self) -> Graph {
        self.graph
    }
}
