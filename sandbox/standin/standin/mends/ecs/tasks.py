"""Tasks: how they start and stop, their network interfaces, and how they are found."""

import copy
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import Cluster, EC2ContainerServiceBackend, Service, Task, TaskDefinition
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.logs.models import logs_backends

from ... import interfaces, timing
from ...mending import Mends
from .paging import page

mends = Mends("ECS")

START = timing.define("ecs.task.start", demo=1)
RELEASE = timing.define("ecs.interface.release", demo=2)

TASKS_AT_ONCE = 100
SECONDS_DESCRIBED_AFTER_STOP = 3600


@mends.around(Task, "__init__")
def a_task_has_an_interface_in_a_subnet(
    original: Any, self: Any, cluster: Cluster, task_definition: TaskDefinition, *args: Any, **kwargs: Any
) -> None:
    """A task in mode awsvpc has its own network interface, in one of the subnets given and with a public address on request.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html"""
    without_network = copy.copy(task_definition)
    without_network.network_mode = "none"
    original(self, cluster, without_network, *args, **kwargs)
    self.interface = None
    if task_definition.network_mode == "awsvpc":
        configuration = kwargs.get("networking_configuration") or {}
        if "awsvpcConfiguration" not in configuration:
            message = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
            raise InvalidParameterException(message)
        self.interface = _attach_interface(self, configuration["awsvpcConfiguration"])


@mends.around(Task, "__init__")
def a_new_task_is_provisioning(
    original: Any, self: Any, cluster: Cluster, task_definition: TaskDefinition, *args: Any, **kwargs: Any
) -> None:
    """A task goes from PROVISIONING to RUNNING, and to STOPPED by way of DEPROVISIONING.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html"""
    self.state = "PROVISIONING"
    self.created_at = datetime.now(UTC)
    self.cpu, self.memory = task_definition.cpu, task_definition.memory
    original(self, cluster, task_definition, *args, **kwargs)


@mends.computes(Task, "last_status")
def a_task_says_where_it_is(self: Task) -> str:
    """lastStatus is the state that the task has reached; describing it does not change it.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html"""
    return self.state


@mends.around(EC2ContainerServiceBackend, "run_task")
def a_task_takes_time_to_start(original: Any, self: Any, *args: Any, **kwargs: Any) -> list[Task]:
    """RunTask answers at once, and its tasks run a while later.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""
    started = original(self, *args, **kwargs)
    for task in started:
        timing.after(START, lambda task=task: start(task))
    return started


@mends.around(EC2ContainerServiceBackend, "_calculate_task_resource_requirements")
def a_container_need_not_name_its_memory(original: Any, self: Any, definition: TaskDefinition) -> dict[str, Any]:
    """On Fargate the size of the task is enough; moto adds up the containers' and fails.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"""
    sized = copy.copy(definition)
    sized.container_definitions = [{"memory": 0} | container for container in definition.container_definitions]
    return original(sized)


@mends.adds(EC2ContainerServiceResponse, "list_tasks")
def tasks_are_listed_by_service(self: EC2ContainerServiceResponse) -> ActionResult:
    """ListTasks filters by service, family, starter and desired status, RUNNING if none is given, and pages 100 tasks.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html"""
    cluster = self.ecs_backend._get_cluster(self._get_param("cluster", "default"))
    service, family = self._get_param("serviceName"), self._get_param("family")
    started_by, launch_type = self._get_param("startedBy"), self._get_param("launchType")
    status = self._get_param("desiredStatus") or "RUNNING"
    found = [
        task.task_arn
        for task in self.ecs_backend.tasks.get(cluster.name, {}).values()
        if task.desired_status == status
        and (not service or task.group == f"service:{service.rpartition('/')[2]}")
        and (not family or task.task_definition_arn.rpartition("/")[2].rpartition(":")[0] == family)
        and (not started_by or task.started_by == started_by)
        and (not launch_type or task.launch_type == launch_type)
    ]
    return page(self, "taskArns", found)


@mends.around(EC2ContainerServiceResponse, "describe_tasks")
def missing_tasks_are_failures(original: Any, self: Any) -> ActionResult:
    """DescribeTasks takes 100 tasks, and names those that it does not find under `failures`.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html"""
    names = self._get_param("tasks", [])
    if len(names) > TASKS_AT_ONCE:
        raise InvalidParameterException(f"Tasks cannot have more than {TASKS_AT_ONCE} elements.")
    answer = original(self)
    found = {task.id for task in answer.result["tasks"]}
    answer.result["failures"] = [{"arn": name, "reason": "MISSING"} for name in names if name.rpartition("/")[2] not in found]
    return answer


@mends.adds(EC2ContainerServiceBackend, "describe_tasks")
def tasks_are_described_within_their_cluster(
    self: EC2ContainerServiceBackend, cluster_str: str, tasks: list[str]
) -> list[Task]:
    """DescribeTasks answers tasks of one cluster, by id or ARN.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html"""
    cluster = self._get_cluster(cluster_str)
    if not tasks:
        raise InvalidParameterException("Tasks cannot be empty.")
    wanted = {name.rpartition("/")[2] for name in tasks}
    return [task for task in self.tasks.get(cluster.name, {}).values() if task.id in wanted]


