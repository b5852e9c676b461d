//! The stand-in that all laws share, and accounts in it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sandbox::{AwsCall, StandIn, StandInOptions};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use video_pipeline_operator::aws::{
    Aws, Budget, Connection, CredentialScope, Fence, Gate, Metrics, Timeouts,
};

use super::keys;
use crate::wire::Wire;

/// The region of everything.
pub const REGION: &str = "eu-west-1";

/// No call is taken for lost because the machine is busy.
const PATIENCE: Duration = Duration::from_secs(120);

static STAND_IN: OnceCell<StandIn> = OnceCell::const_new();

/// The stand-in: everything happens at once.
async fn stand_in() -> &'static StandIn {
    let start = || async {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kinds");
        std::fs::create_dir_all(&folder).unwrap();
        let calls = folder.join("stand-in.calls.jsonl");
        std::fs::remove_file(&calls).ok();
        let options = StandInOptions { calls: Some(calls), ..StandInOptions::quick(&folder) };
        StandIn::start(options).await.unwrap()
    };
    STAND_IN.get_or_init(start).await
}

/// Where the stand-in answers.
pub async fn endpoint() -> &'static str {
    stand_in().await.endpoint()
}

/// An account that nothing else uses.
#[derive(Clone, Debug)]
pub struct Account {
    /// Twelve digits.
    pub number: String,
    /// The way to it.
    pub wire: Wire,
}

impl Account {
    /// A new one, with a key in it.
    pub async fn open() -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(200_000_000_000);
        let number = NUMBERS.fetch_add(1, Ordering::SeqCst).to_string();
        let endpoint = endpoint().await;
        keys::make(endpoint, &number).await;
        let wire = Wire::new(endpoint, &number);
        Self { number, wire }
    }

    /// What a new process has: clients that know nothing yet.
    pub async fn connect(&self) -> Aws {
        let gate = Gate {
            budget: Budget::unlimited(),
            fence: Fence::open(),
            metrics: Metrics::default(),
            timeouts: Timeouts { read: PATIENCE, mutate: PATIENCE },
        };
        let connection =
            Connection { http: gate.around(self.wire.client()), session_name: "laws".to_owned() };
        let scope = CredentialScope { role_arn: None, external_id: None, region: REGION.to_owned() };
        Aws::connect(&connection, &scope).await.unwrap()
    }

    /// From now on, nothing else is allowed in it than what the policy says.
    pub async fn bind(&self, policy: &Value) {
        let body = json!({ "account": self.number, "documents": [policy] });
        stand_in().await.control("PUT", "policies", body).await.unwrap();
    }

    /// Everything is allowed again. Which statement allowed which action since then, and what was denied.
    pub async fn free(&self) -> Value {
        stand_in().await.control("DELETE", "policies", json!({ "account": self.number })).await.unwrap()
    }

    /// Every call that was answered in this account, oldest first.
    pub async fn calls(&self) -> Vec<AwsCall> {
        let calls = stand_in().await.calls().unwrap();
        calls.into_iter().filter(|call| call.account == self.number).collect()
    }
}
