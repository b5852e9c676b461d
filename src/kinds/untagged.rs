//! Observing the kinds whose lists come by name and without tags: streams, queues, log groups, alarms.
//!
//! The tagging API proves most of what is ours in one call; only what exists under one of our names and is not proven is
//! asked for its tags itself. The id of these kinds is their name.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, future::try_join, stream};

use crate::aws::{Aws, Tags};
use crate::engine::{Failure, Found, Kind, Ours, Scope};
use crate::kinds::sighting::{Listed, Mine, Sorted};
use crate::kinds::tagged;

/// How many objects are read at a time.
const AT_ONCE: usize = 8;

/// An object as AWS lists it.
pub struct Untagged<T> {
    /// As the tagging API has it.
    pub arn: String,
    /// Its name, by which it is also known to people.
    pub name: String,
    /// What else AWS says of it.
    pub object: T,
}

impl<T> Untagged<T> {
    fn with(self, tags: Tags) -> Listed<T> {
        Listed { id: self.name.clone(), name: self.name, tags, object: self.object }
    }
}

/// A look at the objects of one kind: what the scopes own, and what stands under their names.
pub struct Look<'a, L, R> {
    /// Who looks.
    pub aws: &'a Aws,
    /// What the tagging API calls the kind: `kinesis:stream`.
    pub resource_type: &'a str,
    /// Who looks for what.
    pub scopes: &'a [Scope],
    /// Finds at least everything that has one of the given names.
    pub list: L,
    /// Asks for the tags of one object, which may be gone by then.
    pub tags: R,
}

impl<T, L, R, Listing, Reading> Look<'_, L, R>
where
    L: Fn(Vec<String>) -> Listing,
    R: Fn(&Untagged<T>) -> Reading,
    Listing: Future<Output = Result<Vec<Untagged<T>>, Failure>>,
    Reading: Future<Output = Result<Option<Tags>, Failure>>,
{
    /// Lists and sorts.
    ///
    /// # Errors
    /// A list failed. Tags that cannot be read leave only that one object unknown.
    pub async fn sort<K: Kind>(&self) -> Result<Sorted<K, T>, Failure> {
        let names = names(self.scopes);
        let listing = (self.list)(names.iter().cloned().collect());
        let proven = tagged::proven(self.aws, self.resource_type, self.scopes);
        let (proven, found) = try_join(proven, listing).await?;
        self.sort_found(&names, proven, found).await
    }

    /// The same where each object of ours is then read by itself, which tells whether it is there: nothing is listed that
    /// the tagging API proves and that is `known` by its ARN.
    ///
    /// # Errors
    /// As for [`Look::sort`].
    pub async fn sort_unlisted<K: Kind>(
        &self,
        known: impl Fn(&str) -> Option<Untagged<T>>,
    ) -> Result<Sorted<K, T>, Failure> {
        let names = names(self.scopes);
        let proven = tagged::proven(self.aws, self.resource_type, self.scopes).await?;
        let mut found: Vec<_> = proven.keys().filter_map(|arn| known(arn)).collect();
        let unknown: Vec<String> =
            names.iter().filter(|name| !found.iter().any(|known| known.name == **name)).cloned().collect();
        if !unknown.is_empty() {
            found.extend((self.list)(unknown).await?);
        }
        self.sort_found(&names, proven, found).await
    }

    /// Sorts what was `found` of what has one of `names`, and finds what is `proven` under others.
    async fn sort_found<K: Kind>(
        &self,
        names: &BTreeSet<String>,
        mut proven: BTreeMap<String, Tags>,
        mut found: Vec<Untagged<T>>,
    ) -> Result<Sorted<K, T>, Failure> {
        // What was made under a name that is no longer used.
        let is_missing = |name: &str| !names.contains(name) && !found.iter().any(|known| known.name == name);
        let strays = proven.keys().filter_map(|arn| tagged::name(arn)).filter(|name| is_missing(name));
        let strays: Vec<String> = strays.map(str::to_owned).collect();
        if !strays.is_empty() {
            found.extend((self.list)(strays).await?);
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.dedup_by(|a, b| a.name == b.name);

        let mut listed = Vec::new();
        let mut reads = Vec::new();
        for object in found {
            if let Some(tags) = proven.remove(&object.arn) {
                listed.push(object.with(tags));
            } else if names.contains(&object.name) {
                let tags = (self.tags)(&object);
                reads.push(async { (object, tags.await) });
            }
        }
        let mut unread = Vec::new();
        for (object, tags) in stream::iter(reads).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await {
            match tags {
                Ok(Some(tags)) => listed.push(object.with(tags)),
                Ok(None) => {}
                Err(failure) => unread.push((object.name, failure)),
            }
        }
        let mut sorted = Sorted::of(self.scopes, listed);
        unread.iter().for_each(|(name, failure)| sorted.unread(self.scopes, name, failure));
        Ok(sorted)
    }
}

/// The names to look for. The id of these kinds is their name, so that what is remembered says nothing more; and it may be
/// nonsense, for which AWS refuses the whole list.
fn names(scopes: &[Scope]) -> BTreeSet<String> {
    scopes.iter().flat_map(|scope| &scope.named).map(|named| named.name.clone()).collect()
}

/// What a read of each single object said, by id: `None` where the object is gone.
pub type Details<D> = BTreeMap<String, Result<Option<D>, Failure>>;

/// Reads each object of ours by itself, for what its list lacks.
pub async fn details<T, D, R>(ours: &[Mine<T>], read: impl Fn(&Mine<T>) -> R) -> Details<D>
where
    R: Future<Output = Result<Option<D>, Failure>>,
{
    let reads: Vec<_> = ours.iter().map(|mine| (mine.id.clone(), read(mine))).collect();
    let reads = reads.into_iter().map(|(id, read)| async { (id, read.await) });
    stream::iter(reads).buffer_unordered(AT_ONCE).collect().await
}

/// What was found, given what a read of the single object said, if there was one.
pub fn found<K: Kind, D>(
    detail: Option<Result<Option<D>, Failure>>,
    ours: impl FnOnce(Option<D>) -> Ours<K>,
) -> Found<K> {
    match detail {
        None => Found::Ours(ours(None)),
        Some(Ok(Some(detail))) => Found::Ours(ours(Some(detail))),
        Some(Ok(None)) => Found::Absent,
        Some(Err(failure)) => Found::Unknown(failure),
    }
}

/// Prefixes that cover all `names`, and so few that many environments cost no more lists than one: names that are alike
/// up to their first hyphen (`video-…`, `/ecs/video-…`) get the longest prefix that they share.
pub fn prefixes(names: &[String]) -> Vec<String> {
    let mut families: BTreeMap<&str, &str> = BTreeMap::new();
    for name in names {
        let family = name.split('-').next().unwrap_or_default();
        families.entry(family).and_modify(|prefix| *prefix = shared(prefix, name)).or_insert(name);
    }
    families.into_values().map(str::to_owned).collect()
}

/// A text that is part of all `names`: one list by it finds them, however they begin and end. Long where they are few,
/// and never so short that it finds less.
pub fn part_of_all(names: &[String]) -> &str {
    let Some((first, others)) = names.split_first() else { return "" };
    others.iter().fold(first.as_str(), |part, name| longest_part_of_both(part, name))
}

fn longest_part_of_both<'a>(one: &'a str, other: &str) -> &'a str {
    let mut longest = "";
    for (start, _) in one.char_indices() {
        let rest = &one[start..];
        let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
        let found = ends.filter(|end| *end > longest.len()).take_while(|end| other.contains(&rest[..*end]));
        longest = found.last().map_or(longest, |end| &rest[..end]);
    }
    longest
}

