//! One look at AWS for all who want it at the same moment.
//!
//! Reconciles that ask for one kind of one credential scope within a few milliseconds share the calls. Sweeps wake all
//! pipelines together, so that a sweep costs pages of AWS's lists and not pipelines.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::oneshot;

use crate::aws::{Aws, CredentialScope, Lane, in_lane};
use crate::engine::{self, AnyKind, Depth, Scope, World};
use crate::kinds::KINDS;

/// How long the first who asks waits for others.
const WINDOW: Duration = Duration::from_millis(5);

/// What can be read together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Topic {
    scope: CredentialScope,
    kind: &'static str,
    depth: Depth,
    lane: Lane,
}

/// One who waits, and what it wants to know.
struct Asker {
    scope: Scope,
    answer: oneshot::Sender<World>,
}

/// Observes kinds for pipelines. Clones share the batches that are being gathered.
#[derive(Clone, Default)]
pub struct Observer {
    gathering: Arc<Mutex<HashMap<Topic, Vec<Asker>>>>,
}

/// How, and for whom, to look.
pub struct Look<'a> {
    /// The clients.
    pub aws: &'a Aws,
    /// Whose clients they are.
    pub credentials: &'a CredentialScope,
    /// How much to read.
    pub depth: Depth,
    /// How urgent it is.
    pub lane: Lane,
}

impl Observer {
    /// What there is of `kinds` for `scope`: one world for each kind, in their order.
    pub async fn observe(&self, look: &Look<'_>, kinds: &[&'static str], scope: &Scope) -> Vec<World> {
        let registered =
            kinds.iter().filter_map(|name| KINDS.iter().copied().find(|kind| kind.name() == *name));
        join_all(registered.map(|kind| self.observe_kind(look, kind, scope))).await
    }

    async fn observe_kind(&self, look: &Look<'_>, kind: &'static dyn AnyKind<Aws>, scope: &Scope) -> World {
        let topic =
            Topic { scope: look.credentials.clone(), kind: kind.name(), depth: look.depth, lane: look.lane };
        let (answer, answered) = oneshot::channel();
        if self.join(&topic, Asker { scope: scope.clone(), answer }) {
            tokio::spawn(self.clone().read(topic, kind, look.aws.clone()));
        }
        // Without an answer nothing is known of the kind, which an empty world says.
        answered.await.unwrap_or_default()
    }

    /// Joins those who gather for `topic`; true for the first, who has to see to the reading.
    fn join(&self, topic: &Topic, asker: Asker) -> bool {
        let mut gathering = self.gathering.lock().unwrap_or_else(PoisonError::into_inner);
        let askers = gathering.entry(topic.clone()).or_default();
        askers.push(asker);
        askers.len() == 1
    }

    async fn read(self, topic: Topic, kind: &'static dyn AnyKind<Aws>, aws: Aws) {
        tokio::time::sleep(WINDOW).await;
        let askers = self.gathering.lock().unwrap_or_else(PoisonError::into_inner).remove(&topic);
        let (scopes, answers): (Vec<_>, Vec<_>) =
            askers.unwrap_or_default().into_iter().map(|asker| (asker.scope, asker.answer)).unzip();
        let worlds = in_lane(topic.lane, engine::observe(&[kind], &aws, &scopes, topic.depth)).await;
        for (answer, world) in answers.into_iter().zip(worlds) {
            // Who has gone away does not want to know.
            let _ = answer.send(world);
        }
    }
}
