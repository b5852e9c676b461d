"""The list of what is left: empty at first, and everything of an environment is on it."""

import boto3
from checker.leftovers import leftovers

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


def _left(endpoint: str, monkeypatch) -> list[str]:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": endpoint}.items():
        monkeypatch.setenv(name, value)
    return leftovers(boto3.Session(region_name="eu-central-1"))


def test_an_account_in_which_nobody_made_anything_has_no_leftovers(endpoint, monkeypatch):
    assert _left(endpoint, monkeypatch) == []


def test_what_somebody_made_is_left(endpoint, monkeypatch):
    _left(endpoint, monkeypatch)
    session = boto3.Session(region_name="eu-central-1")
    vpc = session.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    session.client("sqs").create_queue(QueueName="forgotten")
    left = _left(endpoint, monkeypatch)
    assert f"ec2 Vpcs: {vpc}" in left
    assert any(line.startswith("sqs QueueUrls: ") and line.endswith("/forgotten") for line in left)
    # The VPC brings its own group and route table.
    assert len(left) == 4, left
