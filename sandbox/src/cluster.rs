//! A cluster with nodes: one that a person names, or one that kind makes of containers.
//!
//! With Docker it is what `kind create cluster --config kind-config.yaml` makes. Without, kind makes it by podman of a node
//! that is built here ([`assets::node`]); what such a machine needs beyond `kind-config.yaml` is added to it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::assets::{self, Program, program};
use crate::console::Step;
use crate::file::{self, failed};
use crate::image::{self, Builder, Image, Made, pack};
use crate::{checkout, crate_folder, podman};

/// A cluster.
#[derive(Debug)]
pub struct Cluster {
    kubeconfig: PathBuf,
    folder: PathBuf,
    /// What runs kind's nodes; `None` for a cluster that was there before.
    runs: Option<Builder>,
}

/// Names the kubeconfig of a cluster that is there.
pub const GIVEN: &str = "E2E_KUBECONFIG";
/// Names the image of the nodes that kind makes; without, kind's own with Docker, and the one built here without.
pub const NODE: &str = "E2E_NODE_IMAGE";
/// How long a node may take to be ready.
const READY: &str = "180s";

impl Cluster {
    /// The cluster that `E2E_KUBECONFIG` names, or a new one of this name. One of this name that an earlier run left is removed.
    ///
    /// # Errors
    ///
    /// When tools are missing or fail.
    pub async fn given_or_made(name: &str, folder: &Path) -> Result<Self, image::Error> {
        std::fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
        let folder = folder.to_path_buf();
        if let Some(given) = std::env::var_os(GIVEN).filter(|given| !given.is_empty()) {
            return Ok(Self { kubeconfig: given.into(), folder, runs: None });
        }
        let runs = Some(runs().await?);
        let cluster = Self { kubeconfig: folder.join("kubeconfig"), folder, runs };
        cluster.remove(name).await?;
        cluster.create(name).await?;
        Ok(cluster)
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Whether it was there before, and will be there afterwards.
    pub fn is_given(&self) -> bool {
        self.runs.is_none()
    }

    /// What the API server's audit log holds of the requests of service accounts, a line each; `None` for a cluster that was there
    /// before. <https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/>
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn audit_log(&self) -> Result<Option<String>, file::Error> {
        if self.is_given() {
            return Ok(None);
        }
        let path = self.folder.join("audit/log.jsonl");
        Ok(Some(std::fs::read_to_string(&path).map_err(failed("read", &path))?))
    }

    /// The folder of the audit log, which the API server shares, with what is to be in the log.
    fn audit(&self) -> Result<PathBuf, file::Error> {
        let folder = self.folder.join("audit");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).map_err(failed("make the folder", &folder))?;
        let policy = folder.join("policy.json");
        std::fs::write(&policy, audit_policy().to_string()).map_err(failed("write", &policy))?;
        Ok(folder)
    }

    async fn create(&self, name: &str) -> Result<(), image::Error> {
        let named = std::env::var(NODE).ok().filter(|named| !named.is_empty());
        let built = self.runs != Some(Builder::Docker) && named.is_none();
        let node = if built { Some(assets::node().await?) } else { named };
        let configuration = self.folder.join("kind-config.yaml");
        let plain: Value = file::read_yaml(&checkout().join("kind-config.yaml"))?;
        let wanted = audited(if built { for_our_node(plain) } else { plain }, &self.audit()?);
        std::fs::write(&configuration, wanted.to_string()).map_err(failed("write", &configuration))?;

        let step = Step::begin("make a cluster");
        let mut kind =
            self.kind(&["create", "cluster", "--name", name, "--wait", READY, "--kubeconfig"]).await?;
        kind.arg(&self.kubeconfig).arg("--config").arg(&configuration);
        if let Some(node) = node {
            kind.args(["--image", &node]);
        }
        assets::run(kind, &self.folder.join("kind.log"), &step).await?;
        step.done("");
        Ok(())
    }

    /// Has its node know an image.
    ///
    /// # Errors
    ///
    /// When kind fails.
    pub async fn load(&self, name: &str, made: &Made) -> Result<(), image::Error> {
        let step = Step::begin(format!("load {}", made.name));
        let mut kind = self.kind(&["load", "image-archive", "--name", name]).await?;
        kind.arg(&made.archive);
        assets::run(kind, &self.folder.join("kind.log"), &step).await?;
        step.done("");
        Ok(())
    }

    /// Removes it, unless it was there before.
    ///
    /// # Errors
    ///
    /// When kind fails.
    pub async fn remove(&self, name: &str) -> Result<(), image::Error> {
        if self.is_given() {
            return Ok(());
        }
        let mut kind = self.kind(&["delete", "cluster", "--name", name, "--kubeconfig"]).await?;
        kind.arg(&self.kubeconfig);
        Ok(assets::output(kind).await.map(drop)?)
    }

