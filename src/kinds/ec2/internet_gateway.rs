//! The gateway through which a VPC reaches the internet.

use aws_sdk_ec2::types::{self, AttachmentStatus, Filter, InternetGatewayAttachment, ResourceType};
use serde::{Deserialize, Serialize};

use crate::aws::{self, Aws, During, Expect, Tags, not_yet, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Input, Key, Kind, Meaning, Ours, Output, Phase, Recall,
    Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ec2;
use crate::kinds::ids::{InternetGatewayId, VpcId};
use crate::kinds::sighting::Mine;

/// An internet gateway.
pub struct InternetGateway;

/// What an internet gateway should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InternetGatewaySpec {
    /// The VPC that it is attached to; `None` while it is attached to none.
    pub vpc: Option<Input<VpcId>>,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of an internet gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InternetGatewayOutputs {
    /// Its id.
    pub id: InternetGatewayId,
}

impl InternetGateway {
    /// Its id.
    pub const ID: Output<Self, InternetGatewayId> = Output::new("id");
}

impl Kind for InternetGateway {
    const NAME: &'static str = "internetGateway";
    const REFERS_TO: &'static [&'static str] = &["vpc"];
    const IMMUTABLE: &'static [&'static str] = &[];
    const RECALL: Recall = Recall::Tags;
    const CREATED_BY: &'static str = "ec2:CreateInternetGateway";
    const ACTIONS: &'static [Action] = &[
        Action::called("ec2:DescribeInternetGateways", bounds::LOOK),
        Action::called("ec2:DescribeTags", bounds::LOOK),
        Action::called("ec2:DescribeNetworkInterfaces", bounds::LOOK),
        Action::called("ec2:CreateInternetGateway", bounds::ec2::NEW_INTERNET_GATEWAY),
        Action::called("ec2:AttachInternetGateway", bounds::ec2::OURS),
        Action::called("ec2:DetachInternetGateway", bounds::ec2::OURS),
        Action::called("ec2:CreateTags", bounds::ec2::TAGGED),
        Action::called("ec2:DeleteTags", bounds::ec2::OURS),
        Action::called("ec2:DeleteInternetGateway", bounds::ec2::OURS),
    ];

    type Cloud = Aws;
    type Spec = InternetGatewaySpec;
    type Outputs = InternetGatewayOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let mut sorted =
            ec2::sort(aws, scopes, "internet-gateway-id", |filter| list(aws, vec![filter])).await?;
        // Of two gateways at one address, the one that is attached is in use and the other is surplus.
        sorted.ours.sort_by_key(|gateway| attachment(&gateway.object).is_none());
        Ok(sorted.sightings(scopes, |gateway| Found::Ours(ours(gateway))))
    }

    async fn create(
        aws: &Aws,
        key: &Key,
        spec: InternetGatewaySpec,
    ) -> Result<InternetGatewayOutputs, Failure> {
        let tags = Tags::of(key, &spec.tags).specification(ResourceType::InternetGateway);
        let call = aws.ec2.create_internet_gateway().tag_specifications(tags);
        let made = call.customize().config_override(aws::once()).send().await;
        let made = made.during("ec2:CreateInternetGateway")?.internet_gateway;
        let id = made.and_then(|gateway| gateway.internet_gateway_id).unwrap_or_default();
        if let Some(vpc) = &spec.vpc {
            // The gateway is made whatever comes of this. To fail here would leave that in doubt; one that is not
            // attached is attached by an update.
            attach(aws, &id, vpc.known()?).await.ok();
        }
        Ok(InternetGatewayOutputs { id: id.into() })
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        InternetGatewayOutputs { id: InternetGatewayId(id) }: InternetGatewayOutputs,
        spec: InternetGatewaySpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        if changes.has("vpc") {
            if let Some(VpcId(vpc)) = changes.from("vpc") {
                detach(aws, &id, &vpc).await?;
            }
            if let Some(vpc) = &spec.vpc {
                attach(aws, &id, vpc.known()?).await?;
            }
        }
        retag::ec2(aws, &id, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        InternetGatewayOutputs { id: InternetGatewayId(id) }: InternetGatewayOutputs,
    ) -> Result<Deleted, Failure> {
        for gateway in list(aws, ec2::filters("internet-gateway-id", [id.clone()])).await? {
            if let Some(vpc) = attachment(&gateway).and_then(InternetGatewayAttachment::vpc_id) {
                detach(aws, &id, vpc).await?;
            }
        }
        let deletion = aws.ec2.delete_internet_gateway().internet_gateway_id(&id).send().await;
        deletion.during("ec2:DeleteInternetGateway").or_gone()?;
        Ok(Deleted::Gone)
    }
}

async fn list(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::InternetGateway>, Failure> {
    let call = aws.ec2.describe_internet_gateways().set_filters(Some(filters));
    let pages = call.into_paginator().page_size(1000);
    pages.items().send().collect::<Result<_, _>>().await.during("ec2:DescribeInternetGateways")
}

async fn attach(aws: &Aws, id: &str, VpcId(vpc): &VpcId) -> Result<(), Failure> {
    let call = aws.ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc);
    match call.send().await.during("ec2:AttachInternetGateway") {
        Err(refused) if refused.is(Meaning::AlreadyExists) => {
            // By a call of ours whose reply was lost, or else something is in the way.
            let gateways = list(aws, ec2::filters("internet-gateway-id", [id.to_owned()])).await?;
            let there = gateways.iter().filter_map(attachment).any(|there| there.vpc_id() == Some(vpc));
            if there { Ok(()) } else { Err(refused) }
        }
        attached => attached.map(drop).map_err(not_yet),
    }
}

/// AWS refuses while something in the VPC has a public address.
async fn detach(aws: &Aws, id: &str, vpc: &str) -> Result<Deleted, Failure> {
    let call = aws.ec2.detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc);
    let detachment = call.send().await.during("ec2:DetachInternetGateway");
    ec2::deleted(aws, "vpc-id", vpc, detachment).await
}

/// A gateway has one attachment at most. AWS calls the state of one that is complete `available`, which is none of the
/// values that it documents.
fn attachment(gateway: &types::InternetGateway) -> Option<&InternetGatewayAttachment> {
    gateway.attachments().iter().find(|there| there.state() != Some(&AttachmentStatus::Detached))
}

fn ours(gateway: Mine<types::InternetGateway>) -> Ours<InternetGateway> {
    let attachment = attachment(&gateway.object);
    let phase = match attachment.and_then(InternetGatewayAttachment::state) {
        Some(state @ (AttachmentStatus::Attaching | AttachmentStatus::Detaching)) => {
            Phase::Settling(state.to_string())
        }
        _ => Phase::Ready,
    };
    let vpc = attachment.and_then(InternetGatewayAttachment::vpc_id).map(|vpc| VpcId::from(vpc).into());
    let outputs = InternetGatewayOutputs { id: gateway.id.as_str().into() };
    let spec = InternetGatewaySpec { vpc, tags: gateway.tags };
    Ours { spec: Some(spec), outputs, id: gateway.id, phase }
}
