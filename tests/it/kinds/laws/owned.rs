//! What is whose: two pipelines get each their own, a stranger's object of the same name is foreign and stays as it is,
//! whether it is another owner's or nobody's, and an orphan is found with nothing remembered.

use std::collections::BTreeSet;

use video_pipeline_operator::engine::{
    self, Address, Block, Depth, Key, Observed, Recall, Scope, Verdict as Judged, World,
};

use super::super::broken::How;
use super::super::estate::without_root;
use super::super::ground::{Ground, Site, Verdict};
use super::super::inventory;
use super::super::lab::Account;
use super::super::rig::{ids, specs};
use super::super::strangers::{Whose, everything};
use super::{caught, kept};

async fn observe(site: &Site, scopes: &[Scope]) -> Vec<World> {
    engine::observe(site.rig.kinds, &site.rig.aws, scopes, Depth::Audit).await
}

/// Seen together, each has exactly what it has when it is seen alone, and what it wants.
async fn each_their_own(ground: Ground) -> Verdict {
    let account = Account::open().await;
    let mut dev = ground.site(&account, "media", "dev").await;
    let mut prod = ground.site(&account, "media", "prod").await;
    let (one, other) = futures::join!(dev.build(), prod.build());
    one.and(other)?;

    let together = observe(&dev, &[dev.rig.scope.clone(), prod.rig.scope.clone()]).await;
    for (site, world) in [&dev, &prod].into_iter().zip(&together) {
        let alone = &observe(site, std::slice::from_ref(&site.rig.scope)).await[0];
        if ids(world) != ids(alone) || specs(world) != specs(alone) {
            return Err(format!("{}: seen together, it has something else", site.rig.scope.owner));
        }
        let wanted: BTreeSet<_> = site.graph.nodes().iter().map(|node| node.address.clone()).collect();
        let there: BTreeSet<_> = world.ours().map(|(address, _)| address.base()).collect();
        if wanted != there {
            let differ: Vec<_> = wanted.symmetric_difference(&there).collect();
            return Err(format!("{}: not both wanted and there: {differ:?}", site.rig.scope.owner));
        }
    }
    Ok(())
}

/// A process that remembers nothing, and wants nothing, finds everything of the owner, even what has a name that no
/// environment has any more; however deep it looks.
async fn orphans_are_found(ground: Ground) -> Verdict {
    let mut site = ground.new_site().await;
    site.build().await?;
    let there = ids(&site.rig.world);
    let mut scope = site.rig.scope.clone();
    all_found(&there, &observe(&site, std::slice::from_ref(&scope)).await[0])?;
    scope.named.clear();
    let nameless = [scope];
    for depth in [Depth::Status, Depth::Audit] {
        let seen = engine::observe(site.rig.kinds, &site.rig.aws, &nameless, depth).await.remove(0);
        all_found(&there, &seen).map_err(|lost| format!("{depth:?}, without names: {lost}"))?;
    }
    Ok(())
}

/// Under whichever address: one that has no name any more may stand at another one.
fn all_found(there: &[(Address, String)], seen: &World) -> Verdict {
    let found = ids(seen);
    let is_found = |(at, id): &&(Address, String)| found.iter().any(|(f, i)| f.kind == at.kind && i == id);
    let lost: Vec<_> = there.iter().filter(|one| !is_found(one)).collect();
    if lost.is_empty() { Ok(()) } else { Err(format!("not found: {lost:?}")) }
}

/// Kinds whose objects have no owner of their own: to whoever does not own the parent, nothing is there.
const CHILDREN: [&str; 7] = [
    "rolePolicy",
    "routeTableAssociation",
    "scalableTarget",
    "scalingPolicy",
    "secretRotation",
    "securityGroupRules",
    "taskDefinition",
];

/// Somebody wants an environment whose names are taken.
async fn strangers_are_left_alone(ground: Ground, whose: Whose) -> Verdict {
    let account = Account::open().await;
    let mut host = ground.site(&account, "media", "dev").await;
    host.build().await?;
    whose.take(&host).await;
    let before = everything(&account).await;

    let guest = ground.site(&account, "elsewhere", "dev").await;
    let seen = observe(&guest, std::slice::from_ref(&guest.rig.scope)).await.remove(0);
    foreign_everywhere(&host, whose, &seen)?;
    nothing_is_decided(guest, whose, &seen).await?;
    names_are_taken(&host, "laws/elsewhere/dev").await?;
    match everything(&account).await.difference(&before) {
        Some(difference) => Err(format!("what stands there has been changed:{difference}")),
        None => Ok(()),
    }
}

fn foreign_everywhere(host: &Site, whose: Whose, seen: &World) -> Verdict {
    for (address, _) in host.rig.world.ours() {
        let child = CHILDREN.contains(&address.kind.as_str());
        let unnamed = whose.unnames(&address.kind);
        match seen.objects.get(address) {
            Some(Observed::Foreign { owner, .. }) if !unnamed && *owner == whose.owner(host) => {}
            Some(Observed::Absent) | None if child || unnamed => {}
            other => return Err(format!("{address}: to another owner it is {other:?}")),
        }
    }
    Ok(())
}

