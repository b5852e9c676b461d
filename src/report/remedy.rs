//! What a person can do about a resource that waits for a decision.

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
        Block::OwnershipLost { id } => {
            Some(format!("put the tags back: {}", retag(resource, &item.address, id)))
        }
        Block::Foreign { owner: Some(owner), .. } => Some(format!(
            "{}; or, if {owner} is gone for good, take its environment over: {}",
            elsewhere(is_claim),
            annotate(resource, ADOPT_FROM, owner)
        )),
        Block::Foreign { owner: None, .. } => {
            Some(format!("remove or rename it; or {}", elsewhere(is_claim)))
        }
        Block::Broken(why) if rolled_back(why).is_some() => {
            Some("it stays so until the spec changes".to_owned())
        }
        Block::Broken(_) | Block::Cycle(_) => None,
    }
}

/// Why AWS rolled back a deployment, if that is what is wrong: the word with which the service's kind says so.
pub(super) fn rolled_back(why: &str) -> Option<&str> {
    why.strip_prefix("RolledBack: ")
}

fn elsewhere(is_claim: bool) -> &'static str {
    if is_claim {
        "the environmentSuffix is taken in this account: create the pipeline under another one"
    } else {
        "create the pipeline under another environmentSuffix"
    }
}

/// The command that gives a consent.
pub(super) fn allow(resource: &Resource<'_>, consent: &str) -> String {
    annotate(resource, CONSENT, consent)
}

fn annotate(Resource { namespace, name, .. }: &Resource<'_>, key: &str, value: &str) -> String {
    format!("kubectl -n {namespace} annotate --overwrite vp {name} {key}={value}")
}

/// The command that puts back what proves that an object is ours.
fn retag(resource: &Resource<'_>, address: &Address, id: &str) -> String {
    let owner = resource.owner.unwrap_or_default();
    let region = resource.region;
    let pairs = [(tags::OWNER, owner), (tags::ADDRESS, &address.name)];
    let list = pairs.map(|(key, value)| format!("Key={key},Value={value}")).join(" ");
    match address.kind.as_str() {
        _ if id.starts_with("arn:") && !id.contains(":iam:") => {
            let map = pairs.map(|(key, value)| format!("{key}={value}")).join(",");
            format!(
                "aws resourcegroupstaggingapi tag-resources --region {region} --resource-arn-list {id} --tags {map}"
            )
        }
        "role" => format!("aws iam tag-role --role-name {} --tags {list}", name_of(id)),
        _ if is_ec2(id) => format!("aws ec2 create-tags --region {region} --resources {id} --tags {list}"),
        kind => format!("{list} on the {} {id}", super::words::spaced(kind)),
    }
}

/// The last part of an ARN, or a name as it is.
fn name_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// True iff the id is one of EC2's: `vpc-0a1b2c`.
fn is_ec2(id: &str) -> bool {
    let is_hex = |part: &str| part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    id.rsplit_once('-').is_some_and(|(_, number)| is_hex(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::RESOURCE;

    #[test]
    fn the_command_for_lost_tags_is_that_of_the_service() {
        let command = |kind: &str, id: &str| retag(&RESOURCE, &Address::new(kind, "layer/it"), id);
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
        assert_eq!(command("jobQueue", "jobs"), format!("{tags} on the job queue jobs"));
    }
}
