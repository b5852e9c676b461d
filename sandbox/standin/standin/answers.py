"""Whether an answer is what AWS's published model of its operation says, so that no test rests on what AWS would never say."""

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from botocore.model import OperationModel, Shape
from botocore.utils import parse_timestamp

from . import control, published
from .calls import Call
from .shapes import Flaw, Violation, violations
from .wire import Answer

CHECKED = "answers.checked"
control.define_setting(CHECKED, False)

TELLING = frozenset({Flaw.MISSING, Flaw.UNKNOWN, Flaw.TYPE, Flaw.ENUM})
"""Bounds are left out: models state those of requests, and AWS does not hold its answers to them."""

_PAGES = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
LAXER: dict[tuple[str, str, Flaw], str] = {
    ("ec2", "AttachmentStatus", Flaw.ENUM): f"an internet gateway's attachment is `available`: {_PAGES}/API_InternetGatewayAttachment.html",
    ("ec2", "State", Flaw.ENUM): f"the example shows a VPC endpoint that is `available`: {_PAGES}/API_CreateVpcEndpoint.html",
}
"""What AWS answers although its models forbid it: service, shape and flaw, and why we think so."""


def flaws(call: Call, answer: Answer) -> list[str]:
    """What is wrong with the answer to a call, in words; nothing if it is an error, or has no model."""
    model = published.operation(call)
    if answer.status >= 400 or model is None or model.output_shape is None:
        return []
    said = json.loads(answer.body or b"{}") if call.protocol in ("json", "cbor") else _xml(answer.body, model)
    found = [one for one in violations(said, model.output_shape) if one.flaw in TELLING]
    return [_in_words(one) for one in found if (call.service, one.shape.name, one.flaw) not in LAXER]


def _in_words(violation: Violation) -> str:
    return f"{'.'.join(violation.path)} = {violation.value!r}: {violation.constraint}"


def _xml(body: bytes, model: OperationModel) -> Any:
    """The members that an answer in XML holds, by their names in XML; text that does not fit its shape stays text.

    https://smithy.io/2.0/aws/protocols/aws-query-protocol.html, https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
    """
    root = ElementTree.fromstring(body)
    wrapper = model.output_shape.serialization.get("resultWrapper")
    if wrapper:
        root = next((child for child in root if _name(child) == wrapper), root)
    said = _structure(root, model.output_shape)
    for name in ("requestId", "RequestId", "ResponseMetadata"):
        said.pop(name, None)
    return said


def _value(element: ElementTree.Element, shape: Shape) -> Any:
    match shape.type_name:
        case "structure":
            return _structure(element, shape)
        case "list":
            return [_value(child, shape.member) for child in element]
        case "map":
            return dict(_pairs(element, shape))
        case kind:
            return _scalar(element.text or "", kind)


def _structure(element: ElementTree.Element, shape: Shape) -> dict[str, Any]:
    members = {_member_name(name, member): member for name, member in shape.members.items()}
    said: dict[str, Any] = {}
    for child in element:
        name = _name(child)
        member = members.get(name)
        if member is None:
            said[name] = child.text
        elif member.type_name == "list" and member.serialization.get("flattened"):
            said.setdefault(name, []).append(_value(child, member.member))
        else:
            said[name] = _value(child, member)
    return said


def _pairs(element: ElementTree.Element, shape: Shape) -> Iterator[tuple[str, Any]]:
    for entry in element:
        key, value = entry
        yield key.text or "", _value(value, shape.value)


def _scalar(text: str, kind: str) -> Any:
    try:
        match kind:
            case "boolean":
                return {"true": True, "false": False}[text]
            case "integer" | "long":
                return int(text)
            case "float" | "double":
                return float(text)
            case "timestamp":
                return parse_timestamp(text)
    except (KeyError, ValueError):
        return None if text == "" else [text]
    return text


def _member_name(name: str, member: Shape) -> str:
    return str(member.serialization.get("name", name))


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
