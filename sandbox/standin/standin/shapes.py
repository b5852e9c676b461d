"""Whether a value is what AWS's published model of its shape allows: botocore's service models, which AWS generates from its own."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import regex
from botocore.model import Shape


class Flaw(Enum):
    """In which way a value is not what its shape allows."""

    MISSING = "Member must not be null"
    UNKNOWN = "Member is not known"
    TYPE = "Member must be of type {}"
    LEAST_LENGTH = "Member must have length greater than or equal to {}"
    MOST_LENGTH = "Member must have length less than or equal to {}"
    LEAST = "Member must have value greater than or equal to {}"
    MOST = "Member must have value less than or equal to {}"
    PATTERN = "Member must satisfy regular expression pattern: {}"
    ENUM = "Member must satisfy enum value set: [{}]"


@dataclass
class Violation:
    """One thing about a value that its shape does not allow."""

    flaw: Flaw
    path: tuple[str, ...]
    """Names of members, keys of maps, and numbers of list items, which count from one."""
    shape: Shape
    value: Any
    bound: Any = None

    @property
    def place(self) -> str:
        """Where the value is, as AWS writes it: `tags.1.member.key`."""
        return ".".join(name[:1].lower() + name[1:] for name in self.path)

    @property
    def constraint(self) -> str:
        """What the shape demands."""
        return self.flaw.value.format(self.bound)


def violations(value: Any, shape: Shape, path: tuple[str, ...] = ()) -> Iterator[Violation]:
    """Everything about a value, out of JSON or already converted, that its shape does not allow."""
    if not isinstance(value, _TYPES[shape.type_name]) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield Violation(Flaw.TYPE, path, shape, value, shape.type_name)
        return
    match shape.type_name:
        case "structure":
            yield from _of_structure(value, shape, path)
        case "list":
            yield from _of_size(len(value), shape, path, value)
            for number, item in enumerate(value, 1):
                yield from violations(item, shape.member, (*path, str(number), "member"))
        case "map":
            yield from _of_size(len(value), shape, path, value)
            for key, item in value.items():
                yield from violations(key, shape.key, path)
                yield from violations(item, shape.value, (*path, key, "member"))
        case "string":
            yield from _of_string(value, shape, path)
        case "integer" | "long" | "float" | "double":
            yield from _of_bounds(value, shape, path, value, (Flaw.LEAST, Flaw.MOST))


_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (float, int),
    "double": (float, int),
    "blob": (str, bytes),
    "timestamp": (int, float, str, datetime),
}


def _of_structure(value: dict[str, Any], shape: Shape, path: tuple[str, ...]) -> Iterator[Violation]:
    members = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
    present = {key: item for key, item in value.items() if item is not None}
    given = {members[key][0] for key in present if key in members} | present.keys()
    for name in shape.required_members:
        if name not in given:
            yield Violation(Flaw.MISSING, (*path, name), shape.members[name], None)
    for key, item in present.items():
        name, member = members.get(key) or (key, shape.members.get(key))
        if member is None:
            yield Violation(Flaw.UNKNOWN, (*path, key), shape, item)
        else:
            yield from violations(item, member, (*path, name))


def _of_string(value: str, shape: Shape, path: tuple[str, ...]) -> Iterator[Violation]:
    yield from _of_size(len(value), shape, path, value)
    if shape.enum and value not in shape.enum:
        yield Violation(Flaw.ENUM, path, shape, value, ", ".join(shape.enum))
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield Violation(Flaw.PATTERN, path, shape, value, pattern)


def _of_size(size: int, shape: Shape, path: tuple[str, ...], value: Any) -> Iterator[Violation]:
    return _of_bounds(size, shape, path, value, (Flaw.LEAST_LENGTH, Flaw.MOST_LENGTH))


def _of_bounds(number: float, shape: Shape, path: tuple[str, ...], value: Any, flaws: tuple[Flaw, Flaw]) -> Iterator[Violation]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and number < least:
        yield Violation(flaws[0], path, shape, value, least)
    if most is not None and number > most:
        yield Violation(flaws[1], path, shape, value, most)


@functools.cache
def _compiled(pattern: str) -> Any:
    """A pattern of a model, as Java means it: it spans the whole value, and `\\w` and `\\d` are ASCII.

    https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html
    """
    for theirs, ours in _JAVA.items():
        pattern = pattern.replace(theirs, ours)
    return regex.compile(_ESCAPE.sub(_ascii, pattern))


_JAVA = {
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010FFFF",
    r"\p{Print}": r"[\x20-\x7E]",
    r"[\w-_]": r"[\w_\-]",
}
"""Surrogate pairs are one character; POSIX classes are ASCII; a hyphen after a class is one."""
_ESCAPE = re.compile(r"\\.")


def _ascii(match: re.Match[str]) -> str:
    inside = match.string[: match.start()].replace(r"\[", "").replace(r"\]", "")
    plain = {r"\w": "a-zA-Z0-9_", r"\d": "0-9"}.get(match.group())
    if plain is None:
        return match.group()
    return plain if inside.rfind("[") > inside.rfind("]") else f"[{plain}]"
