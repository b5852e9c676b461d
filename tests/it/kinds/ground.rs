//! Where a law is tried: over every registered kind, or over one that is broken on purpose.

use video_pipeline_operator::engine::{Address, Graph, Node};
use video_pipeline_operator::kinds::KINDS;

use super::broken::{Broken, How};
use super::estate::{Estate, first};
use super::inventory;
use super::lab::Account;
use super::over::{Manner, over};
use super::rig::{Kinds, Rig, kinds_of, only};

/// What a law finds: nothing, or how it is broken.
pub type Verdict = Result<(), String>;

/// How many passes may do something before all has come to rest: a resource takes several at most, and an environment
/// is a chain of some ten.
pub const PASSES: usize = 20;

/// Which kinds, and which of their resources.
#[derive(Clone, Copy)]
pub struct Ground {
    /// The kinds.
    pub kinds: Kinds,
    only: Option<&'static str>,
}

/// The account, the environment in it, and what should exist.
pub struct Site {
    /// What is asked for.
    pub estate: Estate,
    /// What should exist.
    pub graph: Graph,
    /// Who sees to it.
    pub rig: Rig,
}

/// The place of one resource in a growing environment.
pub struct Plot {
    /// All that comes before it.
    pub before: Graph,
    /// The same with it.
    pub with: Graph,
    /// Itself.
    pub node: Node,
}

impl Ground {
    /// Every registered kind, as a whole environment has them.
    pub fn registered() -> Self {
        Self { kinds: KINDS, only: None }
    }

    /// Log groups that are broken in this way, alone in the world.
    pub fn broken(how: How) -> Self {
        Self { kinds: Broken::registry(how), only: Some(Broken::KIND) }
    }

    /// The same kinds, in another manner.
    pub fn in_manner<M: Manner>(self, manner: &'static M) -> Self {
        Self { kinds: over(self.kinds, manner), ..self }
    }

    /// An environment of `namespace` in `account`; nothing of it exists yet.
    pub async fn site(&self, account: &Account, namespace: &str, suffix: &str) -> Site {
        let estate = Estate::new(&account.connect().await, namespace, suffix, self.only).await;
        let rig = Rig::new(self.kinds, account, &estate).await;
        Site { graph: estate.graph(), estate, rig }
    }

    /// The same in a new account.
    pub async fn new_site(&self) -> Site {
        self.site(&Account::open().await, "media", "dev").await
    }
}

impl Site {
    /// Makes everything.
    pub async fn build(&mut self) -> Verdict {
        self.rig.rest(&self.graph, &kinds_of(&self.graph), PASSES).await.map(drop)
    }

    /// Lets the environment grow, resource by resource, and tries `law` at those that stand for others of their kind:
    /// when all that comes before them is at rest, and they themselves are not there. The law leaves them there.
    pub async fn grow(&mut self, mut law: impl AsyncFnMut(&mut Rig, &Plot) -> Verdict) -> Verdict {
        let mut seen = 0;
        for (index, node) in self.graph.nodes().iter().enumerate() {
            if !stands_for_others(&self.graph, index) {
                continue;
            }
            let plot = Plot {
                before: first(&self.graph, index),
                with: first(&self.graph, index + 1),
                node: node.clone(),
            };
            let new = self.graph.nodes()[seen..index].iter().map(|node| node.address.kind.clone()).collect();
            let grown = self.rig.rest(&plot.before, &new, PASSES).await;
            grown.map_err(|broken| format!("before {}: {broken}", node.address))?;
            law(&mut self.rig, &plot).await.map_err(|broken| format!("{}: {broken}", node.address))?;
            seen = index;
        }
        Ok(())
    }
}

/// Resources that differ from the first of their kind in more than values.
const OTHERS: [&str; 3] =
    ["network/database-security-group-rules", "ingestion/job-queue", "processing/insights-log-group"];

fn stands_for_others(graph: &Graph, index: usize) -> bool {
    let node = &graph.nodes()[index];
    let first = graph.nodes().iter().position(|other| other.address.kind == node.address.kind);
    first == Some(index) || OTHERS.contains(&node.address.name.as_str())
}

impl Plot {
    /// Where the resource stands.
    pub fn address(&self) -> &Address {
        &self.node.address
    }

    /// Brings it, and only it, to what is wanted of it.
    pub async fn settle(&self, rig: &mut Rig) -> Result<usize, String> {
        rig.rest(&self.with, &only(&self.address().kind), PASSES).await
    }

    /// How many objects of its kind the account holds.
    pub async fn count(&self, rig: &Rig) -> usize {
        inventory::of(&self.address().kind, &rig.aws).await.len()
    }
}