fn shared<'a>(one: &'a str, other: &str) -> &'a str {
    let alike = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    &one[..alike.map(|(a, _)| a.len_utf8()).sum()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Vec<String> {
        prefixes(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn one_prefix_for_each_family_however_many_environments() {
        let groups = |suffix| {
            [
                format!("/ecs/video-processing-{suffix}"),
                format!("/aws/rds/cluster/video-metadata-cluster-{suffix}/postgresql"),
                format!("/aws/ecs/containerinsights/video-processing-cluster-{suffix}/performance"),
            ]
        };
        assert_eq!(prefixes(&groups("dev")).len(), 3);
        assert_eq!(
            prefixes(&[groups("dev"), groups("prod"), groups("dev-2")].concat()),
            [
                "/aws/ecs/containerinsights/video-processing-cluster-",
                "/aws/rds/cluster/video-metadata-cluster-",
                "/ecs/video-processing-",
            ]
        );
    }

    #[test]
    fn a_part_of_all_names_is_found_wherever_it_stands() {
        let part = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            part_of_all(&names).to_owned()
        };
        let one = [
            "/ecs/video-processing-dev",
            "/aws/rds/video-metadata-dev/log",
            "/aws/ecs/video-processing-dev/x",
        ];
        assert_eq!(part(&one), "s/video-");
        assert_eq!(part(&[&one[..], &["/ecs/video-processing-prod"]].concat()), "s/video-");
        assert_eq!(part(&["alone"]), "alone");
        assert_eq!(part(&["äb", "cä"]), "ä");
        assert_eq!((part(&["a", "b"]), part(&[])), (String::new(), String::new()));
    }

    #[test]
    fn a_prefix_covers_a_name_that_is_itself_one() {
        assert_eq!(of(&["a-b-c", "a-b"]), ["a-b"]);
        assert_eq!(of(&["a", "a-b"]), ["a"]);
        assert_eq!(of(&["ä-1", "ö-1"]), ["ä-1", "ö-1"]);
        assert_eq!(of(&[]), Vec::<String>::new());
    }
}
