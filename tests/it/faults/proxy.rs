//! AWS is called by way of a proxy where the environment names one.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use sandbox::Operator;

use super::stage::Stage;

/// The hosts that a proxy was asked to call.
type Asked = Arc<Mutex<Vec<String>>>;

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_aws_keep_to_the_proxy_of_the_environment() {
    let stage = Stage::set("proxy").await;
    let (proxy, asked) = proxy().await;
    let mut options = stage.operator("operator", &[]);
    let environment = [("HTTP_PROXY", proxy.as_str()), ("AWS_ENDPOINT_URL", "http://aws.example")];
    options.environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let operator = Operator::start(&options).await.unwrap();
    stage.create("dev").await;
    let is_asked = async || asked.lock().unwrap().iter().any(|host| host == "aws.example");
    stage.until("the proxy is asked for AWS", is_asked).await;
    drop(operator);
}

/// A proxy that calls nobody.
async fn proxy() -> (String, Asked) {
    let asked = Asked::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(refuse).with_state(Arc::clone(&asked));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

async fn refuse(State(asked): State<Asked>, uri: Uri) -> StatusCode {
    asked.lock().unwrap().extend(uri.host().map(str::to_owned));
    StatusCode::BAD_GATEWAY
}
