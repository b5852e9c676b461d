//! Whose is what AWS lists: the part of observing that all kinds share.
//!
//! A kind lists whatever could concern the scopes, each object with its name and tags ([`Listed`]); [`Sorted::of`] tells
//! what is [ours](Mine) from what is foreign, and [`Sorted::sightings`] asks the kind only what its own objects are like:
//!
//! ```text
//! let listed = list(aws, scopes).await?;
//! Ok(Sorted::of(scopes, listed).sightings(scopes, |mine| Found::Ours(Ours { … })))
//! ```
//!
//! Kinds of EC2 get a `Sorted` from [`ec2::sort`](crate::kinds::ec2::sort). Kinds whose objects have no tags, and belong to a
//! parent, end in [`children`]. Kinds whose lists have no tags ask
//! [`tagged::proven`](crate::kinds::tagged::proven) first. A create that AWS refuses because the name or place is taken ends in
//! [`prove`].

use std::collections::HashMap;
use std::marker::PhantomData;

use crate::aws::{Tags, tags};
use crate::engine::{Address, Failure, Found, Key, Kind, Named, Ours, Scope, Sightings};

/// An object as AWS lists it.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// What a person would type to find it; the same as [`Ours::id`](crate::engine::Ours::id).
    pub id: String,
    /// The name to compare with [`Named::name`].
    pub name: String,
    /// Its tags, as they were read.
    pub tags: Tags,
    /// What else AWS says of it.
    pub object: T,
}

/// An object of ours.
#[derive(Clone, Debug)]
pub struct Mine<T> {
    /// The position of the scope that it belongs to.
    pub scope: usize,
    /// Where it stands in the environment, as its tags say.
    pub address: Address,
    /// What a person would type to find it.
    pub id: String,
    /// The tags that the user sees as theirs. One of identity that was lost shows here as an empty one, and the owner
    /// from whom it is taken over as another one, so that they differ and are put right.
    pub tags: Tags,
    /// True iff this is the object that was known under this address before.
    pub remembered: bool,
    /// What else AWS says of it.
    pub object: T,
}

/// A foreign object at an address where ours would stand.
struct Stranger {
    scope: usize,
    address: Address,
    id: String,
    owner: Option<String>,
    remembered: bool,
}

/// What was listed, sorted by whose it is.
pub struct Sorted<K, T> {
    /// What is ours, wanted or not; of several at one address the one that counts comes first.
    pub ours: Vec<Mine<T>>,
    foreign: Vec<Stranger>,
    unread: Vec<(usize, Address, Failure)>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind, T> Sorted<K, T> {
    /// Sorts a complete list.
    ///
    /// An object with a scope's owner tag is that scope's, or else that of the scope that takes over from its owner. To
    /// every other scope that uses its name, it is foreign; also to one that remembers its id, unless its tags say that it
    /// is another's: then what is remembered is wrong, and nothing stands in the place of what is wanted.
    pub fn of(scopes: &[Scope], listed: impl IntoIterator<Item = Listed<T>>) -> Self {
        let directory = Directory::new(scopes);
        let mut sorted =
            Self { ours: Vec::new(), foreign: Vec::new(), unread: Vec::new(), kind: PhantomData };
        for item in listed {
            let home = directory.home(scopes, &item.tags);
            let known = directory.known(&item.id, &item.name);
            let in_place = |named: &Named| named.name == item.name || item.tags.owner().is_none();
            let strange = |scope: usize, named: &Named| Some(scope) != home && in_place(named);
            sorted.foreign.extend(known.iter().filter(|(scope, named)| strange(*scope, named)).map(
                |(scope, named)| Stranger {
                    scope: *scope,
                    address: named.address.clone(),
                    id: item.id.clone(),
                    owner: item.tags.owner().map(str::to_owned),
                    remembered: named.remembered.as_ref() == Some(&item.id),
                },
            ));
            let here = known.into_iter().find(|(scope, _)| Some(*scope) == home).map(|(_, named)| named);
            sorted.ours.extend(home.and_then(|scope| mine::<K, T>(scope, &scopes[scope], here, item)));
        }
        sorted.ours.sort_by_key(|mine| !mine.remembered);
        sorted.foreign.sort_by_key(|stranger| !stranger.remembered);
        sorted
    }

    /// States that nobody can say whose the object of this name is.
    pub fn unread(&mut self, scopes: &[Scope], name: &str, failure: &Failure) {
        let known = Directory::new(scopes).known(name, name);
        let unread = known.into_iter().map(|(scope, named)| (scope, named.address.clone(), failure.clone()));
        self.unread.extend(unread);
    }

    /// What was seen, given what each object of ours is like.
    pub fn sightings(self, scopes: &[Scope], mut found: impl FnMut(Mine<T>) -> Found<K>) -> Sightings<K> {
        let mut sightings = Sightings::new(scopes);
        for mine in self.ours {
            sightings.add(mine.scope, mine.address.clone(), found(mine));
        }
        for Stranger { scope, address, id, owner, .. } in self.foreign {
            sightings.add(scope, address, Found::Foreign { id, owner });
        }
        for (scope, address, failure) in self.unread {
            sightings.add(scope, address, Found::Unknown(failure));
        }
        sightings.complete(scopes)
    }

    /// The names that no object of ours stands for.
    pub(super) fn vacant<'s>(&self, scopes: &'s [Scope]) -> Vec<&'s Named> {
        let taken = |scope: usize, named: &Named| {
            self.ours.iter().any(|mine| mine.scope == scope && mine.address == named.address)
        };
        let named = |(scope, s): (usize, &'s Scope)| s.named.iter().map(move |named| (scope, named));
        let all = scopes.iter().enumerate().flat_map(named);
        all.filter(|(scope, named)| !taken(*scope, named)).map(|(_, named)| named).collect()
    }
}

