use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use serde_json::json;

use super::{EventReason, Report, Requeue, Stage, fixtures::*, text::*};
use crate::{
    api::{
        ConditionStatus,
        ConditionType::*,
        status::{Phase, ResourceState},
    },
    engine::{Block, Deferral, Meaning, Op, Outcome, Plan, Verdict, Waiting},
    pipeline::Invalid,
};

const QUEUE: (&str, &str) = ("queue", "errors/dead-letter-queue");
const SERVICE: (&str, &str) = ("service", "processing/service");
const CLUSTER: (&str, &str) = ("dbCluster", "storage/cluster");
const VPC: (&str, &str) = ("vpc", "network/vpc");

fn reasons(report: &Report) -> Vec<EventReason> {
    report.events.iter().map(|event| event.reason).collect()
}

fn ready() -> Scene {
    Scene::new(vec![keep(CLAIM), keep(VPC), keep(QUEUE), keep(CLUSTER), keep(SERVICE)])
}

/// One resource is refused, and another waits for it.
fn refused() -> Scene {
    let denied = failure("sqs:CreateQueue", "AccessDenied", Meaning::Denied);
    Scene::new(vec![
        keep(CLAIM),
        item(QUEUE.0, QUEUE.1, Verdict::Create),
        item(SERVICE.0, SERVICE.1, on(&[QUEUE])),
    ])
    .outcome(QUEUE, Op::Create, Outcome::Failed(denied))
}

#[test]
fn an_environment_as_wanted_is_ready_and_quiet() {
    let first = ready().report();
    assert_eq!(first.status.phase, Some(Phase::Ready));
    assert_eq!(first.status.resources_ready.as_deref(), Some("5/5"));
    assert_eq!(said(&first, Ready), "True AsWanted");
    assert_eq!(said(&first, Reconciling), "False Idle");
    assert_eq!(said(&first, Stalled), "False Idle");
    assert_eq!(reasons(&first), [EventReason::Ready]);
    assert_eq!(first.requeue, Requeue::Sweep);

    let second = ready().later(|_| ()).report();
    assert_eq!(second.status, first.status);
    assert_eq!(second.events, []);
}

#[test]
fn a_root_cause_is_said_once_and_its_echoes_point_to_it() {
    let report = refused().report();
    let queue = row(&report, QUEUE.1);
    assert_eq!(queue.state, ResourceState::Failed);
    assert_eq!(
        queue.message.as_deref(),
        Some(
            "sqs:CreateQueue refused: AccessDenied: no (request r-1) · the operator's identity lacks sqs:CreateQueue \
             · add it; `video-pipeline-operator iam-policy` prints the whole policy · tried again every few minutes, \
             and at once when the pipeline changes"
        )
    );
    let service = row(&report, SERVICE.1);
    assert_eq!(service.state, ResourceState::Waiting);
    assert_eq!(service.message.as_deref(), Some("waits for errors/dead-letter-queue"));

    assert_eq!(said(&report, IngestionReady), "False AccessDenied");
    assert_eq!(said(&report, ProcessingReady), "False WaitingForDependency");
    assert_eq!(said(&report, Stalled), "True AccessDenied");
    assert!(condition(&report, Ready).message.ends_with("waiting for it: processing/service"));
    assert_eq!(
        report.status.message.as_deref(),
        Some("1 of 3 as wanted: errors/dead-letter-queue refused: AccessDenied on sqs:CreateQueue")
    );
    assert_eq!(reasons(&report), [EventReason::ResourceFailed]);
    assert_eq!(report.requeue, Requeue::Slowly(Duration::from_secs(60)));
}

#[test]
fn the_next_request_id_is_no_news() {
    let mut again = failure("sqs:CreateQueue", "AccessDenied", Meaning::Denied);
    again.request_id = Some("r-2".into());
    let first = refused().report();
    let second = refused().later(|_| ()).outcome(QUEUE, Op::Create, Outcome::Failed(again)).report();
    assert_eq!(second.status, first.status);
    assert_eq!(second.events, []);
}

