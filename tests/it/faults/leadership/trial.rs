//! One change of the leader, in the middle of a creation.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use kube::api::DeleteParams;
use sandbox::{AwsCall, Operator};

use crate::faults::attempts::{attempts, unexplained};
use crate::faults::inventory::inventory;
use crate::faults::stage::{Stage, until};
use crate::support::account::Account;

const NAME: &str = "dev";
const LEASE: &str = "video-pipeline-operator";

/// A leader that is told to stop hands over: half a second until the other looks, and what is under way may end before. The
/// rest is for a busy machine; without a hand-over it takes the whole lease, ten seconds.
const HANDED_OVER: Duration = Duration::from_secs(5);
/// The whole lease, and some for a busy machine.
const RUN_OUT: Duration = Duration::from_secs(25);

/// How soon the last is there once an environment is ready, on a busy machine.
const SETTLED: Duration = Duration::from_secs(30);

/// How a leader goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is told to stop.
    Told,
    /// It is killed.
    Killed,
    /// It stands still, as in a machine that is suspended, and wakes up when another leads.
    Stopped,
}

impl Way {
    pub const ALL: [Self; 3] = [Self::Told, Self::Killed, Self::Stopped];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Told => "is told to stop (SIGTERM)",
            Self::Killed => "is killed (SIGKILL)",
            Self::Stopped => "stands still (SIGSTOP), and wakes up later (SIGCONT)",
        }
    }

    const fn limit(self) -> Duration {
        match self {
            Self::Told => HANDED_OVER,
            Self::Killed | Self::Stopped => RUN_OUT,
        }
    }
}

/// When a leader goes, and how.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    pub way: Way,
    /// After so many calls that change something.
    pub after: usize,
}

/// What a change of the leader came to.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// From the signal until another acquired the lease.
    pub took: Duration,
    /// Calls that the one that led started after another did.
    pub anew: usize,
    /// Calls of the one that led that AWS answered after another did.
    pub late: usize,
}

/// Where trials are played one after another.
pub struct Ground {
    stage: Stage,
    account: Account,
    /// What stands there when an environment is as wanted.
    wanted: BTreeMap<String, usize>,
}

impl Ground {
    pub async fn prepare(name: &str) -> Self {
        let stage = Stage::set(name).await;
        let account = Account::open(stage.aws.endpoint()).await;
        let operator = stage.start("undisturbed", &[]).await;
        stage.create(NAME).await;
        stage.ready(NAME).await;
        let wanted = inventory(&account);
        assert!(wanted.values().sum::<usize>() > 30, "{wanted:?}");
        stage.delete(NAME).await;
        stage.gone(NAME).await;
        drop(operator);
        Self { stage, account, wanted }
    }

    /// Two operators; the one that leads goes; an environment is made all the same, once, and goes.
    pub async fn play(&self, trial: Trial, number: usize) -> Change {
        let stage = &self.stage;
        let keys = ["FIRST", "OTHER"].map(|which| format!("AKIA{which}EXAMPLE{number:04}"));
        stage.aws.reset().await.unwrap();
        // Slow enough for something to be under way.
        stage.latency(100).await;
        let mut first = self.start(&keys[0]).await;
        stage.until("the first leads", async || self.held().await.is_some()).await;
        let second = self.start(&keys[1]).await;
        let (leader, _) = self.held().await.unwrap();
        stage.create(NAME).await;
        stage.until("the first is at work", async || self.by(&keys[0]).len() >= trial.after).await;
        assert!(self.by(&keys[1]).is_empty(), "it worked before it led");

        let signalled = Timestamp::now();
        match trial.way {
            Way::Told => signal(&first, "TERM"),
            Way::Killed => first.kill(),
            Way::Stopped => signal(&first, "STOP"),
        }
        let followed = self.followed(&leader).await;
        let took = Duration::try_from(followed.duration_since(signalled)).unwrap();
        assert!(took < trial.way.limit(), "{trial:?}: {took:?}");
        stage.latency(0).await;
        stage.ready(NAME).await;
        self.ended(&mut first, trial.way).await;

        let mut late = self.by(&keys[0]);
        late.retain(|call| call.time > followed);
        let attempts = attempts(&std::fs::read_to_string(first.log()).unwrap());
        let anew: Vec<_> = attempts.iter().filter(|attempt| attempt.started >= followed).collect();
        assert!(anew.is_empty(), "{trial:?}: the deposed leader started {anew:?}");
        let change = Change { took, anew: anew.len(), late: late.len() };
        // What was handed to a connection before the process stood still may leave when it wakes; nothing can call it back, and
        // names, tokens and intents make it harmless.
        let nobody_s = unexplained(&late, attempts);
        assert!(nobody_s.is_empty(), "{trial:?}: no attempt was started for {nobody_s:?}");
        self.ends(second, trial).await;
        change
    }

