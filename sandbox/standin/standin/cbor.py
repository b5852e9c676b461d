"""Smithy RPC v2 CBOR in terms of AWS JSON, which moto understands.

Newer SDKs speak CBOR to CloudWatch, and moto does not: a request is decoded to the JSON protocol of the same service, and the
answer is encoded again, guided by the service's model. https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

import base64
import math
import struct
from datetime import datetime
from typing import Any

from botocore.model import Shape

_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_INDEFINITE = 31
_BREAK = object()


def decode(data: bytes) -> Any:
    """The value in `data`, as JSON would carry it: timestamps are epoch seconds, blobs are base64."""
    return _Decoder(data).item() if data else {}


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        chunk = self.data[self.at : self.at + count]
        if len(chunk) < count:
            raise ValueError("CBOR ends too early")
        self.at += count
        return chunk

    def item(self) -> Any:
        initial = self.take(1)[0]
        major, info = initial >> 5, initial & 31
        if major == 7:
            return self._simple(info)
        length = None if info == _INDEFINITE else self._length(info)
        match major:
            case 0:
                return length
            case 1:
                return -1 - length
            case 2:
                return base64.b64encode(self._string(length)).decode()
            case 3:
                return self._string(length).decode()
            case 4:
                return list(self._items(length))
            case 5:
                flat = list(self._items(None if length is None else 2 * length))
                return dict(zip(flat[::2], flat[1::2], strict=True))
            case _:
                return self.item()  # a tag: the only one in use marks epoch seconds

    def _length(self, info: int) -> int:
        return info if info < 24 else int.from_bytes(self.take(1 << (info - 24)))

    def _string(self, length: int | None) -> bytes:
        if length is not None:
            return self.take(length)
        chunks = []
        while (initial := self.take(1)[0]) != 0xFF:
            chunks.append(self.take(self._length(initial & 31)))
        return b"".join(chunks)

    def _items(self, count: int | None) -> Any:
        while count is None or count > 0:
            item = self.item()
            if item is _BREAK:
                return
            yield item
            count = None if count is None else count - 1

    def _simple(self, info: int) -> Any:
        if info == _INDEFINITE:
            return _BREAK
        if info in _SIMPLE:
            return _SIMPLE[info]
        pattern = _FLOATS[info]
        return struct.unpack(pattern, self.take(struct.calcsize(pattern)))[0]


def encode(value: Any, shape: Shape | None = None) -> bytes:
    """`value`, out of a JSON answer, in CBOR; `shape` says which numbers are timestamps and which are doubles."""
    kind = shape.type_name if shape is not None else None
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case datetime():
            return b"\xc1" + _double(value.timestamp())
        case int() | float() if kind == "timestamp":
            return b"\xc1" + _double(value)
        case float():
            return _double(value)
        case int():
            if kind in ("double", "float"):
                return _double(value)
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case str():
            if kind == "blob":
                raw = base64.b64decode(value)
                return _head(2, len(raw)) + raw
            return _head(3, len(value.encode())) + value.encode()
        case list():
            member = shape.member if kind == "list" else None
            return _head(4, len(value)) + b"".join(encode(item, member) for item in value)
        case dict():
            return _map(value, shape)
    raise TypeError(f"cannot encode {type(value).__name__}")


def _map(value: dict[str, Any], shape: Shape | None) -> bytes:
    present = {key: item for key, item in value.items() if item is not None}
    encoded = [encode(key) + encode(item, _member(shape, key)) for key, item in present.items()]
    return _head(5, len(present)) + b"".join(encoded)


def _member(shape: Shape | None, key: str) -> Shape | None:
    if shape is None:
        return None
    return shape.value if shape.type_name == "map" else shape.members.get(key) if shape.type_name == "structure" else None


def _head(major: int, length: int) -> bytes:
    if length < 24:
        return bytes([major << 5 | length])
    size = max(0, math.ceil(math.log2(max(1, (length.bit_length() + 7) // 8))))
    return bytes([major << 5 | 24 + size]) + length.to_bytes(1 << size)


def _double(value: float) -> bytes:
    return b"\xfb" + struct.pack(">d", value)
