"""The tasks: they run, and they are told everything that they need."""

from collections.abc import Iterator
from typing import Any

from ..check import Checks
from ..environment import Document, Environment
from .roles import EXECUTION, TASK

checks = Checks()


@checks.claim("the wanted number of tasks runs")
def find_what_keeps_tasks_from_running(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html"""
    service = environment.service
    if service["desiredCount"] < 1 or service["runningCount"] != service["desiredCount"]:
        yield f"{service['runningCount']} of {service['desiredCount']} tasks run"
    for deployment in service["deployments"]:
        if deployment["rolloutState"] != "COMPLETED":
            yield f"a rollout is {deployment['rolloutState']}: {deployment['rolloutStateReason']}"
    if environment.task_definition["status"] != "ACTIVE":
        yield "its task definition is deregistered"


@checks.claim("a rollout that fails is rolled back")
def find_what_prevents_rollback(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html"""
    breaker = environment.service["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    if not (breaker.get("enable") and breaker.get("rollback")):
        yield "the deployment circuit breaker does not roll back"


@checks.claim("tasks have their roles and log to their group")
def find_wrong_roles_and_logs(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"""
    for key, resource_type in (("executionRoleArn", EXECUTION), ("taskRoleArn", TASK)):
        if environment.task_definition.get(key) != environment.role(resource_type)["Arn"]:
            yield f"the {key} is not that of {environment.named(resource_type)}"
    logs = environment.container.get("logConfiguration", {})
    options = logs.get("options", {})
    wanted = {"awslogs-group": environment.task_log_group, "awslogs-region": environment.region}
    if logs.get("logDriver") != "awslogs" or any(options.get(name) != value for name, value in wanted.items()):
        yield f"the container does not log to {environment.task_log_group}"
    if not options.get("awslogs-stream-prefix"):
        yield "the log has no stream prefix, which Fargate requires"


@checks.claim("tasks are told where everything is")
def find_wrong_environment(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/taskdef-envfiles.html"""
    database, stream = environment.database, environment.stream
    wanted = {
        "AWS_REGION": environment.region,
        "ENVIRONMENT": environment.suffix,
        "KINESIS_STREAM_NAME": stream["StreamName"],
        "KINESIS_STREAM_ARN": stream["StreamARN"],
        "JOB_QUEUE_URL": environment.jobs["Url"],
        "DEAD_LETTER_QUEUE_URL": environment.dead_letters["Url"],
        "DATABASE_HOST": database["Endpoint"],
        "DATABASE_READER_HOST": database["ReaderEndpoint"],
        "DATABASE_PORT": str(database["Port"]),
        "DATABASE_NAME": database["DatabaseName"],
        "DATABASE_SECRET_ARN": environment.secret["ARN"],
    }
    given = {variable["name"]: variable["value"] for variable in environment.container.get("environment", [])}
    for name, value in wanted.items():
        if name not in given:
            yield f"{name} is missing"
        elif given[name] != value:
            yield f"{name} is {given[name]}, not {value}"


@checks.claim("tasks get the database's credentials from its secret")
def find_wrong_secrets(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html"""
    secret = environment.secret["ARN"]
    given = {variable["name"]: variable["valueFrom"] for variable in environment.container.get("secrets", [])}
    for name, key in (("DATABASE_USERNAME", "username"), ("DATABASE_PASSWORD", "password")):
        if given.get(name) != f"{secret}:{key}::":
            yield f"{name} is not the {key} in the secret"
    exposed = {variable["name"] for variable in environment.container.get("environment", [])} & {"DATABASE_PASSWORD"}
    yield from (f"{name} stands in the task definition for all to read" for name in exposed)


@checks.claim("scaling, where it is on, has bounds, a policy and alarms")
def find_faults_of_scaling(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html"""
    service = environment.service
    resource = f"service/{environment.cluster['clusterName']}/{service['serviceName']}"
    targets = _scaling(environment, "describe_scalable_targets", "ScalableTargets", ResourceIds=[resource])
    policies = _scaling(environment, "describe_scaling_policies", "ScalingPolicies", ResourceId=resource)
    if policies and not targets:
        yield "there is a policy without a scalable target"
    if targets and not policies:
        yield "there is a scalable target without a policy"
    for target in targets:
        if not target["MinCapacity"] <= service["desiredCount"] <= target["MaxCapacity"]:
            yield f"{service['desiredCount']} tasks are wanted, outside {target['MinCapacity']}–{target['MaxCapacity']}"
    names = [alarm["AlarmName"] for policy in policies for alarm in policy["Alarms"]]
    found = environment.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=names) if names else []
    if len(found) != len(names):
        yield "an alarm of the policy is gone"


def _scaling(environment: Environment, operation: str, key: str, **arguments: Any) -> list[Document]:
    return environment.pages("application-autoscaling", operation, key, ServiceNamespace="ecs", **arguments)
