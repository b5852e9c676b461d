//! What is said of a pass that did not come to look at anything.

use std::time::Duration;

use super::super::{EventReason, Requeue, Stage};
use super::*;
use crate::{
    api::{
        Reason,
        status::{Phase, ResourceState},
    },
    pipeline::Invalid,
};

#[test]
fn an_invalid_spec_keeps_what_was_seen() {
    let problems = [Invalid::new("spec.network.cidr", "too small", "use /16 to /20")];
    let scene = ready().later(|_| ());
    let report = scene.staged(Stage::Invalid(&problems));
    assert_eq!(said(&report, Ready), "False InvalidSpec");
    assert_eq!(said(&report, Stalled), "True InvalidSpec");
    assert_eq!(report.status.phase, Some(Phase::Degraded));
    assert_eq!(report.status.resources, scene.previous.resources);
    assert_eq!(reasons(&report), [EventReason::Stalled]);
}

#[test]
fn a_role_that_is_not_allowed_leaves_nothing_known_and_a_way_out() {
    let role = Invalid::new("spec.account.roleArn", "may not be used", "ask for it");
    let first = Scene::new(vec![]).staged(Stage::Forbidden(Reason::RoleNotAllowed, &role));
    assert_eq!(said(&first, Ready), "Unknown RoleNotAllowed");
    assert_eq!(said(&first, Stalled), "True RoleNotAllowed");
    assert_eq!(first.status.phase, Some(Phase::Failed));
    assert_eq!(first.requeue, Requeue::Slowly(Duration::from_secs(60)));
    assert!(!first.status.message.as_ref().is_some_and(|message| message.contains("Retain")));

    let known = ready()
        .later(|scene| scene.resource.deleting = true)
        .staged(Stage::Forbidden(Reason::RoleNotAllowed, &role));
    assert_eq!(known.status.phase, Some(Phase::Deleting));
    assert_eq!(row(&known, VPC.1).state, ResourceState::Unknown);
    assert!(known.status.message.is_some_and(|message| message.contains("deletionPolicy: Retain")));
}

#[test]
fn what_goes_is_gone_only_once_nothing_can_show_up_any_more() {
    let goes = ready().later(|scene| scene.resource.deleting = true);
    let unshown = goes.staged(Stage::Unshown(Duration::from_secs(40)));
    assert_eq!(said(&unshown, Ready), "False WaitingForAws");
    assert_eq!(unshown.status.phase, Some(Phase::Deleting));
    assert_eq!(unshown.status.resources, []);
    assert!(unshown.status.message.as_ref().is_some_and(|message| message.contains("once more")));
    assert_eq!(unshown.requeue, Requeue::Later(Duration::from_secs(40)));
    assert!(!reasons(&unshown).contains(&EventReason::Deleted), "{:?}", reasons(&unshown));

    let gone = goes.later(|scene| {
        scene.previous = unshown.status.clone();
        scene.items.clear();
    });
    assert_eq!(reasons(&gone.report()), [EventReason::Deleted]);
}

#[test]
fn without_credentials_nothing_is_known() {
    let none = failure("sts:GetCallerIdentity", "NoCredentials", Meaning::Credentials);
    let first = Scene::new(vec![]).staged(Stage::Unreached(&none));
    assert_eq!(said(&first, Ready), "Unknown CredentialsRejected");
    assert_eq!(first.status.phase, Some(Phase::Pending));
    assert_eq!(first.requeue, Requeue::Slowly(Duration::from_secs(60)));

    let known = ready().later(|_| ()).staged(Stage::Unreached(&none));
    assert_eq!(known.status.phase, Some(Phase::Unknown));
    assert_eq!(row(&known, VPC.1).state, ResourceState::Unknown);
    assert_eq!(row(&known, VPC.1).last_seen, Some(ResourceState::Ready));
}

#[test]
fn a_text_that_is_too_long_is_cut_once() {
    let problems: Vec<_> =
        (0..100).map(|n| Invalid::new(format!("spec.field{n}"), "is wrong".repeat(9), "mend it")).collect();
    let mut scene = ready();
    let first = scene.staged(Stage::Invalid(&problems)).status;
    assert_eq!(first.message.as_ref().map(|message| message.chars().count()), Some(1024));
    scene.previous = first.clone();
    assert_eq!(scene.staged(Stage::Invalid(&problems)).status, first);
}

#[test]
fn what_is_retained_is_said_once() {
    let scene = ready().later(|scene| scene.resource.deleting = true);
    let report = scene.staged(Stage::Retained);
    assert_eq!(reasons(&report), [EventReason::Retained]);
    assert_eq!(said(&report, Ready), "Unknown Retained");
}
