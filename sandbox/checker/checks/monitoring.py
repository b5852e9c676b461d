"""What people learn: the logs are kept for a while, and alarms watch what exists."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from ..check import Checks
from ..environment import Document, Environment, Missing

checks = Checks()

BELOW = {"LessThanThreshold", "LessThanOrEqualToThreshold"}
ABOVE = {"GreaterThanThreshold", "GreaterThanOrEqualToThreshold"}


@checks.claim("every log group exists and forgets after a while")
def find_logs_kept_for_ever(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"""
    for name in _log_groups(environment):
        try:
            if not environment.log_group(name).get("retentionInDays"):
                yield f"{name} keeps its events for ever"
        except Missing as missing:
            yield str(missing)


@checks.claim("alarms watch what exists")
def find_blind_alarms(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"""
    for resource_type, metrics in _watched(environment).items():
        name = environment.named(resource_type)
        alarm = environment.alarms.get(name)
        if alarm is None:
            yield f"there is no {name}"
            continue
        key = (alarm.get("Namespace"), alarm.get("MetricName"))
        if key not in metrics:
            yield f"{name} watches {key[0]} {key[1]}"
            continue
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}
        if dimensions != metrics[key]:
            yield f"{name} watches {dimensions}, not {metrics[key]}"


@checks.claim("alarms go off in the right direction")
def find_alarms_that_never_go_off(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"""
    for name, alarm in environment.alarms.items():
        running = name == environment.named("video-processing-running-tasks-alarm")
        if alarm["ComparisonOperator"] not in (BELOW if running else ABOVE):
            yield f"{name} goes off at {alarm['ComparisonOperator']}"
        if running and alarm.get("TreatMissingData") != "breaching":
            yield f"{name} is silent when no task runs, as there is no data then"
        if running and alarm["Threshold"] > environment.service["desiredCount"]:
            yield f"{name} always goes off: {alarm['Threshold']:g} tasks never run"


@checks.claim("alarms tell those who exist")
def find_lost_notifications(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/sns/latest/dg/welcome.html"""
    for name, alarm in environment.alarms.items():
        actions = [*alarm.get("AlarmActions", []), *alarm.get("OKActions", [])]
        if actions and not alarm["ActionsEnabled"]:
            yield f"{name} has its actions off"
        lost = sorted(topic for topic in set(actions) if not _exists(environment, topic))
        yield from (f"{name} tells {topic}, which does not exist" for topic in lost)


@checks.claim("Container Insights is on, for the alarm of running tasks")
def find_missing_metrics(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html"""
    if environment.named("video-processing-running-tasks-alarm") in environment.alarms and not _insights(environment):
        yield "it is off"


def _log_groups(environment: Environment) -> list[str]:
    database = environment.database["DBClusterIdentifier"]
    exported = [f"/aws/rds/cluster/{database}/{log}" for log in environment.database.get("EnabledCloudwatchLogsExports", [])]
    insights = [f"/aws/ecs/containerinsights/{environment.cluster['clusterName']}/performance"]
    return [environment.task_log_group, *exported, *(insights if _insights(environment) else [])]


def _insights(environment: Environment) -> bool:
    settings = {setting["name"]: setting["value"] for setting in environment.cluster["settings"]}
    return settings.get("containerInsights") in ("enabled", "enhanced")


def _watched(environment: Environment) -> dict[str, dict[tuple[str, str], Document]]:
    """Alarm → the metrics it can sensibly watch → the dimensions these have for this environment."""
    stream = {"StreamName": environment.stream["StreamName"]}
    queue = {"QueueName": environment.dead_letters["Name"]}
    tasks = {"ClusterName": environment.cluster["clusterName"], "ServiceName": environment.service["serviceName"]}
    database = {"DBClusterIdentifier": environment.database["DBClusterIdentifier"]}
    capacity = ("ACUUtilization", "ServerlessDatabaseCapacity")
    return {
        "video-ingestion-write-throttle-alarm": {("AWS/Kinesis", "WriteProvisionedThroughputExceeded"): stream},
        "video-ingestion-read-throttle-alarm": {("AWS/Kinesis", "ReadProvisionedThroughputExceeded"): stream},
        "video-ingestion-iterator-age-alarm": {("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds"): stream},
        "video-processing-dlq-alarm": {("AWS/SQS", "ApproximateNumberOfMessagesVisible"): queue},
        "video-processing-running-tasks-alarm": {("ECS/ContainerInsights", "RunningTaskCount"): tasks},
        "video-metadata-capacity-alarm": {("AWS/RDS", metric): database for metric in capacity},
    }


def _exists(environment: Environment, topic: str) -> bool:
    try:
        environment.client("sns").get_topic_attributes(TopicArn=topic)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NotFound", "NotFoundException"):
            return False
        raise
    return True
