//! The contract that one kind of resource fulfils, and its type erasure.

use super::{Action, Address, Changes, Failure, Object, Observed};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::BTreeMap, future::Future, marker::PhantomData, time::Duration};

/// One kind of resource of a cloud: how to see it, and how to make, change and remove it.
///
/// What wants more than these four calls is two kinds, not a further hook here. `tests/it/kinds` states the contract
/// as laws and runs them over every registered kind.
pub trait Kind: Send + Sync + Sized + 'static {
    /// The kind's name, in its cloud's own term and in camel case: `routeTable`. Part of addresses and metrics.
    const NAME: &'static str;
    /// The kinds whose objects this kind's objects may refer to: those are deleted only after these are gone.
    const REFERS_TO: &'static [&'static str] = &[];
    /// The kinds whose objects the cloud changes by itself after a call of this kind: they are looked at again.
    const ALTERS: &'static [&'static str] = &[];
    /// Fields of [`Self::Spec`] that the cloud cannot change in place: a change to one replaces the resource.
    const IMMUTABLE: &'static [&'static str] = &[];
    /// A replacement is made before the old one goes: the address carries a digest of the immutable fields.
    const CREATE_FIRST: bool = false;
    /// What would be lost with an object of this kind.
    const HOLDS_DATA: Data = Data::None;
    /// The output that tells an object from an earlier or later one of the same id: what a consent is about. Needed where an
    /// object holds data and its id is a name, which can be used again.
    const INCARNATION: Option<&'static str> = None;
    /// Fields that may be updated while the resource settles; `*` for all.
    const WHILE_SETTLING: &'static [&'static str] = &[];
    /// Fields that are given once more to an object that is broken, when something that it rests on has changed.
    const RENEWED: &'static [&'static str] = &[];
    /// Fields that only creation uses: what must exist before, a first value. Nothing compares them.
    const AT_CREATION: &'static [&'static str] = &[];
    /// Fields whose values are shown to nobody: changes say only which values differ. So two changes in a row of one that is
    /// changed in place are told apart only once reads show the first.
    const PRIVATE: &'static [&'static str] = &[];
    /// How an object is found again when the reply to the call that made it never came.
    const RECALL: Recall;
    /// The operation that makes an object, as failures have it: where it is refused, none was made; where a later one is, one was.
    const CREATED_BY: &'static str;
    /// For how long after a write the cloud may still answer reads with the old value.
    const LAG: Duration = Duration::from_secs(10);
    /// Every permission that the four calls below need, and what bounds each.
    const ACTIONS: &'static [Action];

    /// What the calls need: clients, identity, limits.
    type Cloud: Send + Sync;
    /// What we want, and, read back, what is there. A field that is `null` where it is wanted is left to the cloud; one that
    /// is left out of what is there is not known.
    type Spec: Serialize + DeserializeOwned + Send + Sync;
    /// What others may refer to: ids, ARNs, endpoints. A field that is `null` is not known yet.
    type Outputs: Serialize + DeserializeOwned + Send + Sync;

    /// Sees everything of this kind that belongs to the scopes' owners, wanted or not, and, for each named address,
    /// what stands there and whose it is. One batch for all scopes.
    ///
    /// # Errors
    /// The read failed or was not complete: nothing at all is known about this kind then.
    fn observe(
        cloud: &Self::Cloud,
        scopes: &[Scope],
        depth: Depth,
    ) -> impl Future<Output = Result<Sightings<Self>, Failure>> + Send;

    /// Makes the resource; repeated with the same key it makes no second one. Returns before the resource is ready,
    /// with the outputs known so far.
    ///
    /// # Errors
    /// What the cloud refused. A name that is taken by the same owner is no error.
    fn create(
        cloud: &Self::Cloud,
        key: &Key,
        spec: Self::Spec,
    ) -> impl Future<Output = Result<Self::Outputs, Failure>> + Send;

    /// Brings the changed fields to `spec`.
    ///
    /// # Errors
    /// What the cloud refused; fields changed before that stay changed.
    fn update(
        cloud: &Self::Cloud,
        key: &Key,
        outputs: Self::Outputs,
        spec: Self::Spec,
        changes: &Changes,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Removes the resource; one that is gone already is no error.
    ///
    /// # Errors
    /// What the cloud refused.
    fn delete(
        cloud: &Self::Cloud,
        outputs: Self::Outputs,
    ) -> impl Future<Output = Result<Deleted, Failure>> + Send;
}

