//! What the kinds of ECS and of its scaling share: reading by name, where each name is answered or unknown.
//!
//! AWS lists clusters and services by name alone. What carries an owner's tags under a name that nobody uses any more is
//! found by the tagging API, and believed once AWS describes it: that API also shows what is gone.

pub mod ecs_cluster;
pub mod rollout;
pub mod service;
pub mod task_definition;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ecs::operation::describe_clusters::DescribeClustersOutput;
use aws_sdk_ecs::operation::describe_services::DescribeServicesOutput;
use aws_sdk_ecs::types::{Cluster, ClusterField, Service, ServiceField};
use futures::{StreamExt, future::join, future::try_join, stream};

use crate::aws::{Aws, During, Expect, Tags};
use crate::engine::{Address, Failure, Found, Kind, Meaning, Scope, Sightings};
use crate::kinds::sighting::is_of;
use crate::kinds::tagged;

/// What AWS said of things asked for by name. A name that is in neither is free.
pub struct Answer<T> {
    /// What exists.
    pub found: BTreeMap<String, T>,
    /// The names that AWS did not answer, and why.
    pub unread: BTreeMap<String, Failure>,
    strays: Strays,
}

/// What the tagging API shows under names that nobody uses, by name.
type Strays = BTreeMap<String, Tags>;

impl<T> Answer<T> {
    fn new() -> Self {
        Self { found: BTreeMap::new(), unread: BTreeMap::new(), strays: Strays::new() }
    }

    /// Adds what AWS said of the strays.
    fn join(&mut self, strays: Strays, answer: Self) {
        self.found.extend(answer.found);
        self.unread.extend(answer.unread);
        self.strays = strays;
    }

    /// Adds an answer to a question for `asked`, in which what does not exist is said to be `MISSING`.
    fn add(
        &mut self,
        operation: &str,
        asked: &[String],
        found: BTreeMap<String, T>,
        failures: &[aws_sdk_ecs::types::Failure],
    ) {
        for name in asked.iter().filter(|name| !found.contains_key(*name)) {
            let failure =
                failures.iter().find(|failure| last(failure.arn().unwrap_or_default()) == last(name));
            match failure.and_then(|failure| failure.reason()) {
                Some("MISSING") => {}
                reason => drop(self.unread.insert(name.clone(), unanswered(operation, name, reason))),
            }
        }
        self.found.extend(found);
    }

    /// Adds that nothing is known of these names.
    fn doubt(&mut self, names: impl IntoIterator<Item = String>, failure: &Failure) {
        self.unread.extend(names.into_iter().map(|name| (name, failure.clone())));
    }

    /// Adds to a sighting of what was found that the names that were not answered are unknown.
    pub fn doubts<K: Kind>(&self, scopes: &[Scope], mut sightings: Sightings<K>) -> Sightings<K> {
        for (index, scope) in scopes.iter().enumerate() {
            for (name, failure) in &self.unread {
                let named = scope.named.iter().find(|named| named.name == *name);
                let address = named.map(|named| named.address.clone());
                if let Some(address) = address.or_else(|| self.stray::<K>(scope, name)) {
                    sightings.add(index, address, Found::Unknown(failure.clone()));
                }
            }
        }
        sightings
    }

    /// Where the stray of this name stands, or what belongs to it, if the tagging API says that it is the scope's.
    pub fn stray<K: Kind>(&self, scope: &Scope, name: &str) -> Option<Address> {
        let theirs = self.strays.get(name).filter(|tags| is_of(tags, scope))?;
        theirs.address().map(|address| Address::new(K::NAME, address))
    }
}

/// What carries the tags of the scopes' owners, of `resource_type`, and has none of `names`.
async fn strays(
    aws: &Aws,
    resource_type: &str,
    scopes: &[Scope],
    names: &BTreeSet<String>,
) -> Result<Strays, Failure> {
    let proven = tagged::proven(aws, resource_type, scopes).await?;
    let by_name = proven.into_iter().filter_map(|(arn, tags)| Some((tagged::name(&arn)?.to_owned(), tags)));
    Ok(by_name.filter(|(name, _)| !names.contains(name)).collect())
}

