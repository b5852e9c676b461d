//! The virtual private cloud in which an environment's network lies.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{self, AttributeBooleanValue, Filter, ResourceType, VpcAttributeName, VpcState};
use futures::future::{join, try_join};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::aws::{self, Aws, During, Tags, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Key, Kind, Ours, Output, Phase, Recall, Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ec2::{self, security_group, subnet};
use crate::kinds::ids::{SecurityGroupId, VpcId};
use crate::kinds::sighting::Mine;

/// A VPC.
pub struct Vpc;

/// What a VPC should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcSpec {
    /// Its IPv4 addresses: `10.0.0.0/16`; /16 to /28.
    pub cidr: String,
    /// Whether Amazon's DNS server answers in it.
    pub dns_support: bool,
    /// Whether what has a public address has a public name, too.
    pub dns_hostnames: bool,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of a VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcOutputs {
    /// Its id.
    pub id: VpcId,
    /// The security group that AWS makes with it, and that takes whatever names no other.
    pub default_group: Option<SecurityGroupId>,
}

impl Vpc {
    /// Its id.
    pub const ID: Output<Self, VpcId> = Output::new("id");
    /// Its default security group.
    pub const DEFAULT_GROUP: Output<Self, SecurityGroupId> = Output::new("defaultGroup");
}

impl Kind for Vpc {
    const NAME: &'static str = "vpc";
    const IMMUTABLE: &'static [&'static str] = &["cidr"];
    const RECALL: Recall = Recall::Tags;
    const CREATED_BY: &'static str = "ec2:CreateVpc";
    const ACTIONS: &'static [Action] = &[
        Action::called("ec2:DescribeVpcs", bounds::LOOK),
        Action::called("ec2:DescribeTags", bounds::LOOK),
        Action::called("ec2:DescribeVpcAttribute", bounds::LOOK),
        Action::called("ec2:DescribeSubnets", bounds::LOOK),
        Action::called("ec2:DescribeSecurityGroups", bounds::LOOK),
        Action::called("ec2:DescribeNetworkInterfaces", bounds::LOOK),
        Action::called("ec2:CreateVpc", bounds::ec2::NEW_VPC),
        Action::called("ec2:ModifyVpcAttribute", bounds::ec2::OURS),
        Action::called("ec2:CreateTags", bounds::ec2::TAGGED),
        Action::called("ec2:DeleteTags", bounds::ec2::OURS),
        Action::called("ec2:DeleteVpc", bounds::ec2::OURS),
    ];

    type Cloud = Aws;
    type Spec = VpcSpec;
    type Outputs = VpcOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], depth: Depth) -> Result<Sightings<Self>, Failure> {
        let mut sorted = ec2::sort(aws, scopes, "vpc-id", |filter| list(aws, filter)).await?;
        inhabited_first(aws, &mut sorted.ours).await?;
        let ids = sorted.ours.iter().map(|vpc| vpc.id.clone());
        let groups = security_group::defaults(aws, ids).await?;
        let mut dns = match depth {
            Depth::Status => BTreeMap::new(),
            Depth::Audit => dns_of_all(aws, &sorted.ours).await,
        };
        Ok(sorted.sightings(scopes, |vpc| match dns.remove(&vpc.id).transpose() {
            Ok(dns) => Found::Ours(ours(vpc, dns, &groups)),
            Err(failure) => Found::Unknown(failure),
        }))
    }

    async fn create(aws: &Aws, key: &Key, spec: VpcSpec) -> Result<VpcOutputs, Failure> {
        let tags = Tags::of(key, &spec.tags).specification(ResourceType::Vpc);
        let call = aws.ec2.create_vpc().cidr_block(&spec.cidr).tag_specifications(tags);
        let made = call.customize().config_override(aws::once()).send().await.during("ec2:CreateVpc")?;
        let id = made.vpc.and_then(|vpc| vpc.vpc_id).unwrap_or_default();
        // The VPC is made whatever comes of the rest: an attribute that is not set is an ordinary update, and a group that
        // is not visible yet is found, when it is next observed.
        // https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html#vpc-dns-support
        let at_first = Dns { support: true, hostnames: false };
        let dns = set_dns(aws, &id, &spec, &at_first);
        let (_, groups) = join(dns, security_group::defaults(aws, [id.clone()])).await;
        Ok(outputs(id, &groups.unwrap_or_default()))
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        VpcOutputs { id: VpcId(id), .. }: VpcOutputs,
        spec: VpcSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        let before = Dns {
            support: changes.from("dnsSupport").unwrap_or(spec.dns_support),
            hostnames: changes.from("dnsHostnames").unwrap_or(spec.dns_hostnames),
        };
        set_dns(aws, &id, &spec, &before).await?;
        retag::ec2(aws, &id, key, &spec.tags, changes).await
    }

    async fn delete(aws: &Aws, VpcOutputs { id: VpcId(id), .. }: VpcOutputs) -> Result<Deleted, Failure> {
        let deletion = aws.ec2.delete_vpc().vpc_id(&id).send().await.during("ec2:DeleteVpc");
        ec2::unless_held(deletion, holders(aws, &id)).await
    }
}

