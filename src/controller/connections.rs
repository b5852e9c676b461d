//! The clients of every credential scope in use, and what AWS says there that validation needs to know.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::aws::{Aws, Connection, CredentialScope};
use crate::engine::{Failure, World};
use crate::kinds::facts;
use crate::pipeline::{ClusterName, EngineFacts, Facts, Identity};

/// How long it takes until a new zone or a new version of the database engine is noticed.
const FACTS_KEPT: Duration = Duration::from_secs(3600);

/// Connects once per credential scope. Clones share the connections.
#[derive(Clone)]
pub struct Connections {
    connection: Arc<Connection>,
    clients: Kept<CredentialScope, Aws>,
    zones: Kept<Place, Vec<String>>,
    engines: Kept<(Place, String), EngineFacts>,
}

/// As whom AWS is called, and the account that this led to: it may lead to another one later.
type Place = (CredentialScope, String);

impl Connections {
    /// Connections that are all made by `connection`.
    pub fn new(connection: Connection) -> Self {
        let forever = Duration::MAX;
        Self {
            connection: Arc::new(connection),
            clients: Kept::new(forever),
            zones: Kept::new(FACTS_KEPT),
            engines: Kept::new(FACTS_KEPT),
        }
    }

    /// The clients of `scope`, for what stands in the account `stands`, if it stands already. AWS is asked who that is; neither
    /// a refusal is remembered nor an account that was lost.
    ///
    /// # Errors
    /// There are no credentials, or AWS does not accept them.
    pub async fn connect(&self, scope: &CredentialScope, stands: Option<&str>) -> Result<Aws, Failure> {
        let aws = self.connected(scope).await?;
        if stands.is_none_or(|account| account == aws.account) {
            return Ok(aws);
        }
        // Nothing is called in a wrong account, so that nothing else would show that the credentials are right meanwhile.
        aws.ask_again().await;
        self.connected(scope).await
    }

    async fn connected(&self, scope: &CredentialScope) -> Result<Aws, Failure> {
        self.clients.forget_if(scope, Aws::has_lost_its_account);
        self.clients.get(scope, || Aws::connect(&self.connection, scope)).await
    }

    /// What AWS says of the account, the region and the engine version, and what the environment itself decided before.
    ///
    /// # Errors
    /// AWS refused to say, or the environment's subnets could not be read: its zones would be guessed.
    pub async fn facts(
        &self,
        aws: &Aws,
        scope: &CredentialScope,
        engine_version: &str,
        world: &World,
    ) -> Result<Facts, Failure> {
        let decided = facts::Decided::read(world)?;
        let place = (scope.clone(), aws.account.clone());
        let engine_key = (place.clone(), engine_version.to_owned());
        let zones = self.zones.get(&place, || facts::zones(aws));
        let engine = self.engines.get(&engine_key, || facts::engine(aws, engine_version));
        let (zones, engine) = futures::try_join!(zones, engine)?;
        Ok(decided.facts(aws, zones, engine))
    }
}

/// As whom, and where, AWS is called for an environment.
pub fn credential_scope(identity: &Identity) -> CredentialScope {
    let owner = &identity.owner;
    CredentialScope {
        external_id: identity.role_arn.as_ref().map(|_| external_id(owner.cluster(), owner.namespace())),
        role_arn: identity.role_arn.clone(),
        region: identity.region.to_string(),
    }
}

/// For whose sake a role is assumed: so no namespace can use one that trusts the operator for the sake of another.
pub fn external_id(cluster: &ClusterName, namespace: &str) -> String {
    format!("{cluster}/{namespace}")
}

/// Values that are looked up once and kept for a while. Clones share them.
struct Kept<K, V> {
    values: Arc<Mutex<HashMap<K, (Instant, V)>>>,
    period: Duration,
}

impl<K, V> Clone for Kept<K, V> {
    fn clone(&self) -> Self {
        Self { values: Arc::clone(&self.values), period: self.period }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Kept<K, V> {
    fn new(period: Duration) -> Self {
        Self { values: Arc::default(), period }
    }

    /// Forgets the value of `key` if it is of no use.
    fn forget_if(&self, key: &K, is_useless: impl FnOnce(&V) -> bool) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if values.get(key).is_some_and(|(_, value)| is_useless(value)) {
            values.remove(key);
        }
    }

    /// The value of `key`; looked up where none is kept. Failures are not kept.
    async fn get<F>(&self, key: &K, look_up: impl FnOnce() -> F) -> Result<V, Failure>
    where
        F: Future<Output = Result<V, Failure>>,
    {
        let kept = {
            let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
            values.get(key).filter(|(since, _)| since.elapsed() < self.period).map(|(_, value)| value.clone())
        };
        if let Some(value) = kept {
            return Ok(value);
        }
        let value = look_up().await?;
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.insert(key.clone(), (Instant::now(), value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(namespace: &str, role: Option<&str>, region: &str) -> CredentialScope {
        let resource = serde_json::json!({
            "metadata": { "namespace": namespace, "name": "dev" },
            "spec": { "environmentSuffix": "dev", "region": region, "account": { "roleArn": role } },
        });
        let cluster = ClusterName::new("home").expect("a name");
        credential_scope(&Identity::read(&cluster, &resource).expect("an identity"))
    }

    #[tokio::test]
    async fn what_is_of_no_use_any_more_is_looked_up_again() {
        let kept = Kept::new(Duration::MAX);
        let get = async |value: u8| kept.get(&"key", async || Ok(value)).await.unwrap();
        assert_eq!((get(1).await, get(2).await), (1, 1));
        kept.forget_if(&"key", |value| *value != 1);
        assert_eq!(get(3).await, 1);
        kept.forget_if(&"key", |value| *value == 1);
        assert_eq!(get(4).await, 4);
    }

    #[test]
    fn no_look_is_shared_between_namespaces_that_name_a_role() {
        let (role, other) = ("arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b");
        let own = scope("media", Some(role), "eu-west-1");
        assert_eq!(own.external_id.as_deref(), Some("home/media"));
        assert_eq!(own, scope("media", Some(role), "eu-west-1"));
        for different in [
            scope("film", Some(role), "eu-west-1"),
            scope("media", Some(other), "eu-west-1"),
            scope("media", Some(role), "eu-west-3"),
            scope("media", None, "eu-west-1"),
        ] {
            assert_ne!(own, different);
        }
        assert_eq!(scope("film", None, "eu-west-1"), scope("media", None, "eu-west-1"));
    }
}
