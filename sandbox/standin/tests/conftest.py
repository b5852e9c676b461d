"""A stand-in on a free port for the whole run, emptied before each test, and boto3 clients for it."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = Path(__file__).parent.parent
REGION = "eu-west-1"


class StandIn:
    """A running stand-in, and the ways a test steers it."""

    def __init__(self, endpoint: str, calls: Path) -> None:
        self.endpoint = endpoint
        self._calls = calls
        self._clients: dict[Any, Any] = {}

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """Calls a control endpoint."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_standin/{name}", data=data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def durations(self, **seconds: float) -> None:
        """Sets durations; a double underscore stands for the dot: `kinesis__stream__create=0.2`."""
        self.control("PUT", "durations", {name.replace("__", "."): value for name, value in seconds.items()})

    def elapse(self, seconds: float) -> None:
        """Lets time pass at once."""
        self.control("POST", "elapse", {"seconds": seconds})

    def client(self, service: str, **credentials: str) -> Any:
        """A boto3 client that never retries; made once, because that takes longer than most tests."""
        keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"} | credentials
        which = (service, *sorted(keys.items()))
        if which not in self._clients:
            config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
            self._clients[which] = boto3.client(service, region_name=REGION, endpoint_url=self.endpoint, config=config, **keys)
        return self._clients[which]

    def calls(self) -> list[dict[str, Any]]:
        """The call log."""
        return [json.loads(line) for line in self._calls.read_text().splitlines()]


@contextmanager
def started(calls: Path, *flags: str) -> Iterator[StandIn]:
    """A stand-in that runs for as long as it is needed."""
    command = [sys.executable, "-m", "standin", "--port", "0", "--durations", "none", "--calls", str(calls), *flags]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield StandIn(json.loads(process.stdout.readline())["endpoint"], calls)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with started(tmp_path_factory.mktemp("standin") / "calls.jsonl") as standin:
        yield standin


@pytest.fixture
def standin(server: StandIn) -> StandIn:
    """The stand-in with empty accounts, no faults and no durations."""
    server.control("POST", "reset")
    server.control("PUT", "durations", {"preset": "none"})
    server.control("PUT", "settings", {"answers.checked": True})
    return server


@pytest.fixture
def client(standin: StandIn) -> Callable[[str], Any]:
    """Makes clients of the default account."""
    return standin.client


@pytest.fixture
def refused() -> Callable[..., None]:
    """Asserts that a call is refused with an error code: `refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)`."""

    def check(code: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        with pytest.raises(ClientError) as error:
            call(*args, **kwargs)
        assert error.value.response["Error"]["Code"] == code, error.value

    return check
