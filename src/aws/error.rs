//! From what an SDK returns to a [`Failure`]: every call of a kind ends in `.send().await.during("ec2:CreateVpc")?`.

use std::error::Error;
use std::iter;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::RequestId;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::error::operation::BuildError;

use super::connector::Refused;
use super::meaning;
use super::one_account::AnotherAccount;
use crate::engine::{Failure, Meaning};

/// Names the operation that a result belongs to, and reads the error if it is one.
pub trait During<T> {
    /// The result, with its error read as a failure of `operation`, which is spelt `ec2:CreateVpc`.
    fn during(self, operation: &str) -> Result<T, Failure>;
}

impl<T, E> During<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: Error + ProvideErrorMetadata + 'static,
{
    fn during(self, operation: &str) -> Result<T, Failure> {
        self.map_err(|error| failure(operation, &error))
    }
}

/// For the parts of a request that an SDK refuses to build: a tag without a key, for instance.
impl<T> During<T> for Result<T, BuildError> {
    fn during(self, operation: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(operation, "RequestNotBuilt", Meaning::Invalid, chain_text(&error)))
    }
}

/// The failures that a caller may expect.
pub trait Expect<T> {
    /// `None` where the thing that was asked for does not exist.
    fn or_absent(self) -> Result<Option<T>, Failure>;

    /// Fine where the thing to delete is already gone.
    fn or_gone(self) -> Result<(), Failure>;
}

impl<T> Expect<T> for Result<T, Failure> {
    fn or_absent(self) -> Result<Option<T>, Failure> {
        match self {
            Err(failure) if failure.is(Meaning::NotFound) => Ok(None),
            other => other.map(Some),
        }
    }

    fn or_gone(self) -> Result<(), Failure> {
        self.or_absent().map(|_| ())
    }
}

/// For a call about something that was made a moment ago: what is not found is not visible yet.
/// <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>
pub fn not_yet(failure: Failure) -> Failure {
    if !failure.is(Meaning::NotFound) {
        return failure;
    }
    Failure { meaning: Meaning::Later, retry_after: Some(Duration::from_secs(2)), ..failure }
}

fn failure<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: Error + ProvideErrorMetadata + 'static,
{
    if let Some(failure) = credentials_failure(operation, error) {
        return failure;
    }
    match error {
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => answered(operation, error),
        SdkError::TimeoutError(_) => {
            Failure::new(operation, "Timeout", Meaning::Transient, chain_text(error))
        }
        SdkError::DispatchFailure(dispatch) => unanswered(operation, dispatch),
        _ => Failure::new(operation, "RequestNotBuilt", Meaning::Invalid, chain_text(error)),
    }
}

/// AWS answered, with an error or with something that cannot be read.
fn answered<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let unreadable = matches!(error, SdkError::ResponseError(_)) && status < 300;
    let code = match error.code() {
        Some(code) => code.to_owned(),
        None if unreadable => "UnreadableReply".to_owned(),
        None => format!("HTTP {status}"),
    };
    let message = error.message().map_or_else(|| chain_text(error), str::to_owned);
    let mut reading = meaning::read(operation, &code, &message, status);
    if unreadable {
        reading.meaning = Meaning::Transient;
    }
    Failure {
        operation: operation.to_owned(),
        code,
        message,
        request_id: error.request_id().map(str::to_owned),
        meaning: reading.meaning,
        retry_after: reading.after,
    }
}

/// No answer: the attempt was held back, or the connection failed.
fn unanswered(operation: &str, dispatch: &DispatchFailure) -> Failure {
    let refused =
        dispatch.as_connector_error().and_then(Error::source).and_then(|e| e.downcast_ref::<Refused>());
    if let Some(refused) = refused {
        let meaning = match refused {
            Refused::LeaseLost => Meaning::Transient,
            Refused::OverBudget { .. } => Meaning::Throttled,
        };
        let mut failure = Failure::new(operation, refused.code(), meaning, refused.to_string());
        failure.retry_after = refused.retry_after();
        return failure;
    }
    let code = if dispatch.is_timeout() { "Timeout" } else { "ConnectionFailed" };
    let message = dispatch.as_connector_error().map_or_else(String::new, |error| chain_text(error));
    Failure::new(operation, code, Meaning::Transient, message)
}

