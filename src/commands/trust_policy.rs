//! `video-pipeline-operator trust-policy`: whom a role of `spec.account.roleArn` has to trust, and for whom.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::controller::{external_id, settings};
use crate::pipeline::ClusterName;

/// Print the trust policy of a role that pipelines name in spec.account.roleArn, as JSON.
///
/// It lets the operator's identity assume the role, for the sake of some namespaces only: the operator says which one by the
/// external id. Which namespace may name the role at all is a setting of the operator (--allowed-roles of `run`). What the
/// role itself has to be allowed is what `iam-policy` prints.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  video-pipeline-operator trust-policy --cluster-name home --namespace team-a \\\n    \
    --principal arn:aws:iam::111111111111:role/video-pipeline-operator > trust.json\n  \
    aws iam create-role --role-name video-pipeline --assume-role-policy-document file://trust.json"
)]
pub struct Args {
    /// The operator's cluster name.
    #[arg(long, env = "CLUSTER_NAME", value_name = "NAME", value_parser = ClusterName::new)]
    cluster_name: ClusterName,
    /// A namespace whose pipelines may live under the role; may be given several times.
    #[arg(long = "namespace", value_name = "NAMESPACE", required = true, value_parser = settings::namespace)]
    namespaces: Vec<String>,
    /// The ARN of the operator's own role or user. `aws sts get-caller-identity` shows a session of a role, not the role.
    #[arg(long, value_name = "ARN", value_parser = principal)]
    principal: String,
}

/// What the command prints.
///
/// # Errors
/// The policy cannot be written as JSON.
pub fn run(args: &Args) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&policy(args))
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html>
fn policy(args: &Args) -> Value {
    let ids: BTreeSet<String> =
        args.namespaces.iter().map(|namespace| external_id(&args.cluster_name, namespace)).collect();
    let ids = if let [only] = Vec::from_iter(&ids)[..] { json!(only) } else { json!(ids) };
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "VideoPipelineOperator",
            "Effect": "Allow",
            "Principal": { "AWS": args.principal },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "sts:ExternalId": ids } },
        }],
    })
}

fn principal(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let is_one = matches!(parts[..], ["arn", _, "iam", "", account, entity]
        if account.len() == 12 && (entity.starts_with("role/") || entity.starts_with("user/")));
    if is_one {
        Ok(text.to_owned())
    } else {
        Err("use the ARN of a role or a user, as in arn:aws:iam::111111111111:role/NAME".to_owned())
    }
}
