"""IAM: trust policies, deletion of policies in use, the report of all roles, and how long a new role is not yet known."""

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.core.serialize import url_encode
from moto.iam.models import IAMBackend, Role, iam_backends
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator
from moto.iam.responses import IamResponse
from moto.sts.models import STSBackend
from moto.utilities.utils import get_partition

from .. import timing
from ..mending import AwsError, Mends
from ..pages import cut

mends = Mends("IAM")
mends.differs(
    "No permission is checked: every key may call everything.",
    "Service-linked roles are not made by the services that need them.",
)

PROPAGATE = timing.define("iam.role.propagate", demo=0)
"""How long a new role cannot be assumed; tests set it."""

LONGEST_TRUST_POLICY = 2048
LONGEST_INLINE_POLICIES = 10240
PAGE = 100
LARGEST_PAGE = 1000

# Policies come URL-encoded; moto leaves these two plain.
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleDetail.html
for path in ("GetAccountAuthorizationDetailsResponse.RoleDetailList.RoleDetail", "ListRolesResponse.Roles.Role"):
    IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER[f"{path}.AssumeRolePolicyDocument"] = url_encode


@mends.around(IamResponse, "create_role", "update_assume_role_policy")
def a_malformed_trust_policy_is_refused(original: Any, self: Any) -> ActionResult:
    """A trust policy must be well-formed, and name principals that there can be.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"""
    document = self._get_param("AssumeRolePolicyDocument") or self._get_param("PolicyDocument") or ""
    IAMTrustPolicyDocumentValidator(document).validate()
    statements = json.loads(document)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        _check_principal(statement)
    if _size(document) > LONGEST_TRUST_POLICY:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {LONGEST_TRUST_POLICY}")
    return original(self)


@mends.around(IAMBackend, "put_role_policy")
def the_inline_policies_of_a_role_have_a_size(original: Any, self: Any, role_name: str, policy_name: str, policy_json: str) -> None:
    """Together they have 10,240 characters at most, white space not counted; a trust policy has 2,048.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    others = [document for name, document in self.get_role(role_name).policies.items() if name != policy_name]
    if sum(map(_size, [*others, policy_json])) > LONGEST_INLINE_POLICIES:
        message = f"Maximum policy size of {LONGEST_INLINE_POLICIES} bytes exceeded for role {role_name}"
        raise AwsError("LimitExceeded", message)
    original(self, role_name, policy_name, policy_json)


@mends.around(IAMBackend, "create_role")
def a_new_role_cannot_be_assumed_yet(original: Any, self: Any, *args: Any, **kwargs: Any) -> Role:
    """A new role is not known everywhere at once; until it is, nobody can assume it.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"""
    role = original(self, *args, **kwargs)
    role.propagated = False
    timing.after(PROPAGATE, lambda: setattr(role, "propagated", True))
    return role


@mends.around(STSBackend, "assume_role")
def a_role_is_assumed_when_it_is_known(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """AssumeRole is denied while the role is not known yet.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"""
    arn = kwargs["role_arn"]
    if not can_be_assumed(arn):
        caller = f"arn:aws:iam::{self.account_id}:root"
        raise AwsError("AccessDenied", f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}")
    return original(self, *args, **kwargs)


@mends.around(IAMBackend, "delete_policy")
def a_policy_in_use_is_kept(original: Any, self: Any, policy_arn: str) -> None:
    """A managed policy goes after it is detached from everything and its other versions are deleted.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html"""
    policy = self.get_policy(policy_arn)
    if policy.attachment_count > 0:
        raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        message = "This policy has more than one version. Before you delete a policy, you must delete the policy's versions."
        raise AwsError("DeleteConflict", message)
    original(self, policy_arn)


@mends.around(IamResponse, "get_account_authorization_details")
def the_report_of_an_account_comes_in_pages(original: Any, self: Any) -> ActionResult:
    """GetAccountAuthorizationDetails pages over users, groups, roles and policies: 100 items, or MaxItems up to 1000.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html"""
    size = int(self._get_param("MaxItems") or PAGE)
    if not 1 <= size <= LARGEST_PAGE:
        raise AwsError("ValidationError", f"Value '{size}' at 'maxItems' must be between 1 and {LARGEST_PAGE}")
    lists = {key: items for key, items in original(self).result.items() if key != "IsTruncated"}
    try:
        page, marker = cut([(key, item) for key, items in lists.items() for item in items], size, self._get_param("Marker"))
    except ValueError:
        raise AwsError("ValidationError", "Invalid Marker.") from None
    answer: dict[str, Any] = {key: [item for its, item in page if its == key] for key in lists}
    return ActionResult(answer | {"IsTruncated": marker is not None} | ({"Marker": marker} if marker else {}))


def _size(document: str) -> int:
    return len("".join(document.split()))


def can_be_assumed(arn: str) -> bool:
    """Whether a role is known everywhere, if it exists."""
    account = arn.split(":")[4]
    roles = iam_backends[account][get_partition("eu-west-1")].roles.values()
    return all(getattr(role, "propagated", True) for role in roles if role.arn == arn)


def _check_principal(statement: dict[str, Any]) -> None:
    principal = statement.get("Principal")
    if principal is None:
        raise AwsError("MalformedPolicyDocument", "Missing required field Principal")
    services = principal.get("Service", []) if isinstance(principal, dict) else []
    for service in [services] if isinstance(services, str) else services:
        if not service.endswith((".amazonaws.com", ".amazonaws.com.cn")):
            raise AwsError("MalformedPolicyDocument", f'Invalid principal in policy: "SERVICE":"{service}"')
