//! Credentials that stay those of one account.
//!
//! What hands out credentials to a process (EKS Pod Identity, ECS, whatever a URI leads to) can begin to hand out those of another
//! account. To these everything seems to be gone. So AWS is asked about each new set before anything is signed with it, and one of
//! another account is refused.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;

use super::connector::{Caller, NameTheCall};
use super::error::During;
use crate::engine::Failure;

/// How long AWS may take to say whose credentials are: the SDK waits about twenty seconds for new ones, whatever they need.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hands on what it is handed as long as that is of one account.
pub(super) struct OneAccount {
    /// How AWS is called, and who hands out credentials, without this guard.
    unguarded: SdkConfig,
    /// Unset until AWS has said whose the first ones are.
    account: OnceLock<String>,
    /// The set that AWS was asked about last.
    last: Mutex<Known>,
}

/// Whose a set of credentials is.
#[derive(Default)]
struct Known {
    key: String,
    account: String,
}

impl OneAccount {
    /// The same configuration with credentials of the account only that the first ones are of, and whose those are.
    pub(super) async fn guard(
        unguarded: SdkConfig,
    ) -> Result<(SdkConfig, Arc<Self>, GetCallerIdentityOutput), Failure> {
        let guard = Arc::new(Self { unguarded, account: OnceLock::new(), last: Mutex::default() });
        let provider = SharedCredentialsProvider::from(Arc::clone(&guard) as Arc<dyn ProvideCredentials>);
        let config = guard.unguarded.to_builder().credentials_provider(provider).build();
        // Nothing else is signed with the first ones yet, so the answer is about those that were handed on last.
        let identity = sts(&config).get_caller_identity().send().await.during("sts:GetCallerIdentity")?;
        let account = guard.account.get_or_init(|| identity.account.clone().unwrap_or_default());
        guard.last().account.clone_from(account);
        Ok((config, guard, identity))
    }

    /// Whether the last credentials were of another account, and thus refused.
    pub(super) fn is_left(&self) -> bool {
        self.account.get().is_some_and(|account| self.last().account != *account)
    }

    /// Looks which credentials are handed out now. Without any, nothing is known that was not.
    pub(super) async fn ask_again(&self) {
        let _ = tokio::time::timeout(PATIENCE, self.provide()).await;
    }

    async fn provide(&self) -> Result<Credentials, CredentialsError> {
        let provider = self.unguarded.credentials_provider();
        let provider = provider.ok_or_else(CredentialsError::not_loaded_no_source)?;
        let credentials = provider.provide_credentials().await?;
        let key = credentials.access_key_id();
        let Some(account) = self.account.get() else {
            self.last().key = key.to_owned();
            return Ok(credentials);
        };
        if self.last().key != key {
            let reached = whose(&self.unguarded, &credentials).await?;
            *self.last() = Known { key: key.to_owned(), account: reached };
        }
        match &self.last().account {
            reached if reached == account => Ok(credentials),
            reached => {
                let another = AnotherAccount { account: account.clone(), reached: reached.clone() };
                Err(CredentialsError::invalid_configuration(another))
            }
        }
    }

    fn last(&self) -> MutexGuard<'_, Known> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The account that credentials are of.
async fn whose(unguarded: &SdkConfig, credentials: &Credentials) -> Result<String, CredentialsError> {
    let provider = SharedCredentialsProvider::new(credentials.clone());
    let own = unguarded.to_builder().credentials_provider(provider);
    let own = own.identity_cache(IdentityCache::no_cache()).build();
    let asked = tokio::time::timeout(PATIENCE, sts(&own).get_caller_identity().send()).await;
    let answer = asked.map_err(|_| CredentialsError::provider_timed_out(PATIENCE))?;
    Ok(answer.map_err(CredentialsError::provider_error)?.account.unwrap_or_default())
}

impl ProvideCredentials for OneAccount {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(self.provide())
    }

    /// What the SDK uses where new ones take too long.
    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        let old = self.unguarded.credentials_provider()?.fallback_on_interrupt();
        old.filter(|old| self.last().key == old.access_key_id() && !self.is_left())
    }
}

impl fmt::Debug for OneAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OneAccount").field(&self.account).finish()
    }
}

/// A client of whom it is not known yet who calls.
fn sts(config: &SdkConfig) -> aws_sdk_sts::Client {
    let region = config.region().map(ToString::to_string).unwrap_or_default();
    let stranger = Arc::new(Caller { region, ..Caller::default() });
    let builder = aws_sdk_sts::config::Builder::from(config).interceptor(NameTheCall(stranger));
    aws_sdk_sts::Client::from_conf(builder.build())
}

/// Why credentials are not used.
#[derive(Debug, thiserror::Error)]
#[error("the credentials were of account {account}, and new ones are of {reached}")]
pub(super) struct AnotherAccount {
    account: String,
    reached: String,
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::SystemTime;

    use aws_config::{BehaviorVersion, Region};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;
    use crate::aws::Aws;
    use crate::engine::Meaning;

    const OURS: &str = "111122223333";
    const OTHER: &str = "444455556666";

    /// Hands out credentials of this access key, each time anew.
    #[derive(Clone, Debug)]
    struct Vendor(Arc<Mutex<String>>);

