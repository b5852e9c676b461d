//! One pass over one environment, with the account in memory in place of AWS.

use std::collections::BTreeMap;

use futures::FutureExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use video_pipeline_operator::api::VideoPipelineStatus;
use video_pipeline_operator::commands::plan::Error;
use video_pipeline_operator::controller::Stored;
use video_pipeline_operator::design::{self, Names};
use video_pipeline_operator::engine::{
    self, Address, AnyKind, Data, Depth, Graph, Memory, Named, Phase, Plan, Scope, World,
};
use video_pipeline_operator::pipeline::{ClusterName, EngineFacts, Facts, Invalid, Pipeline, RunningEngine};
use video_pipeline_operator::report::text::{Header, Style, plan_text};
use video_pipeline_operator::report::{Pass, Planned, Report, Stage, report};

use super::account::{Account, Pretended, kinds};
use super::fakes::ACCOUNT;
use super::script::{Script, address};
use super::told::Told;

/// Passes until an environment in memory is at rest: one makes it, the next sees that.
const PASSES: usize = 4;

/// What the script comes to for `pipeline`.
pub fn live(pipeline: &Value, script: &Script) -> Told {
    let mut environment = Environment::new(pipeline, script);
    if !script.new {
        environment.come_to_rest(pipeline, script);
    }
    environment.happen(script);
    environment.told(script)
}

struct Environment {
    account: Account,
    kinds: Vec<Pretended>,
    cluster: ClusterName,
    resource: Stored,
    names: Vec<(Address, String)>,
    offered: Vec<String>,
    was_ready: BTreeMap<Address, String>,
    second: i64,
}

/// What a pass is made on.
struct Surveyed {
    graph: Graph,
    world: World,
    plan: Plan,
    notes: BTreeMap<String, String>,
}

impl Environment {
    fn new(pipeline: &Value, script: &Script) -> Self {
        let cluster = ClusterName::new("lab").expect("a name");
        let resource = stored(pipeline, 2, &VideoPipelineStatus::default());
        let identity = resource.identity(&cluster).expect("an identity");
        let offered = || ["16.6", "16.8"].map(String::from).to_vec();
        Self {
            account: Account::default(),
            kinds: kinds(),
            cluster,
            names: Names::new(&identity.suffix).all(),
            resource,
            offered: script.offered.clone().unwrap_or_else(offered),
            was_ready: BTreeMap::new(),
            second: 1_767_225_600,
        }
    }

    /// The environment as it was before, made and looked at until nothing is left to do.
    fn come_to_rest(&mut self, pipeline: &Value, script: &Script) {
        let mut before = pipeline.clone();
        let metadata = before["metadata"].as_object_mut().expect("metadata");
        metadata.remove("deletionTimestamp");
        before["spec"].as_object_mut().expect("a spec").remove("suspend");
        if let Some(patch) = &script.before {
            merge(&mut before, &json!({ "spec": patch }));
        }
        let mut status = VideoPipelineStatus::default();
        for _ in 0..PASSES {
            self.resource = stored(&before, 1, &status);
            let surveyed = self.survey(&BTreeMap::new()).expect("a valid pipeline");
            let plan_is_empty = surveyed.plan.is_empty();
            status = self.apply(&surveyed, false).status;
            self.second += 60;
            if plan_is_empty {
                self.resource = stored(pipeline, if script.before.is_some() { 2 } else { 1 }, &status);
                return;
            }
        }
        panic!("the environment does not come to rest: {status:#?}");
    }

    fn happen(&mut self, script: &Script) {
        let mut world = self.account.world();
        let keeping = |at: &Address| {
            self.kinds.iter().find(|kind| kind.name() == at.kind && kind.holds_data() == Data::Kept)
        };
        let ready = world.ours().filter(|(_, object)| object.phase == Phase::Ready);
        let kept =
            ready.filter_map(|(at, object)| Some((at.clone(), keeping(at)?.incarnation(object).into())));
        self.was_ready = kept.collect();
        script.bend(&mut world, &self.names);
        self.account.set_world(world);
        for (at, refusal) in &script.refused {
            self.account.refuse(address(&self.names, at), refusal.failure());
        }
    }

    fn told(&self, script: &Script) -> Told {
        if self.resource.deleting() && self.resource.retains() {
            let report = self.report(Stage::Retained, None, &BTreeMap::new());
            return self.tell("nothing is planned: the environment stays in AWS".into(), report);
        }
        if let Some(failure) = script.unreached.as_ref().map(|refusal| refusal.failure()) {
            let report = self.report(Stage::Unreached(&failure), None, &BTreeMap::new());
            return self.tell(Error::Unreached { failure }.to_string(), report);
        }
        let doubts: BTreeMap<_, _> =
            script.in_doubt.iter().map(|(at, why)| (address(&self.names, at), why.clone())).collect();
        match self.survey(&doubts) {
            Err(problems) => {
                let report = self.report(Stage::Invalid(&problems), None, &BTreeMap::new());
                let name = self.resource.reference().1.to_owned();
                self.tell(Error::Invalid { name, problems }.to_string(), report)
            }
            Ok(surveyed) => {
                let plan = plan_text(&self.header(), &surveyed.plan, Style::default());
                self.tell(plan, self.apply(&surveyed, self.resource.suspended()))
            }
        }
    }

