//! What the command line finds out from Kubernetes: the resource, and the name that the operator gives the cluster.

use ::http::HeaderValue;
use ::http::header::USER_AGENT;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{DynamicObject, ListParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

use crate::controller::{leader, resource_type};
use crate::pipeline::{ClusterName, Owner};

/// How the command line calls itself to the API server.
const PROGRAM: &str = concat!("kubectl-vp/", env!("CARGO_PKG_VERSION"));

/// Where to look.
#[derive(clap::Args, Clone, Debug)]
pub struct Target {
    /// Namespace of the VideoPipeline; that of the kubeconfig's context without it.
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// Context of the kubeconfig; the current one without it.
    #[arg(long, value_name = "CONTEXT")]
    pub context: Option<String>,
}

/// A way into the cluster.
pub struct Cluster {
    client: Client,
    /// The namespace in use.
    pub namespace: String,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no usable kubeconfig.
    #[error("cannot read the kubeconfig; set KUBECONFIG or --context")]
    Kubeconfig(#[source] kube::config::KubeconfigError),
    /// The API server cannot be reached.
    #[error("cannot connect to Kubernetes")]
    Connect(#[source] kube::Error),
    /// The resource is not there, or may not be read.
    #[error("cannot read VideoPipeline {namespace}/{name}")]
    Get {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: kube::Error,
    },
    /// There is no such resource.
    #[error("there is no VideoPipeline {name} in namespace {namespace}; `kubectl get vp -A` lists all")]
    Missing {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The operator does not say what the cluster is called.
    #[error(
        "cannot tell the operator's cluster name: no VideoPipeline has a status yet, and its Lease is not to be found; \
         give --cluster-name as the operator has it"
    )]
    ClusterName,
    /// It is no cluster name.
    #[error("--cluster-name: {0}")]
    BadClusterName(String),
}

impl Cluster {
    /// The cluster of the kubeconfig's context.
    ///
    /// # Errors
    /// There is none, or it cannot be used.
    pub async fn of(target: &Target) -> Result<Self, Error> {
        let options = KubeConfigOptions { context: target.context.clone(), ..KubeConfigOptions::default() };
        let config = match Kubeconfig::read() {
            Ok(kubeconfig) => Config::from_custom_kubeconfig(kubeconfig, &options).await,
            Err(error) => Err(error),
        };
        let mut config = config.map_err(Error::Kubeconfig)?;
        config.headers.push((USER_AGENT, HeaderValue::from_static(PROGRAM)));
        let namespace = target.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config).map_err(Error::Connect)?;
        Ok(Self { client, namespace })
    }

    /// The resource `name`.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub async fn get(&self, name: &str) -> Result<DynamicObject, Error> {
        let missing = || Error::Missing { namespace: self.namespace.clone(), name: name.to_owned() };
        self.find(&self.namespace, name).await?.ok_or_else(missing)
    }

    /// The resource `name` in `namespace`, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn find(&self, namespace: &str, name: &str) -> Result<Option<DynamicObject>, Error> {
        let resources: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), namespace, &resource_type());
        resources.get_opt(name).await.map_err(|source| Error::Get {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            source,
        })
    }

    /// The name that the operator gives this cluster: as `given`, as its Lease says, or as a status says.
    ///
    /// # Errors
    /// Nobody says so.
    pub async fn name(&self, given: Option<&str>) -> Result<ClusterName, Error> {
        if let Some(name) = given {
            return ClusterName::new(name).map_err(|error| Error::BadClusterName(error.to_string()));
        }
        match self.name_of_lease().await {
            Some(name) => Ok(name),
            None => self.name_of_status().await.ok_or(Error::ClusterName),
        }
    }

    async fn name_of_lease(&self) -> Option<ClusterName> {
        let leases: Api<Lease> = Api::all(self.client.clone());
        let leases = leases.list(&ListParams::default()).await.ok()?;
        let name = |lease: &Lease| {
            ClusterName::new(lease.metadata.annotations.as_ref()?.get(leader::CLUSTER_NAME)?).ok()
        };
        leases.items.iter().find_map(name)
    }

    async fn name_of_status(&self) -> Option<ClusterName> {
        let resources: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.namespace, &resource_type());
        let resources = resources.list(&ListParams::default()).await.ok()?;
        let owner =
            |object: &DynamicObject| object.data.pointer("/status/owner")?.as_str()?.parse::<Owner>().ok();
        resources.items.iter().find_map(owner).map(|owner| owner.cluster().clone())
    }
}
