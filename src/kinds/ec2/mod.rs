//! What the kinds of EC2 share: listing by tags, and deletions that something holds up.

pub mod internet_gateway;
pub mod route_table;
pub mod route_table_association;
pub mod security_group;
pub mod security_group_rules;
pub mod security_rule;
pub mod subnet;
pub mod vpc;

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{
    Filter, InternetGateway, ResourceType, RouteTable, SecurityGroup, Subnet, Tag, TagDescription, Vpc,
};

use crate::aws::{Aws, During, Expect, Tags, announce, announced, tags};
use crate::engine::{Deleted, Failure, Kind, Meaning, Scope};
use crate::kinds::sighting::{Listed, Mine, Sorted};

/// How many values AWS takes for one filter.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html>
const VALUES: usize = 200;

/// An object of EC2 that has an id and tags.
pub trait Object {
    /// What EC2 calls its like.
    const TYPE: ResourceType;
    /// Its id.
    fn id(&self) -> &str;
    /// Its tags.
    fn tags(&self) -> &[Tag];
}

macro_rules! objects {
    ($($object:ident: $id:ident,)*) => {$(
        impl Object for $object {
            const TYPE: ResourceType = ResourceType::$object;
            fn id(&self) -> &str {
                self.$id().unwrap_or_default()
            }
            fn tags(&self) -> &[Tag] {
                self.tags()
            }
        }
    )*};
}

objects! {
    InternetGateway: internet_gateway_id,
    RouteTable: route_table_id,
    SecurityGroup: group_id,
    Subnet: subnet_id,
    Vpc: vpc_id,
}

/// Filters for as few calls as `values` take; for no values, none.
pub fn filters(name: &str, values: impl IntoIterator<Item = String>) -> Vec<Filter> {
    let values: Vec<String> = values.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let filter = |values: &[String]| Filter::builder().name(name).set_values(Some(values.to_vec())).build();
    values.chunks(VALUES).map(filter).collect()
}

/// What `list` finds for all of `filters`.
///
/// # Errors
/// One of the calls failed.
pub async fn all<T, F>(filters: Vec<Filter>, list: impl Fn(Filter) -> F) -> Result<Vec<T>, Failure>
where
    F: Future<Output = Result<Vec<T>, Failure>>,
{
    let mut found = Vec::new();
    for filter in filters {
        found.extend(list(filter).await?);
    }
    Ok(found)
}

/// Filters that find everything of the scopes' owners.
pub fn owned(scopes: &[Scope]) -> Vec<Filter> {
    let owners = scopes.iter().flat_map(Scope::owners).map(str::to_owned);
    filters(&format!("tag:{}", tags::OWNER), owners)
}

/// Lists what the scopes own. Where nothing of ours stands, looks for a stranger of that name, and for the object that was
/// known there before and may only have lost its tags. `by_id` is the filter for the kind's ids: `vpc-id`.
///
/// # Errors
/// One of the calls failed.
pub async fn sort<K, T, F>(
    aws: &Aws,
    scopes: &[Scope],
    by_id: &str,
    list: impl Fn(Filter) -> F,
) -> Result<Sorted<K, T>, Failure>
where
    K: Kind,
    T: Object + Clone,
    F: Future<Output = Result<Vec<T>, Failure>>,
{
    announce(NAMES, scopes.iter().flat_map(|scope| &scope.named).map(|named| named.name.clone()));
    let mut found = all(owned(scopes), &list).await?;
    let vacant = Sorted::<K, T>::of(scopes, listed(&found)).vacant(scopes);
    let names = vacant.iter().map(|named| named.name.clone()).collect();
    let mut elsewhere = called(aws, &names, T::TYPE).await?;
    elsewhere.extend(vacant.iter().filter_map(|named| named.remembered.clone()).filter(|id| is_id(id)));
    elsewhere.retain(|id| !found.iter().any(|known| known.id() == id));
    found.extend(all(filters(by_id, elsewhere), &list).await?);
    Ok(Sorted::of(scopes, listed(&found)))
}

