"""How a service's tasks come and go: rollouts, the circuit breaker, rollback, scaling, replacement.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
"""

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ecs.models import EC2ContainerServiceBackend, Service, Task, TaskDefinition

from ... import control, timing
from ...mending import Mends
from . import roles, tasks
from .history import Revision, ServiceDeployment, threshold

mends = Mends("ECS")

ROLLOUT = timing.define("ecs.service.rollout", demo=3)
FAILING_IMAGES = "ecs.failing_images"
control.define_setting(FAILING_IMAGES, "fails")

EVENTS_KEPT = 100
SHORTEST_RETRY = 0.1


@dataclass
class Deployment:
    """One revision of a service, with its tasks: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html"""

    revision: Revision
    record: ServiceDeployment
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    reason: str = ""
    failed_tasks: int = 0
    overdue: bool = False
    """The time of the rollout is over; it ends when enough tasks run."""
    undoes: "Deployment | None" = None
    """The failed deployment that this one replaces again."""
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.id = "ecs-svc/" + "".join(secrets.choice("0123456789") for _ in range(19))
        self.set_state("IN_PROGRESS", f"ECS deployment {self.id} in progress.")

    @property
    def service(self) -> Service:
        """The service that is deployed."""
        return self.revision.service

    @property
    def definition(self) -> TaskDefinition:
        """The task definition that is deployed."""
        return self.service._backend.describe_task_definition(self.revision.task_definition)

    @property
    def current(self) -> bool:
        """Whether the service wants this deployment and no other."""
        return self.service.status == "ACTIVE" and self.service.rollouts[0] is self

    def tasks(self) -> list[Task]:
        """Its tasks that nobody has stopped."""
        return tasks.live(self.service, self.id)

    def running(self) -> int:
        """How many of its tasks run."""
        return sum(task.last_status == "RUNNING" for task in self.tasks())

    def set_state(self, state: str, reason: str) -> None:
        """Changes the rollout's state."""
        self.rollout_state, self.reason, self.updated_at = state, reason, datetime.now(UTC)

    def describe(self) -> dict[str, Any]:
        """The deployment as DescribeServices answers it."""
        running, present = self.running(), len(self.tasks())
        return {
            "id": self.id,
            "status": self.status,
            "taskDefinition": self.revision.task_definition,
            "desiredCount": self.service.desired_count if self.status == "PRIMARY" else present,
            "pendingCount": present - running,
            "runningCount": running,
            "failedTasks": self.failed_tasks,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "launchType": self.service.launch_type,
            "platformVersion": self.revision.platform_version,
            "platformFamily": "Linux",
            "networkConfiguration": self.revision.network_configuration or None,
            "rolloutState": self.rollout_state,
            "rolloutStateReason": self.reason,
        }


@mends.computes(Service, "deployments")
def a_service_shows_its_deployments(self: Service) -> list[dict[str, Any]]:
    """The PRIMARY deployment comes first; others are shown until their tasks are gone.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html"""
    return [deployment.describe() for deployment in self.rollouts]


@mends.computes(Service, "running_count")
def a_service_counts_its_running_tasks(self: Service) -> int:
    """runningCount counts the tasks that run, of all deployments.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html"""
    return sum(deployment.running() for deployment in self.rollouts)


@mends.computes(Service, "pending_count")
def a_service_counts_its_pending_tasks(self: Service) -> int:
    """pendingCount counts the tasks on their way to RUNNING, of all deployments.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html"""
    return sum(len(deployment.tasks()) for deployment in self.rollouts) - self.running_count


@mends.adds(EC2ContainerServiceBackend, "stop_task")
def a_stopped_task_is_replaced(self: EC2ContainerServiceBackend, cluster_str: str, task_str: str, reason: str) -> Task:
    """StopTask stops a task; its service starts another one to keep its desired count.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html"""
    task = tasks.find(self, cluster_str, task_str)
    tasks.stop(task, reason or "Task stopped by user", "UserInitiated")
    name = task.group.removeprefix("service:")
    service = self.services.get(f"{task.cluster_name}:{name}")
    if service is not None and service.status == "ACTIVE":
        scale(service)
    return task


