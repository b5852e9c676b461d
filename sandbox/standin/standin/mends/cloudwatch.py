"""CloudWatch: the state of a new alarm, what an update leaves alone, and pages of alarms."""

from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from ..mending import AwsError, Mends

mends = Mends("CloudWatch")
mends.differs(
    "No metric arrives by itself, and no alarm is ever evaluated: the state changes by SetAlarmState only.",
)

USUAL_PAGE = 50
LARGEST_PAGE = 100
STATE = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history")


@mends.around(Alarm, "__init__")
def a_new_alarm_has_no_data(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    """A new alarm is in state INSUFFICIENT_DATA.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    original(self, *args, **kwargs)
    self.state_value, self.state_reason_data = "INSUFFICIENT_DATA", None
    self.state_transitioned_timestamp = self.state_updated_timestamp


@mends.around(CloudWatchBackend, "put_metric_alarm")
def an_update_leaves_state_and_tags(original: Any, self: Any, name: str, *args: Any, tags: Any = None, **kwargs: Any) -> Alarm:
    """PutMetricAlarm for an alarm that exists replaces its configuration, leaves its state, and ignores tags.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    existing = self.alarms.get(name)
    alarm = original(self, name, *args, tags=None if existing else tags, **kwargs)
    if existing is not None:
        for attribute in STATE:
            setattr(alarm, attribute, getattr(existing, attribute))
        alarm.state_transitioned_timestamp = existing.state_transitioned_timestamp
    return alarm


@mends.around(CloudWatchBackend, "delete_alarms")
def a_deleted_alarm_takes_its_tags_along(original: Any, self: Any, alarm_names: list[str]) -> None:
    """DeleteAlarms takes 100 alarms, and their tags go with them.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html"""
    if len(alarm_names) > LARGEST_PAGE:
        raise ValidationError(f"AlarmNames can have at most {LARGEST_PAGE} members.")
    for name in alarm_names:
        if name in self.alarms:
            self.tagger.delete_all_tags_for_resource(self.alarms[name].alarm_arn)
    original(self, alarm_names)


@mends.adds(CloudWatchResponse, "describe_alarms")
def alarms_are_described_in_pages(self: CloudWatchResponse) -> ActionResult:
    """DescribeAlarms combines its filters, takes 100 names, and pages 50 alarms, or MaxRecords up to 100, by name.
    Composite alarms are left out unless AlarmTypes asks for them.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""
    size, after = self._get_param("MaxRecords") or USUAL_PAGE, self._get_param("NextToken") or ""
    names, prefix = self._get_param("AlarmNames", []), self._get_param("AlarmNamePrefix")
    if names and prefix:
        raise AwsError("ValidationError", "AlarmNamePrefix and AlarmNames cannot be given together.")
    if not 1 <= size <= LARGEST_PAGE or len(names) > LARGEST_PAGE:
        raise AwsError("ValidationError", f"At most {LARGEST_PAGE} alarms are described at once.")
    found = sorted(_wanted(self, set(names), prefix or ""), key=lambda alarm: alarm.name)
    rest = [alarm for alarm in found if alarm.name > after]
    page = rest[:size]
    answer: dict[str, Any] = {
        "MetricAlarms": [alarm for alarm in page if alarm.rule is None],
        "CompositeAlarms": [alarm for alarm in page if alarm.rule is not None],
    }
    return ActionResult(answer | ({"NextToken": page[-1].name} if len(rest) > size else {}))


def _wanted(response: CloudWatchResponse, names: set[str], prefix: str) -> list[Alarm]:
    types = response._get_param("AlarmTypes", []) or ["MetricAlarm"]
    state, action = response._get_param("StateValue"), response._get_param("ActionPrefix") or ""
    return [
        alarm
        for alarm in response.cloudwatch_backend.alarms.values()
        if ("MetricAlarm" if alarm.rule is None else "CompositeAlarm") in types
        and (not names or alarm.name in names)
        and alarm.name.startswith(prefix)
        and state in (None, alarm.state_value)
        and (not action or any(taken.startswith(action) for taken in alarm.alarm_actions))
    ]
