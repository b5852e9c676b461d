//! The clients of one credential scope.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::connector::{Caller, NameTheCall};
use super::kept::Kept;
use super::one_account::OneAccount;
use super::shared::Shared;
use crate::engine::Failure;

/// As whom, and where, AWS is called. What is read under one scope never serves another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CredentialScope {
    /// The role to assume; `None` for the process's own identity.
    pub role_arn: Option<String>,
    /// What the role's trust policy asks for besides the identity, so that no other pipeline's owner can make us use it.
    pub external_id: Option<String>,
    /// The region: `eu-west-1`.
    pub region: String,
}

/// What all scopes of this process have in common.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The HTTP client behind its [`Gate`](super::Gate).
    pub http: SharedHttpClient,
    /// What CloudTrail shows as the session of an assumed role. Characters that AWS refuses become `-`.
    pub session_name: String,
}

/// The clients of one credential scope. Clones share them.
#[derive(Clone)]
pub struct Aws(Arc<Clients>);

/// One client per service, and who calls with them.
pub struct Clients {
    /// The account: twelve digits.
    pub account: String,
    /// As in ARNs: `aws`, `aws-cn`.
    pub partition: String,
    /// The region: `eu-west-1`.
    pub region: String,
    /// The ARN of the identity that calls.
    pub identity: String,
    /// Application Auto Scaling.
    pub autoscaling: aws_sdk_applicationautoscaling::Client,
    /// CloudWatch: alarms.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// EC2: the network.
    pub ec2: aws_sdk_ec2::Client,
    /// ECS.
    pub ecs: aws_sdk_ecs::Client,
    /// IAM, which is global.
    pub iam: aws_sdk_iam::Client,
    /// Kinesis Data Streams.
    pub kinesis: aws_sdk_kinesis::Client,
    /// CloudWatch Logs.
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// RDS: Aurora.
    pub rds: aws_sdk_rds::Client,
    /// Secrets Manager.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// STS.
    pub sts: aws_sdk_sts::Client,
    /// The Resource Groups Tagging API.
    pub tagging: aws_sdk_resourcegroupstagging::Client,
    /// What was read and never changes.
    pub kept: Kept,
    /// Reads under way that several kinds need.
    pub shared: Shared,
    guard: Arc<OneAccount>,
}

/// A client that names its calls.
macro_rules! client {
    ($sdk:ident, $config:expr, $caller:expr) => {
        $sdk::Client::from_conf(
            $sdk::config::Builder::from($config).interceptor(NameTheCall(Arc::clone($caller))).build(),
        )
    };
}

impl Aws {
    /// Finds the credentials as all AWS tools do (environment, profile, web identity, container, instance), assumes the
    /// scope's role with them, and asks AWS who that is. `AWS_ENDPOINT_URL` is heeded.
    ///
    /// # Errors
    /// No credentials, a refused role, or STS cannot be reached. Credentials are renewed later by themselves, as long as they
    /// are of the same account.
    pub async fn connect(connection: &Connection, scope: &CredentialScope) -> Result<Self, Failure> {
        Self::with(configure(connection, scope).await, &scope.region).await
    }

    pub(super) async fn with(config: SdkConfig, region: &str) -> Result<Self, Failure> {
        let (config, guard, identity) = OneAccount::guard(config).await?;
        Ok(Self(Arc::new(Clients::new(&config, region, identity, guard))))
    }

    /// Whether it is of no use any more: the process has got credentials of another account, and none are used here.
    pub fn has_lost_its_account(&self) -> bool {
        self.guard.is_left()
    }

    /// Sees whether that is so by now, where no call of a service shows it.
    pub async fn ask_again(&self) {
        self.guard.ask_again().await;
    }
}

impl Deref for Aws {
    type Target = Clients;

    fn deref(&self) -> &Clients {
        &self.0
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aws({} in {})", self.identity, self.region)
    }
}

