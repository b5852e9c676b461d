"""The roles that tasks are given: whether they exist, and whether ECS may assume them yet."""

import json
from typing import Any

from moto.iam.models import Role, iam_backends

from ...trust import as_list

SERVICE = "ecs-tasks.amazonaws.com"


def find(account_id: str, name_or_arn: str) -> Role | None:
    """The role of that name or ARN."""
    name = name_or_arn.rpartition("/")[2]
    roles = iam_backends[account_id]["aws"].roles.values()
    return next((role for role in roles if role.name == name), None)


def fault(account_id: str, name_or_arn: str) -> str | None:
    """Why ECS cannot assume the role for a task, if so.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    """
    role = find(account_id, name_or_arn)
    trusted = role is not None and _trusts_tasks(role, account_id)
    return None if trusted else unable_to_assume(name_or_arn)


def unable_to_assume(name_or_arn: str) -> str:
    """What ECS says of a role that it cannot assume, or not yet."""
    return (
        f"ECS was unable to assume the role '{name_or_arn}' that was provided for this task. Please verify that the role "
        "being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass "
        "this role."
    )


def known_everywhere(account_id: str, name_or_arn: str) -> bool:
    """Whether a role, if it exists, was made long enough ago.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    """
    return getattr(find(account_id, name_or_arn), "propagated", True)


def _trusts_tasks(role: Role, account_id: str) -> bool:
    document = role.assume_role_policy_document
    policy = json.loads(document) if isinstance(document, str) else document
    return any(_allows(statement, account_id) for statement in as_list(policy.get("Statement")))


def _allows(statement: dict[str, Any], account_id: str) -> bool:
    principal = statement.get("Principal")
    services = as_list(principal.get("Service")) if isinstance(principal, dict) else []
    accounts = [
        account
        for operator in statement.get("Condition", {}).values()
        for account in as_list(operator.get("aws:SourceAccount"))
    ]
    return (
        statement.get("Effect") == "Allow"
        and "sts:AssumeRole" in as_list(statement.get("Action"))
        and SERVICE in services
        and (not accounts or account_id in accounts)
    )
