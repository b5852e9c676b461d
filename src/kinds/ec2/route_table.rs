//! A route table: where the traffic of the subnets that use it goes.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{self, Filter, ResourceType, RouteOrigin, RouteState};
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect, Tags, not_yet, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Input, Key, Kind, Meaning, Ours, Output, Phase, Recall,
    Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ec2;
use crate::kinds::ids::{InternetGatewayId, RouteTableId, VpcId};
use crate::kinds::sighting::Mine;

/// A route table.
pub struct RouteTable;

/// What a route table should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteTableSpec {
    /// The VPC that it belongs to.
    pub vpc: Input<VpcId>,
    /// Its routes, besides those that AWS keeps itself: within the VPC, of gateway endpoints, and propagated ones.
    pub routes: BTreeSet<Route>,
    /// The user's tags.
    pub tags: Tags,
}

/// Where traffic for some addresses goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// The addresses: an IPv4 or IPv6 block, or the id of a prefix list.
    pub destination: String,
    /// What the traffic goes to. Read back, any target's id; one that is not usable is marked `(blackhole)`.
    pub gateway: Input<InternetGatewayId>,
}

/// What others may use of a route table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteTableOutputs {
    /// Its id.
    pub id: RouteTableId,
}

impl RouteTable {
    /// Its id.
    pub const ID: Output<Self, RouteTableId> = Output::new("id");
}

impl Kind for RouteTable {
    const NAME: &'static str = "routeTable";
    const REFERS_TO: &'static [&'static str] = &["vpc", "internetGateway"];
    const IMMUTABLE: &'static [&'static str] = &["vpc"];
    const RECALL: Recall = Recall::Token;
    const CREATED_BY: &'static str = "ec2:CreateRouteTable";
    const ACTIONS: &'static [Action] = &[
        Action::called("ec2:DescribeRouteTables", bounds::LOOK),
        Action::called("ec2:DescribeTags", bounds::LOOK),
        Action::called("ec2:CreateRouteTable", bounds::ec2::NEW_ROUTE_TABLE),
        Action::called("ec2:CreateRoute", bounds::ec2::OURS),
        Action::called("ec2:ReplaceRoute", bounds::ec2::OURS),
        Action::called("ec2:DeleteRoute", bounds::ec2::OURS),
        Action::called("ec2:CreateTags", bounds::ec2::TAGGED),
        Action::called("ec2:DeleteTags", bounds::ec2::OURS),
        Action::called("ec2:DeleteRouteTable", bounds::ec2::OURS),
    ];

    type Cloud = Aws;
    type Spec = RouteTableSpec;
    type Outputs = RouteTableOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let sorted = ec2::sort(aws, scopes, "route-table-id", |filter| list(aws, vec![filter])).await?;
        Ok(sorted.sightings(scopes, |table| Found::Ours(ours(table))))
    }

    async fn create(aws: &Aws, key: &Key, spec: RouteTableSpec) -> Result<RouteTableOutputs, Failure> {
        let VpcId(vpc) = spec.vpc.known()?;
        let tags = Tags::of(key, &spec.tags).specification(ResourceType::RouteTable);
        let call = aws.ec2.create_route_table().vpc_id(vpc).tag_specifications(tags);
        let made = call.set_client_token(key.token.clone()).send().await.during("ec2:CreateRouteTable");
        let made = made.map_err(not_yet)?.route_table;
        let id = made.and_then(|table| table.route_table_id).unwrap_or_default();
        for route in &spec.routes {
            add(aws, &id, route).await?;
        }
        Ok(RouteTableOutputs { id: id.into() })
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        RouteTableOutputs { id: RouteTableId(id) }: RouteTableOutputs,
        spec: RouteTableSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        if changes.has("routes") {
            reroute(aws, &id, &changes.from("routes").unwrap_or_default(), &spec.routes).await?;
        }
        retag::ec2(aws, &id, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        RouteTableOutputs { id: RouteTableId(id) }: RouteTableOutputs,
    ) -> Result<Deleted, Failure> {
        let deletion = aws.ec2.delete_route_table().route_table_id(&id).send().await;
        deletion.during("ec2:DeleteRouteTable").or_gone()?;
        Ok(Deleted::Gone)
    }
}

