//! The one seam through which every attempt of every SDK passes, retries included.
//!
//! An interceptor ([`NameTheCall`]) knows the operation but may not wait; a connector may wait but sees only HTTP. So the
//! interceptor writes the [`Call`] on the request, and the connector of [`Gate`] reads it there:
//!
//! ```text
//! budget ──▶ fence (mutations only) ──▶ the inner client, timed ──▶ metrics, budget, audit, traces
//! ```
//!
//! Requests without a [`Call`] come from the SDK's own credential providers (STS, IMDS, ECS) and pass untouched: they
//! change nothing and have limits of their own.
//!
//! # Time
//! The SDK's own attempt and operation timeouts run while its connector waits, so that a long queue for the budget would
//! look like a slow AWS. They are therefore left unset, and an attempt is timed here, from the moment it may start to
//! the last byte of its answer. The budget bounds its wait by itself. A call of `n` attempts thus ends within
//! `n × (the budget's patience + an attempt's timeout)` and the SDK's backoff between attempts.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;
use jiff::Timestamp;

use super::audit::Attempt;
use super::budget::{Budget, TooLong};
use super::fence::{BootTime, Fence};
use super::meaning;
use super::metrics::Metrics;
use super::operation::Operation;
use super::reply::Reply;
use super::traces;
use crate::engine::Meaning;

/// Who calls, and where.
#[derive(Clone, Debug, Default)]
pub(super) struct Caller {
    /// Empty until it is known.
    pub account: String,
    pub region: String,
    /// The ARN of the identity; empty until it is known.
    pub identity: String,
}

/// What an attempt is about.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub operation: Operation,
    pub caller: Arc<Caller>,
    /// 1 for the first.
    pub attempt: u32,
}

/// Writes the [`Call`] on each request of a client.
#[derive(Clone, Debug)]
pub(super) struct NameTheCall(pub Arc<Caller>);

#[dyn_dispatch_hint]
impl Intercept for NameTheCall {
    fn name(&self) -> &'static str {
        "NameTheCall"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = config.load::<Metadata>() {
            let attempt = config.load::<RequestAttempts>().map_or(1, |attempts| attempts.attempts());
            let call = Call { operation: metadata.into(), caller: Arc::clone(&self.0), attempt };
            context.request_mut().add_extension(call);
        }
        Ok(())
    }
}

/// How long one attempt may take, from the moment it may start to the last byte of its answer.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For attempts that look. Whole pages of an account's roles take some seconds.
    pub read: Duration,
    /// For attempts that change something. They must end within the lease, so this is shorter than a lease.
    pub mutate: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { read: Duration::from_secs(20), mutate: Duration::from_secs(6) }
    }
}

/// What every attempt has to pass. One per process, around the one HTTP client and its pool of connections.
#[derive(Clone, Debug)]
pub struct Gate {
    /// How many calls AWS lets us make.
    pub budget: Budget,
    /// Whether mutating attempts may start.
    pub fence: Fence,
    /// Counts what happens.
    pub metrics: Metrics,
    /// Bounds each attempt.
    pub timeouts: Timeouts,
}

impl Gate {
    /// A gate for a command of a person, beside the operator: it takes half of the published rates at most, and its fence
    /// is never opened, so whatever would change something is not sent.
    pub fn for_reading() -> Self {
        Self {
            budget: Budget::share_of_published(0.5),
            fence: Fence::shut(),
            metrics: Metrics::default(),
            timeouts: Timeouts::default(),
        }
    }

    /// The client that lets all requests of `inner` pass this gate. Tests give an `inner` that loses and breaks things.
    pub fn around(self, inner: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(GatedClient { inner, gate: Arc::new(self) })
    }

    async fn attempt(
        &self,
        call: Call,
        inner: SharedHttpConnector,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        let admitted = self.admit(&call).await.map_err(|refused| {
            self.metrics.refused(&call.operation, refused.code());
            // `other` without a kind: the SDK does not retry it.
            ConnectorError::other(refused.into(), None)
        })?;
        let (audit, trace) = (Attempt::start(&call, admitted), traces::Attempt::start(&call));
        let started = Instant::now();
        let result = transmit(&inner, request, self.timeout(&call.operation)).await;
        let reply = Reply::of(&result);
        audit.end(&reply);
        trace.end(&reply);
        self.metrics.attempted(&call.operation, reply.outcome(), started.elapsed());
        self.heed(&call, &reply);
        result
    }

