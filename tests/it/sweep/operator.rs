//! The whole operator in this process: its passes, one after another, with nothing between it and the API server or AWS
//! but what a test put there. It may die, and be followed by another that remembers nothing.

use std::collections::BTreeMap;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use video_pipeline_operator::aws::{Budget, Connection, Fence, Gate, Metrics, Timeouts};
use video_pipeline_operator::controller::{self, Context, Pace, Settings, reconcile};

use super::account::Account;
use super::field::Place;
use super::inventory::{Inventory, Known};
use super::kubernetes::Kubernetes;
use super::strangers;
use crate::support::manifest::pipeline;
use crate::support::patch;
use crate::wire::{Life, Wire, log};

/// The name of the resource, and the suffix of its environment.
pub const NAME: &str = "dev";

/// For how long a call in doubt is looked for. Reads of the stand-in do not lag.
pub const READ_LAG: &str = "60ms";
/// The longest that anything is waited for.
const LONGEST: Duration = Duration::from_millis(10);
/// No call is taken for lost because the machine is busy.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long everything may take together: so long that only what hangs takes longer, however busy the machine is.
const LIMIT: Duration = Duration::from_secs(600);
/// How many passes may be made until everything has come to rest.
const BOUND: usize = 120;
/// The roles that resources may name.
const ALLOWED: [&str; 2] = ["--allowed-roles", "*=arn:aws:iam::*:role/video-pipeline"];
/// How many passes the next process is shown what was there before.
const STALE: usize = 2;

/// One operator, through its deaths.
pub struct Operator {
    place: Place,
    /// The addresses of what stood there already and has no name, by id.
    pub standing: BTreeMap<String, String>,
    read_lag: &'static str,
    /// The way to AWS.
    pub wire: Wire,
    /// The way to Kubernetes.
    pub kubernetes: Kubernetes,
    /// How many passes looked at AWS.
    pub passes: usize,
    /// How many passes may be made until everything has come to rest.
    pub bound: usize,
    /// Between two passes.
    beat: Duration,
    /// Whether each pass is made by another process.
    pub forgetful: bool,
    /// Whether the next process after a death sees the past first.
    pub stale: bool,
    /// Whether it is noted what there is when the environment is said to be as wanted.
    pub watched: bool,
    /// What there was then, before anything else was done, and how many calls had changed something.
    pub at_ready: Option<(Inventory, usize)>,
    api: Api<DynamicObject>,
    life: Life,
    context: Arc<Context>,
    shown: Option<DynamicObject>,
    past: Option<(DynamicObject, usize)>,
}

/// What people do meanwhile.
#[derive(Clone, Debug)]
pub struct Interruption {
    /// When.
    pub at: Moment,
    /// What they do.
    pub act: Act,
}

/// When people do something.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// After so many calls that change something.
    Mutations(usize),
    /// At the call that is struck.
    Strike,
}

/// What people do to the resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// They create it.
    Create,
    /// They create it with another spec: the usual one, merged with this.
    CreateWith(Value),
    /// They change its spec.
    Edit(Value),
    /// They delete it.
    Delete,
    /// They change and delete, past the operator, what stands in the account.
    Meddle,
}

/// How things stand once nothing happens any more.
#[derive(Clone, Debug, PartialEq)]
pub enum Rest {
    /// The environment is as wanted.
    Ready,
    /// The resource is gone.
    Gone,
}

enum Pass {
    Ended,
    Refused,
    Died,
}

impl Operator {
    /// The first process, where things with these ids stand already.
    pub fn new(place: &Place, standing: BTreeMap<String, String>) -> Self {
        let wire = Wire::new(&place.account.endpoint, &place.account.number);
        let kubernetes = Kubernetes::new(place.client.clone());
        let life = Life::default();
        let context = Arc::new(context(&wire, &kubernetes, &life, READ_LAG));
        Self {
            place: place.clone(),
            standing,
            wire,
            kubernetes,
            passes: 0,
            bound: BOUND,
            read_lag: READ_LAG,
            beat: LONGEST / 4,
            forgetful: false,
            stale: false,
            watched: false,
            at_ready: None,
            api: place.resources(),
            life,
            context,
            shown: None,
            past: None,
        }
    }

