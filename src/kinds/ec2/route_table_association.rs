//! Which route table a subnet uses. It carries no tags: it is ours iff its subnet is.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{self, RouteTableAssociationStateCode};
use futures::future::try_join;
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect, not_yet};
use crate::engine::{
    Action, Address, Changes, Deleted, Depth, Failure, Input, Key, Kind, Meaning, Ours, Output, Phase,
    Recall, Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ec2;
use crate::kinds::ec2::route_table;
use crate::kinds::ec2::subnet;
use crate::kinds::ec2::subnet::Subnet;
use crate::kinds::ids::{RoutableSubnetId, RouteTableAssociationId, RouteTableId, SubnetId};
use crate::kinds::sighting::{Child, Mine, children};

/// The association of a subnet with a route table.
pub struct RouteTableAssociation;

/// What the association should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteTableAssociationSpec {
    /// The route table that the subnet uses.
    pub route_table: Input<RouteTableId>,
    /// The subnet.
    pub subnet: Input<SubnetId>,
}

/// What others may use of the association.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteTableAssociationOutputs {
    /// Its id, a new one whenever the subnet gets another route table.
    pub id: RouteTableAssociationId,
    /// The subnet, for what should start only once its traffic is routed.
    pub subnet: RoutableSubnetId,
}

impl RouteTableAssociation {
    /// The subnet, once it is routed.
    pub const SUBNET: Output<Self, RoutableSubnetId> = Output::new("subnet");

    /// Where the association of the subnet at `subnet` stands.
    pub fn address(subnet: &Address) -> Address {
        Address::new(Self::NAME, format!("{subnet}-routes"))
    }
}

impl Kind for RouteTableAssociation {
    const NAME: &'static str = "routeTableAssociation";
    const REFERS_TO: &'static [&'static str] = &["routeTable", "subnet"];
    const IMMUTABLE: &'static [&'static str] = &["subnet"];
    // A subnet has one route table.
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "ec2:AssociateRouteTable";
    const ACTIONS: &'static [Action] = &[
        Action::called("ec2:DescribeSubnets", bounds::LOOK),
        Action::called("ec2:DescribeRouteTables", bounds::LOOK),
        Action::called("ec2:AssociateRouteTable", bounds::ec2::OURS),
        Action::called("ec2:ReplaceRouteTableAssociation", bounds::ec2::OURS),
        Action::called("ec2:DisassociateRouteTable", bounds::ec2::OURS),
    ];

    type Cloud = Aws;
    type Spec = RouteTableAssociationSpec;
    type Outputs = RouteTableAssociationOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let subnets = ec2::parents::<Subnet, _, _>(scopes, |filter| subnet::list(aws, vec![filter]));
        let tables = ec2::all(ec2::owned(scopes), |filter| route_table::list(aws, vec![filter]));
        let (subnets, tables) = try_join(subnets, tables).await?;
        let mut associations = by_subnet(tables);
        // Those that use no table of ours may use another.
        let others = subnets.iter().map(|subnet| &subnet.id).filter(|id| !associations.contains_key(*id));
        associations.extend(of_subnets(aws, others.cloned().collect()).await?);
        let child = |subnet: Mine<types::Subnet>| {
            let association = associations.remove(&subnet.id)?;
            Some(Child {
                scope: subnet.scope,
                address: Self::address(&subnet.address),
                ours: ours(association),
            })
        };
        Ok(children(scopes, subnets.into_iter().filter_map(child).collect()))
    }

    async fn create(
        aws: &Aws,
        _: &Key,
        spec: RouteTableAssociationSpec,
    ) -> Result<RouteTableAssociationOutputs, Failure> {
        let (RouteTableId(table), SubnetId(subnet)) = (spec.route_table.known()?, spec.subnet.known()?);
        let call = aws.ec2.associate_route_table().route_table_id(table).subnet_id(subnet);
        let id = match call.send().await.during("ec2:AssociateRouteTable") {
            Err(refused) if refused.is(Meaning::AlreadyExists) => {
                take_over(aws, table, subnet, refused).await?
            }
            made => made.map_err(not_yet)?.association_id.unwrap_or_default(),
        };
        Ok(outputs(id, subnet))
    }

    async fn update(
        aws: &Aws,
        _: &Key,
        RouteTableAssociationOutputs { id: RouteTableAssociationId(id), .. }: RouteTableAssociationOutputs,
        spec: RouteTableAssociationSpec,
        _: &Changes,
    ) -> Result<(), Failure> {
        let RouteTableId(table) = spec.route_table.known()?;
        replace(aws, &id, table).await.map(drop)
    }

    async fn delete(
        aws: &Aws,
        RouteTableAssociationOutputs { id: RouteTableAssociationId(id), .. }: RouteTableAssociationOutputs,
    ) -> Result<Deleted, Failure> {
        let deletion = aws.ec2.disassociate_route_table().association_id(id).send().await;
        deletion.during("ec2:DisassociateRouteTable").or_gone()?;
        Ok(Deleted::Gone)
    }
}

