"""The list of what is left: empty at first, and everything of an environment is on it."""

import urllib.request

import boto3
import pytest
from checker.leftovers import leftovers

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture
def session(endpoint, monkeypatch) -> boto3.Session:
    """A session in empty accounts: those of IAM are in every region."""
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/_standin/reset", method="POST"))
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": endpoint}.items():
        monkeypatch.setenv(name, value)
    return boto3.Session(region_name="eu-west-1")


def test_an_account_in_which_nobody_made_anything_has_no_leftovers(session):
    assert leftovers(session) == []


def test_what_somebody_made_is_left(session):
    vpc = session.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    session.client("sqs").create_queue(QueueName="forgotten")
    left = leftovers(session)
    assert f"ec2 Vpcs: {vpc}" in left
    assert any(line.startswith("sqs QueueUrls: ") and line.endswith("/forgotten") for line in left)
    # The VPC brings its own group and route table.
    assert len(left) == 4, left
