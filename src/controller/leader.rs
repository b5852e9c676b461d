//! Who leads: one replica holds a Lease, and only it changes AWS.
//!
//! The fence closes before another replica may take the lease: what a holder counts is the time *before* it sent the
//! renewal, and a challenger waits for a whole lease duration from the moment it *saw* the last renewal.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::PostParams;
use kube::{Api, Client};

use super::kubernetes::{answered, is_conflict};
use crate::aws::{BootTime, Fence};

/// For how long a renewal holds.
pub const LEASE_DURATION: Duration = Duration::from_secs(10);
/// How often the holder renews.
const RENEW: Duration = Duration::from_secs(1);
/// How long a round may take: where nobody answers there is time for another one, on a new connection, before the lease ends.
const ROUND: Duration = Duration::from_secs(LEASE_DURATION.as_secs() / 2);
/// How often a challenger looks: twice in the second that a hand-over may take.
const LOOK: Duration = Duration::from_millis(500);

/// Annotation of the Lease in which the operator publishes its cluster name, for the command line.
pub const CLUSTER_NAME: &str = "streamflix.io/cluster-name";

/// A candidate for the lead.
pub struct Candidate {
    leases: Api<Lease>,
    name: String,
    identity: String,
    cluster_name: String,
    fence: Fence,
    rival: Option<Rival>,
}

/// The last renewal of another holder, and when it was seen.
#[derive(Debug, PartialEq)]
struct Rival {
    renewal: Option<MicroTime>,
    holder: Option<String>,
    seen: Instant,
}

/// What came of one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Leads,
    Waits,
}

impl Candidate {
    /// A candidate for the lease `name` in `namespace`, under an `identity` that no other process has.
    pub fn new(client: Client, namespace: &str, name: &str, cluster_name: &str, fence: Fence) -> Self {
        let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "operator".into());
        Self {
            leases: Api::namespaced(client, namespace),
            name: name.to_owned(),
            identity: format!("{host}_{:016x}", rand::random::<u64>()),
            cluster_name: cluster_name.to_owned(),
            fence,
            rival: None,
        }
    }

    /// Waits until this process leads.
    pub async fn campaign(&mut self) {
        loop {
            match self.round().await {
                Ok(Standing::Leads) => return,
                Ok(Standing::Waits) => {}
                Err(error) => tracing::warn!(error = %error, "the lease cannot be had yet"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Renews for as long as this process leads; returns when it does not any more.
    pub async fn reign(&mut self) {
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(RENEW).await;
            match self.round().await {
                Ok(Standing::Leads) => renewed = Instant::now(),
                Ok(Standing::Waits) => return self.fence.close(),
                Err(error) => tracing::warn!(error = %error, "the lease could not be renewed"),
            }
            if renewed.elapsed() >= LEASE_DURATION {
                return self.fence.close();
            }
        }
    }

    /// Gives the lead up, so that another need not wait for the lease to end.
    pub async fn resign(&self) {
        self.fence.close();
        while let Err(error) = answered("give the lease up", ROUND, self.give_up()).await {
            // A renewal that was under way came between look and write.
            if !is_conflict(&error) {
                tracing::warn!(error = %error, "the lease could not be given up; it ends by itself");
                return;
            }
        }
    }

    async fn give_up(&self) -> Result<(), kube::Error> {
        let mut lease = self.leases.get(&self.name).await?;
        if holder(&lease) != Some(&self.identity) {
            return Ok(());
        }
        let spec = lease.spec.get_or_insert_default();
        spec.holder_identity = Some(String::new());
        spec.lease_duration_seconds = Some(1);
        self.leases.replace(&self.name, &PostParams::default(), &lease).await.map(drop)
    }

    async fn round(&mut self) -> Result<Standing, kube::Error> {
        answered("take the lease, or look whose it is", ROUND, self.stand()).await
    }

    async fn stand(&mut self) -> Result<Standing, kube::Error> {
        let asked = BootTime::now();
        let result = match self.leases.get_opt(&self.name).await? {
            None => self.leases.create(&PostParams::default(), &self.lease(None)).await,
            Some(lease) if self.may_take(&lease) => {
                self.leases.replace(&self.name, &PostParams::default(), &self.lease(Some(lease))).await
            }
            Some(_) => return Ok(Standing::Waits),
        };
        match result {
            Ok(_) => {
                self.fence.hold_until(asked + LEASE_DURATION);
                Ok(Standing::Leads)
            }
            // Another was faster.
            Err(error) if is_conflict(&error) => Ok(Standing::Waits),
            Err(error) => Err(error),
        }
    }

    /// True iff the lease is ours, free, or was not renewed for a whole duration since we first saw it so.
    fn may_take(&mut self, lease: &Lease) -> bool {
        let Some(held_by) = holder(lease).filter(|holder| !holder.is_empty()) else { return true };
        if held_by == self.identity {
            return true;
        }
        let renewal = lease.spec.as_ref().and_then(|spec| spec.renew_time.clone());
        let seen = Rival { renewal, holder: Some(held_by.to_owned()), seen: Instant::now() };
        match &self.rival {
            Some(rival) if rival.renewal == seen.renewal && rival.holder == seen.holder => {
                rival.seen.elapsed() > LEASE_DURATION
            }
            _ => {
                self.rival = Some(seen);
                false
            }
        }
    }

    /// The lease as it is when we hold it.
    fn lease(&self, before: Option<Lease>) -> Lease {
        let now = MicroTime(Timestamp::now());
        let mut lease = before.unwrap_or_else(|| Lease {
            metadata: ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() },
            spec: Some(LeaseSpec::default()),
        });
        lease
            .metadata
            .annotations
            .get_or_insert_default()
            .insert(CLUSTER_NAME.to_owned(), self.cluster_name.clone());
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_ref() != Some(&self.identity) {
            spec.holder_identity = Some(self.identity.clone());
            spec.acquire_time = Some(now.clone());
            spec.lease_transitions = Some(spec.lease_transitions.unwrap_or_default() + 1);
        }
        spec.renew_time = Some(now);
        spec.lease_duration_seconds = i32::try_from(LEASE_DURATION.as_secs()).ok();
        lease
    }
}

/// Who holds a lease; nobody, or an empty name, where it was given up.
pub fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ::http::{Method, Request, Response};
    use kube::client::Body;
    use serde_json::json;

    use super::*;

    /// An API server that counts writes. It has one lease, which is ours, and somebody is faster than so many writes.
    fn server(faster: usize, writes: &Arc<AtomicUsize>) -> Client {
        let writes = Arc::clone(writes);
        let answer = move |request: Request<Body>| {
            let refused = request.method() == Method::PUT && writes.fetch_add(1, Ordering::Relaxed) < faster;
            let (status, body) = match refused {
                true => {
                    (409, json!({ "kind": "Status", "status": "Failure", "reason": "Conflict", "code": 409 }))
                }
                false => (200, json!({ "metadata": { "name": "lead" }, "spec": { "holderIdentity": "us" } })),
            };
            let response = Response::builder().status(status).body(Body::from(body.to_string().into_bytes()));
            async move { response }
        };
        Client::new(tower::service_fn(answer), "default")
    }

    #[tokio::test]
    async fn a_lease_is_given_up_although_a_renewal_came_between() {
        let writes = Arc::default();
        let mut candidate = Candidate::new(server(2, &writes), "media", "lead", "home", Fence::shut());
        candidate.identity = "us".to_owned();
        candidate.resign().await;
        assert_eq!(writes.load(Ordering::Relaxed), 3);
    }
}
