//! What a security group lets through: all its rules together. A group always has rules, perhaps none, so this is there as
//! soon as its group is, and ours iff its group is ours, or is the default group of a VPC of ours.

use std::collections::BTreeSet;

use aws_sdk_ec2::types;
use futures::future::try_join;
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect, not_yet};
use crate::engine::{
    Action, Address, Changes, Deleted, Depth, Failure, Input, Key, Kind, Meaning, Ours, Phase, Recall, Scope,
    Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ec2;
use crate::kinds::ec2::security_group;
use crate::kinds::ec2::security_group::SecurityGroup;
use crate::kinds::ec2::security_rule::{Difference, Peer, Rule, rules};
use crate::kinds::ec2::vpc;
use crate::kinds::ec2::vpc::Vpc;
use crate::kinds::ids::SecurityGroupId;
use crate::kinds::sighting::{Child, children};

/// The rules of a security group.
pub struct SecurityGroupRules;

/// What the rules of a security group should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroupRulesSpec {
    /// The group.
    pub group: Input<SecurityGroupId>,
    /// What may reach what is in the group.
    pub ingress: BTreeSet<Rule>,
    /// What may be reached from what is in the group.
    pub egress: BTreeSet<Rule>,
}

/// What others may use of a group's rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroupRulesOutputs {
    /// The group.
    pub group: SecurityGroupId,
}

impl SecurityGroupRules {
    /// Where the rules of the group at `group` stand.
    pub fn address(group: &Address) -> Address {
        Address::new(Self::NAME, format!("{group}-rules"))
    }

    /// Where the rules of the default group of the VPC at `vpc` stand.
    pub fn address_of_default(vpc: &Address) -> Address {
        Address::new(Self::NAME, format!("{}/default-security-group-rules", vpc.layer()))
    }
}

impl Kind for SecurityGroupRules {
    const NAME: &'static str = "securityGroupRules";
    const REFERS_TO: &'static [&'static str] = &["securityGroup", "vpc"];
    const IMMUTABLE: &'static [&'static str] = &["group"];
    // A group has no two rules that let the same through.
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "ec2:AuthorizeSecurityGroupIngress";
    const ACTIONS: &'static [Action] = &[
        Action::called("ec2:DescribeSecurityGroups", bounds::LOOK),
        Action::called("ec2:DescribeVpcs", bounds::LOOK),
        Action::called("ec2:DescribeSubnets", bounds::LOOK),
        Action::called("ec2:AuthorizeSecurityGroupIngress", bounds::ec2::OURS),
        Action::called("ec2:AuthorizeSecurityGroupEgress", bounds::ec2::OURS),
        Action::called("ec2:UpdateSecurityGroupRuleDescriptionsIngress", bounds::ec2::OURS),
        Action::called("ec2:UpdateSecurityGroupRuleDescriptionsEgress", bounds::ec2::OURS),
        Action::called("ec2:RevokeSecurityGroupIngress", bounds::ec2::OURS_OR_NAMELESS),
        Action::called("ec2:RevokeSecurityGroupEgress", bounds::ec2::OURS_OR_NAMELESS),
    ];

    type Cloud = Aws;
    type Spec = SecurityGroupRulesSpec;
    type Outputs = SecurityGroupRulesOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let groups =
            ec2::parents::<SecurityGroup, _, _>(scopes, |filter| security_group::list(aws, vec![filter]));
        let vpcs = ec2::parents::<Vpc, _, _>(scopes, |filter| vpc::list(aws, filter));
        let (groups, mut vpcs) = try_join(groups, vpcs).await?;
        // As the VPCs are sorted, so are their default groups.
        vpc::inhabited_first(aws, &mut vpcs).await?;
        let mut defaults = security_group::defaults(aws, vpcs.iter().map(|vpc| vpc.id.clone())).await?;
        let own = groups.into_iter().map(|group| Child {
            scope: group.scope,
            address: Self::address(&group.address),
            ours: ours(&group.object),
        });
        let given = vpcs.into_iter().filter_map(|vpc| {
            let group = defaults.remove(&vpc.id)?;
            let address = Self::address_of_default(&vpc.address);
            Some(Child { scope: vpc.scope, address, ours: ours(&group) })
        });
        Ok(children(scopes, own.chain(given).collect()))
    }

    async fn create(
        aws: &Aws,
        key: &Key,
        spec: SecurityGroupRulesSpec,
    ) -> Result<SecurityGroupRulesOutputs, Failure> {
        let group = spec.group.known()?.clone();
        // Where the group was not there, it was made just now, or by a call of ours whose answer was lost.
        converge(aws, &spec, &Rules::at_first(key, &group)).await?;
        Ok(SecurityGroupRulesOutputs { group })
    }

    async fn update(
        aws: &Aws,
        _: &Key,
        _: SecurityGroupRulesOutputs,
        spec: SecurityGroupRulesSpec,
        _: &Changes,
    ) -> Result<(), Failure> {
        let SecurityGroupId(id) = spec.group.known()?;
        let group = read(aws, id).await.map_err(not_yet)?;
        converge(aws, &spec, &Rules::of(&group)).await
    }

    /// The rules go with their group; until then, those that refer to a group would hold that one.
    async fn delete(
        aws: &Aws,
        SecurityGroupRulesOutputs { group: SecurityGroupId(id) }: SecurityGroupRulesOutputs,
    ) -> Result<Deleted, Failure> {
        let Some(group) = read(aws, &id).await.or_absent()? else { return Ok(Deleted::Gone) };
        let Rules { ingress, egress } = Rules::of(&group);
        for (direction, rules) in [(Direction::Ingress, ingress), (Direction::Egress, egress)] {
            for rule in rules.iter().filter(|rule| matches!(rule.peer, Peer::Group(_))) {
                direction.revoke(aws, &id, rule).await?;
            }
        }
        Ok(Deleted::Gone)
    }
}

