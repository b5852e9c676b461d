//! The HTTP client behind the operator's gate: leads every call to the stand-in, and breaks what a test wants broken.
//!
//! The operator does not know. Its SDKs call AWS's own addresses with credentials that the "instance" gave them; here the
//! calls are led to the stand-in, each rig to an account of its own, so that rigs do not see each other.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use tokio::sync::Notify;
use video_pipeline_operator::aws::Operation;

/// What befalls one mutating call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The process dies just before the call is sent.
    DiesBefore,
    /// The process dies when AWS has carried the call out, before it hears of it.
    DiesAfter,
    /// AWS carries the call out, and the reply is lost; the process lives on.
    LosesReply,
}

/// The way from one process to its account. Clones are the same way.
#[derive(Clone, Debug)]
pub struct Wire(Arc<State>);

#[derive(Debug)]
struct State {
    inner: SharedHttpClient,
    endpoint: String,
    account: String,
    fate: Mutex<Fate>,
    underway: AtomicUsize,
    changed: Notify,
}

/// What is to happen, and what has.
#[derive(Debug, Default)]
struct Fate {
    armed: Option<(usize, Fault)>,
    dead: bool,
    struck: Option<String>,
}

impl Wire {
    /// A way to `account` of the stand-in at `endpoint`.
    pub fn new(endpoint: &str, account: &str) -> Self {
        Self(Arc::new(State {
            inner: aws_smithy_http_client::Builder::new().build_http(),
            endpoint: endpoint.to_owned(),
            account: account.to_owned(),
            fate: Mutex::default(),
            underway: AtomicUsize::new(0),
            changed: Notify::new(),
        }))
    }

    /// The client to put behind the operator's gate.
    pub fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Has `fault` befall the mutating call after the next `calls` ones.
    pub fn arm(&self, calls: usize, fault: Fault) {
        *self.0.fate.lock().unwrap() = Fate { armed: Some((calls, fault)), ..Fate::default() };
    }

    /// Nothing befalls anything any more. The operation that was struck, if one was.
    pub fn disarm(&self) -> Option<String> {
        std::mem::take(&mut *self.0.fate.lock().unwrap()).struck
    }

    /// True iff the fault has befallen its call.
    pub fn has_struck(&self) -> bool {
        self.0.fate.lock().unwrap().struck.is_some()
    }

    /// Ends once the process is dead and AWS has done all that it was asked for. What is still on its way would arrive
    /// at some later time, which makes no difference that a test could repeat.
    pub async fn died(&self) {
        loop {
            let mut changed = pin!(self.0.changed.notified());
            changed.as_mut().enable();
            if self.0.dead() && self.0.underway.load(Ordering::SeqCst) == 0 {
                return;
            }
            changed.await;
        }
    }

    /// The next process begins.
    pub fn revive(&self) {
        self.0.fate.lock().unwrap().dead = false;
    }
}

impl State {
    fn dead(&self) -> bool {
        self.fate.lock().unwrap().dead
    }

    /// The fault that befalls this call.
    fn strike(&self, operation: &str) -> Option<Fault> {
        let mut fate = self.fate.lock().unwrap();
        let (calls, fault) = fate.armed.filter(|_| Operation::new("", operation).mutates())?;
        if calls > 0 {
            fate.armed = Some((calls - 1, fault));
            return None;
        }
        fate.armed = None;
        fate.struck = Some(operation.to_owned());
        Some(fault)
    }

    async fn die(&self) -> Result<HttpResponse, ConnectorError> {
        self.fate.lock().unwrap().dead = true;
        self.changed.notify_waiters();
        std::future::pending().await
    }

    async fn attempt(
        &self,
        connector: SharedHttpConnector,
        mut request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        if let Some(answer) = instance_metadata(&request) {
            return answer;
        }
        let fault = self.strike(&operation(&request));
        if self.dead() || fault == Some(Fault::DiesBefore) {
            return self.die().await;
        }
        self.lead(&mut request)?;
        self.underway.fetch_add(1, Ordering::SeqCst);
        let reply = connector.call(request).await;
        self.underway.fetch_sub(1, Ordering::SeqCst);
        match fault {
            Some(Fault::LosesReply) => Err(ConnectorError::io("the connection was reset".into())),
            Some(_) => self.die().await,
            None if self.dead() => self.die().await,
            None => reply,
        }
    }

    fn lead(&self, request: &mut HttpRequest) -> Result<(), ConnectorError> {
        let path = request.uri().splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        let uri = format!("{}/{path}", self.endpoint);
        request.set_uri(uri).map_err(|error| ConnectorError::user(error.into()))?;
        request.headers_mut().insert("x-moto-account-id", self.account.clone());
        Ok(())
    }
}

/// The operation that a request calls, in whichever of AWS's protocols.
fn operation(request: &HttpRequest) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let body = request.body().bytes().unwrap_or_default();
    match std::str::from_utf8(body).ok().and_then(|form| form.strip_prefix("Action=")) {
        Some(form) => form.split('&').next().unwrap_or_default().to_owned(),
        None => request.uri().rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

/// What a machine of EC2 answers when it is asked for its role's credentials.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html>
fn instance_metadata(request: &HttpRequest) -> Option<Result<HttpResponse, ConnectorError>> {
    let path = request.uri().strip_prefix("http://169.254.169.254/latest/")?;
    let body = match path {
        "api/token" => "token",
        list if list.ends_with("security-credentials/") => "operator",
        _ => {
            r#"{"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z",
                "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "none", "Token": "none",
                "Expiration": "2096-01-01T00:00:00Z"}"#
        }
    };
    let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
    response.headers_mut().insert("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    Some(Ok(response))
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.0.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { inner, wire: self.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    wire: Wire,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, Wire(state)) = (self.inner.clone(), self.wire.clone());
        HttpConnectorFuture::new(async move { state.attempt(inner, request).await })
    }
}