    impl Vendor {
        fn vend(&self, key: &str, account: &str) {
            *self.0.lock().unwrap() = format!("{key}-{account}");
        }
    }

    impl ProvideCredentials for Vendor {
        fn provide_credentials<'a>(&'a self) -> Provided<'a>
        where
            Self: 'a,
        {
            let key = self.0.lock().unwrap().clone();
            // The SDK asks again for each call.
            let over = Some(SystemTime::UNIX_EPOCH);
            Provided::ready(Ok(Credentials::new(key, "secret", None, over, "vendor")))
        }
    }

    /// Says of each access key the account with which it ends; of one that has none that it is not valid.
    #[derive(Clone, Debug, Default)]
    struct Sts(Arc<AtomicUsize>);

    impl HttpConnector for Sts {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            self.0.fetch_add(1, Ordering::SeqCst);
            let signature = request.headers().get("authorization").unwrap();
            let key = signature.split_once("Credential=").unwrap().1.split_once('/').unwrap().0;
            let (_, account) = key.split_once('-').unwrap();
            let (status, body) = match account {
                "" => (
                    403,
                    "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"
                        .to_owned(),
                ),
                account => (
                    200,
                    format!(
                        "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{account}</Account>\
                         </GetCallerIdentityResult></GetCallerIdentityResponse>"
                    ),
                ),
            };
            let status = StatusCode::try_from(status).unwrap();
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
        }
    }

    /// Clients that got their first credentials, and how often AWS was asked whose some are.
    async fn connected(vendor: &Vendor) -> (Aws, Arc<AtomicUsize>) {
        let sts = Sts::default();
        let connector = SharedHttpConnector::new(sts.clone());
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .identity_cache(IdentityCache::lazy().build())
            .credentials_provider(SharedCredentialsProvider::new(vendor.clone()))
            .build();
        (Aws::with(config, "eu-west-1").await.unwrap(), sts.0)
    }

    /// A call of whatever service.
    async fn call(aws: &Aws) -> Result<(), Failure> {
        aws.sts.get_caller_identity().send().await.during("ec2:DescribeVpcs").map(drop)
    }

    fn vendor() -> Vendor {
        let vendor = Vendor(Arc::default());
        vendor.vend("first", OURS);
        vendor
    }

    #[tokio::test]
    async fn aws_is_asked_once_about_each_set_of_credentials() {
        let vendor = vendor();
        let (aws, sent) = connected(&vendor).await;
        assert_eq!((aws.account.as_str(), sent.swap(0, Ordering::SeqCst)), (OURS, 1));
        for (key, asked) in [("first", 0), ("second", 1), ("second", 0), ("third", 1)] {
            vendor.vend(key, OURS);
            assert_eq!(call(&aws).await, Ok(()));
            assert_eq!(sent.swap(0, Ordering::SeqCst), asked + 1, "{key}: the call itself included");
        }
        assert!(!aws.has_lost_its_account());
    }

    #[tokio::test]
    async fn nothing_is_signed_with_credentials_of_another_account() {
        let vendor = vendor();
        let (aws, sent) = connected(&vendor).await;
        sent.store(0, Ordering::SeqCst);
        vendor.vend("second", OTHER);
        for asked in [1, 0] {
            let failure = call(&aws).await.unwrap_err();
            assert_eq!((failure.code.as_str(), failure.meaning), ("OtherAccount", Meaning::Credentials));
            for account in [OURS, OTHER] {
                assert!(failure.message.contains(account), "{account} is not in: {}", failure.message);
            }
            assert_eq!(sent.swap(0, Ordering::SeqCst), asked, "it is known whose they are");
        }
        assert!(aws.has_lost_its_account());

        vendor.vend("third", OURS);
        assert_eq!(call(&aws).await, Ok(()));
        assert!(!aws.has_lost_its_account());
    }

    #[tokio::test]
    async fn it_is_seen_without_a_call_that_credentials_changed() {
        let vendor = vendor();
        let (aws, sent) = connected(&vendor).await;
        aws.ask_again().await;
        assert_eq!((aws.has_lost_its_account(), sent.load(Ordering::SeqCst)), (false, 1));
        vendor.vend("second", OTHER);
        assert!(!aws.has_lost_its_account(), "nobody has looked");
        aws.ask_again().await;
        assert_eq!((aws.has_lost_its_account(), sent.load(Ordering::SeqCst)), (true, 2));
    }

    #[tokio::test]
    async fn credentials_of_which_nothing_is_known_are_not_used() {
        let vendor = vendor();
        let (aws, sent) = connected(&vendor).await;
        vendor.vend("second", "");
        for _ in 0..2 {
            sent.store(0, Ordering::SeqCst);
            let failure = call(&aws).await.unwrap_err();
            assert_eq!(
                (failure.operation.as_str(), failure.meaning),
                ("sts:GetCallerIdentity", Meaning::Credentials)
            );
            assert_eq!(sent.load(Ordering::SeqCst), 1, "asked again, and nothing else is sent");
        }
        assert!(!aws.has_lost_its_account(), "nobody said so");
    }
}
