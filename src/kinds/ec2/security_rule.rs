//! One rule of a security group: what it lets through, and how EC2 takes and shows it.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, UserIdGroupPair};
use serde::{Deserialize, Serialize};

use crate::engine::{Failure, Input};
use crate::kinds::ids::SecurityGroupId;

/// One thing that is let through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, the number of another protocol, or `-1` for all.
    pub protocol: String,
    /// The first port, 0 to 65535, or the ICMP type; `None` where the protocol has neither.
    pub from_port: Option<i32>,
    /// The last port, 0 to 65535, or the ICMP code; `None` where the protocol has neither.
    pub to_port: Option<i32>,
    /// Who is at the other end.
    pub peer: Peer,
    /// What the rule is for; up to 255 characters, may be empty.
    pub description: String,
}

/// The other end of what a rule lets through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Peer {
    /// These addresses: `0.0.0.0/0`, `::/0`.
    Cidr(String),
    /// What is in this group. Read back, a group of another account is `123456789012/sg-0a1b2c3d4e5f60718`.
    Group(Input<SecurityGroupId>),
    /// The addresses of this prefix list.
    PrefixList(String),
}

/// What to do about rules that are not as wanted.
#[derive(Debug, PartialEq)]
pub(super) struct Difference {
    /// Those that are not there.
    pub missing: Vec<Rule>,
    /// Those of which only the description differs: AWS takes them for the same.
    pub reworded: Vec<Rule>,
    /// Those that are there and should not be.
    pub surplus: Vec<Rule>,
}

impl Difference {
    /// Compares what is there with what is wanted.
    pub fn of(have: &BTreeSet<Rule>, wanted: &BTreeSet<Rule>) -> Self {
        let is_in = |rules: &BTreeSet<Rule>, rule: &Rule| rules.iter().any(|other| other.is_same(rule));
        let (reworded, missing) = wanted.difference(have).cloned().partition(|rule| is_in(have, rule));
        let surplus = have.iter().filter(|rule| !is_in(wanted, rule)).cloned().collect();
        Self { missing, reworded, surplus }
    }
}

impl Rule {
    /// Everything to or from `peer`, with no description.
    pub fn of_everything(peer: Peer) -> Self {
        Self { protocol: "-1".into(), from_port: None, to_port: None, peer, description: String::new() }
    }

    /// True iff both let the same through.
    fn is_same(&self, other: &Self) -> bool {
        let ports = (self.from_port, self.to_port) == (other.from_port, other.to_port);
        self.protocol == other.protocol && ports && self.peer == other.peer
    }

    /// The rule as EC2 takes it.
    pub(super) fn permission(&self) -> Result<IpPermission, Failure> {
        let about = Some(self.description.clone()).filter(|about| !about.is_empty());
        let ports = (self.from_port, self.to_port);
        let call = IpPermission::builder().ip_protocol(&self.protocol);
        let call = call.set_from_port(ports.0).set_to_port(ports.1);
        let call = match &self.peer {
            Peer::Cidr(block) if block.contains(':') => {
                call.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(block).set_description(about).build())
            }
            Peer::Cidr(block) => {
                call.ip_ranges(IpRange::builder().cidr_ip(block).set_description(about).build())
            }
            Peer::PrefixList(id) => {
                let list = PrefixListId::builder().prefix_list_id(id).set_description(about);
                call.prefix_list_ids(list.build())
            }
            Peer::Group(group) => {
                let pair = UserIdGroupPair::builder().set_description(about);
                let pair = match group.known()?.0.split_once('/') {
                    Some((account, id)) => pair.user_id(account).group_id(id),
                    None => pair.group_id(&group.known()?.0),
                };
                call.user_id_group_pairs(pair.build())
            }
        };
        Ok(call.build())
    }
}

