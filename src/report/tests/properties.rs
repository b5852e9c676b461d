//! What holds of every pass.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    api::ConditionStatus,
    engine::{Defect, Deferral, Item},
};

fn any_verdict() -> impl Strategy<Value = Verdict> {
    let read = failure("ec2:DescribeVpcs", "RequestLimitExceeded", Meaning::Throttled);
    let foreign = Block::Foreign { id: "x".into(), owner: None };
    prop_oneof![
        4 => Just(Verdict::Keep),
        1 => Just(Verdict::Create),
        1 => Just(update()),
        1 => Just(Verdict::Replace(changes("a", json!(1), json!(2)))),
        1 => Just(Verdict::Revise(changes("a", json!(1), json!(2)))),
        2 => Just(settling("creating")),
        1 => Just(Verdict::Wait(Waiting::Leaving("going".into()))),
        1 => Just(Verdict::Wait(Waiting::InDoubt("a call may be lost".into()))),
        1 => Just(Verdict::Wait(Waiting::Unread(read))),
        1 => Just(on(&[VPC, CLUSTER])),
        1 => Just(Verdict::Blocked(foreign)),
        1 => Just(Verdict::Blocked(Block::Broken(Defect::new("unhealthy", "mend it")))),
    ]
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Done(json!({}))),
        Just(Outcome::Deferred(Deferral::Leaving)),
        Just(Outcome::Deferred(Deferral::Refused(failure("a:B", "Busy", Meaning::InUse)))),
        Just(Outcome::Failed(failure("a:B", "Denied", Meaning::Denied))),
        Just(Outcome::Failed(failure("a:B", "Timeout", Meaning::Transient))),
    ]
}

prop_compose! {
    fn any_scene()(
        verdicts in proptest::collection::vec((any_verdict(), any_outcome(), any::<bool>()), 7),
        suspended in any::<bool>(),
        deleting in any::<bool>(),
    ) -> Scene {
        let places = [
            CLAIM, VPC, QUEUE, CLUSTER, SERVICE, ("dbInstance", "storage/instance-1"), ("dbInstance", "storage/instance-2"),
        ];
        let mut scene = Scene::new(Vec::new());
        scene.resource.suspended = suspended;
        scene.resource.deleting = deleting;
        for (place, (verdict, outcome, wanted)) in places.into_iter().zip(verdicts) {
            let op = if verdict == Verdict::Create { Op::Create } else { Op::Update };
            if verdict.mutates() {
                scene = scene.outcome(place, op, outcome);
            }
            let mut item = item(place.0, place.1, verdict);
            item.wanted = wanted && !deleting;
            scene.items.push(item);
        }
        if suspended {
            scene.outcomes = None;
        }
        scene
    }
}

proptest! {
    #[test]
    fn a_pass_that_changes_nothing_writes_nothing(scene in any_scene()) {
        let first = scene.report();
        let again = scene.later(|_| ()).report();
        prop_assert_eq!(&again.status, &first.status);
        prop_assert_eq!(again.events, Vec::new());
    }

    #[test]
    fn ready_is_the_truth(scene in any_scene()) {
        let report = scene.report();
        let is_ready = condition(&report, Ready).status == ConditionStatus::True;
        let spared = |kind: &str| kind == "dbInstance";
        let wanted = scene.items.iter().filter(|item| item.wanted);
        let all_kept = wanted.clone().all(|item| item.verdict == Verdict::Keep);
        let rest_kept = wanted.clone().all(|item| spared(&item.address.kind) || item.verdict == Verdict::Keep);
        let unread = |item: &Item| matches!(item.verdict, Verdict::Wait(Waiting::Unread(_)));
        let all_read = !scene.items.iter().any(unread);
        prop_assert!(!is_ready || (rest_kept && all_read && !scene.resource.deleting));
        prop_assert!(is_ready || !all_kept || !all_read || scene.resource.deleting);
        let counted: BTreeMap<_, _> = report.status.resources.iter().map(|row| (&row.address, row)).collect();
        prop_assert_eq!(counted.len(), scene.items.len());
    }

    #[test]
    fn every_condition_has_words(scene in any_scene()) {
        let report = scene.report();
        prop_assert!(report.status.conditions.iter().all(|condition| !condition.reason.is_empty()));
        let stalled = condition(&report, Stalled);
        prop_assert!(stalled.status != ConditionStatus::True || !stalled.message.is_empty());
        prop_assert!(report.status.to_bounded_json().is_ok());
    }
}
