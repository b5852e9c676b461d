"""Whether a role's trust policy lets a caller assume it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Caller:
    """Who calls."""

    account: str
    arns: frozenset[str]
    """The ARN of the caller, and for the session of a role that of the role."""

    @property
    def principals(self) -> frozenset[str]:
        """Everything that a policy may call the caller under `AWS`."""
        return self.arns | {"*", self.account, f"arn:aws:iam::{self.account}:root"}


def allows(policy: dict[str, Any], action: str, principals: dict[str, frozenset[str] | None], context: dict[str, str] | None) -> bool:
    """Whether a policy allows an action to principals, by kind, where None is any; without context, conditions are taken to hold.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    matching = [
        statement.get("Effect")
        for statement in as_list(policy.get("Statement"))
        if any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in as_list(statement.get("Action")))
        and _names(statement.get("Principal"), principals)
        and (context is None or hold(statement.get("Condition", {}), context))
    ]
    return "Allow" in matching and "Deny" not in matching


def as_list(value: Any) -> list[Any]:
    """A policy writes a list of one as its element."""
    return [] if value is None else value if isinstance(value, list) else [value]


def _names(principal: Any, principals: dict[str, frozenset[str] | None]) -> bool:
    if principal == "*":
        return True
    named = principal if isinstance(principal, dict) else {}
    return any(names is None or not names.isdisjoint(as_list(named[kind])) for kind, names in principals.items() if kind in named)


def hold(conditions: dict[str, dict[str, Any]], context: dict[str, str]) -> bool:
    """All operators must hold for all of their keys, by one of the values each.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    values = {key.lower(): value for key, value in context.items()}
    return all(_holds(operator, values.get(key.lower()), as_list(wanted)) for operator, keys in conditions.items() for key, wanted in keys.items())


def _holds(operator: str, value: str | None, wanted: list[Any]) -> bool:
    if operator == "Null":
        return (value is None) == (wanted == ["true"])
    if value is None and operator.endswith("IfExists"):
        return True
    name = operator.removesuffix("IfExists")
    negated = "Not" in name
    compare = _COMPARE.get(name.replace("Not", ""))
    if compare is None:
        return False  # what cannot be judged here lets nobody in
    matches = value is not None and any(compare(value, str(one)) for one in wanted)
    return matches != negated


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": fnmatch.fnmatchcase,
    "ArnEquals": fnmatch.fnmatchcase,
    "ArnLike": fnmatch.fnmatchcase,
}