pub(super) async fn list(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::RouteTable>, Failure> {
    let key = format!("{filters:?}");
    let pages = aws.ec2.describe_route_tables().set_filters(Some(filters)).into_paginator().page_size(100);
    let read = || async move {
        pages.items().send().collect::<Result<_, _>>().await.during("ec2:DescribeRouteTables")
    };
    aws.shared.read("ec2:DescribeRouteTables", &key, read).await
}

/// New ways are open before old ones are closed.
async fn reroute(
    aws: &Aws,
    table: &str,
    had: &BTreeSet<Route>,
    wanted: &BTreeSet<Route>,
) -> Result<(), Failure> {
    let leads = |routes: &BTreeSet<Route>, to: &Route| routes.iter().any(|r| r.destination == to.destination);
    for route in wanted.difference(had) {
        if leads(had, route) {
            redirect(aws, table, route).await?;
        } else {
            add(aws, table, route).await?;
        }
    }
    for route in had.iter().filter(|route| !leads(wanted, route)) {
        remove(aws, table, route).await?;
    }
    Ok(())
}

async fn add(aws: &Aws, table: &str, route: &Route) -> Result<(), Failure> {
    let InternetGatewayId(gateway) = route.gateway.known()?;
    let to = Destination::of(route);
    let call = aws.ec2.create_route().route_table_id(table).gateway_id(gateway);
    let call = call.set_destination_cidr_block(to.ipv4).set_destination_ipv6_cidr_block(to.ipv6);
    match call.set_destination_prefix_list_id(to.prefix_list).send().await.during("ec2:CreateRoute") {
        // By a call of ours whose reply was lost; one that leads elsewhere shows when the table is read.
        Err(refused) if refused.is(Meaning::AlreadyExists) => Ok(()),
        added => added.map(drop).map_err(not_yet),
    }
}

async fn redirect(aws: &Aws, table: &str, route: &Route) -> Result<(), Failure> {
    let InternetGatewayId(gateway) = route.gateway.known()?;
    let to = Destination::of(route);
    let call = aws.ec2.replace_route().route_table_id(table).gateway_id(gateway);
    let call = call.set_destination_cidr_block(to.ipv4).set_destination_ipv6_cidr_block(to.ipv6);
    let replaced = call.set_destination_prefix_list_id(to.prefix_list).send().await;
    replaced.during("ec2:ReplaceRoute").map(drop).map_err(not_yet)
}

async fn remove(aws: &Aws, table: &str, route: &Route) -> Result<(), Failure> {
    let to = Destination::of(route);
    let call = aws.ec2.delete_route().route_table_id(table);
    let call = call.set_destination_cidr_block(to.ipv4).set_destination_ipv6_cidr_block(to.ipv6);
    call.set_destination_prefix_list_id(to.prefix_list).send().await.during("ec2:DeleteRoute").or_gone()
}

/// A destination as EC2 takes it: exactly one of these.
#[derive(Debug, Default, PartialEq)]
struct Destination {
    ipv4: Option<String>,
    ipv6: Option<String>,
    prefix_list: Option<String>,
}

impl Destination {
    fn of(route: &Route) -> Self {
        let text = Some(route.destination.clone());
        match &route.destination {
            list if list.starts_with("pl-") => Self { prefix_list: text, ..Self::default() },
            block if block.contains(':') => Self { ipv6: text, ..Self::default() },
            _ => Self { ipv4: text, ..Self::default() },
        }
    }
}

fn ours(table: Mine<types::RouteTable>) -> Ours<RouteTable> {
    let spec = RouteTableSpec {
        vpc: VpcId::from(table.object.vpc_id().unwrap_or_default()).into(),
        routes: table.object.routes().iter().filter_map(route).collect(),
        tags: table.tags,
    };
    let outputs = RouteTableOutputs { id: table.id.as_str().into() };
    Ours { spec: Some(spec), outputs, id: table.id, phase: Phase::Ready }
}

/// A route, unless AWS keeps it itself: those come with the table, with a gateway endpoint, or by propagation, and cannot
/// be deleted as routes.
fn route(seen: &types::Route) -> Option<Route> {
    let target = target(seen);
    let list = seen.destination_prefix_list_id();
    let of_endpoint = list.is_some() && target.starts_with("vpce-");
    let propagated = seen.origin() == Some(&RouteOrigin::EnableVgwRoutePropagation);
    if target == "local" || of_endpoint || propagated {
        return None;
    }
    let destination =
        seen.destination_cidr_block().or(seen.destination_ipv6_cidr_block()).or(list)?.to_owned();
    let gateway = match seen.state() {
        Some(RouteState::Blackhole) => format!("{target} (blackhole)"),
        _ => target.to_owned(),
    };
    Some(Route { destination, gateway: InternetGatewayId(gateway).into() })
}

/// Whatever a route leads to. A route to a NAT instance names its network interface, too.
fn target(seen: &types::Route) -> &str {
    let targets = [
        seen.gateway_id(),
        seen.nat_gateway_id(),
        seen.network_interface_id(),
        seen.instance_id(),
        seen.egress_only_internet_gateway_id(),
        seen.transit_gateway_id(),
        seen.vpc_peering_connection_id(),
        seen.local_gateway_id(),
        seen.carrier_gateway_id(),
        seen.core_network_arn(),
        seen.odb_network_arn(),
    ];
    targets.into_iter().flatten().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::builders::RouteBuilder;

    use super::*;

    fn seen(build: impl FnOnce(RouteBuilder) -> RouteBuilder) -> Option<(String, String)> {
        let route = route(&build(types::Route::builder()).build())?;
        Some((route.destination, route.gateway.known().unwrap().0.clone()))
    }

    fn pair(destination: &str, gateway: &str) -> Option<(String, String)> {
        Some((destination.to_owned(), gateway.to_owned()))
    }

    #[test]
    fn what_aws_keeps_itself_is_no_route_of_ours() {
        assert_eq!(seen(|r| r.destination_cidr_block("10.0.0.0/16").gateway_id("local")), None);
        assert_eq!(seen(|r| r.destination_ipv6_cidr_block("fd00::/56").gateway_id("local")), None);
        assert_eq!(seen(|r| r.destination_prefix_list_id("pl-1").gateway_id("vpce-1")), None);
        let propagated = RouteOrigin::EnableVgwRoutePropagation;
        assert_eq!(
            seen(|r| r.destination_cidr_block("10.9.0.0/16").gateway_id("vgw-1").origin(propagated)),
            None
        );
    }

    #[test]
    fn every_other_route_shows_with_its_target() {
        let internet = "0.0.0.0/0";
        let to =
            |build: fn(RouteBuilder) -> RouteBuilder| seen(|r| build(r.destination_cidr_block(internet)));
        assert_eq!(to(|r| r.gateway_id("igw-1")), pair(internet, "igw-1"));
        assert_eq!(to(|r| r.nat_gateway_id("nat-1")), pair(internet, "nat-1"));
        assert_eq!(to(|r| r.gateway_id("vpce-1")), pair(internet, "vpce-1"));
        assert_eq!(
            to(|r| r.gateway_id("igw-1").state(RouteState::Blackhole)),
            pair(internet, "igw-1 (blackhole)")
        );
        assert_eq!(seen(|r| r.destination_prefix_list_id("pl-1").gateway_id("igw-1")), pair("pl-1", "igw-1"));
    }

    #[test]
    fn a_destination_is_named_in_its_own_way() {
        let of = |destination: &str| {
            let gateway = InternetGatewayId::from("igw-1").into();
            Destination::of(&Route { destination: destination.to_owned(), gateway })
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of("0.0.0.0/0"), Destination { ipv4: some("0.0.0.0/0"), ..Destination::default() });
        assert_eq!(of("::/0"), Destination { ipv6: some("::/0"), ..Destination::default() });
        assert_eq!(of("pl-1"), Destination { prefix_list: some("pl-1"), ..Destination::default() });
    }
}
