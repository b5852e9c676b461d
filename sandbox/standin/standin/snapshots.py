"""Snapshots of an account: its whole state, kept and put back.

What falls due later refers to objects of moto by closures, so copies would not do: a snapshot keeps, for each object that the account's
backends and its coming changes reach, what was in it, and puts that back into the same object. Whatever was made since is then
reached by nothing. Sessions of roles are credentials, not state: those handed out since go on being valid.
"""

import enum
import functools
import types
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any

from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.core.model_instances import reset_model_data
from moto.ec2.models import elastic_block_store
from moto.ec2.models.amis import Ami
from moto.iam.models import IAMBackend

from . import timing

_CREDENTIALS = "sts"
"""The service whose state is left alone."""
_TEMPORARY_KEY = "ASIA"
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes"""

_PLAIN = frozenset({bool, bytes, complex, float, int, property, range, str, type(None), types.BuiltinFunctionType, types.ModuleType})
_PLAIN_MODULES = frozenset({"_thread", "cryptography", "datetime", "decimal", "ipaddress", "re", "threading", "uuid", "weakref", "zoneinfo"})
"""Modules of whose objects none changes but locks, and these are free while a snapshot is made."""
_UNCHANGING = (type, enum.Enum)
_MODELS = ("moto", "standin")
_CODE = (types.FunctionType, types.MethodType, functools.partial)

Restore = Callable[[], None]


class Snapshot:
    """The state of one account at one moment."""

    def __init__(self, account: str) -> None:
        self.account = account
        self._due = timing.pending(account)
        self._backends = {id(backend) for backend in _backends(account)}
        self._kept = list(_Walk(account).keep(*_backends(account), *(effect for _, effect in self._due)))

    @property
    def size(self) -> int:
        """How many objects of the stand-in are kept."""
        return len(self._kept)

    def restore(self) -> None:
        """Puts the account back into this state; what had so many seconds to go then has as many again."""
        sessions = _sessions(self.account)
        for backend in _backends(self.account):
            if id(backend) not in self._backends:
                backend.reset()
        for restore in self._kept:
            restore()
        for backend, keys in sessions:
            backend.access_keys |= keys
        timing.replace(self.account, self._due)
        reset_model_data()  # moto holds on to every object ever made, for its dashboard


def _backends(account: str) -> Iterator[BaseBackend]:
    for service in list(BackendDict._instances):
        if account in service and service.service_name != _CREDENTIALS:
            yield from service[account].values()


def _sessions(account: str) -> list[tuple[Any, dict[str, Any]]]:
    """The keys of role sessions, which moto keeps among the access keys of IAM."""
    held = [backend for backend in _backends(account) if isinstance(backend, IAMBackend)]
    return [(iam, {key: session for key, session in iam.access_keys.items() if key.startswith(_TEMPORARY_KEY)}) for iam in held]


class _Walk:
    """Goes through everything that can be reached, without leaving the account."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._seen: dict[int, Any] = {}

    def keep(self, *roots: Any) -> Iterator[Restore]:
        """What puts each object back, for every object found."""
        waiting = list(roots)
        while waiting:
            thing = waiting.pop()
            if type(thing) in _PLAIN or id(thing) in self._seen:
                continue
            self._seen[id(thing)] = thing
            if isinstance(thing, _UNCHANGING) or _root(type(thing)) in _PLAIN_MODULES or self._elsewhere(thing):
                continue
            yield from self._keep_one(thing, waiting)

    def _elsewhere(self, thing: Any) -> bool:
        match thing:
            case BaseBackend():
                return thing.account_id != self._account
            case Ami():
                return thing.owner_id != self._account
            case elastic_block_store.Volume() | elastic_block_store.Snapshot():
                return thing.from_ami is not None  # thousands, for the images that AWS offers
        return isinstance(thing, BackendDict | AccountSpecificBackend)

    def _keep_one(self, thing: Any, waiting: list[Any]) -> Iterator[Restore]:
        match thing:
            case dict():
                items = dict(thing)
                waiting.extend(items)
                waiting.extend(items.values())
                base = OrderedDict if isinstance(thing, OrderedDict) else dict
                yield functools.partial(_refill, base.clear, base.update, thing, items)
            case list() | deque():
                base, items = (list if isinstance(thing, list) else deque), list(thing)
                waiting.extend(items)
                yield functools.partial(_refill, base.clear, base.extend, thing, items)
            case set():
                items = set(thing)
                waiting.extend(items)
                yield functools.partial(_refill, set.clear, set.update, thing, items)
            case tuple() | frozenset():
                waiting.extend(thing)
            case types.FunctionType():
                yield from self._keep_cells(thing, waiting)
            case types.MethodType():
                waiting.extend((thing.__func__, thing.__self__))
            case functools.partial():
                waiting.extend((thing.func, *thing.args, *thing.keywords.values()))
            case _ if _root(type(thing)) not in _MODELS:
                raise TypeError(f"a snapshot cannot keep {type(thing).__module__}.{type(thing).__qualname__}")
        if not isinstance(thing, _CODE) and hasattr(thing, "__dict__"):
            waiting.extend(thing.__dict__.values())
            yield functools.partial(_be_again, thing, dict(thing.__dict__))

    def _keep_cells(self, function: types.FunctionType, waiting: list[Any]) -> Iterator[Restore]:
        """What a closure holds; default arguments are how a lambda in a loop holds its object."""
        waiting.extend(function.__defaults__ or ())
        waiting.extend((function.__kwdefaults__ or {}).values())
        for cell in function.__closure__ or ():
            waiting.append(cell.cell_contents)
            yield functools.partial(setattr, cell, "cell_contents", cell.cell_contents)


def _root(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _be_again(thing: Any, attributes: dict[str, Any]) -> None:
    """A backend that was emptied meanwhile has another dictionary of attributes than before."""
    _refill(dict.clear, dict.update, thing.__dict__, attributes)


def _refill(clear: Callable[[Any], Any], fill: Callable[[Any, Any], Any], thing: Any, items: Any) -> None:
    clear(thing)
    fill(thing, items)
