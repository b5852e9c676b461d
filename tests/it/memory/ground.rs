//! Two environments beside each other, and the states into which one of them is put back before each trial.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join;
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use video_pipeline_operator::controller::reconcile;

use super::loss::{Deed, Others};
use crate::sweep::field::{Place, Plot};
use crate::sweep::inventory::Inventory;
use crate::sweep::operator::{Act, NAME, Operator, Rest, is_ready, resource, summary};
use crate::wire::{Fault, Refusal, Target, log};

/// The resource of the other environment, and the suffix of that.
const NEIGHBOUR: &str = "near";
/// How many passes may be made for the neighbour until it is at rest.
const BOUND: usize = 40;

/// An environment, and how far it has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its operator died in the middle of its first pass: nothing but the annotation says what it was about.
    Died,
    /// Its VPC cannot be made, and so neither what lies in it; everything else is there.
    HalfWay,
    /// It is as wanted.
    Ready,
}

/// How many calls changed something, by resource.
pub type Mutations = BTreeMap<String, usize>;

/// What stands there in one state.
struct Kept {
    state: State,
    resource: DynamicObject,
    /// The addresses of what has no name, by id.
    ids: BTreeMap<String, String>,
    /// How many calls change each resource until it is as wanted.
    mutations: Mutations,
}

/// What an environment comes to undisturbed.
pub struct End {
    /// What stands in the account.
    pub inventory: Inventory,
    /// What is said of it.
    pub status: Value,
}

/// Where both environments stand.
pub struct Ground {
    plot: Plot,
    neighbour: DynamicObject,
    /// What stands in the account without ours.
    neighbourhood: Inventory,
    kept: Vec<Kept>,
    end: End,
}

impl Ground {
    /// Builds both.
    pub async fn of(mut plot: Plot) -> Self {
        let operator = plot.operator(&[]).await.unwrap();
        let place = plot.place().clone();
        let neighbour = build_neighbour(&place, &operator).await;
        place.keep("neighbour").await;
        let near: BTreeMap<_, _> =
            operator.ids().into_iter().map(|(id, address)| (id, format!("{NEIGHBOUR} {address}"))).collect();
        let neighbourhood = Operator::new(&place, near.clone()).inventory().await;
        let (mut kept, whole, end) = build_others(&place, &near).await;
        // What was done before it died is not done again.
        let died = build_died(&place, &near).await;
        kept.push(Kept { mutations: rest_of_whole(whole, &died.mutations), ..died });
        Self { plot, neighbour, neighbourhood, kept, end }
    }

    /// Where they stand.
    pub fn place(&self) -> &Place {
        self.plot.place()
    }

    /// What stands in the account without ours.
    pub fn neighbourhood(&self) -> &Inventory {
        &self.neighbourhood
    }

    /// What it comes to undisturbed.
    pub fn end(&self) -> &End {
        &self.end
    }

    /// How many calls change each resource from `state` until everything is as wanted.
    pub fn mutations(&self, state: State) -> &Mutations {
        &self.kept(state).mutations
    }

    fn kept(&self, state: State) -> &Kept {
        self.kept.iter().find(|kept| kept.state == state).unwrap()
    }

    /// Resources whose memory could be taken for that of `state`.
    pub fn others(&self, state: State) -> Others<'_> {
        let older = if state == State::Ready { State::HalfWay } else { State::Died };
        Others { older: &self.kept(older).resource, neighbour: &self.neighbour }
    }

    /// A new operator, where everything is as it was in `state`.
    pub async fn operator(&self, state: State) -> (Operator, DynamicObject) {
        let kept = self.kept(state);
        self.place().put_back(&state.to_string(), Some(kept.resource.clone())).await;
        self.place().replace(NEIGHBOUR, Some(self.neighbour.clone())).await;
        let resource = self.place().resources().get(NAME).await.unwrap();
        (Operator::new(self.place(), kept.ids.clone()), resource)
    }

    /// Gives the neighbour the status of the other one.
    pub async fn confuse(&self, state: State) {
        let status = self.kept(state).resource.data["status"].clone();
        set_status(&self.place().resources(), NEIGHBOUR, status).await;
    }

    /// Passes over both at one time, until both are at rest.
    pub async fn rest(&self, operator: &mut Operator) -> Result<Rest, String> {
        let context = operator.context();
        let near = rest_of(self.place().resources(), || Arc::clone(&context));
        let (rest, near) = join(operator.rest(None), near).await;
        near.and(rest)
    }
}

impl Kept {
    /// Keeps what there is now.
    async fn of(state: State, place: &Place, operator: &Operator) -> Self {
        place.keep(&state.to_string()).await;
        let resource = operator.resource().await.unwrap();
        Self { state, resource, ids: operator.ids(), mutations: log::mutations(&operator.wire.log()) }
    }
}

