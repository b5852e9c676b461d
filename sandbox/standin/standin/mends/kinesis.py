"""Kinesis Data Streams: states over time, and the limits of resharding."""

import time
from typing import Any

from moto.core.responses import ActionResult
from moto.kinesis.models import KinesisBackend, Stream
from moto.kinesis.responses import KinesisResponse

from .. import keys, timing
from ..mending import AwsError, Mends

mends = Mends("Kinesis")
mends.differs(
    "Records can be put and read, without the throughput limits of shards.",
)

CREATE = timing.define("kinesis.stream.create", demo=2)
UPDATE = timing.define("kinesis.stream.update", demo=1)
DELETE = timing.define("kinesis.stream.delete", demo=2)

SHARD_LEVEL_METRICS = [
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "OutgoingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
]
RESHARDINGS_PER_DAY = 10


@mends.around(KinesisBackend, "create_stream")
def a_new_stream_is_creating(original: Any, self: Any, *args: Any, **kwargs: Any) -> Stream:
    """CreateStream answers at once; the stream is CREATING for a while, then ACTIVE.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html"""
    stream = original(self, *args, **kwargs)
    stream.status = "CREATING"
    timing.after(CREATE, lambda: _becomes_active(stream, "CREATING"))
    return stream


@mends.around(KinesisResponse, "create_stream")
def tags_given_at_creation_are_kept(original: Any, self: Any) -> ActionResult:
    """CreateStream takes tags. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html"""
    answer = original(self)
    self.kinesis_backend.streams[self._get_param("StreamName")].tags.update(self._get_param("Tags") or {})
    return answer


@mends.around(
    KinesisBackend,
    "increase_stream_retention_period",
    "decrease_stream_retention_period",
    "enable_enhanced_monitoring",
    "disable_enhanced_monitoring",
    "start_stream_encryption",
    "stop_stream_encryption",
)
def an_update_takes_time(original: Any, self: Any, stream_arn: str, stream_name: str, *args: Any, **kwargs: Any) -> Any:
    """Each update needs an ACTIVE stream, is refused with ResourceInUseException otherwise, and puts it in UPDATING.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StartStreamEncryption.html"""
    stream = _active(self.describe_stream(stream_arn, stream_name))
    result = original(self, stream_arn, stream_name, *args, **kwargs)
    _updating(stream)
    return result


@mends.around(KinesisBackend, "start_stream_encryption")
def a_stream_is_encrypted_with_a_key_that_there_is(original: Any, self: Any, *args: Any, key_id: str, **kwargs: Any) -> None:
    """StartStreamEncryption refuses a key that does not exist with KMSNotFoundException.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StartStreamEncryption.html"""
    if keys.find(self.account_id, self.region_name, key_id) is None:
        raise AwsError("KMSNotFoundException", f"Key '{key_id}' does not exist")
    original(self, *args, key_id=key_id, **kwargs)


@mends.around(KinesisBackend, "update_stream_mode")
def a_change_of_mode_takes_time(original: Any, self: Any, stream_arn: str, stream_mode: Any) -> None:
    """UpdateStreamMode needs an ACTIVE stream and puts it in UPDATING.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamMode.html"""
    stream = _active(self.describe_stream(stream_arn, None))
    original(self, stream_arn, stream_mode)
    _updating(stream)


@mends.around(KinesisBackend, "update_shard_count")
def resharding_goes_in_steps(original: Any, self: Any, stream_arn: str, stream_name: str, target_shard_count: int) -> int:
    """UpdateShardCount takes time, and at most doubles or halves the open shards, ten times in 24 hours.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html"""
    stream = _active(self.describe_stream(stream_arn, stream_name))
    count = _open_shards(stream)
    if target_shard_count > 2 * count:
        _limit(f"UpdateShardCount cannot scale up over double your current open shard count. Current: {count}.")
    if 2 * target_shard_count < count:
        _limit(f"UpdateShardCount cannot scale down below half your current open shard count. Current: {count}.")
    times = [at for at in getattr(stream, "reshardings", []) if at > time.monotonic() - 24 * 3600]
    if len(times) >= RESHARDINGS_PER_DAY:
        _limit(f"UpdateShardCount can be called at most {RESHARDINGS_PER_DAY} times per stream in 24 hours.")
    result = original(self, stream_arn, stream_name, target_shard_count)
    stream.reshardings = [*times, time.monotonic()]
    _updating(stream)
    return result


@mends.around(KinesisBackend, "enable_enhanced_monitoring")
def all_metrics_are_named(original: Any, self: Any, stream_arn: str, stream_name: str, shard_level_metrics: list[str]) -> Any:
    """ALL stands for every shard-level metric; a stream is described with their names.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_EnableEnhancedMonitoring.html"""
    metrics = SHARD_LEVEL_METRICS if "ALL" in shard_level_metrics else shard_level_metrics
    return original(self, stream_arn, stream_name, metrics)


