//! How often RDS rotates the password of a cluster's master user, and which version of it is current.
//!
//! The secret is RDS's own: it comes and goes with its cluster, and is ours iff the cluster is. Its value is never
//! read.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_rds::types::DbCluster as Cluster;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, RotationRulesType};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, not_yet};
use crate::engine::{
    Action, Address, Changes, Defect, Deleted, Depth, Failure, Found, Input, Key, Kind, Ours, Output, Phase,
    Recall, Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ids::SecretArn;
use crate::kinds::rds;
use crate::kinds::rds::db_cluster;
use crate::kinds::sighting::Mine;

/// The rotation of a cluster's password.
pub struct SecretRotation;

/// How a password should be rotated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretRotationSpec {
    /// The secret that holds it.
    pub secret: Input<SecretArn>,
    /// How often it is rotated, in days: 1 to 1000.
    pub days: i32,
}

/// What others may use of a rotated password.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretRotationOutputs {
    /// The secret that holds it.
    pub arn: SecretArn,
    /// The id of the secret's current version: another one after each rotation.
    pub version: Option<String>,
}

impl SecretRotation {
    /// The secret that holds the password.
    pub const ARN: Output<Self, SecretArn> = Output::new("arn");
    /// The id of the secret's current version.
    pub const VERSION: Output<Self, String> = Output::new("version");

    /// Where the rotation stands that belongs to the cluster at `cluster`.
    pub fn address(cluster: &Address) -> Address {
        Address::new(Self::NAME, format!("{}-secret", cluster.name))
    }
}

impl Kind for SecretRotation {
    const NAME: &'static str = "secretRotation";
    const IMMUTABLE: &'static [&'static str] = &["secret"];
    // There is one for each secret.
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "secretsmanager:RotateSecret";
    // The list of secrets need not show the changes of the last five minutes.
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
    const LAG: Duration = Duration::from_secs(300);
    const ACTIONS: &'static [Action] = &[
        Action::called("rds:DescribeDBClusters", bounds::LOOK),
        Action::called("secretsmanager:ListSecrets", bounds::LOOK),
        Action::called("secretsmanager:DescribeSecret", bounds::OUR_SECRET),
        Action::called("secretsmanager:RotateSecret", bounds::OUR_SECRET),
    ];

    type Cloud = Aws;
    type Spec = SecretRotationSpec;
    type Outputs = SecretRotationOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], depth: Depth) -> Result<Sightings<Self>, Failure> {
        let clusters = db_cluster::sort::<Self>(aws, scopes).await?.ours;
        let mut rotations = read_all(aws, clusters.iter().filter_map(secret).collect(), depth).await?;
        let mut sightings = Sightings::new(scopes);
        for cluster in clusters {
            let read = secret(&cluster).and_then(|arn| Some((rotations.remove(&arn)?, arn)));
            let found = match read {
                Some((Ok(rotation), arn)) => Found::Ours(ours(arn, rotation, &cluster.object)),
                Some((Err(failure), _)) => Found::Unknown(failure),
                None => continue,
            };
            sightings.add(cluster.scope, Self::address(&cluster.address), found);
        }
        Ok(sightings.complete(scopes))
    }

    /// RDS makes the secret with its cluster. While it does so the secret takes no changes, so that the days are an
    /// ordinary update once it is there.
    async fn create(aws: &Aws, _: &Key, spec: SecretRotationSpec) -> Result<SecretRotationOutputs, Failure> {
        let arn = spec.secret.known()?.clone();
        let Rotation { version, .. } = describe(aws, &arn.0).await.map_err(not_yet)?;
        Ok(SecretRotationOutputs { arn, version })
    }

    async fn update(
        aws: &Aws,
        _: &Key,
        outputs: SecretRotationOutputs,
        spec: SecretRotationSpec,
        _: &Changes,
    ) -> Result<(), Failure> {
        rotate(aws, &outputs.arn, spec.days).await
    }

    /// The secret goes with its cluster, and its rotation with it.
    async fn delete(_: &Aws, _: SecretRotationOutputs) -> Result<Deleted, Failure> {
        Ok(Deleted::Gone)
    }
}

/// What Secrets Manager says of a secret.
struct Rotation {
    /// In days; 0 where it is not rotated every so many days.
    days: i32,
    version: Option<String>,
}

/// The secret of a cluster that stays.
fn secret(cluster: &Mine<Cluster>) -> Option<String> {
    let stays = !matches!(db_cluster::phase(&cluster.object), Phase::Leaving(_));
    let secret = cluster.object.master_user_secret().filter(|_| stays)?;
    secret.secret_arn().map(str::to_owned)
}

