//! One look at AWS for all who want it at the same moment.
//!
//! Reconciles that ask about one credential scope within a few milliseconds share a look, and so do all who ask while
//! another look is under way: the busier the operator, the more is shared. Sweeps wake all pipelines together, so that a
//! sweep costs pages of AWS's lists and not pipelines.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use opentelemetry::trace::SpanContext;
use tokio::sync::{Semaphore, oneshot};
use tracing::Instrument;

use super::traces;
use crate::aws::{Aws, CredentialScope, Lane, in_lane, one_look};
use crate::engine::{self, Depth, Failure, Meaning, Scope, World};
use crate::kinds::kind;

/// How long the first who asks waits for others: someone waits for what is urgent, and a sweep should miss nobody.
const fn window(lane: Lane) -> Duration {
    match lane {
        Lane::Urgent => Duration::from_millis(5),
        Lane::Sweep => Duration::from_millis(200),
    }
}

/// How long it waits, gathering others, for the look before its own to end. A service that does not answer must not keep
/// those waiting who ask others.
const PATIENCE: Duration = Duration::from_millis(500);

/// What can be looked at together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Topic {
    scope: CredentialScope,
    /// Who was connected before credentials came to be those of another account must not share a look with those who were after.
    account: String,
    depth: Depth,
    lane: Lane,
}

/// One who waits, and what it wants to know.
struct Asker {
    kind: &'static str,
    scope: Scope,
    answer: oneshot::Sender<World>,
    trace: SpanContext,
}

/// Those who wait for the next look, and whose turn it is.
struct Queue {
    askers: Vec<Asker>,
    turn: Arc<Semaphore>,
}

/// Observes kinds for pipelines. Clones share the looks that are being prepared.
#[derive(Clone, Default)]
pub struct Observer {
    queues: Arc<Mutex<HashMap<Topic, Queue>>>,
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
        let topic = Topic {
            scope: look.credentials.clone(),
            account: look.aws.account.clone(),
            depth: look.depth,
            lane: look.lane,
        };
        let trace = traces::asker();
        let ask = |kind: &&'static str| {
            let (answer, answered) = oneshot::channel();
            (Asker { kind, scope: scope.clone(), answer, trace: trace.clone() }, answered)
        };
        let (askers, answers): (Vec<_>, Vec<_>) = kinds.iter().map(ask).unzip();
        if self.join(&topic, askers) {
            tokio::spawn(self.clone().look(topic, look.aws.clone()));
        }
        let worlds = kinds.iter().zip(join_all(answers).await);
        worlds.map(|(kind, answer)| answer.unwrap_or_else(|_| unanswered(kind))).collect()
    }

    /// Joins those who wait for the next look; true for the first of them, who has to see to it.
    fn join(&self, topic: &Topic, askers: Vec<Asker>) -> bool {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues
            .entry(topic.clone())
            .or_insert_with(|| Queue { askers: Vec::new(), turn: Arc::new(Semaphore::new(1)) });
        let first = queue.askers.is_empty() && !askers.is_empty();
        queue.askers.extend(askers);
        first
    }

    async fn look(self, topic: Topic, aws: Aws) {
        tokio::time::sleep(window(topic.lane)).await;
        let turn = self.turn(&topic);
        // Held, where it came in time, until this look has ended.
        let _turn = tokio::time::timeout(PATIENCE, turn.acquire()).await;
        let asked = self.take(&topic);
        let span = traces::look(topic.depth, asked.values().flatten().map(|asker| asker.trace.clone()));
        let looks = asked.into_iter().map(|(kind, askers)| read(kind, askers, &aws, topic.depth));
        in_lane(topic.lane, one_look(join_all(looks))).instrument(span).await;
    }

    fn turn(&self, topic: &Topic) -> Arc<Semaphore> {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.get(topic).map_or_else(|| Arc::new(Semaphore::new(1)), |queue| Arc::clone(&queue.turn))
    }

    /// Those who wait, by what they want to know.
    fn take(&self, topic: &Topic) -> BTreeMap<&'static str, Vec<Asker>> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let askers = queues.get_mut(topic).map(|queue| std::mem::take(&mut queue.askers));
        let mut by_kind: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for asker in askers.unwrap_or_default() {
            by_kind.entry(asker.kind).or_default().push(asker);
        }
        by_kind
    }
}

/// Reads one kind, and answers all who asked for it.
async fn read(name: &'static str, askers: Vec<Asker>, aws: &Aws, depth: Depth) {
    let Some(kind) = kind(name) else { return };
    let (scopes, answers): (Vec<_>, Vec<_>) =
        askers.into_iter().map(|asker| (asker.scope, asker.answer)).unzip();
    let worlds = engine::observe(&[kind], aws, &scopes, depth).await;
    for (answer, world) in answers.into_iter().zip(worlds) {
        // Who has gone away does not want to know.
        let _ = answer.send(world);
    }
}

/// Without an answer nothing is known of the kind, least of all that there is nothing.
fn unanswered(kind: &str) -> World {
    let failure = Failure::new(
        "observe",
        "NotAnswered",
        Meaning::Transient,
        format!("the look at {kind} was given up"),
    );
    World { unread: [(kind.to_owned(), failure)].into(), ..World::default() }
}