@mends.around(KinesisResponse, "delete_stream")
def a_stream_with_consumers_is_kept(original: Any, self: Any) -> ActionResult:
    """DeleteStream is refused while consumers are registered, unless EnforceConsumerDeletion is set.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html"""
    stream = self.kinesis_backend.describe_stream(self._get_param("StreamARN"), self._get_param("StreamName"))
    if stream.consumers and not self._get_param("EnforceConsumerDeletion"):
        raise AwsError("ResourceInUseException", f"Stream {stream.stream_name} has consumers registered.")
    return original(self)


@mends.around(KinesisBackend, "deregister_stream_consumer")
def the_named_consumer_goes(original: Any, self: Any, stream_arn: str, consumer_name: str, consumer_arn: str) -> None:
    """A consumer is named by its ARN, or by its name and the ARN of its stream; the others stay.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeregisterStreamConsumer.html"""
    if consumer_arn:
        original(self, "", consumer_name, consumer_arn)
        return
    stream = self.describe_stream(stream_arn, None)
    stream.consumers = [consumer for consumer in stream.consumers if consumer.consumer_name != consumer_name]


@mends.around(KinesisBackend, "delete_stream")
def a_stream_is_deleting_until_it_is_gone(original: Any, self: Any, stream_arn: str, stream_name: str) -> Stream:
    """A deleted stream is DELETING, and listed, until it is gone.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html"""
    stream = self.describe_stream(stream_arn, stream_name)
    if stream.status == "DELETING":
        _in_use(stream)
    stream.status = "DELETING"
    timing.after(DELETE, lambda: self.streams.pop(stream.stream_name, None))
    return stream


@mends.around(Stream, "to_json_summary")
def a_summary_counts_shards_and_consumers(original: Any, self: Any) -> dict[str, Any]:
    """DescribeStreamSummary has OpenShardCount and ConsumerCount.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StreamDescriptionSummary.html"""
    answer = original(self)
    answer["StreamDescriptionSummary"] |= {"OpenShardCount": _open_shards(self), "ConsumerCount": len(self.consumers)}
    return answer


@mends.around(KinesisResponse, "list_streams")
def streams_are_listed_in_pages(original: Any, self: Any) -> ActionResult:
    """ListStreams pages 100 streams by name, with summaries of that page alone.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreams.html"""
    after = self._get_param("NextToken") or self._get_param("ExclusiveStartStreamName") or ""
    limit = self._get_param("Limit") or 100
    streams = sorted((s for s in self.kinesis_backend.list_streams() if s.stream_name > after), key=lambda s: s.stream_name)
    page, more = streams[:limit], len(streams) > limit
    fields = ("StreamName", "StreamARN", "StreamStatus", "StreamModeDetails", "StreamCreationTimestamp")
    summaries = [stream.to_json_summary()["StreamDescriptionSummary"] for stream in page]
    answer = {
        "StreamNames": [stream.stream_name for stream in page],
        "StreamSummaries": [{name: summary[name] for name in fields} for summary in summaries],
        "HasMoreStreams": more,
    }
    return ActionResult(answer | ({"NextToken": page[-1].stream_name} if more else {}))


@mends.around(KinesisBackend, "list_tags_for_stream")
def tags_are_listed_after_the_start_key(
    original: Any, self: Any, stream_arn: str, stream_name: str, exclusive_start_tag_key: str | None = None, limit: int | None = None
) -> dict[str, Any]:
    """ExclusiveStartTagKey itself is not listed again.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListTagsForStream.html"""
    tags = sorted(self.describe_stream(stream_arn, stream_name).tags.items())
    tags = [tag for tag in tags if tag[0] > (exclusive_start_tag_key or "")]
    page = tags[: limit or 50]
    return {"Tags": [{"Key": key, "Value": value} for key, value in page], "HasMoreTags": len(tags) > len(page)}


def _open_shards(stream: Stream) -> int:
    return sum(shard.is_open for shard in stream.shards.values())


def _active(stream: Stream) -> Stream:
    if stream.status != "ACTIVE":
        _in_use(stream)
    return stream


def _updating(stream: Stream) -> None:
    stream.status = "UPDATING"
    timing.after(UPDATE, lambda: _becomes_active(stream, "UPDATING"))


def _becomes_active(stream: Stream, status: str) -> None:
    if stream.status == status:
        stream.status = "ACTIVE"


def _in_use(stream: Stream) -> None:
    message = f"Stream {stream.stream_name} under account {stream.account_id} not ACTIVE, instead in state {stream.status}"
    raise AwsError("ResourceInUseException", message)


def _limit(message: str) -> None:
    raise AwsError("LimitExceededException", message)
