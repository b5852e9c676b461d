//! What came of one attempt, as far as it can be told without knowing the operation's types.

use aws_sdk_sts::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;

/// What AWS answered to one attempt, or that it did not.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reply {
    /// The HTTP status; 0 when no answer came.
    pub status: u16,
    /// AWS's error code, or what went wrong with the connection; `None` for a success.
    pub code: Option<String>,
    /// AWS's words.
    pub message: String,
    /// What AWS calls this request.
    pub request_id: Option<String>,
}

impl Reply {
    /// Reads an attempt's result. The body must be in memory.
    pub fn of(result: &Result<HttpResponse, ConnectorError>) -> Self {
        match result {
            Ok(response) => Self::answered(response),
            Err(error) => Self::unanswered(if error.is_timeout() { "Timeout" } else { "ConnectionFailed" }),
        }
    }

    /// No answer came, for this reason.
    pub fn unanswered(code: &str) -> Self {
        Self { code: Some(code.to_owned()), ..Self::default() }
    }

    /// `ok`, or the code.
    pub fn outcome(&self) -> &str {
        self.code.as_deref().unwrap_or("ok")
    }

    fn answered(response: &HttpResponse) -> Self {
        let status = response.status().as_u16();
        let request_id = response.request_id().map(str::to_owned);
        if status < 400 {
            return Self { status, request_id, ..Self::default() };
        }
        let body = response.body().bytes().unwrap_or_default();
        // Services that once spoke the query protocol repeat their old codes here, and the SDK reads them from here.
        let header =
            response.headers().get("x-amzn-query-error").or(response.headers().get("x-amzn-errortype"));
        let code = header.map(str::to_owned).or_else(|| field(body, &["__type", "code", "Code"]));
        Self {
            status,
            code: Some(code.map_or_else(|| format!("HTTP {status}"), |code| bare(&code))),
            message: field(body, &["message", "Message"]).unwrap_or_default(),
            request_id,
        }
    }
}

/// A code without its namespace (`com.amazonaws.sqs#…`) and without what follows (`…;Sender`, `…:http://…`).
fn bare(code: &str) -> String {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.split([';', ':']).next().unwrap_or(code).to_owned()
}

/// The first of the fields `names` in an error's body: JSON, XML or CBOR, as the service speaks.
fn field(body: &[u8], names: &[&str]) -> Option<String> {
    match body.first()? {
        b'{' => {
            let document: serde_json::Value = serde_json::from_slice(body).ok()?;
            names.iter().find_map(|name| document.get(name)?.as_str().map(str::to_owned))
        }
        b'<' => {
            let text = String::from_utf8_lossy(body);
            names.iter().find_map(|name| xml_text(&text, name))
        }
        _ => names.iter().find_map(|name| cbor_text(body, name)),
    }
}

fn xml_text(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.to_owned())
}

/// The text that follows the text `name` in a CBOR map (RFC 8949, major type 3, lengths below 64 KiB).
fn cbor_text(body: &[u8], name: &str) -> Option<String> {
    let start = body.windows(name.len()).position(|window| window == name.as_bytes())? + name.len();
    let (length, text) = match body.get(start..)? {
        [head @ 0x60..=0x77, text @ ..] => (usize::from(head - 0x60), text),
        [0x78, length, text @ ..] => (usize::from(*length), text),
        [0x79, high, low, text @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), text),
        _ => return None,
    };
    String::from_utf8(text.get(..length)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn reply(status: u16, headers: &[(&'static str, &'static str)], body: &[u8]) -> Reply {
        let mut response =
            HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body.to_vec()));
        for (name, value) in headers {
            response.headers_mut().insert(*name, *value);
        }
        Reply::of(&Ok(response))
    }

    #[test]
    fn a_success_has_a_request_id_and_no_code() {
        let reply = reply(200, &[("x-amzn-requestid", "r-1")], b"{}");
        assert_eq!((reply.outcome(), reply.request_id.as_deref()), ("ok", Some("r-1")));
    }

    #[test]
    fn every_protocol_s_error_is_read() {
        let xml = b"<?xml version=\"1.0\"?><Response><Errors><Error><Code>RequestLimitExceeded</Code>\
                    <Message>slow down</Message></Error></Errors></Response>";
        assert_eq!(reply(503, &[], xml).outcome(), "RequestLimitExceeded");
        assert_eq!(reply(503, &[], xml).message, "slow down");

        let json = br#"{"__type":"com.amazonaws.kinesis#LimitExceededException","message":"Rate exceeded"}"#;
        assert_eq!(reply(400, &[], json).outcome(), "LimitExceededException");
        assert_eq!(reply(400, &[], json).message, "Rate exceeded");

        let mut cbor = vec![0xa2];
        for text in ["__type", "com.amazonaws.cloudwatch#LimitExceededFault", "message", "too many alarms"] {
            cbor.extend([0x78, u8::try_from(text.len()).unwrap()]);
            cbor.extend(text.bytes());
        }
        assert_eq!(reply(400, &[], &cbor).outcome(), "LimitExceededFault");
        assert_eq!(reply(400, &[], &cbor).message, "too many alarms");
    }

    #[test]
    fn headers_go_before_the_body() {
        let query = [("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")];
        let json = br#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}"#;
        assert_eq!(reply(400, &query, json).outcome(), "AWS.SimpleQueueService.NonExistentQueue");
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_status() {
        assert_eq!(reply(500, &[], b"<!doctype html><title>500</title>").outcome(), "HTTP 500");
        assert_eq!(reply(502, &[], b"").outcome(), "HTTP 502");
        assert_eq!(Reply::of(&Err(ConnectorError::timeout("late".into()))).outcome(), "Timeout");
    }
}