/// What would be lost with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// Nothing: it can be made anew at any time.
    None,
    /// Data that passes through: kept from replacement and deletion, but one that is gone is made anew at once.
    Passing,
    /// Data that is kept: one that was ready once and is gone is made anew only with consent.
    Kept,
}

/// How an object is found again when the reply to the call that made it never came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recall {
    /// The cloud refuses a second one of the same name or place, or returns the first.
    Name,
    /// The cloud knows a repeated call by the key's token.
    Token,
    /// Only by its tags, once reads show it: an intent is recorded before the call, and a call in doubt is not
    /// repeated before reads have caught up.
    Tags,
}

/// How much an observation reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// Existence, owner and state: what is cheap.
    Status,
    /// Every managed field.
    Audit,
}

/// Whose resources to observe, and under which names they would stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The owner that our tags name.
    pub owner: String,
    /// The owner whose resources are taken over: they count as ours.
    pub former: Option<Former>,
    /// Every name that this environment could use, of the kind that is observed, wanted at present or not.
    pub named: Vec<Named>,
}

/// An owner whose resources another one takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// The owner that their tags still name.
    pub owner: String,
    /// What else they are all tagged with: only what carries these labels as well is taken over.
    pub labels: BTreeMap<String, String>,
}

impl Scope {
    /// The same owners, with no names.
    pub fn nameless(&self) -> Self {
        Self { owner: self.owner.clone(), former: self.former.clone(), named: Vec::new() }
    }

    /// Every owner whose resources count as this one's.
    pub fn owners(&self) -> impl Iterator<Item = &str> {
        let former = self.former.iter().map(|former| former.owner.as_str());
        std::iter::once(self.owner.as_str()).chain(former)
    }
}

/// An address and the name under which its resource stands in the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The address.
    pub address: Address,
    /// The cloud's name.
    pub name: String,
    /// The id that the resource had when it was seen last.
    pub remembered: Option<String>,
}

/// What was seen at one address.
pub enum Found<K: Kind> {
    /// Nothing: the read was complete, and it is not there.
    Absent,
    /// A resource that carries our owner's tags, or whose parent does.
    Ours(Ours<K>),
    /// A resource of this name that is not ours.
    Foreign {
        /// The cloud's id of it.
        id: String,
        /// Whose it is, where its tags say so.
        owner: Option<String>,
    },
    /// The read of this one failed.
    Unknown(Failure),
}

/// One resource of ours, as it is.
pub struct Ours<K: Kind> {
    /// The cloud's id, as people would type it.
    pub id: String,
    /// All managed fields; `None` where the observation was not deep enough to read them.
    pub spec: Option<K::Spec>,
    /// What others may refer to.
    pub outputs: K::Outputs,
    /// Whether it is ready for use.
    pub phase: Phase,
}

/// How far along a resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// As it should be.
    Ready,
    /// On its way there; says what it does.
    Settling(String),
    /// On its way out; says what holds it.
    Leaving(String),
    /// Not going to be ready by itself.
    Broken(Defect),
}

/// What is wrong with a resource that stands and does not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Defect {
    /// What is wrong.
    pub why: String,
    /// What a person can do about it.
    pub remedy: String,
    /// Whether the cloud took back what it was given last.
    pub rolled_back: bool,
}

impl Defect {
    /// What the cloud did not take back.
    pub fn new(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { why: why.into(), remedy: remedy.into(), rolled_back: false }
    }
}

/// What an observation of several scopes saw.
pub struct Sightings<K: Kind>(Vec<Vec<(Address, Found<K>)>>);

impl<K: Kind> Sightings<K> {
    /// Nothing seen yet.
    pub fn new(scopes: &[Scope]) -> Self {
        Self(scopes.iter().map(|_| Vec::new()).collect())
    }

    /// Adds what was seen for the scope at index `scope`. Of several resources of ours at one address the first is
    /// kept, the others are surplus.
    pub fn add(&mut self, scope: usize, address: Address, found: Found<K>) {
        if let Some(seen) = self.0.get_mut(scope) {
            seen.push((address, found));
        }
    }