/// Whether something remembered can be an id at all. For what cannot, AWS refuses the whole list.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>
fn is_id(text: &str) -> bool {
    let digits = text.split_once('-').map_or("", |(_, digits)| digits);
    (8..=17).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What the kinds of a look may have to find by the tag `Name`.
const NAMES: &str = "names in EC2";

/// The ids of what has one of `names`. The kinds of a look ask together: tags are listed whatever they are on.
async fn called(
    aws: &Aws,
    names: &BTreeSet<String>,
    resource_type: ResourceType,
) -> Result<Vec<String>, Failure> {
    let mut together = names.clone();
    if !names.is_empty() {
        together.extend(announced(NAMES));
    }
    let tags = all(filters("value", together), |value| named(aws, value)).await?;
    let wanted = |tag: &TagDescription| {
        tag.resource_type() == Some(&resource_type) && tag.value().is_some_and(|name| names.contains(name))
    };
    Ok(tags.into_iter().filter(wanted).filter_map(|tag| tag.resource_id).collect())
}

async fn named(aws: &Aws, value: Filter) -> Result<Vec<TagDescription>, Failure> {
    let key = format!("{value:?}");
    let filters = [filters("key", [tags::NAME.to_owned()]), vec![value]].concat();
    let pages = aws.ec2.describe_tags().set_filters(Some(filters)).into_paginator().page_size(1000);
    let read =
        || async move { pages.items().send().collect::<Result<_, _>>().await.during("ec2:DescribeTags") };
    aws.shared.read("ec2:DescribeTags", &key, read).await
}

/// The objects of the scopes' owners, for a kind whose own objects stand or fall with them. The names in `scopes` are
/// those of the children and say nothing here.
///
/// # Errors
/// One of the calls failed.
pub async fn parents<P, T, F>(scopes: &[Scope], list: impl Fn(Filter) -> F) -> Result<Vec<Mine<T>>, Failure>
where
    P: Kind,
    T: Object + Clone,
    F: Future<Output = Result<Vec<T>, Failure>>,
{
    let found = all(owned(scopes), list).await?;
    let owners: Vec<Scope> = scopes.iter().map(Scope::nameless).collect();
    Ok(Sorted::<P, T>::of(&owners, listed(&found)).ours)
}

fn listed<T: Object + Clone>(objects: &[T]) -> Vec<Listed<T>> {
    let listed = |object: &T| {
        let tags = Tags::from(object.tags());
        let name = tags.get(tags::NAME).unwrap_or_default().to_owned();
        Listed { id: object.id().to_owned(), name, tags, object: object.clone() }
    };
    objects.iter().map(listed).collect()
}

/// What came of a deletion. Where AWS says that the object is in use, names the network interfaces that use it; `by` is
/// the filter that finds them by the object's id.
///
/// # Errors
/// The refusal.
pub async fn deleted<T>(
    aws: &Aws,
    by: &str,
    id: &str,
    result: Result<T, Failure>,
) -> Result<Deleted, Failure> {
    unless_held(result, interfaces(aws, by, id)).await
}

/// What came of a deletion. Where AWS says that the object is in use, names its `holders`.
///
/// # Errors
/// The refusal.
async fn unless_held<T>(
    result: Result<T, Failure>,
    holders: impl Future<Output = Vec<String>>,
) -> Result<Deleted, Failure> {
    match result.or_gone() {
        Ok(()) => Ok(Deleted::Gone),
        Err(refused) if refused.is(Meaning::InUse) => Err(held(refused, &holders.await)),
        Err(refused) => Err(refused),
    }
}

/// The network interfaces that use the object; none where they cannot be read, because they only explain.
async fn interfaces(aws: &Aws, by: &str, id: &str) -> Vec<String> {
    let filters = filters(by, [id.to_owned()]);
    let found = aws.ec2.describe_network_interfaces().set_filters(Some(filters)).max_results(10).send().await;
    let page = found.during("ec2:DescribeNetworkInterfaces").ok();
    let interfaces = page.and_then(|page| page.network_interfaces).unwrap_or_default();
    interfaces.iter().map(|one| described(one.network_interface_id(), one.description())).collect()
}

/// An id, and what AWS says that it is of.
fn described(id: Option<&str>, description: Option<&str>) -> String {
    let id = id.unwrap_or_default();
    match description.unwrap_or_default() {
        "" => id.to_owned(),
        description => format!("{id} ({description})"),
    }
}

fn held(refused: Failure, by: &[String]) -> Failure {
    if by.is_empty() {
        return refused;
    }
    Failure { message: format!("{} Held by {}.", refused.message, by.join(", ")), ..refused }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_what_holds_the_object() {
        let refused = Failure::new("ec2:DeleteVpc", "DependencyViolation", Meaning::InUse, "It is in use.");
        let by =
            [described(Some("eni-1"), Some("VPC Endpoint Interface vpce-1")), described(Some("eni-2"), None)];
        let named = held(refused.clone(), &by);
        assert_eq!(named.message, "It is in use. Held by eni-1 (VPC Endpoint Interface vpce-1), eni-2.");
        assert_eq!(named.code, refused.code);
        assert_eq!(held(refused.clone(), &[]), refused);
    }
}