fn unanswered(operation: &str, name: &str, reason: Option<&str>) -> Failure {
    Failure::new(
        operation,
        reason.unwrap_or("NotAnswered"),
        Meaning::Transient,
        format!("the answer does not say whether {name} exists"),
    )
}

/// The last part of an ARN or of a name like `cluster/service`.
pub fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// A service's cluster and its name in that cluster. As for AWS, no cluster is the one called `default`.
pub fn parts(service: &str) -> (&str, &str) {
    service.split_once('/').unwrap_or(("default", service))
}

/// How many clusters AWS describes a call.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html>
const CLUSTERS: usize = 100;

/// The clusters of these names, those that are gone but not yet forgotten included.
///
/// # Errors
/// One of the calls failed.
pub async fn clusters(aws: &Aws, names: BTreeSet<String>) -> Result<Answer<Cluster>, Failure> {
    let names: Vec<String> = names.into_iter().collect();
    let mut answer = Answer::new();
    for asked in names.chunks(CLUSTERS) {
        let reply = described_clusters(aws, asked).await?;
        let name = |cluster: &Cluster| cluster.cluster_name().unwrap_or_default().to_owned();
        let found = reply.clusters().iter().map(|cluster| (name(cluster), cluster.clone())).collect();
        answer.add("ecs:DescribeClusters", asked, found, reply.failures());
    }
    Ok(answer)
}

/// The cluster called `name`, if there is one.
///
/// # Errors
/// The call failed, or AWS did not say whether there is.
pub async fn cluster(aws: &Aws, name: &str) -> Result<Option<Cluster>, Failure> {
    let mut answer = clusters(aws, [name.to_owned()].into()).await?;
    match answer.unread.remove(name) {
        Some(failure) => Err(failure),
        None => Ok(answer.found.remove(name).filter(|cluster| cluster.status() != Some("INACTIVE"))),
    }
}

/// The clusters that the scopes name, and those of their owners under other names.
///
/// # Errors
/// One of the calls failed.
pub async fn clusters_of(aws: &Aws, scopes: &[Scope]) -> Result<Answer<Cluster>, Failure> {
    let named = scopes.iter().flat_map(|scope| &scope.named);
    let names: BTreeSet<String> = named.map(|named| named.name.clone()).collect();
    let (mut answer, strays) =
        try_join(clusters(aws, names.clone()), strays(aws, "ecs:cluster", scopes, &names)).await?;
    if !strays.is_empty() {
        let described = clusters(aws, strays.keys().cloned().collect()).await?;
        answer.join(strays, described);
    }
    Ok(answer)
}

async fn described_clusters(aws: &Aws, asked: &[String]) -> Result<Arc<DescribeClustersOutput>, Failure> {
    let read = async || {
        let call = aws.ecs.describe_clusters().set_clusters(Some(asked.to_vec()));
        let call = call.include(ClusterField::Tags).include(ClusterField::Settings);
        Ok(Arc::new(call.send().await.during("ecs:DescribeClusters")?))
    };
    aws.shared.read("ecs:DescribeClusters", &asked.join(" "), read).await
}

/// How many services, of one cluster, AWS describes a call.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>
const SERVICES: usize = 10;

/// How many clusters are asked at a time.
const AT_ONCE: usize = 8;

