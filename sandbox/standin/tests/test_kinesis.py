"""The mends of Kinesis."""

import time

import pytest


@pytest.fixture
def kinesis(client):
    return client("kinesis")


def summary(kinesis, name="s"):
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


def test_a_stream_takes_time_to_be_made_changed_and_deleted(standin, kinesis, refused):
    standin.durations(kinesis__stream__create=0.3, kinesis__stream__update=0.3, kinesis__stream__delete=0.3)
    kinesis.create_stream(StreamName="s", ShardCount=2)
    assert summary(kinesis)["StreamStatus"] == "CREATING"
    refused("ResourceInUseException", kinesis.increase_stream_retention_period, StreamName="s", RetentionPeriodHours=48)
    refused("ResourceInUseException", kinesis.create_stream, StreamName="s", ShardCount=2)
    time.sleep(0.35)
    assert summary(kinesis)["StreamStatus"] == "ACTIVE"
    kinesis.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=48)
    assert summary(kinesis)["StreamStatus"] == "UPDATING"
    refused("ResourceInUseException", kinesis.update_shard_count, StreamName="s", TargetShardCount=3, ScalingType="UNIFORM_SCALING")
    time.sleep(0.35)
    assert summary(kinesis)["RetentionPeriodHours"] == 48
    kinesis.delete_stream(StreamName="s")
    assert kinesis.list_streams()["StreamSummaries"][0]["StreamStatus"] == "DELETING"
    time.sleep(0.35)
    assert kinesis.list_streams()["StreamNames"] == []
    refused("ResourceNotFoundException", kinesis.describe_stream_summary, StreamName="s")


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("decrease_stream_retention_period", {"StreamName": "s", "RetentionPeriodHours": 24}),
        ("enable_enhanced_monitoring", {"StreamName": "s", "ShardLevelMetrics": ["IncomingBytes"]}),
        ("disable_enhanced_monitoring", {"StreamName": "s", "ShardLevelMetrics": ["ALL"]}),
        ("start_stream_encryption", {"StreamName": "s", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
        ("stop_stream_encryption", {"StreamName": "s", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
        ("update_stream_mode", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}),
        ("update_shard_count", {"StreamName": "s", "TargetShardCount": 4, "ScalingType": "UNIFORM_SCALING"}),
    ],
)
def test_every_update_puts_the_stream_in_updating(standin, kinesis, refused, operation, arguments):
    kinesis.create_stream(StreamName="s", ShardCount=2)
    if operation == "update_stream_mode":
        arguments = arguments | {"StreamARN": summary(kinesis)["StreamARN"]}
    standin.durations(kinesis__stream__update=60)
    getattr(kinesis, operation)(**arguments)
    assert summary(kinesis)["StreamStatus"] == "UPDATING"
    refused("ResourceInUseException", getattr(kinesis, operation), **arguments)


def test_a_stream_is_encrypted_only_with_a_key_that_there_is(client, kinesis, refused):
    kinesis.create_stream(StreamName="s", ShardCount=2)
    encryption = {"StreamName": "s", "EncryptionType": "KMS", "KeyId": "alias/video"}
    refused("KMSNotFoundException", kinesis.start_stream_encryption, **encryption)
    kms = client("kms")
    kms.create_alias(AliasName="alias/video", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    kinesis.start_stream_encryption(**encryption)
    assert summary(kinesis)["KeyId"] == "alias/video"


def test_a_summary_says_all(kinesis):
    kinesis.create_stream(StreamName="s", ShardCount=2, Tags={"a": "1", "b": "2"})
    kinesis.enable_enhanced_monitoring(StreamName="s", ShardLevelMetrics=["ALL"])
    kinesis.start_stream_encryption(StreamName="s", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    described = summary(kinesis)
    assert (described["OpenShardCount"], described["ConsumerCount"]) == (2, 0)
    assert (described["EncryptionType"], described["KeyId"]) == ("KMS", "alias/aws/kinesis")
    assert described["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert len(described["EnhancedMonitoring"][0]["ShardLevelMetrics"]) == 7
    first = kinesis.list_tags_for_stream(StreamName="s", Limit=1)
    assert (first["Tags"], first["HasMoreTags"]) == ([{"Key": "a", "Value": "1"}], True)
    rest = kinesis.list_tags_for_stream(StreamName="s", ExclusiveStartTagKey="a")
    assert (rest["Tags"], rest["HasMoreTags"]) == ([{"Key": "b", "Value": "2"}], False)


def test_resharding_goes_in_steps(kinesis, refused):
    def reshard(count):
        return kinesis.update_shard_count(StreamName="s", TargetShardCount=count, ScalingType="UNIFORM_SCALING")

    kinesis.create_stream(StreamName="s", ShardCount=2)
    refused("LimitExceededException", reshard, 5)
    reshard(4)
    assert summary(kinesis)["OpenShardCount"] == 4
    refused("LimitExceededException", reshard, 1)
    for count in (2, 3, 2, 3, 2, 3, 2, 3, 2):
        reshard(count)
    refused("LimitExceededException", reshard, 3)


def test_retention_has_limits(kinesis, refused):
    kinesis.create_stream(StreamName="s", ShardCount=1)
    refused("InvalidArgumentException", kinesis.increase_stream_retention_period, StreamName="s", RetentionPeriodHours=8761)
    refused("InvalidArgumentException", kinesis.decrease_stream_retention_period, StreamName="s", RetentionPeriodHours=23)


def test_streams_are_listed_in_pages(kinesis):
    for name in ("b", "a", "c"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    first = kinesis.list_streams(Limit=2)
    assert (first["StreamNames"], first["HasMoreStreams"]) == (["a", "b"], True)
    assert [stream["StreamName"] for stream in first["StreamSummaries"]] == ["a", "b"]
    rest = kinesis.list_streams(NextToken=first["NextToken"])
    assert (rest["StreamNames"], rest["HasMoreStreams"]) == (["c"], False)


def test_a_stream_with_consumers_is_kept(kinesis, refused):
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.register_stream_consumer(StreamARN=summary(kinesis)["StreamARN"], ConsumerName="c")
    refused("ResourceInUseException", kinesis.delete_stream, StreamName="s")
    kinesis.delete_stream(StreamName="s", EnforceConsumerDeletion=True)