#[test]
fn what_could_not_be_read_is_never_ready() {
    let throttled = failure("ec2:DescribeVpcs", "RequestLimitExceeded", Meaning::Throttled);
    let unread = Verdict::Wait(Waiting::Unread(throttled));
    let report = ready()
        .later(|scene| {
            scene.items[1].verdict = unread.clone();
            scene.items.push(item("subnet", "network/subnet-1", unread));
        })
        .report();
    assert_eq!(said(&report, Ready), "Unknown NotObserved");
    assert_eq!(said(&report, NetworkReady), "Unknown NotObserved");
    assert_eq!(said(&report, StorageReady), "True AsWanted");
    assert_eq!(report.status.phase, Some(Phase::Unknown));
    assert_eq!(row(&report, VPC.1).last_seen, Some(ResourceState::Ready));
    assert_eq!(
        row(&report, "network/subnet-1").message.as_deref(),
        Some("could not be read, like network/vpc")
    );
    assert_eq!(report.requeue, Requeue::Retry(Duration::from_secs(2)));
}

#[test]
fn a_reader_that_settles_keeps_nobody_waiting() {
    let reader = item("dbInstance", "storage/instance-2", settling("creating"));
    let writer = keep(("dbInstance", "storage/instance-1"));
    let with = |first| Scene::new(vec![keep(CLUSTER), first, reader.clone()]).report();

    let report = with(writer);
    assert_eq!(said(&report, Ready), "True AsWanted");
    assert!(condition(&report, Ready).message.contains("storage/instance-2: creating"));
    assert_eq!(said(&report, Reconciling), "True WaitingForAws");
    assert_eq!(report.status.resources_ready.as_deref(), Some("2/3"));

    let nobody_writes = with(item("dbInstance", "storage/instance-1", settling("creating")));
    assert_eq!(said(&nobody_writes, Ready), "False Creating");
}

#[test]
fn what_differs_by_itself_is_drift_and_what_was_asked_for_is_not() {
    let changed = |generation| {
        ready()
            .later(|scene| {
                scene.resource.generation = Some(generation);
                scene.items[2].verdict = update();
            })
            .outcome(QUEUE, Op::Update, Outcome::Done(json!({})))
    };
    let drift = changed(1).report();
    assert_eq!(said(&drift, Reconciling), "True RepairingDrift");
    assert_eq!(drift.status.phase, Some(Phase::Updating));
    assert_eq!(reasons(&drift), [EventReason::RepairingDrift]);
    assert_eq!(row(&drift, QUEUE.1).message.as_deref(), Some("changed in place: shards"));
    assert_eq!(drift.requeue, Requeue::Poll(Duration::from_secs(1)));

    let settles = changed(1).later(|scene| scene.items[2].verdict = settling("modifying")).report();
    assert_eq!(said(&settles, Reconciling), "True RepairingDrift");
    assert_eq!(row(&settles, QUEUE.1).state, ResourceState::Updating);

    assert_eq!(said(&changed(2).report(), Reconciling), "True Updating");
}

#[test]
fn a_database_that_is_gone_is_remembered_until_somebody_decides() {
    let gone = Verdict::Blocked(Block::DataGone { consent: "storage/cluster@12345678".into() });
    let scene = ready().later(|scene| {
        scene.items[3].verdict = gone;
        scene.items[3].id = None;
    });
    let report = scene.report();
    assert_eq!(said(&report, StorageReady), "False DataGone");
    assert_eq!(report.status.phase, Some(Phase::Degraded));
    assert_eq!(row(&report, CLUSTER.1).id.as_deref(), Some("id-of-storage/cluster"));
    let plan = report.status.plan.clone().expect("a plan");
    assert_eq!(plan.unchanged, 4);
    assert!(plan.changes[0].note.as_deref().unwrap().ends_with(
        "kubectl -n video annotate --overwrite vp dev streamflix.io/consent=storage/cluster@12345678"
    ));
    assert_eq!(scene.later(|_| ()).report().status, report.status);
}

#[test]
fn a_replacement_with_consent_is_no_loss() {
    let report = ready()
        .later(|scene| {
            scene.items[3].verdict = Verdict::Replace(changes("kmsKeyId", json!("a"), json!("b")));
        })
        .outcome(CLUSTER, Op::Delete, Outcome::Deferred(Deferral::Leaving))
        .report();
    assert_eq!(row(&report, CLUSTER.1).state, ResourceState::Creating);
}

#[test]
fn a_rollout_that_aws_took_back_is_said_as_such() {
    let back = Verdict::Blocked(Block::Broken("rolled back: tasks failed to start".into()));
    let report = ready().later(|scene| scene.items[4].verdict = back).report();
    assert_eq!(said(&report, ProcessingReady), "False RolledBack");
    assert_eq!(
        row(&report, SERVICE.1).message.as_deref(),
        Some(
            "AWS rolled back the last deployment: tasks failed to start · it stays so until the spec changes"
        )
    );
}