    /// The one that led has ended, once it was woken where it stood still.
    async fn ended(&self, operator: &mut Operator, way: Way) {
        match way {
            Way::Told => {
                let exit = operator.terminate(Duration::from_secs(1)).await;
                assert_eq!(exit.and_then(|exit| exit.code()), Some(0));
            }
            Way::Killed => {}
            Way::Stopped => {
                signal(operator, "CONT");
                self.stage.until("it gives up", async || operator.has_ended()).await;
                let log = std::fs::read_to_string(operator.log()).unwrap();
                assert!(log.contains("another replica leads"), "{log}");
            }
        }
    }

    /// All is there once, and goes; so does the second, and the lease.
    async fn ends(&self, second: Operator, trial: Trial) {
        let stage = &self.stage;
        let mut found = BTreeMap::new();
        let once = async || {
            found = inventory(&self.account);
            found == self.wanted
        };
        if until("all is there once", SETTLED, once).await.is_err() {
            assert_eq!(found, self.wanted, "{trial:?}");
        }
        stage.delete(NAME).await;
        stage.gone(NAME).await;
        let left = inventory(&self.account);
        assert!(left.is_empty(), "{trial:?}: {left:#?}");
        drop(second);
        self.leases().delete(LEASE, &DeleteParams::default()).await.unwrap();
    }

    async fn start(&self, key: &str) -> Operator {
        // What the first began is in doubt for the second, for as long as this. What leaves later than that, when the first wakes
        // up, makes a second one, which the next sweep finds and removes.
        let lease = format!("--lease-namespace={}", self.stage.namespace);
        let flags = [&*lease, "--read-lag=3s", "--sweep-period=5s"];
        let mut options = self.stage.operator_that_logs_json(key, &flags);
        options.environment = vec![("AWS_ACCESS_KEY_ID".to_owned(), key.to_owned())];
        Operator::start(&options).await.unwrap()
    }

    fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.stage.client.clone(), &self.stage.namespace)
    }

    /// When another than `leader` acquired the lease, as it says itself: whoever looks notices only later.
    async fn followed(&self, leader: &str) -> Timestamp {
        let mut followed = None;
        let follows = async || {
            let held = self.held().await.filter(|(holder, _)| holder != leader);
            followed = held.map(|(_, acquired)| acquired);
            followed.is_some()
        };
        self.stage.until("the second leads", follows).await;
        followed.unwrap()
    }

    /// Who has the lease, and since when.
    async fn held(&self) -> Option<(String, Timestamp)> {
        let spec = self.leases().get_opt(LEASE).await.unwrap()?.spec?;
        let holder = spec.holder_identity.filter(|holder| !holder.is_empty())?;
        // Kubernetes' types have another version of the library than ours.
        let acquired = Timestamp::from_microsecond(spec.acquire_time?.0.as_microsecond());
        Some((holder, acquired.unwrap()))
    }

    /// The calls that change something and that this key signed.
    fn by(&self, key: &str) -> Vec<AwsCall> {
        let mut calls = self.stage.mutations();
        calls.retain(|call| call.access_key == key);
        calls
    }
}

fn signal(operator: &Operator, signal: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &operator.pid().to_string()]).status();
    assert!(sent.unwrap().success());
}
