//! What is ours, for the kinds whose lists and descriptions come without tags.
//!
//! The tagging API shows tags some time after they are set, and forgets what was deleted some time later. So its answer may
//! prove that something is ours, never that it is not: a kind then reads the tags of those objects itself that exist under
//! one of our names and were not in the answer.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};

use crate::aws::{Aws, During, Tags, announce, announced, tags};
use crate::engine::{Action, Failure, Scope};
use crate::kinds::bounds;

/// What [`proven`] needs.
pub const ACTION: Action = Action::called("tag:GetResources", bounds::LOOK);

/// The types that kinds ask for. They are observed at the same moment, so one call asks for all; a type that is missing
/// here costs a call of its own, which asks for nothing else.
const TYPES: [&str; 9] = [
    "cloudwatch:alarm",
    "ecs:cluster",
    "ecs:service",
    "ecs:task-definition",
    "kinesis:stream",
    "logs:log-group",
    "rds:cluster-pg",
    "rds:subgrp",
    "sqs",
];

/// How many values AWS takes for one tag.
/// <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagFilter.html>
const VALUES: usize = 20;

/// The tags of everything of `resource_type` (as in `kinesis:stream`) that carries the owner tag of one of the scopes, by
/// ARN.
///
/// # Errors
/// One of the calls failed.
pub async fn proven(
    aws: &Aws,
    resource_type: &str,
    scopes: &[Scope],
) -> Result<BTreeMap<String, Tags>, Failure> {
    let types = match TYPES.contains(&resource_type) {
        true => BTreeSet::from(TYPES),
        false => BTreeSet::from([resource_type]),
    };
    let theirs: BTreeSet<String> = scopes.iter().flat_map(Scope::owners).map(str::to_owned).collect();
    let is_wanted = |arn: &str, tags: &Tags| {
        is_of(arn, resource_type) && tags.owner().is_some_and(|owner| theirs.contains(owner))
    };
    let mut proven = BTreeMap::new();
    for owners in together(&theirs).await.chunks(VALUES) {
        // What others in this look want to know of other owners.
        if !owners.iter().any(|owner| theirs.contains(owner)) {
            continue;
        }
        let owners = owners.to_vec();
        let question = format!("{types:?} {owners:?}");
        let found = aws.shared.read(ACTION.name, &question, || owned(aws, &types, owners)).await?;
        proven.extend(found.into_iter().filter(|(arn, tags)| is_wanted(arn, tags)));
    }
    Ok(proven)
}

/// What the kinds of a look ask the tagging API for.
const OWNERS: &str = "owners of what is tagged";

/// The owners of everything that is sought in this look: not all kinds of all environments need be looked at, and
/// their questions would differ in nothing else.
async fn together(theirs: &BTreeSet<String>) -> Vec<String> {
    announce(OWNERS, theirs.iter().cloned());
    // Until the others have had their turn to say so.
    tokio::task::yield_now().await;
    let mut owners = announced(OWNERS);
    owners.extend(theirs.iter().cloned());
    owners.into_iter().collect()
}

async fn owned(
    aws: &Aws,
    types: &BTreeSet<&str>,
    owners: Vec<String>,
) -> Result<BTreeMap<String, Tags>, Failure> {
    let types = types.iter().map(|one| (*one).to_owned()).collect();
    let owner = TagFilter::builder().key(tags::OWNER).set_values(Some(owners)).build();
    let call = aws.tagging.get_resources().set_resource_type_filters(Some(types)).tag_filters(owner);
    let pages = call.into_paginator().page_size(100).items().send();
    let found: Vec<ResourceTagMapping> = pages.collect::<Result<_, _>>().await.during("tag:GetResources")?;
    Ok(found
        .into_iter()
        .filter_map(|one| Some((one.resource_arn.clone()?, Tags::from(one.tags()))))
        .collect())
}

/// The ARN of `resource` (as in `stream/name`) of this account and region.
pub fn arn(aws: &Aws, service: &str, resource: &str) -> String {
    format!("arn:{}:{service}:{}:{}:{resource}", aws.partition, aws.region, aws.account)
}

/// The name in an ARN: what comes after the service, the place and the type.
pub fn name(arn: &str) -> Option<&str> {
    let resource = resource(arn)?;
    Some(resource.split_once([':', '/']).map_or(resource, |(_, name)| name))
}

/// True iff the ARN is of `resource_type`: a service and, where its ARNs have one, a type.
fn is_of(arn: &str, resource_type: &str) -> bool {
    let (service, kind) = resource_type.split_once(':').unwrap_or((resource_type, ""));
    let of_kind = |resource: &str| {
        let rest = resource.strip_prefix(kind);
        rest.is_some_and(|rest| kind.is_empty() || rest.starts_with([':', '/']))
    };
    arn.split(':').nth(2) == Some(service) && resource(arn).is_some_and(of_kind)
}

/// The part after the account: `stream/name`, `log-group:name`, `name`.
fn resource(arn: &str) -> Option<&str> {
    arn.splitn(6, ':').nth(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_its_type_and_name() {
        for (arn, of, called) in [
            ("arn:aws:kinesis:eu-west-1:1:stream/a", "kinesis:stream", "a"),
            ("arn:aws:sqs:eu-west-1:1:a", "sqs", "a"),
            ("arn:aws:logs:eu-west-1:1:log-group:/ecs/a", "logs:log-group", "/ecs/a"),
            ("arn:aws:cloudwatch:eu-west-1:1:alarm:a:b", "cloudwatch:alarm", "a:b"),
            ("arn:aws:rds:eu-west-1:1:cluster-pg:a", "rds:cluster-pg", "a"),
            ("arn:aws:ecs:eu-west-1:1:cluster/a", "ecs:cluster", "a"),
            ("arn:aws:ecs:eu-west-1:1:service/a/b", "ecs:service", "a/b"),
            ("arn:aws:ecs:eu-west-1:1:task-definition/a:3", "ecs:task-definition", "a:3"),
        ] {
            assert!(is_of(arn, of), "{arn}");
            assert_eq!(name(arn), Some(called));
            assert_eq!(TYPES.iter().filter(|other| is_of(arn, other)).count(), 1, "{arn}");
        }
        assert!(!is_of("arn:aws:rds:eu-west-1:1:cluster-pg:a", "rds:cluster"));
    }
}