    /// States that the reads were complete: every named address at which nothing was seen is absent. Without this,
    /// an address that was not mentioned is unknown.
    pub fn complete(mut self, scopes: &[Scope]) -> Self {
        for (seen, scope) in self.0.iter_mut().zip(scopes) {
            for named in &scope.named {
                if !seen.iter().any(|(address, _)| *address == named.address) {
                    seen.push((named.address.clone(), Found::Absent));
                }
            }
        }
        self
    }
}

/// Under which identity a resource is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Where it stands in the environment; its version included.
    pub address: Address,
    /// Its name in the cloud.
    pub name: String,
    /// Whose it is.
    pub owner: String,
    /// What else every resource of the environment is tagged with.
    pub labels: BTreeMap<String, String>,
    /// The token of this series of attempts, for kinds that recall by token or by tags.
    pub token: Option<String>,
}

/// What became of a deletion that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Gone,
    /// It will go by itself.
    Leaving,
}

/// `Kind` with its types erased, so that the engine is written once. Implemented only below.
#[allow(missing_docs, reason = "each method is the associated item of `Kind` of the same name")]
pub trait AnyKind<C>: Send + Sync {
    fn name(&self) -> &'static str;
    fn refers_to(&self) -> &'static [&'static str];
    fn alters(&self) -> &'static [&'static str];
    fn immutable(&self) -> &'static [&'static str];
    fn create_first(&self) -> bool;
    fn holds_data(&self) -> Data;
    /// What no earlier or later object of the same id has.
    fn incarnation<'o>(&self, object: &'o Object) -> &'o str;
    fn while_settling(&self) -> &'static [&'static str];
    fn renewed(&self) -> &'static [&'static str];
    fn at_creation(&self) -> &'static [&'static str];
    fn private(&self) -> &'static [&'static str];
    fn recall(&self) -> Recall;
    fn created_by(&self) -> &'static str;
    fn lag(&self) -> Duration;
    fn actions(&self) -> &'static [Action];
    /// A spec as the kind itself would write it: sets in their order, defaults filled in.
    fn normal(&self, spec: Value) -> Value;
    fn observe<'a>(
        &'a self,
        cloud: &'a C,
        scopes: &'a [Scope],
        depth: Depth,
    ) -> BoxFuture<'a, Result<Seen, Failure>>;
    fn create<'a>(&'a self, cloud: &'a C, key: &'a Key, spec: Value)
    -> BoxFuture<'a, Result<Value, Failure>>;
    fn update<'a>(
        &'a self,
        cloud: &'a C,
        key: &'a Key,
        outputs: Value,
        spec: Value,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<(), Failure>>;
    fn delete<'a>(&'a self, cloud: &'a C, outputs: Value) -> BoxFuture<'a, Result<Deleted, Failure>>;
}

/// Per scope, what was seen.
pub(super) type Seen = Vec<Vec<(Address, Observed)>>;

/// A kind as an entry of the registry.
pub struct Erased<K>(PhantomData<fn() -> K>);

