//! What a request calls, as its bytes say it, and which call is meant.

use std::fmt;
use std::str::FromStr;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use video_pipeline_operator::aws::{Operation, audit};

/// In which of AWS's protocols a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Forms; answers in EC2's XML.
    Ec2,
    /// Forms; answers in XML.
    Query,
    /// JSON, the operation in a header.
    Json,
    /// CBOR, the operation in the path.
    Cbor,
}

/// One call of an AWS operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The service and its operation, as IAM spells actions: `ec2:CreateVpc`.
    pub action: String,
    /// The resource for which it is made, where the operator says so: `network/vpc`.
    pub address: Option<String>,
    /// How it is written.
    pub protocol: Protocol,
}

/// Names by which services sign that are not the prefix of their actions.
const SIGNED_AS: [(&str, &str); 2] = [("monitoring", "cloudwatch"), ("tagging", "tag")];

impl Call {
    /// What `request` calls, and for which resource.
    pub fn of(request: &HttpRequest) -> Self {
        let signed_as = signing_name(request).unwrap_or("unknown");
        let service = SIGNED_AS.iter().find(|(name, _)| *name == signed_as).map_or(signed_as, |(_, is)| *is);
        let (operation, protocol) = operation(request, service);
        let address = audit::current().map(|context| context.address.clone());
        Self { action: format!("{service}:{operation}"), address, protocol }
    }

    /// A write to Kubernetes of this name.
    pub fn to_kubernetes(what: &str) -> Self {
        Self { action: format!("kubernetes:{what}"), address: None, protocol: Protocol::Json }
    }

    /// Whether it may change anything.
    pub fn mutates(&self) -> bool {
        Operation::new("", self.operation()).mutates()
    }

    /// The operation without its service.
    pub fn operation(&self) -> &str {
        self.action.split_once(':').map_or(self.action.as_str(), |(_, operation)| operation)
    }
}

/// The service in the scope of the signature's credential.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>
fn signing_name(request: &HttpRequest) -> Option<&str> {
    let (_, scope) = request.headers().get("authorization")?.split_once("Credential=")?;
    scope.split('/').nth(3)
}

fn operation(request: &HttpRequest, service: &str) -> (String, Protocol) {
    if let Some(target) = request.headers().get("x-amz-target") {
        return (target.rsplit('.').next().unwrap_or_default().to_owned(), Protocol::Json);
    }
    let body = request.body().bytes().unwrap_or_default();
    match std::str::from_utf8(body).ok().and_then(|form| form.strip_prefix("Action=")) {
        Some(form) => {
            let protocol = if service == "ec2" { Protocol::Ec2 } else { Protocol::Query };
            (form.split('&').next().unwrap_or_default().to_owned(), protocol)
        }
        None => (request.uri().rsplit('/').next().unwrap_or_default().to_owned(), Protocol::Cbor),
    }
}

/// Which call is meant: `ec2:CreateVpc@network/vpc`, or the second such one, `…/2`. Calls at one moment come in any
/// order; that one is the same in every run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Aim {
    /// The service and its operation.
    pub action: String,
    /// The resource for which it is made.
    pub address: Option<String>,
    /// Which of several, from 1.
    pub number: usize,
}

impl Aim {
    /// The first call like `call`.
    pub fn at(call: &Call) -> Self {
        Self { action: call.action.clone(), address: call.address.clone(), number: 1 }
    }

    /// Whether `call` is one of those that are meant, whichever number it has.
    pub fn means(&self, call: &Call) -> bool {
        self.action == call.action && self.address == call.address
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.action)?;
        if let Some(address) = &self.address {
            write!(f, "@{address}")?;
        }
        if self.number > 1 { write!(f, "/{}", self.number) } else { Ok(()) }
    }
}

impl FromStr for Aim {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (call, number) = match text.rsplit_once('/') {
            Some((call, number)) if number.bytes().all(|b| b.is_ascii_digit()) => (call, number.parse().ok()),
            _ => (text, Some(1)),
        };
        let number = number.filter(|number| *number > 0).ok_or_else(|| format!("{text}: no such number"))?;
        let (action, address) = match call.split_once('@') {
            Some((action, address)) => (action, Some(address.to_owned())),
            None => (call, None),
        };
        if !action.contains(':') {
            return Err(format!("{text} names no call: write service:Operation@address"));
        }
        Ok(Self { action: action.to_owned(), address, number })
    }
}

#[test]
fn an_aim_reads_as_it_is_written() {
    for text in [
        "ec2:CreateVpc@network/vpc",
        "ec2:ModifyVpcAttribute@network/vpc/2",
        "ec2:DescribeVpcs/3",
        "kubernetes:status",
    ] {
        let aim: Aim = text.parse().unwrap();
        assert_eq!(aim.to_string(), text);
    }
    assert!("CreateVpc".parse::<Aim>().is_err());
    assert!("ec2:CreateVpc/0".parse::<Aim>().is_err());
}
