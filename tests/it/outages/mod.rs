//! What an operator depends on is away for a while, or tells what is not so any more: the API server, in each of the ways in which
//! a network can lose it, and AWS.
//! Nothing is asked in a hot loop meanwhile, nothing is said to be ready that nobody has seen, nothing is lost, all goes on by
//! itself afterwards; and an operator that is told to stop stops at any time.

mod gatehouse;
mod pages;
mod road;
mod watches;

use std::time::{Duration, Instant};

use sandbox::Operator;
use serde_json::{Value, json};
use video_pipeline_operator::api::FINALIZER;

use self::road::{Road, Way};
use crate::faults::stage::{Stage, ask};

const NAME: &str = "dev";

/// Sweeps are due all the time, so that whatever hurries can be seen to.
const FLAGS: [&str; 3] = ["--sweep-period=1s", "--audit-period=2s", "--read-lag=1s"];

/// How long something is away. It takes longer in life, where periods are longer, too.
const AWAY: Duration = Duration::from_secs(6);
/// How often an operator may ask for a connection meanwhile: watches, writes and what is tried again of them.
const ASKED: usize = 40;
/// How many calls of AWS may be made in that time, of which none is answered: a look at each kind, and the SDK tries again.
const CALLS: usize = 250;
/// So soon an operator that was told to stop is gone.
const AT_MOST: Duration = Duration::from_secs(10);

/// An operator that sees the API server by a road.
struct Play {
    stage: Stage,
    road: Road,
}

impl Play {
    async fn set(name: &str) -> Self {
        let stage = Stage::set(name).await;
        let road = Road::to(&road::server(stage.kubeconfig())).await;
        Self { stage, road }
    }

    async fn start(&self, log: &str, flags: &[&str]) -> Operator {
        let mut options = self.stage.operator(log, &[&FLAGS[..], flags].concat());
        options.kubeconfig = self.road.kubeconfig(self.stage.kubeconfig(), self.stage.folder());
        Operator::start(&options).await.unwrap()
    }

    /// What is made by `calls` of this operation that AWS carried out.
    fn done(&self, operation: &str) -> usize {
        let calls = self.stage.calls();
        calls.iter().filter(|call| call.operation == operation && call.status < 300).count()
    }

    async fn is_held(&self) -> bool {
        let pipeline = self.stage.pipeline(NAME).await;
        pipeline["metadata"]["finalizers"].as_array().is_some_and(|all| all.contains(&json!(FINALIZER)))
    }

