//! What people change in the account past the operator: what no edit of a spec asks to be mended.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::sweep::account::Account;

/// The role that is changed.
const ROLE: (&str, &str) = ("RoleName", "video-processing-task-role-dev");

/// The resources' ids by their addresses.
struct Ids<'a>(&'a BTreeMap<String, String>);

impl Ids<'_> {
    fn of(&self, address: &str) -> &str {
        self.0.iter().find(|(_, at)| *at == address).map_or("", |(id, _)| id.as_str())
    }
}

/// Changes what stands there.
pub async fn change(account: &Account, ids: &BTreeMap<String, String>) {
    let ids = Ids(ids);
    redirect(account, &ids).await;
    open(account, &ids).await;
    reword(account, &ids).await;
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "ec2.amazonaws.com" },
    }] });
    account.form("iam:UpdateAssumeRolePolicy", &[ROLE, ("PolicyDocument", &trust.to_string())]).await;
    attach(account).await;
    let instance = ("DBInstanceIdentifier", "video-metadata-instance-2-dev");
    account
        .form("rds:ModifyDBInstance", &[instance, ("PromotionTier", "7"), ("ApplyImmediately", "true")])
        .await;
    let cluster = format!("arn:aws:rds:eu-west-1:{}:cluster:video-metadata-cluster-dev", account.number);
    account.form("rds:EnableHttpEndpoint", &[("ResourceArn", &cluster)]).await;
}

/// Attaches a policy of somebody's to a role.
pub async fn attach(account: &Account) {
    let everything = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "*", "Resource": "*",
    }] });
    let policy = [("PolicyName", "by-hand"), ("PolicyDocument", &everything.to_string())];
    account.form("iam:CreatePolicy", &policy).await;
    let arn = format!("arn:aws:iam::{}:policy/by-hand", account.number);
    account.form("iam:AttachRolePolicy", &[ROLE, ("PolicyArn", &arn)]).await;
}

/// Makes the rules of the tasks' group others, so that they have to be set again.
pub async fn close(account: &Account, ids: &BTreeMap<String, String>) {
    let group = Ids(ids).of("network/tasks-security-group").to_owned();
    let everywhere = [
        ("GroupId", group.as_str()),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
    ];
    account.form("ec2:RevokeSecurityGroupEgress", &everywhere).await;
}

/// Leads routes elsewhere.
async fn redirect(account: &Account, ids: &Ids<'_>) {
    let (public, private) = (ids.of("network/public-route-table"), ids.of("network/private-route-table"));
    let route = |to: &'static str| [("RouteTableId", public), ("DestinationCidrBlock", to)];
    let gateway = [("GatewayId", ids.of("network/internet-gateway"))];
    account.form("ec2:CreateRoute", &[&route("172.16.0.0/12")[..], &gateway].concat()).await;
    let vpc = ids.of("network/vpc");
    let peering = account.form("ec2:CreateVpcPeeringConnection", &[("VpcId", vpc), ("PeerVpcId", vpc)]).await;
    let peering =
        [("VpcPeeringConnectionId", text(&peering["vpcPeeringConnection"]["vpcPeeringConnectionId"]))];
    account.form("ec2:ReplaceRoute", &[&route("0.0.0.0/0")[..], &peering].concat()).await;
    let of_subnet =
        [("Filter.1.Name", "association.subnet-id"), ("Filter.1.Value.1", ids.of("network/public-subnet-1"))];
    let tables = account.form("ec2:DescribeRouteTables", &of_subnet).await;
    let association = association(&tables, ids.of("network/public-subnet-1")).unwrap_or_default();
    account
        .form(
            "ec2:ReplaceRouteTableAssociation",
            &[("AssociationId", association), ("RouteTableId", private)],
        )
        .await;
}

/// Lets others in.
async fn open(account: &Account, ids: &Ids<'_>) {
    let ssh = [
        ("GroupId", ids.of("network/database-security-group")),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "22"),
        ("IpPermissions.1.ToPort", "22"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
    ];
    account.form("ec2:AuthorizeSecurityGroupIngress", &ssh).await;
    account.form("ec2:AuthorizeSecurityGroupEgress", &ssh).await;
}

/// Describes rules otherwise.
async fn reword(account: &Account, ids: &Ids<'_>) {
    let tasks = ids.of("network/tasks-security-group");
    let from_tasks = [
        ("GroupId", ids.of("network/database-security-group")),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "5432"),
        ("IpPermissions.1.ToPort", "5432"),
        ("IpPermissions.1.Groups.1.GroupId", tasks),
        ("IpPermissions.1.Groups.1.Description", "by hand"),
    ];
    account.form("ec2:UpdateSecurityGroupRuleDescriptionsIngress", &from_tasks).await;
    let everywhere = [
        ("GroupId", tasks),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
        ("IpPermissions.1.IpRanges.1.Description", "by hand"),
    ];
    account.form("ec2:UpdateSecurityGroupRuleDescriptionsEgress", &everywhere).await;
}

/// The association of a subnet, wherever it stands in an answer.
fn association<'a>(answer: &'a Value, subnet: &str) -> Option<&'a str> {
    match answer {
        Value::Array(items) => items.iter().find_map(|item| association(item, subnet)),
        Value::Object(fields) if fields.get("subnetId").is_some_and(|id| id == subnet) => {
            fields.get("routeTableAssociationId").map(text)
        }
        Value::Object(fields) => fields.values().find_map(|value| association(value, subnet)),
        _ => None,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
