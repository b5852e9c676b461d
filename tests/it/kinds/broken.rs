//! Kinds that are broken on purpose, each in the way that one law forbids: a law that finds nothing wrong with them is
//! no law.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use video_pipeline_operator::engine::{Deleted, Failure, Meaning, Object, Observed, Phase, Scope};
use video_pipeline_operator::kinds;

use super::over::{Creation, Deletion, Inner, Look, Manner, Seen, Update, over};
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
    /// What nobody owns is taken for ours.
    TakesWhatIsNobodys,
    /// A name that is taken counts as made, whosever it is.
    TakesTakenNames,
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
            (How::TakesWhatIsNobodys, foreign @ Observed::Foreign { owner: None, .. }) => take(foreign),
            _ => {}
        }
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

    async fn observe(&self, look: Look<'_>) -> Result<Seen, Failure> {
        if self.how != How::ReadsOneByOne {
            return Ok(self.misread(look.scopes, look.go().await?));
        }
        let mut seen = Seen::new();
        for scope in look.scopes {
            seen.extend(Look { scopes: std::slice::from_ref(scope), ..look }.go().await?);
        }
        Ok(seen)
    }

    async fn create(&self, creation: Creation<'_>) -> Result<Value, Failure> {
        let Creation { inner, aws, key, .. } = creation;
        let mut other = key.clone();
        match self.how {
            How::MakesTwo => {
                other.name = format!("{}-{}", key.name, self.made.fetch_add(1, Ordering::SeqCst));
                Creation { key: &other, ..creation }.go().await
            }
            How::LeavesScaffolding => {
                other.name = format!("{}-scaffolding-{}", key.name, self.made.fetch_add(1, Ordering::SeqCst));
                other.owner = "nobody".to_owned();
                let scaffolding = Creation { key: &other, ..creation.clone() }.go().await?;
                let made = creation.go().await?;
                inner.delete(aws, scaffolding).await?;
                Ok(made)
            }
            How::TakesTakenNames => match creation.go().await {
                Err(taken) if taken.is(Meaning::AlreadyExists) => Ok(outputs(&key.name)),
                made => made,
            },
            How::OverwritesStrangers => {
                let made = creation.go().await;
                if made.as_ref().is_err_and(|taken| taken.is(Meaning::AlreadyExists)) {
                    let retention = aws.logs.put_retention_policy().log_group_name(&key.name);
                    retention.retention_in_days(1).send().await.ok();
                }
                made
            }
            _ => creation.go().await,
        }
    }

    async fn update(&self, update: Update<'_>) -> Result<(), Failure> {
        if self.how == How::IgnoresUpdates { Ok(()) } else { update.go().await }
    }

    async fn delete(&self, deletion: Deletion<'_>) -> Result<Deleted, Failure> {
        if self.how == How::DeletesOnlyOnce {
            let mut deleted = self.deleted.lock().unwrap();
            if deleted.contains(&deletion.outputs) {
                return Err(no_such_group());
            }
            deleted.push(deletion.outputs.clone());
        }
        deletion.go().await
    }
}

/// As if it were ours.
fn take(foreign: &mut Observed) {
    if let Observed::Foreign { id, .. } = foreign {
        let (id, outputs) = (id.clone(), outputs(id));
        *foreign = Observed::Ours(Object { id, spec: None, outputs, phase: Phase::Ready });
    }
}

fn outputs(name: &str) -> Value {
    json!({ "name": name, "arn": name })
}

fn no_such_group() -> Failure {
    Failure::new(
        "logs:DeleteLogGroup",
        "ResourceNotFoundException",
        Meaning::NotFound,
        "The specified log group does not exist.",
    )
}
