//! Whichever mutating call the process dies at, and whether or not AWS had carried it out, another process repairs what is
//! left: nothing twice, nothing lost. So does the same process when only the reply was lost.
//!
//! Each resource lives its life (made, changed in every way, deleted) as often as it has calls; each time another call is
//! struck. Death before a call is death after the one before it, so that only the first call is struck so.

use video_pipeline_operator::engine::{Graph, Node};

use super::super::broken::How;
use super::super::edits;
use super::super::estate::with_spec;
use super::super::ground::{Ground, PASSES, Plot, Verdict};
use super::super::rig::{INSEPARABLE, Rig, only};
use super::{caught, kept};
use crate::wire::{Fault, Target};

/// More calls than any life has.
const CALLS: usize = 60;

async fn law(ground: Ground, fault: Fault) -> Verdict {
    let mut site = ground.new_site().await;
    let by_users = edits::fields_of_users(&site.estate);
    let edited = site.estate.patched(&edits::together()).graph();
    site.grow(async |rig, plot| {
        plot.settle(rig).await?;
        let mut node = edited.node(plot.address()).unwrap_or(&plot.node).clone();
        let kind = rig.kinds.iter().find(|kind| kind.name() == node.address.kind).unwrap();
        for field in edits::mutable(*kind, &plot.node) {
            let by_user = by_users.contains(&(node.address.kind.clone(), field.clone()));
            if let (false, Some(value)) = (by_user, edits::by_hand(&rig.aws, &plot.node, &field).await) {
                node.spec[field] = value;
            }
        }
        Life::of(plot, &node).struck(rig, fault).await?;
        plot.settle(rig).await.map(drop)
    })
    .await
}

/// What a resource goes through, and how many objects of its kind there are at the end of each part.
struct Life<'a> {
    plot: &'a Plot,
    /// Made, changed, deleted.
    parts: [(&'static str, Graph); 3],
}

impl<'a> Life<'a> {
    fn of(plot: &'a Plot, edited: &Node) -> Self {
        let changed = with_spec(&plot.with, edited);
        let parts = [("made", plot.with.clone()), ("changed", changed), ("deleted", plot.before.clone())];
        Self { plot, parts }
    }

    async fn struck(&self, rig: &mut Rig, fault: Fault) -> Verdict {
        self.rest(rig, &self.plot.before).await?;
        let mut counts = Vec::new();
        for (part, graph) in &self.parts {
            self.rest(rig, graph).await.map_err(|broken| format!("undisturbed, {part}: {broken}"))?;
            counts.push(self.plot.count(rig).await);
        }
        for calls in 0..CALLS {
            rig.account.wire.arm([(Target::Mutation(calls), fault)]);
            let lived = self.live(rig, &counts).await;
            match rig.account.wire.disarm().pop() {
                Some(call) => {
                    let action = call.action;
                    lived.map_err(|broken| format!("{fault:?} at call {calls}, {action}: {broken}"))?;
                }
                None => return lived.map_err(|broken| format!("not struck at all: {broken}")),
            }
            let end = self.end(rig, counts[2]).await;
            end.map_err(|broken| format!("after {fault:?} at call {calls}: {broken}"))?;
            if fault == Fault::DiesBefore {
                return Ok(());
            }
        }
        Err(format!("it makes more than {CALLS} calls"))
    }

    /// Lives on to the end of the part in which it is struck.
    async fn live(&self, rig: &mut Rig, counts: &[usize]) -> Verdict {
        for ((part, graph), count) in self.parts.iter().zip(counts) {
            let lived = match *part {
                "deleted" => self.end(rig, *count).await,
                _ => self.part(rig, graph, *count).await,
            };
            lived.map_err(|broken| format!("{part}: {broken}"))?;
            if rig.account.wire.has_struck() {
                break;
            }
        }
        Ok(())
    }

    async fn part(&self, rig: &mut Rig, graph: &Graph, count: usize) -> Verdict {
        self.rest(rig, graph).await?;
        let now = self.plot.count(rig).await;
        if now == count { Ok(()) } else { Err(format!("there are {now} instead of {count}")) }
    }

    async fn end(&self, rig: &mut Rig, count: usize) -> Verdict {
        // What goes only with its parent may stay as it is.
        match INSEPARABLE.contains(&self.plot.address().kind.as_str()) {
            true => self.rest(rig, &self.plot.before).await,
            false => self.part(rig, &self.plot.before, count).await,
        }
    }

    async fn rest(&self, rig: &mut Rig, graph: &Graph) -> Verdict {
        rig.rest(graph, &only(&self.plot.address().kind), PASSES).await.map(drop)
    }
}

#[tokio::test]
async fn death_between_the_intent_and_the_first_call_is_repaired() {
    kept(law(Ground::registered(), Fault::DiesBefore).await);
}

#[tokio::test]
async fn death_after_any_call_is_repaired() {
    kept(law(Ground::registered(), Fault::DiesAfter).await);
}

#[tokio::test]
async fn a_lost_reply_of_any_call_is_repaired() {
    kept(law(Ground::registered(), Fault::LosesReply).await);
}

#[tokio::test]
async fn what_leaves_something_behind_is_caught() {
    caught(law(Ground::broken(How::LeavesScaffolding), Fault::DiesAfter).await, "instead of");
}
