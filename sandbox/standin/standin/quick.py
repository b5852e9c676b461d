"""What moto works out anew for each call, worked out once: thousands of calls of a test run ask for the same.

Nothing is answered otherwise for it. What is remembered hangs on the models of AWS, on classes, and on names of hosts, none of which
changes while a stand-in runs.
"""

import functools
import sys
from collections.abc import Callable, Iterable
from typing import Any

import xmltodict
from moto import backends
from moto.core import responses, serialize, utils
from moto.kms import models as kms
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

_SYMMETRIC = "SYMMETRIC_DEFAULT"


def install() -> None:
    """Hangs what remembers on moto. Call once, after the mends and before the first request."""
    _replace("get_service_model", functools.cache(utils.get_service_model))
    _replace("camelcase_to_underscores", functools.cache(utils.camelcase_to_underscores))
    responses.method_names_from_class = functools.cache(lambda kind: frozenset(utils.method_names_from_class(kind)))
    backends.list_of_moto_modules = functools.cache(_tuple_of(backends.list_of_moto_modules))
    DomainDispatcherApplication.get_backend_for_host = functools.cache(DomainDispatcherApplication.get_backend_for_host)
    xmltodict._validate_name = functools.cache(xmltodict._validate_name)
    for picker in (serialize.AttributePicker, serialize.XFormedAttributePicker):
        picker.get_possible_keys = _remembered_by_shape(picker.get_possible_keys)
    kms.generate_private_key = _only_for_pairs(kms.generate_private_key)


def _replace(name: str, function: Callable[..., Any]) -> None:
    """Puts a function in the place of one of moto's, also where that was imported by name."""
    original = getattr(utils, name)
    for module in [module for path, module in sys.modules.items() if path.partition(".")[0] in ("moto", __package__)]:
        if getattr(module, name, None) is original:
            setattr(module, name, function)


def _tuple_of(listing: Callable[[], Iterable[str]]) -> Callable[[], tuple[str, ...]]:
    return lambda: tuple(listing())


def _remembered_by_shape(original: Callable[..., Iterable[str]]) -> Callable[..., Iterable[str]]:
    """The names under which a thing may have a member depend on the thing's class and on the model of the member."""

    def possible_keys(self: Any, context: Any) -> Iterable[str]:
        known = context.shape.__dict__.setdefault("possible_keys", {})
        which = (original, *self.alias_providers, type(context.obj), context.key)
        if which not in known:
            known[which] = tuple(original(self, context))
        return known[which]

    return possible_keys


def _only_for_pairs(original: Callable[[str], Any]) -> Callable[[str], Any]:
    """A symmetric key has no private half, and to make one takes longer than all else.
    https://docs.aws.amazon.com/kms/latest/developerguide/symmetric-asymmetric.html"""
    return lambda key_spec: None if key_spec == _SYMMETRIC else original(key_spec)
