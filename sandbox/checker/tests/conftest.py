"""A stand-in on a free port, a working environment in it for each test, and the checker's command."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
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


@pytest.fixture
def working(endpoint: str) -> Working:
    """A new environment that works."""
    session = boto3.Session(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    return Working(lambda service: session.client(service, endpoint_url=endpoint), f"test{next(_numbers)}")


@pytest.fixture
def check(endpoint: str) -> Callable[[str], tuple[int, list[str]]]:
    """Runs the command over the environment with a suffix: its exit code, and the lines that it prints."""
    variables = os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION}

    def run(suffix: str) -> tuple[int, list[str]]:
        command = [sys.executable, "-m", "checker", "--suffix", suffix]
        done = subprocess.run(command, cwd=SANDBOX, env=variables, capture_output=True, text=True, encoding="utf-8", check=False)
        assert not done.stderr, done.stderr
        return done.returncode, done.stdout.splitlines()

    return run
