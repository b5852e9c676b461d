"""Faults that a test asks for: latency, failing operations, lost answers, throttling."""

import fnmatch
import threading
from dataclasses import dataclass, field

from . import timing
from .calls import Call

_THROTTLED = {"ec2": ("RequestLimitExceeded", 503), "kinesis": ("LimitExceededException", 400)}
"""Codes with which services refuse a call that comes too soon; all others say ThrottlingException or, in XML, Throttling."""


@dataclass
class Fault:
    """Makes matching calls fail."""

    operation: str
    """An action such as `ec2:CreateVpc`, or a pattern such as `rds:*`."""
    code: str = "InternalFailure"
    message: str = "The request processing has failed because of an unknown error."
    status: int = 500
    times: int | None = None
    """How many calls fail; until cleared when None."""
    applied: bool = False
    """Carry the call out, and fail only the answer."""
    drop: bool = False
    """Close the connection without an answer."""


@dataclass
class Throttle:
    """A token bucket per account and region over matching calls."""

    operation: str
    rate: float
    """Tokens per second."""
    burst: float
    """Size of the bucket."""
    code: str | None = None
    status: int | None = None
    _buckets: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    def admits(self, call: Call) -> bool:
        """Takes a token, if one is there."""
        key, now = (call.account, call.region), timing.now()
        tokens, then = self._buckets.get(key, (self.burst, now))
        tokens = min(self.burst, tokens + (now - then) * self.rate)
        admitted = tokens >= 1
        self._buckets[key] = (tokens - 1 if admitted else tokens, now)
        return admitted

    def fault(self, call: Call) -> Fault:
        """The refusal of a call for which no token was there."""
        other = ("Throttling" if call.protocol in ("query", "rest-xml") else "ThrottlingException", 400)
        code, status = _THROTTLED.get(call.service, other)
        return Fault(call.action, self.code or code, "Rate exceeded", self.status or status)


@dataclass
class Faults:
    """Everything that tests have asked to go wrong."""

    latency: float = 0.0
    """Seconds added to every call in a region that is late."""
    late: str = "*"
    """A region, or a pattern of regions."""
    faults: list[Fault] = field(default_factory=list)
    throttles: list[Throttle] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def delay(self, call: Call) -> float:
        """How many seconds later this call is answered."""
        return self.latency if fnmatch.fnmatchcase(call.region, self.late) else 0.0

    def for_call(self, call: Call) -> Fault | None:
        """The fault that strikes this call; faults with `times` are used up by it."""
        with self._lock:
            for fault in self.faults:
                if fnmatch.fnmatchcase(call.action, fault.operation) and fault.times != 0:
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault
            for throttle in self.throttles:
                if fnmatch.fnmatchcase(call.action, throttle.operation) and not throttle.admits(call):
                    return throttle.fault(call)
        return None
