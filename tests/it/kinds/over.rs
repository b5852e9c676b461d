//! A kind that does as another one does, but for its manner of doing it.

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use video_pipeline_operator::aws::Aws;
use video_pipeline_operator::engine::{
    Action, Address, AnyKind, Changes, Data, Deleted, Depth, Failure, Key, Object, Observed, Recall, Scope,
};

use super::rig::Kinds;

/// The kind that does the work.
pub type Inner = &'static dyn AnyKind<Aws>;

/// Per scope, what was seen.
pub type Seen = Vec<Vec<(Address, Observed)>>;

/// What is asked of a kind, and of which one. Each is done by `go`.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident<$life:lifetime> { $($field:ident: $type:ty),* } by $call:ident -> $answer:ty) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name<$life> {
            pub inner: Inner,
            pub aws: &$life Aws,
            $(pub $field: $type),*
        }

        impl $name<'_> {
            /// As the kind itself does it.
            pub async fn go(self) -> Result<$answer, Failure> {
                self.inner.$call(self.aws, $(self.$field),*).await
            }
        }
    };
}

request!(
    /// To look.
    Look<'a> { scopes: &'a [Scope], depth: Depth } by observe -> Seen
);
request!(
    /// To make.
    Creation<'a> { key: &'a Key, spec: Value } by create -> Value
);
request!(
    /// To change.
    Update<'a> { key: &'a Key, outputs: Value, spec: Value, changes: &'a Changes } by update -> ()
);
request!(
    /// To remove.
    Deletion<'a> { outputs: Value } by delete -> Deleted
);

/// How the work of a kind is done; where nothing is said, as it does it itself.
pub trait Manner: Send + Sync + 'static {
    fn lag(&self, inner: Inner) -> Duration {
        inner.lag()
    }
    fn normal(&self, inner: Inner, spec: Value) -> Value {
        inner.normal(spec)
    }
    fn observe(&self, look: Look<'_>) -> impl Future<Output = Result<Seen, Failure>> + Send {
        look.go()
    }
    fn create(&self, creation: Creation<'_>) -> impl Future<Output = Result<Value, Failure>> + Send {
        creation.go()
    }
    fn update(&self, update: Update<'_>) -> impl Future<Output = Result<(), Failure>> + Send {
        update.go()
    }
    fn delete(&self, deletion: Deletion<'_>) -> impl Future<Output = Result<Deleted, Failure>> + Send {
        deletion.go()
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

/// What is true of the kind whatever its manner.
macro_rules! as_inner {
    ($($name:ident: $type:ty),* $(,)?) => {
        $(fn $name(&self) -> $type { self.inner.$name() })*
    };
}

impl<M: Manner> AnyKind<Aws> for Over<M> {
    as_inner! {
        name: &'static str,
        refers_to: &'static [&'static str],
        alters: &'static [&'static str],
        immutable: &'static [&'static str],
        create_first: bool,
        holds_data: Data,
        while_settling: &'static [&'static str],
        renewed: &'static [&'static str],
        at_creation: &'static [&'static str],
        private: &'static [&'static str],
        recall: Recall,
        created_by: &'static str,
        actions: &'static [Action],
    }
    fn incarnation<'o>(&self, object: &'o Object) -> &'o str {
        self.inner.incarnation(object)
    }
    fn lag(&self) -> Duration {
        self.manner.lag(self.inner)
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
        Box::pin(self.manner.observe(Look { inner: self.inner, aws, scopes, depth }))
    }
    fn create<'a>(
        &'a self,
        aws: &'a Aws,
        key: &'a Key,
        spec: Value,
    ) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(self.manner.create(Creation { inner: self.inner, aws, key, spec }))
    }
    fn update<'a>(
        &'a self,
        aws: &'a Aws,
        key: &'a Key,
        outputs: Value,
        spec: Value,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.manner.update(Update { inner: self.inner, aws, key, outputs, spec, changes }))
    }
    fn delete<'a>(&'a self, aws: &'a Aws, outputs: Value) -> BoxFuture<'a, Result<Deleted, Failure>> {
        Box::pin(self.manner.delete(Deletion { inner: self.inner, aws, outputs }))
    }
}