/// The services of these names, each `cluster/service`; those that are gone but not yet forgotten included. A
/// call that fails leaves only its own names unknown.
pub async fn services(aws: &Aws, names: BTreeSet<String>) -> Answer<Service> {
    let mut answer = Answer::new();
    // Asked for the services of a cluster that is not there, AWS answers with an error.
    let standing = match clusters(aws, names.iter().map(|name| parts(name).0.to_owned()).collect()).await {
        Ok(standing) => standing,
        Err(failure) => {
            answer.doubt(names, &failure);
            return answer;
        }
    };
    let mut by_cluster: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in names {
        let cluster = parts(&name).0.to_owned();
        match standing.unread.get(&cluster) {
            Some(failure) => answer.doubt([name], failure),
            None if !standing.found.contains_key(&cluster) => {}
            None => by_cluster.entry(cluster).or_default().push(name),
        }
    }
    for (cluster, asked, reply) in described_all(aws, by_cluster).await {
        match reply {
            Err(failure) => answer.doubt(asked, &failure),
            // The cluster went a moment ago.
            Ok(None) => {}
            Ok(Some(reply)) => {
                answer.add("ecs:DescribeServices", &asked, named(&cluster, &reply), reply.failures());
            }
        }
    }
    answer
}

/// The services of these names, and those of the scopes' owners under other names. What was read of one service is left
/// unknown if only that failed.
///
/// # Errors
/// Nobody knows what there is under other names.
pub async fn services_of(
    aws: &Aws,
    scopes: &[Scope],
    names: BTreeSet<String>,
) -> Result<Answer<Service>, Failure> {
    let (mut answer, strays) =
        join(services(aws, names.clone()), strays(aws, "ecs:service", scopes, &names)).await;
    let strays = strays?;
    if !strays.is_empty() {
        let described = services(aws, strays.keys().cloned().collect()).await;
        answer.join(strays, described);
    }
    Ok(answer)
}

/// What was read of services; nothing if their cluster is not there.
type Described = Result<Option<Arc<DescribeServicesOutput>>, Failure>;

async fn described_all(
    aws: &Aws,
    by_cluster: BTreeMap<String, Vec<String>>,
) -> Vec<(String, Vec<String>, Described)> {
    let chunks = by_cluster.into_iter().flat_map(|(cluster, names)| {
        let chunk = |asked: &[String]| (cluster.clone(), asked.to_vec());
        names.chunks(SERVICES).map(chunk).collect::<Vec<_>>()
    });
    let reads = chunks.map(|(cluster, asked)| async move {
        let reply = described(aws, &cluster, &asked).await;
        (cluster, asked, reply)
    });
    stream::iter(reads).buffer_unordered(AT_ONCE).collect().await
}

fn named(cluster: &str, reply: &DescribeServicesOutput) -> BTreeMap<String, Service> {
    let name = |service: &Service| format!("{cluster}/{}", service.service_name().unwrap_or_default());
    reply.services().iter().map(|service| (name(service), service.clone())).collect()
}

async fn described(aws: &Aws, cluster: &str, asked: &[String]) -> Described {
    let names = || asked.iter().map(|name| parts(name).1.to_owned()).collect();
    let read = async || {
        let call = aws.ecs.describe_services().cluster(cluster).set_services(Some(names()));
        let reply = call.include(ServiceField::Tags).send().await.during("ecs:DescribeServices");
        Ok(reply.or_absent()?.map(Arc::new))
    };
    aws.shared.read("ecs:DescribeServices", &asked.join(" "), read).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_does_not_answer_is_unknown() {
        let failure = |reason: &str, name: &str| {
            let arn = format!("arn:aws:ecs:eu-west-1:123456789012:service/c/{name}");
            aws_sdk_ecs::types::Failure::builder().arn(arn).reason(reason).build()
        };
        let asked = ["c/found", "c/missing", "c/odd", "c/silent"].map(str::to_owned);
        let found = BTreeMap::from([("c/found".to_owned(), ())]);
        let mut answer = Answer::new();
        answer.add(
            "ecs:DescribeServices",
            &asked,
            found,
            &[failure("MISSING", "missing"), failure("ODD", "odd")],
        );

        let unread: Vec<_> =
            answer.unread.iter().map(|(name, why)| (name.as_str(), why.code.as_str())).collect();
        assert_eq!(unread, [("c/odd", "ODD"), ("c/silent", "NotAnswered")]);
        assert!(answer.found.contains_key("c/found"));
    }
}
