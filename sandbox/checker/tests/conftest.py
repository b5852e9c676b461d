"""A stand-in on a free port, a working environment in it for each test, and the checker, as a command and without one."""

import functools
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from checker.checks import all_checks
from checker.environment import Environment
from working import Working

SANDBOX = Path(__file__).parents[2]
REGION = "eu-west-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}

_numbers = itertools.count()


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The endpoint of a stand-in in which everything happens at once."""
    command = [sys.executable, "-m", "standin", "--port", "0", "--durations", "none"]
    process = subprocess.Popen(command, cwd=SANDBOX / "standin", stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())["endpoint"]
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def session(endpoint: str) -> boto3.Session:
    """A session of boto3 that speaks to the stand-in."""
    os.environ.update(CREDENTIALS, AWS_ENDPOINT_URL=endpoint, AWS_REGION=REGION)
    return boto3.Session(region_name=REGION)


@pytest.fixture(scope="session")
def client(session: boto3.Session) -> Callable[[str], Any]:
    """Makes one client per service: making them takes time."""
    return functools.cache(session.client)


@pytest.fixture
def working(client: Callable[[str], Any]) -> Working:
    """A new environment that works."""
    return Working(client, f"test{next(_numbers)}")


@pytest.fixture
def check(session: boto3.Session) -> Callable[[str], list[str]]:
    """Checks the environment with a suffix; answers the lines of the checks that fail."""

    def run(suffix: str) -> list[str]:
        environment = Environment(session, suffix)
        results = [check.run(environment) for check in all_checks()]
        return [result.line for result in results if not result.passed]

    return run


@pytest.fixture
def command(session: boto3.Session) -> Callable[[str], tuple[int, list[str]]]:
    """Runs the command over the environment with a suffix: its exit code, and the lines that it prints."""

    def run(suffix: str) -> tuple[int, list[str]]:
        arguments = [sys.executable, "-m", "checker", "--suffix", suffix]
        done = subprocess.run(arguments, cwd=SANDBOX, capture_output=True, text=True, encoding="utf-8", check=False)
        assert not done.stderr, done.stderr
        return done.returncode, done.stdout.splitlines()

    return run
