"""The control endpoints, under `/_standin/`, with which tests steer the stand-in. Bodies and answers are JSON."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend

from . import timing
from .faults import Fault, Faults, Throttle
from .snapshots import Snapshot
from .wire import Answer

settings: dict[str, Any] = {}
"""Switches that mends read: each mend puts its own here, with its default, by `define_setting`."""
_defaults: dict[str, Any] = {}

Endpoint = Callable[[Faults, Any], Any]
_endpoints: dict[tuple[str, str], Endpoint] = {}
_snapshots: dict[tuple[str, str], Snapshot] = {}
_on_reset: list[Callable[[], None]] = []


def define_setting(name: str, default: Any) -> None:
    """Gives mends a switch that tests can change by `PUT /_standin/settings`."""
    _defaults[name] = settings[name] = default


def on_reset(function: Callable[[], None]) -> Callable[[], None]:
    """Has `function` called by a reset; for mends that keep state outside moto's own objects."""
    _on_reset.append(function)
    return function


def endpoint(method: str, name: str) -> Callable[[Endpoint], Endpoint]:
    """Serves `/_standin/{name}` with a function of the faults and the body."""

    def register(function: Endpoint) -> Endpoint:
        _endpoints[method, name] = function
        return function

    return register


def answer(method: str, name: str, body: bytes, faults: Faults) -> Answer:
    """Answers one request to a control endpoint."""
    function = _endpoints.get((method, name))
    if function is None:
        known = ", ".join(f"{method} {name}" for method, name in sorted(_endpoints))
        return _json(404, {"error": f"no control endpoint {method} {name}; there are: {known}"})
    try:
        result = function(faults, json.loads(body) if body else {})
    except (TypeError, ValueError, KeyError) as error:
        return _json(400, {"error": str(error)})
    return _json(200, result if result is not None else {})


def _json(status: int, value: Any) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(value).encode())


@endpoint("GET", "health")
def _health(faults: Faults, body: Any) -> Any:
    return {"status": "ok"}


@endpoint("POST", "reset")
def _reset(faults: Faults, body: Any) -> None:
    """Empties every account, and clears snapshots, faults, throttles, latency and settings. Durations stay."""
    timing.forget()
    _snapshots.clear()
    moto_api_backend.reset()
    for function in _on_reset:
        function()
    faults.faults.clear()
    faults.throttles.clear()
    faults.latency, faults.late = 0.0, "*"
    settings.update(_defaults)


@endpoint("POST", "snapshot")
def _keep(faults: Faults, body: Any) -> Any:
    """Keeps the state of one account under a name."""
    timing.settle()
    account = str(body.get("account", DEFAULT_ACCOUNT_ID))
    kept = _snapshots[account, str(body["name"])] = Snapshot(account)
    return {"objects": kept.size}


@endpoint("POST", "restore")
def _put_back(faults: Faults, body: Any) -> None:
    """Puts an account back into the state that was kept under this name, as often as wanted."""
    account, name = str(body.get("account", DEFAULT_ACCOUNT_ID)), str(body["name"])
    if (account, name) not in _snapshots:
        known = ", ".join(f"{name} of {account}" for account, name in _snapshots) or "none"
        raise ValueError(f"account {account} has no snapshot {name!r}; there are: {known}")
    _snapshots[account, name].restore()


@endpoint("GET", "durations")
def _durations(faults: Faults, body: Any) -> Any:
    return timing.table()


@endpoint("PUT", "durations")
def _set_durations(faults: Faults, body: Any) -> Any:
    timing.change(body)
    return timing.table()


@endpoint("POST", "elapse")
def _elapse(faults: Faults, body: Any) -> None:
    """Lets so many seconds pass at once."""
    timing.elapse(float(body["seconds"]))


@endpoint("PUT", "latency")
def _set_latency(faults: Faults, body: Any) -> None:
    faults.latency, faults.late = float(body["ms"]) / 1000, body.get("region", "*")


@endpoint("GET", "settings")
def _settings(faults: Faults, body: Any) -> Any:
    return settings


@endpoint("PUT", "settings")
def _set_settings(faults: Faults, body: Any) -> Any:
    unknown = sorted(set(body) - set(_defaults))
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(unknown)}; known: {', '.join(sorted(_defaults))}")
    settings.update(body)
    return settings


@endpoint("GET", "faults")
def _faults(faults: Faults, body: Any) -> Any:
    return [asdict(fault) for fault in faults.faults]


@endpoint("POST", "faults")
def _add_fault(faults: Faults, body: Any) -> None:
    faults.faults.append(Fault(**body))


@endpoint("DELETE", "faults")
def _clear_faults(faults: Faults, body: Any) -> None:
    faults.faults.clear()


@endpoint("POST", "throttles")
def _add_throttle(faults: Faults, body: Any) -> None:
    faults.throttles.append(Throttle(**body))


@endpoint("DELETE", "throttles")
def _clear_throttles(faults: Faults, body: Any) -> None:
    faults.throttles.clear()
