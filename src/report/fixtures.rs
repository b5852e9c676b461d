//! Small worlds by hand for the tests of this module.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Pass, Planned, Report, Resource, Stage, report};
use crate::{
    api::{Condition, ConditionType, VideoPipelineStatus, status::ResourceStatus},
    engine::{
        Address, Change, Changes, Failure, Graph, Identity, Item, Meaning, Object, Observed, Op, Outcome,
        Outcomes, Phase, Plan, StepId, To, Verdict, Waiting, World,
    },
};

pub(super) const RESOURCE: Resource<'static> = Resource {
    namespace: "video",
    name: "dev",
    region: "eu-west-1",
    owner: Some("lab/video/dev"),
    generation: Some(1),
    suspended: false,
    deleting: false,
    autoscaled: false,
};

pub(super) const CLAIM: (&str, &str) = ("role", "processing/execution-role");

/// A pass that can be repeated and changed.
#[derive(Debug)]
pub(super) struct Scene {
    pub previous: VideoPipelineStatus,
    pub resource: Resource<'static>,
    pub notes: BTreeMap<String, String>,
    pub world: World,
    pub items: Vec<Item>,
    pub outcomes: Option<Outcomes>,
    pub second: i64,
}

impl Scene {
    pub fn new(items: Vec<Item>) -> Self {
        Self {
            previous: VideoPipelineStatus::default(),
            resource: RESOURCE,
            notes: BTreeMap::new(),
            world: World::default(),
            items,
            outcomes: Some(Outcomes::new()),
            second: 1000,
        }
    }

    pub fn outcome(mut self, (kind, name): (&str, &str), op: Op, outcome: Outcome) -> Self {
        let id = StepId { at: Address::new(kind, name), op };
        self.outcomes.get_or_insert_default().insert(id, outcome);
        self
    }

    pub fn output(mut self, kind: &str, name: &str, outputs: Value) -> Self {
        let object = Object { id: name.into(), spec: None, outputs, phase: Phase::Ready };
        self.world.objects.insert(Address::new(kind, name), Observed::Ours(object));
        self
    }

    pub fn report(&self) -> Report {
        let graph = Graph::new(Identity::default(), Some(Address::new(CLAIM.0, CLAIM.1)));
        let plan = Plan { items: self.items.clone(), steps: Vec::new() };
        let outcomes = self.outcomes.as_ref();
        self.staged(Stage::Planned(Planned { graph: &graph, world: &self.world, plan: &plan, outcomes }))
    }

    pub fn staged(&self, stage: Stage<'_>) -> Report {
        report(&Pass {
            previous: &self.previous,
            resource: self.resource,
            account_id: Some("123456789012"),
            notes: &self.notes,
            stage,
            now: Timestamp::from_second(self.second).expect("a time"),
        })
    }

    /// The next pass, a minute later, on the status that this one wrote.
    pub fn later(mut self, change: impl FnOnce(&mut Self)) -> Self {
        self.previous = self.report().status;
        self.second += 60;
        change(&mut self);
        self
    }
}

pub(super) fn item(kind: &str, name: &str, verdict: Verdict) -> Item {
    let is_there = !matches!(verdict, Verdict::Create | Verdict::Wait(Waiting::Unread(_)));
    Item {
        address: Address::new(kind, name),
        name: name.replace('/', "-"),
        id: is_there.then(|| format!("id-of-{name}")),
        wanted: true,
        verdict,
    }
}

pub(super) fn keep((kind, name): (&str, &str)) -> Item {
    item(kind, name, Verdict::Keep)
}

pub(super) fn orphan(kind: &str, name: &str, verdict: Verdict) -> Item {
    Item { wanted: false, name: String::new(), ..item(kind, name, verdict) }
}

/// What is unread of a whole kind.
pub(super) fn unread(kind: &str, failure: Failure) -> Item {
    let address = Address::anywhere(kind);
    Item { address, ..orphan(kind, "", Verdict::Wait(Waiting::Unread(failure))) }
}

pub(super) fn on(addresses: &[(&str, &str)]) -> Verdict {
    let addresses: BTreeSet<_> = addresses.iter().map(|(kind, name)| Address::new(*kind, *name)).collect();
    Verdict::Wait(Waiting::On(addresses))
}

pub(super) fn settling(why: &str) -> Verdict {
    Verdict::Wait(Waiting::Settling(why.into()))
}

pub(super) fn changes(field: &str, from: Value, to: Value) -> Changes {
    Changes(vec![Change { field: field.into(), from, to: To::Value(to) }])
}

pub(super) fn update() -> Verdict {
    Verdict::Update(changes("shards", json!(4), json!(8)))
}

pub(super) fn failure(operation: &str, code: &str, meaning: Meaning) -> Failure {
    Failure {
        operation: operation.into(),
        code: code.into(),
        message: "no.".into(),
        request_id: Some("r-1".into()),
        meaning,
        retry_after: None,
    }
}

pub(super) fn condition(report: &Report, type_: ConditionType) -> &Condition {
    super::conditions::find(&report.status.conditions, type_).expect("the condition")
}

/// Status and reason of a condition, as people see them.
pub(super) fn said(report: &Report, type_: ConditionType) -> String {
    let condition = condition(report, type_);
    format!("{:?} {}", condition.status, condition.reason)
}

pub(super) fn row<'r>(report: &'r Report, address: &str) -> &'r ResourceStatus {
    report.status.resources.iter().find(|row| row.address == address).expect("the row")
}
