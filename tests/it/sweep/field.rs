//! Where trials take place: one API server, a few stand-ins, and in them plots, each with a namespace and an account of its
//! own, that are put back into the same state before each trial.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::join_all;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use sandbox::{StandIn, StandInOptions};
use serde_json::{Value, json};
use video_pipeline_operator::controller::resource_type;

use super::account::Account;
use super::operator::{Act, NAME, Operator};
use super::strangers;
use crate::support::control_plane;
use crate::wire::log;

/// As many stand-ins as there are processors: each uses one.
pub struct Field {
    stand_ins: Vec<StandIn>,
}

/// A namespace and an account that nothing else uses.
#[derive(Clone)]
pub struct Place {
    /// A user of the account.
    pub account: Account,
    /// A user of Kubernetes.
    pub client: Client,
    /// Where the resource is.
    pub namespace: String,
}

/// A place, and what it is put back into.
pub struct Plot {
    place: Place,
    built: Option<Built>,
}

/// An environment that stands there undisturbed.
struct Built {
    by: Vec<Act>,
    resource: Option<DynamicObject>,
    /// The addresses of what stands there and has no name, by id.
    standing: BTreeMap<String, String>,
}

impl Field {
    /// A new field with so many stand-ins.
    pub async fn open(name: &str, stand_ins: usize) -> Self {
        let folder = control_plane::empty_folder(&format!("sweep-{name}"));
        let starting = (0..stand_ins).map(|number| start(folder.join(number.to_string())));
        Self { stand_ins: join_all(starting).await }
    }

    /// So many plots, shared out among the stand-ins, for the test that asks.
    pub async fn plots(&self, number: usize) -> Vec<Plot> {
        let client = control_plane::shared().await.client().await.unwrap();
        let stand_ins = self.stand_ins.iter().cycle().take(number);
        join_all(stand_ins.map(|stand_in| Plot::new(stand_in.endpoint(), &client))).await
    }
}

impl Plot {
    async fn new(endpoint: &str, client: &Client) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(400_000_000_000);
        let number = NUMBERS.fetch_add(1, Ordering::SeqCst).to_string();
        let namespace = format!("plot-{number}");
        control_plane::create_namespace(client, &namespace).await;
        let account = Account::new(endpoint, &number);
        strangers::settle(&account).await;
        account.control("snapshot", json!({ "name": "empty", "account": number })).await;
        Self { place: Place { account, client: client.clone(), namespace }, built: None }
    }

    /// An operator where `acts` were done and everything has come to rest since.
    pub async fn operator(&mut self, acts: &[Act]) -> Result<Operator, String> {
        if acts.is_empty() {
            self.place.put_back("empty", None).await;
            return Ok(Operator::new(&self.place, BTreeMap::new()));
        }
        if self.built.as_ref().is_none_or(|built| built.by != acts) {
            self.built = Some(self.build(acts).await?);
        }
        let Some(Built { resource, standing, .. }) = &self.built else {
            return Err("nothing is built".into());
        };
        let (resource, standing) = (resource.clone(), standing.clone());
        self.place.put_back("built", resource).await;
        Ok(Operator::new(&self.place, standing))
    }

    async fn build(&self, acts: &[Act]) -> Result<Built, String> {
        self.place.put_back("empty", None).await;
        let mut operator = Operator::new(&self.place, BTreeMap::new());
        for act in acts {
            operator.act(act).await;
            operator.rest(None).await?;
        }
        self.place.keep("built").await;
        Ok(Built {
            by: acts.to_vec(),
            resource: operator.resource().await,
            standing: log::standing(&operator.wire.log()),
        })
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// For how many seconds reads of EC2 do not show what is new, from now on and for all plots of the same stand-in.
    pub async fn lag(&self, seconds: f64) {
        self.place.account.put("durations", json!({ "ec2.lag": seconds })).await;
    }
}

impl Place {
    /// Keeps the state of the account under this name.
    pub async fn keep(&self, snapshot: &str) {
        self.account_control("snapshot", snapshot).await;
    }

    /// Puts account and resource back; nobody works there now.
    pub async fn put_back(&self, snapshot: &str, resource: Option<DynamicObject>) {
        self.account_control("restore", snapshot).await;
        self.replace(NAME, resource).await;
    }

    /// Removes the resource of this name, whatever holds it, and creates it again as from a backup.
    pub async fn replace(&self, name: &str, resource: Option<DynamicObject>) {
        let api = self.resources();
        if api.get_opt(name).await.unwrap().is_some() {
            let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
            let freed = api.patch(name, &PatchParams::default(), &free).await;
            if freed.is_ok_and(|resource| resource.metadata.deletion_timestamp.is_none()) {
                api.delete(name, &DeleteParams::default()).await.unwrap();
            }
        }
        let Some(resource) = resource else { return };
        let status = json!({ "status": resource.data["status"] });
        let created = api.create(&PostParams::default(), &anew(resource)).await.unwrap();
        if status["status"].is_object() {
            let status = with_generation(status, created);
            api.patch_status(name, &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
        }
    }

    async fn account_control(&self, what: &str, name: &str) {
        self.account.control(what, json!({ "name": name, "account": self.account.number })).await;
    }

    /// Resources there, as people see and change them.
    pub fn resources(&self) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource_type())
    }
}

/// The resource as it is created again from a backup.
fn anew(mut resource: DynamicObject) -> DynamicObject {
    resource.metadata.resource_version = None;
    resource.metadata.uid = None;
    resource.metadata.managed_fields = None;
    resource
}

/// The status speaks of the spec as it is now.
fn with_generation(mut status: Value, resource: DynamicObject) -> Value {
    let generation = json!(resource.metadata.generation);
    status["status"]["observedGeneration"] = generation.clone();
    let conditions = status["status"]["conditions"].as_array_mut();
    conditions
        .into_iter()
        .flatten()
        .for_each(|condition| condition["observedGeneration"] = generation.clone());
    status
}

async fn start(folder: PathBuf) -> StandIn {
    std::fs::create_dir_all(&folder).unwrap();
    StandIn::start(StandInOptions::quick(&folder)).await.unwrap()
}