impl Clients {
    fn new(
        config: &SdkConfig,
        region: &str,
        identity: GetCallerIdentityOutput,
        guard: Arc<OneAccount>,
    ) -> Self {
        let account = identity.account.unwrap_or_default();
        let identity = identity.arn.unwrap_or_default();
        let caller =
            &Arc::new(Caller { account: account.clone(), region: region.into(), identity: identity.clone() });
        Self {
            partition: identity.split(':').nth(1).unwrap_or("aws").to_owned(),
            region: region.to_owned(),
            autoscaling: client!(aws_sdk_applicationautoscaling, config, caller),
            cloudwatch: client!(aws_sdk_cloudwatch, config, caller),
            ec2: client!(aws_sdk_ec2, config, caller),
            ecs: client!(aws_sdk_ecs, config, caller),
            iam: client!(aws_sdk_iam, config, caller),
            kinesis: client!(aws_sdk_kinesis, config, caller),
            logs: client!(aws_sdk_cloudwatchlogs, config, caller),
            rds: client!(aws_sdk_rds, config, caller),
            secrets: client!(aws_sdk_secretsmanager, config, caller),
            sqs: client!(aws_sdk_sqs, config, caller),
            sts: client!(aws_sdk_sts, config, caller),
            tagging: client!(aws_sdk_resourcegroupstagging, config, caller),
            kept: Kept::default(),
            shared: Shared::default(),
            guard,
            account,
            identity,
        }
    }
}

/// Attempts per call, the first included.
const ATTEMPTS: u32 = 3;

async fn configure(connection: &Connection, scope: &CredentialScope) -> SdkConfig {
    let mut own = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(scope.region.clone()))
        .http_client(connection.http.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).build())
        // An attempt that waits for the budget sends nothing, and would be taken for stalled. The gate bounds each attempt.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .load()
        .await
        .into_builder();
    own.set_app_name(AppName::new(env!("CARGO_PKG_NAME")).ok());
    let own = own.build();
    let Some(role) = &scope.role_arn else { return own };
    let mut assumed = AssumeRoleProvider::builder(role)
        .configure(&own)
        .session_name(session_name(&connection.session_name));
    if let Some(external_id) = &scope.external_id {
        assumed = assumed.external_id(external_id);
    }
    own.into_builder()
        .credentials_provider(SharedCredentialsProvider::new(assumed.build().await))
        // Of its own: the cache must not hand out the identity that assumed the role.
        .identity_cache(IdentityCache::lazy().build())
        .build()
}

/// What AWS takes as a session's name: 2 to 64 of `[\w+=,.@-]`.
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
fn session_name(wanted: &str) -> String {
    let fine = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let name: String = wanted.chars().map(|c| if fine(c) { c } else { '-' }).take(64).collect();
    if name.len() < 2 { env!("CARGO_PKG_NAME").to_owned() } else { name }
}

/// The HTTP client for production: TLS by rustls, one pool of connections for everything it is given to, and the proxies that
/// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name.
pub fn default_http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.build()
    })
}

/// For a call of EC2 that AWS knows neither by a name nor by a token: a second attempt would make a second thing.
///
/// `aws.ec2.create_vpc()….customize().config_override(aws::once()).send()`
pub fn once() -> aws_sdk_ec2::config::Builder {
    aws_sdk_ec2::config::Builder::new().retry_config(RetryConfig::disabled())
}

/// The same for a call of ECS: each attempt that arrives registers another revision.
pub fn once_in_ecs() -> aws_sdk_ecs::config::Builder {
    aws_sdk_ecs::config::Builder::new().retry_config(RetryConfig::disabled())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_clock_of_the_sdk_runs_while_an_attempt_waits_for_the_budget() {
        let connection = Connection { http: default_http_client(), session_name: "test".into() };
        let scope = CredentialScope { role_arn: None, external_id: None, region: "eu-west-1".into() };
        let config = configure(&connection, &scope).await;
        let stalls = config.stalled_stream_protection().expect("it is said");
        assert!(!stalls.upload_enabled() && !stalls.download_enabled());
        let timeouts = config.timeout_config().expect("they are said");
        assert_eq!((timeouts.operation_attempt_timeout(), timeouts.operation_timeout()), (None, None));
    }

    #[test]
    fn a_session_s_name_is_one_that_aws_takes() {
        assert_eq!(session_name("home/media/dev"), "home-media-dev");
        assert_eq!(session_name("x"), "video-pipeline-operator");
        assert_eq!(session_name(&"ä".repeat(100)), "-".repeat(64));
    }
}
