"""CloudWatch Logs: retention, classes, pages and tags of log groups."""

import json
from typing import Any

from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from ..mending import AwsError, Mends
from ..pages import cut

mends = Mends("CloudWatch Logs")
mends.differs(
    "AssociateKmsKey and DisassociateKmsKey are not implemented.",
    "Nothing is deleted when its retention ends.",
)

RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
CLASSES = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]
LARGEST_PAGE = 50


@mends.around(LogsBackend, "put_retention_policy")
def retention_has_certain_values(original: Any, self: Any, log_group_name: str, retention_in_days: int) -> None:
    """A log group keeps its events for one of 22 numbers of days.
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""
    if retention_in_days not in RETENTION_DAYS:
        _invalid("retentionInDays", retention_in_days, f"Member must satisfy enum value set: {RETENTION_DAYS}")
    original(self, log_group_name, retention_in_days)


@mends.around(LogsResponse, "create_log_group")
def a_log_group_has_a_class(original: Any, self: Any) -> str:
    """CreateLogGroup takes a class, which never changes; STANDARD when none is given.
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"""
    wanted = self._get_param("logGroupClass") or "STANDARD"
    if wanted not in CLASSES:
        _invalid("logGroupClass", wanted, f"Member must satisfy enum value set: {CLASSES}")
    answer = original(self)
    self.logs_backend.groups[self._get_param("logGroupName")].log_group_class = wanted
    return answer


@mends.around(LogGroup, "to_describe_dict")
def a_log_group_is_described_with_its_class(original: Any, self: Any) -> dict[str, Any]:
    """A log group that AWS itself made is STANDARD.
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html"""
    return original(self) | {"logGroupClass": getattr(self, "log_group_class", "STANDARD")}


@mends.adds(LogsResponse, "describe_log_groups")
def log_groups_are_listed_in_pages(self: Any) -> str:
    """DescribeLogGroups pages 50 groups by name, of one prefix, one part of the name, certain names or one class.
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html"""
    limit = self._get_param("limit") or LARGEST_PAGE
    if not 1 <= limit <= LARGEST_PAGE:
        _invalid("limit", limit, f"Member must have value between 1 and {LARGEST_PAGE}")
    groups = sorted(self.logs_backend.groups.values(), key=lambda group: group.name)
    try:
        page, token = cut([group for group in groups if _is_asked_for(self, group)], limit, self._get_param("nextToken"))
    except ValueError:
        raise AwsError("InvalidParameterException", "The specified nextToken is invalid.") from None
    described = [group.to_describe_dict() for group in page]
    return json.dumps({"logGroups": described} | ({"nextToken": token} if token else {}))


@mends.around(LogsBackend, "delete_log_group")
def the_tags_of_a_deleted_group_are_gone(original: Any, self: Any, log_group_name: str) -> None:
    """A log group of the same name starts without tags.
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html"""
    group = self.groups.get(log_group_name)
    original(self, log_group_name)
    self.tagger.delete_all_tags_for_resource(group.arn)


@mends.around(LogsResponse, "list_tags_for_resource", "tag_resource", "untag_resource")
def tags_need_a_log_group(original: Any, self: Any) -> str:
    """The ARN is that of a log group that exists, and ends with its name: `:*` belongs to its streams.
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsForResource.html"""
    arn = self._get_param("resourceArn")
    if ":log-group:" in arn and arn not in {group.arn for group in self.logs_backend.groups.values()}:
        raise AwsError("ResourceNotFoundException", "The specified resource does not exist.")
    return original(self)


def _is_asked_for(response: Any, group: LogGroup) -> bool:
    part = response._get_param("logGroupNamePattern") or ""
    identifiers = response._get_param("logGroupIdentifiers") or [group.name]
    described_class = getattr(group, "log_group_class", "STANDARD")
    return (
        group.name.startswith(response._get_param("logGroupNamePrefix") or "")
        and part in group.name
        and (group.name in identifiers or group.arn in identifiers)
        and response._get_param("logGroupClass") in (None, described_class)
    )


def _invalid(parameter: str, value: Any, constraint: str) -> None:
    message = f"1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: {constraint}"
    raise AwsError("InvalidParameterException", message)
