"""How a mend is written: a function with a docstring, hung on the method of moto that it corrects.

    mends = Mends("kinesis")

    @mends.around(KinesisBackend, "create_stream")
    def a_new_stream_is_creating(original, self, *args, **kwargs):
        "CreateStream answers at once, and the stream is CREATING for a while. https://docs.aws.amazon.com/…"
        ...

    install = mends.install
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from moto.core.exceptions import ServiceException


class AwsError(ServiceException):
    """`AwsError(code, message)`: an error of AWS, which moto writes in the protocol of the service."""


@dataclass
class Mend:
    """One correction of moto: where it is hung, and what it does."""

    target: type | ModuleType
    method: str
    function: Callable[..., Any]
    wraps: bool

    @property
    def name(self) -> str:
        """What the mend does, in words: the name of its function."""
        return self.function.__name__.replace("_", " ")

    @property
    def docs(self) -> str:
        """The docstring, on one line; it names the AWS page that the mend follows."""
        return " ".join((self.function.__doc__ or "").split())

    def install(self) -> None:
        """Replaces the method on moto's class."""
        setattr(self.target, self.method, self._wrapper() if self.wraps else self.function)

    def _wrapper(self) -> Callable[..., Any]:
        original, function = getattr(self.target, self.method), self.function

        @functools.wraps(original)
        def mended(self: Any, *args: Any, **kwargs: Any) -> Any:
            return function(original, self, *args, **kwargs)

        return mended


@dataclass
class ComputedMend(Mend):
    """A correction of an attribute: it is computed whenever it is read. A property's setter stays; other values set are dropped."""

    def install(self) -> None:
        """Replaces the attribute on moto's class."""
        setter = getattr(getattr(self.target, self.method, None), "fset", None)
        setattr(self.target, self.method, property(self.function, setter or (lambda owner, value: None)))


@dataclass
class Mends:
    """The mends of one service."""

    service: str
    mends: list[Mend] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    """What is still otherwise than in AWS, as far as we know."""

    def around(self, target: type | ModuleType, *methods: str) -> Callable[..., Any]:
        """Calls the function in place of each method (or function of a module), with the original as its first argument."""
        return self._register(target, methods, wraps=True)

    def adds(self, target: type, method: str) -> Callable[..., Any]:
        """Adds a method that moto has not: an operation, when `target` is a class of responses."""
        return self._register(target, (method,), wraps=False)

    def computes(self, target: type, attribute: str) -> Callable[..., Any]:
        """Has the function compute an attribute whenever it is read."""

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            self.mends.append(ComputedMend(target, attribute, function, wraps=False))
            return function

        return register

    def differs(self, *differences: str) -> None:
        """Notes what is not mended."""
        self.differences.extend(differences)

    def install(self) -> None:
        """Hangs every mend of this service on moto's classes."""
        for mend in self.mends:
            mend.install()

    def _register(self, target: type | ModuleType, methods: tuple[str, ...], wraps: bool) -> Callable[..., Any]:
        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            self.mends.extend(Mend(target, method, function, wraps) for method in methods)
            return function

        return register
