//! The way to the API server: breaks what a test wants broken of what the operator writes there, and notes it.
//!
//! It lies under the retries of the operator's client, as the network does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use kube::client::retry::RetryPolicy;
use serde_json::{Value, json};
use tower::retry::RetryLayer;
use tower::{BoxError, ServiceBuilder};
use video_pipeline_operator::api::FINALIZER;

use crate::wire::{Call, Fate, Fault, Life, Target};

/// The way from an operator to the API server. Clones are the same way.
#[derive(Clone)]
pub struct Kubernetes(Arc<State>);

struct State {
    inner: Client,
    fate: Mutex<Fate>,
    log: Mutex<Vec<Call>>,
    lies: AtomicBool,
}

impl Kubernetes {
    /// A way along which everything goes through `inner`.
    pub fn new(inner: Client) -> Self {
        Self(Arc::new(State {
            inner,
            fate: Mutex::default(),
            log: Mutex::default(),
            lies: AtomicBool::new(false),
        }))
    }

    /// The client of a process.
    pub fn client_of(&self, life: &Life) -> Client {
        let (state, life) = (Arc::clone(&self.0), life.clone());
        let service = tower::service_fn(move |request: Request<Body>| {
            let (state, life) = (Arc::clone(&state), life.clone());
            async move { state.serve(&life, request).await }
        });
        let retrying =
            ServiceBuilder::new().layer(RetryLayer::new(RetryPolicy::server_retry())).service(service);
        Client::new(retrying, "default")
    }

    /// Has each fault befall the write that is meant, the first counted from now on, others from the one before.
    pub fn arm(&self, strikes: impl IntoIterator<Item = (Target, Fault)>) {
        *self.0.fate.lock().unwrap() = Fate::of(strikes);
    }

    /// Nothing befalls anything any more. The writes that were struck.
    pub fn disarm(&self) -> Vec<Call> {
        std::mem::take(&mut *self.0.fate.lock().unwrap()).struck
    }

    /// Whatever the operator says of an environment becomes that it is as wanted.
    pub fn lie(&self) {
        self.0.lies.store(true, Ordering::SeqCst);
    }

    /// Every write so far.
    pub fn log(&self) -> Vec<Call> {
        self.0.log.lock().unwrap().clone()
    }
}

impl State {
    async fn serve(&self, life: &Life, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        if life.is_over() {
            return silent(life).await;
        }
        let (parts, body) = request.into_parts();
        let mut body = body.collect_bytes().await?;
        if self.lies.load(Ordering::SeqCst) && parts.uri.path().ends_with("/status") {
            body = rosy(&body).into();
        }
        let again = || Request::from_parts(parts.clone(), Body::from(body.clone()));
        let Some(write) = write(&parts.method, parts.uri.path(), &body) else {
            return Ok(self.inner.send(again()).await?);
        };
        self.log.lock().unwrap().push(write.clone());
        let fault = self.fate.lock().unwrap().strike(&write);
        match fault {
            Some(Fault::DiesBefore) => {
                life.die();
                return silent(life).await;
            }
            Some(Fault::Conflict) => return Ok(refusal(StatusCode::CONFLICT, "Conflict")),
            Some(Fault::NotSent) => return Err("the connection was refused".into()),
            _ => {}
        }
        let mut answer = life.sending(self.inner.send(again())).await;
        if fault == Some(Fault::DeliveredTwice) {
            answer = life.sending(self.inner.send(again())).await;
        }
        match fault {
            Some(Fault::TimesOut) => Ok(refusal(StatusCode::GATEWAY_TIMEOUT, "Timeout")),
            Some(Fault::LosesReply) => Err("the connection was reset".into()),
            Some(Fault::DiesAfter | Fault::DiesStale) => {
                life.die();
                silent(life).await
            }
            _ if life.is_over() => silent(life).await,
            _ => Ok(answer?),
        }
    }
}

async fn silent(life: &Life) -> Result<Response<Body>, BoxError> {
    Err(life.silence().await.into())
}

/// The same status, but as if everything were as wanted.
fn rosy(status: &[u8]) -> Vec<u8> {
    let mut status: Value = serde_json::from_slice(status).unwrap();
    for condition in status["status"]["conditions"].as_array_mut().into_iter().flatten() {
        let rosy = if condition["type"] == "Ready" { "True" } else { "False" };
        condition["status"] = json!(rosy);
    }
    status.to_string().into_bytes()
}

/// What a request writes, if it does.
fn write(method: &Method, path: &str, body: &[u8]) -> Option<Call> {
    if method == Method::GET {
        return None;
    }
    let holds = || String::from_utf8_lossy(body).contains(FINALIZER);
    let what = match path {
        _ if path.contains("/events") => "event",
        _ if path.ends_with("/status") => "status",
        _ if holds() => "record",
        _ => "release",
    };
    Some(Call::to_kubernetes(what))
}

/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/>
fn refusal(code: StatusCode, reason: &str) -> Response<Body> {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "refused by a test", "reason": reason, "code": code.as_u16(),
    });
    let body = Body::from(status.to_string().into_bytes());
    Response::builder().status(code).header("content-type", "application/json").body(body).unwrap()
}
