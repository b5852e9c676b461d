//! `video-pipeline-operator iam-policy`: the permissions that the operator needs in AWS, made from what its kinds call and from
//! what they say bounds each call.

mod arn;
mod statement;

use serde_json::{Value, json};

use self::arn::Place;
use self::statement::Policy;
use crate::engine::Action;
use crate::kinds::{KINDS, facts};
use crate::pipeline::EnvironmentSuffix;

/// Print the IAM policy that the operator's identity needs, as JSON.
///
/// It is made from what the operator calls, so it is complete, and allows nothing else: what changes something is bound by
/// names, by a path, or by the tag that says whose an object is. The roles that pipelines name in spec.account.roleArn need
/// the same policy, in their accounts.
///
/// The whole is more than AWS takes as one managed policy (6144 characters without white space): make one of each --part, and
/// attach all of them.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = "Examples:\n  video-pipeline-operator iam-policy > policy.json\n  \
    video-pipeline-operator iam-policy --account 123456789012 --region eu-west-1 --part data > data.json\n  \
    video-pipeline-operator iam-policy --assume 'arn:aws:iam::*:role/video-*'")]
pub struct Args {
    /// The account that the policy is for; without it, any.
    #[arg(long, value_name = "ID", value_parser = account_id)]
    account: Option<String>,
    /// A region that pipelines may live in; may be given several times. Without it, any.
    #[arg(long = "region", value_name = "REGION")]
    regions: Vec<String>,
    /// Only environments whose spec.environmentSuffix begins so, as in `team-a-`; without it, any. Objects without a name are
    /// told by their tag streamflix.io/environment: who takes that off locks the operator out.
    #[arg(long, value_name = "PREFIX", value_parser = beginning)]
    prefix: Option<String>,
    /// The ARN of the permissions boundary that the operator sets on every role that it makes
    /// (--permissions-boundary of `run`): roles without it can then neither be made nor be given permissions.
    #[arg(long, value_name = "ARN")]
    permissions_boundary: Option<String>,
    /// Also allow assuming the roles that pipelines name in spec.account.roleArn: an ARN, or a pattern of ARNs with `*`.
    /// May be given several times.
    #[arg(long, value_name = "ROLE_ARN")]
    assume: Vec<String>,
    /// Only a part, small enough for a managed policy.
    #[arg(long)]
    part: Option<Part>,
}

/// A part of the policy.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// What only looks: enough for `kubectl vp plan`.
    Look,
    /// What changes networks.
    Network,
    /// What changes streams, queues, databases and their secrets.
    Data,
    /// What changes roles and services, and assumes roles.
    Compute,
    /// What changes log groups and alarms.
    Monitoring,
}

impl Part {
    fn of(action: &Action) -> Self {
        match action.service() {
            _ if action.looks() => Self::Look,
            "ec2" => Self::Network,
            "kinesis" | "kms" | "rds" | "secretsmanager" | "sqs" => Self::Data,
            "cloudwatch" | "logs" => Self::Monitoring,
            _ => Self::Compute,
        }
    }
}

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be written.
    #[error("cannot write the policy as JSON")]
    Write(#[from] serde_json::Error),
    /// AWS would not take it.
    #[error(
        "the policy has {is} characters without white space, and AWS takes {most}: name fewer regions or roles to assume, by \
         patterns, or a shorter prefix"
    )]
    TooLong {
        /// How long it is.
        is: usize,
        /// How long it may be.
        most: usize,
    },
}

/// The most characters of a managed policy; white space does not count.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length>
const MANAGED: usize = 6144;

/// What the command prints.
///
/// # Errors
/// The policy cannot be written as JSON, or is longer than AWS takes.
pub fn run(args: &Args) -> Result<String, Error> {
    let policy = policy(args);
    let is = policy.to_string().len();
    // The whole is for people to read.
    if args.part.is_some() && is > MANAGED {
        return Err(Error::TooLong { is, most: MANAGED });
    }
    Ok(serde_json::to_string_pretty(&policy)?)
}

fn policy(args: &Args) -> Value {
    let boundary = args.permissions_boundary.as_deref();
    let place = Place::new(args.account.as_deref(), &args.regions, args.prefix.as_deref());
    let mut policy = Policy::new(place, boundary);
    let wanted = |action: &&Action| args.part.is_none_or(|part| Part::of(action) == part);
    KINDS.iter().flat_map(|kind| kind.actions()).chain(facts::ACTIONS).filter(wanted).for_each(|action| {
        policy.allow(action);
    });
    let mut statements = policy.statements();
    if !args.assume.is_empty() && args.part.is_none_or(|part| part == Part::Compute) {
        statements.push(json!({
            "Sid": "ActForPipelines", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": args.assume,
        }));
    }
    if !args.regions.is_empty() {
        statements.push(only_in(&args.regions));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Nothing is done in other regions. What is not of a region is asked for in one of AWS's own choice.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-requested-region.html>
fn only_in(regions: &[String]) -> Value {
    json!({
        "Sid": "NothingElsewhere", "Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*",
        "Condition": { "StringNotEquals": { "aws:RequestedRegion": regions } },
    })
}

/// The beginning of an environment's suffix.
fn beginning(text: &str) -> Result<String, String> {
    // A hyphen may come last here: something follows.
    let begins = !text.is_empty() && EnvironmentSuffix::new(&format!("{text}x")).is_ok();
    let wanted =
        "no environment's suffix begins so: write lower-case letters, digits and single hyphens between them";
    if begins { Ok(text.to_owned()) } else { Err(wanted.to_owned()) }
}

fn account_id(text: &str) -> Result<String, String> {
    let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_id { Ok(text.to_owned()) } else { Err("an account's id is twelve digits".to_owned()) }
}
