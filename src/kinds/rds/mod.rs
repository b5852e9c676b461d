//! What the kinds of RDS share: the list of clusters, the tags of groups, what states mean, deletions over time.

pub mod db_cluster;
pub mod db_cluster_parameter_group;
pub mod db_instance;
pub mod db_subnet_group;
pub mod secret_rotation;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::DbCluster;
use futures::{StreamExt, TryStreamExt, stream};

use crate::aws::{Aws, During, Expect, Tags};
use crate::engine::{Defect, Deleted, Failure, Input, Key, Kind, Meaning, Phase, Scope};
use crate::kinds::sighting::{Listed, Sorted, prove};
use crate::kinds::tagged;

/// The engine of clusters and instances.
pub const ENGINE: &str = "aurora-postgresql";

/// How many records AWS gives in one page.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusters.html>
pub const PAGE: i32 = 100;

/// How many objects are read at a time, where AWS answers for one a call.
pub const AT_ONCE: usize = 4;

/// Every cluster of the region, with its tags.
///
/// # Errors
/// One of the calls failed.
pub async fn clusters(aws: &Aws) -> Result<Vec<DbCluster>, Failure> {
    let list = async || {
        let pages = aws.rds.describe_db_clusters().into_paginator().page_size(PAGE);
        pages.items().send().collect::<Result<_, _>>().await.during("rds:DescribeDBClusters")
    };
    aws.shared.read("rds:DescribeDBClusters", "", list).await
}

/// A group of RDS, whose description comes without tags.
pub trait Group {
    /// Its name.
    fn name(&self) -> &str;
    /// Its ARN.
    fn arn(&self) -> &str;
}

/// Sorts a complete list of groups by whose they are. The tagging API calls them `resource_type`: `rds:subgrp`.
///
/// # Errors
/// One of the calls failed.
pub async fn sort<K: Kind, G: Group>(
    aws: &Aws,
    scopes: &[Scope],
    resource_type: &str,
    groups: Vec<G>,
) -> Result<Sorted<K, G>, Failure> {
    let mut tags = tagged::proven(aws, resource_type, scopes).await?;
    let names: BTreeSet<&str> =
        scopes.iter().flat_map(|scope| &scope.named).map(|named| named.name.as_str()).collect();
    let unproven =
        groups.iter().filter(|group| names.contains(group.name()) && !tags.contains_key(group.arn()));
    let unproven: Vec<String> = unproven.map(|group| group.arn().to_owned()).collect();
    tags.extend(tags_of_all(aws, unproven).await?);
    let listed = groups.into_iter().filter_map(|group| {
        let (id, tags) = (group.name().to_owned(), tags.remove(group.arn())?);
        Some(Listed { name: id.clone(), id, tags, object: group })
    });
    Ok(Sorted::of(scopes, listed))
}

/// The tags of each of `arns` that is still there.
async fn tags_of_all(aws: &Aws, arns: Vec<String>) -> Result<BTreeMap<String, Tags>, Failure> {
    let reads = arns.into_iter().map(|arn| async move {
        let tags = tags_of(aws, &arn).await.or_absent()?;
        Ok::<_, Failure>(tags.map(|tags| (arn, tags)))
    });
    stream::iter(reads).buffer_unordered(AT_ONCE).try_filter_map(async |read| Ok(read)).try_collect().await
}

/// The tags of the cluster, instance or group of `arn`.
///
/// # Errors
/// The call failed.
pub async fn tags_of(aws: &Aws, arn: &str) -> Result<Tags, Failure> {
    let call = aws.rds.list_tags_for_resource().resource_name(arn);
    Ok(Tags::from(call.send().await.during("rds:ListTagsForResource")?.tag_list()))
}

/// The group that has the name of `key` already, if a lost call for `key` made it.
///
/// # Errors
/// What was `refused`, where it did not; or its tags could not be read.
pub async fn standing<G: Group>(
    aws: &Aws,
    key: &Key,
    group: Option<G>,
    refused: Failure,
) -> Result<Option<G>, Failure> {
    let tags = match &group {
        Some(group) => tags_of(aws, group.arn()).await?,
        None => Tags::default(),
    };
    prove(key, &tags, refused)?;
    Ok(group)
}

