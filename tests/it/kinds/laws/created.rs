//! Created, then observed to quiescence, it equals its spec, and the next plan is empty; within a bound of passes.

use video_pipeline_operator::engine::{Data, Object, Phase};
use video_pipeline_operator::kinds;

use super::super::broken::How;
use super::super::ground::{Ground, PASSES, Plot, Verdict};
use super::super::inventory;
use super::super::rig::{INSEPARABLE, Rig, kinds_of, only};
use super::{caught, kept};

/// In how many passes a kind's resource is as wanted: one makes it; what its creating call does not take needs more.
fn bound(kind: &str) -> usize {
    match kind {
        // Neither encryption nor retention nor metrics can be given to a new one.
        "stream" => 4,
        // What is wanted of a gateway or a table is a call after the one that makes it.
        _ => 2,
    }
}

async fn law(ground: Ground) -> Verdict {
    let mut site = ground.new_site().await;
    site.grow(async |rig, plot| resource(rig, plot).await).await?;
    site.build().await?;
    // A process that knows nothing sees the same, and has nothing to do.
    site.rig.restart().await;
    let busy = site.rig.rest(&site.graph, &kinds_of(&site.graph), PASSES).await?;
    if busy == 0 { Ok(()) } else { Err(format!("a new process finds {busy} passes' work to do")) }
}

async fn resource(rig: &mut Rig, plot: &Plot) -> Verdict {
    let kind = &plot.address().kind;
    let before = inventory::of(kind, &rig.aws).await;
    rig.rest(&plot.with, &only(kind), bound(kind)).await?;
    let object = rig.object(plot.address()).ok_or("it is not there")?;
    if object.phase != Phase::Ready || object.spec.is_none() {
        return Err(format!("it rests, and is {:?}", object.phase));
    }
    if is_taken_for_another(kind, object) {
        return Err("a later one of its id would be taken for it".into());
    }
    let made: Vec<_> = inventory::of(kind, &rig.aws).await.difference(&before).cloned().collect();
    let alone = made.len() == 1 || INSEPARABLE.contains(&kind.as_str());
    if alone { Ok(()) } else { Err(format!("there are {} new ones: {made:?}", made.len())) }
}

/// What people allow to be done to what holds data is about one object, not about every one of that name.
fn is_taken_for_another(kind: &str, object: &Object) -> bool {
    let kind = kinds::kind(kind).filter(|kind| kind.holds_data() != Data::None);
    kind.is_some_and(|kind| kind.incarnation(object) == object.id)
}

#[tokio::test]
async fn what_is_created_equals_its_spec() {
    kept(law(Ground::registered()).await);
}

#[tokio::test]
async fn what_reads_something_else_is_caught() {
    caught(law(Ground::broken(How::ReadsSomethingElse)).await, "not at rest");
}
