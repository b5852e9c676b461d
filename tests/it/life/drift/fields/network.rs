//! What somebody changes of the network.

use serde_json::{Value, json};

use super::super::hand::{Hand, Ids, on};

pub fn hands(ids: &Ids<'_>) -> Vec<Hand> {
    [places(ids), ways(ids), groups(ids)].into_iter().flatten().collect()
}

fn places(ids: &Ids<'_>) -> Vec<Hand> {
    let (vpc, subnet) = (ids.at("/vpc/VpcId"), ids.subnet("private-subnet-1"));
    let attribute = |name: &str| json!({ "VpcId": vpc, name: { "Value": false } });
    let publicly = json!({ "SubnetId": subnet, "MapPublicIpOnLaunch": { "Value": true } });
    vec![
        on("vpc", "network/vpc")
            .of(&["dnsHostnames", "dnsSupport", "tags"])
            .then(("ec2", "modify_vpc_attribute", attribute("EnableDnsHostnames")))
            .then(("ec2", "modify_vpc_attribute", attribute("EnableDnsSupport")))
            .then(tagged(&vpc)),
        on("subnet", "network/private-subnet-1")
            .of(&["publicIps", "tags"])
            .then(("ec2", "modify_subnet_attribute", publicly))
            .then(tagged(&subnet)),
        on("internetGateway", "network/internet-gateway")
            .of(&["tags"])
            .then(tagged(&ids.at("/gateway/0/InternetGatewayId"))),
    ]
}

fn ways(ids: &Ids<'_>) -> Vec<Hand> {
    let table = &ids.table("private")["RouteTableId"];
    let elsewhere = json!({
        "RouteTableId": table,
        "DestinationCidrBlock": "0.0.0.0/0",
        "GatewayId": ids.at("/gateway/0/InternetGatewayId"),
    });
    let exchanged = json!({
        "AssociationId": ids.association(&ids.subnet("public-subnet-2")),
        "RouteTableId": table,
    });
    vec![
        on("routeTable", "network/private-route-table")
            .of(&["routes", "tags"])
            .then(("ec2", "create_route", elsewhere))
            .then(tagged(table)),
        on("routeTableAssociation", "network/public-subnet-2-routes").of(&["routeTable"]).then((
            "ec2",
            "replace_route_table_association",
            exchanged,
        )),
    ]
}

fn groups(ids: &Ids<'_>) -> Vec<Hand> {
    let group = |name: &str| ids.at(&format!("/groups/video-processing-{name}-sg-drift/GroupId"));
    let anyone = |port: u16| json!([{ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
    let (tasks, database) = (group("ecs"), group("aurora"));
    let lets = |group: &Value| json!({ "GroupId": group, "IpPermissions": anyone(22) });
    vec![
        on("securityGroup", "network/tasks-security-group").of(&["tags"]).then(tagged(&tasks)),
        on("securityGroupRules", "network/database-security-group-rules")
            .of(&["ingress", "egress"])
            .then(("ec2", "authorize_security_group_ingress", lets(&database)))
            .then(("ec2", "authorize_security_group_egress", lets(&database))),
    ]
}

/// A tag more on something of EC2.
fn tagged(id: &Value) -> (&'static str, &'static str, Value) {
    let tags = json!([{ "Key": "by", "Value": "hand" }]);
    ("ec2", "create_tags", json!({ "Resources": [id], "Tags": tags }))
}