def deploy(service: Service) -> None:
    """Starts to roll out what the service now asks for.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
    """
    for deployment in service.rollouts:
        deployment.status, deployment.undoes = "ACTIVE", None
    for record in service.history:
        record.finish("STOPPED", "A newer service deployment has taken its place.")
    revision = Revision(service, service.task_definition, service.network_configuration, service.platform_version)
    sources = [deployment.revision for deployment in service.rollouts]
    record = ServiceDeployment(revision, sources, lambda revision: _counts(service, revision))
    service.history.append(record)
    service.rollouts.insert(0, Deployment(revision, record))
    _roll_out(service.rollouts[0])


def scale(service: Service) -> None:
    """Starts or stops tasks of the present deployment, so that there are as many as desired.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html
    """
    deployment = service.rollouts[0]
    for task in _launch_missing(deployment):
        timing.after(tasks.START, lambda task=task: _come_up(deployment, task))
    _stop(service, deployment.tasks()[service.desired_count :], "Scaling activity initiated by deployment")
    if deployment.overdue:
        _conclude(deployment)


def retire(service: Service) -> None:
    """Stops every task of a service that is being deleted."""
    for deployment in service.rollouts:
        _stop(service, deployment.tasks(), "Service deleted")


def say(service: Service, message: str) -> None:
    """Puts a message in front of the service's events."""
    event = {"id": str(uuid.uuid4()), "createdAt": datetime.now(UTC), "message": f"(service {service.name}) {message}"}
    service.events = [event, *service.events][:EVENTS_KEPT]


def _roll_out(deployment: Deployment) -> None:
    if not deployment.current:
        return
    deployment.overdue = False
    seconds, launched = timing.of(ROLLOUT), _launch_missing(deployment)
    for index, task in enumerate(launched):
        moment = seconds * (index + 1) / (len(launched) + 1)
        timing.after_seconds(moment, lambda task=task: _come_up(deployment, task))
    timing.after_seconds(seconds, lambda: _conclude(deployment))


def _launch_missing(deployment: Deployment) -> list[Task]:
    service = deployment.service
    missing = service.desired_count - len(deployment.tasks())
    if missing <= 0 or deployment.rollout_state == "FAILED" or not _subnets_exist(deployment):
        return []
    revision = deployment.revision
    launched = [
        tasks.launch(service, deployment.definition, deployment.id, revision.network_configuration) for _ in range(missing)
    ]
    names = " ".join(f"(task {task.id})" for task in launched)
    say(service, f"has started {len(launched)} tasks: {names}.")
    return launched


def _come_up(deployment: Deployment, task: Task) -> None:
    """A task has had its time to start: it runs, or it fails, or it is tried again once its roles are known."""
    if task.desired_status != "RUNNING":
        return
    if (role := _role_not_yet_known(deployment)) is not None:
        say(deployment.service, f"failed to launch a task with (error {roles.unable_to_assume(role)}).")
        retry = max(timing.of(tasks.START), SHORTEST_RETRY)
        timing.after_seconds(retry, lambda: _come_up(deployment, task))
        return
    fault = _fault(deployment)
    if fault is None:
        tasks.start(task)
    else:
        tasks.stop(task, fault, "TaskFailedToStart")
        deployment.failed_tasks += 1
        deployment.record.failed_tasks = deployment.failed_tasks
    if deployment.overdue:
        _conclude(deployment)


def _conclude(deployment: Deployment) -> None:
    """The time of the rollout is over: it has completed or failed, or waits for the last tasks."""
    if not deployment.current or deployment.rollout_state != "IN_PROGRESS":
        return
    deployment.overdue = True
    if _role_not_yet_known(deployment) is not None:
        return
    # Tasks that run already, such as those that a rollback goes back to, do not have to start.
    if deployment.running() >= deployment.service.desired_count > 0:
        _complete(deployment)
    elif _fault(deployment) is not None:
        _fail(deployment)
    elif deployment.service.desired_count == 0:
        _complete(deployment)


def _complete(deployment: Deployment) -> None:
    service = deployment.service
    for older in service.rollouts[1:]:
        _stop(service, older.tasks(), f"Scaling activity initiated by deployment {deployment.id}")
    service.rollouts = [deployment]
    deployment.overdue = False
    deployment.set_state("COMPLETED", f"ECS deployment {deployment.id} completed.")
    if deployment.undoes is None:
        deployment.record.finish("SUCCESSFUL")
    else:
        deployment.undoes.record.finish("ROLLBACK_SUCCESSFUL")
        deployment.undoes = None
    say(service, f"(deployment {deployment.id}) deployment completed.")
    say(service, "has reached a steady state.")