/// The values of `inputs`, as text.
///
/// # Errors
/// One is not known; see [`Input::known`].
pub fn known<T: ToString>(inputs: &BTreeSet<Input<T>>) -> Result<Vec<String>, Failure> {
    inputs.iter().map(|input| input.known().map(ToString::to_string)).collect()
}

/// What the status of a cluster or of an instance means.
///
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html>
pub fn phase(status: &str) -> Phase {
    let remedy = match status {
        // What goes on meanwhile keeps nobody from using it.
        "available" | "backing-up" | "storage-optimization" => return Phase::Ready,
        "deleting" | "delete-precheck" => return Phase::Leaving(words(status)),
        "stopped" => "start it, or wait for AWS to start it after seven days",
        "inaccessible-encryption-credentials" | "inaccessible-encryption-credentials-recoverable" => {
            "enable its KMS key, and let RDS use it"
        }
        "incompatible-network" => "make room in its subnets, and see that they exist",
        "incompatible-parameters" => "correct its parameter group, and reboot it",
        "insufficient-capacity" => "delete it in AWS, and it is made anew once its zone has room",
        "failed"
        | "storage-full"
        | "restore-error"
        | "incompatible-restore"
        | "cloning-failed"
        | "migration-failed" => "see its events in the RDS console; AWS support may help",
        _ => return Phase::Settling(words(status)),
    };
    Phase::Broken(Defect::new(format!("AWS says that it is {}", words(status)), remedy))
}

fn words(status: &str) -> String {
    status.replace('-', " ")
}

/// A cluster or an instance that AWS did not delete.
pub struct Left {
    /// Its status.
    pub status: String,
    /// The cluster that it is, or serves.
    pub cluster: String,
}

/// What came of the deletion of a cluster or of an instance, which takes time. AWS refuses to delete what it is
/// deleting already, so it is `seen` once more where it refused.
///
/// # Errors
/// The refusal.
pub async fn deleted<T, F>(
    aws: &Aws,
    deletion: Result<T, Failure>,
    seen: impl FnOnce() -> F,
) -> Result<Deleted, Failure>
where
    F: Future<Output = Result<Option<Left>, Failure>>,
{
    match deletion.or_absent() {
        Ok(None) => Ok(Deleted::Gone),
        Ok(Some(_)) => Ok(Deleted::Leaving),
        Err(refused) if refused.is(Meaning::InUse) => match seen().await? {
            None => Ok(Deleted::Gone),
            Some(left) if matches!(phase(&left.status), Phase::Leaving(_)) => Ok(Deleted::Leaving),
            Some(left) => Err(until_started(refused, &left, &aws.region)),
        },
        Err(refused) => Err(refused),
    }
}

/// The refusal; of what is stopped, which AWS does not delete, with the command that starts it.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html>
fn until_started(refused: Failure, Left { status, cluster }: &Left, region: &str) -> Failure {
    if status != "stopped" {
        return refused;
    }
    let command = format!("aws rds start-db-cluster --region {region} --db-cluster-identifier {cluster}");
    let said = refused.message.trim_end_matches('.');
    Failure { message: format!("{said}; it is stopped, and is deleted once it runs: {command}"), ..refused }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_deletes_what_is_stopped_is_told_how_to_start_it() {
        let refused = || {
            let code = "InvalidDBClusterStateFault";
            Failure::new("rds:DeleteDBCluster", code, Meaning::InUse, "It is not available.")
        };
        let said = |status: &str| {
            let left = Left { status: status.into(), cluster: "videos".into() };
            until_started(refused(), &left, "eu-west-1")
        };
        assert_eq!(
            said("stopped").message,
            "It is not available; it is stopped, and is deleted once it runs: \
             aws rds start-db-cluster --region eu-west-1 --db-cluster-identifier videos"
        );
        assert_eq!(said("modifying"), refused());
    }
}
