"""Security groups: their rules as AWS compares and describes them."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses import EC2Response

from ...mending import Mends

mends = Mends("EC2")


@mends.computes(SecurityGroupRule, "description")
def a_rule_with_a_group_has_a_description(self: SecurityGroupRule) -> str | None:
    """A rule has a description, whether a range of addresses or a group is its source.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html"""
    return self.ip_range.get("Description") or self.source_group.get("Description")


@mends.adds(SecurityGroupRule, "__eq__")
def rules_are_compared_without_descriptions(self: SecurityGroupRule, other: object) -> bool:
    """A rule is its protocol, ports and source: no second one is made for another description, and it is revoked without one.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html"""
    return isinstance(other, SecurityGroupRule) and _identity(self) == _identity(other)


@mends.around(SecurityGroupBackend, "_sg_update_description")
def a_description_that_is_left_out_is_removed(original: Any, self: Any, said: SecurityGroupRule, standing: SecurityGroupRule) -> None:
    """A rule that is to be described, and is given no description, loses the one that it has.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsEgress.html"""
    original(self, said, standing)
    for said_of, stands in ((said.ip_range, standing.ip_range), (said.source_group, standing.source_group)):
        if "Description" not in said_of:
            stands.pop("Description", None)


@mends.around(VPCBackend, "create_vpc")
def what_is_in_a_default_group_reaches_each_other(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """The default group of a new VPC lets in everything that comes from itself; moto lets in nothing.
    https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html"""
    vpc = original(self, *args, **kwargs)
    default = self.get_security_group_from_name("default", vpc_id=vpc.id)
    itself = [{"GroupId": default.id}]
    self.authorize_security_group_ingress(default.id, "-1", None, None, [], source_groups=itself, vpc_id=vpc.id)
    return vpc


@mends.around(EC2Response, "authorize_security_group_ingress", "authorize_security_group_egress")
def rules_are_added_all_or_none(original: Any, self: Any) -> ActionResult:
    """A call adds all of its rules, and answers with all of them, or none: one that exists already spoils it.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html"""
    group = _group(self)
    before = _rules(group)
    answer = _all_or_nothing(original, self, group)
    added = [rule for rule in _rules(group) if not any(rule is one for one in before)]
    return ActionResult(answer.result | {"SecurityGroupRules": added})


@mends.around(EC2Response, "revoke_security_group_ingress", "revoke_security_group_egress")
def rules_are_revoked_all_or_none(original: Any, self: Any) -> ActionResult:
    """A call revokes all of its rules or none: one that does not exist spoils it.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html"""
    return _all_or_nothing(original, self, _group(self))


def _identity(rule: SecurityGroupRule) -> tuple[Any, ...]:
    addresses = rule.ip_range.get("CidrIp"), rule.ip_range.get("CidrIpv6")
    ports = (rule.from_port, rule.to_port) if rule.ip_protocol != "-1" else ()
    return (rule.ip_protocol, *addresses, rule.source_group.get("GroupId"), rule.prefix_list_id, *ports)


def _group(response: Any) -> Any:
    given = response._get_param("GroupId") or response._get_param("GroupName")
    return response.ec2_backend.get_security_group_by_name_or_id(given)


def _rules(group: Any) -> list[SecurityGroupRule]:
    return [*group.ingress_rules, *group.egress_rules] if group else []


def _all_or_nothing(original: Any, response: Any, group: Any) -> ActionResult:
    before = (list(group.ingress_rules), list(group.egress_rules)) if group else None
    try:
        return original(response)
    except Exception:
        if before is not None:
            group.ingress_rules, group.egress_rules = before
        raise
