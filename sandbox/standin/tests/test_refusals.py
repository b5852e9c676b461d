"""What AWS's published models forbid is refused, with the code of the service; what they allow is not."""

import pytest
from standin.refusals import LAXER, MANNERS
from standin.shapes import _compiled

LONG = "x" * 300
ALARM = {"Namespace": "N", "MetricName": "M", "Period": 60, "Threshold": 1.0, "Statistic": "Sum", "EvaluationPeriods": 1}

FORBIDDEN = [
    ("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "none"}, "ValidationException"),
    ("application-autoscaling", "describe_scalable_targets", {}, "ValidationException"),
    ("cloudwatch", "put_metric_alarm", {"AlarmName": LONG, "ComparisonOperator": "GreaterThanThreshold", **ALARM}, "ValidationError"),
    ("cloudwatch", "put_metric_alarm", {"AlarmName": "a", "ComparisonOperator": "Above", **ALARM}, "ValidationError"),
    ("cloudwatch", "describe_alarms", {"MaxRecords": 101}, "ValidationError"),
    ("ec2", "create_subnet", {"CidrBlock": "10.0.0.0/24"}, "MissingParameter"),
    ("ec2", "describe_vpcs", {"MaxResults": 1001}, "InvalidParameterValue"),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "shared"}, "InvalidParameterValue"),
    ("ecs", "register_task_definition", {"family": "f"}, "InvalidParameterException"),
    ("ecs", "create_cluster", {"clusterName": "c", "tags": [{"key": "k" * 129, "value": "v"}]}, "InvalidParameterException"),
    ("ecs", "create_cluster", {"clusterName": 1}, "SerializationException"),
    ("iam", "create_role", {"RoleName": "r" * 65, "AssumeRolePolicyDocument": "{}"}, "ValidationError"),
    ("iam", "create_role", {"RoleName": "a role", "AssumeRolePolicyDocument": "{}"}, "ValidationError"),
    ("iam", "get_role", {}, "ValidationError"),
    ("kinesis", "create_stream", {"StreamName": "a b", "ShardCount": 1}, "ValidationException"),
    ("kinesis", "create_stream", {"StreamName": "s" * 129, "ShardCount": 1}, "ValidationException"),
    ("kinesis", "create_stream", {"StreamName": "s", "ShardCount": 0}, "ValidationException"),
    ("kinesis", "create_stream", {"StreamName": "s", "ShardCount": "2"}, "SerializationException"),
    ("kms", "describe_key", {"KeyId": ""}, "ValidationException"),
    ("logs", "create_log_group", {"logGroupName": "a group"}, "InvalidParameterException"),
    ("logs", "describe_log_groups", {"limit": 51}, "InvalidParameterException"),
    ("rds", "delete_db_cluster", {}, "MissingParameter"),
    ("rds", "modify_db_cluster_parameter_group", {"DBClusterParameterGroupName": "g"}, "MissingParameter"),
    ("secretsmanager", "create_secret", {"Name": ""}, "ValidationException"),
    ("secretsmanager", "create_secret", {"Name": "n", "ClientRequestToken": "short"}, "ValidationException"),
    ("sns", "create_topic", {}, "InvalidParameter"),
    ("sqs", "create_queue", {}, "MissingParameter"),
    ("sqs", "create_queue", {"QueueName": "q", "Attributes": {"Colour": "red"}}, "InvalidAttributeName"),
    ("sts", "assume_role", {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "s"}, "ValidationError"),
    ("resourcegroupstaggingapi", "get_resources", {"ResourcesPerPage": 101, "ResourceARNList": ["x" * 1100]}, "InvalidParameterException"),
]


@pytest.mark.parametrize(("service", "operation", "arguments", "code"), FORBIDDEN)
def test_what_the_model_forbids_is_refused(client, refused, service, operation, arguments, code):
    refused(code, getattr(client(service), operation), **arguments)


def test_every_service_refuses_something_here():
    names = {"resourcegroupstaggingapi": "tag"}
    assert {names.get(service, service) for service, *_ in FORBIDDEN} == set(MANNERS)


def test_every_code_and_every_exception_has_its_reason():
    assert all(manner.page.startswith("https://docs.aws.amazon.com/") for manner in MANNERS.values())
    assert all(reason for reason in LAXER.values())


def test_the_message_says_what_and_where(client):
    kinesis = client("kinesis")
    with pytest.raises(kinesis.exceptions.ClientError) as error:
        kinesis.create_stream(StreamName="a b", ShardCount=0)
    message = error.value.response["Error"]["Message"]
    assert message.startswith("2 validation errors detected: Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy")


def test_a_refused_request_is_logged_and_changes_nothing(standin, client, refused):
    refused("ValidationException", client("secretsmanager").create_secret, Name="n", ClientRequestToken="short")
    call = standin.calls()[-1]
    assert (call["operation"], call["status"], call["error"]) == ("CreateSecret", 400, "ValidationException")
    assert client("secretsmanager").list_secrets()["SecretList"] == []


def test_a_sensitive_value_is_not_repeated(client):
    secrets = client("secretsmanager")
    with pytest.raises(secrets.exceptions.ClientError) as error:
        secrets.create_secret(Name="n", SecretString="hush" * 20000)
    assert "hush" not in str(error.value)


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        (r"[\w+=,.@-]+", "a-b_1", True),
        (r"[\w+=,.@-]+", "ä", False),
        (r"\d{12}", "1" * 13, False),
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "über 1", True),
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "a#b", False),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a\U0001f600", True),
        (r"\p{Print}+", "ä", False),
        (r"[\w-_]*", "a-b", True),
    ],
)
def test_patterns_mean_what_they_mean_in_java(pattern, value, fits):
    assert bool(_compiled(pattern).fullmatch(value)) == fits
