"""Task definitions: what Fargate demands of them, and how they are found."""

import re
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import EcsClientException
from moto.ecs.models import EC2ContainerServiceBackend, TaskDefinition
from moto.ecs.responses import EC2ContainerServiceResponse

from ...mending import Mends
from . import roles
from .paging import page

mends = Mends("ECS")

# CPU units → MiB of memory. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
FARGATE_SIZES = {
    256: [512, 1024, 2048],
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16_384 + 1, 1024),
    4096: range(8192, 30_720 + 1, 1024),
    8192: range(16_384, 61_440 + 1, 4096),
    16_384: range(32_768, 122_880 + 1, 8192),
}
LONGEST_STOP_TIMEOUT = 120


@mends.around(EC2ContainerServiceBackend, "register_task_definition")
def fargate_has_sizes(original: Any, self: Any, family: str, container_definitions: Any, **kwargs: Any) -> TaskDefinition:
    """Fargate takes certain pairs of cpu and memory, and only the network mode awsvpc.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
    if _for_fargate(kwargs):
        if kwargs.get("network_mode") != "awsvpc":
            raise EcsClientException("Fargate only supports network mode ‘awsvpc’.")
        cpu, memory = _number(kwargs.get("cpu"), "vcpu"), _number(kwargs.get("memory"), "gb")
        if memory not in FARGATE_SIZES.get(cpu, ()):
            raise EcsClientException(f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory.")
        kwargs |= {"cpu": str(cpu), "memory": str(memory)}
    return original(self, family, container_definitions, **kwargs)


@mends.around(EC2ContainerServiceBackend, "register_task_definition")
def containers_need_what_they_use(
    original: Any, self: Any, family: str, container_definitions: Any, **kwargs: Any
) -> TaskDefinition:
    """Secrets, and awslogs on Fargate, need an execution role; Fargate waits 120 s at most for a container to stop.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"""
    for container in container_definitions:
        _check_container(container, kwargs)
    return original(self, family, container_definitions, **kwargs)


@mends.around(EC2ContainerServiceBackend, "register_task_definition")
def roles_must_exist(original: Any, self: Any, *args: Any, **kwargs: Any) -> TaskDefinition:
    """RegisterTaskDefinition is refused with a role that does not exist.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"""
    for role in (kwargs.get("task_role_arn"), kwargs.get("execution_role_arn")):
        if role is not None and roles.find(self.account_id, role) is None:
            raise EcsClientException("Role is not valid")
    return original(self, *args, **kwargs)


@mends.around(EC2ContainerServiceBackend, "register_task_definition")
def a_revision_has_its_times(original: Any, self: Any, *args: Any, **kwargs: Any) -> TaskDefinition:
    """A revision is described with the time of its registration.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html"""
    definition = original(self, *args, **kwargs)
    definition.registered_at = datetime.now(UTC)
    return definition


@mends.around(EC2ContainerServiceBackend, "deregister_task_definition")
def a_revision_is_deregistered_once(original: Any, self: Any, task_definition_str: str) -> TaskDefinition:
    """A revision is INACTIVE from then on, with the time of its deregistration.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html"""
    definition = original(self, task_definition_str)
    definition.deregistered_at = getattr(definition, "deregistered_at", None) or datetime.now(UTC)
    return definition


@mends.around(EC2ContainerServiceBackend, "describe_task_definition")
def a_family_stands_for_its_latest_active_revision(original: Any, self: Any, task_definition_str: str) -> TaskDefinition:
    """DescribeTaskDefinition of a family answers its latest ACTIVE revision.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html"""
    name = task_definition_str.rpartition("/")[2]
    if ":" in name:
        return original(self, task_definition_str)
    revisions = self.task_definitions.get(name, {}).items()
    latest = max((number for number, definition in revisions if definition.status == "ACTIVE"), default=0)
    return original(self, f"{name}:{latest}")


@mends.adds(EC2ContainerServiceResponse, "list_task_definitions")
def revisions_are_listed_in_pages(self: EC2ContainerServiceResponse) -> ActionResult:
    """ListTaskDefinitions pages 100 revisions, by family and number, ascending or descending.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html"""
    family, status = self._get_param("familyPrefix"), self._get_param("status") or "ACTIVE"
    families = self.ecs_backend.task_definitions
    revisions = [
        revision
        for name in ([family] if family else sorted(families))
        for _, revision in sorted(families.get(name, {}).items())
        if revision.status == status
    ]
    if self._get_param("sort") == "DESC":
        revisions.reverse()
    return page(self, "taskDefinitionArns", [revision.arn for revision in revisions])


def _for_fargate(kwargs: dict[str, Any]) -> bool:
    return "FARGATE" in (kwargs.get("requires_compatibilities") or [])


def _number(size: str | None, unit: str) -> int:
    text = (size or "").strip().lower()
    if re.fullmatch(r"\d+", text):
        return int(text)
    if match := re.fullmatch(rf"(\d*\.?\d+)\s*{unit}", text):
        return int(float(match[1]) * 1024)
    raise EcsClientException(f"Invalid setting for {'cpu' if unit == 'vcpu' else 'memory'}: {size}.")


def _check_container(container: dict[str, Any], kwargs: dict[str, Any]) -> None:
    has_role = kwargs.get("execution_role_arn") is not None
    if container.get("secrets") and not has_role:
        message = "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
        raise EcsClientException(message)
    if not _for_fargate(kwargs):
        return
    driver = (container.get("logConfiguration") or {}).get("logDriver")
    if driver == "awslogs" and not has_role:
        message = "Fargate requires task definition to have execution role ARN to support log driver awslogs."
        raise EcsClientException(message)
    if (container.get("stopTimeout") or 0) > LONGEST_STOP_TIMEOUT:
        raise EcsClientException(f"Container.stopTimeout cannot be more than {LONGEST_STOP_TIMEOUT} seconds on Fargate.")
