//! Errors as AWS writes them, in the format of each protocol. <https://smithy.io/2.0/aws/protocols/>

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;

use super::call::{Call, Protocol};

/// What AWS says when it refuses a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// AWS's code.
    pub code: &'static str,
    /// AWS's words.
    pub message: &'static str,
}

/// Of no account that exists.
const REQUEST_ID: &str = "00000000-0000-0000-0000-000000000000";

impl Refusal {
    /// The answer to `call`.
    pub fn answer(&self, call: &Call) -> HttpResponse {
        let Self { status, code, message } = *self;
        let fault = if status < 500 { "Sender" } else { "Receiver" };
        let (headers, body): (Vec<(&'static str, String)>, Vec<u8>) = match call.protocol {
            Protocol::Ec2 => {
                let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
                let body = format!(
                    "<Response><Errors>{error}</Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
                );
                (vec![("content-type", "text/xml".into())], body.into())
            }
            Protocol::Query => {
                let error = format!(
                    "<Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
                );
                let body =
                    format!("<ErrorResponse>{error}<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>");
                (vec![("content-type", "text/xml".into())], body.into())
            }
            Protocol::Json => {
                let body = serde_json::json!({ "__type": code, "message": message }).to_string();
                let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amzn-errortype", code)];
                (headers.map(|(name, value)| (name, value.to_owned())).to_vec(), body.into())
            }
            Protocol::Cbor => {
                let headers = vec![
                    ("content-type", "application/cbor".into()),
                    ("smithy-protocol", "rpc-v2-cbor".into()),
                    ("x-amzn-query-error", format!("{code};{fault}")),
                ];
                (headers, cbor_of([("__type", code), ("message", message)]))
            }
        };
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        headers.into_iter().for_each(|(name, value)| drop(response.headers_mut().insert(name, value)));
        response
    }
}

/// A map of short texts. <https://www.rfc-editor.org/rfc/rfc8949#section-3.1>
fn cbor_of<const N: usize>(fields: [(&str, &str); N]) -> Vec<u8> {
    let mut bytes = vec![0xa0 | u8::try_from(N).unwrap()];
    for text in fields.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend([0x78, u8::try_from(text.len()).unwrap()]);
        bytes.extend(text.bytes());
    }
    bytes
}