#[test]
fn a_suspended_environment_says_what_would_be_done() {
    let report = ready()
        .later(|scene| {
            scene.resource.suspended = true;
            scene.outcomes = None;
            scene.items[2].verdict = update();
        })
        .report();
    assert_eq!(report.status.phase, Some(Phase::Suspended));
    assert_eq!(said(&report, Ready), "False Suspended");
    assert_eq!(said(&report, Reconciling), "False Suspended");
    assert_eq!(said(&report, Stalled), "False Suspended");
    assert_eq!(reasons(&report), [EventReason::Suspended]);
    let plan = report.status.plan.expect("a plan");
    assert_eq!((plan.changes[0].fields[0].from.as_str(), plan.changes[0].fields[0].to.as_str()), ("4", "8"));
}

#[test]
fn a_deletion_says_what_it_waits_for_and_when_nothing_is_left() {
    let mut in_use = failure("ec2:DeleteSubnet", "DependencyViolation", Meaning::InUse);
    in_use.message = "eni-0a1b is still in it".into();
    let deleting = ready()
        .later(|scene| {
            scene.resource.deleting = true;
            scene.items = vec![
                orphan("subnet", "network/subnet-1", Verdict::Delete),
                orphan(CLAIM.0, CLAIM.1, Verdict::Delete),
            ];
        })
        .outcome(("subnet", "network/subnet-1"), Op::Delete, Outcome::Deferred(Deferral::Refused(in_use)));
    let report = deleting.report();
    assert_eq!(report.status.phase, Some(Phase::Deleting));
    assert_eq!(said(&report, Reconciling), "True WaitingForDeletion");
    assert_eq!(said(&report, Ready), "False Deleting");
    assert!(row(&report, "network/subnet-1").message.as_deref().unwrap().contains("eni-0a1b"));
    assert_eq!(row(&report, CLAIM.1).message.as_deref(), Some("goes when nothing else is left"));
    assert_eq!(report.status.resources_ready.as_deref(), Some("0/2"));
    assert_eq!(reasons(&report), [EventReason::Deleting]);

    let gone = deleting.later(|scene| scene.items.clear()).report();
    assert_eq!(gone.status.message.as_deref(), Some("nothing is left in AWS"));
    assert_eq!(reasons(&gone), [EventReason::Deleted]);
}

#[test]
fn the_snapshot_of_a_deleted_database_is_told() {
    let report = ready()
        .output(CLUSTER.0, CLUSTER.1, json!({"finalSnapshot": "c-final-x"}))
        .later(|scene| {
            scene.resource.deleting = true;
            scene.items = vec![orphan(CLUSTER.0, CLUSTER.1, Verdict::Delete)];
        })
        .outcome(CLUSTER, Op::Delete, Outcome::Deferred(Deferral::Leaving))
        .report();
    assert_eq!(report.status.final_snapshot.as_deref(), Some("c-final-x"));
    assert_eq!(reasons(&report), [EventReason::Deleting, EventReason::FinalSnapshot]);
}

#[test]
fn a_suffix_that_is_taken_is_a_conflict_over_the_claim() {
    let foreign = Block::Foreign { id: "role-x".into(), owner: Some("other/video/dev".into()) };
    let mut claim = item(CLAIM.0, CLAIM.1, Verdict::Blocked(foreign));
    claim.id = None;
    let report = Scene::new(vec![claim, item(VPC.0, VPC.1, on(&[CLAIM]))]).report();
    assert_eq!(said(&report, Ready), "False Conflict");
    assert_eq!(said(&report, NetworkReady), "False WaitingForDependency");
    let message = row(&report, CLAIM.1).message.as_deref().unwrap();
    assert!(message.starts_with("role-x belongs to other/video/dev; it is left untouched · "), "{message}");
    assert!(message.contains("streamflix.io/adopt-from=other/video/dev"), "{message}");
    assert_eq!(row(&report, CLAIM.1).id, None);
    assert_eq!(report.status.phase, Some(Phase::Failed));
}

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

#[test]
fn a_wait_that_aws_asks_for_is_kept() {
    let mut later = failure("sqs:CreateQueue", "QueueDeletedRecently", Meaning::Later);
    later.retry_after = Some(Duration::from_secs(42));
    let report = Scene::new(vec![item(QUEUE.0, QUEUE.1, Verdict::Create)])
        .outcome(QUEUE, Op::Create, Outcome::Deferred(Deferral::Refused(later)))
        .report();
    assert_eq!(report.requeue, Requeue::Later(Duration::from_secs(42)));
    assert_eq!(row(&report, QUEUE.1).state, ResourceState::Creating);
    assert_eq!(report.status.phase, Some(Phase::Creating));
}

