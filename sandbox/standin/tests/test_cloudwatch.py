"""The mends of CloudWatch, in JSON, which boto3 speaks to it, and in RPC v2 CBOR, which aws-sdk-rust does."""

import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

SCOPE = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1/monitoring/aws4_request, SignedHeaders=host, Signature=0"

ALARM = {
    "AlarmName": "a",
    "AlarmDescription": "throttled ü",
    "ActionsEnabled": True,
    "OKActions": ["arn:aws:sns:eu-west-1:123456789012:ok"],
    "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:a", "arn:aws:sns:eu-west-1:123456789012:b"],
    "InsufficientDataActions": [],
    "Namespace": "AWS/Kinesis",
    "MetricName": "WriteProvisionedThroughputExceeded",
    "Dimensions": [{"Name": "StreamName", "Value": "s"}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 5,
    "DatapointsToAlarm": 3,
    "Threshold": 0.5,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
    "Unit": "Count",
}


class CborClient:
    """Calls CloudWatch in RPC v2 CBOR, by botocore's own encoder and decoder."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._model = botocore.session.get_session().get_service_model("cloudwatch")
        self._operations = {xform_name(name): name for name in self._model.operation_names}

    def __getattr__(self, name: str) -> Any:
        operation = self._model.operation_model(self._operations[name])
        return lambda **parameters: self._call(operation, parameters)

    def _call(self, operation: Any, parameters: dict[str, Any]) -> Any:
        request = create_serializer("smithy-rpc-v2-cbor").serialize_to_request(parameters, operation)
        headers = request["headers"] | {"Authorization": SCOPE}
        url = self._endpoint + request["url_path"]
        try:
            answer = urllib.request.urlopen(urllib.request.Request(url, request["body"], headers, method="POST"))
        except urllib.error.HTTPError as error:
            answer = error
        assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
        raw = {"status_code": answer.status, "headers": answer.headers, "body": answer.read()}
        parsed = create_parser("smithy-rpc-v2-cbor").parse(raw, operation.output_shape)
        if answer.status >= 400:
            raise ClientError(parsed, operation.name)
        return parsed


@pytest.fixture(params=["json", "cbor"])
def cloudwatch(request, standin, client):
    return client("cloudwatch") if request.param == "json" else CborClient(standin.endpoint)


def describe(cloudwatch, name="a"):
    return cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def tags(cloudwatch, name="a"):
    return cloudwatch.list_tags_for_resource(ResourceARN=describe(cloudwatch, name)["AlarmArn"])["Tags"]


@pytest.mark.parametrize("threshold", [0.5, 90.0, 1e12, -3.0, 0.0, 86400000])
def test_every_field_makes_the_round_trip(cloudwatch, threshold):
    given = ALARM | {"Threshold": threshold}
    cloudwatch.put_metric_alarm(**given, Tags=[{"Key": "owner", "Value": "a/b/c"}, {"Key": "empty", "Value": ""}])
    described = describe(cloudwatch)
    assert {name: described.get(name) for name in given} == given
    assert isinstance(described["Threshold"], float)
    assert tags(cloudwatch) == [{"Key": "owner", "Value": "a/b/c"}, {"Key": "empty", "Value": ""}]
    for name in ("AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateTransitionedTimestamp"):
        assert described[name].year >= 2024


def test_metric_math_makes_the_round_trip(cloudwatch):
    metric = {"Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "D", "Value": "v"}]}
    queries = [
        {"Id": "e", "Expression": "m * 2", "Label": "l", "ReturnData": True},
        {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
    ]
    rest = {"EvaluationPeriods": 1, "Threshold": 1.5, "ComparisonOperator": "LessThanThreshold"}
    cloudwatch.put_metric_alarm(AlarmName="a", Metrics=queries, **rest)
    assert describe(cloudwatch)["Metrics"] == queries


def test_a_new_alarm_has_no_data(cloudwatch):
    cloudwatch.put_metric_alarm(**ALARM)
    assert describe(cloudwatch)["StateValue"] == "INSUFFICIENT_DATA"


def test_an_update_leaves_state_and_tags(cloudwatch):
    cloudwatch.put_metric_alarm(**ALARM, Tags=[{"Key": "a", "Value": "1"}])
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    cloudwatch.put_metric_alarm(**ALARM | {"Threshold": 2.0}, Tags=[{"Key": "a", "Value": "2"}])
    described = describe(cloudwatch)
    assert (described["Threshold"], described["StateValue"], described["StateReason"]) == (2.0, "ALARM", "test")
    assert tags(cloudwatch) == [{"Key": "a", "Value": "1"}]
    cloudwatch.tag_resource(ResourceARN=described["AlarmArn"], Tags=[{"Key": "a", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=described["AlarmArn"], TagKeys=["none"])
    assert tags(cloudwatch) == [{"Key": "a", "Value": "2"}]


def test_a_deleted_alarm_takes_its_tags_along(cloudwatch, refused):
    cloudwatch.put_metric_alarm(**ALARM, Tags=[{"Key": "a", "Value": "1"}])
    cloudwatch.delete_alarms(AlarmNames=["a", "none"])
    cloudwatch.put_metric_alarm(**ALARM)
    assert tags(cloudwatch) == []
    refused("ValidationError", cloudwatch.delete_alarms, AlarmNames=[f"a{number}" for number in range(101)])


def test_alarms_are_described_in_pages(cloudwatch, refused):
    for number in range(103):
        cloudwatch.put_metric_alarm(**ALARM | {"AlarmName": f"a{number:03}"})
    assert len(cloudwatch.describe_alarms()["MetricAlarms"]) == 50
    first = cloudwatch.describe_alarms(MaxRecords=100)
    rest = cloudwatch.describe_alarms(MaxRecords=100, NextToken=first["NextToken"])
    assert [alarm["AlarmName"] for alarm in rest["MetricAlarms"]] == ["a100", "a101", "a102"]
    assert "NextToken" not in rest
    refused("ValidationError", cloudwatch.describe_alarms, MaxRecords=101)
    refused("ValidationError", cloudwatch.describe_alarms, AlarmNames=["a"], AlarmNamePrefix="a")


def test_filters_of_alarms_combine(cloudwatch):
    for name in ("a1", "a2", "b1"):
        cloudwatch.put_metric_alarm(**ALARM | {"AlarmName": name})
    cloudwatch.set_alarm_state(AlarmName="a2", StateValue="OK", StateReason="test")

    def names(**filters):
        return [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms(**filters)["MetricAlarms"]]

    assert names(AlarmNamePrefix="a") == ["a1", "a2"]
    assert names(AlarmNamePrefix="a", StateValue="OK") == ["a2"]
    assert names(AlarmNames=["b1", "none"]) == ["b1"]
    assert names(ActionPrefix="arn:aws:lambda") == []


def test_the_older_protocol_is_still_understood(standin, client):
    client("cloudwatch").put_metric_alarm(**ALARM)
    body = urllib.parse.urlencode({"Action": "DescribeAlarms", "Version": "2010-08-01"}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": SCOPE}
    answer = urllib.request.urlopen(urllib.request.Request(standin.endpoint, data=body, headers=headers)).read().decode()
    assert "<AlarmName>a</AlarmName>" in answer and "<Threshold>0.5</Threshold>" in answer