def _fail(deployment: Deployment) -> None:
    """Without the circuit breaker ECS tries again for ever; with it, the deployment fails, and rollback is up to its setting.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
    """
    service = deployment.service
    breaker = service.deployment_configuration["deploymentCircuitBreaker"]
    deployment.failed_tasks = max(deployment.failed_tasks, threshold(service))
    deployment.record.failed_tasks = deployment.failed_tasks
    if not breaker["enable"]:
        if timing.of(ROLLOUT) > 0:
            _roll_out(deployment)
        return
    deployment.set_state("FAILED", "ECS deployment circuit breaker: tasks failed to start.")
    say(service, f"(deployment {deployment.id}) deployment failed: tasks failed to start.")
    reason = "The service deployment failed because the circuit breaker threshold was exceeded."
    target = next((older for older in service.rollouts[1:] if older.rollout_state == "COMPLETED"), None)
    if not breaker["rollback"]:
        deployment.record.finish("STOPPED", reason)
    elif target is None:
        record = (deployment.undoes or deployment).record
        record.finish("ROLLBACK_FAILED", f"{reason} No rollback candidate was found to run the rollback.")
    else:
        _roll_back(deployment, target)


def _roll_back(failed: Deployment, target: Deployment) -> None:
    """The latest completed deployment is PRIMARY and IN_PROGRESS again, and the service is what it was.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
    """
    service = failed.service
    reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
    failed.record.roll_back(target.revision, reason)
    failed.status, target.status, target.undoes = "ACTIVE", "PRIMARY", failed
    service.rollouts.remove(target)
    service.rollouts.insert(0, target)
    service.task_definition = target.revision.task_definition
    service.network_configuration = target.revision.network_configuration
    service.platform_version = target.revision.platform_version
    target.set_state("IN_PROGRESS", f"ECS deployment circuit breaker: rolling back to deploymentId {target.id}.")
    say(service, f"rolling back to deployment {target.id}.")
    _roll_out(target)


def _fault(deployment: Deployment) -> str | None:
    """Why the tasks of a deployment cannot start, if so."""
    definition, word = deployment.definition, control.settings[FAILING_IMAGES]
    for container in definition.container_definitions:
        if word and word in container["image"]:
            return f"CannotPullContainerError: failed to resolve ref {container['image']}: not found"
    for role in _roles(definition):
        if (fault := roles.fault(deployment.service._account_id, role)) is not None:
            return fault
    return None if _subnets_exist(deployment) else "ResourceInitializationError: the subnet does not exist."


def _role_not_yet_known(deployment: Deployment) -> str | None:
    account = deployment.service._account_id
    return next((role for role in _roles(deployment.definition) if not roles.known_everywhere(account, role)), None)


def _roles(definition: TaskDefinition) -> list[str]:
    given = (getattr(definition, name, None) for name in ("execution_role_arn", "task_role_arn"))
    return [role for role in given if role is not None]


def _subnets_exist(deployment: Deployment) -> bool:
    service, network = deployment.service, deployment.revision.network_configuration or {}
    zones = ec2_backends[service._account_id][service.region_name].subnets.values()
    known = {subnet for zone in zones for subnet in zone}
    return all(subnet in known for subnet in network.get("awsvpcConfiguration", {}).get("subnets", []))


def _stop(service: Service, stopped: list[Task], reason: str) -> None:
    for task in stopped:
        tasks.stop(task, reason, "ServiceSchedulerInitiated")
    if stopped:
        names = " ".join(f"(task {task.id})" for task in stopped)
        say(service, f"has stopped {len(stopped)} running tasks: {names}.")


def _counts(service: Service, revision: Revision) -> dict[str, int]:
    deployment = next((one for one in service.rollouts if one.revision is revision), None)
    described = deployment.describe() if deployment else {"desiredCount": 0, "runningCount": 0, "pendingCount": 0}
    return {
        "requestedTaskCount": described["desiredCount"],
        "runningTaskCount": described["runningCount"],
        "pendingTaskCount": described["pendingCount"],
    }
