"""The mends of the tagging API."""

import json

import pytest
from environment import Network

TAGS = {"owner": "dev"}
PAIRS = [{"Key": "owner", "Value": "dev"}]
OWNED = [{"Key": "owner", "Values": ["dev"]}]


@pytest.fixture
def tagging(client):
    return client("resourcegroupstaggingapi")


def find(tagging, *types, filters=OWNED):
    answer = tagging.get_resources(ResourceTypeFilters=list(types), TagFilters=filters)
    return [mapping["ResourceARN"].split(":", 5)[5] for mapping in answer["ResourceTagMappingList"]]


def make_stream(client):
    client("kinesis").create_stream(StreamName="s", ShardCount=1, Tags=TAGS)
    return lambda: client("kinesis").delete_stream(StreamName="s")


def make_queue(client):
    url = client("sqs").create_queue(QueueName="q", tags=TAGS)["QueueUrl"]
    return lambda: client("sqs").delete_queue(QueueUrl=url)


def make_log_group(client):
    client("logs").create_log_group(logGroupName="/ecs/a", tags=TAGS)
    return lambda: client("logs").delete_log_group(logGroupName="/ecs/a")


def make_alarm(client):
    alarm = {"AlarmName": "a", "Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    client("cloudwatch").put_metric_alarm(ComparisonOperator="GreaterThanThreshold", Threshold=1, Tags=PAIRS, **alarm)
    return lambda: client("cloudwatch").delete_alarms(AlarmNames=["a"])


def make_subnet_group(client):
    subnets = Network(client("ec2")).subnets
    client("rds").create_db_subnet_group(DBSubnetGroupName="g", DBSubnetGroupDescription="d", SubnetIds=subnets, Tags=PAIRS)
    return lambda: client("rds").delete_db_subnet_group(DBSubnetGroupName="g")


def make_parameter_group(client):
    group = {"DBClusterParameterGroupName": "p", "DBParameterGroupFamily": "aurora-postgresql16", "Description": "d"}
    client("rds").create_db_cluster_parameter_group(Tags=PAIRS, **group)
    return lambda: client("rds").delete_db_cluster_parameter_group(DBClusterParameterGroupName="p")


def make_cluster(client):
    client("ecs").create_cluster(clusterName="c", tags=[{"key": "owner", "value": "dev"}])
    return lambda: client("ecs").delete_cluster(cluster="c")


def make_service(client):
    tags = [{"key": "owner", "value": "dev"}]
    client("ecs").create_cluster(clusterName="c")
    client("ecs").register_task_definition(family="f", containerDefinitions=[{"name": "c", "image": "i", "memory": 64}])
    client("ecs").create_service(cluster="c", serviceName="s", taskDefinition="f", desiredCount=0, tags=tags)
    return lambda: client("ecs").delete_service(cluster="c", service="s")


def make_secret(client):
    client("secretsmanager").create_secret(Name="s", SecretString="x", Tags=PAIRS)
    return lambda: client("secretsmanager").delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)


def make_vpc(client):
    specification = [{"ResourceType": "vpc", "Tags": PAIRS}]
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification)["Vpc"]["VpcId"]
    return lambda: client("ec2").delete_vpc(VpcId=vpc)


@pytest.mark.parametrize(
    ("resource_type", "make", "found"),
    [
        ("kinesis:stream", make_stream, "stream/s"),
        ("sqs", make_queue, "q"),
        ("logs:log-group", make_log_group, "log-group:/ecs/a"),
        ("cloudwatch:alarm", make_alarm, "alarm:a"),
        ("rds:subgrp", make_subnet_group, "subgrp:g"),
        ("rds:cluster-pg", make_parameter_group, "cluster-pg:p"),
        ("ecs:cluster", make_cluster, "cluster/c"),
        ("ecs:service", make_service, "service/c/s"),
        ("secretsmanager:secret", make_secret, "secret:s"),
        ("ec2:vpc", make_vpc, "vpc/vpc-"),
    ],
)
def test_a_resource_is_found_while_it_exists(client, tagging, resource_type, make, found):
    delete = make(client)
    [resource] = find(tagging, resource_type)
    assert resource.startswith(found)
    assert find(tagging, resource_type.split(":")[0]) == [resource]
    assert find(tagging, "lambda:function") == []
    delete()
    assert find(tagging, resource_type) == []


def test_a_revision_is_found_also_when_it_is_inactive(client, tagging):
    containers = [{"name": "c", "image": "i", "memory": 64}]
    tags = [{"key": "owner", "value": "dev"}]
    client("ecs").register_task_definition(family="f", containerDefinitions=containers, tags=tags)
    assert find(tagging, "ecs:task-definition") == ["task-definition/f:1"]
    client("ecs").deregister_task_definition(taskDefinition="f:1")
    assert find(tagging, "ecs:task-definition") == ["task-definition/f:1"]


def test_roles_are_never_found(client, tagging):
    statement = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document, Tags=PAIRS)
    assert find(tagging) == []


def test_values_of_a_tag_are_alternatives(client, tagging, refused):
    for name in ("a", "b", "c"):
        client("sqs").create_queue(QueueName=name, tags={"owner": name, "kind": "queue"})
    assert find(tagging, "sqs", filters=[{"Key": "owner", "Values": ["a", "c"]}]) == ["a", "c"]
    assert find(tagging, "sqs", filters=[{"Key": "owner", "Values": ["a", "c"]}, {"Key": "kind", "Values": ["other"]}]) == []
    assert find(tagging, "sqs", filters=[{"Key": "owner"}]) == ["a", "b", "c"]
    many = [{"Key": "owner", "Values": [str(i) for i in range(21)]}]
    refused("InvalidParameterException", tagging.get_resources, TagFilters=many)


def test_resources_come_in_pages(client, tagging, refused):
    many_tags = {f"key-{i}": "v" for i in range(20)}
    for i in range(7):
        client("sqs").create_queue(QueueName=f"q{i}", tags=TAGS | many_tags)
    pages = list(tagging.get_paginator("get_resources").paginate(TagFilters=OWNED, PaginationConfig={"PageSize": 3}))
    assert [len(page["ResourceTagMappingList"]) for page in pages] == [3, 3, 1]
    assert pages[-1]["PaginationToken"] == ""
    assert len(tagging.get_resources(ResourcesPerPage=100)["ResourceTagMappingList"]) == 7
    refused("InvalidParameterException", tagging.get_resources, ResourcesPerPage=101)
    refused("PaginationTokenExpiredException", tagging.get_resources, PaginationToken="mine")


def test_certain_resources_are_found_by_arn(client, tagging, refused):
    for name in ("a", "b"):
        client("sqs").create_queue(QueueName=name, tags=TAGS)
    arn = "arn:aws:sqs:eu-west-1:123456789012:b"
    [found] = tagging.get_resources(ResourceARNList=[arn])["ResourceTagMappingList"]
    assert found == {"ResourceARN": arn, "Tags": PAIRS}
    refused("InvalidParameterException", tagging.get_resources, ResourceARNList=[arn], TagFilters=OWNED)