/// Each resource by itself, so that it is not the claim alone that protects them.
async fn nothing_is_decided(mut guest: Site, whose: Whose, seen: &World) -> Verdict {
    guest.rig.world = seen.clone();
    let unclaimed = without_root(&guest.graph, |node| seen.objects.contains_key(&node.address));
    let taken = |kind: &str| !CHILDREN.contains(&kind) && !whose.unnames(kind);
    let owned = without_root(&unclaimed, |node| taken(&node.address.kind));
    let plan = guest.rig.plan(&owned)?;
    if let Some(step) = plan.steps.first() {
        return Err(format!("it would {:?} {}", step.id.op, step.id.at));
    }
    let blocked = |address: &Address| {
        let verdict = plan.item(address).map(|item| &item.verdict);
        matches!(verdict, Some(Judged::Blocked(Block::Foreign { .. })))
    };
    match owned.nodes().iter().find(|node| !blocked(&node.address)) {
        Some(node) => Err(format!("{} is not blocked", node.address)),
        None => Ok(()),
    }
}

/// Were it decided nevertheless, because the stranger came in between: AWS refuses, and the kind does not insist. An alarm
/// is put, whether it is there already or not: what a stranger's is like is overwritten by then (here by the same), and
/// only the look of the same pass protects it. So all that can be asked is that nothing more is made, and that nobody takes
/// it for ours.
async fn names_are_taken(host: &Site, owner: &str) -> Verdict {
    for node in host.graph.nodes() {
        let kind = host.rig.kinds.iter().find(|kind| kind.name() == node.address.kind).unwrap();
        let unnamed = kind.recall() == Recall::Tags || kind.name() == "routeTable";
        if CHILDREN.contains(&kind.name()) || unnamed {
            continue;
        }
        let spec = host.rig.object(&node.address).and_then(|object| object.spec.clone()).unwrap();
        let key = Key {
            address: node.address.clone(),
            name: node.name.clone(),
            owner: owner.to_owned(),
            labels: host.graph.identity.labels.clone(),
            token: Some("a-strangers-token".to_owned()),
        };
        let before = inventory::of(kind.name(), &host.rig.aws).await;
        let made = kind.create(&host.rig.aws, &key, spec).await;
        if let Ok(outputs) = made {
            return Err(format!("{}: a stranger made it as well: {outputs}", node.address));
        }
        if before != inventory::of(kind.name(), &host.rig.aws).await {
            return Err(format!("{}: a stranger was refused, and left something", node.address));
        }
    }
    Ok(())
}

#[tokio::test]
async fn two_pipelines_get_each_their_own() {
    kept(each_their_own(Ground::registered()).await);
}

#[tokio::test]
async fn an_orphan_is_found_with_nothing_remembered() {
    kept(orphans_are_found(Ground::registered()).await);
}

#[tokio::test]
async fn a_stranger_s_object_is_foreign_and_stays_as_it_is() {
    kept(strangers_are_left_alone(Ground::registered(), Whose::SomebodyElses).await);
}

#[tokio::test]
async fn an_object_without_our_tags_is_foreign_and_stays_as_it_is() {
    kept(strangers_are_left_alone(Ground::registered(), Whose::Nobodys).await);
}

#[tokio::test]
async fn an_object_without_any_tags_stays_as_it_is() {
    kept(strangers_are_left_alone(Ground::registered(), Whose::Untagged).await);
}

#[tokio::test]
async fn a_kind_that_mixes_owners_is_caught() {
    caught(each_their_own(Ground::broken(How::MixesOwners)).await, "seen together");
}

#[tokio::test]
async fn a_kind_that_needs_names_is_caught() {
    caught(orphans_are_found(Ground::broken(How::NeedsNames)).await, "Status, without names: not found");
}

#[tokio::test]
async fn a_kind_that_overlooks_strangers_is_caught() {
    let verdict =
        strangers_are_left_alone(Ground::broken(How::OverlooksStrangers), Whose::SomebodyElses).await;
    caught(verdict, "to another owner it is");
}

#[tokio::test]
async fn a_kind_that_overwrites_what_strangers_have_is_caught() {
    let verdict =
        strangers_are_left_alone(Ground::broken(How::OverwritesStrangers), Whose::SomebodyElses).await;
    caught(verdict, "has been changed");
}

#[tokio::test]
async fn a_kind_that_takes_what_is_nobody_s_is_caught() {
    let ground = Ground::broken(How::TakesWhatIsNobodys);
    kept(strangers_are_left_alone(ground, Whose::SomebodyElses).await);
    for whose in [Whose::Nobodys, Whose::Untagged] {
        caught(strangers_are_left_alone(ground, whose).await, "to another owner it is Some(Ours(");
    }
}

#[tokio::test]
async fn a_kind_that_takes_taken_names_is_caught() {
    let verdict = strangers_are_left_alone(Ground::broken(How::TakesTakenNames), Whose::SomebodyElses).await;
    caught(verdict, "processing/log-group: a stranger made it as well");
}
