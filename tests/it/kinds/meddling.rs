//! What somebody else does to an environment behind the operator's back, so that it has to use every right that it has.

use aws_sdk_ec2::types::GatewayType;
use serde_json::{Value, json};
use video_pipeline_operator::aws::Aws;
use video_pipeline_operator::engine::{Graph, Node};

use super::edits;
use super::estate::with_spec;
use super::ground::Site;

/// What can only be done while what is attached to it is not there yet.
const BOUND_BY_OTHERS: [(&str, &str); 2] = [("internetGateway", "vpc"), ("role", "boundary")];

/// Another value for a field, as somebody would leave it who has no more rights than to what is ours.
pub async fn by_hand(aws: &Aws, graph: &Graph, node: &Node, field: &str) -> Option<Value> {
    let kind = node.address.kind.as_str();
    if BOUND_BY_OTHERS.contains(&(kind, field)) {
        return None;
    }
    if (kind, field) != ("routeTableAssociation", "routeTable") {
        return edits::by_hand(aws, node, field).await;
    }
    // AWS may ask for the table that is left, too, and nothing is allowed on one of others.
    let before = graph.nodes().iter().take_while(|other| other.address != node.address);
    let values = before.filter(|other| other.address.kind == node.address.kind);
    values.map(|other| other.spec[field].clone()).find(|value| *value != node.spec[field])
}

/// What is there, with more than is wanted: it has to go, or be called something else again.
pub fn surplus(graph: &Graph) -> Graph {
    let mut with = graph.clone();
    for node in graph.nodes() {
        let mut edited = node.clone();
        match node.address.kind.as_str() {
            "routeTable" => add_route(&mut edited.spec["routes"]),
            "securityGroupRules" => {
                edited.spec["ingress"].as_array_mut().into_iter().flatten().for_each(rename);
                edited.spec["egress"].as_array_mut().into_iter().flatten().for_each(rename);
            }
            "dbClusterParameterGroup" => edited.spec["parameters"]["log_lock_waits"] = "1".into(),
            _ => continue,
        }
        with = with_spec(&with, &edited);
    }
    with
}

fn add_route(routes: &mut Value) {
    let routes = routes.as_array_mut().unwrap();
    let Some(mut route) = routes.first().cloned() else { return };
    route["destination"] = json!("192.0.2.0/24");
    routes.push(route);
}

fn rename(rule: &mut Value) {
    rule["description"] = json!("called something else");
}

/// The way to the internet leads elsewhere.
pub async fn divert(site: &Site) {
    let (ec2, table) = (&site.rig.aws.ec2, id(site, "routeTable", "network/public-route-table"));
    let made = ec2.create_vpn_gateway().r#type(GatewayType::Ipsec1).send().await.unwrap();
    let gateway = made.vpn_gateway.unwrap().vpn_gateway_id.unwrap();
    let call = ec2.replace_route().route_table_id(table).destination_cidr_block("0.0.0.0/0");
    call.gateway_id(gateway).send().await.unwrap();
}

/// A policy of somebody's holds a role.
pub async fn hold_role(site: &Site) {
    let (arn, role) = (policy(site, "by-hand").await, id(site, "role", "processing/task-role"));
    site.rig.aws.iam.attach_role_policy().role_name(role).policy_arn(arn).send().await.unwrap();
}

/// The ARN of a new policy of somebody's.
pub async fn policy(site: &Site, name: &str) -> String {
    let document = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}"#;
    let call = site.rig.aws.iam.create_policy().policy_name(name).policy_document(document);
    call.send().await.unwrap().policy.unwrap().arn.unwrap()
}

/// The boundary of every role is taken away.
pub async fn unbind_roles(site: &Site) {
    for node in site.graph.nodes() {
        let role = id(site, "role", &node.address.name);
        site.rig.aws.iam.delete_role_permissions_boundary().role_name(role).send().await.unwrap();
    }
}

/// A network interface of somebody's lies in a subnet, and holds it.
pub async fn hold_subnet(site: &Site) -> String {
    let subnet = id(site, "subnet", "network/public-subnet-1");
    let made = site.rig.aws.ec2.create_network_interface().subnet_id(subnet).send().await.unwrap();
    made.network_interface.unwrap().network_interface_id.unwrap()
}

/// It does so no longer.
pub async fn let_go(site: &Site, interface: String) {
    site.rig.aws.ec2.delete_network_interface().network_interface_id(interface).send().await.unwrap();
}

fn id(site: &Site, kind: &str, name: &str) -> String {
    let address = video_pipeline_operator::engine::Address::new(kind, name);
    site.rig.object(&address).unwrap().id.clone()
}