/// The group as it is now: a rule that is there already must not be added.
async fn read(aws: &Aws, id: &str) -> Result<types::SecurityGroup, Failure> {
    let found = aws.ec2.describe_security_groups().group_ids(id).send().await;
    let group =
        found.during("ec2:DescribeSecurityGroups")?.security_groups.and_then(|mut groups| groups.pop());
    Ok(group.unwrap_or_else(|| types::SecurityGroup::builder().build()))
}

/// Adds what is missing before it takes away what is too much, so that nothing wanted is ever cut off. One call a rule:
/// AWS refuses a call whole when one of its rules is there already, or gone already.
async fn converge(aws: &Aws, spec: &SecurityGroupRulesSpec, have: &Rules) -> Result<(), Failure> {
    let SecurityGroupId(id) = spec.group.known()?;
    let directions =
        [(Direction::Ingress, &have.ingress, &spec.ingress), (Direction::Egress, &have.egress, &spec.egress)];
    let mut surplus = Vec::new();
    for (direction, have, wanted) in directions {
        let difference = Difference::of(have, wanted);
        for rule in &difference.missing {
            direction.authorize(aws, id, rule).await?;
        }
        for rule in &difference.reworded {
            direction.describe(aws, id, rule).await?;
        }
        surplus.extend(difference.surplus.into_iter().map(|rule| (direction, rule)));
    }
    for (direction, rule) in surplus {
        direction.revoke(aws, id, &rule).await?;
    }
    Ok(())
}

/// Which way the traffic goes that rules let through.
#[derive(Clone, Copy)]
enum Direction {
    Ingress,
    Egress,
}

/// The rules that a group has.
struct Rules {
    ingress: BTreeSet<Rule>,
    egress: BTreeSet<Rule>,
}

