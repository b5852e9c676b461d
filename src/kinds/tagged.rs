//! What is ours, for the kinds whose lists and descriptions come without tags.
//!
//! The tagging API shows tags some time after they are set, and forgets what was deleted some time later. So its answer may
//! prove that something is ours, never that it is not: a kind then reads the tags of those objects itself that exist under
//! one of our names and were not in the answer.

use std::collections::BTreeMap;

use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};

use crate::aws::{Aws, During, Tags, tags};
use crate::engine::{Action, Failure, Scope};

/// What [`proven`] needs.
pub const ACTION: Action = Action::called("tag:GetResources");

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
    let mut proven = BTreeMap::new();
    for scopes in scopes.chunks(VALUES) {
        let owners = scopes.iter().map(|scope| scope.owner.clone()).collect();
        let owner = TagFilter::builder().key(tags::OWNER).set_values(Some(owners)).build();
        let call = aws.tagging.get_resources().resource_type_filters(resource_type).tag_filters(owner);
        let pages = call.into_paginator().page_size(100).items().send();
        let found: Vec<ResourceTagMapping> =
            pages.collect::<Result<_, _>>().await.during("tag:GetResources")?;
        proven.extend(
            found.into_iter().filter_map(|one| Some((one.resource_arn.clone()?, Tags::from(one.tags())))),
        );
    }
    Ok(proven)
}