    fn survey(&self, doubts: &BTreeMap<Address, String>) -> Result<Surveyed, Vec<Invalid>> {
        let identity = self.resource.identity(&self.cluster)?;
        let world = self.look();
        let (graph, notes) = if self.resource.deleting() {
            (design::nothing(&identity), BTreeMap::new())
        } else {
            let pipeline = Pipeline::from(&self.resource.admitted()?, &self.facts(&world), &self.cluster)?;
            (design::design(&pipeline, &design::Settings::default()), design::notes(&pipeline))
        };
        let plan = engine::plan(&self.registry(), &graph, &world, &self.memory(doubts)).expect("an order");
        Ok(Surveyed { graph, world, plan, notes })
    }

    fn look(&self) -> World {
        let owner = self.owner();
        let named = |(address, name): (Address, String)| Named { address, name, remembered: None };
        let scope = Scope { owner, former: None, named: self.names.iter().cloned().map(named).collect() };
        let worlds = engine::observe(&self.registry(), &self.account, &[scope], Depth::Audit).now_or_never();
        worlds.expect("the account answers at once").remove(0)
    }

    fn facts(&self, world: &World) -> Facts {
        let database = world.ours().find(|(at, _)| at.kind == "dbCluster");
        let running = database.and_then(|(_, object)| object.spec.as_ref()?.get("engineVersion")?.as_str());
        Facts {
            account_id: ACCOUNT.into(),
            partition: "aws".into(),
            zones: ["eu-west-1a", "eu-west-1b", "eu-west-1c"].map(String::from).into(),
            engine: EngineFacts { versions: self.offered.clone(), min_acu: 0.0, max_acu: 256.0 },
            running_engine: running
                .map_or(RunningEngine::Nothing, |version| RunningEngine::Version(version.into())),
        }
    }

    fn memory(&self, doubts: &BTreeMap<Address, String>) -> Memory {
        let rows = self.resource.status.resources.iter();
        let seen = |row: &video_pipeline_operator::api::status::ResourceStatus| {
            Some((Address::new(&row.kind, &row.address), row.id.clone()?))
        };
        Memory {
            in_doubt: doubts.clone(),
            ids: rows.filter_map(seen).collect(),
            was_ready: self.was_ready.clone(),
            consents: self.resource.consents().collect(),
            deleting: self.resource.deleting(),
            protected: self.resource.protected(),
            ..Memory::default()
        }
    }

    fn registry(&self) -> Vec<&dyn AnyKind<Account>> {
        self.kinds.iter().map(|kind| kind as &dyn AnyKind<Account>).collect()
    }

    fn apply(&self, surveyed: &Surveyed, suspended: bool) -> Report {
        let Surveyed { graph, world, plan, notes } = surveyed;
        let apply = || engine::apply(&self.registry(), &self.account, plan, &engine::plainly).now_or_never();
        let outcomes = (!suspended).then(|| apply().expect("the account answers at once"));
        let planned = Planned { graph, world, plan, outcomes: outcomes.as_ref() };
        self.report(Stage::Planned(planned), Some(ACCOUNT), notes)
    }

    fn owner(&self) -> String {
        self.resource.identity(&self.cluster).expect("an identity").owner.to_string()
    }

    fn report(&self, stage: Stage<'_>, account_id: Option<&str>, notes: &BTreeMap<String, String>) -> Report {
        report(&Pass {
            previous: &self.resource.status,
            resource: self.resource.described(Some(&self.owner())),
            account_id,
            notes,
            stage,
            now: Timestamp::from_second(self.second).expect("a time"),
        })
    }

    fn header(&self) -> Header<'_> {
        Header {
            resource: self.resource.described(self.resource.status.owner.as_deref()),
            suffix: self.resource.suffix(),
            account_id: Some(ACCOUNT),
        }
    }

    fn tell(&self, plan: String, report: Report) -> Told {
        let later = Timestamp::from_second(self.second + 100).expect("a time");
        Told::new(plan, &self.header(), report, later)
    }
}

/// The resource as Kubernetes would store it.
fn stored(pipeline: &Value, generation: i64, status: &VideoPipelineStatus) -> Stored {
    let mut document = pipeline.clone();
    document["metadata"]["generation"] = generation.into();
    document["metadata"]["namespace"] = "video".into();
    document["metadata"]["finalizers"] = json!([video_pipeline_operator::api::FINALIZER]);
    document["status"] = serde_json::to_value(status).expect("a document");
    Stored::of(&serde_json::from_value(document).expect("an object"))
}

/// A merge patch (RFC 7396).
fn merge(document: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = json!({});
    }
    for (field, value) in fields {
        if value.is_null() {
            document.as_object_mut().map(|fields| fields.remove(field));
        } else {
            merge(&mut document[field], value);
        }
    }
}
