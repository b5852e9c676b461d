//! What a person can do about a resource that waits for a decision.

use serde_json::{Value, json};

use crate::{
    api::{ADOPT_FROM, CONSENT},
    aws::tags,
    engine::{Address, Block, Item},
};

use super::Resource;

/// What to do about `block`, beyond what its own words say; nothing where those are enough.
pub(super) fn of(resource: &Resource<'_>, item: &Item, block: &Block, is_claim: bool) -> Option<String> {
    match block {
        Block::WouldReplaceData { consent, .. }
        | Block::WouldDeleteData { consent }
        | Block::DataGone { consent } => Some(format!("to allow it: {}", allow(resource, consent))),
        Block::Protected => Some(format!(
            "to delete it all: {} · to leave it all in AWS: {}",
            patch(resource, &json!({ "database": { "deletionProtection": false } })),
            retain(resource),
        )),
        Block::OwnershipLost { id } => {
            let back = match retag(resource, &item.address, id) {
                Some(command) => format!("put the tags back: {command}"),
                None => "put the tags of its service back".to_owned(),
            };
            Some(match resource.deleting {
                true => format!("{back} · to leave all that is left in AWS: {}", retain(resource)),
                false => back,
            })
        }
        Block::Foreign { owner: Some(_), .. } if resource.deleting => Some(format!(
            "if it was taken over, this goes by itself as soon as AWS shows it everywhere; to leave all that is left in AWS: {}",
            retain(resource),
        )),
        Block::Foreign { owner: Some(owner), .. } => Some(format!(
            "{}; or, if {owner} is gone for good{}, take its environment over: {}",
            elsewhere(is_claim),
            with_leave(resource, owner),
            annotate(resource, ADOPT_FROM, owner)
        )),
        Block::Foreign { owner: None, .. } => {
            Some(format!("remove or rename it; or {}", elsewhere(is_claim)))
        }
        Block::Broken(defect) => Some(defect.remedy.clone()),
        Block::Cycle(_) => None,
    }
}

fn elsewhere(is_claim: bool) -> &'static str {
    if is_claim {
        "the environmentSuffix is taken in this account: create the pipeline under another one"
    } else {
        "create the pipeline under another environmentSuffix"
    }
}

