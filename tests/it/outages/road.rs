//! The road from an operator to the API server, which is passable, slow, blocked, or leads nowhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the road is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Everything passes.
    Free,
    /// Everything passes, late.
    Slow(Duration),
    /// What was open is closed, and nothing new is opened.
    Closed,
    /// What is sent arrives nowhere, and nobody says so.
    Lost,
}

/// How the road is now.
#[derive(Clone, Copy, Debug)]
struct Now {
    way: Way,
    /// How often it was closed, so that everybody notices also where it was opened again at once.
    closed: usize,
}

/// A road. It lasts as long as it is kept.
pub struct Road {
    now: watch::Sender<Now>,
    opened: Arc<AtomicUsize>,
    address: String,
    task: tokio::task::JoinHandle<()>,
}

impl Road {
    /// A road to `server`, as `host:port`.
    pub async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (now, state) = watch::channel(Now { way: Way::Free, closed: 0 });
        let (opened, counter) = (Arc::<AtomicUsize>::default(), server.to_owned());
        let task = tokio::spawn(accept(listener, counter, state, Arc::clone(&opened)));
        Self { now, opened, address, task }
    }

    /// From now on the road is so.
    pub fn becomes(&self, way: Way) {
        let closed = self.now.borrow().closed + usize::from(way == Way::Closed);
        self.now.send_replace(Now { way, closed });
    }

    /// How many connections were asked for so far.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    /// A kubeconfig like the one given that takes this road.
    pub fn kubeconfig(&self, kubeconfig: &Path, folder: &Path) -> PathBuf {
        let mut config = read(kubeconfig);
        config["clusters"][0]["cluster"]["server"] = json!(format!("https://{}", self.address));
        let path = folder.join("kubeconfig-by-road");
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }
}

impl Drop for Road {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The server that a kubeconfig names, as `host:port`.
pub fn server(kubeconfig: &Path) -> String {
    let server = read(kubeconfig)["clusters"][0]["cluster"]["server"].as_str().unwrap().to_owned();
    server.trim_start_matches("https://").trim_end_matches('/').to_owned()
}

fn read(kubeconfig: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(kubeconfig).unwrap()).unwrap()
}

async fn accept(listener: TcpListener, server: String, now: watch::Receiver<Now>, opened: Arc<AtomicUsize>) {
    while let Ok((near, _)) = listener.accept().await {
        opened.fetch_add(1, Ordering::SeqCst);
        let found = *now.borrow();
        if found.way != Way::Closed {
            tokio::spawn(lead(near, server.clone(), now.clone(), found.closed));
        }
    }
}

/// Leads one connection, until one side ends it or the road is closed once more than `before`.
async fn lead(near: TcpStream, server: String, now: watch::Receiver<Now>, before: usize) {
    let Ok(far) = TcpStream::connect(&server).await else { return };
    let (mut closing, there, back) = (now.clone(), now.clone(), now);
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = pass(near_in, far_out, there) => {}
        () = pass(far_in, near_out, back) => {}
        _ = closing.wait_for(|now| now.closed > before) => {}
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, now: watch::Receiver<Now>) {
    let mut buffer = vec![0; 16384];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let way = now.borrow().way;
        if let Way::Slow(by) = way {
            tokio::time::sleep(by).await;
        }
        if now.borrow().way == Way::Lost {
            // It does not come later either: the connection stays as it is until it is closed.
            std::future::pending::<()>().await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
