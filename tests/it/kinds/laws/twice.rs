//! Create twice with one key makes one. Update and delete twice are fine.
//!
//! A kind that only tags recall may make a second one; that is then found by its tags, and goes.

use std::sync::Mutex;

use futures::future::BoxFuture;
use serde_json::Value;
use video_pipeline_operator::aws::Aws;
use video_pipeline_operator::engine::{Changes, Deleted, Failure, Key, Recall};

use super::super::broken::How;
use super::super::estate::first;
use super::super::ground::{Ground, PASSES, Plot, Verdict};
use super::super::inventory;
use super::super::over::{Inner, Manner};
use super::super::rig::{INSEPARABLE, Rig, kinds_of};
use super::{caught, kept};

/// Does everything a second time, as if the first reply had been lost.
#[derive(Default)]
struct Twice(Mutex<Vec<String>>);

impl Twice {
    fn wrong(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    fn verdict(&self) -> Verdict {
        let wrong = self.0.lock().unwrap();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

impl Manner for Twice {
    fn create<'a>(
        &'a self,
        inner: Inner,
        aws: &'a Aws,
        key: &'a Key,
        spec: Value,
    ) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let first = inner.create(aws, key, spec.clone()).await?;
            match inner.create(aws, key, spec).await {
                Ok(second) if second == first || inner.recall() == Recall::Tags => {}
                second => self.wrong(format!("{}: created {first}, and then {second:?}", key.address)),
            }
            Ok(first)
        })
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
        Box::pin(async move {
            inner.update(aws, key, outputs.clone(), spec.clone(), changes).await?;
            if let Err(second) = inner.update(aws, key, outputs, spec, changes).await {
                self.wrong(format!("{}: updated, and then {second}", key.address));
            }
            Ok(())
        })
    }

    fn delete<'a>(
        &'a self,
        inner: Inner,
        aws: &'a Aws,
        outputs: Value,
    ) -> BoxFuture<'a, Result<Deleted, Failure>> {
        Box::pin(async move {
            let first = inner.delete(aws, outputs.clone()).await?;
            if let Err(second) = inner.delete(aws, outputs.clone()).await {
                self.wrong(format!("{} {outputs}: deleted, and then {second}", inner.name()));
            }
            Ok(first)
        })
    }
}

async fn law(ground: Ground) -> Verdict {
    let twice: &Twice = Box::leak(Box::default());
    let mut site = ground.in_manner(twice).new_site().await;
    site.grow(async |rig, plot| one(rig, plot).await).await?;
    site.build().await?;
    // All of it goes, step by step from the end, so that each deletion meets what it refers to.
    for count in (0..site.graph.nodes().len()).rev() {
        let kind = site.graph.nodes()[count].address.kind.clone();
        let gone = site.rig.rest(&first(&site.graph, count), &[kind].into(), PASSES).await;
        gone.map_err(|broken| format!("without {}: {broken}", site.graph.nodes()[count].address))?;
    }
    site.rig.observe(&kinds_of(&site.graph)).await;
    let left: Vec<_> = site.rig.world.ours().map(|(address, _)| address.to_string()).collect();
    if !left.is_empty() {
        return Err(format!("left: {left:?}"));
    }
    twice.verdict()
}

async fn one(rig: &mut Rig, plot: &Plot) -> Verdict {
    let kind = &plot.address().kind;
    let before = inventory::of(kind, &rig.aws).await;
    plot.settle(rig).await?;
    let made: Vec<_> = inventory::of(kind, &rig.aws).await.difference(&before).cloned().collect();
    let alone = made.len() == 1 || INSEPARABLE.contains(&kind.as_str());
    if alone { Ok(()) } else { Err(format!("there are {} new ones: {made:?}", made.len())) }
}

#[tokio::test]
async fn what_is_done_twice_is_done_once() {
    kept(law(Ground::registered()).await);
}

#[tokio::test]
async fn what_makes_two_is_caught() {
    caught(law(Ground::broken(How::MakesTwo)).await, "and then");
}

#[tokio::test]
async fn what_can_be_deleted_only_once_is_caught() {
    caught(law(Ground::broken(How::DeletesOnlyOnce)).await, "deleted, and then");
}
