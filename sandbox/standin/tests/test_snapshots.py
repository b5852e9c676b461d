"""Snapshots: an account comes back whole, usable, and with what was still to come."""

import time
import urllib.error

import pytest
from whole import ACCOUNT, Whole

def test_an_account_comes_back_whole_after_all_was_deleted(standin, client):
    environment = Whole(client)
    before = environment.picture()
    standin.control("POST", "snapshot", {"name": "ready"})
    for _ in range(2):
        environment.delete()
        assert environment.picture() != before
        assert not environment.picture()["secretsmanager"]["SecretList"]
        standin.control("POST", "restore", {"name": "ready"})
        assert environment.picture() == before


def test_what_came_back_can_be_changed(standin, client, refused):
    environment = Whole(client)
    secret = client("rds").describe_db_clusters()["DBClusters"][0]["MasterUserSecret"]["SecretArn"]
    value = client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    standin.control("POST", "snapshot", {"name": "ready", "account": ACCOUNT})
    environment.delete()
    standin.control("POST", "restore", {"name": "ready", "account": ACCOUNT})
    ec2 = client("ec2")
    assert client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"] == value
    assert ec2.create_route_table(VpcId=environment.network.vpc, ClientToken="table")["RouteTable"]["RouteTableId"] == environment.table
    refused("DependencyViolation", ec2.delete_vpc, VpcId=environment.network.vpc)
    ec2.create_tags(Resources=[environment.network.vpc], Tags=[{"Key": "Name", "Value": "other"}])
    client("sqs").tag_queue(QueueUrl=environment.queue, Tags={"Name": "other"})
    assert client("sqs").list_queue_tags(QueueUrl=environment.queue)["Tags"] == {"Name": "other"}
    environment.delete()
    standin.control("POST", "restore", {"name": "ready"})
    assert client("sqs").list_queue_tags(QueueUrl=environment.queue)["Tags"] == {"Name": "jobs"}
    assert len(environment.service.tasks()) == 2


def test_what_was_made_since_is_gone(standin, client):
    standin.control("POST", "snapshot", {"name": "empty"})
    environment = Whole(client)
    standin.control("POST", "restore", {"name": "empty"})
    left = environment.picture()
    assert not any(left[name][key] for name, key in [("log_groups", "logGroups"), ("db_clusters", "DBClusters"), ("iam", "Roles")])
    assert environment.network.vpc not in [vpc["VpcId"] for vpc in left["vpcs"]["Vpcs"]]
    Whole(client).delete()


def test_an_account_that_was_emptied_comes_back_whole(standin, client):
    """One that was empty had not all of its services yet, so that these are emptied when it is to be so again."""
    standin.control("POST", "snapshot", {"name": "empty"})
    environment = Whole(client)
    before = environment.picture()
    standin.control("POST", "snapshot", {"name": "ready"})
    for _ in range(2):
        standin.control("POST", "restore", {"name": "empty"})
        assert environment.picture() != before
        standin.control("POST", "restore", {"name": "ready"})
        assert environment.picture() == before
    environment.delete()


def test_what_is_to_come_is_kept_with_the_seconds_that_are_left(standin, client):
    kinesis = client("kinesis")

    def status():
        return kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamStatus"]

    standin.durations(kinesis__stream__create=60, kinesis__stream__delete=60)
    kinesis.create_stream(StreamName="s", ShardCount=1)
    standin.elapse(50)
    standin.control("POST", "snapshot", {"name": "creating"})
    standin.elapse(20)
    assert status() == "ACTIVE"
    kinesis.delete_stream(StreamName="s")
    standin.elapse(30)
    standin.control("POST", "restore", {"name": "creating"})
    assert status() == "CREATING"
    standin.elapse(11)
    assert status() == "ACTIVE"
    standin.elapse(60)
    assert status() == "ACTIVE", "the deletion was begun after the snapshot"


def test_a_rollout_goes_on(standin, client):
    standin.durations(ecs__service__rollout=60, ecs__task__start=10)
    environment = Whole(client)
    standin.control("POST", "snapshot", {"name": "rolling"})
    for _ in range(2):
        assert environment.service.describe()["deployments"][0]["rolloutState"] == "IN_PROGRESS"
        standin.elapse(70)
        assert environment.service.describe()["deployments"][0]["rolloutState"] == "COMPLETED"
        assert environment.service.describe()["runningCount"] == 2
        standin.control("POST", "restore", {"name": "rolling"})


def test_everything_that_takes_time_can_be_kept_meanwhile(standin, client):
    standin.control("PUT", "durations", dict.fromkeys(standin.control("GET", "durations"), 60) | {"ec2.lag": 0, "iam.role.propagate": 0})
    environment = Whole(client)
    standin.control("POST", "snapshot", {"name": "begun"})
    begun = environment.picture()
    standin.elapse(200)
    environment.kinesis.delete_stream(StreamName="stream")
    environment.rds.delete_db_instance(DBInstanceIdentifier="db-1")
    environment.rds.delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)
    environment.ecs.delete_service(cluster="c", service="s", force=True)
    standin.control("POST", "snapshot", {"name": "ending"})
    ending = environment.picture()
    for name, picture in (("begun", begun), ("ending", ending)):
        standin.elapse(200)
        assert environment.picture() != picture
        standin.control("POST", "restore", {"name": name})
        assert environment.picture() == picture


def test_other_accounts_are_left_alone(standin, client):
    role = standin.control("POST", "role", {"account": "999999999999", "name": "r"})["arn"]
    credentials = client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    keys = {"aws_access_key_id": credentials["AccessKeyId"], "aws_secret_access_key": credentials["SecretAccessKey"]}
    other = standin.client("kinesis", **keys, aws_session_token=credentials["SessionToken"])
    standin.durations(kinesis__stream__create=60)
    standin.control("POST", "snapshot", {"name": "n"})
    standin.control("POST", "snapshot", {"name": "n", "account": "999999999999"})
    other.create_stream(StreamName="s", ShardCount=1)
    client("kinesis").create_stream(StreamName="s", ShardCount=1)
    standin.control("POST", "restore", {"name": "n"})
    assert (client("kinesis").list_streams()["StreamNames"], other.list_streams()["StreamNames"]) == ([], ["s"])
    standin.elapse(61)
    assert other.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE"
    standin.control("POST", "restore", {"name": "n", "account": "999999999999"})
    assert other.list_streams()["StreamNames"] == []


def test_sessions_handed_out_since_stay_valid(standin, client):
    account = "999999999999"
    role = standin.control("POST", "role", {"account": account, "name": "r"})["arn"]
    standin.control("POST", "snapshot", {"name": "n", "account": account})
    credentials = client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    standin.control("POST", "restore", {"name": "n", "account": account})
    keys = {"aws_access_key_id": credentials["AccessKeyId"], "aws_secret_access_key": credentials["SecretAccessKey"]}
    standin.client("sqs", **keys, aws_session_token=credentials["SessionToken"]).list_queues()
    call = standin.calls()[-1]
    assert (call["account"], call["session"], call["status"]) == (account, "session", 200)


def test_it_is_fast(standin, client):
    Whole(client)
    took = {}
    for name in ("snapshot", "restore"):
        tries = []
        for _ in range(5):
            start = time.perf_counter()
            standin.control("POST", name, {"name": "n"})
            tries.append(time.perf_counter() - start)
        took[name] = min(tries)
    assert max(took.values()) < 0.1, took


def test_unknown_names_are_refused(standin):
    with pytest.raises(urllib.error.HTTPError):
        standin.control("POST", "restore", {"name": "none"})
