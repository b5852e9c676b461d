"""Identity-based policies: what a caller is allowed, if a test gives it a policy, and what that was used for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import fnmatch
from dataclasses import dataclass, field
from typing import Any

from . import control, published
from .authorization import Question, questions
from .calls import Call
from .faults import Faults
from .refusals import Refusal
from .trust import as_list, hold


@dataclass
class Policy:
    """What the callers of one account are allowed, and what they asked for."""

    statements: list[dict[str, Any]]
    access_key: str | None
    """Whose key it binds; None binds everybody's."""
    used: set[tuple[str, str]] = field(default_factory=set)
    """Which action each statement allowed at least once, as pairs of the statement's Sid and the action."""
    denied: list[tuple[str, str]] = field(default_factory=list)

    def allows(self, question: Question) -> bool:
        """Whether some statement allows what is asked, and none denies it."""
        matching = [one for one in self.statements if _matches(one, question)]
        allowed = bool(matching) and all(one["Effect"] == "Allow" for one in matching)
        if allowed:
            self.used |= {(str(one.get("Sid")), question.action) for one in matching}
        else:
            self.denied.append((question.action, question.arn))
        return allowed


_policies: dict[str, Policy] = {}


NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity"}
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""


def of_request(call: Call, query: str, body: bytes) -> Refusal | None:
    """The refusal of a request that the policy of its account does not allow."""
    if call.action in NEEDS_NO_PERMISSION:
        return None
    policy = _policies.get(call.account)
    model = published.operation(call)
    if policy is None or model is None or policy.access_key not in (None, call.access_key):
        return None
    for question in questions(call, published.request(call, model, query, body)):
        if not policy.allows(question):
            return _refusal(call, question)
    return None


def _matches(statement: dict[str, Any], question: Question) -> bool:
    means = any(fnmatch.fnmatchcase(question.action.lower(), pattern.lower()) for pattern in as_list(statement.get("Action", statement.get("NotAction"))))
    return (
        means == ("Action" in statement)
        and any(fnmatch.fnmatchcase(question.arn, pattern) for pattern in as_list(statement["Resource"]))
        and hold(statement.get("Condition", {}), question.context)
    )


def _refusal(call: Call, question: Question) -> Refusal:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
    caller = f"arn:aws:sts::{call.account}:assumed-role/bound/caller"
    message = (
        f"User: {caller} is not authorized to perform: {question.action} on resource: {question.arn} "
        f"because no identity-based policy allows the {question.action} action"
    )
    codes = {"ec2": "UnauthorizedOperation", "query": "AccessDenied", "cbor": "AccessDenied"}
    return Refusal(codes.get(call.protocol, "AccessDeniedException"), message, 403)


control.on_reset(_policies.clear)


@control.endpoint("PUT", "policies")
def _bind(faults: Faults, body: Any) -> None:
    """From now on, callers of the account, or only those with the access key, are allowed what the documents say."""
    statements = [statement for document in body["documents"] for statement in as_list(document["Statement"])]
    _policies[str(body["account"])] = Policy(statements, body.get("accessKey"))


@control.endpoint("DELETE", "policies")
def _free(faults: Faults, body: Any) -> Any:
    """Callers of the account are allowed everything again. Answers what the policy was used for."""
    policy = _policies.pop(str(body["account"]))
    return {"used": sorted(policy.used), "denied": policy.denied}
