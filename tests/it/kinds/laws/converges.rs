//! Every mutable field converges, in place, and back. Which fields there are is read off the specs as they are written
//! down: one that no test edits breaks the law.

use std::collections::BTreeSet;

use serde_json::Value;
use video_pipeline_operator::engine::{self, Graph, Node};

use super::super::broken::How;
use super::super::edits::{self, Field};
use super::super::estate::with_spec;
use super::super::ground::{Ground, PASSES, Plot, Site, Verdict};
use super::super::rig::{Rig, kinds_of};
use super::{caught, kept};

/// Of the fields that users cannot change: each alone, on a resource of its kind.
async fn by_hand(ground: Ground) -> Verdict {
    let mut site = ground.new_site().await;
    let by_users = edits::fields_of_users(&site.estate);
    site.grow(async |rig, plot| {
        plot.settle(rig).await?;
        for field in fields_left(rig, &plot.node, &by_users) {
            let edit = edits::by_hand(&rig.aws, &plot.node, &field).await;
            let edit = edit.ok_or(format!("no test edits its field {field}"))?;
            there_and_back(rig, plot, &field, edit).await.map_err(|broken| format!("{field}: {broken}"))?;
        }
        Ok(())
    })
    .await
}

/// AWS gives an association another id whenever it changes.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRouteTableAssociation.html>
const RENAMED: &str = "routeTableAssociation";

/// The mutable fields that no user edits.
fn fields_left(rig: &Rig, node: &Node, by_users: &BTreeSet<Field>) -> Vec<String> {
    let kind = rig.kinds.iter().find(|kind| kind.name() == node.address.kind).unwrap();
    let mut fields = edits::mutable(*kind, node);
    fields.retain(|field| !by_users.contains(&(node.address.kind.clone(), field.clone())));
    fields
}

async fn there_and_back(rig: &mut Rig, plot: &Plot, field: &str, edit: Value) -> Verdict {
    let mut edited = plot.node.clone();
    edited.spec[field] = edit;
    if let Some((other, value)) = edits::along(&plot.node.address.kind, field) {
        edited.spec[other] = value;
    }
    let with = with_spec(&plot.with, &edited);
    let id = rig.object(plot.address()).ok_or("it is not there")?.id.clone();
    let verdict = rig.plan(&with)?.item(plot.address()).map(|item| item.verdict.clone());
    match &verdict {
        Some(engine::Verdict::Update(changes)) if changes.has(field) => {}
        other => return Err(format!("the edit comes to {other:?}")),
    }
    let kinds = [plot.address().kind.clone()].into();
    rig.rest(&with, &kinds, 3).await?;
    rig.rest(&plot.with, &kinds, 3).await.map_err(|broken| format!("back again: {broken}"))?;
    let now = &rig.object(plot.address()).ok_or("it is not there any more")?.id;
    let kept = *now == id || plot.address().kind == RENAMED;
    if kept { Ok(()) } else { Err(format!("{id} became {now}")) }
}

/// Of what users change: edit after edit on a whole environment.
async fn by_users(ground: Ground) -> Verdict {
    let mut site = ground.new_site().await;
    site.build().await?;
    let base = site.estate.graph();
    for edit in edits::of_users() {
        let graph = site.estate.patched(&edit).graph();
        if graph != base {
            become_wanted(&mut site, &graph).await.map_err(|broken| format!("{edit}: {broken}"))?;
        }
    }
    become_wanted(&mut site, &base).await.map_err(|broken| format!("back again: {broken}"))?;
    for edit in edits::for_good() {
        let graph = site.estate.patched(&edit).graph();
        become_wanted(&mut site, &graph).await.map_err(|broken| format!("{edit}: {broken}"))?;
    }
    Ok(())
}

/// Everything converges, and stays what it was: nothing is replaced but what is made anew for each version.
async fn become_wanted(site: &mut Site, graph: &Graph) -> Verdict {
    let ids = |rig: &Rig| -> Vec<_> {
        let kept = super::super::rig::ids(&rig.world).into_iter();
        kept.filter(|(at, _)| graph.node(at).is_some() && site.graph.node(at).is_some()).collect()
    };
    let before = ids(&site.rig);
    site.rig.rest(graph, &kinds_of(&site.estate.graph()), PASSES).await?;
    let after = ids(&site.rig);
    let known = |one: &&(engine::Address, String)| before.iter().any(|(at, _)| *at == one.0);
    let replaced: Vec<_> = after.iter().filter(known).filter(|one| !before.contains(one)).collect();
    if replaced.is_empty() { Ok(()) } else { Err(format!("replaced: {replaced:?}")) }
}

#[tokio::test]
async fn each_field_that_the_design_decides_converges() {
    kept(by_hand(Ground::registered()).await);
}

#[tokio::test]
async fn each_edit_of_a_user_converges() {
    kept(by_users(Ground::registered()).await);
}

#[tokio::test]
async fn a_field_that_no_test_edits_is_caught() {
    caught(by_hand(Ground::broken(How::HasANewField)).await, "no test edits its field new");
}

#[tokio::test]
async fn a_kind_that_ignores_updates_is_caught() {
    caught(by_users(Ground::broken(How::IgnoresUpdates)).await, "not at rest");
}