/// What route tables say of their subnets. A table may also be that of the whole VPC, or of a gateway.
fn by_subnet(tables: Vec<types::RouteTable>) -> BTreeMap<String, types::RouteTableAssociation> {
    let all = tables.into_iter().flat_map(|table| table.associations.unwrap_or_default());
    let standing = all.filter(|one| state(one) != Some(&RouteTableAssociationStateCode::Disassociated));
    standing.filter_map(|one| Some((one.subnet_id.clone()?, one))).collect()
}

async fn of_subnets(
    aws: &Aws,
    subnets: Vec<String>,
) -> Result<BTreeMap<String, types::RouteTableAssociation>, Failure> {
    let filters = ec2::filters("association.subnet-id", subnets);
    Ok(by_subnet(ec2::all(filters, |filter| route_table::list(aws, vec![filter])).await?))
}

/// The subnet is ours and has a route table already: the one that is wanted, by a call of ours whose reply was lost, or
/// another, which is replaced.
async fn take_over(aws: &Aws, table: &str, subnet: &str, refused: Failure) -> Result<String, Failure> {
    let standing = of_subnets(aws, vec![subnet.to_owned()]).await?.remove(subnet);
    let Some(standing) = standing else { return Err(refused) };
    let id = standing.route_table_association_id.unwrap_or_default();
    if standing.route_table_id.as_deref() == Some(table) { Ok(id) } else { replace(aws, &id, table).await }
}

/// Moves the subnet of the association `id` to another table, which makes it another association.
async fn replace(aws: &Aws, id: &str, table: &str) -> Result<String, Failure> {
    let call = aws.ec2.replace_route_table_association().association_id(id).route_table_id(table);
    let replaced = call.send().await.during("ec2:ReplaceRouteTableAssociation");
    Ok(replaced.map_err(not_yet)?.new_association_id.unwrap_or_default())
}

fn state(association: &types::RouteTableAssociation) -> Option<&RouteTableAssociationStateCode> {
    association.association_state().and_then(|state| state.state())
}

fn outputs(id: String, subnet: &str) -> RouteTableAssociationOutputs {
    RouteTableAssociationOutputs { id: id.into(), subnet: subnet.into() }
}

fn ours(association: types::RouteTableAssociation) -> Ours<RouteTableAssociation> {
    let phase = match state(&association) {
        Some(RouteTableAssociationStateCode::Associating) => Phase::Settling("associating".into()),
        Some(RouteTableAssociationStateCode::Disassociating) => Phase::Leaving("disassociating".into()),
        Some(RouteTableAssociationStateCode::Failed) => {
            let state = association.association_state();
            let why = state.and_then(|state| state.status_message()).unwrap_or("no reason is given");
            Phase::Broken(crate::kinds::stillborn(format!("AWS says that it failed: {why}")))
        }
        _ => Phase::Ready,
    };
    let id = association.route_table_association_id.unwrap_or_default();
    let subnet = association.subnet_id.unwrap_or_default();
    let outputs = outputs(id.clone(), &subnet);
    let table = RouteTableId(association.route_table_id.unwrap_or_default());
    let spec = RouteTableAssociationSpec { route_table: table.into(), subnet: SubnetId(subnet).into() };
    Ours { spec: Some(spec), outputs, id, phase }
}
