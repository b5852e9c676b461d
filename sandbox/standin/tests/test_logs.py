"""The mends of CloudWatch Logs."""

import pytest


@pytest.fixture
def logs(client):
    return client("logs")


def described(logs, **arguments):
    return [group["logGroupName"] for group in logs.describe_log_groups(**arguments)["logGroups"]]


def test_retention_has_certain_values(logs, refused):
    logs.create_log_group(logGroupName="/ecs/a")
    refused("InvalidParameterException", logs.put_retention_policy, logGroupName="/ecs/a", retentionInDays=31)
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]
    logs.put_retention_policy(logGroupName="/ecs/a", retentionInDays=30)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 30
    logs.delete_retention_policy(logGroupName="/ecs/a")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]


def test_a_log_group_has_a_class(logs, refused):
    logs.create_log_group(logGroupName="/a")
    logs.create_log_group(logGroupName="/b", logGroupClass="INFREQUENT_ACCESS")
    classes = [group["logGroupClass"] for group in logs.describe_log_groups()["logGroups"]]
    assert classes == ["STANDARD", "INFREQUENT_ACCESS"]
    assert described(logs, logGroupClass="INFREQUENT_ACCESS") == ["/b"]
    refused("InvalidParameterException", logs.create_log_group, logGroupName="/c", logGroupClass="RARE")


def test_log_groups_are_listed_in_pages(logs, refused):
    names = [f"/ecs/{i:02}" for i in range(60)]
    for name in reversed(names):
        logs.create_log_group(logGroupName=name)
    first = logs.describe_log_groups(logGroupNamePrefix="/ecs/")
    assert [group["logGroupName"] for group in first["logGroups"]] == names[:50]
    rest = logs.describe_log_groups(logGroupNamePrefix="/ecs/", nextToken=first["nextToken"])
    assert [group["logGroupName"] for group in rest["logGroups"]] == names[50:]
    assert "nextToken" not in rest
    assert described(logs, limit=2) == names[:2]
    refused("InvalidParameterException", logs.describe_log_groups, limit=51)
    refused("InvalidParameterException", logs.describe_log_groups, nextToken="mine")


def test_log_groups_are_found_by_name(logs):
    for name in ("/aws/rds/a", "/aws/ecs/a", "/ecs/a"):
        logs.create_log_group(logGroupName=name)
    assert described(logs, logGroupNamePrefix="/aws/") == ["/aws/ecs/a", "/aws/rds/a"]
    assert described(logs, logGroupNamePattern="ecs") == ["/aws/ecs/a", "/ecs/a"]
    assert described(logs, logGroupIdentifiers=["/ecs/a"]) == ["/ecs/a"]


def test_tags_belong_to_the_arn_without_an_ending(logs, refused):
    logs.create_log_group(logGroupName="/a", tags={"k": "v"})
    [group] = logs.describe_log_groups()["logGroups"]
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/a"
    assert (group["arn"], group["logGroupArn"]) == (f"{arn}:*", arn)
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"k": "v"}
    refused("InvalidParameterException", logs.list_tags_for_resource, resourceArn=f"{arn}:*")
    refused("ResourceNotFoundException", logs.tag_resource, resourceArn=f"{arn}bc", tags={"k": "v"})
    refused("ResourceNotFoundException", logs.untag_resource, resourceArn=f"{arn}bc", tagKeys=["k"])
    logs.delete_log_group(logGroupName="/a")
    logs.create_log_group(logGroupName="/a")
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {}
