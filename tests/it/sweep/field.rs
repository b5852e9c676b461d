//! Where points are tried: a control plane, stand-ins, and in them for each trial a namespace and an account of its own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use sandbox::{ControlPlane, StandIn, StandInOptions, install_crd};
use serde_json::json;

use super::account::Account;

/// A control plane, and as many stand-ins as there are processors: each uses one.
pub struct Field {
    stand_ins: Vec<StandIn>,
    client: Client,
    next: AtomicUsize,
    _control_plane: ControlPlane,
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

impl Field {
    /// A new field with so many stand-ins.
    pub async fn open(name: &str, stand_ins: usize) -> Self {
        let folder = folder(name);
        let starting = (0..stand_ins).map(|number| start(folder.join(format!("stand-in-{number}"))));
        let (control_plane, stand_ins) =
            tokio::join!(ControlPlane::start(folder.join("kubernetes")), futures::future::join_all(starting));
        let control_plane = control_plane.unwrap();
        let client = control_plane.client().await.unwrap();
        let definition = video_pipeline_operator::api::crd::definition().unwrap();
        install_crd(&client, &definition).await.unwrap();
        Self { stand_ins, client, next: AtomicUsize::new(0), _control_plane: control_plane }
    }

    /// A place that is new.
    pub async fn place(&self) -> Place {
        static NUMBERS: AtomicU64 = AtomicU64::new(400_000_000_000);
        let number = NUMBERS.fetch_add(1, Ordering::SeqCst).to_string();
        let turn = self.next.fetch_add(1, Ordering::SeqCst);
        let stand_in = &self.stand_ins[turn % self.stand_ins.len()];
        let namespace = format!("place-{number}");
        let object: Namespace = serde_json::from_value(json!({ "metadata": { "name": namespace } })).unwrap();
        Api::all(self.client.clone()).create(&Default::default(), &object).await.unwrap();
        Place { account: Account::new(stand_in.endpoint(), &number), client: self.client.clone(), namespace }
    }
}

async fn start(folder: PathBuf) -> StandIn {
    std::fs::create_dir_all(&folder).unwrap();
    StandIn::start(StandInOptions::quick(&folder)).await.unwrap()
}

/// A folder of this run's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sweep").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
