"""SQS: ranges of attributes, encryption, and the minute after a queue was deleted."""

import json
from typing import Any

from moto.sqs.models import Queue, SQSBackend

from .. import timing
from ..mending import AwsError, Mends

mends = Mends("SQS")
mends.differs(
    "Attributes, tags and deletions are seen at once; in AWS they may take 60 seconds.",
)

NAME_FREE = timing.define("sqs.queue.name_free", demo=2)

RANGES = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}

# moto knows every attribute but this one; its code reads and writes whatever is listed here.
Queue.BASE_ATTRIBUTES.append("RedriveAllowPolicy")
Queue.redrive_allow_policy = None


@mends.around(Queue, "_set_attributes")
def attributes_have_ranges(original: Any, self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
    """Values out of range are refused with InvalidAttributeValue.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""
    for name, (least, most) in RANGES.items():
        value = attributes.get(name, least)
        if not str(value).isdecimal() or not least <= int(value) <= most:
            _invalid(name)
    if attributes.get("RedrivePolicy"):
        _check_redrive_policy(attributes["RedrivePolicy"])
    if attributes.get("RedriveAllowPolicy"):
        _check_redrive_allow_policy(attributes["RedriveAllowPolicy"])
    original(self, attributes, now)


@mends.around(Queue, "_set_attributes")
def attributes_not_given_stay(original: Any, self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
    """SetQueueAttributes changes the attributes it is given and no other; moto drops the policy.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""
    policy = self.policy if "Policy" not in attributes and hasattr(self, "_policy_json") else None
    original(self, attributes, now)
    if policy is not None:
        self.policy = policy
    if self.redrive_allow_policy == "":
        self.redrive_allow_policy = None


@mends.around(Queue, "_set_attributes")
def one_kind_of_encryption_at_a_time(original: Any, self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
    """A KMS key turns SSE-SQS off, and SSE-SQS removes the key.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html"""
    original(self, attributes, now)
    managed = str(self.sqs_managed_sse_enabled).lower() == "true"
    if attributes.get("KmsMasterKeyId"):
        managed = False
    elif managed and attributes.get("SqsManagedSseEnabled") is not None:
        self.kms_master_key_id = None
    self.sqs_managed_sse_enabled = managed


@mends.around(SQSBackend, "delete_queue")
def a_name_is_free_after_a_minute(original: Any, self: Any, queue_name: str) -> None:
    """After DeleteQueue, 60 seconds pass before a queue of that name can be created.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html"""
    original(self, queue_name)
    deleted = self.__dict__.setdefault("deleted_recently", set())
    deleted.add(queue_name)
    timing.after(NAME_FREE, lambda: deleted.discard(queue_name))


@mends.around(SQSBackend, "create_queue")
def a_name_just_deleted_is_refused(original: Any, self: Any, name: str, *args: Any, **kwargs: Any) -> Queue:
    """CreateQueue answers QueueDeletedRecently for 60 seconds after a queue of that name was deleted.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"""
    if name in self.__dict__.get("deleted_recently", ()):
        message = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
        raise AwsError("AWS.SimpleQueueService.QueueDeletedRecently", message)
    return original(self, name, *args, **kwargs)


@mends.around(SQSBackend, "create_queue")
def an_existing_queue_keeps_its_tags(original: Any, self: Any, name: str, tags: Any = None, **kwargs: Any) -> Queue:
    """CreateQueue for a queue that exists answers its URL and changes nothing; moto replaces its tags.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"""
    return original(self, name, None if name in self.queues else tags, **kwargs)


def _check_redrive_policy(policy: Any) -> None:
    document = _json(policy, "RedrivePolicy")
    count = str(document.get("maxReceiveCount", 1))
    if not count.isdecimal() or not 1 <= int(count) <= 1000:
        _invalid("RedrivePolicy")


def _check_redrive_allow_policy(policy: str) -> None:
    document = _json(policy, "RedriveAllowPolicy")
    permission, sources = document.get("redrivePermission"), document.get("sourceQueueArns", [])
    by_queue = permission == "byQueue"
    if permission not in ("allowAll", "denyAll", "byQueue") or by_queue != bool(sources) or len(sources) > 10:
        _invalid("RedriveAllowPolicy")


def _json(text: Any, name: str) -> dict[str, Any]:
    try:
        document = text if isinstance(text, dict) else json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        _invalid(name)
    return document


def _invalid(name: str) -> None:
    raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
