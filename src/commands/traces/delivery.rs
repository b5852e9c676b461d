//! How spans are sent: by the HTTP client and the TLS that the program has anyway, on the operator's own runtime.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use futures::future::BoxFuture;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{OTEL_EXPORTER_OTLP_TIMEOUT, OTEL_EXPORTER_OTLP_TRACES_TIMEOUT};
use tokio::runtime::Handle;

use super::said;

/// Sends spans, and says when that begins and ceases to fail.
pub struct Delivery {
    runtime: Handle,
    connector: SharedHttpConnector,
    timeout: Duration,
    fails: Arc<AtomicBool>,
}

impl Delivery {
    /// Sends on the runtime in which it is made.
    pub fn new() -> Self {
        let tls = Provider::Rustls(CryptoMode::AwsLc);
        let connector = Connector::builder().proxy_config(ProxyConfig::from_env()).tls_provider(tls).build();
        Self {
            runtime: Handle::current(),
            connector: SharedHttpConnector::new(connector),
            timeout: timeout(),
            fails: Arc::default(),
        }
    }
}

impl HttpClient for Delivery {
    /// It is called on a thread that is no part of a runtime, and there may only wait.
    fn send_bytes<'a, 'r>(
        &'a self,
        request: Request<Bytes>,
    ) -> BoxFuture<'r, Result<Response<Bytes>, HttpError>>
    where
        'a: 'r,
        Self: 'r,
    {
        let (connector, timeout, fails) = (self.connector.clone(), self.timeout, Arc::clone(&self.fails));
        let sent = self.runtime.spawn(async move {
            let late = || Err(format!("no answer within {timeout:?}").into());
            let answer = tokio::time::timeout(timeout, send(&connector, request)).await;
            let answer = answer.unwrap_or_else(|_| late());
            tell(&fails, &answer);
            answer
        });
        Box::pin(async move { sent.await? })
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").finish_non_exhaustive()
    }
}

async fn send(
    connector: &SharedHttpConnector,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let answer = connector.call(HttpRequest::try_from(request.map(SdkBody::from))?).await?;
    let answer = answer.try_into_http1x()?;
    let (head, body) = answer.into_parts();
    Ok(Response::from_parts(head, ByteStream::new(body).collect().await?.into_bytes()))
}

/// Says once that nothing arrives any more, and once that it does again: each span would be a line.
fn tell(fails: &AtomicBool, answer: &Result<Response<Bytes>, HttpError>) {
    let why = match answer {
        Ok(response) if response.status().is_success() => None,
        Ok(response) => Some(format!("HTTP {}", response.status().as_u16())),
        Err(error) => Some(error.to_string()),
    };
    let failed = fails.swap(why.is_some(), Ordering::Relaxed);
    match why {
        Some(error) if !failed => tracing::warn!(error, "traces cannot be delivered; some will be lost"),
        None if failed => tracing::info!("traces are delivered again"),
        _ => {}
    }
}

/// How long one request may take: milliseconds, ten seconds unless the standard's variables say otherwise.
/// <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>
fn timeout() -> Duration {
    let said = said(OTEL_EXPORTER_OTLP_TRACES_TIMEOUT).or_else(|| said(OTEL_EXPORTER_OTLP_TIMEOUT));
    Duration::from_millis(said.and_then(|said| said.parse().ok()).unwrap_or(10_000))
}
