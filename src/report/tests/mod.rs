//! Reports of passes that are made by hand.

mod planned;
mod properties;
mod stopped;
mod texts;

use super::{EventReason, Report, fixtures::*};
use crate::{
    api::ConditionType::*,
    engine::{Block, Meaning, Op, Outcome, Verdict, Waiting},
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