/// An object that carries the owner tag of `scope`. One that does not say where it stands, and whose name is no one's
/// either, is left alone.
fn mine<K: Kind, T>(index: usize, scope: &Scope, here: Option<&Named>, item: Listed<T>) -> Option<Mine<T>> {
    let tagged = item.tags.address().map(|address| Address::new(K::NAME, address));
    let lost = tagged.is_none();
    let address = tagged.or_else(|| here.map(|named| named.address.clone()))?;
    let named = scope.named.iter().find(|named| named.address == address);
    let former = item.tags.owner().filter(|owner| *owner != scope.owner).map(str::to_owned);
    let (_, mut tags) = item.tags.split(named.map_or(&item.name, |named| &named.name));
    if lost {
        tags.0.insert(tags::ADDRESS.to_owned(), String::new());
    }
    tags.0.extend(former.map(|former| (tags::OWNER.to_owned(), former)));
    let remembered = named.is_some_and(|named| named.remembered.as_ref() == Some(&item.id));
    Some(Mine { scope: index, address, id: item.id, tags, remembered, object: item.object })
}

/// An object that is ours because its parent is.
pub struct Child<K: Kind> {
    /// The position of the scope that its parent belongs to.
    pub scope: usize,
    /// Where it stands, which follows from where its parent stands.
    pub address: Address,
    /// What it is like.
    pub ours: Ours<K>,
}

/// What was seen, given every object whose parent is ours. Of several at one address the one that was known there before
/// counts.
pub fn children<K: Kind>(scopes: &[Scope], mut children: Vec<Child<K>>) -> Sightings<K> {
    let remembered = |child: &Child<K>| {
        let here = |named: &&Named| named.address == child.address;
        let named = scopes.get(child.scope).and_then(|scope| scope.named.iter().find(here));
        named.is_some_and(|named| named.remembered.as_ref() == Some(&child.ours.id))
    };
    children.sort_by_key(|child| !remembered(child));
    let mut sightings = Sightings::new(scopes);
    for Child { scope, address, ours } in children {
        sightings.add(scope, address, Found::Ours(ours));
    }
    sightings.complete(scopes)
}

/// True iff the object with these tags is of the scope's owner, or taken over by it.
pub fn is_of(tags: &Tags, scope: &Scope) -> bool {
    tags.owner() == Some(&scope.owner) || is_taken_over(tags, scope)
}

fn is_taken_over(tags: &Tags, scope: &Scope) -> bool {
    scope.former.as_ref().is_some_and(|former| {
        let labelled = |(label, value): (&String, &String)| tags.get(label) == Some(value);
        tags.owner() == Some(&former.owner) && former.labels.iter().all(labelled)
    })
}

/// Who may claim an object, by what.
struct Directory<'s> {
    owners: HashMap<&'s str, usize>,
    names: HashMap<&'s str, Vec<(usize, &'s Named)>>,
    ids: HashMap<&'s str, Vec<(usize, &'s Named)>>,
}

impl<'s> Directory<'s> {
    fn new(scopes: &'s [Scope]) -> Self {
        let mut directory = Self { owners: HashMap::new(), names: HashMap::new(), ids: HashMap::new() };
        for (index, scope) in scopes.iter().enumerate() {
            directory.owners.insert(&scope.owner, index);
            for named in &scope.named {
                directory.names.entry(&named.name).or_default().push((index, named));
                if let Some(id) = &named.remembered {
                    directory.ids.entry(id).or_default().push((index, named));
                }
            }
        }
        directory
    }

    /// The scope that an object with these tags belongs to. Its owner keeps it from those who would take it over, as
    /// long as it is there.
    fn home(&self, scopes: &[Scope], tags: &Tags) -> Option<usize> {
        let owner = tags.owner().and_then(|owner| self.owners.get(owner)).copied();
        owner.or_else(|| scopes.iter().position(|scope| is_taken_over(tags, scope)))
    }

    /// The names, and the scopes they belong to, that the object's name or id stands for.
    fn known(&self, id: &str, name: &str) -> Vec<(usize, &'s Named)> {
        let by_id = self.ids.get(id).into_iter().flatten();
        let by_name = self.names.get(name).into_iter().flatten();
        let mut known: Vec<(usize, &Named)> = by_id.copied().collect();
        known.extend(by_name.filter(|(_, named)| named.remembered.as_deref() != Some(id)));
        known
    }
}

/// After AWS refused to make something because its name or place is taken: fine if what stands there is what `key` was to
/// make.
///
/// # Errors
/// The refusal, with whose it is.
pub fn prove(key: &Key, standing: &Tags, refused: Failure) -> Result<(), Failure> {
    let same_place = standing.address() == Some(&key.address.to_string());
    match standing.owner() {
        Some(owner) if owner == key.owner && same_place => Ok(()),
        Some(owner) => {
            Err(Failure { message: format!("{} It belongs to {owner}.", refused.message), ..refused })
        }
        None => Err(refused),
    }
}
