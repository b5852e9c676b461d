//! An account of AWS as its user sees and changes it: single requests, and no code of the operator or of an SDK.

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::xml;

/// A user of one account. Clones are the same user.
#[derive(Clone, Debug)]
pub struct Account {
    /// Twelve digits.
    pub number: String,
    /// Where the stand-in answers.
    pub endpoint: String,
    connector: std::sync::Arc<Connector>,
}

/// How a service wants to be asked: the name by which it signs, and the version of its forms or the prefix of its
/// targets.
const SERVICES: [(&str, &str, &str); 12] = [
    ("ec2", "ec2", "2016-11-15"),
    ("iam", "iam", "2010-05-08"),
    ("rds", "rds", "2014-10-31"),
    ("cloudwatch", "monitoring", "2010-08-01"),
    ("sqs", "sqs", "AmazonSQS"),
    ("kinesis", "kinesis", "Kinesis_20131202"),
    ("logs", "logs", "Logs_20140328"),
    ("ecs", "ecs", "AmazonEC2ContainerServiceV20141113"),
    ("secretsmanager", "secretsmanager", "secretsmanager"),
    ("application-autoscaling", "application-autoscaling", "AnyScaleFrontendService"),
    ("kms", "kms", "TrentService"),
    ("tag", "tagging", "ResourceGroupsTaggingAPI_20170126"),
];

impl Account {
    /// The user of the account `number`.
    pub fn new(endpoint: &str, number: &str) -> Self {
        let connector = std::sync::Arc::new(Connector::builder().build_http());
        Self { number: number.to_owned(), endpoint: endpoint.to_owned(), connector }
    }

    /// Makes one call whose answer is XML, as in `form("ec2:DescribeVpcs", &[])`.
    pub async fn form(&self, action: &str, fields: &[(&str, &str)]) -> Value {
        let (service, operation) = action.split_once(':').unwrap();
        let version = service_of(service).2;
        let mut form = format!("Action={operation}&Version={version}");
        for (name, value) in fields {
            let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            form.push_str(&format!("&{name}={value}"));
        }
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
        xml::read(&self.ask(action, &headers, form).await)
    }

    /// Makes one call in JSON, as in `json("kinesis:ListStreams", json!({}))`.
    pub async fn json(&self, action: &str, body: Value) -> Value {
        let (service, operation) = action.split_once(':').unwrap();
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("{}.{operation}", service_of(service).2)),
        ];
        let answer = self.ask(action, &headers, body.to_string()).await;
        if answer.is_empty() { Value::Null } else { serde_json::from_str(&answer).unwrap() }
    }

    /// Has a control endpoint of the stand-in do something.
    pub async fn control(&self, endpoint: &str, body: Value) {
        self.steer("POST", endpoint, body).await;
    }

    /// Puts something in place at a control endpoint of the stand-in.
    pub async fn put(&self, endpoint: &str, body: Value) {
        self.steer("PUT", endpoint, body).await;
    }

    async fn steer(&self, method: &str, endpoint: &str, body: Value) {
        let mut request = HttpRequest::new(SdkBody::from(body.to_string()));
        request.set_method(method).unwrap();
        request.set_uri(format!("{}/_standin/{endpoint}", self.endpoint)).unwrap();
        let response = self.connector.call(request).await.unwrap();
        assert!(response.status().is_success(), "{endpoint} {body}: {:?}", response.body());
    }

    async fn ask(&self, action: &str, headers: &[(&'static str, String)], body: String) -> String {
        let signed_as = service_of(action.split_once(':').unwrap().0).1;
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").unwrap();
        request.set_uri(format!("{}/", self.endpoint)).unwrap();
        // Another key than the operator has; from the documentation of AWS.
        let credential = format!("AKIAI44QH8DHBEXAMPLE/20260101/eu-west-1/{signed_as}/aws4_request");
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0");
        let fields = request.headers_mut();
        fields.insert("authorization", authorization);
        fields.insert("x-moto-account-id", self.number.clone());
        fields.insert("x-amz-date", "20260101T000000Z");
        headers.iter().for_each(|(name, value)| drop(fields.insert(*name, value.clone())));
        let mut response = self.connector.call(request).await.unwrap();
        let body = ByteStream::new(response.take_body()).collect().await.unwrap().into_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(response.status().is_success(), "{action}: {text}");
        text
    }
}

fn service_of(prefix: &str) -> (&'static str, &'static str, &'static str) {
    *SERVICES.iter().find(|(known, ..)| *known == prefix).unwrap()
}