def find(backend: EC2ContainerServiceBackend, cluster_name: str, name: str) -> Task:
    """The task of that id or ARN."""
    task_id = name.rpartition("/")[2]
    cluster = backend._get_cluster(cluster_name)
    for task in backend.tasks.get(cluster.name, {}).values():
        if task.id == task_id:
            return task
    raise InvalidParameterException("The referenced task was not found.")


def launch(service: Service, definition: TaskDefinition, deployment_id: str, network: dict[str, Any]) -> Task:
    """Starts a task of a service: it is PROVISIONING."""
    backend = service._backend
    cluster = backend.clusters[service.cluster_name]
    task = Task(
        cluster=cluster,
        task_definition=definition,
        container_instance_arn=None,
        resource_requirements=None,
        backend=backend,
        group=f"service:{service.name}",
        launch_type=service.launch_type,
        started_by=deployment_id,
        tags=_propagated_tags(service, definition),
        networking_configuration=network,
        platform_version=service.platform_version,
    )
    task.enable_execute_command = service.enable_execute_command
    backend.tasks.setdefault(cluster.name, {})[task.task_arn] = task
    return task


def start(task: Task) -> None:
    """The task runs, unless it was stopped before."""
    if task.state == "PROVISIONING":
        task.started_at = datetime.now(UTC)
        _set_state(task, "RUNNING")
        _make_insights_log_group(task)


def stop(task: Task, reason: str, code: str) -> None:
    """Stops a task. Its network interface lingers while it is DEPROVISIONING.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
    """
    if task.desired_status == "STOPPED":
        return
    task.desired_status = "STOPPED"
    task.stopped_reason, task.stop_code = reason, code
    task.stopping_at = datetime.now(UTC)
    _set_state(task, "DEPROVISIONING")
    timing.after(RELEASE, lambda: _end(task))


def live(service: Service, deployment_id: str) -> list[Task]:
    """The tasks of a service's deployment that nobody has stopped, oldest first."""
    tasks = service._backend.tasks.get(service.cluster_name, {}).values()
    return [task for task in tasks if task.started_by == deployment_id and task.desired_status == "RUNNING"]


def _end(task: Task) -> None:
    if task.interface is not None:
        interfaces.release(task._account_id, task.region_name, task.interface.id)
        task.attachments[0]["status"] = "DELETED"
    task.stopped_at = datetime.now(UTC)
    _set_state(task, "STOPPED")
    tasks = task._backend.tasks[task.cluster_name]
    timing.after_seconds(SECONDS_DESCRIBED_AFTER_STOP, lambda: tasks.pop(task.task_arn, None))


def _set_state(task: Task, state: str) -> None:
    task.state = state
    for container in task.containers:
        container.last_status = {"PROVISIONING": "PENDING", "RUNNING": "RUNNING"}.get(state, "STOPPED")


def _attach_interface(task: Task, configuration: dict[str, Any]) -> NetworkInterface:
    try:
        subnet = ec2_backends[task._account_id][task.region_name].get_subnet(_least_used_subnet(task, configuration["subnets"]))
    except InvalidSubnetIdError as error:
        raise InvalidParameterException(f"Error retrieving subnet information: {error.message}") from error
    interface = interfaces.attach(
        task._account_id,
        task.region_name,
        subnet.id,
        configuration.get("securityGroups") or [],
        f"arn:aws:ecs:{task.region_name}:{task._account_id}:attachment/{task.id}",
        public_ip=configuration.get("assignPublicIp") == "ENABLED",
    )
    task.availability_zone = subnet.availability_zone
    task.attachments = [_attachment(task, interface)]
    return interface


def _least_used_subnet(task: Task, subnets: list[str]) -> str:
    """Fargate spreads the tasks of a service over the zones.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
    """
    tasks = task._backend.tasks.get(task.cluster_name, {}).values()
    siblings = [other for other in tasks if other.group == task.group and other.desired_status == "RUNNING"]
    used = [other.interface.subnet.id for other in siblings if other.interface is not None]
    return min(subnets, key=used.count)


def _attachment(task: Task, interface: NetworkInterface) -> dict[str, Any]:
    details = {
        "subnetId": interface.subnet.id,
        "networkInterfaceId": interface.id,
        "macAddress": interface.mac_address,
        "privateDnsName": getattr(interface, "private_dns_name", None),
        "privateIPv4Address": interface.private_ip_address,
    }
    return {
        "id": task.id,
        "type": "ElasticNetworkInterface",
        "status": "ATTACHED",
        "details": [{"name": name, "value": value} for name, value in details.items() if value],
    }


def _propagated_tags(service: Service, definition: TaskDefinition) -> list[dict[str, str]]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html"""
    source = {"SERVICE": service.tags, "TASK_DEFINITION": definition.tags}.get(service.propagate_tags, [])
    managed = {"aws:ecs:clusterName": service.cluster_name, "aws:ecs:serviceName": service.name}
    return [dict(tag) for tag in source or []] + [
        {"key": key, "value": value} for key, value in managed.items() if service.enable_ecs_managed_tags
    ]


def _make_insights_log_group(task: Task) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-reference-performance-logs-ECS.html

    Container Insights makes the log group of its cluster when tasks run and it is not there, without retention.
    """
    cluster = task._backend.clusters[task.cluster_name]
    if any(setting["name"] == "containerInsights" and setting["value"] != "disabled" for setting in cluster.settings):
        logs_backends[task._account_id][task.region_name].ensure_log_group(f"/aws/ecs/containerinsights/{cluster.name}/performance")
