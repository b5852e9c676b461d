"""The server: moto's dispatcher behind the call log, the faults, the protocol bridge and the control endpoints."""

import http.server
import io
import json
import logging
import re
import socketserver
import threading
import time
from typing import Any

from botocore.model import OperationNotFoundError
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from . import answers, cbor, control, policies, published, refusals, short_pages, timing, wire
from .calls import Call, CallLog, identify
from .faults import Faults
from .wire import Answer

log = logging.getLogger("standin")

_OWN_HEADERS = {"connection", "content-length", "date", "status", "x-amz-request-id", "x-amzn-requestid"}
"""Headers of moto's answers for which this server has its own."""
_REQUEST_ID = re.compile(rb"(?<=<)(RequestId|RequestID|requestId)>[^<]*(?=</)")


class Dropped(Exception):
    """The connection is to be closed without an answer."""


class StandIn:
    """Answers requests. moto is not made for threads: one lock lets one call at a time into it."""

    def __init__(self, calls: CallLog, faults: Faults) -> None:
        self.calls = calls
        self.faults = faults
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()

    def answer(self, environ: dict[str, Any], body: bytes) -> Answer:
        """Answers one request, whether it calls AWS or controls the stand-in."""
        path = environ["PATH_INFO"]
        if path.startswith("/_standin/"):
            with self._lock:
                return control.answer(environ["REQUEST_METHOD"], path.removeprefix("/_standin/"), body, self.faults)
        call = identify(environ, body)
        if delay := self.faults.delay(call):
            time.sleep(delay)
        answer = self._answer_call(call, environ, body)
        answer.headers["x-amzn-RequestId"] = call.request_id
        answer.body = _REQUEST_ID.sub(rb"\1>" + call.request_id.encode(), answer.body, count=1)
        return answer

    def _answer_call(self, call: Call, environ: dict[str, Any], body: bytes) -> Answer:
        fault = self.faults.for_call(call)
        if fault is None or fault.applied:
            answer = self._call_moto(call, environ, body)
        if fault is not None:
            answer = wire.error(call.protocol, fault.status, fault.code, fault.message, call.request_id)
        error = wire.error_code(answer) if fault is None else fault.code
        self.calls.write(call, answer.status, error)
        if fault is not None and fault.drop:
            raise Dropped
        return answer

    def _call_moto(self, call: Call, environ: dict[str, Any], body: bytes) -> Answer:
        try:
            refusal = refusals.of_request(call, environ["QUERY_STRING"], body) or self._denied(call, environ["QUERY_STRING"], body)
            if refusal is not None:
                return wire.error(call.protocol, refusal.status, refusal.code, refusal.message, call.request_id)
            if call.protocol == "cbor":
                return self._call_moto_from_cbor(call, environ, body)
            return self._checked(call, self._page(call, environ, body))
        except short_pages.Expired as expired:
            refusal = expired.refusal
            return wire.error(call.protocol, refusal.status, refusal.code, refusal.message, call.request_id)
        except (NotImplementedError, OperationNotFoundError):
            return self._not_implemented(call)
        except Exception:
            log.exception("%s failed", call.action)
            message = f"the stand-in failed on {call.action}: see its log"
            return wire.error(call.protocol, 500, "InternalFailure", message, call.request_id)

    def _denied(self, call: Call, query: str, body: bytes) -> refusals.Refusal | None:
        with self._lock:
            return policies.of_request(call, query, body)

    def _call_moto_from_cbor(self, call: Call, environ: dict[str, Any], body: bytes) -> Answer:
        model = get_service_model(published.MODELS.get(call.service, call.service))
        operation = model.operation_model(call.operation)
        environ |= {
            "PATH_INFO": "/",
            "RAW_URI": "/",
            "CONTENT_TYPE": f"application/x-amz-json-{model.metadata['jsonVersion']}",
            "HTTP_X_AMZ_TARGET": f"{model.metadata['targetPrefix']}.{call.operation}",
        }
        answer = self._page(call, environ, json.dumps(cbor.decode(body)).encode())
        if answer.status == 501:
            return self._not_implemented(call)
        if answer.status >= 400:
            problem = json.loads(answer.body)
            code = wire.error_code(answer) or "InternalFailure"
            message = problem.get("message") or problem.get("Message") or ""
            refusal = wire.error("cbor", answer.status, code, message, call.request_id)
            # The code of the older protocol, which SDKs prefer: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
            refusal.headers |= {name.lower(): value for name, value in answer.headers.items() if name.lower() == "x-amzn-query-error"}
            return refusal
        answer = self._checked(call, answer)
        if answer.status >= 500:
            return answer
        headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return Answer(answer.status, headers, cbor.encode(json.loads(answer.body or b"{}"), operation.output_shape))

    def _page(self, call: Call, environ: dict[str, Any], body: bytes) -> Answer:
        """moto's answer, or the part of it that is on a short page."""
        page, body = short_pages.asked(call, body)
        if page is None:
            return self._run(call.account, environ, body)
        return short_pages.cut(page, self._run(call.account, environ, body), call.protocol)

    def _run(self, account: str, environ: dict[str, Any], body: bytes) -> Answer:
        status, headers = 500, {}

        def start_response(line: str, fields: list[tuple[str, str]], exc_info: Any = None) -> None:
            nonlocal status, headers
            status, headers = int(line.split(" ", 1)[0]), dict(fields)

        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        with self._lock:
            timing.settle()
            with timing.acting_in(account):
                content = b"".join(self._moto(environ, start_response))
        if status >= 400 and headers.get("Content-Type", "").startswith("text/html") and b"<!doctype html>" in content[:200].lower():
            raise NotImplementedError
        return Answer(status, {name: value for name, value in headers.items() if name.lower() not in _OWN_HEADERS}, content)

    def _checked(self, call: Call, answer: Answer) -> Answer:
        """The answer, unless it is to be checked against its model and is not what that says."""
        flaws = answers.flaws(call, answer) if control.settings[answers.CHECKED] else []
        if not flaws:
            return answer
        log.error("%s is answered with what AWS would not say: %s", call.action, "; ".join(flaws))
        message = f"the stand-in's answer to {call.action} is not what its model says: {'; '.join(flaws)}"
        return wire.error(call.protocol, 500, "InternalFailure", message, call.request_id)

    def _not_implemented(self, call: Call) -> Answer:
        message = f"the stand-in does not implement {call.action}"
        return wire.error(call.protocol, 501, "NotImplemented", message, call.request_id)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """One thread per connection, and connections stay open: an SDK keeps a pool of them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, stand_in: StandIn, host: str = "127.0.0.1") -> None:
        super().__init__((host, port), _Handler)
        self.stand_in = stand_in

    @property
    def endpoint(self) -> str:
        """The URL to give to SDKs."""
        host = self.server_address[0]
        return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer = self.server.stand_in.answer(self._environ(), body)
        except Dropped:
            self.close_connection = True
            return
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines += [f"Content-Length: {len(answer.body)}", f"Date: {self.date_time_string()}", "", ""]
        self.wfile.write("\r\n".join(lines).encode("latin-1") + (b"" if self.command == "HEAD" else answer.body))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve

    def _environ(self) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "RAW_URI": self.path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            if name.lower() not in ("content-type", "content-length"):
                environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return environ

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the call log has it all."""