/// An environment whose operator died.
async fn build_died(place: &Place, near: &BTreeMap<String, String>) -> Kept {
    let mut operator = begin(place, near).await;
    operator.wire.arm([(Target::Mutation(HALF), Fault::DiesAfter)]);
    until(&mut operator, |operator, _| operator.wire.has_struck()).await;
    Kept::of(State::Died, place, &operator).await
}

/// What AWS says of a call that nobody allowed.
const DENIED: Fault = Fault::Refused(Refusal {
    status: 403,
    code: "UnauthorizedOperation",
    message: "You are not authorized to do this.",
});

/// An environment without VPC, and what becomes of it once it can have one.
async fn build_others(place: &Place, near: &BTreeMap<String, String>) -> (Vec<Kept>, Mutations, End) {
    let mut operator = begin(place, near).await;
    operator.wire.arm([(Target::Every("ec2:CreateVpc".to_owned()), DENIED)]);
    until(&mut operator, |_, said| said["message"].to_string().contains("network/vpc")).await;
    operator.wire.disarm();
    let mut half_way = Kept::of(State::HalfWay, place, &operator).await;
    let before = operator.wire.log().len();
    operator.restart();
    operator.rest(None).await.unwrap();
    half_way.mutations = log::mutations(&operator.wire.log().split_off(before));
    let mut ready = Kept::of(State::Ready, place, &operator).await;
    let whole = std::mem::take(&mut ready.mutations);
    let (inventory, status) = (operator.inventory().await, ready.resource.data["status"].clone());
    (vec![half_way, ready], whole, End { inventory, status })
}

/// How many calls change each resource after so many of all.
fn rest_of_whole(mut whole: Mutations, done: &Mutations) -> Mutations {
    for (address, count) in &mut whole {
        // The last one before the death may be asked for once more: nobody heard the answer.
        *count = (*count + 1).saturating_sub(done.get(address).copied().unwrap_or_default());
    }
    whole
}

async fn begin(place: &Place, near: &BTreeMap<String, String>) -> Operator {
    place.put_back("neighbour", None).await;
    let operator = Operator::new(place, near.clone());
    operator.act(&Act::Create).await;
    operator
}

/// Mutating calls after which a creation is half done.
const HALF: usize = 25;

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Died => "died",
            Self::HalfWay => "half-way",
            Self::Ready => "ready",
        })
    }
}

/// Passes until something is so, of the operator and what it says.
async fn until(operator: &mut Operator, so: impl Fn(&Operator, &Value) -> bool) {
    for _ in 0..BOUND {
        let resource = operator.resource().await.unwrap();
        operator.pass(resource, &mut None).await;
        if so(operator, &operator.resource().await.unwrap().data["status"]) {
            return;
        }
    }
    panic!("not half-way after {BOUND} passes: {}", summary(&operator.resource().await.unwrap()));
}

async fn build_neighbour(place: &Place, operator: &Operator) -> DynamicObject {
    let api = place.resources();
    let resource: DynamicObject = serde_json::from_value(resource(NEIGHBOUR, "film")).unwrap();
    api.create(&PostParams::default(), &resource).await.unwrap();
    rest_of(api.clone(), || operator.context()).await.unwrap();
    api.get(NEIGHBOUR).await.unwrap()
}

/// Passes over the neighbour until it is at rest.
async fn rest_of(
    api: Api<DynamicObject>,
    context: impl Fn() -> Arc<video_pipeline_operator::controller::Context>,
) -> Result<Rest, String> {
    let mut last = String::new();
    for pass in 0..BOUND {
        let resource = api.get(NEIGHBOUR).await.unwrap();
        let version = resource.metadata.resource_version.clone();
        if pass > 1 && is_ready(&resource) && version.as_ref() == Some(&last) {
            return Ok(Rest::Ready);
        }
        last = version.unwrap_or_default();
        // What Kubernetes refused is tried again in the next pass.
        let _ = reconcile(Arc::new(resource), context()).await;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Err(format!("the neighbour is not at rest: {}", summary(&api.get(NEIGHBOUR).await.unwrap())))
}

impl Deed {
    /// Does it to the resource.
    pub async fn be_done(self, place: &Place) {
        let api = place.resources();
        match self {
            Self::Status(status) => set_status(&api, NAME, status).await,
            Self::Metadata(metadata) => {
                let change = Patch::Merge(json!({ "metadata": metadata }));
                api.patch(NAME, &PatchParams::default(), &change).await.map(drop).unwrap();
            }
            Self::Anew(resource) => place.replace(NAME, Some(*resource)).await,
        }
    }
}

async fn set_status(api: &Api<DynamicObject>, name: &str, status: Value) {
    for status in [Value::Null, status] {
        let change = Patch::Merge(json!({ "status": status }));
        api.patch_status(name, &PatchParams::default(), &change).await.map(drop).unwrap();
    }
}
