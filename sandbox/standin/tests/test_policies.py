"""What callers are allowed who have a policy."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

ACCOUNT = "123456789012"
OWNER = "streamflix.io/owner"
OURS = {"StringLike": {f"aws:ResourceTag/{OWNER}": "*/*/*"}}
NEW = {"StringLike": {f"aws:RequestTag/{OWNER}": "*/*/*"}}


def allow(action: Any, resource: Any = "*", condition: Any = None, sid: str = "It") -> dict[str, Any]:
    """A statement."""
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource} | ({"Condition": condition} if condition else {})


@pytest.fixture
def bind(standin: Any) -> Iterator[Callable[..., None]]:
    """Gives all callers of the account a policy of these statements."""
    yield lambda *statements: standin.control("PUT", "policies", {"account": ACCOUNT, "documents": [{"Statement": list(statements)}]})


def tags(owner: str = "home/media/dev") -> list[dict[str, str]]:
    return [{"Key": OWNER, "Value": owner}]


def test_what_no_statement_allows_is_refused_in_the_words_of_each_service(client, bind, refused):
    bind(allow("ec2:DescribeSubnets"))
    refused("UnauthorizedOperation", client("ec2").describe_vpcs)
    refused("AccessDenied", client("iam").get_role, RoleName="x")
    refused("AccessDenied", client("rds").describe_db_clusters)
    refused("AccessDeniedException", client("kinesis").list_streams)
    client("ec2").describe_subnets()


def test_everybody_may_ask_who_they_are(client, bind):
    bind(allow("ec2:DescribeSubnets"), allow("sts:GetCallerIdentity") | {"Effect": "Deny"})
    assert client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_a_name_bounds_what_it_is_called(client, bind, refused):
    bind(allow("sqs:CreateQueue", "arn:aws:sqs:*:*:video-*"))
    client("sqs").create_queue(QueueName="video-jobs")
    refused("AccessDeniedException", client("sqs").create_queue, QueueName="jobs")


def test_tags_are_set_only_by_whom_may_set_them(client, bind, refused):
    bind(allow("sqs:CreateQueue"))
    refused("AccessDeniedException", client("sqs").create_queue, QueueName="q", tags={OWNER: "a/b/c"})
    bind(allow(["sqs:CreateQueue", "sqs:TagQueue"], condition=NEW))
    client("sqs").create_queue(QueueName="q", tags={OWNER: "a/b/c"})
    refused("AccessDeniedException", client("sqs").create_queue, QueueName="other", tags={"team": "video"})


def test_a_subnet_needs_its_own_tags_and_those_of_its_network(client, bind, refused):
    ec2 = client("ec2")
    foreign = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ours = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags()}])["Vpc"]["VpcId"]
    tagged = [{"ResourceType": "subnet", "Tags": tags()}]
    at_creation = {**NEW, "StringEquals": {"ec2:CreateAction": "CreateSubnet"}}
    bind(
        allow("ec2:CreateSubnet", "arn:aws:ec2:*:*:subnet/*", NEW, "Subnet"),
        allow("ec2:CreateSubnet", "arn:aws:ec2:*:*:vpc/*", OURS, "Network"),
        allow("ec2:CreateTags", "arn:aws:ec2:*:*:*/*", at_creation, "Tags"),
    )
    refused("UnauthorizedOperation", ec2.create_subnet, VpcId=foreign, CidrBlock="10.0.0.0/24", TagSpecifications=tagged)
    refused("UnauthorizedOperation", ec2.create_subnet, VpcId=ours, CidrBlock="10.1.0.0/24")
    subnet = ec2.create_subnet(VpcId=ours, CidrBlock="10.1.0.0/24", TagSpecifications=tagged)["Subnet"]["SubnetId"]
    refused("UnauthorizedOperation", ec2.create_tags, Resources=[subnet], Tags=tags())
    refused("UnauthorizedOperation", ec2.create_tags, Resources=[foreign], Tags=tags())


def test_what_a_policy_was_used_for_is_told(standin, client, bind, refused):
    bind(allow("kinesis:ListStreams", sid="List"), allow(["kinesis:DeleteStream", "kinesis:CreateStream"], sid="Streams"))
    client("kinesis").list_streams()
    client("kinesis").create_stream(StreamName="s", ShardCount=1)
    refused("AccessDeniedException", client("kinesis").describe_stream_summary, StreamName="s")
    told = standin.control("DELETE", "policies", {"account": ACCOUNT})
    assert told["used"] == [["List", "kinesis:ListStreams"], ["Streams", "kinesis:CreateStream"]]
    assert told["denied"] == [["kinesis:DescribeStreamSummary", f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/s"]]
    client("kinesis").describe_stream_summary(StreamName="s")


def test_what_must_not_be_there(client, bind, refused):
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    default = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"][0]
    bind(allow("ec2:RevokeSecurityGroupEgress", "arn:aws:ec2:*:*:security-group/*", {"Null": {"aws:ResourceTag/Name": "true"}}))
    ec2.revoke_security_group_egress(GroupId=default["GroupId"], IpPermissions=default["IpPermissionsEgress"])
    bind(allow("ec2:*"))
    ec2.create_tags(Resources=[default["GroupId"]], Tags=[{"Key": "Name", "Value": "mine"}])
    bind(allow("ec2:RevokeSecurityGroupEgress", condition={"Null": {"aws:ResourceTag/Name": "true"}}))
    refused("UnauthorizedOperation", ec2.revoke_security_group_egress, GroupId=default["GroupId"], IpPermissions=default["IpPermissionsEgress"])


def test_a_policy_may_bind_one_caller_alone(standin, client, refused):
    standin.control("PUT", "policies", {"account": ACCOUNT, "accessKey": "AKIAI44QH8DHBEXAMPLE", "documents": [{"Statement": []}]})
    client("kinesis").list_streams()
    bound = standin.client("kinesis", aws_access_key_id="AKIAI44QH8DHBEXAMPLE")
    refused("AccessDeniedException", bound.list_streams)
