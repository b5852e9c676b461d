"""AWS Secrets Manager: managed rotation, rotation rules, and what a secret's owner and state forbid."""

import json
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Any

from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    SecretNotFoundException,
)
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

from .. import timing
from ..mending import Mends

SECONDS_A_DAY = 86400
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html
LONGEST_ROTATION_DAYS = 1000

mends = Mends("Secrets Manager")
mends.differs(
    "Only the rotation of a secret that another service manages changes its value.",
)

timing.define("secretsmanager.rotate", 1.0)


def _find(backend: SecretsManagerBackend, secret_id: str) -> FakeSecret:
    if not backend._is_valid_identifier(secret_id):
        raise SecretNotFoundException()
    return backend.secrets[secret_id]


@mends.around(SecretsManagerBackend, "rotate_secret")
def a_managed_secret_rotates_without_a_function(
    original: Callable, self: SecretsManagerBackend, secret_id: str, **options: Any
) -> str:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_managed.html

    A secret that another service manages rotates without a Lambda function, and its new version
    becomes current a while after the call.
    """
    secret = _find(self, secret_id)
    if secret.owning_service is None:
        answer = original(self, secret_id, **options)
    else:
        answer = _rotate_managed(secret, **options)
    if options.get("rotation_rules"):
        secret.rotation_window = _window(options["rotation_rules"])
    return answer


def _rotate_managed(
    secret: FakeSecret,
    client_request_token: str | None = None,
    rotation_lambda_arn: str | None = None,
    rotation_rules: dict[str, Any] | None = None,
    rotate_immediately: bool = True,
) -> str:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html

    A change of the rules rotates at once, too, unless RotateImmediately is false.
    """
    if rotation_lambda_arn:
        raise InvalidRequestException("You can't specify a Lambda function for a secret with managed rotation.")
    days = (rotation_rules or {}).get("AutomaticallyAfterDays")
    if days is not None and not 1 <= days <= LONGEST_ROTATION_DAYS:
        raise InvalidParameterException("RotationRules.AutomaticallyAfterDays must be within 1-1000.")
    if any("AWSPENDING" in version["version_stages"] for version in secret.versions.values()):
        raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
    if days is not None:
        secret.auto_rotate_after_days = days
        secret.next_rotation_date = int(time.time()) + days * SECONDS_A_DAY
    if not rotate_immediately:
        return secret.to_short_dict()
    version_id = client_request_token or str(uuid.uuid4())
    secret.versions[version_id] = _new_version(secret, version_id)
    timing.after("secretsmanager.rotate", lambda: _finish_rotation(secret, version_id))
    return secret.to_short_dict(version_id=version_id)


def _new_version(secret: FakeSecret, version_id: str) -> dict[str, Any]:
    current = secret.versions[secret.default_version_id]
    value = json.loads(current["secret_string"]) | {"password": secrets.token_urlsafe(21)}
    return {
        "createdate": int(time.time()),
        "version_id": version_id,
        "version_stages": ["AWSPENDING"],
        "secret_string": json.dumps(value),
    }


def _finish_rotation(secret: FakeSecret, version_id: str) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html (versions)

    The new version becomes AWSCURRENT, the one before it AWSPREVIOUS; versions without a label go.
    """
    secret.reset_default_version(secret.versions[version_id], version_id)
    secret.versions[version_id]["version_stages"] = ["AWSCURRENT"]
    secret.versions = {name: version for name, version in secret.versions.items() if version["version_stages"]}
    secret.last_rotation_date = int(time.time())
    secret.last_changed_date = secret.last_rotation_date
    secret.next_rotation_date = secret.last_rotation_date + secret.auto_rotate_after_days * SECONDS_A_DAY


def _window(rules: dict[str, Any]) -> dict[str, Any]:
    return {name: rules[name] for name in ("Duration", "ScheduleExpression") if name in rules}


@mends.around(FakeSecret, "to_dict")
def a_secret_shows_its_rotation_as_it_is(original: Callable, self: FakeSecret) -> dict[str, Any]:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html

    Managed rotation has no function to name, and the window of rotation is part of the rules.
    """
    answer = original(self)
    if not answer.get("RotationLambdaARN"):
        answer.pop("RotationLambdaARN", None)
    if "RotationRules" in answer:
        answer["RotationRules"] |= getattr(self, "rotation_window", {})
    return answer


@mends.around(SecretsManagerResponse, "describe_secret")
def a_described_secret_has_versions_to_stages(original: Callable, self: SecretsManagerResponse) -> str:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html

    DescribeSecret says VersionIdsToStages, and not SecretVersionsToStages.
    """
    return json.dumps({key: value for key, value in json.loads(original(self)).items() if key != "SecretVersionsToStages"})


@mends.around(SecretsManagerBackend, "list_secrets")
def a_listed_secret_has_secret_versions_to_stages(original: Callable, self: SecretsManagerBackend, **arguments: Any) -> Any:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_SecretListEntry.html

    ListSecrets says SecretVersionsToStages, and not VersionIdsToStages.
    """
    listed, next_token = original(self, **arguments)
    return [{key: value for key, value in secret.items() if key != "VersionIdsToStages"} for secret in listed], next_token


@mends.around(SecretsManagerResponse, "delete_secret")
def a_managed_secret_is_kept(original: Callable, self: SecretsManagerResponse) -> str:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html

    Only the managing service deletes its secret: RDS does it with the cluster.
    """
    _refuse_if_managed(self)
    return original(self)


@mends.around(SecretsManagerResponse, "put_secret_value")
def a_managed_secret_is_not_overwritten(original: Callable, self: SecretsManagerResponse) -> str:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html

    A secret that another service manages is updated by that service only.
    """
    _refuse_if_managed(self)
    return original(self)


def _refuse_if_managed(response: SecretsManagerResponse) -> None:
    secret_id = response._get_param("SecretId")
    if not response.backend._is_valid_identifier(secret_id):
        return
    owner = response.backend.secrets[secret_id].owning_service
    if owner is not None:
        raise InvalidRequestException(
            f"You can't perform this operation on the secret because it's managed by {owner}. "
            "Use that service to update or delete it."
        )


@mends.around(SecretsManagerBackend, "create_secret")
def a_name_scheduled_for_deletion_is_taken(original: Callable, self: SecretsManagerBackend, name: str, *args: Any, **kwargs: Any) -> str:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html

    The name of a secret that is scheduled for deletion is taken until its recovery window ends.
    """
    if name in self.secrets and self.secrets[name].is_deleted():
        raise InvalidRequestException(
            "You can't create this secret because a secret with this name is already scheduled for deletion."
        )
    return original(self, name, *args, **kwargs)
