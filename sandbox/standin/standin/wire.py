"""Errors in the wire format of each AWS protocol, for answers that do not come from moto.

https://smithy.io/2.0/aws/protocols/ describes the formats: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html and its siblings.
"""

import json
from dataclasses import dataclass
from xml.sax.saxutils import escape

from . import cbor


@dataclass
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def error(protocol: str, status: int, code: str, message: str, request_id: str) -> Answer:
    """An error as a client of `protocol` (ec2, query, json, rest-json, rest-xml or cbor) expects it."""
    fault = "Sender" if status < 500 else "Receiver"
    match protocol:
        case "ec2":
            body = (
                f"<Response><Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors>"
                f"<RequestID>{request_id}</RequestID></Response>"
            )
            return Answer(status, {"Content-Type": "text/xml"}, body.encode())
        case "query" | "rest-xml":
            body = (
                f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>"
            )
            return Answer(status, {"Content-Type": "text/xml"}, body.encode())
        case "cbor":
            headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor", "x-amzn-query-error": f"{code};{fault}"}
            return Answer(status, headers, cbor.encode({"__type": code, "message": message}))
        case _:
            headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
            return Answer(status, headers, json.dumps({"__type": code, "message": message}).encode())


def error_code(answer: Answer) -> str | None:
    """The error code in an answer of any protocol, without its namespace; None where it is no error."""
    if answer.status < 400:
        return None
    for name, value in answer.headers.items():
        if name.lower() == "x-amzn-errortype":
            return value.split(":")[0].split("#")[-1]
    if answer.headers.get("Content-Type") == "application/cbor":
        return str(cbor.decode(answer.body).get("__type", "")).split("#")[-1] or None
    text = answer.body.decode("utf-8", "replace")
    if text.startswith("{"):
        return str(json.loads(text).get("__type", "")).split("#")[-1] or None
    if "<Code>" in text:
        return text.split("<Code>", 1)[1].split("</Code>", 1)[0]
    return None