/// EC2 lists peers of the same protocol and ports together; each is a rule. `account` is the group's own.
pub(super) fn rules(seen: &IpPermission, account: Option<&str>) -> Vec<Rule> {
    let protocol = seen.ip_protocol().unwrap_or_default();
    let ports = (protocol != "-1").then(|| (seen.from_port(), seen.to_port()));
    let (from_port, to_port) = ports.unwrap_or_default();
    let rule = |(peer, about): (Peer, Option<&str>)| {
        let (protocol, description) = (protocol.to_owned(), about.unwrap_or_default().to_owned());
        Rule { protocol, from_port, to_port, peer, description }
    };
    let cidr = |block: Option<&str>| Peer::Cidr(block.unwrap_or_default().to_owned());
    let list = |id: Option<&str>| Peer::PrefixList(id.unwrap_or_default().to_owned());
    let ipv4 = seen.ip_ranges().iter().map(|range| (cidr(range.cidr_ip()), range.description()));
    let ipv6 = seen.ipv6_ranges().iter().map(|range| (cidr(range.cidr_ipv6()), range.description()));
    let lists = seen.prefix_list_ids().iter().map(|one| (list(one.prefix_list_id()), one.description()));
    let pairs = seen.user_id_group_pairs().iter();
    let groups = pairs.map(|pair| (Peer::Group(group(pair, account).into()), pair.description()));
    ipv4.chain(ipv6).chain(lists).chain(groups).map(rule).collect()
}

fn group(pair: &UserIdGroupPair, account: Option<&str>) -> SecurityGroupId {
    let id = pair.group_id().unwrap_or_default();
    match pair.user_id().filter(|user| Some(*user) != account) {
        Some(other) => SecurityGroupId(format!("{other}/{id}")),
        None => id.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: Option<&str> = Some("123456789012");

    fn rule(peer: Peer, description: &str) -> Rule {
        Rule {
            protocol: "tcp".to_owned(),
            from_port: Some(5432),
            to_port: Some(5432),
            peer,
            description: description.to_owned(),
        }
    }

    fn to_group(id: &str, description: &str) -> Rule {
        rule(Peer::Group(SecurityGroupId::from(id).into()), description)
    }

    fn to_block(block: &str, description: &str) -> Rule {
        rule(Peer::Cidr(block.to_owned()), description)
    }

    #[test]
    fn a_rule_is_read_back_as_it_was_written() {
        let list = rule(Peer::PrefixList("pl-1".to_owned()), "");
        let everywhere = Rule {
            protocol: "-1".to_owned(),
            from_port: None,
            to_port: None,
            ..to_block("0.0.0.0/0", "everywhere")
        };
        let others = to_group("210987654321/sg-1", "");
        for rule in [to_group("sg-1", "tasks"), to_block("::/0", ""), list, everywhere, others] {
            assert_eq!(rules(&rule.permission().unwrap(), ACCOUNT), [rule]);
        }
    }

    #[test]
    fn each_peer_is_a_rule_and_the_own_account_goes_without_saying() {
        let pair = |account: &str, id: &str| UserIdGroupPair::builder().user_id(account).group_id(id).build();
        let seen = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(5432)
            .to_port(5432)
            .ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/16").description("inside").build())
            .user_id_group_pairs(pair("123456789012", "sg-1"))
            .user_id_group_pairs(pair("210987654321", "sg-2"))
            .build();
        let expected =
            [to_block("10.0.0.0/16", "inside"), to_group("sg-1", ""), to_group("210987654321/sg-2", "")];
        assert_eq!(rules(&seen, ACCOUNT), expected);
    }

    #[test]
    fn a_description_is_changed_and_everything_else_is_another_rule() {
        let have = BTreeSet::from([to_group("sg-1", "old"), to_group("sg-2", ""), to_block("::/0", "")]);
        let other_port = Rule { to_port: Some(5433), ..to_block("::/0", "") };
        let wanted = BTreeSet::from([to_group("sg-1", "new"), to_group("sg-2", ""), other_port.clone()]);
        assert_eq!(
            Difference::of(&have, &wanted),
            Difference {
                missing: vec![other_port],
                reworded: vec![to_group("sg-1", "new")],
                surplus: vec![to_block("::/0", "")],
            }
        );
    }
}
