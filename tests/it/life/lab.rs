//! Where environments live: a namespace, an account of AWS, and an operator between them.

use std::time::{Duration, Instant};

use kube::Client;
use sandbox::{AwsCall, ControlPlane, KubernetesWrite, Operator, OperatorOptions, StandIn, StandInOptions};
use sandbox::{Durations, Lifetime};
use serde_json::json;
use tokio::sync::{Mutex, OnceCell};

use crate::iam;
use crate::support::account::Account;
use crate::support::control_plane::{self, create_namespace, empty_folder};

/// The name of the cluster, the first part of every owner.
pub const CLUSTER: &str = "lab";

/// Periods short enough to wait for. The stand-in has no rates to keep.
const HURRIED: [&str; 4] =
    ["--sweep-period=2s", "--audit-period=4s", "--read-lag=1s", "--aws-rate-percent=10000"];

/// One namespace and one account.
pub struct Lab {
    pub namespace: &'static str,
    pub aws: StandIn,
    pub account: Account,
    kubernetes: &'static ControlPlane,
    operator: Mutex<Operator>,
    options: OperatorOptions,
}

/// The lab of all scenarios that do not disturb each other.
pub async fn shared() -> &'static Lab {
    static SHARED: OnceCell<Lab> = OnceCell::const_new();
    // A database takes its time to go, so that what comes after it comes in another pass.
    let durations = json!({ "preset": "none", "rds.cluster.delete": 1 });
    SHARED.get_or_init(|| Lab::open("shared", Durations::Custom(durations))).await
}

/// The operator is allowed nothing but what it says that it needs; users are allowed everything.
async fn bind(aws: &StandIn) {
    let documents = iam::printed(&["--account", "123456789012", "--region", "eu-west-1"]);
    let key = sandbox::operator::ACCESS_KEY_ID;
    let body = json!({ "account": "123456789012", "accessKey": key, "documents": [documents] });
    aws.control("PUT", "policies", body).await.unwrap();
}

impl Lab {
    /// A new one, in which AWS takes so long for what it does.
    pub async fn open(namespace: &'static str, durations: Durations) -> Self {
        let folder = empty_folder(&format!("life/{namespace}"));
        let starting = StandIn::start(StandInOptions { durations, ..StandInOptions::quick(&folder) });
        let (kubernetes, aws) = tokio::join!(control_plane::shared(), starting);
        let aws = aws.unwrap();
        bind(&aws).await;
        create_namespace(&kubernetes.client().await.unwrap(), namespace).await;
        let flags = HURRIED.iter().map(|flag| (*flag).to_owned());
        let options = OperatorOptions {
            binary: env!("CARGO_BIN_EXE_video-pipeline-operator").into(),
            kubeconfig: kubernetes.kubeconfig().to_path_buf(),
            endpoint: aws.endpoint().to_owned(),
            cluster_name: CLUSTER.to_owned(),
            arguments: flags.chain([format!("--watch-namespaces={namespace}")]).collect(),
            environment: Vec::new(),
            log: folder.join("operator.log"),
            lifetime: Lifetime::WithUs,
        };
        let (operator, account) = tokio::join!(Operator::start(&options), Account::open(aws.endpoint()));
        Self { namespace, aws, account, kubernetes, operator: Mutex::new(operator.unwrap()), options }
    }

    /// A client of Kubernetes for the test that asks.
    pub async fn client(&self) -> Client {
        self.kubernetes.client().await.unwrap()
    }

    /// Ends the operator as Kubernetes does, and starts it again.
    pub async fn restart(&self) {
        let mut operator = self.operator.lock().await;
        let status = operator.terminate(Duration::from_secs(15)).await;
        assert!(status.is_some_and(|status| status.success()), "the operator ended by {status:?}");
        *operator = Operator::start(&self.options).await.unwrap();
    }

    /// Every call of the operator so far.
    pub fn calls(&self) -> Vec<AwsCall> {
        let mut calls = self.aws.calls().unwrap();
        calls.retain(|call| call.access_key == sandbox::operator::ACCESS_KEY_ID);
        calls
    }

    /// Waits for so many more sweeps and, with them, at least one audit.
    pub async fn sweeps(&self, number: usize) {
        let past = self.calls().len();
        let begun = Instant::now();
        loop {
            let calls = self.calls();
            let count =
                |operation: &str| calls.iter().skip(past).filter(|call| call.operation == operation).count();
            // Every sweep reads the VPCs, and only an audit the parameters of the database.
            if count("DescribeVpcs") >= number && count("DescribeDBClusterParameters") >= 2 {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "no sweeps, or no audit");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Every write to Kubernetes in this namespace so far.
    pub fn writes(&self) -> Vec<KubernetesWrite> {
        let mut writes = self.kubernetes.writes().unwrap();
        writes.retain(|write| write.namespace.as_deref() == Some(self.namespace));
        writes
    }
}
