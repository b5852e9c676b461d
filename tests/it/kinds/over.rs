//! A kind that does as another one does, but for its manner of doing it.

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use video_pipeline_operator::aws::Aws;
use video_pipeline_operator::engine::{
    Action, Address, AnyKind, Changes, Data, Deleted, Depth, Failure, Key, Observed, Recall, Scope,
};

use super::rig::Kinds;

/// The kind that does the work.
pub type Inner = &'static dyn AnyKind<Aws>;

/// Per scope, what was seen.
pub type Seen = Vec<Vec<(Address, Observed)>>;

/// How the work of a kind is done; where nothing is said, as it does it itself.
#[allow(missing_docs, reason = "each method stands for the one of the same name of `AnyKind`")]
pub trait Manner: Send + Sync + 'static {
    fn lag(&self, inner: Inner) -> Duration {
        inner.lag()
    }
    fn normal(&self, inner: Inner, spec: Value) -> Value {
        inner.normal(spec)
    }
    fn observe<'a>(
        &'a self,
        inner: Inner,
        aws: &'a Aws,
        scopes: &'a [Scope],
        depth: Depth,
    ) -> BoxFuture<'a, Result<Seen, Failure>> {
        inner.observe(aws, scopes, depth)
    }
    fn create<'a>(
        &'a self,
        inner: Inner,
        aws: &'a Aws,
        key: &'a Key,
        spec: Value,
    ) -> BoxFuture<'a, Result<Value, Failure>> {
        inner.create(aws, key, spec)
    }
    fn update<'a>(
        &'a self,
        inner: Inner,
        aws: &'a Aws,
        key: &'a Key,
        outputs: Value,
        spec: Value,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        inner.update(aws, key, outputs, spec, changes)
    }
    fn delete<'a>(
        &'a self,
        inner: Inner,
        aws: &'a Aws,
        outputs: Value,
    ) -> BoxFuture<'a, Result<Deleted, Failure>> {
        inner.delete(aws, outputs)
    }
}

/// The kinds, each in this manner.
pub fn over<M: Manner>(kinds: &[Inner], manner: &'static M) -> Kinds {
    let over = |inner: &Inner| Box::leak(Box::new(Over { inner: *inner, manner })) as Inner;
    Box::leak(kinds.iter().map(over).collect::<Box<[Inner]>>())
}

struct Over<M: 'static> {
    inner: Inner,
    manner: &'static M,
}

impl<M: Manner> AnyKind<Aws> for Over<M> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn refers_to(&self) -> &'static [&'static str] {
        self.inner.refers_to()
    }
    fn immutable(&self) -> &'static [&'static str] {
        self.inner.immutable()
    }
    fn create_first(&self) -> bool {
        self.inner.create_first()
    }
    fn holds_data(&self) -> Data {
        self.inner.holds_data()
    }
    fn while_settling(&self) -> &'static [&'static str] {
        self.inner.while_settling()
    }
    fn at_creation(&self) -> &'static [&'static str] {
        self.inner.at_creation()
    }
    fn private(&self) -> &'static [&'static str] {
        self.inner.private()
    }
    fn recall(&self) -> Recall {
        self.inner.recall()
    }
    fn lag(&self) -> Duration {
        self.manner.lag(self.inner)
    }
    fn actions(&self) -> &'static [Action] {
        self.inner.actions()
    }
    fn normal(&self, spec: Value) -> Value {
        self.manner.normal(self.inner, spec)
    }
    fn observe<'a>(
        &'a self,
        aws: &'a Aws,
        scopes: &'a [Scope],
        depth: Depth,
    ) -> BoxFuture<'a, Result<Seen, Failure>> {
        self.manner.observe(self.inner, aws, scopes, depth)
    }
    fn create<'a>(
        &'a self,
        aws: &'a Aws,
        key: &'a Key,
        spec: Value,
    ) -> BoxFuture<'a, Result<Value, Failure>> {
        self.manner.create(self.inner, aws, key, spec)
    }
    fn update<'a>(
        &'a self,
        aws: &'a Aws,
        key: &'a Key,
        outputs: Value,
        spec: Value,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        self.manner.update(self.inner, aws, key, outputs, spec, changes)
    }
    fn delete<'a>(&'a self, aws: &'a Aws, outputs: Value) -> BoxFuture<'a, Result<Deleted, Failure>> {
        self.manner.delete(self.inner, aws, outputs)
    }
}