/// Who has to allow that what belongs to `former` is taken over: nobody, within a namespace.
fn with_leave(resource: &Resource<'_>, former: &str) -> &'static str {
    let namespace = |owner: &str| owner.rsplit_once('/').map(|(namespace, _)| namespace.to_owned());
    if resource.owner.and_then(namespace) == namespace(former) {
        ""
    } else {
        " and whoever runs the operator allows it (adoptions in the chart's values)"
    }
}

/// The command that gives a consent.
pub(super) fn allow(resource: &Resource<'_>, consent: &str) -> String {
    annotate(resource, CONSENT, consent)
}

fn annotate(Resource { namespace, name, .. }: &Resource<'_>, key: &str, value: &str) -> String {
    format!("kubectl -n {namespace} annotate --overwrite vp {name} {key}={value}")
}

/// The command that changes the spec.
fn patch(Resource { namespace, name, .. }: &Resource<'_>, spec: &Value) -> String {
    let patch = json!({ "spec": spec });
    format!("kubectl -n {namespace} patch vp {name} --type merge -p '{patch}'")
}

/// The command that leaves in AWS what is there.
fn retain(resource: &Resource<'_>) -> String {
    patch(resource, &json!({ "deletionPolicy": "Retain" }))
}

/// The command that puts back what proves that an object is ours; none for what has no tags of its own.
fn retag(resource: &Resource<'_>, address: &Address, id: &str) -> Option<String> {
    let owner = resource.owner.unwrap_or_default();
    let region = resource.region;
    let pairs = [(tags::OWNER, owner), (tags::ADDRESS, &address.name)];
    let list = pairs.map(|(key, value)| format!("Key={key},Value={value}")).join(" ");
    Some(match address.kind.as_str() {
        "scalableTarget" | "scalingPolicy" => return None,
        "role" => format!("aws iam tag-role --role-name {} --tags {list}", name_of(id)),
        "vpc" | "subnet" | "internetGateway" | "routeTable" | "securityGroup" => {
            format!("aws ec2 create-tags --region {region} --resources {id} --tags {list}")
        }
        kind => {
            let map = pairs.map(|(key, value)| format!("{key}={value}")).join(",");
            let arn = if id.starts_with("arn:") { id.to_owned() } else { arn(kind, id, region) };
            format!(
                "aws resourcegroupstaggingapi tag-resources --region {region} --resource-arn-list {arn} --tags {map}"
            )
        }
    })
}

/// How a shell finds the ARN of what has a name: a call, its parameter, and where its answer has the ARN.
const ARNS: &[(&str, &str, &str, &str)] = &[
    ("stream", "kinesis describe-stream-summary", "--stream-name", "StreamDescriptionSummary.StreamARN"),
    ("logGroup", "logs describe-log-groups", "--log-group-name-prefix", "logGroups[0].logGroupArn"),
    ("alarm", "cloudwatch describe-alarms", "--alarm-names", "MetricAlarms[0].AlarmArn"),
    ("ecsCluster", "ecs describe-clusters", "--clusters", "clusters[0].clusterArn"),
    ("dbCluster", "rds describe-db-clusters", "--db-cluster-identifier", "DBClusters[0].DBClusterArn"),
    ("dbInstance", "rds describe-db-instances", "--db-instance-identifier", "DBInstances[0].DBInstanceArn"),
    (
        "dbSubnetGroup",
        "rds describe-db-subnet-groups",
        "--db-subnet-group-name",
        "DBSubnetGroups[0].DBSubnetGroupArn",
    ),
    (
        "dbClusterParameterGroup",
        "rds describe-db-cluster-parameter-groups",
        "--db-cluster-parameter-group-name",
        "DBClusterParameterGroups[0].DBClusterParameterGroupArn",
    ),
];

/// The ARN of what is called `id`, as a shell finds it.
fn arn(kind: &str, id: &str, region: &str) -> String {
    let query = |call: &str, which: &str, path: &str| {
        format!("$(aws {call} --region {region} {which} --query '{path}' --output text)")
    };
    if let Some((_, call, parameter, path)) = ARNS.iter().find(|(of, ..)| *of == kind) {
        return query(call, &format!("{parameter} {id}"), path);
    }
    let (cluster, name) = id.split_once('/').unwrap_or(("", id));
    match kind {
        "queue" => {
            let url = query("sqs get-queue-url", &format!("--queue-name {id}"), "QueueUrl");
            let which = format!("--queue-url {url} --attribute-names QueueArn");
            query("sqs get-queue-attributes", &which, "Attributes.QueueArn")
        }
        "service" => query(
            "ecs describe-services",
            &format!("--cluster {cluster} --services {name}"),
            "services[0].serviceArn",
        ),
        _ => id.to_owned(),
    }
}

/// The last part of an ARN, or a name as it is.
fn name_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::RESOURCE;

    #[test]
    fn the_command_for_lost_tags_is_that_of_the_service() {
        let retag = |kind: &str, id: &str| retag(&RESOURCE, &Address::new(kind, "layer/it"), id);
        let command = |kind: &str, id: &str| retag(kind, id).unwrap();
        let tags = "Key=streamflix.io/owner,Value=lab/video/dev Key=streamflix.io/address,Value=layer/it";
        assert_eq!(
            command("vpc", "vpc-0a1b2c3d"),
            format!("aws ec2 create-tags --region eu-west-1 --resources vpc-0a1b2c3d --tags {tags}")
        );
        assert_eq!(
            command("role", "arn:aws:iam::123456789012:role/video-pipeline/r"),
            format!("aws iam tag-role --role-name r --tags {tags}")
        );
        assert!(command("stream", "arn:aws:kinesis:eu-west-1:1:stream/s").contains("tag-resources"));
        // The suffix of an environment may look like a part of EC2's ids.
        assert!(command("dbCluster", "video-metadata-cluster-20261128").contains("rds describe-db-clusters"));
        assert!(
            command("stream", "s")
                .contains("kinesis describe-stream-summary --region eu-west-1 --stream-name s")
        );
        assert!(
            command("queue", "jobs").contains(
                "$(aws sqs get-queue-attributes --region eu-west-1 --queue-url $(aws sqs get-queue-url --region eu-west-1"
            ),
            "a queue's ARN is asked for, because its partition is not ours to guess"
        );
        assert!(
            command("service", "c/s")
                .contains("ecs describe-services --region eu-west-1 --cluster c --services s")
        );
        assert_eq!(retag("scalableTarget", "service/c/s"), None);
    }
}
