"""Short pages, for any operation that has pages: AWS may end a page before the number of items that was asked for, and may no
longer know a token by the time it is shown.

Which operations have pages, and in which members, is what botocore's paginators say. A token names a place on one of moto's own
pages. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination
"""

import functools
import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel

from . import control, published
from .calls import Call
from .refusals import Refusal
from .wire import Answer

MOST = "pages.most"
"""Most items on a page; 0 for as many as are asked for."""
EXPIRED = "pages.expired"
"""Actions of which every token has expired."""
control.define_setting(MOST, 0)
control.define_setting(EXPIRED, [])

_MARK = "short-page"


@dataclass(frozen=True)
class Page:
    """Where a page is that a request asks for, and which members it is about."""

    model: OperationModel
    lists: tuple[str, ...]
    token: str
    """The member of the answer that has the next token; `request_token` that of the request."""
    request_token: str
    more: str | None
    """The member that says whether there is more, where there is one."""
    start: int = 0
    """How many items of moto's page were on the pages before."""
    theirs: str | None = None
    """The token that leads to moto's page; None for its first."""

    def next(self, rest: bool, theirs: str | None, size: int) -> str | None:
        """The token of the page after this one, of which moto's page has the `rest`, or else the next of moto's."""
        if rest:
            return f"{_MARK}:{self.start + size}:{self.theirs or ''}"
        return f"{_MARK}:0:{theirs}" if theirs else None


class Expired(Exception):
    """The request shows a token that is not known any more."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def asked(call: Call, body: bytes) -> tuple[Page | None, bytes]:
    """The page that a request asks for, if pages are short and the operation has any; and the request as moto knows it.

    Raises Expired where the request shows a token that is to be taken for expired.
    """
    model = published.operation(call)
    if model is None or not (control.settings[MOST] or call.action in control.settings[EXPIRED]):
        return None, body
    page = _page(model)
    if page is None or call.protocol not in ("json", "cbor", "ec2", "query"):
        return None, body
    said = json.loads(body or b"{}") if call.protocol in ("json", "cbor") else dict(parse_qsl(body.decode(), keep_blank_values=True))
    shown = said.pop(page.request_token, None)
    if shown is None:
        return page, body
    if call.action in control.settings[EXPIRED]:
        raise Expired(_refusal(call, model))
    start, theirs = 0, shown
    if str(shown).startswith(f"{_MARK}:"):
        _, number, theirs = str(shown).split(":", 2)
        start = int(number)
    if theirs:
        said[page.request_token] = theirs
    written = json.dumps(said) if call.protocol in ("json", "cbor") else urlencode(said)
    return replace(page, start=start, theirs=theirs or None), written.encode()


_SAID = {
    "ec2": ("InvalidParameterValue", "Unable to parse pagination token"),
    "ecs": ("InvalidParameterException", "Invalid token."),
    "iam": ("ValidationError", "Invalid Marker."),
    "logs": ("InvalidParameterException", "The specified nextToken is invalid."),
    "rds": ("InvalidParameterValue", "The request token is invalid"),
    "sqs": ("InvalidParameterValue", "The next token is invalid."),
}
"""How services say it whose models have no error for it."""


def _refusal(call: Call, model: OperationModel) -> Refusal:
    if call.service in _SAID:
        return Refusal(*_SAID[call.service])
    named = [shape.metadata.get("error", {}).get("code", shape.name) for shape in model.error_shapes if "Token" in shape.name]
    named.sort(key=lambda code: "Expired" not in code)
    return Refusal(named[0], "The pagination token has expired or is not valid.")


def cut(page: Page, answer: Answer, protocol: str) -> Answer:
    """The part of moto's page that the request asks for."""
    size = control.settings[MOST]
    if answer.status >= 400 or not size:
        return answer
    body = _cut_json(page, answer.body, size) if protocol in ("json", "cbor") else _cut_xml(page, answer.body, size)
    return Answer(answer.status, answer.headers, body)


def _cut_json(page: Page, body: bytes, size: int) -> bytes:
    said: dict[str, Any] = json.loads(body or b"{}")
    rest = False
    for name in page.lists:
        items = said.get(name) or []
        rest |= len(items) > page.start + size
        if items:
            said[name] = items[page.start : page.start + size]
    token = page.next(rest, said.pop(page.token, None), size)
    if token:
        said[page.token] = token
    if page.more:
        said[page.more] = bool(token)
    return json.dumps(said).encode()


def _cut_xml(page: Page, body: bytes, size: int) -> bytes:
    root = ElementTree.fromstring(body)
    space = root.tag.partition("}")[0].lstrip("{") if root.tag.startswith("{") else ""
    ElementTree.register_namespace("", space)
    output = page.model.output_shape
    wrapper = _child(root, output.serialization.get("resultWrapper"))
    said = root if wrapper is None else wrapper

    def written(name: str) -> str:
        return str(output.members[name].serialization.get("name", name))

    rest = False
    for name in page.lists:
        items = _child(said, written(name))
        if items is not None:
            every = list(items)
            rest |= len(every) > page.start + size
            items[:] = every[page.start : page.start + size]
    theirs = _child(said, written(page.token))
    if theirs is not None:
        said.remove(theirs)
    token = page.next(rest, theirs.text if theirs is not None else None, size)

    def say(name: str, text: str) -> None:
        ElementTree.SubElement(said, f"{{{space}}}{name}" if space else name).text = text

    if token:
        say(written(page.token), token)
    if page.more:
        more = _child(said, written(page.more))
        if more is not None:
            said.remove(more)
        say(written(page.more), "true" if token else "false")
    return ElementTree.tostring(root)


def _child(element: ElementTree.Element, name: str | None) -> ElementTree.Element | None:
    return next((child for child in element if child.tag.rpartition("}")[2] == name), None)


@functools.cache
def _page(model: OperationModel) -> Page | None:
    """The first page of an operation; None for one without pages."""
    paginator = _paginators(model.service_model.service_name).get(model.name)
    if paginator is None or not isinstance(paginator["output_token"], str):
        return None
    lists = paginator["result_key"]
    return Page(
        model=model,
        lists=(lists,) if isinstance(lists, str) else tuple(lists),
        token=paginator["output_token"],
        request_token=paginator["input_token"],
        more=paginator.get("more_results"),
    )


@functools.cache
def _paginators(service: str) -> dict[str, Any]:
    try:
        return dict(Loader().load_service_model(service, "paginators-1")["pagination"])
    except UnknownServiceError:
        return {}
