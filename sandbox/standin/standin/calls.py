"""Which AWS operation a request calls and who calls it, and the log of all calls."""

import json
import re
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.iam.models import get_account_id_from
from moto.sts.models import sts_backends

IAM_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Signing names that are not the prefix of the service's IAM actions."""

_READS = re.compile(r"(Describe|List|Get|BatchGet|Head|Search|Lookup|Filter|Query|Scan|Simulate|Validate|Test|AssumeRole)")
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


@dataclass
class Call:
    """One call of an AWS operation."""

    service: str
    """The prefix of the service's IAM actions, such as `cloudwatch`."""
    operation: str
    account: str
    region: str
    access_key: str
    session: str | None
    """The role session's name, when the key came from AssumeRole."""
    protocol: str
    """ec2, query, json, rest-json, rest-xml or cbor."""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def action(self) -> str:
        """The operation in the spelling of IAM actions: `ec2:CreateVpc`."""
        return f"{self.service}:{self.operation}"

    @property
    def mutating(self) -> bool:
        """Whether the operation changes anything in AWS, judged by its name."""
        return _READS.match(self.operation) is None


def identify(environ: dict[str, Any], body: bytes) -> Call:
    """Reads service, operation and caller off a request: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html"""
    credential = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    access_key, region, signing_name = credential.groups() if credential else ("", "us-east-1", "")
    account = environ.get("HTTP_X_MOTO_ACCOUNT_ID") or get_account_id_from(access_key)
    operation, protocol = _operation(environ, body, signing_name)
    return Call(
        service=IAM_PREFIXES.get(signing_name, signing_name) or "unknown",
        operation=operation,
        account=account,
        region=region,
        access_key=access_key,
        session=_session(account, access_key),
        protocol=protocol,
    )


def _operation(environ: dict[str, Any], body: bytes, signing_name: str) -> tuple[str, str]:
    content_type = environ.get("CONTENT_TYPE", "")
    path = environ.get("PATH_INFO", "")
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        return path.rsplit("/", 1)[-1], "cbor"
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return target.rsplit(".", 1)[-1], "json"
    if content_type.startswith("application/x-www-form-urlencoded") or "Action=" in environ.get("QUERY_STRING", ""):
        # The action is always the first pair: the rest of a long body need not be parsed to find it.
        pairs = parse_qsl(body[:200].decode("utf-8", "replace")) + parse_qsl(environ.get("QUERY_STRING", ""))
        return dict(pairs).get("Action", "unknown"), "ec2" if signing_name == "ec2" else "query"
    return _rest_operation(environ, signing_name)


def _rest_operation(environ: dict[str, Any], signing_name: str) -> tuple[str, str]:
    fallback = f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '/')}"
    try:
        protocol = str(get_service_model(signing_name).protocol)
        operation, _ = get_service_router(signing_name).match(Request(environ))
    except Exception:  # no model, or no such route: the request is still logged and answered
        return fallback, "rest-json"
    return operation.name, protocol


def _session(account: str, access_key: str) -> str | None:
    if not access_key.startswith("ASIA"):
        return None
    role = sts_backends[account]["aws"].get_assumed_role_from_access_key(access_key)
    return role.session_name if role else None


class CallLog:
    """Appends one JSON line for each AWS call answered. Parameters are never written: some are secret."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a", encoding="utf-8") if path else None
        self._lock = threading.Lock()

    def write(self, call: Call, status: int, error: str | None) -> None:
        """Logs a call with its answer."""
        if self._file is None:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "service": call.service,
            "operation": call.operation,
            "account": call.account,
            "region": call.region,
            "status": status,
            "error": error,
            "mutating": call.mutating,
            "access_key": call.access_key,
            "session": call.session,
            "request_id": call.request_id,
        }
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