impl Rules {
    fn of(group: &types::SecurityGroup) -> Self {
        let read = |permissions: &[types::IpPermission]| {
            permissions.iter().flat_map(|permission| rules(permission, group.owner_id())).collect()
        };
        Self { ingress: read(group.ip_permissions()), egress: read(group.ip_permissions_egress()) }
    }

    /// What AWS gives a new group: everything may be reached from it, and in a VPC's default group all reach each other.
    ///
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html>
    fn at_first(key: &Key, group: &SecurityGroupId) -> Self {
        let is_default = SecurityGroupRules::address_of_default(&key.address) == key.address;
        let each_other = is_default.then(|| Rule::of_everything(Peer::Group(group.clone().into())));
        let anywhere = Rule::of_everything(Peer::Cidr("0.0.0.0/0".into()));
        Self { ingress: each_other.into_iter().collect(), egress: [anywhere].into() }
    }
}

impl Direction {
    async fn authorize(self, aws: &Aws, group: &str, rule: &Rule) -> Result<(), Failure> {
        let rule = rule.permission()?;
        let authorized = match self {
            Self::Ingress => {
                let call = aws.ec2.authorize_security_group_ingress().group_id(group).ip_permissions(rule);
                call.send().await.during("ec2:AuthorizeSecurityGroupIngress").map(drop)
            }
            Self::Egress => {
                let call = aws.ec2.authorize_security_group_egress().group_id(group).ip_permissions(rule);
                call.send().await.during("ec2:AuthorizeSecurityGroupEgress").map(drop)
            }
        };
        match authorized {
            // By a call of ours whose reply was lost.
            Err(refused) if refused.is(Meaning::AlreadyExists) => Ok(()),
            authorized => authorized.map_err(not_yet),
        }
    }

    /// Gives the rule its description.
    async fn describe(self, aws: &Aws, group: &str, rule: &Rule) -> Result<(), Failure> {
        let rule = rule.permission()?;
        match self {
            Self::Ingress => {
                let call = aws.ec2.update_security_group_rule_descriptions_ingress();
                let described = call.group_id(group).ip_permissions(rule).send().await;
                described.during("ec2:UpdateSecurityGroupRuleDescriptionsIngress").map(drop)
            }
            Self::Egress => {
                let call = aws.ec2.update_security_group_rule_descriptions_egress();
                let described = call.group_id(group).ip_permissions(rule).send().await;
                described.during("ec2:UpdateSecurityGroupRuleDescriptionsEgress").map(drop)
            }
        }
    }

    async fn revoke(self, aws: &Aws, group: &str, rule: &Rule) -> Result<(), Failure> {
        let rule = rule.permission()?;
        match self {
            Self::Ingress => {
                let call = aws.ec2.revoke_security_group_ingress().group_id(group).ip_permissions(rule);
                call.send().await.during("ec2:RevokeSecurityGroupIngress").or_gone()
            }
            Self::Egress => {
                let call = aws.ec2.revoke_security_group_egress().group_id(group).ip_permissions(rule);
                call.send().await.during("ec2:RevokeSecurityGroupEgress").or_gone()
            }
        }
    }
}

fn ours(group: &types::SecurityGroup) -> Ours<SecurityGroupRules> {
    let id = group.group_id().unwrap_or_default();
    let Rules { ingress, egress } = Rules::of(group);
    let spec = SecurityGroupRulesSpec { group: SecurityGroupId::from(id).into(), ingress, egress };
    let outputs = SecurityGroupRulesOutputs { group: id.into() };
    Ours { spec: Some(spec), outputs, id: id.to_owned(), phase: Phase::Ready }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_stand_beside_their_group() {
        let group =
            SecurityGroupRules::address(&Address::new("securityGroup", "network/tasks-security-group"));
        assert_eq!(group, Address::new("securityGroupRules", "network/tasks-security-group-rules"));
        let default = SecurityGroupRules::address_of_default(&Address::new("vpc", "network/vpc"));
        assert_eq!(default, Address::new("securityGroupRules", "network/default-security-group-rules"));
    }
}
