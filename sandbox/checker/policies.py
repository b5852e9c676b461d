"""What IAM policies allow. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .environment import Document, Environment


@dataclass
class Statement:
    """One statement of a policy."""

    effect: str
    actions: list[str]
    resources: list[str]
    condition: Document
    inverted: bool
    """It names what it is not about."""

    def covers(self, action: str, resource: str) -> bool:
        """Whether it is about an action on a resource."""
        named = any(_matches(pattern.lower(), action.lower()) for pattern in self.actions)
        return named and any(_matches(pattern, resource) for pattern in self.resources)

    def applies(self, context: dict[str, str]) -> bool:
        """Whether its conditions hold. Those that cannot be judged do not."""
        return all(
            operator == "StringEquals" and context.get(key) in as_list(values)
            for operator, keys in self.condition.items()
            for key, values in keys.items()
        )


def statements(document: Any) -> list[Statement]:
    """The statements of a policy document."""
    policy = json.loads(document) if isinstance(document, str) else document
    return [
        Statement(
            effect=one["Effect"],
            actions=as_list(one.get("Action")),
            resources=as_list(one.get("Resource")),
            condition=one.get("Condition", {}),
            inverted="NotAction" in one or "NotResource" in one,
        )
        for one in as_list(policy["Statement"])
    ]


def of_role(environment: Environment, role: Document) -> list[Statement]:
    """What a role's own and attached policies say."""
    iam, name = environment.client("iam"), role["RoleName"]
    inline = [
        iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in environment.pages("iam", "list_role_policies", "PolicyNames", RoleName=name)
    ]
    attached = [
        managed(environment, policy["PolicyArn"])
        for policy in environment.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    ]
    return [statement for document in inline for statement in statements(document)] + [
        statement for found in attached for statement in found
    ]


def managed(environment: Environment, arn: str) -> list[Statement]:
    """What a managed policy says."""
    iam = environment.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return statements(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def allows(policy: list[Statement], action: str, resource: str, context: dict[str, str]) -> bool:
    """Whether a policy allows an action on a resource in a context: the values of condition keys."""
    about = [one for one in policy if not one.inverted and one.covers(action, resource)]
    allowed = any(one.effect == "Allow" and one.applies(context) for one in about)
    return allowed and not any(one.effect == "Deny" for one in about)


def grants(policy: list[Statement]) -> Iterator[tuple[str, str]]:
    """Each action and resource that a policy allows, as it is written."""
    for one in policy:
        if one.effect == "Allow":
            actions = ["everything but what it names"] if one.inverted else one.actions
            yield from ((action, resource) for action in actions for resource in one.resources or ["*"])


def as_list(value: Any) -> list[Any]:
    """A policy writes a list of one as its element."""
    return [] if value is None else value if isinstance(value, list) else [value]


def _matches(pattern: str, text: str) -> bool:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), text) is not None
