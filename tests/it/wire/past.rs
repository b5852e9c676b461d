//! What reads were answered, to be answered again: for a while AWS may show what was there before it was changed, tagged or
//! deleted. <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;

/// The answers of the last while: how long that is, is counted in questions, so that no machine is too slow for it.
#[derive(Debug, Default)]
pub struct Past {
    /// How often an answer is repeated before AWS shows what there is now.
    times: u32,
    answers: BTreeMap<String, (u32, Answer)>,
}

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What a request asks, whoever asks and whenever.
pub fn question(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
    format!("{} {target} {body}", request.uri())
}

impl Past {
    /// Each answer is repeated so often.
    pub fn repeated(times: u32) -> Self {
        Self { times, ..Self::default() }
    }

    /// What was answered to the same question before, unless that was repeated often enough.
    pub fn answer(&mut self, question: &str) -> Option<HttpResponse> {
        let (left, Answer { status, headers, body }) = self.answers.get_mut(question)?;
        *left = left.checked_sub(1)?;
        let mut response = HttpResponse::new((*status).try_into().unwrap(), SdkBody::from(body.clone()));
        for (name, value) in headers.clone() {
            response.headers_mut().insert(name, value);
        }
        Some(response)
    }

    /// What AWS has just answered.
    pub fn note(&mut self, question: String, response: &HttpResponse) {
        if self.times == 0 {
            return;
        }
        let headers = response.headers().iter();
        let answer = Answer {
            status: response.status().as_u16(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: response.body().bytes().unwrap_or_default().to_vec(),
        };
        self.answers.insert(question, (self.times, answer));
    }
}
