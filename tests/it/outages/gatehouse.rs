//! A gatehouse before the API server: everything passes it, and what it tells of resources it tells as a bad day has it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::{Router, body};
use futures::{Stream, StreamExt, stream};
use kube::{Client, client};
use serde_json::json;
use tokio::net::TcpListener;

/// How what it tells of resources goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// It does not.
    Faithful,
    /// Each watch ends in the middle of its second event.
    Drops,
    /// Every event comes twice.
    Repeats,
    /// Every event comes late.
    Delays(Duration),
    /// After the first event of a watch its place in history is forgotten, and where the next one would begin is, too.
    /// <https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses>
    Forgets,
    /// Every list is the first one that was asked for; a watch tells what came after it.
    /// <https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list>
    ListsThePast,
}

impl fmt::Display for Habit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: String = format!("{self:?}").chars().take_while(char::is_ascii_alphabetic).collect();
        f.write_str(&words.to_lowercase())
    }
}

/// A gatehouse. It lasts as long as it is kept.
pub struct Gatehouse {
    state: Arc<Keeper>,
    address: String,
    task: tokio::task::JoinHandle<()>,
}

struct Keeper {
    client: Client,
    habit: Habit,
    first_list: Mutex<Option<Bytes>>,
    /// Whether the next watch begins where nothing is known any more.
    forgot: AtomicBool,
    strikes: AtomicUsize,
    asked: AtomicUsize,
}

impl Gatehouse {
    /// A gatehouse of this habit before the API server of `client`.
    pub async fn open(client: Client, habit: Habit) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(Keeper {
            client,
            habit,
            first_list: Mutex::default(),
            forgot: AtomicBool::default(),
            strikes: AtomicUsize::default(),
            asked: AtomicUsize::default(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&state));
        let task = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { state, address, task }
    }

    /// A kubeconfig that leads here. Who comes need not say who they are.
    pub fn kubeconfig(&self, folder: &Path) -> PathBuf {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{ "name": "it", "cluster": { "server": format!("http://{}", self.address) } }],
            "users": [{ "name": "it", "user": {} }],
            "contexts": [{ "name": "it", "context": { "cluster": "it", "user": "it" } }],
        });
        let path = folder.join("kubeconfig-by-gatehouse");
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }

    /// How often something went wrong.
    pub fn strikes(&self) -> usize {
        self.state.strikes.load(Ordering::SeqCst)
    }

    /// How many lists and watches of resources were asked for.
    pub fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Gatehouse {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(State(keeper): State<Arc<Keeper>>, request: Request) -> Response {
    let (parts, sent) = request.into_parts();
    let is_about_resources = parts.method == Method::GET && parts.uri.path().ends_with("/videopipelines");
    let watches = parts.uri.query().is_some_and(|query| query.contains("watch=true"));
    let sent = body::to_bytes(sent, usize::MAX).await.unwrap();
    let forwarded = http::Request::from_parts(parts, client::Body::from(sent.to_vec()));
    if !is_about_resources {
        return answer(keeper.client.send(forwarded).await, Body::new);
    }
    keeper.asked.fetch_add(1, Ordering::SeqCst);
    match watches {
        true => keeper.watch(forwarded).await,
        false => keeper.list(forwarded).await,
    }
}

fn answer(
    answered: kube::Result<http::Response<client::Body>>,
    told: impl FnOnce(client::Body) -> Body,
) -> Response {
    match answered {
        Ok(answered) => answered.map(told),
        Err(_) => refusal(StatusCode::BAD_GATEWAY, "the API server does not answer"),
    }
}

fn refusal(code: StatusCode, message: &str) -> Response {
    let body = Body::from(status(code, message).to_string());
    Response::builder().status(code).header(CONTENT_TYPE, "application/json").body(body).unwrap()
}

/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/>
fn status(code: StatusCode, message: &str) -> serde_json::Value {
    let reason = if code == StatusCode::GONE { "Expired" } else { "InternalError" };
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code.as_u16(),
    })
}

impl Keeper {
    fn strikes(&self) {
        self.strikes.fetch_add(1, Ordering::SeqCst);
    }

    async fn list(self: Arc<Self>, request: http::Request<client::Body>) -> Response {
        let answered = self.client.send(request).await;
        let Ok((mut parts, found)) = answered.map(http::Response::into_parts) else {
            return refusal(StatusCode::BAD_GATEWAY, "the API server does not answer");
        };
        let found = body::to_bytes(Body::new(found), usize::MAX).await.unwrap();
        let first = self.first_list.lock().unwrap().get_or_insert_with(|| found.clone()).clone();
        let shown = if self.habit == Habit::ListsThePast { first } else { found.clone() };
        if shown != found {
            self.strikes();
        }
        // Those of what was found, not of what is shown.
        for name in [CONTENT_LENGTH, TRANSFER_ENCODING] {
            parts.headers.remove(name);
        }
        Response::from_parts(parts, Body::from(shown))
    }

    async fn watch(self: Arc<Self>, request: http::Request<client::Body>) -> Response {
        if self.forgot.swap(false, Ordering::SeqCst) {
            self.strikes();
            return refusal(StatusCode::GONE, "too old resource version");
        }
        let answered = self.client.send(request).await;
        answer(answered, |events| {
            let events = lines(Body::new(events)).boxed();
            Body::from_stream(self.told(events).map(Ok::<_, Infallible>))
        })
    }

    /// The lines of a watch as they leave the gatehouse.
    fn told(self: Arc<Self>, events: stream::BoxStream<'static, Bytes>) -> stream::BoxStream<'static, Bytes> {
        match self.habit {
            Habit::Faithful | Habit::ListsThePast => events,
            Habit::Repeats => events
                .flat_map(move |event| {
                    self.strikes();
                    stream::iter([event.clone(), event])
                })
                .boxed(),
            Habit::Delays(by) => events
                .then(move |event| {
                    self.strikes();
                    async move {
                        tokio::time::sleep(by).await;
                        event
                    }
                })
                .boxed(),
            Habit::Drops => self.first_and(events, |next| next.slice(..next.len() / 2)),
            Habit::Forgets => self.first_and(events, |_| gone()),
        }
    }

    /// One event, then what `then` makes of the next, and no more.
    fn first_and(
        self: Arc<Self>,
        events: stream::BoxStream<'static, Bytes>,
        then: fn(Bytes) -> Bytes,
    ) -> stream::BoxStream<'static, Bytes> {
        let struck = move |(number, event): (usize, Bytes)| match number {
            0 => event,
            _ => {
                self.strikes();
                self.forgot.store(self.habit == Habit::Forgets, Ordering::SeqCst);
                then(event)
            }
        };
        events.take(2).enumerate().map(struck).boxed()
    }
}

/// The event by which a watch says that it cannot go on.
fn gone() -> Bytes {
    let status = status(StatusCode::GONE, "too old resource version");
    Bytes::from(json!({ "type": "ERROR", "object": status }).to_string() + "\n")
}

/// The lines of a body, as they come; each with its end.
fn lines(body: Body) -> impl Stream<Item = Bytes> {
    let begun = (body.into_data_stream(), VecDeque::new());
    stream::unfold(begun, |(mut chunks, mut read)| async move {
        loop {
            if let Some(end) = read.iter().position(|byte| *byte == b'\n') {
                return Some((read.drain(..=end).collect(), (chunks, read)));
            }
            read.extend(chunks.next().await?.ok()?);
        }
    })
}
