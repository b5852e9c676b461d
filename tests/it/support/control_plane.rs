//! The control plane of all scenarios that keep to a namespace of their own: one is enough, and each costs seconds to start
//! and a share of a processor as long as it lives.

use std::path::{Path, PathBuf};

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use sandbox::{ControlPlane, install_crd};
use tokio::sync::OnceCell;
use video_pipeline_operator::api::crd;

/// The one that is shared. It ends with the process: its leash breaks.
pub async fn shared() -> &'static ControlPlane {
    static SHARED: OnceCell<ControlPlane> = OnceCell::const_new();
    SHARED.get_or_init(|| async { start(&empty_folder("control-plane")).await }).await
}

/// One that knows `VideoPipeline`.
pub async fn start(folder: &Path) -> ControlPlane {
    let control_plane = ControlPlane::start(folder).await.unwrap();
    let client = control_plane.client().await.unwrap();
    install_crd(&client, &crd::definition().unwrap()).await.unwrap();
    control_plane
}

/// Makes a namespace.
pub async fn create_namespace(client: &Client, name: &str) {
    let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
    let namespace = Namespace { metadata, ..Namespace::default() };
    Api::all(client.clone()).create(&PostParams::default(), &namespace).await.unwrap();
}

/// A folder for what a test keeps, without what the last run left in it.
pub fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
