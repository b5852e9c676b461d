"""Pages of lists: where the next one starts is written in a token that callers cannot read."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def cut(items: Sequence[Item], size: int, token: str | None) -> tuple[Sequence[Item], str | None]:
    """The page of `items` at which `token` points, and the token of the next page; ValueError for a token that is not ours."""
    start = _decode(token) if token else 0
    end = start + size
    return items[start:end], _encode(end) if end < len(items) else None


def _encode(start: int) -> str:
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()


def _decode(token: str) -> int:
    try:
        word, _, start = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
    except (binascii.Error, UnicodeError):
        word, start = "", ""
    if word != "from" or not start.isdecimal():
        raise ValueError(f"no token of ours: {token}")
    return int(start)