    /// The image of the stand-in, made by what makes the nodes.
    ///
    /// # Errors
    ///
    /// When tools are missing or fail.
    pub async fn stand_in(&self) -> Result<Made, image::Error> {
        let builder = self.runs.unwrap_or(Builder::Docker);
        let context = self.folder.join("stand-in");
        assets::fill_stand_in(&context).await?;
        let mut arguments = Vec::new();
        if builder != Builder::Docker {
            arguments.push(("PYTHON".to_owned(), assets::debian().await?));
        }
        let image = Image {
            name: "localhost/sandbox-stand-in:latest".to_owned(),
            context,
            containerfile: crate_folder().join("standin/Containerfile"),
            arguments,
            epoch: 0,
            archive: self.folder.join("stand-in.tar"),
        };
        pack(builder, &image, &self.folder.join("stand-in.log")).await
    }

    async fn kind(&self, arguments: &[&str]) -> Result<Command, image::Error> {
        let mut kind = Command::new(program(Program::Kind).await?);
        kind.args(arguments);
        if self.runs != Some(Builder::Docker) {
            kind.env("KIND_EXPERIMENTAL_PROVIDER", "podman").env(podman::SETTINGS, podman::settings()?);
        }
        Ok(kind)
    }
}

/// Docker where its daemon answers, else podman with all that a node built here needs.
async fn runs() -> Result<Builder, image::Error> {
    if Builder::Docker.answers().await {
        return Ok(Builder::Docker);
    }
    let mut missing = Vec::new();
    if !rustix::process::geteuid().is_root() {
        missing.push("root, or docker with its daemon: nodes are containers that run containers".to_owned());
    }
    for tool in ["podman", "runc", "debootstrap"] {
        if !is_there(tool).await {
            missing.push(format!("{tool}, or docker with its daemon (Debian: {tool})"));
        }
    }
    // kind mounts it, also where it is empty.
    std::fs::create_dir_all("/lib/modules").map_err(failed("make the folder", Path::new("/lib/modules")))?;
    if missing.is_empty() { Ok(Builder::Podman) } else { Err(image::Error::Missing(missing)) }
}

async fn is_there(tool: &str) -> bool {
    let mut command = Command::new(tool);
    command.arg("--version");
    assets::output(command).await.is_ok()
}

/// What is added for a node that is built here: its network is part of it, and the machine may have the first version of cgroups.
fn for_our_node(mut configuration: Value) -> Value {
    configuration["networking"] =
        json!({ "disableDefaultCNI": true, "ipFamily": "ipv4", "podSubnet": "10.244.0.0/16" });
    let kubelet = "kind: KubeletConfiguration\nfailCgroupV1: false\ncgroupDriver: cgroupfs\n";
    configuration["kubeadmConfigPatches"] = json!([kubelet]);
    configuration
}

/// Who asked for what, of service accounts outside Kubernetes' own namespace.
fn audit_policy() -> Value {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            { "level": "None", "userGroups": ["system:serviceaccounts:kube-system"] },
            { "level": "Metadata", "userGroups": ["system:serviceaccounts"] },
            { "level": "None" },
        ],
    })
}

/// Where the API server has the folder of its audit log.
const AUDIT: &str = "/etc/kubernetes/audit";

/// What is added so that the API server keeps an audit log in `folder`. Which way its arguments are written depends on its
/// version; what is of another version is left out by kind.
/// <https://kind.sigs.k8s.io/docs/user/auditing/>
fn audited(mut configuration: Value, folder: &Path) -> Value {
    configuration["nodes"][0]["extraMounts"] = json!([{ "hostPath": folder, "containerPath": AUDIT }]);
    let volume = json!([{ "name": "audit", "hostPath": AUDIT, "mountPath": AUDIT, "pathType": "Directory" }]);
    let arguments = [
        ("audit-policy-file", format!("{AUDIT}/policy.json")),
        ("audit-log-path", format!("{AUDIT}/log.jsonl")),
    ];
    let add = |path: String, value: Value| json!({ "op": "add", "path": format!("/apiServer/{path}"), "value": value });
    let as_map = arguments.iter().map(|(name, value)| add(format!("extraArgs/{name}"), json!(value)));
    let as_list = arguments
        .iter()
        .map(|(name, value)| add("extraArgs/-".into(), json!({ "name": name, "value": value })));
    let volumes = add("extraVolumes".into(), volume);
    let patch = |version: &str, mut operations: Vec<Value>| {
        operations.push(volumes.clone());
        json!({
            "group": "kubeadm.k8s.io", "version": version, "kind": "ClusterConfiguration",
            "patch": Value::from(operations).to_string(),
        })
    };
    configuration["kubeadmConfigPatchesJSON6902"] =
        json!([patch("v1beta3", as_map.collect()), patch("v1beta4", as_list.collect())]);
    configuration
}