/// The credentials for a call could not be had, so that `operation` was never tried. Where STS refused them, what STS
/// said is the cause worth reading. Those of another account are fine elsewhere.
fn credentials_failure(operation: &str, error: &(dyn Error + 'static)) -> Option<Failure> {
    let refused = links(error).find(|link| link.is::<CredentialsError>())?;
    let by_sts = links(refused).find_map(|link| {
        sts_failure::<AssumeRoleError>("sts:AssumeRole", link)
            .or_else(|| sts_failure::<AssumeRoleWithWebIdentityError>("sts:AssumeRoleWithWebIdentity", link))
            .or_else(|| sts_failure::<GetCallerIdentityError>("sts:GetCallerIdentity", link))
    });
    if let Some(another) = links(refused).find_map(|link| link.downcast_ref::<AnotherAccount>()) {
        return Some(Failure::new(operation, "OtherAccount", Meaning::Credentials, another.to_string()));
    }
    let timed_out = matches!(refused.downcast_ref(), Some(CredentialsError::ProviderTimedOut(_)));
    let meaning = if timed_out { Meaning::Transient } else { Meaning::Credentials };
    Some(by_sts.unwrap_or_else(|| Failure::new(operation, "NoCredentials", meaning, chain_text(refused))))
}

fn sts_failure<E>(operation: &str, link: &(dyn Error + 'static)) -> Option<Failure>
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let error = link.downcast_ref::<SdkError<E, HttpResponse>>()?;
    // Without an answer the credentials behind the assumed role may be what is missing.
    Some(match error {
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => answered(operation, error),
        _ => failure(operation, error),
    })
}

fn links<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// An error and its sources in one line, each said once: layers of the SDK repeat each other's words.
fn chain_text(error: &(dyn Error + 'static)) -> String {
    let mut said = String::new();
    for words in links(error).map(ToString::to_string) {
        if !said.contains(&words) {
            said.push_str(if said.is_empty() { "" } else { ": " });
            said.push_str(&words);
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    type SdkFault = SdkError<AssumeRoleError, HttpResponse>;

    fn response(status: u16) -> HttpResponse {
        let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
        response.headers_mut().insert("x-amzn-requestid", "r-1");
        response
    }

    fn service_error(status: u16, code: &str) -> SdkFault {
        let error = AssumeRoleError::generic(ErrorMetadata::builder().code(code).message("no").build());
        SdkError::service_error(error, response(status))
    }

    fn not_sent(why: impl Into<Box<dyn Error + Send + Sync>>) -> SdkFault {
        SdkError::dispatch_failure(ConnectorError::other(why.into(), None))
    }

    fn during(operation: &str, fault: SdkFault) -> Failure {
        Err::<(), _>(fault).during(operation).unwrap_err()
    }

    #[test]
    fn a_service_s_error_keeps_its_code_words_and_request_id() {
        let failure = during("ec2:CreateVpc", service_error(403, "UnauthorizedOperation"));
        assert_eq!(failure.to_string(), "ec2:CreateVpc: UnauthorizedOperation: no (request r-1)");
        assert!(failure.is(Meaning::Denied));
    }

    #[test]
    fn not_found_can_be_expected_and_nothing_else() {
        let missing = || Err::<(), _>(during("ec2:DeleteVpc", service_error(400, "InvalidVpcID.NotFound")));
        assert_eq!(missing().or_absent(), Ok(None));
        assert_eq!(missing().or_gone(), Ok(()));
        let held = Err::<(), _>(during("ec2:DeleteVpc", service_error(400, "DependencyViolation")));
        assert!(held.or_gone().is_err());
        assert_eq!(Ok::<_, Failure>(7).or_absent(), Ok(Some(7)));
    }

    #[test]
    fn an_unreadable_success_is_never_a_success_nor_our_fault() {
        let failure = during("ec2:DescribeVpcs", SdkError::response_error("not XML", response(200)));
        assert_eq!((failure.code.as_str(), failure.meaning), ("UnreadableReply", Meaning::Transient));
        assert!(failure.message.contains("not XML"), "{}", failure.message);
    }

    #[test]
    fn a_page_of_html_is_named_by_its_status() {
        let failure = during("ec2:DescribeVpcs", SdkError::response_error("not XML", response(500)));
        assert_eq!((failure.code.as_str(), failure.meaning), ("HTTP 500", Meaning::Transient));
    }

    #[test]
    fn attempts_that_were_held_back_say_why() {
        let failure = during("ec2:CreateVpc", not_sent(Refused::LeaseLost));
        assert_eq!((failure.code.as_str(), failure.meaning), ("LeaseLost", Meaning::Transient));

        let wait = std::time::Duration::from_secs(40);
        let failure = during("ec2:CreateVpc", not_sent(Refused::OverBudget { wait }));
        assert_eq!((failure.meaning, failure.retry_after), (Meaning::Throttled, Some(wait)));
    }

    #[test]
    fn missing_credentials_are_told_from_a_missing_connection() {
        let missing = CredentialsError::not_loaded("no providers in chain provided credentials");
        let failure = during("ec2:DescribeVpcs", not_sent(missing));
        assert_eq!((failure.code.as_str(), failure.meaning), ("NoCredentials", Meaning::Credentials));

        let unreachable = SdkError::dispatch_failure(ConnectorError::io("connection refused".into()));
        let failure = during("ec2:DescribeVpcs", unreachable);
        assert_eq!((failure.code.as_str(), failure.meaning), ("ConnectionFailed", Meaning::Transient));
        assert!(failure.message.contains("connection refused"), "{}", failure.message);
    }

    #[test]
    fn a_role_that_may_not_be_assumed_is_the_failure_to_read() {
        let provider = CredentialsError::provider_error(service_error(403, "AccessDenied"));
        let failure = during("ec2:DescribeVpcs", not_sent(provider));
        assert_eq!(failure.operation, "sts:AssumeRole");
        assert!(failure.is(Meaning::Credentials));
    }
}
