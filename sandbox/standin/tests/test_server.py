"""The frame: protocols, call log, faults, throttles, 501s."""

import time
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from conftest import started
from standin import cbor

SCOPE = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def post_cbor(standin, operation, body):
    """A request as aws-sdk-rust sends it to CloudWatch."""
    headers = {
        "Content-Type": "application/cbor",
        "Accept": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
        "x-amzn-query-mode": "true",
        "Authorization": SCOPE.format("monitoring"),
    }
    url = f"{standin.endpoint}/service/GraniteServiceVersion20100801/operation/{operation}"
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers, method="POST"))
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers, answer.read()


def test_cloudwatch_answers_in_cbor(standin):
    alarm = {"AlarmName": "a", "Namespace": "N", "MetricName": "M", "ComparisonOperator": "GreaterThanThreshold"}
    alarm |= {"EvaluationPeriods": 1, "Period": 60, "Threshold": 2.0, "Statistic": "Sum"}
    status, headers, _ = post_cbor(standin, "PutMetricAlarm", cbor.encode(alarm))
    assert (status, headers["smithy-protocol"]) == (200, "rpc-v2-cbor")
    # Indefinite lengths and a 32-bit float are what encoders other than ours write.
    status, headers, body = post_cbor(standin, "DescribeAlarms", b"\xbf\x6aAlarmNames\x9f\x61a\xff\xff")
    assert (status, headers["Content-Type"]) == (200, "application/cbor")
    described = cbor.decode(body)["MetricAlarms"][0]
    assert (described["AlarmName"], described["Threshold"], described["Period"]) == ("a", 2.0, 60)
    assert isinstance(described["AlarmConfigurationUpdatedTimestamp"], float)
    assert b"\x78\x22AlarmConfigurationUpdatedTimestamp\xc1\xfb" in body, "a timestamp is tag 1 around a double"


def test_errors_in_cbor(standin):
    status, headers, answer = post_cbor(standin, "SetAlarmState", cbor.encode({"AlarmName": "none", "StateValue": "OK", "StateReason": "r"}))
    assert (status, headers["smithy-protocol"]) == (404, "rpc-v2-cbor")
    assert cbor.decode(answer)["__type"] == "ResourceNotFound"
    assert headers["x-amzn-query-error"] == "ResourceNotFound;Sender"
    assert standin.calls()[-1]["error"] == "ResourceNotFound"


@pytest.mark.parametrize("value", [0, 23, 24, 255, 256, 65536, 2**32, -1, -500, 1.5, "ü" * 300, [1, [2]], {"a": {"b": None, "c": True}}])
def test_cbor_round_trip(value):
    expected = {"a": {"c": True}} if isinstance(value, dict) else value
    assert cbor.decode(cbor.encode(value)) == expected


def test_boto3_speaks_to_every_service(client):
    client("ec2").describe_vpcs()
    client("kinesis").list_streams()
    client("sqs").list_queues()
    client("secretsmanager").list_secrets()
    client("rds").describe_db_clusters()
    client("ecs").list_clusters()
    client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    client("iam").list_roles()
    client("logs").describe_log_groups()
    client("cloudwatch").describe_alarms()
    client("resourcegroupstaggingapi").get_resources()
    client("sts").get_caller_identity()


