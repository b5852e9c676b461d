//! One request over loopback, without TLS, pools or redirects: all that the sandbox asks of its own servers.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none.
    #[error("{0:?} is no address of a server")]
    Address(String),
    /// Nobody listens there.
    #[error("cannot connect")]
    Connect(#[from] std::io::Error),
    /// The request cannot be made.
    #[error("cannot build the request")]
    Build(#[from] hyper::http::Error),
    /// The connection broke.
    #[error("no answer")]
    Exchange(#[from] hyper::Error),
}

/// Asks, and returns the answer's status and body.
pub async fn ask(method: Method, url: &str, body: String) -> Result<(u16, Bytes), Error> {
    let uri: Uri = url.parse().map_err(|_| Error::Address(url.to_owned()))?;
    let (Some(authority), Some(path)) = (uri.authority(), uri.path_and_query()) else {
        return Err(Error::Address(url.to_owned()));
    };
    let stream = TcpStream::connect(authority.as_str()).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path.as_str())
        .header("host", authority.as_str())
        .header("content-type", "application/json")
        .body(Full::<Bytes>::from(body))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await?.to_bytes();
    connection.abort();
    Ok((status, body))
}
