//! Keys of KMS for the streams and databases of the laws. The operator itself never calls KMS, and has no client for it.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::lab::REGION;

/// The key that every account has.
pub const ALIAS: &str = "alias/video";

/// Makes it in `account` of the stand-in at `endpoint`.
pub async fn make(endpoint: &str, account: &str) {
    let key = call(endpoint, account, "CreateKey", json!({})).await["KeyMetadata"]["KeyId"].take();
    call(endpoint, account, "CreateAlias", json!({ "AliasName": ALIAS, "TargetKeyId": key })).await;
}

async fn call(endpoint: &str, account: &str, operation: &str, input: Value) -> Value {
    let host = endpoint.trim_start_matches("http://");
    let body = input.to_string();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: TrentService.{operation}\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=AKIAI44QH8DHBEXAMPLE/20260101/{REGION}/kms/aws4_request\r\n\
         X-Moto-Account-Id: {account}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{operation}: {answer}");
    serde_json::from_str(body).unwrap_or_default()
}
