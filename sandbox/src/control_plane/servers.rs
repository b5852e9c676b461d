//! Starts the servers of the control plane, each when the one that it depends on answers.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};

use super::files::{self, Files};
use super::{Error, client};
use crate::process::{self, Lifetime, Process};

/// How long a server may take to answer; three seconds are usual.
const START: Duration = Duration::from_secs(90);
/// How often the API server is given another port when somebody else took its own just before.
const PORTS: usize = 3;
/// Sockets in the folder where etcd and the API server run. Its addresses need a port, which is part of the name.
const CLIENT_SOCKET: &str = "unix://etcd:1";
const PEER_SOCKET: &str = "unix://etcd-peer:1";

/// Starts the store. Nothing in it must survive a crash of the machine, so it does not wait for the disk.
pub(super) fn start_etcd(etcd: &Path, files: &Files, lifetime: &Lifetime) -> Result<Process, Error> {
    let mut command = Command::new(etcd);
    command.current_dir(&files.folder).args([
        "--name=sandbox",
        "--data-dir=etcd-data",
        "--unsafe-no-fsync",
        "--log-level=warn",
        &format!("--listen-client-urls={CLIENT_SOCKET}"),
        &format!("--advertise-client-urls={CLIENT_SOCKET}"),
        &format!("--listen-peer-urls={PEER_SOCKET}"),
        &format!("--initial-advertise-peer-urls={PEER_SOCKET}"),
        &format!("--initial-cluster=sandbox={PEER_SOCKET}"),
    ]);
    Ok(Process::start("etcd", command, &files.log("etcd"), lifetime)?)
}

/// Starts the API server, which waits for the store by itself, and returns when it answers.
pub(super) async fn start_api_server(
    api_server: &Path,
    files: &Files,
    lifetime: &Lifetime,
) -> Result<Process, Error> {
    for _ in 1..PORTS {
        match start_api_server_once(api_server, files, lifetime).await {
            Err(Error::Process(process::Error::Ended { tail, .. }))
                if tail.contains("address already in use") => {}
            other => return other,
        }
    }
    start_api_server_once(api_server, files, lifetime).await
}

async fn start_api_server_once(
    api_server: &Path,
    files: &Files,
    lifetime: &Lifetime,
) -> Result<Process, Error> {
    let port = crate::free_port().map_err(Error::Port)?;
    files.write_kubeconfig(port)?;
    let command = api_server_command(api_server, files, port);
    let mut server = Process::start("kube-apiserver", command, &files.log("kube-apiserver"), lifetime)?;
    let client = server.ready(START, || async { client(&files.kubeconfig).await.ok() }).await?;
    server.ready(START, || is_ready(&client)).await?;
    Ok(server)
}

fn api_server_command(api_server: &Path, files: &Files, port: u16) -> Command {
    let mut command = Command::new(api_server);
    command.current_dir(&files.folder).args([
        &format!("--etcd-servers={CLIENT_SOCKET}"),
        "--bind-address=127.0.0.1",
        &format!("--secure-port={port}"),
        &format!("--cert-dir={}", files::CERTIFICATES),
        "--advertise-address=127.0.0.1",
        // Nobody is to reach it through a service, which could not have an address of loopback.
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.96.0.0/16",
        &format!("--token-auth-file={}", files::TOKENS),
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        &format!("--service-account-key-file={}", files::SIGNING_KEY_PUBLIC),
        &format!("--service-account-signing-key-file={}", files::SIGNING_KEY),
        &format!("--audit-policy-file={}", files::AUDIT_POLICY),
        &format!("--audit-log-path={}", files.audit_log.display()),
        "--profiling=false",
    ]);
    command
}

async fn is_ready(client: &Client) -> Option<()> {
    let request = hyper::Request::get("/readyz").body(Vec::new()).ok()?;
    client.request_text(request).await.ok()?;
    Api::<Namespace>::all(client.clone()).get("default").await.ok().map(drop)
}

/// Starts those of the control plane's controllers that matter without nodes.
pub(super) fn start_controllers(
    controllers: &Path,
    files: &Files,
    lifetime: &Lifetime,
) -> Result<Process, Error> {
    let kubeconfig = files.kubeconfig.display();
    let mut command = Command::new(controllers);
    command.current_dir(&files.folder).args([
        &format!("--kubeconfig={kubeconfig}"),
        "--controllers=garbage-collector-controller,namespace-controller",
        "--leader-elect=false",
        "--secure-port=0",
        "--profiling=false",
    ]);
    let log = files.log("kube-controller-manager");
    Ok(Process::start("kube-controller-manager", command, &log, lifetime)?)
}
