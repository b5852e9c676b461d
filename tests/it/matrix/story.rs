//! What environments go through, so that together all operations are called.

use serde_json::{Value, json};

use super::drift;
use crate::sweep::operator::{Act, Operator};

/// A story of an environment: how it comes to be, undisturbed, and what then happens under fire.
#[derive(Clone, Debug)]
pub struct Story {
    /// Its name.
    pub name: &'static str,
    /// What people do, and wait for the end of, before anything goes wrong.
    pub before: Vec<Act>,
    /// What they do then.
    pub deed: Deed,
}

/// What people do.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Something with the resource.
    Act(Act),
    /// They change the account past the operator.
    Change,
    /// They close in it what has to be open.
    Close,
    /// They delete the resource, and a role of it has a policy of theirs.
    Leave,
    /// They do something with the resource, and of each name that is to be given AWS says that it is taken: it is, by what it
    /// has just made.
    Retry(Act),
}

/// Operations that no story calls, and why.
pub const UNCALLED: &[(&str, &str)] = &[
    (
        "ec2:DescribeNetworkInterfaces",
        "asked only of a group that cannot be deleted yet, whose interfaces linger",
    ),
    ("ecs:DescribeServiceRevisions", "asked only after a deployment failed"),
    ("ecs:ListServiceDeployments", "asked only after a deployment failed"),
    ("iam:AttachRolePolicy", "no role of the design has a managed policy"),
    ("iam:PutRolePermissionsBoundary", "only where the operator's settings name a boundary"),
    ("kinesis:StopStreamEncryption", "the design always encrypts"),
    ("rds:EnableHttpEndpoint", "the design's database serves no HTTP"),
    ("rds:ResetDBClusterParameterGroup", "nobody sets parameters past the operator here"),
    ("secretsmanager:ListSecrets", "asked only by sweeps, of which none is due so soon"),
];

/// All of them; an operation is tried in the first one that calls it.
pub fn all() -> Vec<Story> {
    let changed = vec![Act::Create, Act::Edit(change())];
    let story = |name, before, deed| Story { name, before, deed };
    vec![
        story("create", Vec::new(), Deed::Act(Act::Create)),
        story("change", vec![Act::Create], Deed::Act(Act::Edit(change()))),
        story("back", changed, Deed::Act(Act::Edit(back()))),
        story("drift", vec![Act::Create], Deed::Change),
        story("close", vec![Act::Create], Deed::Close),
        story("delete", vec![Act::Create], Deed::Leave),
        story("retry", Vec::new(), Deed::Retry(Act::Create)),
    ]
}

/// Whatever may change, changes.
fn change() -> Value {
    json!({
        "network": { "availabilityZones": 3 },
        "ingestion": {
            "shardCount": 3, "retentionHours": 48, "shardLevelMetrics": ["IncomingBytes"],
        },
        "processing": {
            "image": "registry.example/worker:2", "containerInsights": false,
            "autoscaling": { "minCount": 2, "maxCount": 6, "cpuTargetPercent": 60 },
        },
        "database": { "minAcu": 1.0, "maxAcu": 8.0, "instances": 3, "backupRetentionDays": 8 },
        "credentials": { "rotationDays": 30 },
        "errorHandling": { "jobQueue": { "visibilityTimeoutSeconds": 300 } },
        "monitoring": { "logRetentionDays": 30, "alarms": { "runningTasks": { "enabled": false } } },
        "tags": { "team": null, "cost": "video" },
    })
}

/// Some of it changes back, or goes.
fn back() -> Value {
    json!({
        "ingestion": { "mode": "OnDemand", "retentionHours": 24, "shardLevelMetrics": [] },
        "processing": { "image": "registry.example/worker:1", "autoscaling": null },
        "database": { "instances": 1 },
        "monitoring": { "alarms": { "iteratorAge": { "enabled": false } } },
    })
}

impl Story {
    /// People do what they do.
    pub async fn happen(&self, operator: &Operator) {
        match &self.deed {
            Deed::Act(act) => operator.act(act).await,
            Deed::Change => drift::change(operator.account(), &operator.ids()).await,
            Deed::Close => drift::close(operator.account(), &operator.ids()).await,
            Deed::Leave => {
                drift::attach(operator.account()).await;
                operator.act(&Act::Delete).await;
            }
            Deed::Retry(act) => {
                operator.wire.beset(super::taken_by_us());
                operator.act(act).await;
            }
        }
    }
}
