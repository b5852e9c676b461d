//! `video-pipeline-operator iam-policy`: the permissions that the operator needs in AWS, made from what its kinds call.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kinds::{KINDS, facts};

/// Print the IAM policy that the operator's identity needs, as JSON.
///
/// It is made from what the operator calls, so it is complete, and allows nothing else. The roles that pipelines name in
/// spec.account.roleArn need the same policy, in their accounts.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  video-pipeline-operator iam-policy > policy.json\n  \
    video-pipeline-operator iam-policy --assume 'arn:aws:iam::*:role/video-*'")]
pub struct Args {
    /// Also allow assuming the roles that pipelines name in spec.account.roleArn: an ARN, or a pattern of ARNs with `*`.
    /// May be given several times.
    #[arg(long, value_name = "ROLE_ARN")]
    assume: Vec<String>,
}

/// What the command prints.
///
/// # Errors
/// The policy cannot be written as JSON.
pub fn run(args: &Args) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&policy(args))
}

fn policy(args: &Args) -> Value {
    let mut statements = vec![
        json!({ "Sid": "Operate", "Effect": "Allow", "Action": actions(), "Resource": "*" }),
        // Roles are handed to ECS tasks, and to nothing else.
        json!({
            "Sid": "PassRolesToTasks", "Effect": "Allow", "Action": PASS_ROLE,
            "Resource": "arn:*:iam::*:role/video-pipeline/*",
            "Condition": { "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
        }),
    ];
    if !args.assume.is_empty() {
        statements.push(json!({
            "Sid": "ActForPipelines", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": args.assume,
        }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

const PASS_ROLE: &str = "iam:PassRole";

/// Every action, but the one that is bounded by itself.
fn actions() -> BTreeSet<&'static str> {
    let called = KINDS.iter().flat_map(|kind| kind.actions()).chain(facts::ACTIONS);
    called.map(|action| action.name).filter(|name| *name != PASS_ROLE).collect()
}