    /// When the attempt was let through. The fence is asked last: the wait for the budget may have cost the lease. The time is
    /// read before that, so that a process that stood still afterwards does not seem to have started anything when it woke.
    async fn admit(&self, call: &Call) -> Result<Timestamp, Refused> {
        let Call { operation, caller, .. } = call;
        let admitted = self.budget.admit(&caller.account, &caller.region, operation).await;
        let wait = admitted.map_err(|TooLong { wait }| Refused::OverBudget { wait })?;
        self.metrics.waited(operation, wait);
        let admitted = Timestamp::now();
        if operation.mutates() && !self.fence.admits(self.timeouts.mutate) {
            return Err(Refused::LeaseLost);
        }
        Ok(admitted)
    }

    fn timeout(&self, operation: &Operation) -> Duration {
        if operation.mutates() { self.timeouts.mutate } else { self.timeouts.read }
    }

    /// Narrows the budget when AWS throttled the attempt.
    fn heed(&self, call: &Call, reply: &Reply) {
        let Some(code) = &reply.code else { return };
        let reading = meaning::read(&call.operation.to_string(), code, &reply.message, reply.status);
        if reading.meaning == Meaning::Throttled {
            self.metrics.throttled(&call.operation);
            self.budget.throttled(&call.caller.account, &call.caller.region, &call.operation);
        }
    }
}

/// Sends the request and reads the whole answer, within `timeout`.
///
/// The clock is read before every step: a process that stood still between the fence and the first byte must not send,
/// when it wakes, what it was allowed to send then.
async fn transmit(
    inner: &SharedHttpConnector,
    request: HttpRequest,
    timeout: Duration,
) -> Result<HttpResponse, ConnectorError> {
    let answer = async {
        let mut response = inner.call(request).await?;
        let body = ByteStream::new(response.take_body()).collect().await;
        let body = body.map_err(|error| ConnectorError::io(error.into()))?;
        *response.body_mut() = SdkBody::from(body.into_bytes());
        Ok(response)
    };
    let late = || Err(ConnectorError::timeout(format!("no whole answer within {timeout:?}").into()));
    let (mut answer, end) = (pin!(answer), BootTime::now() + timeout);
    let in_time = poll_fn(|context| match BootTime::now() < end {
        true => answer.as_mut().poll(context),
        false => Poll::Ready(late()),
    });
    tokio::time::timeout(timeout, in_time).await.unwrap_or_else(|_| late())
}

/// Why an attempt was not sent. AWS has certainly not seen it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Refused {
    /// The lease might not be ours for as long as the attempt takes.
    LeaseLost,
    /// The budget is used up for longer than a call should wait.
    OverBudget { wait: Duration },
}

impl Refused {
    pub fn code(self) -> &'static str {
        match self {
            Self::LeaseLost => "LeaseLost",
            Self::OverBudget { .. } => "OverBudget",
        }
    }

    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::LeaseLost => None,
            Self::OverBudget { wait } => Some(wait),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeaseLost => write!(f, "not sent: this operator may no longer be the leader"),
            Self::OverBudget { wait } => {
                write!(
                    f,
                    "not sent: our share of AWS's request rate is used up for {:.0} s",
                    wait.as_secs_f64()
                )
            }
        }
    }
}

impl Error for Refused {}

#[derive(Debug)]
struct GatedClient {
    inner: SharedHttpClient,
    gate: Arc<Gate>,
}

impl HttpClient for GatedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(GatedConnector { inner, gate: Arc::clone(&self.gate) })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_base_client_config(components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_final_config(&self.inner, components, config)
    }
}

#[derive(Debug)]
struct GatedConnector {
    inner: SharedHttpConnector,
    gate: Arc<Gate>,
}

impl HttpConnector for GatedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(call) = request.extension::<Call>().cloned() else { return self.inner.call(request) };
        let (gate, inner) = (Arc::clone(&self.gate), self.inner.clone());
        HttpConnectorFuture::new(async move { gate.attempt(call, inner, request).await })
    }
}
