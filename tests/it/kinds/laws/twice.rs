//! Create twice with one key makes one. Update and delete twice are fine.
//!
//! A kind that only tags recall may make a second one; that is then found by its tags, and goes.

use std::sync::Mutex;

use serde_json::Value;
use video_pipeline_operator::engine::{Deleted, Failure, Recall};

use super::super::broken::How;
use super::super::estate::first;
use super::super::ground::{Ground, PASSES, Plot, Verdict};
use super::super::inventory;
use super::super::over::{Creation, Deletion, Manner, Update};
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
    async fn create(&self, creation: Creation<'_>) -> Result<Value, Failure> {
        let (inner, address) = (creation.inner, &creation.key.address);
        let first = creation.clone().go().await?;
        match creation.go().await {
            Ok(second) if second == first || inner.recall() == Recall::Tags => {}
            second => self.wrong(format!("{address}: created {first}, and then {second:?}")),
        }
        Ok(first)
    }

    async fn update(&self, update: Update<'_>) -> Result<(), Failure> {
        let address = &update.key.address;
        update.clone().go().await?;
        if let Err(second) = update.go().await {
            self.wrong(format!("{address}: updated, and then {second}"));
        }
        Ok(())
    }

    async fn delete(&self, deletion: Deletion<'_>) -> Result<Deleted, Failure> {
        let first = deletion.clone().go().await?;
        if let Err(second) = deletion.clone().go().await {
            let Deletion { inner, outputs, .. } = deletion;
            self.wrong(format!("{} {outputs}: deleted, and then {second}", inner.name()));
        }
        Ok(first)
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
