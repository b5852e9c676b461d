"""Requests that AWS's published models forbid, and the errors with which services refuse them."""

from dataclasses import dataclass

from . import published
from .calls import Call
from .shapes import Flaw, Violation, violations


@dataclass(frozen=True)
class Refusal:
    """An error that refuses a request."""

    code: str
    message: str
    status: int = 400


@dataclass(frozen=True)
class Manner:
    """How one service refuses what its model forbids."""

    page: str
    """The page of AWS that lists the codes."""
    missing: str
    """The code for a member that is required."""
    invalid: str
    """The code for a value out of its bounds."""
    unreadable: str
    """The code for a value of another type."""
    by_shape: tuple[tuple[str, str], ...] = ()
    """Codes for values of single shapes."""


def _coral(page: str, code: str) -> Manner:
    return Manner(page, code, code, "SerializationException")


_DOCS = "https://docs.aws.amazon.com/"
MANNERS = {
    "application-autoscaling": _coral(f"{_DOCS}autoscaling/application/APIReference/CommonErrors.html", "ValidationException"),
    "cloudwatch": Manner(f"{_DOCS}AmazonCloudWatch/latest/APIReference/CommonErrors.html", *["ValidationError"] * 2, "MalformedInput"),
    "ec2": Manner(f"{_DOCS}ec2/latest/devguide/errors-overview.html", "MissingParameter", *["InvalidParameterValue"] * 2),
    "ecs": _coral(f"{_DOCS}AmazonECS/latest/APIReference/CommonErrors.html", "InvalidParameterException"),
    "iam": Manner(f"{_DOCS}IAM/latest/APIReference/CommonErrors.html", *["ValidationError"] * 2, "MalformedInput"),
    "kinesis": _coral(f"{_DOCS}kinesis/latest/APIReference/CommonErrors.html", "ValidationException"),
    "kms": _coral(f"{_DOCS}kms/latest/APIReference/CommonErrors.html", "ValidationException"),
    "logs": _coral(f"{_DOCS}AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html", "InvalidParameterException"),
    "rds": Manner(f"{_DOCS}AmazonRDS/latest/APIReference/CommonErrors.html", "MissingParameter", "InvalidParameterValue", "MalformedInput"),
    "secretsmanager": _coral(f"{_DOCS}secretsmanager/latest/apireference/CommonErrors.html", "ValidationException"),
    "sns": Manner(f"{_DOCS}sns/latest/api/CommonErrors.html", *["InvalidParameter"] * 2, "MalformedInput"),
    "sqs": Manner(
        f"{_DOCS}AWSSimpleQueueService/latest/APIReference/CommonErrors.html",
        "MissingParameter",
        "InvalidParameterValue",
        "SerializationException",
        by_shape=(("QueueAttributeName", "InvalidAttributeName"),),
    ),
    "sts": Manner(f"{_DOCS}STS/latest/APIReference/CommonErrors.html", *["ValidationError"] * 2, "MalformedInput"),
    "tag": _coral(f"{_DOCS}resourcegroupstagging/latest/APIReference/CommonErrors.html", "InvalidParameterException"),
}
"""By the prefix of the service's IAM actions."""

LAXER: dict[tuple[str, str, Flaw], str] = {}
"""What services accept although their models forbid it: service, shape and flaw, and why we think so."""


def of_request(call: Call, query: str, body: bytes) -> Refusal | None:
    """The refusal of a request that its model forbids."""
    model = published.operation(call)
    if model is None or model.input_shape is None:
        return None
    manner = MANNERS[call.service]
    try:
        said = published.request(call, model, query, body)
    except published.Unreadable as error:
        return Refusal(manner.unreadable, str(error))
    found = [one for one in violations(said, model.input_shape) if _counts(call.service, one)]
    return _refusal(call, manner, found) if found else None


def _counts(service: str, violation: Violation) -> bool:
    """Services pass over members that they do not know."""
    return violation.flaw is not Flaw.UNKNOWN and (service, violation.shape.name, violation.flaw) not in LAXER


def _refusal(call: Call, manner: Manner, found: list[Violation]) -> Refusal:
    first = found[0]
    if first.flaw is Flaw.TYPE:
        return Refusal(manner.unreadable, f"Unexpected value at '{first.place}': {first.constraint}")
    if first.flaw is Flaw.MISSING:
        code = manner.missing
    else:
        code = dict(manner.by_shape).get(first.shape.name, manner.invalid)
    if code == "MissingParameter":
        return Refusal(code, f"The request must contain the parameter {first.path[-1]}")
    if call.service == "ec2":
        return Refusal(code, f"Value ({first.value}) for parameter {first.place} is invalid. {first.constraint}")
    texts = [f"Value {_shown(one)}at '{one.place}' failed to satisfy constraint: {one.constraint}" for one in found]
    errors = "1 validation error" if len(texts) == 1 else f"{len(texts)} validation errors"
    return Refusal(code, f"{errors} detected: {'; '.join(texts)}")


def _shown(violation: Violation) -> str:
    """A value that the model calls sensitive is not repeated."""
    if violation.shape.metadata.get("sensitive"):
        return ""
    return "null " if violation.value is None else f"'{violation.value}' "

