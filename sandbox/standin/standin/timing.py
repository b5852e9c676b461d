"""How long things take in AWS: named durations, and changes of state that fall due.

No thread runs: whatever has fallen due is carried out, in order, just before the next call is answered.
A reader cannot tell the difference, and a test that sets every duration to zero sees each change at once.
"""

import contextlib
import heapq
import itertools
import time
from collections.abc import Callable, Iterator

_demo: dict[str, float] = {}
_seconds: dict[str, float] = {}
_due: list[tuple[float, int, str, Callable[[], None]]] = []
_order = itertools.count()
_elapsed = 0.0
_account = ""


def define(name: str, demo: float) -> str:
    """Names a duration and gives its length in seconds under the preset `demo`; mends call this when imported."""
    _demo[name] = demo
    _seconds[name] = demo
    return name


def of(name: str) -> float:
    """The present length of a named duration, in seconds."""
    return _seconds[name]


def table() -> dict[str, float]:
    """All durations by name, in seconds."""
    return dict(sorted(_seconds.items()))


def demo() -> dict[str, float]:
    """All durations by name, in seconds, under the preset `demo`."""
    return dict(sorted(_demo.items()))


def use(preset: str) -> None:
    """Sets every duration: `demo` (short, but visible) or `none` (zero)."""
    if preset not in ("demo", "none"):
        raise ValueError(f"no preset of durations is called {preset!r}: use demo or none")
    for name, seconds in _demo.items():
        _seconds[name] = seconds if preset == "demo" else 0.0


def change(durations: dict[str, float]) -> None:
    """Sets single durations, for what begins from now on. The key `preset` is applied first."""
    durations = dict(durations)
    preset = durations.pop("preset", None)
    unknown = sorted(set(durations) - set(_seconds))
    if unknown:
        raise ValueError(f"unknown durations: {', '.join(unknown)}; known: {', '.join(table())}")
    if preset is not None:
        use(str(preset))
    for name, seconds in durations.items():
        _seconds[name] = float(seconds)


def after(name: str, effect: Callable[[], None]) -> None:
    """Carries out `effect` once the named duration has passed; at once when it is zero."""
    after_seconds(_seconds[name], effect)


def after_seconds(seconds: float, effect: Callable[[], None]) -> None:
    """Carries out `effect` once so many seconds have passed; at once when that is zero."""
    if seconds <= 0:
        effect()
    else:
        _await(_account, seconds, effect)


def _await(account: str, seconds: float, effect: Callable[[], None]) -> None:
    heapq.heappush(_due, (now() + seconds, next(_order), account, effect))


def elapse(seconds: float) -> None:
    """Moves the clock forward, so that a test need not wait for what takes long."""
    global _elapsed
    _elapsed += seconds


def now() -> float:
    """The clock by which things fall due, in seconds."""
    return time.monotonic() + _elapsed


def settle() -> None:
    """Carries out every effect that has fallen due, oldest first. The server calls this before each call."""
    while _due and _due[0][0] <= now():
        _, _, account, effect = heapq.heappop(_due)
        with acting_in(account):
            effect()


@contextlib.contextmanager
def acting_in(account: str) -> Iterator[None]:
    """Whatever is begun meanwhile falls due in this account."""
    global _account
    before, _account = _account, account
    try:
        yield
    finally:
        _account = before


def pending(account: str) -> list[tuple[float, Callable[[], None]]]:
    """What has not fallen due yet in an account, in order, with the seconds that are left."""
    present = now()
    return [(moment - present, effect) for moment, _, owner, effect in sorted(_due, key=lambda due: due[:2]) if owner == account]


def replace(account: str, effects: list[tuple[float, Callable[[], None]]]) -> None:
    """Drops what has not fallen due yet in an account, and has these effects fall due instead."""
    _due[:] = [due for due in _due if due[2] != account]
    heapq.heapify(_due)
    for seconds, effect in effects:
        _await(account, seconds, effect)


def forget() -> None:
    """Drops everything that has not fallen due yet."""
    _due.clear()