#[test]
fn a_stream_that_was_gone_is_told_as_a_loss() {
    let stream = ("stream", "ingestion/stream");
    let report = Scene::new(vec![keep(stream)])
        .later(|scene| scene.items = vec![item(stream.0, stream.1, Verdict::Create)])
        .outcome(stream, Op::Create, Outcome::Done(json!({})))
        .report();
    assert_eq!(reasons(&report), [EventReason::RepairingDrift, EventReason::StreamLost]);
}

#[test]
fn autoscaling_is_said() {
    let mut scene = ready();
    scene.resource.autoscaled = true;
    assert_eq!(said(&scene.report(), DesiredCountIgnored), "True AutoscalingOn");
}

#[test]
fn outputs_are_those_of_the_world() {
    let mut scene = ready()
        .output("vpc", "network/vpc", json!({"id": "vpc-1"}))
        .output("service", "processing/service", json!({"name": "svc", "running": 2}))
        .output("dbCluster", "storage/cluster", json!({"endpoint": "db", "port": 5432, "secret": null}));
    let status = scene.report().status;
    assert_eq!(status.replicas, Some(2));
    assert_eq!(status.outputs.vpc_id.as_deref(), Some("vpc-1"));
    assert_eq!(status.outputs.database_port, Some(5432));
    assert_eq!(status.outputs.database_secret_arn, None);

    scene.previous = status.clone();
    scene.world.unread.insert("vpc".into(), failure("ec2:DescribeVpcs", "Nope", Meaning::Transient));
    assert_eq!(scene.report().status.outputs, status.outputs);
}

#[test]
fn the_tree_shows_causes_and_what_waits() {
    let scene = refused();
    let status = scene.report().status;
    let header = Header { resource: RESOURCE, suffix: "dev", account_id: Some("123456789012") };
    let now = jiff::Timestamp::from_second(scene.second + 100).expect("a time");
    let tree = status_tree(&header, &status, now, Style::default());
    let expected = "\
dev · environment dev · eu-west-1 · account 1234…9012                                 Failed, 1 of 3
✘ errors       0 of 1 as wanted
    ✘ errors/dead-letter-queue  errors-dead-letter-queue  failed for 1m 40s
      └ sqs:CreateQueue refused: AccessDenied: no (request r-1)
      └ the operator's identity lacks sqs:CreateQueue
      └ add it; `video-pipeline-operator iam-policy` prints the whole policy
      └ tried again every few minutes, and at once when the pipeline changes
      └ waits for it: processing/service
· processing   waits for errors/dead-letter-queue";
    assert_eq!(tree, expected);
    assert!(
        status_tree(&header, &status, now, Style { color: true, ids: false }).contains("\x1b[31m✘\x1b[0m")
    );
}

#[test]
fn the_plan_reads_as_people_expect() {
    let consent = "storage/cluster@12345678".to_owned();
    let kms = changes("kmsKeyId", json!("alias/a"), json!("alias/b"));
    let items = vec![
        keep(VPC),
        item("stream", "ingestion/stream", update()),
        item(
            "taskDefinition",
            "processing/task",
            Verdict::Revise(changes("image", json!("p:1"), json!("p:2"))),
        ),
        item(CLUSTER.0, CLUSTER.1, Verdict::Blocked(Block::WouldReplaceData { changes: kms, consent })),
    ];
    let header = Header { resource: RESOURCE, suffix: "dev", account_id: None };
    let text = plan_text(&header, &Plan { items, steps: Vec::new() }, Style::default());
    let expected = "\
dev · environment dev · eu-west-1

  ~ ingestion/stream  ingestion-stream  in place, no interruption
      shards                  4 → 8
  + processing/task   processing-task   new version, the service moves to it
      image                   p:1 → p:2
  ! storage/cluster   storage-cluster   BLOCKED: would be replaced, and it holds data
      kmsKeyId                alias/a → alias/b   (cannot be changed in place)
      to allow it: kubectl -n video annotate --overwrite vp dev streamflix.io/consent=storage/cluster@12345678
  = 1 unchanged

1 to create, 1 to change, 0 to delete, 1 blocked.";
    assert_eq!(text, expected);
}

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
        1 => Just(Verdict::Blocked(Block::Broken("rolled back: unhealthy".into()))),
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
        prop_assert!(!is_ready || (rest_kept && !scene.resource.deleting));
        prop_assert!(is_ready || !all_kept || scene.resource.deleting);
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
