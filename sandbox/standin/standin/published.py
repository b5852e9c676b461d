"""AWS's published models of the operations that calls name, and what a request says in terms of its model."""

import functools
import json
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import OperationNotFoundError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.utils import get_service_model

from . import cbor
from .calls import Call

MODELS = {
    "application-autoscaling": "application-autoscaling",
    "cloudwatch": "cloudwatch",
    "ec2": "ec2",
    "ecs": "ecs",
    "iam": "iam",
    "kinesis": "kinesis",
    "kms": "kms",
    "logs": "logs",
    "rds": "rds",
    "secretsmanager": "secretsmanager",
    "sns": "sns",
    "sqs": "sqs",
    "sts": "sts",
    "tag": "resourcegroupstaggingapi",
}
"""The names of botocore's models by the prefix of the service's IAM actions, for the services that the stand-in mends."""


class Unreadable(Exception):
    """A request that is not in the format of its protocol."""


def operation(call: Call) -> OperationModel | None:
    """The model of the operation that is called; None where there is none, or none is needed."""
    return _operation(MODELS[call.service], call.operation) if call.service in MODELS else None


@functools.cache
def _operation(service: str, name: str) -> OperationModel | None:
    try:
        return get_service_model(service).operation_model(name)
    except OperationNotFoundError:
        return None


def request(call: Call, model: OperationModel, query: str, body: bytes) -> dict[str, Any]:
    """What the request says: the members of its input, by their names or those that they have in the protocol."""
    try:
        match call.protocol:
            case "json":
                said = json.loads(body or b"{}")
            case "cbor":
                said = cbor.decode(body)
            case protocol:
                values = dict(parse_qsl(body.decode(), keep_blank_values=True) + parse_qsl(query, keep_blank_values=True))
                said = PROTOCOL_PARSERS[protocol](model, map_type=dict).parse({"values": values})  # type: ignore[typeddict-item]
    except ValueError as error:
        raise Unreadable(str(error)) from error
    return said