    /// The next process: it remembers nothing.
    pub fn restart(&mut self) {
        self.life.bury();
        self.life = Life::default();
        self.context = Arc::new(context(&self.wire, &self.kubernetes, &self.life, self.read_lag));
    }

    /// The next processes do not wait for reads to catch up.
    pub fn impatient(&mut self) {
        self.read_lag = "1ms";
    }

    /// What the present process has.
    pub fn context(&self) -> Arc<Context> {
        Arc::clone(&self.context)
    }

    /// Resources where it works, as people see and change them.
    pub fn resources(&self) -> Api<DynamicObject> {
        self.api.clone()
    }

    /// This process and the next wait for reads that show for long what was before.
    pub fn patient(&mut self) {
        self.read_lag = "10s";
        self.restart();
        // It looks again all the while.
        self.beat = LONGEST * 3;
    }

    /// A user of the account.
    pub fn account(&self) -> &Account {
        &self.place.account
    }

    /// People do something.
    pub async fn act(&self, act: &Act) {
        match act {
            Act::Create => self.create(json!({})).await,
            Act::CreateWith(spec) => self.create(spec.clone()).await,
            Act::Edit(spec) => {
                let change = Patch::Merge(json!({ "spec": spec }));
                self.api.patch(NAME, &PatchParams::default(), &change).await.map(drop).unwrap();
            }
            Act::Delete => self.api.delete(NAME, &DeleteParams::default()).await.map(drop).unwrap(),
            Act::Meddle => strangers::meddle(&self.place.account, &self.ids()).await,
        }
    }

    async fn create(&self, spec: Value) {
        let object = patch::applied(resource(NAME, "video"), &json!({ "spec": spec }));
        let object = serde_json::from_value(object).unwrap();
        self.api.create(&PostParams::default(), &object).await.map(drop).unwrap();
    }

    /// The resource as it is.
    pub async fn resource(&self) -> Option<DynamicObject> {
        self.api.get_opt(NAME).await.unwrap()
    }

    /// Passes until nothing happens any more.
    pub async fn rest(&mut self, mut interruption: Option<Interruption>) -> Result<Rest, String> {
        let (begun, first) = (Instant::now(), self.passes);
        let (mut passed, mut idle, mut told) = (false, false, false);
        loop {
            let Some(object) = self.resource().await else { return Ok(Rest::Gone) };
            let settled = passed && is_ready(&object) && interruption.is_none();
            if settled && self.watched && !std::mem::replace(&mut told, true) {
                self.at_ready = Some((self.inventory().await, self.done().0));
            }
            if settled && idle {
                return Ok(Rest::Ready);
            }
            let passes = self.passes - first;
            if passes > self.bound || begun.elapsed() > LIMIT {
                return Err(format!(
                    "not at rest after {passes} passes in {:?}: {}",
                    begun.elapsed(),
                    summary(&object)
                ));
            }
            let before = self.done();
            passed |= self.pass(object, &mut interruption).await;
            idle = before == self.done();
            tokio::time::sleep(self.beat).await;
        }
    }

    /// How many calls changed something, and how many writes were made.
    pub fn done(&self) -> (usize, usize) {
        let mutations = self.wire.log().iter().filter(|attempt| attempt.call.mutates()).count();
        (mutations, self.kubernetes.log().len())
    }

    /// One pass, and another process if this one dies in it. Whether it went to its end, so that the status is its own.
    pub async fn pass(&mut self, object: DynamicObject, interruption: &mut Option<Interruption>) -> bool {
        let object = self.shown(object);
        let calls = self.wire.log().len();
        let pass = self.reconcile(object, interruption).await;
        if self.wire.log().len() > calls {
            self.passes += 1;
        }
        if let Pass::Died = pass {
            self.past = self.shown.take().filter(|_| self.stale).map(|past| (past, STALE));
            self.restart();
        } else if self.forgetful {
            self.restart();
        }
        matches!(pass, Pass::Ended)
    }

    /// What the process is shown of the resource: what is there, or, for a while, what was there before.
    fn shown(&mut self, object: DynamicObject) -> DynamicObject {
        let shown = match self.past.take() {
            Some((past, times)) if times > 0 => {
                self.past = Some((past.clone(), times - 1));
                past
            }
            _ => object,
        };
        self.shown = Some(shown.clone());
        shown
    }

