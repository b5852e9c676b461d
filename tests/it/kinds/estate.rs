//! Environments as a user asks for them, and what the design makes of them.

use serde_json::{Value, json};
use video_pipeline_operator::aws::Aws;
use video_pipeline_operator::design::{self, Names, Settings};
use video_pipeline_operator::engine::{Graph, Named, Node, Scope};
use video_pipeline_operator::kinds::facts;
use video_pipeline_operator::pipeline::{
    ClusterName, EnvironmentSuffix, Facts, Pipeline, RunningEngine, admission,
};

use super::lab::REGION;

/// A `VideoPipeline`, and what AWS says of where it lives.
#[derive(Clone, Debug)]
pub struct Estate {
    /// The resource as Kubernetes has it.
    pub resource: Value,
    facts: Facts,
    /// Only the resources of this kind that need no other, for laws over a single kind.
    only: Option<&'static str>,
}

impl Estate {
    /// An environment with everything switched on: one resource of every kind at least.
    pub async fn new(aws: &Aws, namespace: &str, suffix: &str, only: Option<&'static str>) -> Self {
        let resource = json!({
            "apiVersion": "streamflix.io/v1alpha1",
            "kind": "VideoPipeline",
            "metadata": { "name": suffix, "namespace": namespace },
            "spec": {
                "environmentSuffix": suffix,
                "region": REGION,
                "processing": {
                    "image": "registry.example/processor:1",
                    "environment": [{ "name": "LEVEL", "value": "info" }],
                    "autoscaling": { "minCount": 1, "maxCount": 4 },
                },
                "tags": { "team": "video" },
            },
        });
        let (zones, engine) = futures::try_join!(facts::zones(aws), facts::engine(aws, "16.8")).unwrap();
        let facts = Facts {
            account_id: aws.account.clone(),
            partition: aws.partition.clone(),
            zones,
            engine,
            running_engine: RunningEngine::Nothing,
        };
        Self { resource, facts, only }
    }

    /// The same with `patch` merged into its spec, as `kubectl patch` would.
    pub fn patched(&self, patch: &Value) -> Self {
        let mut patched = self.clone();
        merge(&mut patched.resource["spec"], patch);
        patched
    }

    /// What should exist.
    pub fn graph(&self) -> Graph {
        let resource = admission::read(&self.resource).unwrap();
        let pipeline = Pipeline::from(&resource, &self.facts, &cluster()).unwrap();
        let graph = design::design(&pipeline, &Settings::default());
        match self.only {
            Some(kind) => without_root(&graph, |node| node.address.kind == kind),
            None => graph,
        }
    }

    /// The last part of its names.
    pub fn suffix(&self) -> &str {
        self.text("/spec/environmentSuffix")
    }

    fn text(&self, pointer: &str) -> &str {
        self.resource.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    /// Its owner, and all names that it could use.
    pub fn scope(&self) -> Scope {
        let suffix = EnvironmentSuffix::new(self.suffix()).unwrap();
        let named = |(address, name)| Named { address, name, remembered: None };
        let mut scope = Scope {
            former: None,
            owner: format!(
                "{}/{}/{}",
                cluster(),
                self.text("/metadata/namespace"),
                self.text("/metadata/name")
            ),
            named: Names::new(&suffix).all().into_iter().map(named).collect(),
        };
        scope.named.retain(|named| self.only.is_none_or(|kind| named.address.kind == kind));
        scope
    }
}

fn cluster() -> ClusterName {
    ClusterName::new("laws").unwrap()
}

/// The first `count` resources of a graph. Each comes after those that it uses, so this is a graph as well.
pub fn first(graph: &Graph, count: usize) -> Graph {
    let mut first = Graph::new(graph.identity.clone(), graph.root.clone());
    graph.nodes().iter().take(count).cloned().for_each(|node| first.push(node));
    first
}

/// The resources that are `wanted`, none of which waits for the claim.
pub fn without_root(graph: &Graph, wanted: impl Fn(&Node) -> bool) -> Graph {
    let mut some = Graph::new(graph.identity.clone(), None);
    graph.nodes().iter().filter(|node| wanted(node)).cloned().for_each(|node| some.push(node));
    some
}

/// The graph with the spec of one node edited.
pub fn with_spec(graph: &Graph, edited: &Node) -> Graph {
    let mut with = Graph::new(graph.identity.clone(), graph.root.clone());
    for node in graph.nodes() {
        with.push(if node.address == edited.address { edited.clone() } else { node.clone() });
    }
    with
}

/// <https://www.rfc-editor.org/rfc/rfc7386>
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else { return *target = patch.clone() };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in fields {
        match value {
            Value::Null => drop(target.as_object_mut().unwrap().remove(name)),
            value => merge(&mut target[name.as_str()], value),
        }
    }
}
