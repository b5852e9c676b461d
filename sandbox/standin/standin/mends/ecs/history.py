"""The history of a service: its revisions, and the service deployments that brought them about.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException, ServiceNotFoundException
from moto.ecs.models import Service
from moto.ecs.responses import EC2ContainerServiceResponse

from ...mending import Mends
from .paging import page

mends = Mends("ECS")

DESCRIBED_AT_ONCE = 20
USUAL_PAGE = 20


@dataclass
class Revision:
    """What a service deployment deploys: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-revision.html"""

    service: Service
    task_definition: str
    network_configuration: dict[str, Any]
    platform_version: str | None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        number = "".join(secrets.choice("0123456789") for _ in range(19))
        self.arn = _arn(self.service, "service-revision", number)

    def describe(self) -> dict[str, Any]:
        """The revision as DescribeServiceRevisions answers it."""
        definition = self.service._backend.describe_task_definition(self.task_definition)
        containers = definition.container_definitions
        return {
            "serviceRevisionArn": self.arn,
            "serviceArn": self.service.arn,
            "clusterArn": self.service.cluster_arn,
            "taskDefinition": self.task_definition,
            "launchType": self.service.launch_type,
            "platformVersion": self.platform_version,
            "platformFamily": "Linux",
            "networkConfiguration": self.network_configuration or None,
            "containerImages": [{"containerName": one["name"], "image": one["image"]} for one in containers],
            "createdAt": self.created_at,
        }


@dataclass
class ServiceDeployment:
    """One change of a service from the revisions that ran to another."""

    target: Revision
    sources: list[Revision]
    counts: Callable[[Revision], dict[str, int]]
    """How many tasks of a revision are requested, run, and are pending now."""
    status: str = "IN_PROGRESS"
    status_reason: str | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime | None = None
    stopped_at: datetime | None = None
    rollback: dict[str, Any] | None = None
    failed_tasks: int = 0

    def __post_init__(self) -> None:
        self.arn = _arn(self.target.service, "service-deployment", secrets.token_urlsafe(15))
        self.updated_at = self.created_at

    @property
    def under_way(self) -> bool:
        """Whether it has not come to an end."""
        return self.finished_at is None

    def finish(self, status: str, reason: str | None = None) -> None:
        """The deployment has come to an end, once."""
        if self.under_way:
            self.status, self.status_reason = status, reason or self.status_reason
            self.finished_at = self.updated_at = datetime.now(UTC)
            self.stopped_at = self.finished_at if status == "STOPPED" else None

    def roll_back(self, revision: Revision, reason: str) -> None:
        """The deployment is being undone."""
        self.status, self.status_reason, self.updated_at = "ROLLBACK_IN_PROGRESS", reason, datetime.now(UTC)
        self.rollback = {"reason": reason, "startedAt": self.updated_at, "serviceRevisionArn": revision.arn}

    def brief(self) -> dict[str, Any]:
        """The deployment as ListServiceDeployments answers it."""
        return {
            "serviceDeploymentArn": self.arn,
            "serviceArn": self.target.service.arn,
            "clusterArn": self.target.service.cluster_arn,
            "createdAt": self.created_at,
            "startedAt": self.created_at,
            "finishedAt": self.finished_at,
            "targetServiceRevisionArn": self.target.arn,
            "status": self.status,
            "statusReason": self.status_reason,
        }

    def describe(self) -> dict[str, Any]:
        """The deployment as DescribeServiceDeployments answers it."""
        answer = self.brief()
        del answer["targetServiceRevisionArn"]
        return answer | {
            "stoppedAt": self.stopped_at,
            "updatedAt": self.updated_at,
            "sourceServiceRevisions": [self._summary(source) for source in self.sources],
            "targetServiceRevision": self._summary(self.target),
            "deploymentConfiguration": self.target.service.deployment_configuration,
            "rollback": self.rollback,
            "deploymentCircuitBreaker": self._circuit_breaker(),
        }

    def _summary(self, revision: Revision) -> dict[str, Any]:
        return {"arn": revision.arn} | self.counts(revision)

    def _circuit_breaker(self) -> dict[str, Any]:
        configuration = self.target.service.deployment_configuration["deploymentCircuitBreaker"]
        triggered = self.rollback is not None or self.status in ("STOPPED", "ROLLBACK_FAILED")
        state = "TRIGGERED" if triggered else "MONITORING" if self.under_way else "MONITORING_COMPLETE"
        return {
            "status": state if configuration["enable"] else "DISABLED",
            "failureCount": self.failed_tasks,
            "threshold": threshold(self.target.service),
        }


@mends.adds(EC2ContainerServiceResponse, "list_service_deployments")
def service_deployments_are_listed_newest_first(self: EC2ContainerServiceResponse) -> ActionResult:
    """ListServiceDeployments filters by status and time of creation; moto has not got it.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html"""
    name = self._get_param("service").rpartition("/")[2]
    cluster = self.ecs_backend._get_cluster(self._get_param("cluster", "default"))
    service = self.ecs_backend.services.get(f"{cluster.name}:{name}")
    if service is None:
        raise ServiceNotFoundException
    statuses, created = self._get_param("status") or [], self._get_param("createdAt") or {}
    found = [
        deployment.brief()
        for deployment in reversed(service.history)
        if (not statuses or deployment.status in statuses)
        and ("after" not in created or deployment.created_at > _aware(created["after"]))
        and ("before" not in created or deployment.created_at < _aware(created["before"]))
    ]
    return page(self, "serviceDeployments", found, usual=USUAL_PAGE)


@mends.adds(EC2ContainerServiceResponse, "describe_service_deployments")
def service_deployments_are_described(self: EC2ContainerServiceResponse) -> ActionResult:
    """DescribeServiceDeployments says what was deployed, how it went, and why it was rolled back; moto has not got it.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html"""
    services = self.ecs_backend.services.values()
    known = {deployment.arn: deployment for service in services for deployment in service.history}
    return _described(self._get_param("serviceDeploymentArns"), known, "serviceDeployments")


@mends.adds(EC2ContainerServiceResponse, "describe_service_revisions")
def service_revisions_are_described(self: EC2ContainerServiceResponse) -> ActionResult:
    """DescribeServiceRevisions says what a service deployment deploys; moto has not got it.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html"""
    services = self.ecs_backend.services.values()
    revisions = [deployment.target for service in services for deployment in service.history]
    return _described(self._get_param("serviceRevisionArns"), {one.arn: one for one in revisions}, "serviceRevisions")


def threshold(service: Service) -> int:
    """How many failed tasks trip the circuit breaker.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
    """
    return min(max(3, -(-service.desired_count // 2)), 200)


def _described(arns: list[str], known: dict[str, Any], key: str) -> ActionResult:
    if len(arns) > DESCRIBED_AT_ONCE:
        raise InvalidParameterException(f"{key} cannot have more than {DESCRIBED_AT_ONCE} elements.")
    found = [known[arn].describe() for arn in arns if arn in known]
    return ActionResult({key: found, "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]})


def _arn(service: Service, kind: str, name: str) -> str:
    prefix = service.arn.rpartition(":")[0]
    return f"{prefix}:{kind}/{service.cluster_name}/{service.name}/{name}"


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
