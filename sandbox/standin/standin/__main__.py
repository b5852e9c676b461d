"""Starts the stand-in: `python -m standin --port 0` prints `{"endpoint": "http://127.0.0.1:PORT"}` when it is ready."""

import argparse
import json
import logging
import signal
import sys
from pathlib import Path

from . import differences, mends, quick, timing
from .calls import CallLog
from .faults import Faults
from .server import Server, StandIn


def main() -> None:
    """Runs one stand-in until it is told to stop."""
    arguments = _parse()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    mends.install()
    quick.install()
    if arguments.differences:
        print(differences.page())
        return
    _set_durations(arguments.durations)
    stand_in = StandIn(CallLog(arguments.calls), Faults(latency=arguments.latency_ms / 1000))
    server = Server(arguments.port, stand_in, arguments.host)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(json.dumps({"endpoint": server.endpoint}), flush=True)
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="standin", description="An AWS stand-in on 127.0.0.1, for development and tests.")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one (default)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1); in a pod, 0.0.0.0")
    parser.add_argument("--calls", type=Path, metavar="FILE", help="append one JSON line per AWS call to this file")
    parser.add_argument("--durations", default="demo", metavar="demo|none|FILE|JSON", help="how long AWS takes (default: demo)")
    parser.add_argument("--latency-ms", type=float, default=0, metavar="N", help="milliseconds added to every call (default: 0)")
    parser.add_argument("--differences", action="store_true", help="print what is mended and what differs from AWS, as Markdown, and stop")
    return parser.parse_args()


def _set_durations(argument: str) -> None:
    if argument in ("demo", "none"):
        timing.use(argument)
    elif argument.startswith("{"):
        timing.change(json.loads(argument))
    else:
        timing.change(json.loads(Path(argument).read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