    async fn ready_condition(&self) -> Value {
        let pipeline = self.stage.pipeline(NAME).await;
        let mut conditions = pipeline["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.retain(|condition| condition["type"] == "Ready");
        conditions.pop().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_that_is_slow_then_away_then_silent_is_waited_for() {
    let play = Play::set("away").await;
    let mut operator = play.start("operator", &[]).await;
    play.road.becomes(Way::Slow(Duration::from_millis(30)));
    play.stage.create(NAME).await;
    play.stage.until("it is at work", async || play.stage.mutations().len() > 6).await;
    for way in [Way::Closed, Way::Lost] {
        let opened = play.road.opened();
        play.road.becomes(way);
        tokio::time::sleep(AWAY).await;
        assert!(play.is_held().await, "{way:?}: it is not held");
        let asked = play.road.opened() - opened;
        assert!(asked <= ASKED, "{way:?}: it asked for {asked} connections in {AWAY:?}");
        assert_eq!(ask(&operator, "/healthz").0, 200, "{way:?}: it lives");
        // What was on its way when the road was lost is lost.
        play.road.becomes(Way::Closed);
        play.road.becomes(Way::Free);
    }
    play.stage.ready(NAME).await;
    let once = [("CreateVpc", 1), ("CreateInternetGateway", 1), ("RegisterTaskDefinition", 1)];
    for (operation, times) in once.into_iter().chain([("CreateRouteTable", 2), ("CreateSecurityGroup", 2)]) {
        assert_eq!(play.done(operation), times, "{operation}");
    }

    // What it deletes while nobody can be told is deleted once.
    play.stage.delete(NAME).await;
    play.stage.until("it goes", async || play.done("DeleteService") > 0).await;
    play.road.becomes(Way::Closed);
    tokio::time::sleep(Duration::from_secs(2)).await;
    play.road.becomes(Way::Free);
    play.stage.gone(NAME).await;
    assert_eq!(play.done("DeleteVpc"), 1);
    ends_well(&mut operator, "when all is well").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aws_that_is_away_is_said_to_be_and_found_again() {
    let play = Play::set("aws-away").await;
    let mut operator = play.start("operator", &[]).await;
    play.stage.create(NAME).await;
    play.stage.ready(NAME).await;
    let (made, held) = (play.stage.mutations().len(), play.is_held().await);
    assert!(held);
    play.stage.fault(json!({ "operation": "*", "drop": true })).await;
    let unsaid = async || play.ready_condition().await["status"] != "True";
    play.stage.until("it is not said to be ready", unsaid).await;
    let (calls, version) = (play.stage.calls().len(), version(&play).await);
    tokio::time::sleep(AWAY).await;
    let asked = play.stage.calls().len() - calls;
    assert!(asked <= CALLS, "{asked} calls in {AWAY:?}");
    assert_ne!(play.ready_condition().await["status"], "True");
    assert!(play.is_held().await);
    assert!(version_differs_little(&version, &play).await, "the status changes all the time");

    ends_well(&mut operator, "while AWS is away").await;
    let mut operator = play.start("again", &[]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_ne!(play.ready_condition().await["status"], "True", "nobody has seen that it is");
    play.stage.aws.control("DELETE", "faults", Value::Null).await.unwrap();
    play.stage.ready(NAME).await;
    assert_eq!(play.stage.mutations().len(), made, "nothing was there to be changed");
    ends_well(&mut operator, "when AWS is back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_silent_keeps_nobody_waiting_in_another() {
    let stage = Stage::set("silent-region").await;
    let operator = stage.start("operator", &[&FLAGS[..], &["--concurrency=4"]].concat()).await;
    // Longer than anything is waited for.
    let silent = json!({ "ms": 60_000, "region": "eu-west-3" });
    stage.aws.control("PUT", "latency", silent).await.unwrap();
    for number in 0..8 {
        stage.create_with(&format!("silent-{number}"), json!({ "region": "eu-west-3" })).await;
    }
    stage.until("there are more than there are places", async || waiting(&operator) >= 4).await;
    // Three attempts to ask who calls take each of those a minute.
    stage.create(NAME).await;
    stage.ready(NAME).await;
    drop(operator);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_stops_also_when_nobody_answers_it() {
    let play = Play::set("unanswered").await;
    let lease = format!("--lease-namespace={}", play.stage.namespace);
    let mut operator = play.start("api-server-silent", &[&lease]).await;
    play.stage.create(NAME).await;
    play.stage.until("it is at work", async || play.stage.mutations().len() > 6).await;
    play.road.becomes(Way::Lost);
    tokio::time::sleep(Duration::from_secs(1)).await;
    ends_well(&mut operator, "while the API server is silent").await;

    play.road.becomes(Way::Closed);
    play.road.becomes(Way::Free);
    let mut operator = play.start("api-server-away", &[&lease]).await;
    play.stage.until("it goes on", async || play.stage.mutations().len() > 12).await;
    play.road.becomes(Way::Closed);
    ends_well(&mut operator, "while the API server is away").await;

    play.road.becomes(Way::Free);
    let mut operator = play.start("aws-silent", &[&lease]).await;
    play.stage.ready(NAME).await;
    // Longer than anything is waited for.
    play.stage.latency(60_000).await;
    play.stage.patch(NAME, json!({ "spec": { "ingestion": { "retentionHours": 48 } } })).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    ends_well(&mut operator, "while AWS is silent").await;
    play.stage.latency(0).await;
    assert!(play.is_held().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_went_silent_keeps_nobody_from_the_lead() {
    let play = Play::set("silent-standby").await;
    let lease = format!("--lease-namespace={}", play.stage.namespace);
    let mut leader = play.stage.start("leader", &[&lease]).await;
    play.stage.until("the first leads", async || leads(&leader)).await;
    let mut standby = play.start("standby", &[&lease]).await;
    play.stage.until("the second waits", async || ask(&standby, "/readyz").0 == 200).await;
    play.road.becomes(Way::Lost);
    // It looks at the lease twice a second.
    tokio::time::sleep(Duration::from_secs(2)).await;
    // What is opened from now on is as good as any; what was open is not.
    play.road.becomes(Way::Free);
    ends_well(&mut leader, "while the second hears nothing").await;
    play.stage.until("the second leads", async || leads(&standby)).await;
    ends_well(&mut standby, "when it leads").await;
}

/// How many passes wait for a place.
fn waiting(operator: &Operator) -> usize {
    let metrics = ask(operator, "/metrics").1;
    let depth = metrics.lines().find_map(|line| line.strip_prefix("workqueue_depth{")?.rsplit(' ').next());
    depth.and_then(|depth| depth.parse().ok()).unwrap_or_default()
}

fn leads(operator: &Operator) -> bool {
    let metrics = ask(operator, "/metrics").1;
    metrics.lines().any(|line| line.starts_with("leader_election_master_status{") && line.ends_with(" 1"))
}

async fn version(play: &Play) -> Value {
    play.stage.pipeline(NAME).await["metadata"]["resourceVersion"].clone()
}

/// Whether nothing was written since, but for what was just being told.
async fn version_differs_little(before: &Value, play: &Play) -> bool {
    let settled = version(play).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = version(play).await;
    settled == *before || settled == after
}

/// Tells it to stop; it does, in time, and with success.
async fn ends_well(operator: &mut Operator, when: &str) {
    let told = Instant::now();
    let exit = operator.terminate(AT_MOST + Duration::from_secs(5)).await;
    assert_eq!(exit.and_then(|exit| exit.code()), Some(0), "{when}: {exit:?} after {:?}", told.elapsed());
    assert!(told.elapsed() < AT_MOST, "{when}: it took {:?}", told.elapsed());
}
