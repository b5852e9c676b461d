"""Short pages: every list is found whole, whatever its protocol, and a token that has expired is refused."""

import json

import pytest
from environment import Network


def streams(client):
    for name in "abc":
        client("kinesis").create_stream(StreamName=name, ShardCount=1, Tags={"owner": "dev"})


def queues(client):
    for name in "abc":
        client("sqs").create_queue(QueueName=name)


def clusters(client):
    for name in "abc":
        client("ecs").create_cluster(clusterName=name)


def roles(client):
    for name in "abc":
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)


def alarms(client):
    for name in "abc":
        client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            MetricName="m",
            Namespace="n",
            Period=60,
            Statistic="Sum",
            Threshold=1,
        )


def subnets(client):
    Network(client("ec2"))
    client("ec2").create_vpc(CidrBlock="10.9.0.0/16")


def groups(client):
    network = Network(client("ec2"))
    for name in "abc":
        client("rds").create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription=name, SubnetIds=network.subnets)


LISTS = [
    ("ec2", "describe_subnets", subnets, {}, ["Subnets"], "InvalidParameterValue"),
    ("ec2", "describe_vpcs", subnets, {}, ["Vpcs"], "InvalidParameterValue"),
    ("rds", "describe_db_subnet_groups", groups, {}, ["DBSubnetGroups"], "InvalidParameterValue"),
    ("iam", "get_account_authorization_details", roles, {"Filter": ["Role"]}, ["RoleDetailList"], "ValidationError"),
    ("ecs", "list_clusters", clusters, {}, ["clusterArns"], "InvalidParameterException"),
    ("sqs", "list_queues", queues, {"MaxResults": 1000}, ["QueueUrls"], "InvalidParameterValue"),
    ("kinesis", "list_streams", streams, {}, ["StreamNames", "StreamSummaries"], "ExpiredNextTokenException"),
    ("cloudwatch", "describe_alarms", alarms, {}, ["MetricAlarms"], "InvalidNextToken"),
    ("resourcegroupstaggingapi", "get_resources", streams, {}, ["ResourceTagMappingList"], "PaginationTokenExpiredException"),
]


@pytest.mark.parametrize(("service", "operation", "make", "arguments", "lists", "expired"), LISTS, ids=[one[1] for one in LISTS])
def test_a_list_in_short_pages_is_the_list(standin, client, refused, service, operation, make, arguments, lists, expired):
    make(client)
    caller = client(service)
    whole = getattr(caller, operation)(**arguments)
    standin.control("PUT", "settings", {"pages.most": 1})
    pages = list(caller.get_paginator(operation).paginate(**arguments))
    assert len(pages) == len(whole[lists[0]]) > 1
    for name in lists:
        assert all(len(page[name]) == 1 for page in pages)
        assert [item for page in pages for item in page[name]] == whole[name]

    action = standin.calls()[-1]
    standin.control("PUT", "settings", {"pages.expired": [f"{action['service']}:{action['operation']}"]})
    refused(expired, lambda: list(caller.get_paginator(operation).paginate(**arguments)))


def test_short_pages_of_moto_s_own_pages_have_all_items(standin, client):
    for number in range(12):
        client("ecs").create_cluster(clusterName=f"c{number}")
    standin.control("PUT", "settings", {"pages.most": 2})
    pages = list(client("ecs").get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["clusterArns"]) for page in pages] == [2, 2, 1, 2, 2, 1, 2]
    assert len({arn for page in pages for arn in page["clusterArns"]}) == 12


def test_what_has_no_pages_is_as_it_was(standin, client):
    standin.control("PUT", "settings", {"pages.most": 1})
    assert client("sts").get_caller_identity()["Account"] == "123456789012"
    assert len(client("ec2").describe_availability_zones()["AvailabilityZones"]) > 1
