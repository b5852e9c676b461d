//! The VPC, its subnets over the zones, their routes, and a security group for each layer.

use std::collections::BTreeSet;

use super::blueprint::Blueprint;
use super::names::Side;
use crate::engine::{Input, Ref};
use crate::kinds::ids::{RoutableSubnetId, SecurityGroupId, SubnetId};
use crate::kinds::{
    InternetGateway, InternetGatewaySpec, Peer, Route, RouteTable, RouteTableAssociation,
    RouteTableAssociationSpec, RouteTableSpec, Rule, SecurityGroup, SecurityGroupRulesSpec,
    SecurityGroupSpec, Subnet, SubnetSpec, Vpc, VpcSpec,
};
use crate::pipeline::Network;

/// The port of PostgreSQL.
pub const DATABASE_PORT: i32 = 5432;

/// Everywhere.
const INTERNET: &str = "0.0.0.0/0";

/// What the other layers stand on.
pub struct Ground {
    /// Where tasks run: with a route to the internet, because there is no NAT gateway.
    pub task_subnets: Vec<Input<RoutableSubnetId>>,
    /// Where the database lies: without one.
    pub database_subnets: BTreeSet<Input<SubnetId>>,
    /// What tasks may reach, and be reached by.
    pub tasks: Input<SecurityGroupId>,
    /// Who may reach the database.
    pub database: Input<SecurityGroupId>,
}

/// Lays the ground.
pub fn network(blueprint: &mut Blueprint<'_>, network: &Network) -> Ground {
    let vpc = vpc(blueprint, network);
    let gateway = internet_gateway(blueprint, &vpc);
    let (tasks, database) = security_groups(blueprint, &vpc);
    let public = subnets(blueprint, network, &vpc, Side::Public);
    let private = subnets(blueprint, network, &vpc, Side::Private);
    let to_internet = Route { destination: INTERNET.into(), gateway: gateway.output(InternetGateway::ID) };
    let task_subnets = routed(blueprint, &vpc, Side::Public, vec![to_internet], &public);
    routed(blueprint, &vpc, Side::Private, Vec::new(), &private);
    let database_subnets = private.iter().map(|subnet| subnet.output(Subnet::ID)).collect();
    Ground { task_subnets, database_subnets, tasks, database }
}

fn vpc(blueprint: &mut Blueprint<'_>, network: &Network) -> Ref<Vpc> {
    let spec = VpcSpec {
        cidr: network.block.whole().to_string(),
        dns_support: true,
        dns_hostnames: true,
        tags: blueprint.tags(),
    };
    let vpc = blueprint.add(blueprint.names.vpc(), spec);
    // Whatever is started without a group gets the default one, so that one lets nothing through.
    let closed = SecurityGroupRulesSpec {
        group: vpc.output(Vpc::DEFAULT_GROUP),
        ingress: BTreeSet::new(),
        egress: BTreeSet::new(),
    };
    blueprint.add(blueprint.names.default_group_rules(), closed);
    vpc
}

fn internet_gateway(blueprint: &mut Blueprint<'_>, vpc: &Ref<Vpc>) -> Ref<InternetGateway> {
    let spec = InternetGatewaySpec { vpc: Some(vpc.output(Vpc::ID)), tags: blueprint.tags() };
    blueprint.add(blueprint.names.internet_gateway(), spec)
}

fn subnets(blueprint: &mut Blueprint<'_>, network: &Network, vpc: &Ref<Vpc>, side: Side) -> Vec<Ref<Subnet>> {
    let subnet = |zone: &crate::pipeline::Subnet| {
        let block = match side {
            Side::Public => zone.public,
            Side::Private => zone.private,
        };
        let spec = SubnetSpec {
            vpc: vpc.output(Vpc::ID),
            cidr: block.to_string(),
            zone: zone.zone.clone(),
            public_ips: side == Side::Public,
            tags: blueprint.tags(),
        };
        blueprint.add(blueprint.names.subnet(side, zone.number), spec)
    };
    network.subnets.iter().map(subnet).collect()
}

/// A route table for the subnets of one side; what comes back is known only once their traffic is routed by it.
fn routed(
    blueprint: &mut Blueprint<'_>,
    vpc: &Ref<Vpc>,
    side: Side,
    routes: Vec<Route>,
    subnets: &[Ref<Subnet>],
) -> Vec<Input<RoutableSubnetId>> {
    let spec = RouteTableSpec {
        vpc: vpc.output(Vpc::ID),
        routes: routes.into_iter().collect(),
        tags: blueprint.tags(),
    };
    let table = blueprint.add(blueprint.names.route_table(side), spec);
    let associate = |(number, subnet): (u8, &Ref<Subnet>)| {
        let spec = RouteTableAssociationSpec {
            route_table: table.output(RouteTable::ID),
            subnet: subnet.output(Subnet::ID),
        };
        let association = blueprint.add(blueprint.names.routes_of(side, number), spec);
        association.output(RouteTableAssociation::SUBNET)
    };
    (1..).zip(subnets).map(associate).collect()
}

/// The tasks reach everything and are reached by nobody; the database is reached by the tasks and reaches nothing.
fn security_groups(
    blueprint: &mut Blueprint<'_>,
    vpc: &Ref<Vpc>,
) -> (Input<SecurityGroupId>, Input<SecurityGroupId>) {
    let names = blueprint.names.clone();
    let mut group = |place, description: &str| {
        let spec = SecurityGroupSpec {
            vpc: vpc.output(Vpc::ID),
            description: description.into(),
            tags: blueprint.tags(),
        };
        blueprint.add(place, spec).output(SecurityGroup::ID)
    };
    let tasks = group(names.tasks_group(), "Tasks: to everywhere, from nowhere");
    let database = group(names.database_group(), "Database: from the tasks, to nowhere");
    // To AWS, registries and the database; as AWS gives it to every group, so that it needs no call.
    let everywhere = Rule::of_everything(Peer::Cidr(INTERNET.into()));
    let from_tasks = Rule {
        protocol: "tcp".into(),
        from_port: Some(DATABASE_PORT),
        to_port: Some(DATABASE_PORT),
        peer: Peer::Group(tasks.clone()),
        description: "from the tasks".into(),
    };
    let mut rules = |place, group: &Input<SecurityGroupId>, ingress: Option<Rule>, egress: Option<Rule>| {
        let spec = SecurityGroupRulesSpec {
            group: group.clone(),
            ingress: ingress.into_iter().collect(),
            egress: egress.into_iter().collect(),
        };
        blueprint.add(place, spec);
    };
    rules(names.rules_of(&names.tasks_group()), &tasks, None, Some(everywhere));
    rules(names.rules_of(&names.database_group()), &database, Some(from_tasks), None);
    (tasks, database)
}