/// The rotations of the secrets `arns`. The list is cheap and may be a few minutes old: good enough unless something
/// may be changed.
async fn read_all(
    aws: &Aws,
    arns: Vec<String>,
    depth: Depth,
) -> Result<BTreeMap<String, Result<Rotation, Failure>>, Failure> {
    let mut read = match depth {
        Depth::Status if !arns.is_empty() => list(aws).await?,
        _ => BTreeMap::new(),
    };
    let missing: Vec<String> = arns.into_iter().filter(|arn| !read.contains_key(arn)).collect();
    let reads = missing.into_iter().map(|arn| async move { (arn.clone(), describe(aws, &arn).await) });
    read.extend(stream::iter(reads).buffer_unordered(rds::AT_ONCE).collect::<Vec<_>>().await);
    Ok(read)
}

/// The rotations of all secrets that RDS manages, by their ARNs.
async fn list(aws: &Aws) -> Result<BTreeMap<String, Result<Rotation, Failure>>, Failure> {
    let managed = Filter::builder().key(FilterNameStringType::OwningService).values("rds").build();
    let pages = aws.secrets.list_secrets().filters(managed).into_paginator().page_size(rds::PAGE).send();
    let pages: Vec<_> = pages.collect::<Result<_, _>>().await.during("secretsmanager:ListSecrets")?;
    let secrets = pages.into_iter().flat_map(|page| page.secret_list.unwrap_or_default());
    let by_arn = secrets.filter_map(|secret| {
        let days = days(secret.rotation_enabled, secret.rotation_rules.as_ref());
        let version = current(secret.secret_versions_to_stages.as_ref());
        Some((secret.arn?, Ok(Rotation { days, version })))
    });
    Ok(by_arn.collect())
}

async fn describe(aws: &Aws, arn: &str) -> Result<Rotation, Failure> {
    let secret = aws.secrets.describe_secret().secret_id(arn).send().await;
    let secret = secret.during("secretsmanager:DescribeSecret")?;
    Ok(Rotation {
        days: days(secret.rotation_enabled, secret.rotation_rules.as_ref()),
        version: current(secret.version_ids_to_stages.as_ref()),
    })
}

/// Every how many days a secret is rotated; 0 where it is not, or by another kind of schedule.
fn days(enabled: Option<bool>, rules: Option<&RotationRulesType>) -> i32 {
    let Some(rules) = rules.filter(|_| enabled != Some(false)) else { return 0 };
    let days = match rules.schedule_expression() {
        None => rules.automatically_after_days(),
        Some(expression) => {
            let rate = expression.strip_prefix("rate(").and_then(|rate| rate.split_once(" day"));
            rate.and_then(|(days, _)| days.parse().ok())
        }
    };
    days.and_then(|days| i32::try_from(days).ok()).unwrap_or_default()
}

/// The id of the version that is current.
fn current(stages: Option<&HashMap<String, Vec<String>>>) -> Option<String> {
    let is_current = |stages: &[String]| stages.iter().any(|stage| stage == "AWSCURRENT");
    stages?.iter().find(|(_, stages)| is_current(stages)).map(|(version, _)| version.clone())
}

/// Sets how often the secret is rotated, without rotating it now: tasks hold the current version's password.
async fn rotate(aws: &Aws, SecretArn(arn): &SecretArn, days: i32) -> Result<(), Failure> {
    let rules = RotationRulesType::builder().automatically_after_days(days.into()).build();
    let call = aws.secrets.rotate_secret().secret_id(arn).rotation_rules(rules).rotate_immediately(false);
    call.send().await.during("secretsmanager:RotateSecret").map(drop)
}

fn ours(arn: String, rotation: Rotation, cluster: &Cluster) -> Ours<SecretRotation> {
    let status = cluster.master_user_secret().and_then(|secret| secret.secret_status());
    let phase = match status {
        Some("creating") => Phase::Settling("creating".into()),
        Some("impaired") => Phase::Broken(Defect::new(
            "RDS cannot rotate it",
            "see that the secret and its KMS key are as RDS made them",
        )),
        _ => Phase::Ready,
    };
    let spec = SecretRotationSpec { secret: SecretArn::from(arn.as_str()).into(), days: rotation.days };
    let outputs = SecretRotationOutputs { arn: arn.as_str().into(), version: rotation.version };
    Ours { id: arn, spec: Some(spec), outputs, phase }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(days: Option<i64>, expression: Option<&str>) -> RotationRulesType {
        RotationRulesType::builder()
            .set_automatically_after_days(days)
            .set_schedule_expression(expression.map(str::to_owned))
            .build()
    }

    #[test]
    fn a_rotation_by_another_schedule_is_not_one_every_so_many_days() {
        assert_eq!(days(Some(true), Some(&rules(Some(7), None))), 7);
        assert_eq!(days(Some(true), Some(&rules(None, Some("rate(7 days)")))), 7);
        assert_eq!(days(Some(true), Some(&rules(None, Some("rate(1 day)")))), 1);
        assert_eq!(days(Some(true), Some(&rules(Some(7), Some("cron(0 16 1,15 * ? *)")))), 0);
        assert_eq!(days(Some(true), Some(&rules(None, Some("rate(12 hours)")))), 0);
        assert_eq!(days(Some(false), Some(&rules(Some(7), None))), 0);
        assert_eq!(days(None, None), 0);
    }
}