impl<K> Erased<K> {
    /// The entry of `K`.
    #[allow(clippy::new_without_default, reason = "only ever made in the registry's constant")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<K: Kind> AnyKind<K::Cloud> for Erased<K> {
    fn name(&self) -> &'static str {
        K::NAME
    }
    fn refers_to(&self) -> &'static [&'static str] {
        K::REFERS_TO
    }
    fn alters(&self) -> &'static [&'static str] {
        K::ALTERS
    }
    fn immutable(&self) -> &'static [&'static str] {
        K::IMMUTABLE
    }
    fn create_first(&self) -> bool {
        K::CREATE_FIRST
    }
    fn holds_data(&self) -> Data {
        K::HOLDS_DATA
    }
    fn incarnation<'o>(&self, object: &'o Object) -> &'o str {
        let output = K::INCARNATION.and_then(|output| object.outputs.get(output)?.as_str());
        output.unwrap_or(&object.id)
    }
    fn while_settling(&self) -> &'static [&'static str] {
        K::WHILE_SETTLING
    }
    fn renewed(&self) -> &'static [&'static str] {
        K::RENEWED
    }
    fn at_creation(&self) -> &'static [&'static str] {
        K::AT_CREATION
    }
    fn private(&self) -> &'static [&'static str] {
        K::PRIVATE
    }
    fn recall(&self) -> Recall {
        K::RECALL
    }
    fn created_by(&self) -> &'static str {
        K::CREATED_BY
    }
    fn lag(&self) -> Duration {
        K::LAG
    }
    fn actions(&self) -> &'static [Action] {
        K::ACTIONS
    }
    fn normal(&self, spec: Value) -> Value {
        K::Spec::deserialize(&spec).ok().and_then(|typed| document(typed).ok()).unwrap_or(spec)
    }

    fn observe<'a>(
        &'a self,
        cloud: &'a K::Cloud,
        scopes: &'a [Scope],
        depth: Depth,
    ) -> BoxFuture<'a, Result<Seen, Failure>> {
        Box::pin(async move {
            let Sightings(seen) = K::observe(cloud, scopes, depth).await?;
            Ok(seen.into_iter().map(|scope| scope.into_iter().map(erase::<K>).collect()).collect())
        })
    }

    fn create<'a>(
        &'a self,
        cloud: &'a K::Cloud,
        key: &'a Key,
        spec: Value,
    ) -> BoxFuture<'a, Result<Value, Failure>> {
        let private = private::<K>(&spec);
        Box::pin(async move {
            let made = K::create(cloud, key, typed(spec)?).await;
            document(made.map_err(|failure| failure.without(&private))?)
        })
    }

    fn update<'a>(
        &'a self,
        cloud: &'a K::Cloud,
        key: &'a Key,
        outputs: Value,
        spec: Value,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        let private = private::<K>(&spec);
        Box::pin(async move {
            let updated = K::update(cloud, key, typed(outputs)?, typed(spec)?, changes).await;
            updated.map_err(|failure| failure.without(&private))
        })
    }

    fn delete<'a>(&'a self, cloud: &'a K::Cloud, outputs: Value) -> BoxFuture<'a, Result<Deleted, Failure>> {
        Box::pin(async move { K::delete(cloud, typed(outputs)?).await })
    }
}

/// The texts in a spec that are shown to nobody.
fn private<K: Kind>(spec: &Value) -> Vec<String> {
    let mut left: Vec<&Value> = K::PRIVATE.iter().filter_map(|field| spec.get(*field)).collect();
    let mut texts = Vec::new();
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => texts.push(text.clone()),
            Value::Array(items) => left.extend(items),
            Value::Object(fields) => left.extend(fields.values()),
            _ => {}
        }
    }
    // One may be a part of another.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts
}

fn erase<K: Kind>((address, found): (Address, Found<K>)) -> (Address, Observed) {
    let erased = match found {
        Found::Absent => Ok(Observed::Absent),
        Found::Foreign { id, owner } => Ok(Observed::Foreign { id, owner }),
        Found::Unknown(failure) => Ok(Observed::Unknown(failure)),
        Found::Ours(ours) => erase_ours(ours),
    };
    (address, erased.unwrap_or_else(Observed::Unknown))
}

fn erase_ours<K: Kind>(ours: Ours<K>) -> Result<Observed, Failure> {
    let spec = ours.spec.map(document).transpose()?;
    let outputs = document(ours.outputs)?;
    Ok(Observed::Ours(Object { id: ours.id, spec, outputs, phase: ours.phase }))
}

pub(super) fn document<T: Serialize>(value: T) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|e| malformed(&e))
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|e| malformed(&e))
}

/// A document that is not of its kind's type: an output that is missing, or a kind that does not round-trip, which
/// the laws exclude.
fn malformed(error: &serde_json::Error) -> Failure {
    Failure::new("read", "MalformedDocument", super::Meaning::Transient, error.to_string())
}

/// The registry of a cloud's kinds, one a line.
#[allow(unused_macros, reason = "used by the registry")]
macro_rules! kinds {
    ($cloud:ty: $($kind:ty),* $(,)?) => {
        /// Every kind of resource, in dependency order.
        pub static KINDS: &[&dyn $crate::engine::AnyKind<$cloud>] = &[$(&$crate::engine::Erased::<$kind>::new()),*];
    };
}
#[allow(unused_imports, reason = "used by the registry")]
pub(crate) use kinds;