def test_every_call_is_logged(standin, client):
    answer = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    line = standin.calls()[-1]
    assert line["request_id"] == answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"] == answer["ResponseMetadata"]["RequestId"]
    assert (line["service"], line["operation"], line["mutating"], line["status"]) == ("ec2", "CreateVpc", True, 200)
    assert (line["account"], line["region"], line["access_key"]) == ("123456789012", "eu-west-1", "AKIAIOSFODNN7EXAMPLE")
    assert (line["error"], line["session"]) == (None, None)
    with pytest.raises(ClientError):
        client("iam").get_role(RoleName="none")
    line = standin.calls()[-1]
    assert (line["error"], line["mutating"]) == ("NoSuchEntity", False)
    client("cloudwatch").describe_alarms()
    assert standin.calls()[-1]["service"] == "cloudwatch"


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("ec2", "create_route_server", {"AmazonSideAsn": 64512}),
        ("rds", "describe_valid_db_instance_modifications", {"DBInstanceIdentifier": "db-1"}),
        ("logs", "associate_kms_key", {"kmsKeyId": "k"}),
        ("cloudwatch", "describe_anomaly_detectors", {}),
        ("xray", "get_groups", {}),
    ],
)
def test_unimplemented_operations_answer_501(client, service, operation, arguments):
    with pytest.raises(ClientError) as error:
        getattr(client(service), operation)(**arguments)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert error.value.response["Error"]["Code"] == "NotImplemented"


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("ec2", "describe_vpcs", "ec2:DescribeVpcs"),
        ("iam", "list_roles", "iam:ListRoles"),
        ("kinesis", "list_streams", "kinesis:ListStreams"),
        ("cloudwatch", "describe_alarms", "cloudwatch:DescribeAlarms"),
    ],
)
def test_a_fault_strikes_so_many_times(standin, client, refused, service, operation, action):
    standin.control("POST", "faults", {"operation": action, "code": "AccessDenied", "status": 403, "times": 1})
    call = getattr(client(service), operation)
    refused("AccessDenied", call)
    call()


def test_a_fault_can_lose_the_answer_of_a_call_that_was_carried_out(standin, client):
    standin.control("POST", "faults", {"operation": "sqs:CreateQueue", "times": 1, "applied": True, "drop": True})
    with pytest.raises(ConnectionClosedError):
        client("sqs").create_queue(QueueName="q")
    assert len(client("sqs").list_queues()["QueueUrls"]) == 1


def test_a_throttle_admits_a_burst(standin, client, refused):
    standin.control("POST", "throttles", {"operation": "ec2:Describe*", "rate": 0.01, "burst": 2})
    ec2 = client("ec2")
    ec2.describe_vpcs()
    ec2.describe_vpcs()
    refused("RequestLimitExceeded", ec2.describe_vpcs)
    standin.elapse(100)
    ec2.describe_vpcs()


def test_latency(standin, client):
    sqs = client("sqs")
    standin.control("PUT", "latency", {"ms": 200})
    start = time.monotonic()
    sqs.list_queues()
    assert time.monotonic() - start >= 0.2


def test_latency_of_a_region(standin, client):
    sqs = client("sqs")
    standin.control("PUT", "latency", {"ms": 2000, "region": "eu-west-3"})
    start = time.monotonic()
    sqs.list_queues()
    assert time.monotonic() - start < 2
    standin.control("PUT", "latency", {"ms": 200, "region": "eu-west-*"})
    start = time.monotonic()
    sqs.list_queues()
    assert time.monotonic() - start >= 0.2


def test_unknown_durations_are_refused(standin):
    with pytest.raises(urllib.error.HTTPError):
        standin.control("PUT", "durations", {"no.such": 1})


def test_mends_name_their_aws_page():
    from standin.mends import all_mends

    nameless = [mend.name for group in all_mends() for mend in group.mends if "https://docs.aws.amazon.com/" not in mend.docs]
    assert nameless == []


def test_it_listens_where_it_is_told_to_and_nowhere_else(tmp_path):
    with started(tmp_path / "calls.jsonl", "--host", "127.0.0.2") as standin:
        assert standin.endpoint.startswith("http://127.0.0.2:")
        assert standin.control("GET", "health") == {"status": "ok"}
        standin.endpoint = standin.endpoint.replace("127.0.0.2", "127.0.0.1")
        with pytest.raises(urllib.error.URLError):
            standin.control("GET", "health")


def test_one_that_listens_everywhere_is_reached_here(tmp_path):
    with started(tmp_path / "calls.jsonl", "--host", "0.0.0.0") as standin:
        assert standin.endpoint.startswith("http://127.0.0.1:")
        assert standin.control("GET", "health") == {"status": "ok"}
