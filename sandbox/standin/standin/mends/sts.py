"""AWS STS: who may assume a role, and for how long."""

import json
from typing import Any
from urllib.parse import unquote

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult
from moto.iam.models import Role, iam_backends
from moto.sts.responses import TokenResponse

from .. import control
from ..faults import Faults
from ..mending import AwsError, Mends
from ..trust import Caller, allows

mends = Mends("STS")
mends.differs(
    "AssumeRole asks the role's trust policy only: whether the caller's own policies allow it is not checked.",
    "Of a trust policy's conditions those are judged that compare strings or ARNs; one with another operator never holds.",
    "The token of AssumeRoleWithWebIdentity is not looked at, and conditions on it are taken to hold.",
    "A key that is not known belongs to a user of the account 123456789012.",
)

DEFAULT_MAXIMUM_SECONDS = 3600


@control.endpoint("POST", "role")
def _make_role(faults: Faults, body: Any) -> Any:
    """Makes a role in any account, as somebody there would; it trusts the default account unless a policy is given."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": DEFAULT_ACCOUNT_ID}}
    if external_id := body.get("externalId"):
        trust["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    policy = body.get("trustPolicy") or {"Version": "2012-10-17", "Statement": [trust]}
    backend = iam_backends[str(body["account"])]["aws"]
    return {"arn": backend.create_role(str(body["name"]), json.dumps(policy), "/", None, "", [], None).arn}


@mends.around(TokenResponse, "assume_role")
def a_role_is_assumed_by_whom_it_trusts(original: Any, self: Any) -> ActionResult:
    """The role must exist, and its trust policy allow the caller, with the external id that it asks for.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
    arn, caller = self._get_param("RoleArn"), _caller(self)
    context = {"aws:PrincipalAccount": caller.account, "aws:PrincipalArn": min(caller.arns), "sts:RoleSessionName": self._get_param("RoleSessionName")}
    if external_id := self._get_param("ExternalId"):
        context["sts:ExternalId"] = external_id
    role = _role(arn)
    if role is None or not allows(_trust_policy(role), "sts:AssumeRole", {"AWS": caller.principals}, context):
        message = f"User: {_shown(self)} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise AwsError("AccessDenied", message)
    _check_duration(role, self._get_int_param("DurationSeconds", DEFAULT_MAXIMUM_SECONDS))
    return original(self)


@mends.around(TokenResponse, "assume_role_with_web_identity")
def a_role_is_assumed_by_a_provider_that_it_trusts(original: Any, self: Any) -> ActionResult:
    """The role must exist, and trust an identity provider.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"""
    action, role = "sts:AssumeRoleWithWebIdentity", _role(self._get_param("RoleArn"))
    if role is None or not allows(_trust_policy(role), action, {"Federated": None}, None):
        raise AwsError("AccessDenied", f"Not authorized to perform {action}")
    _check_duration(role, self._get_int_param("DurationSeconds", DEFAULT_MAXIMUM_SECONDS))
    return original(self)


def _caller(response: TokenResponse) -> Caller:
    """The caller; a session is known by its own ARN and by that of its role."""
    key = response.get_access_key()
    session = response.backend.get_assumed_role_from_access_key(key)
    arn = _shown(response)
    return Caller(response.current_account, frozenset({arn} if session is None else {arn, session.role_arn}))


def _shown(response: TokenResponse) -> str:
    _, arn, _ = response.backend.get_caller_identity(response.get_access_key(), response.region)
    return str(arn).replace(":sts:", ":iam:") if ":user/" in arn else str(arn)


def _role(arn: str) -> Role | None:
    account = arn.split(":")[4]
    roles = iam_backends[account]["aws"].roles.values() if account.isdecimal() else []
    return next((role for role in roles if role.arn == arn), None)


def _trust_policy(role: Role) -> dict[str, Any]:
    document = role.assume_role_policy_document
    return json.loads(unquote(document)) if isinstance(document, str) else document


def _check_duration(role: Role, seconds: int) -> None:
    if seconds > int(role.max_session_duration or DEFAULT_MAXIMUM_SECONDS):
        raise AwsError("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
