"""The mends of SQS."""

import json
import time

import pytest


@pytest.fixture
def sqs(client):
    return client("sqs")


def attributes(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("MessageRetentionPeriod", "59", "60"),
        ("MessageRetentionPeriod", "1209601", "1209600"),
        ("VisibilityTimeout", "43201", "43200"),
        ("DelaySeconds", "901", "900"),
        ("ReceiveMessageWaitTimeSeconds", "21", "20"),
        ("KmsDataKeyReusePeriodSeconds", "59", "60"),
        ("MaximumMessageSize", "1023", "1024"),
        ("MaximumMessageSize", "many", "262144"),
        ("RedriveAllowPolicy", '{"redrivePermission": "some"}', '{"redrivePermission": "denyAll"}'),
        ("RedriveAllowPolicy", "{", '{"redrivePermission": "allowAll"}'),
    ],
)
def test_attributes_have_ranges(sqs, refused, name, wrong, right):
    refused("InvalidAttributeValue", sqs.create_queue, QueueName="q", Attributes={name: wrong})
    url = sqs.create_queue(QueueName="q", Attributes={name: right})["QueueUrl"]
    refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url, Attributes={name: wrong})


def test_redrive_is_kept_both_ways(sqs, refused):
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    target = attributes(sqs, dead)["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 3})
    jobs = sqs.create_queue(QueueName="jobs", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    source = attributes(sqs, jobs)["QueueArn"]
    allow = json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [source]})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": allow})
    assert json.loads(attributes(sqs, dead)["RedriveAllowPolicy"]) == json.loads(allow)
    assert json.loads(attributes(sqs, jobs)["RedrivePolicy"])["maxReceiveCount"] == 3
    too_many = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 1001})
    refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=jobs, Attributes={"RedrivePolicy": too_many})


def test_attributes_not_given_stay(sqs):
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Principal": "*"}]})
    allow = json.dumps({"redrivePermission": "denyAll"})
    url = sqs.create_queue(QueueName="q", Attributes={"Policy": policy, "RedriveAllowPolicy": allow})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    assert json.loads(attributes(sqs, url)["Policy"]) == json.loads(policy)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": "", "RedriveAllowPolicy": ""})
    assert not {"Policy", "RedriveAllowPolicy"} & set(attributes(sqs, url))


def test_one_kind_of_encryption_at_a_time(sqs):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    assert attributes(sqs, url)["SqsManagedSseEnabled"] == "true"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": "alias/k"})
    described = attributes(sqs, url)
    assert (described["SqsManagedSseEnabled"], described["KmsMasterKeyId"]) == ("false", "alias/k")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    described = attributes(sqs, url)
    assert (described["SqsManagedSseEnabled"], "KmsMasterKeyId" in described) == ("true", False)
    url = sqs.create_queue(QueueName="k", Attributes={"KmsMasterKeyId": "alias/k"})["QueueUrl"]
    assert attributes(sqs, url)["SqsManagedSseEnabled"] == "false"


def test_a_name_is_free_some_time_after_deletion(standin, sqs, refused):
    standin.durations(sqs__queue__name_free=0.3)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    # In JSON the error has its shape's name; the code of old is in a header for SDKs that want it.
    refused("AWS.SimpleQueueService.QueueDeletedRecently", sqs.create_queue, QueueName="q")
    time.sleep(0.35)
    sqs.create_queue(QueueName="q")


def test_creating_again_changes_nothing(sqs, refused):
    first = {"QueueName": "q", "Attributes": {"VisibilityTimeout": "60"}, "tags": {"a": "1"}}
    url = sqs.create_queue(**first)["QueueUrl"]
    assert sqs.create_queue(**first)["QueueUrl"] == url
    sqs.create_queue(QueueName="q", tags={"a": "2"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "1"}
    refused("QueueAlreadyExists", sqs.create_queue, QueueName="q", Attributes={"VisibilityTimeout": "61"})


def test_queues_are_listed_in_pages(sqs):
    for name in ("a1", "a2", "b"):
        sqs.create_queue(QueueName=name)
    first = sqs.list_queues(QueueNamePrefix="a", MaxResults=1)
    rest = sqs.list_queues(QueueNamePrefix="a", MaxResults=1, NextToken=first["NextToken"])
    assert [url.rsplit("/", 1)[1] for url in first["QueueUrls"] + rest["QueueUrls"]] == ["a1", "a2"]
    assert "NextToken" not in rest
