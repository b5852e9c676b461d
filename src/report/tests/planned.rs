//! What is said of a pass that looked at everything.

use std::time::Duration;

use serde_json::json;

use super::super::{EventReason, Requeue};
use super::*;
use crate::{
    api::status::{Phase, ResourceState},
    engine::{Defect, Deferral, Item, Pause},
};

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
    assert_eq!(service.waits_for, ["errors/dead-letter-queue"]);

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
fn what_failed_pauses_by_itself_and_reads_the_same_meanwhile() {
    let first = refused().report();
    assert_eq!(
        first.pauses.iter().map(|(at, pause)| (at.name.as_str(), pause.as_secs())).collect::<Vec<_>>(),
        [(QUEUE.1, 60)]
    );
    let (left, denied) =
        (Duration::from_secs(42), failure("sqs:CreateQueue", "AccessDenied", Meaning::Denied));
    let paused = Outcome::Deferred(Deferral::Paused(Pause { failure: denied, left }));
    let second = refused().later(|_| ()).outcome(QUEUE, Op::Create, paused).report();
    assert_eq!(second.status, first.status);
    assert_eq!((second.requeue, second.pauses.len()), (Requeue::Retry(left), 0));
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
fn the_instance_that_writes_is_waited_for_whichever_it_is() {
    let storage = |writer: &str| {
        let instances = ["storage/instance-1", "storage/instance-2"];
        let [settles, rests] = instances.map(|name| item("dbInstance", name, Verdict::Keep));
        let settles = Item { verdict: settling("rebooting"), ..settles };
        let scene = Scene::new(vec![keep(CLAIM), keep(CLUSTER), settles, rests]);
        said(&scene.output(CLUSTER.0, CLUSTER.1, json!({ "writer": writer })).report(), StorageReady)
    };
    assert_eq!(storage("id-of-storage/instance-1"), "False Creating");
    assert_eq!(storage("id-of-storage/instance-2"), "True AsWanted");
    assert_eq!(storage("somebody-else-s"), "False Creating");
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
    assert_eq!(
        plan.changes[0].allow.as_deref(),
        Some("kubectl -n video annotate --overwrite vp dev streamflix.io/consent=storage/cluster@12345678")
    );
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
    let defect =
        Defect { rolled_back: true, ..Defect::new("its tasks failed to start", "correct the image") };
    let back = Verdict::Blocked(Block::Broken(defect));
    let report = ready().later(|scene| scene.items[4].verdict = back).report();
    assert_eq!(said(&report, ProcessingReady), "False RolledBack");
    assert_eq!(
        row(&report, SERVICE.1).message.as_deref(),
        Some("its tasks failed to start · correct the image")
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

/// A deletion of which nothing can be seen any more but what these say.
fn goes(items: Vec<Item>) -> Scene {
    let deleting = ready().later(|scene| {
        scene.resource.deleting = true;
        scene.items = vec![orphan(CLAIM.0, CLAIM.1, Verdict::Delete)];
    });
    deleting.later(|scene| scene.items = items)
}

#[test]
fn a_deletion_names_what_it_may_not_read_and_needs_a_person() {
    let denied = failure("cloudwatch:DescribeAlarms", "AccessDenied", Meaning::Denied);
    let scene = goes(vec![unread("alarm", denied), orphan(CLAIM.0, CLAIM.1, Verdict::Delete)]);
    let report = scene.report();
    assert_eq!(
        report.status.message.as_deref(),
        Some("1 left: any/alarm not read (AccessDenied); processing/execution-role waits")
    );
    assert_eq!(said(&report, Ready), "False AccessDenied");
    assert_eq!(said(&report, Stalled), "True AccessDenied");
    assert!(condition(&report, Stalled).message.contains("lacks cloudwatch:DescribeAlarms"));
    assert_eq!(condition(&report, MonitoringReady).message, "nothing left of what could be read");
    assert_eq!(row(&report, "any/alarm").state, ResourceState::Unknown);
    assert_eq!(reasons(&report), [EventReason::Stalled]);
    assert_eq!(report.requeue, Requeue::Slowly(Duration::from_secs(60)));
    assert_eq!(scene.later(|_| ()).report().status, report.status);
}

#[test]
fn what_cannot_be_read_is_not_said_to_be_gone() {
    let expired = failure("sts:AssumeRole", "ExpiredToken", Meaning::Credentials);
    let report = goes(["role", "vpc"].map(|kind| unread(kind, expired.clone())).into()).report();
    assert_eq!(
        report.status.message.as_deref(),
        Some("nothing left of what could be read: any/role not read (ExpiredToken)")
    );
    assert_eq!(said(&report, Stalled), "True CredentialsRejected");
    assert!(condition(&report, Ready).message.contains("any/role (and any/vpc): could not be read"));
    assert!(!reasons(&report).contains(&EventReason::Deleted));
    assert_eq!(report.requeue, Requeue::Slowly(Duration::from_secs(60)));

    let single = failure("ecs:DescribeServices", "Unavailable", Meaning::Transient);
    let single = Verdict::Wait(Waiting::Unread(single));
    let report = goes(vec![orphan(SERVICE.0, SERVICE.1, single)]).report();
    assert_eq!(condition(&report, ProcessingReady).reason, "NotObserved");
    assert_eq!(said(&report, Stalled), "False Idle");
    assert_eq!(reasons(&report), []);
    assert_eq!(report.requeue, Requeue::Retry(Duration::from_secs(2)));
}

#[test]
fn what_is_not_wanted_and_cannot_be_read_keeps_the_environment_from_being_ready() {
    let with = |failure| ready().later(|scene| scene.items.push(unread("scalingPolicy", failure))).report();
    let throttled = failure("application-autoscaling:DescribeScalingPolicies", "Slow", Meaning::Throttled);
    let report = with(throttled);
    assert_eq!(said(&report, Ready), "Unknown NotObserved");
    assert!(condition(&report, Ready).message.starts_with("5 of 5 as wanted; any/scalingPolicy: could not"));
    assert_eq!(said(&report, ProcessingReady), "True AsWanted");
    assert_eq!(said(&report, Stalled), "False Idle");
    assert_eq!(report.status.phase, Some(Phase::Unknown));
    assert_eq!(report.status.resources_ready.as_deref(), Some("5/5"));
    assert_eq!(report.status.message.as_deref(), Some("5 of 5 as wanted: any/scalingPolicy not read (Slow)"));
    assert_eq!(report.status.plan.map(|plan| (plan.changes.len(), plan.unchanged)), Some((1, 5)));
    assert_eq!(report.requeue, Requeue::Retry(Duration::from_secs(2)));

    let denied = failure("application-autoscaling:DescribeScalingPolicies", "Denied", Meaning::Denied);
    assert_eq!(said(&with(denied), Stalled), "True AccessDenied");
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
    assert!(message.contains("whoever runs the operator allows it"), "{message}");
    assert_eq!(row(&report, CLAIM.1).id, None);
    assert_eq!(report.status.phase, Some(Phase::Failed));
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
