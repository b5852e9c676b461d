//! `video-pipeline-operator check`: whether an operator that was installed is at work.

use std::time::{Duration, Instant};

use ::http::{Request, Uri};
use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client, Config};

use crate::aws::{self, Aws, Connection, CredentialScope, Explanation, Gate};
use crate::controller::settings::duration;
use crate::controller::{self, Settings, leader};
use crate::engine::Failure;

/// Say whether an operator that was installed is at work; change nothing.
///
/// Its Service has to answer, VideoPipelines have to be there for it to see, one replica has to lead, and AWS has to know it.
/// Give it the settings and the service account of the operator, as `helm test` does.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Example:\n  video-pipeline-operator check http://video-pipeline-operator:8080")]
pub struct Args {
    /// Where the operator's Service serves metrics and health, over HTTP.
    #[arg(value_name = "URL")]
    url: Uri,

    /// How long all of that may take to become so: a number and a unit, ms, s, m or h.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    timeout: Duration,

    /// Region in which AWS is asked who the operator is.
    #[arg(long, env = "AWS_REGION", value_name = "REGION", default_value = "eu-west-1")]
    region: String,

    #[command(flatten)]
    settings: Settings,
}

/// What is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Kubernetes does not let it work.
    #[error(transparent)]
    Controller(#[from] controller::Error),
    /// The URL is none of HTTP.
    #[error("cannot ask {0}: it is no URL such as http://video-pipeline-operator:8080")]
    Url(Uri, #[source] kube::Error),
    /// Nobody answers there, or somebody who is not ready.
    #[error("the operator does not say at {0}readyz that it is ready")]
    NotReady(Uri, #[source] kube::Error),
    /// The Lease cannot be read.
    #[error("cannot read the Lease {0}")]
    Lease(String, #[source] kube::Error),
    /// Nobody holds or renews it.
    #[error("no replica leads: nobody renews the Lease {0}")]
    NobodyLeads(String),
    /// AWS does not know the operator.
    #[error("{failure}\n  {}", Explanation::of(.failure))]
    Aws {
        /// What AWS said.
        failure: Failure,
    },
}

/// How often things that are not so yet are looked at: less often than a lease is renewed.
const LOOK: Duration = Duration::from_millis(1500);

/// What the command prints: a line for each thing that is as it should be.
///
/// # Errors
/// The first thing that is not, when the time is over.
pub async fn run(args: &Args) -> Result<String, Error> {
    let deadline = Instant::now() + args.timeout;
    let client = controller::client().await?;
    let resources = controller::resources(&args.settings, &client);
    until(deadline, async || answers(&args.url).await).await?;
    until(deadline, async || Ok(controller::can_be_listed(&resources).await?)).await?;
    let leader = until(deadline, async || leads(&client, &args.settings).await).await?;
    let identity = until(deadline, async || identity(args).await).await?;
    Ok(format!(
        "{} answers and is ready\nVideoPipelines can be seen\n{leader} leads\nAWS knows the operator as {identity}",
        args.url
    ))
}

/// Tries until it is so, or the time is over.
async fn until<T>(deadline: Instant, so: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    loop {
        match so().await {
            Err(_) if Instant::now() < deadline => tokio::time::sleep(LOOK).await,
            result => return result,
        }
    }
}

/// A client of Kubernetes is one of HTTP.
async fn answers(url: &Uri) -> Result<(), Error> {
    let mut config = Config::new(url.clone());
    config.connect_timeout = Some(Duration::from_secs(5));
    // Whoever asks, asks again.
    config.default_retry = false;
    let client = Client::try_from(config).map_err(|error| Error::Url(url.clone(), error))?;
    let request = Request::get("/readyz").body(Vec::new());
    let answer = match request {
        Ok(request) => client.request_text(request).await,
        Err(error) => Err(kube::Error::HttpError(error)),
    };
    answer.map(drop).map_err(|error| Error::NotReady(url.clone(), error))
}

/// Who leads: the holder of a Lease that is renewed while we look.
async fn leads(client: &Client, settings: &Settings) -> Result<String, Error> {
    let Some(namespace) = &settings.lease_namespace else { return Ok("the one process".to_owned()) };
    let name = &settings.lease_name;
    let leases: Api<Lease> = Api::namespaced(client.clone(), namespace);
    let look = async || leases.get(name).await.map_err(|error| Error::Lease(name.clone(), error));
    let before = look().await?;
    tokio::time::sleep(LOOK).await;
    let now = look().await?;
    let renewed = |lease: &Lease| lease.spec.as_ref().and_then(|spec| spec.renew_time.clone());
    match leader::holder(&now) {
        Some(holder) if !holder.is_empty() && renewed(&before) != renewed(&now) => Ok(holder.to_owned()),
        _ => Err(Error::NobodyLeads(name.clone())),
    }
}

/// What AWS knows the operator as.
async fn identity(args: &Args) -> Result<String, Error> {
    let connection = Connection {
        http: Gate::for_reading().around(aws::default_http_client()),
        session_name: args.settings.cluster_name.to_string(),
    };
    let scope = CredentialScope { role_arn: None, external_id: None, region: args.region.clone() };
    let aws = Aws::connect(&connection, &scope).await.map_err(|failure| Error::Aws { failure })?;
    Ok(aws.identity.clone())
}
