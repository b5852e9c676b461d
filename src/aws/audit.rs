//! The audit trail: every mutating attempt leaves one line, whatever came of it.
//!
//! Lines are events of the `tracing` target `audit` at level INFO; whoever sets the log's filter keeps that target on.
//! The library call in flight knows neither pipeline nor resource, so the step that makes it says so with [`scope`].

use std::sync::Arc;

use jiff::Timestamp;

use super::connector::Call;
use super::reply::Reply;

/// The target of audit lines.
pub const TARGET: &str = "audit";

/// On whose behalf calls are made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// The owner: `clusterName/namespace/name`.
    pub pipeline: String,
    /// The resource: `network/vpc`.
    pub address: String,
    /// The fields that change, by name alone: values may be secret.
    pub changed: Vec<String>,
    /// When the step began that the calls belong to. Its first call may wait for the budget, or come after a look.
    pub begun: Option<Timestamp>,
}

tokio::task_local! {
    static CONTEXT: Arc<Context>;
}

/// Runs `work` so that the mutating calls in it are recorded as made for `context`.
pub async fn scope<F: Future>(context: Context, work: F) -> F::Output {
    CONTEXT.scope(Arc::new(context), work).await
}

/// On whose behalf this call is made, if somebody said so.
pub fn current() -> Option<Arc<Context>> {
    CONTEXT.try_with(Arc::clone).ok()
}

/// One mutating attempt on the wire. It leaves its line also when it is dropped, because then nobody knows whether AWS
/// carried it out.
#[derive(Debug)]
pub(super) struct Attempt {
    call: Option<Call>,
    started: Timestamp,
}

impl Attempt {
    /// To be made just before the request leaves, which it was allowed to at `started`; reads leave no line.
    pub fn start(call: &Call, started: Timestamp) -> Self {
        Self { call: call.operation.mutates().then(|| call.clone()), started }
    }

    /// The attempt came to an end.
    pub fn end(mut self, reply: &Reply) {
        if let Some(call) = self.call.take() {
            record(&call, self.started, reply);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            record(&call, self.started, &Reply::unanswered("Abandoned"));
        }
    }
}

fn record(call: &Call, started: Timestamp, reply: &Reply) {
    let context = current().unwrap_or_default();
    tracing::info!(
        target: TARGET,
        time = %Timestamp::now(),
        begun = context.begun.map(tracing::field::display),
        started = %started,
        pipeline = context.pipeline,
        address = context.address,
        operation = %call.operation,
        changed = context.changed.join(","),
        identity = call.caller.identity,
        account = call.caller.account,
        region = call.caller.region,
        request_id = reply.request_id,
        result = reply.outcome(),
    );
}