    async fn reconcile(&self, object: DynamicObject, interruption: &mut Option<Interruption>) -> Pass {
        let mut pass = pin!(reconcile(Arc::new(object), Arc::clone(&self.context)));
        loop {
            let moment = interruption.as_ref().map(|interruption| interruption.at);
            tokio::select! {
                biased;
                () = self.life.over() => return Pass::Died,
                () = self.comes(moment) => {
                    if let Some(Interruption { act, .. }) = interruption.take() {
                        self.act(&act).await;
                    }
                }
                // What Kubernetes refused is tried again in the next pass.
                ended = &mut pass => return if ended.is_ok() { Pass::Ended } else { Pass::Refused },
            }
        }
    }

    /// Ends at that moment.
    async fn comes(&self, moment: Option<Moment>) {
        match moment {
            Some(Moment::Mutations(number)) => self.wire.mutated(number).await,
            Some(Moment::Strike) => self.wire.struck().await,
            None => pending().await,
        }
    }

    /// The addresses of what has no name, by id.
    pub fn ids(&self) -> BTreeMap<String, String> {
        let mut ids = self.standing.clone();
        ids.extend(log::ids(&self.wire.log()));
        ids
    }

    /// What there is at the end, when it was said to be ready with `at_ready` there.
    pub async fn inventory_since(&self, at_ready: Option<&(Inventory, usize)>) -> Inventory {
        match at_ready {
            // Nothing of it can have changed; to list everything takes as long as to make it.
            Some((inventory, changes)) if *changes == self.done().0 => inventory.clone(),
            _ => self.inventory().await,
        }
    }

    /// What stands in the account, whatever ids it has.
    pub async fn inventory(&self) -> Inventory {
        let ids = self.ids().into_iter();
        let mut texts: BTreeMap<_, _> = ids.map(|(id, address)| (id, format!("<{address}>"))).collect();
        texts.insert(self.place.namespace.clone(), "NAMESPACE".to_owned());
        Inventory::of(&self.place.account, &Known { texts }).await
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.life.bury();
    }
}

/// The smallest useful resource with autoscaling, so that there is something of every kind.
pub fn resource(name: &str, team: &str) -> Value {
    let more = json!({ "spec": {
        "processing": { "autoscaling": { "minCount": 1, "maxCount": 4 } },
        "tags": { "team": team },
    } });
    patch::applied(pipeline(name, "registry.example/worker:1"), &more)
}

/// What a process has that begins.
pub fn context(wire: &Wire, kubernetes: &Kubernetes, life: &Life, read_lag: &str) -> Context {
    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        settings: Settings,
    }
    // What has come to rest is not read again: that is for those who wait longer than a test.
    let flags =
        ["it", "--cluster-name=sweep", "--sweep-period=1h", "--audit-period=1h", "--read-lag", read_lag];
    let settings = Flags::parse_from(flags.iter().chain(&ALLOWED)).settings;
    let gate = Gate {
        budget: Budget::unlimited(),
        fence: Fence::open(),
        metrics: Metrics::default(),
        timeouts: Timeouts { read: PATIENCE, mutate: PATIENCE },
    };
    let connection = Connection { http: gate.around(wire.client_of(life)), session_name: "sweep".to_owned() };
    let pace = Pace::new(settings.sweep_period).at_most(LONGEST);
    Context::new(&settings, kubernetes.client_of(life), connection, pace, controller::Metrics::default())
}

/// Whether the environment is said to be as the present spec wants it, and nothing to be left to do.
pub fn is_ready(object: &DynamicObject) -> bool {
    let status = &object.data["status"];
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let holds = |type_: &str, value: &str| {
        conditions.clone().any(|condition| condition["type"] == type_ && condition["status"] == value)
    };
    status["observedGeneration"].as_i64() == object.metadata.generation
        && object.metadata.deletion_timestamp.is_none()
        && holds("Ready", "True")
        && holds("Reconciling", "False")
}

/// What a failed trial shows of the resource.
pub fn summary(object: &DynamicObject) -> String {
    let status = &object.data["status"];
    let rows = status["resources"].as_array().into_iter().flatten();
    let open = rows
        .filter(|row| row["state"] != "Ready")
        .map(|row| format!("\n    {} {} {}", row["address"], row["state"], row["message"]));
    format!("{} {}{}", status["phase"], status["message"], open.collect::<String>())
}
