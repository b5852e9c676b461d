"""The secret that RDS itself makes and rotates for the master user of a cluster.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
"""

import json
import secrets
import time
from collections.abc import Callable

from moto.rds.models import MasterUserSecret
from moto.secretsmanager.models import FakeSecret

from ...mending import Mends

# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
DAYS_BETWEEN_ROTATIONS = 7

mends = Mends("RDS")


@mends.around(MasterUserSecret, "_create_secret")
def a_master_user_secret_rotates_every_week(original: Callable, self: MasterUserSecret, kms_key_id: str | None) -> FakeSecret:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html

    RDS rotates the secret, so that rotation is on from the first day and needs no Lambda function."""
    secret = original(self, kms_key_id)
    secret.rotation_requested = True
    secret.rotation_enabled = True
    secret.rotation_lambda_arn = None
    secret.auto_rotate_after_days = DAYS_BETWEEN_ROTATIONS
    secret.last_rotation_date = int(time.time())
    secret.next_rotation_date = secret.last_rotation_date + DAYS_BETWEEN_ROTATIONS * 86400
    return secret


@mends.adds(MasterUserSecret, "_generate_secret_string")
def a_master_user_secret_holds_the_user(self: MasterUserSecret) -> str:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html

    The secret has exactly these two keys: host and port are not in it.
    """
    return json.dumps({"username": self.resource.master_username, "password": secrets.token_urlsafe(21)})


@mends.computes(MasterUserSecret, "secret_status")
def a_master_user_secret_says_what_happens_to_it(self: MasterUserSecret) -> str:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_MasterUserSecret.html"""
    if self.resource.status == "creating":
        return "creating"
    if any("AWSPENDING" in version["version_stages"] for version in self.secret.versions.values()):
        return "rotating"
    return "active"
