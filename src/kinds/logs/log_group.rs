//! A log group of CloudWatch Logs.

use aws_sdk_cloudwatchlogs::types;
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect, Tags, retag, tags};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Key, Kind, Meaning, Ours, Output, Phase, Recall, Scope,
    Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ids::{LogGroupArn, LogGroupName};
use crate::kinds::logs::writer::Writer;
use crate::kinds::sighting::{Mine, Sorted, prove};
use crate::kinds::tagged;
use crate::kinds::untagged::{self, Untagged};

/// A log group.
pub struct LogGroup;

/// What a log group should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroupSpec {
    /// For how long it keeps events: one of the numbers of days that CloudWatch Logs takes; read back, `null` is for
    /// ever.
    pub retention_days: Option<i32>,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of a log group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroupOutputs {
    /// Its name.
    pub name: LogGroupName,
    /// Its ARN, without `:*` at its end.
    pub arn: LogGroupArn,
}

impl LogGroup {
    /// Its name.
    pub const ID: Output<Self, LogGroupName> = Output::new("name");
    /// Its ARN.
    pub const ARN: Output<Self, LogGroupArn> = Output::new("arn");
}

impl Kind for LogGroup {
    const NAME: &'static str = "logGroup";
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "logs:CreateLogGroup";
    const ACTIONS: &'static [Action] = &[
        tagged::ACTION,
        Action::called("logs:DescribeLogGroups", bounds::LOOK),
        Action::called("logs:ListTagsForResource", bounds::log_group::NAMED),
        Action::called("ecs:DescribeClusters", bounds::ecs_cluster::NAMED),
        Action::called("rds:DescribeDBClusters", bounds::LOOK),
        Action::called("logs:CreateLogGroup", bounds::log_group::NEW),
        Action::called("logs:PutRetentionPolicy", bounds::LOG_GROUP_OF_AWS),
        Action::called("logs:TagResource", bounds::log_group::TAGGED),
        Action::called("logs:UntagResource", bounds::log_group::OURS),
        Action::called("logs:DeleteLogGroup", bounds::LOG_GROUP_OF_AWS),
    ];

    type Cloud = Aws;
    type Spec = LogGroupSpec;
    type Outputs = LogGroupOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let list = |names| list(aws, names);
        let tags = |group: &Untagged<types::LogGroup>| claimed(aws, scopes, group.name.clone());
        let look = untagged::Look { aws, resource_type: "logs:log-group", scopes, list, tags };
        let sorted: Sorted<Self, types::LogGroup> = look.sort().await?;
        Ok(sorted.sightings(scopes, |group| Found::Ours(ours(aws, group))))
    }

    async fn create(aws: &Aws, key: &Key, spec: LogGroupSpec) -> Result<LogGroupOutputs, Failure> {
        let tags_wanted = Tags::of(key, &spec.tags).map();
        let call = aws.logs.create_log_group().log_group_name(&key.name).set_tags(Some(tags_wanted));
        match call.send().await.during("logs:CreateLogGroup") {
            Err(taken) if taken.is(Meaning::AlreadyExists) => {
                let standing = tags_of(aws, &key.name).await?.unwrap_or_default();
                if standing.owner().is_some() || !may_be_of(aws, &key.name, &key.owner).await? {
                    prove(key, &standing, taken)?;
                }
            }
            made => drop(made?),
        }
        retain(aws, &key.name, spec.retention_days).await?;
        Ok(outputs(aws, &key.name))
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        LogGroupOutputs { name: LogGroupName(name), arn: LogGroupArn(arn) }: LogGroupOutputs,
        spec: LogGroupSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        if changes.has("retentionDays") {
            retain(aws, &name, spec.retention_days).await?;
        }
        retag::logs(aws, &arn, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        LogGroupOutputs { name: LogGroupName(name), .. }: LogGroupOutputs,
    ) -> Result<Deleted, Failure> {
        let call = aws.logs.delete_log_group().log_group_name(name);
        call.send().await.during("logs:DeleteLogGroup").or_gone()?;
        Ok(Deleted::Gone)
    }
}

async fn list(aws: &Aws, names: Vec<String>) -> Result<Vec<Untagged<types::LogGroup>>, Failure> {
    // Services of AWS choose how the names of their groups begin; what we call our things is part of all of them.
    let call = aws.logs.describe_log_groups().log_group_name_pattern(untagged::part_of_all(&names));
    let pages = call.into_paginator().page_size(50).items().send();
    let groups: Vec<_> = pages.collect::<Result<_, _>>().await.during("logs:DescribeLogGroups")?;
    let untagged = |group: types::LogGroup| {
        let name = group.log_group_name.clone().unwrap_or_default();
        Untagged { arn: arn(aws, &name), name, object: group }
    };
    Ok(groups.into_iter().map(untagged).collect())
}

async fn tags_of(aws: &Aws, name: &str) -> Result<Option<Tags>, Failure> {
    let call = aws.logs.list_tags_for_resource().resource_arn(arn(aws, name));
    let read = call.send().await.during("logs:ListTagsForResource").or_absent()?;
    Ok(read.map(|read| Tags::from(read.tags())))
}

/// The tags of the group called `name`. One that AWS itself may have made for a scope's cluster, and that does not say whose
/// it is, belongs to that scope; the tags that it lacks then show as a difference, and are put on it.
async fn claimed(aws: &Aws, scopes: &[Scope], name: String) -> Result<Option<Tags>, Failure> {
    let Some(mut tags) = tags_of(aws, &name).await? else { return Ok(None) };
    let named = |scope: &&Scope| scope.named.iter().any(|named| named.name == name);
    let mut claimants = scopes.iter().filter(named);
    if let (None, Some(scope), None) = (tags.owner(), claimants.next(), claimants.next())
        && may_be_of(aws, &name, &scope.owner).await?
    {
        tags.0.insert(tags::OWNER.to_owned(), scope.owner.clone());
    }
    Ok(Some(tags))
}

/// True iff a service of AWS writes to the group called `name`, and may do so for `owner`.
async fn may_be_of(aws: &Aws, name: &str, owner: &str) -> Result<bool, Failure> {
    match Writer::of(name) {
        Some(writer) => writer.may_be_of(aws, owner).await,
        None => Ok(false),
    }
}

async fn retain(aws: &Aws, name: &str, days: Option<i32>) -> Result<(), Failure> {
    let Some(days) = days else { return Ok(()) };
    let call = aws.logs.put_retention_policy().log_group_name(name).retention_in_days(days);
    call.send().await.during("logs:PutRetentionPolicy").map(drop)
}

fn arn(aws: &Aws, name: &str) -> String {
    tagged::arn(aws, "logs", &format!("log-group:{name}"))
}

fn outputs(aws: &Aws, name: &str) -> LogGroupOutputs {
    LogGroupOutputs { name: name.into(), arn: arn(aws, name).into() }
}

fn ours(aws: &Aws, group: Mine<types::LogGroup>) -> Ours<LogGroup> {
    let spec = LogGroupSpec { retention_days: group.object.retention_in_days, tags: group.tags };
    Ours { outputs: outputs(aws, &group.id), id: group.id, spec: Some(spec), phase: Phase::Ready }
}