/// What may still be in a VPC of which all that is ours is gone: services such as GuardDuty put endpoints and groups into VPCs,
/// and leave them there.
/// <https://docs.aws.amazon.com/guardduty/latest/ug/runtime-monitoring-agent-resource-clean-up.html>
async fn holders(aws: &Aws, id: &str) -> Vec<String> {
    let (interfaces, groups) =
        join(ec2::interfaces(aws, "vpc-id", id), security_group::strangers(aws, id)).await;
    [interfaces, groups].concat()
}

pub(super) async fn list(aws: &Aws, filter: Filter) -> Result<Vec<types::Vpc>, Failure> {
    let key = format!("{filter:?}");
    let pages = aws.ec2.describe_vpcs().filters(filter).into_paginator().page_size(1000);
    let read =
        || async move { pages.items().send().collect::<Result<_, _>>().await.during("ec2:DescribeVpcs") };
    aws.shared.read("ec2:DescribeVpcs", &key, read).await
}

fn outputs(id: String, groups: &BTreeMap<String, types::SecurityGroup>) -> VpcOutputs {
    let default_group = groups.get(&id).and_then(|group| group.group_id()).map(SecurityGroupId::from);
    VpcOutputs { id: id.into(), default_group }
}

fn ours(
    vpc: Mine<types::Vpc>,
    dns: Option<Dns>,
    groups: &BTreeMap<String, types::SecurityGroup>,
) -> Ours<Vpc> {
    let phase = match vpc.object.state() {
        Some(VpcState::Pending) => Phase::Settling("pending".into()),
        _ => Phase::Ready,
    };
    let spec = dns.map(|dns| VpcSpec {
        cidr: vpc.object.cidr_block.unwrap_or_default(),
        dns_support: dns.support,
        dns_hostnames: dns.hostnames,
        tags: vpc.tags,
    });
    Ours { spec, outputs: outputs(vpc.id.clone(), groups), id: vpc.id, phase }
}

/// The attributes of a VPC that its description lacks.
struct Dns {
    support: bool,
    hostnames: bool,
}

/// AWS takes one attribute a call, and names only where its DNS server answers.
async fn set_dns(aws: &Aws, id: &str, spec: &VpcSpec, before: &Dns) -> Result<(), Failure> {
    let flag = |value| AttributeBooleanValue::builder().value(value).build();
    let modify = || aws.ec2.modify_vpc_attribute().vpc_id(id);
    if spec.dns_support != before.support {
        let call = modify().enable_dns_support(flag(spec.dns_support));
        call.send().await.during("ec2:ModifyVpcAttribute")?;
    }
    if spec.dns_hostnames != before.hostnames {
        let call = modify().enable_dns_hostnames(flag(spec.dns_hostnames));
        call.send().await.during("ec2:ModifyVpcAttribute")?;
    }
    Ok(())
}

/// How many attributes are read at a time: AWS answers for one VPC a call, twenty calls a second.
const AT_ONCE: usize = 8;

async fn dns_of_all(aws: &Aws, vpcs: &[Mine<types::Vpc>]) -> BTreeMap<String, Result<Dns, Failure>> {
    let ids: Vec<String> = vpcs.iter().map(|vpc| vpc.id.clone()).collect();
    let reads = ids.into_iter().map(|id| async move { (id.clone(), dns_of(aws, &id).await) });
    stream::iter(reads).buffer_unordered(AT_ONCE).collect().await
}

async fn dns_of(aws: &Aws, id: &str) -> Result<Dns, Failure> {
    let read = async |attribute| {
        let call = aws.ec2.describe_vpc_attribute().vpc_id(id).attribute(attribute);
        call.send().await.during("ec2:DescribeVpcAttribute")
    };
    let (support, hostnames) =
        try_join(read(VpcAttributeName::EnableDnsSupport), read(VpcAttributeName::EnableDnsHostnames))
            .await?;
    let on = |value: Option<AttributeBooleanValue>| value.and_then(|value| value.value).unwrap_or_default();
    Ok(Dns { support: on(support.enable_dns_support), hostnames: on(hostnames.enable_dns_hostnames) })
}

/// Of two VPCs at one address, the one with subnets is in use and the other is surplus.
pub(super) async fn inhabited_first(aws: &Aws, vpcs: &mut [Mine<types::Vpc>]) -> Result<(), Failure> {
    let places: BTreeSet<_> = vpcs.iter().map(|vpc| (vpc.scope, &vpc.address)).collect();
    if places.len() == vpcs.len() {
        return Ok(());
    }
    let filters = ec2::filters("vpc-id", vpcs.iter().map(|vpc| vpc.id.clone()));
    let subnets = ec2::all(filters, |filter| subnet::list(aws, vec![filter])).await?;
    vpcs.sort_by_key(|vpc| !subnets.iter().any(|subnet| subnet.vpc_id() == Some(&vpc.id)));
    Ok(())
}
