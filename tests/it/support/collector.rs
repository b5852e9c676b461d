//! A collector of traces: takes what is exported, or does not answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::watch;

type Requests = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// Ends with the runtime of the test.
pub struct Collector {
    endpoint: String,
    taken: Requests,
    answers: watch::Sender<bool>,
    asked: Arc<AtomicUsize>,
}

impl Collector {
    /// One that takes everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (answers, answering) = watch::channel(true);
        let taken = Requests::default();
        let asked = Arc::new(AtomicUsize::new(0));
        let (requests, count) = (Arc::clone(&taken), Arc::clone(&asked));
        let take = move |body: Bytes| {
            count.fetch_add(1, Ordering::Relaxed);
            take(Arc::clone(&requests), answering.clone(), body)
        };
        let router = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { endpoint, taken, answers, asked }
    }

    /// Its URL.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Whether it answers from now on. What it does not answer, it does not take.
    pub fn answer(&self, answers: bool) {
        self.answers.send_replace(answers);
    }

    /// How often it was asked so far, whether or not it answered.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// All spans so far.
    pub fn spans(&self) -> Vec<Span> {
        let taken = self.taken.lock().unwrap();
        let resources = taken.iter().flat_map(|request| &request.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    /// What the exporter says of itself: an attribute of every resource.
    pub fn resources(&self, key: &str) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        let resources = taken.iter().flat_map(|request| &request.resource_spans);
        resources.map(|resource| text(&resource.resource.as_ref().unwrap().attributes, key)).collect()
    }

    /// All that it was told, for whoever seeks a word in it: a line for each span.
    pub fn text(&self) -> String {
        let resources: String = self
            .taken
            .lock()
            .unwrap()
            .iter()
            .flat_map(|r| &r.resource_spans)
            .map(|r| format!("{:?}\n", r.resource))
            .collect();
        resources + &self.spans().iter().map(|span| format!("{span:?}\n")).collect::<String>()
    }
}

async fn take(requests: Requests, mut answering: watch::Receiver<bool>, body: Bytes) -> StatusCode {
    if !*answering.borrow_and_update() {
        // Whoever asks gives up first.
        std::future::pending::<()>().await;
    }
    requests.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
    StatusCode::OK
}

/// An attribute of a span, as text; empty where it has none of that name.
pub fn attribute(span: &Span, key: &str) -> String {
    text(&span.attributes, key)
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|found| found.value.clone()) {
        Some(AnyValue { value: Some(Value::StringValue(text)) }) => text,
        Some(AnyValue { value: Some(Value::IntValue(number)) }) => number.to_string(),
        other => other.map(|value| format!("{value:?}")).unwrap_or_default(),
    }
}
