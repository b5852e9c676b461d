//! A security group: what may talk to whatever is in it. What it lets through is a kind of its own,
//! [`SecurityGroupRules`](crate::kinds::SecurityGroupRules).

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{self, Filter, ResourceType};
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Tags, not_yet, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Input, Key, Kind, Meaning, Ours, Output, Phase, Recall,
    Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ec2;
use crate::kinds::ids::{SecurityGroupId, VpcId};
use crate::kinds::sighting::{Mine, prove};

/// A security group.
pub struct SecurityGroup;

/// What a security group should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroupSpec {
    /// The VPC that it belongs to.
    pub vpc: Input<VpcId>,
    /// What it is for; up to 255 letters, digits and some punctuation.
    pub description: String,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of a security group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroupOutputs {
    /// Its id.
    pub id: SecurityGroupId,
}

impl SecurityGroup {
    /// Its id.
    pub const ID: Output<Self, SecurityGroupId> = Output::new("id");
}

impl Kind for SecurityGroup {
    const NAME: &'static str = "securityGroup";
    const REFERS_TO: &'static [&'static str] = &["vpc"];
    const IMMUTABLE: &'static [&'static str] = &["vpc", "description"];
    // A VPC has no two groups of one name.
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "ec2:CreateSecurityGroup";
    const ACTIONS: &'static [Action] = &[
        Action::called("ec2:DescribeSecurityGroups", bounds::LOOK),
        Action::called("ec2:DescribeTags", bounds::LOOK),
        Action::called("ec2:DescribeNetworkInterfaces", bounds::LOOK),
        Action::called("ec2:CreateSecurityGroup", bounds::ec2::NEW_SECURITY_GROUP),
        Action::called("ec2:CreateTags", bounds::ec2::TAGGED),
        Action::called("ec2:DeleteTags", bounds::ec2::OURS),
        Action::called("ec2:DeleteSecurityGroup", bounds::ec2::OURS),
    ];

    type Cloud = Aws;
    type Spec = SecurityGroupSpec;
    type Outputs = SecurityGroupOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let sorted = ec2::sort(aws, scopes, "group-id", |filter| list(aws, vec![filter])).await?;
        Ok(sorted.sightings(scopes, |group| Found::Ours(ours(group))))
    }

    async fn create(aws: &Aws, key: &Key, spec: SecurityGroupSpec) -> Result<SecurityGroupOutputs, Failure> {
        let VpcId(vpc) = spec.vpc.known()?;
        let tags = Tags::of(key, &spec.tags).specification(ResourceType::SecurityGroup);
        let call = aws.ec2.create_security_group().vpc_id(vpc).group_name(&key.name);
        let call = call.description(spec.description).tag_specifications(tags);
        let id = match call.send().await.during("ec2:CreateSecurityGroup") {
            Err(refused) if refused.is(Meaning::AlreadyExists) => standing(aws, key, vpc, refused).await?,
            made => made.map_err(not_yet)?.group_id.unwrap_or_default(),
        };
        Ok(SecurityGroupOutputs { id: id.into() })
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        SecurityGroupOutputs { id: SecurityGroupId(id) }: SecurityGroupOutputs,
        spec: SecurityGroupSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        retag::ec2(aws, &id, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        SecurityGroupOutputs { id: SecurityGroupId(id) }: SecurityGroupOutputs,
    ) -> Result<Deleted, Failure> {
        let deletion = aws.ec2.delete_security_group().group_id(&id).send().await;
        ec2::deleted(aws, "group-id", &id, deletion.during("ec2:DeleteSecurityGroup")).await
    }
}

pub(super) async fn list(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::SecurityGroup>, Failure> {
    let key = format!("{filters:?}");
    let pages =
        aws.ec2.describe_security_groups().set_filters(Some(filters)).into_paginator().page_size(1000);
    let read = || async move {
        pages.items().send().collect::<Result<_, _>>().await.during("ec2:DescribeSecurityGroups")
    };
    aws.shared.read("ec2:DescribeSecurityGroups", &key, read).await
}

/// The default groups of VPCs, by the VPC's id. AWS makes one with each VPC, keeps the name `default` for it, and never
/// lets it be deleted.
pub(super) async fn defaults(
    aws: &Aws,
    vpcs: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, types::SecurityGroup>, Failure> {
    let default = Filter::builder().name("group-name").values("default").build();
    let groups = ec2::all(ec2::filters("vpc-id", vpcs), |of| list(aws, vec![of, default.clone()])).await?;
    Ok(groups.into_iter().filter_map(|group| Some((group.vpc_id.clone()?, group))).collect())
}

/// The groups in the VPC that no pipeline made, and that keep it from being deleted; none where they cannot be read,
/// because they only explain.
pub(super) async fn strangers(aws: &Aws, vpc: &str) -> Vec<String> {
    let groups = list(aws, ec2::filters("vpc-id", [vpc.to_owned()])).await;
    strange(&groups.unwrap_or_default())
}

/// Those that carry no owner, by id and name. The default group goes with its VPC.
fn strange(groups: &[types::SecurityGroup]) -> Vec<String> {
    let keeps = |group: &&types::SecurityGroup| {
        group.group_name() != Some("default") && Tags::from(group.tags()).owner().is_none()
    };
    groups.iter().filter(keeps).map(|group| ec2::described(group.group_id(), group.group_name())).collect()
}

/// The group of this name in the VPC, if a lost call for `key` made it.
async fn standing(aws: &Aws, key: &Key, vpc: &str, refused: Failure) -> Result<String, Failure> {
    let place = [ec2::filters("vpc-id", [vpc.to_owned()]), ec2::filters("group-name", [key.name.clone()])];
    let group = list(aws, place.concat()).await?.pop();
    prove(key, &Tags::from(group.as_ref().map_or(&[][..], types::SecurityGroup::tags)), refused)?;
    Ok(group.and_then(|group| group.group_id).unwrap_or_default())
}

fn ours(group: Mine<types::SecurityGroup>) -> Ours<SecurityGroup> {
    let spec = SecurityGroupSpec {
        vpc: VpcId(group.object.vpc_id.unwrap_or_default()).into(),
        description: group.object.description.unwrap_or_default(),
        tags: group.tags,
    };
    let outputs = SecurityGroupOutputs { id: group.id.as_str().into() };
    Ours { spec: Some(spec), outputs, id: group.id, phase: Phase::Ready }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::tags::OWNER;

    #[test]
    fn a_group_that_no_pipeline_made_is_strange_but_for_the_default_one() {
        let group = |id: &str, name: &str| types::SecurityGroup::builder().group_id(id).group_name(name);
        let tag = |key: &str, value: &str| types::Tag::builder().key(key).value(value).build();
        let groups = [
            group("sg-1", "default").build(),
            group("sg-2", "video-tasks-dev").tags(tag(OWNER, "home/media/dev")).build(),
            group("sg-3", "GuardDutyManagedSecurityGroup-vpc-1")
                .tags(tag("GuardDutyManaged", "true"))
                .build(),
        ];
        assert_eq!(strange(&groups), ["sg-3 (GuardDutyManagedSecurityGroup-vpc-1)"]);
    }
}
