"""What moto does otherwise than AWS, put right: one module per service."""

import importlib
import pkgutil

from ..mending import Mends


def all_mends() -> list[Mends]:
    """The mends of every service, in the order of their modules' names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [importlib.import_module(f"{__name__}.{name}").mends for name in names]


def install() -> None:
    """Hangs every mend on moto. Call once, before the first request."""
    for mends in all_mends():
        mends.install()
