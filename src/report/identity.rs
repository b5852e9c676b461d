//! The tags of identity in a plan. No spec names them, because each resource has its own: one that is put right shows among
//! the tags that are there, and what it will say is said here.

use crate::{
    aws::tags,
    engine::{Item, Part},
};

use super::Resource;

/// The changes of `item` as people read them.
pub(super) fn parts(resource: &Resource<'_>, item: &Item) -> Vec<Part> {
    let told = |part: Part| match proof(resource, item, &part.field) {
        Some(to) => Part { to, ..part },
        None => part,
    };
    item.verdict.parts().into_iter().map(told).collect()
}

/// What the tag of identity says that is put right by a change of `field`.
fn proof(resource: &Resource<'_>, item: &Item, field: &str) -> Option<String> {
    match field.strip_prefix("tags.")? {
        tags::OWNER => resource.owner.map(str::to_owned),
        tags::ADDRESS => Some(item.address.name.clone()),
        tags::NAME => Some(item.name.clone()),
        _ => None,
    }
}
