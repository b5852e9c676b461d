//! A subnet: a part of the VPC's addresses in one availability zone.

use aws_sdk_ec2::types::{self, AttributeBooleanValue, Filter, ResourceType, SubnetState};
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Tags, not_yet, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Input, Key, Kind, Meaning, Ours, Output, Phase, Recall,
    Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ec2;
use crate::kinds::ids::{SubnetId, VpcId};
use crate::kinds::sighting::{Mine, prove};

/// A subnet.
pub struct Subnet;

/// What a subnet should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubnetSpec {
    /// The VPC that it is a part of.
    pub vpc: Input<VpcId>,
    /// Its IPv4 addresses, a part of the VPC's: `10.0.0.0/20`.
    pub cidr: String,
    /// The name of its availability zone: `eu-west-1a`.
    pub zone: String,
    /// Whether what is started in it gets a public address.
    pub public_ips: bool,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of a subnet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubnetOutputs {
    /// Its id.
    pub id: SubnetId,
}

impl Subnet {
    /// Its id.
    pub const ID: Output<Self, SubnetId> = Output::new("id");
}

impl Kind for Subnet {
    const NAME: &'static str = "subnet";
    const REFERS_TO: &'static [&'static str] = &["vpc"];
    const IMMUTABLE: &'static [&'static str] = &["vpc", "cidr", "zone"];
    // A second subnet cannot have addresses of the first.
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "ec2:CreateSubnet";
    const ACTIONS: &'static [Action] = &[
        Action::called("ec2:DescribeSubnets", bounds::LOOK),
        Action::called("ec2:DescribeTags", bounds::LOOK),
        Action::called("ec2:DescribeNetworkInterfaces", bounds::LOOK),
        Action::called("ec2:CreateSubnet", bounds::ec2::NEW_SUBNET),
        Action::called("ec2:ModifySubnetAttribute", bounds::ec2::OURS),
        Action::called("ec2:CreateTags", bounds::ec2::TAGGED),
        Action::called("ec2:DeleteTags", bounds::ec2::OURS),
        Action::called("ec2:DeleteSubnet", bounds::ec2::OURS),
    ];

    type Cloud = Aws;
    type Spec = SubnetSpec;
    type Outputs = SubnetOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let sorted = ec2::sort(aws, scopes, "subnet-id", |filter| list(aws, vec![filter])).await?;
        Ok(sorted.sightings(scopes, |subnet| Found::Ours(ours(subnet))))
    }

    async fn create(aws: &Aws, key: &Key, spec: SubnetSpec) -> Result<SubnetOutputs, Failure> {
        let VpcId(vpc) = spec.vpc.known()?;
        let tags = Tags::of(key, &spec.tags).specification(ResourceType::Subnet);
        let call = aws.ec2.create_subnet().vpc_id(vpc).cidr_block(&spec.cidr).availability_zone(spec.zone);
        let made = call.tag_specifications(tags).send().await.during("ec2:CreateSubnet");
        let subnet = match made {
            Err(refused) if refused.is(Meaning::AlreadyExists) => {
                standing(aws, key, vpc, &spec.cidr, refused).await?
            }
            made => made.map_err(not_yet)?.subnet.and_then(|subnet| subnet.subnet_id).unwrap_or_default(),
        };
        if spec.public_ips {
            // It is made whatever comes of this, which is an ordinary update, if it must be.
            let _ = set_public_ips(aws, &subnet, true).await;
        }
        Ok(SubnetOutputs { id: subnet.into() })
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        SubnetOutputs { id: SubnetId(id) }: SubnetOutputs,
        spec: SubnetSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        if changes.has("publicIps") {
            set_public_ips(aws, &id, spec.public_ips).await?;
        }
        retag::ec2(aws, &id, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        SubnetOutputs { id: SubnetId(id) }: SubnetOutputs,
    ) -> Result<Deleted, Failure> {
        let deletion = aws.ec2.delete_subnet().subnet_id(&id).send().await.during("ec2:DeleteSubnet");
        ec2::deleted(aws, "subnet-id", &id, deletion).await
    }
}

pub(super) async fn list(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::Subnet>, Failure> {
    let key = format!("{filters:?}");
    let pages = aws.ec2.describe_subnets().set_filters(Some(filters)).into_paginator().page_size(1000);
    let read =
        || async move { pages.items().send().collect::<Result<_, _>>().await.during("ec2:DescribeSubnets") };
    aws.shared.read("ec2:DescribeSubnets", &key, read).await
}

/// Sets whether what is launched in the subnet gets a public address.
async fn set_public_ips(aws: &Aws, subnet: &str, public_ips: bool) -> Result<(), Failure> {
    let flag = AttributeBooleanValue::builder().value(public_ips).build();
    let call = aws.ec2.modify_subnet_attribute().subnet_id(subnet).map_public_ip_on_launch(flag);
    call.send().await.during("ec2:ModifySubnetAttribute").map(drop)
}

/// The subnet that has these addresses already, if a lost call for `key` made it.
async fn standing(aws: &Aws, key: &Key, vpc: &str, cidr: &str, refused: Failure) -> Result<String, Failure> {
    let place = [ec2::filters("vpc-id", [vpc.to_owned()]), ec2::filters("cidr-block", [cidr.to_owned()])];
    let subnet = list(aws, place.concat()).await?.pop();
    prove(key, &Tags::from(subnet.as_ref().map_or(&[][..], types::Subnet::tags)), refused)?;
    Ok(subnet.and_then(|subnet| subnet.subnet_id).unwrap_or_default())
}

fn ours(subnet: Mine<types::Subnet>) -> Ours<Subnet> {
    let seen = subnet.object;
    let phase = match &seen.state {
        Some(SubnetState::Pending) => Phase::Settling("pending".into()),
        Some(state @ (SubnetState::Failed | SubnetState::FailedInsufficientCapacity)) => {
            Phase::Broken(crate::kinds::stillborn(format!("AWS says that it is {state}")))
        }
        _ => Phase::Ready,
    };
    let spec = SubnetSpec {
        vpc: VpcId(seen.vpc_id.unwrap_or_default()).into(),
        cidr: seen.cidr_block.unwrap_or_default(),
        zone: seen.availability_zone.unwrap_or_default(),
        public_ips: seen.map_public_ip_on_launch.unwrap_or_default(),
        tags: subnet.tags,
    };
    Ours { spec: Some(spec), outputs: SubnetOutputs { id: subnet.id.as_str().into() }, id: subnet.id, phase }
}
