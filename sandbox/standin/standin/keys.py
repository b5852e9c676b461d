"""KMS keys by whatever names them."""

from moto.kms.models import Key, kms_backends


def find(account: str, region: str, name: str) -> Key | None:
    """The key with this id, alias, or ARN of either; none of another account or region. AWS makes a key of its own, which
    has an alias like `alias/aws/kinesis`, when it is first needed.
    https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key"""
    if name.startswith("arn:") and name.split(":")[3:5] != [region, account]:
        return None
    backend = kms_backends[account][region]
    name = backend.get_alias_name(name)
    key_id = backend.get_key_id_from_alias(name) if name.startswith("alias/") else backend.get_key_id(name)
    if key_id is None and name.startswith("alias/aws/"):
        key_id = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "An AWS managed key", None).id
        backend.create_alias(key_id, name)
    return backend.keys.get(key_id or "")
