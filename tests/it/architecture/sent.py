"""Prints as JSON what the requests on standard input say, one a line: the members of each operation's input, by AWS's published
models."""

import json
import sys
from types import SimpleNamespace
from typing import Any

from standin import published


def said(request: dict[str, Any]) -> dict[str, Any]:
    service, operation = request["action"].split(":")
    call: Any = SimpleNamespace(service=service, operation=operation, protocol=request["protocol"])
    model = published.operation(call)
    if model is None:
        raise ValueError(f"no model knows {request['action']}")
    return published.request(call, model, "", bytes(request["body"]))


print(json.dumps([said(json.loads(line)) for line in sys.stdin]))
