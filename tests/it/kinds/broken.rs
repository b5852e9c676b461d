//! Kinds that are broken on purpose, each in the way that one law forbids: a law that finds nothing wrong with them is
//! no law.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use video_pipeline_operator::aws::Aws;
use video_pipeline_operator::engine::{
    Changes, Deleted, Depth, Failure, Key, Meaning, Object, Observed, Scope,
};
use video_pipeline_operator::kinds;

use super::over::{Inner, Manner, Seen, over};
use super::rig::Kinds;

/// In which way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    /// What is read is never what was wanted.
    ReadsSomethingElse,
    /// A second create with the same key makes a second one.
    MakesTwo,
    /// Updates are accepted and not carried out.
    IgnoresUpdates,
    /// A field has come that no test knows.
    HasANewField,
    /// What is gone already cannot be deleted.
    DeletesOnlyOnce,
    /// Whoever asks gets what belongs to the first.
    MixesOwners,
    /// A stranger's object is not noticed.
    OverlooksStrangers,
    /// A stranger's object is refused, and overwritten all the same.
    OverwritesStrangers,
    /// What is not asked for by name is not found.
    NeedsNames,
    /// Something is made on the way that nobody finds again.
    LeavesScaffolding,
    /// Every environment is read by itself.
    ReadsOneByOne,
}

/// The manner of a kind that is broken.
pub struct Broken {
    how: How,
    /// What was made so far.
    made: AtomicUsize,
    deleted: Mutex<Vec<Value>>,
}

impl Broken {
    /// The kind that it breaks.
    pub const KIND: &'static str = "logGroup";

    /// A registry of the broken kind alone.
    pub fn registry(how: How) -> Kinds {
        let broken = Self { how, made: AtomicUsize::new(0), deleted: Mutex::default() };
        over(&[kinds::kind(Self::KIND).unwrap()], Box::leak(Box::new(broken)))
    }

    fn misread(&self, scopes: &[Scope], seen: Seen) -> Seen {
        let mut seen = seen;
        match self.how {
            How::MixesOwners => {
                let first = seen[0].clone();
                seen.iter_mut().for_each(|scope| *scope = first.clone());
            }
            How::NeedsNames => {
                for (seen, scope) in seen.iter_mut().zip(scopes) {
                    seen.retain(|(at, _)| scope.named.iter().any(|named| named.address == *at));
                }
            }
            _ => seen.iter_mut().flatten().for_each(|(_, observed)| self.misread_one(observed)),
        }
        seen
    }

    fn misread_one(&self, observed: &mut Observed) {
        match (self.how, observed) {
            (How::ReadsSomethingElse, Observed::Ours(Object { spec: Some(spec), .. })) => {
                spec["retentionDays"] = json!(3653);
            }
            (How::HasANewField, Observed::Ours(Object { spec: Some(spec), .. })) => spec["new"] = json!(1),
            (How::OverlooksStrangers, foreign @ Observed::Foreign { .. }) => *foreign = Observed::Absent,
            _ => {}
        }
    }

    async fn create_somehow(
        &self,
        inner: Inner,
        aws: &Aws,
        key: &Key,
        spec: Value,
    ) -> Result<Value, Failure> {
        let mut other = key.clone();
        match self.how {
            How::MakesTwo => {
                other.name = format!("{}-{}", key.name, self.made.fetch_add(1, Ordering::SeqCst));
                inner.create(aws, &other, spec).await
            }
            How::LeavesScaffolding => {
                other.name = format!("{}-scaffolding-{}", key.name, self.made.fetch_add(1, Ordering::SeqCst));
                other.owner = "nobody".to_owned();
                let scaffolding = inner.create(aws, &other, spec.clone()).await?;
                let made = inner.create(aws, key, spec).await?;
                inner.delete(aws, scaffolding).await?;
                Ok(made)
            }
            How::OverwritesStrangers => match inner.create(aws, key, spec.clone()).await {
                Err(taken) if taken.is(Meaning::AlreadyExists) => {
                    let name = key.name.as_str();
                    aws.logs
                        .put_retention_policy()
                        .log_group_name(name)
                        .retention_in_days(1)
                        .send()
                        .await
                        .ok();
                    Err(taken)
                }
                made => made,
            },
            _ => inner.create(aws, key, spec).await,
        }
    }

    async fn delete_somehow(&self, inner: Inner, aws: &Aws, outputs: Value) -> Result<Deleted, Failure> {
        if self.how == How::DeletesOnlyOnce {
            let mut deleted = self.deleted.lock().unwrap();
            if deleted.contains(&outputs) {
                return Err(Failure {
                    operation: "logs:DeleteLogGroup".into(),
                    code: "ResourceNotFoundException".into(),
                    message: "The specified log group does not exist.".into(),
                    request_id: None,
                    meaning: Meaning::NotFound,
                    retry_after: None,
                });
            }
            deleted.push(outputs.clone());
        }
        inner.delete(aws, outputs).await
    }
}

impl Manner for Broken {
    fn lag(&self, _: Inner) -> Duration {
        // What is not carried out shows at once.
        Duration::ZERO
    }

    fn normal(&self, inner: Inner, spec: Value) -> Value {
        let mut spec = inner.normal(spec);
        if self.how == How::HasANewField {
            spec["new"] = json!(1);
        }
        spec
    }

    fn observe<'a>(
        &'a self,
        inner: Inner,
        aws: &'a Aws,
        scopes: &'a [Scope],
        depth: Depth,
    ) -> BoxFuture<'a, Result<Seen, Failure>> {
        Box::pin(async move {
            if self.how != How::ReadsOneByOne {
                return Ok(self.misread(scopes, inner.observe(aws, scopes, depth).await?));
            }
            let mut seen = Seen::new();
            for scope in scopes {
                seen.extend(inner.observe(aws, std::slice::from_ref(scope), depth).await?);
            }
            Ok(seen)
        })
    }

    fn create<'a>(
        &'a self,
        inner: Inner,
        aws: &'a Aws,
        key: &'a Key,
        spec: Value,
    ) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(self.create_somehow(inner, aws, key, spec))
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
        match self.how {
            How::IgnoresUpdates => Box::pin(async { Ok(()) }),
            _ => inner.update(aws, key, outputs, spec, changes),
        }
    }

    fn delete<'a>(
        &'a self,
        inner: Inner,
        aws: &'a Aws,
        outputs: Value,
    ) -> BoxFuture<'a, Result<Deleted, Failure>> {
        Box::pin(self.delete_somehow(inner, aws, outputs))
    }
}
