"""Services: what they keep, how they are changed and deleted, how they are listed."""

import json
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import EcsClientException, InvalidParameterException, ServiceNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend, Service
from moto.ecs.responses import EC2ContainerServiceResponse

from ... import timing
from ...mending import AwsError, Mends
from . import clusters, deployments
from .paging import page

mends = Mends("ECS")

DELETE = timing.define("ecs.service.delete", demo=2)

SERVICES_AT_ONCE = 10
USUAL_PAGE = 10
LONGEST_TOKEN = 36

# Settings that start no deployment when they change → what they are if not given.
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
QUIET_SETTINGS = {
    "availabilityZoneRebalancing": "ENABLED",
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "healthCheckGracePeriodSeconds": 0,
    "propagateTags": "NONE",
}
ATTRIBUTES = {
    "availabilityZoneRebalancing": "availability_zone_rebalancing",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "enableExecuteCommand": "enable_execute_command",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "propagateTags": "propagate_tags",
}
DEPLOYMENT_DEFAULTS = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
}


@mends.around(Service, "__init__")
def a_new_service_has_no_tasks(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    """A service begins without tasks and deployments, and knows when it was made and on which platform its tasks run.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html"""
    self.rollouts, self.history = [], []
    original(self, *args, **kwargs)
    self.created_at = datetime.now(UTC)
    if self.launch_type == "FARGATE":
        self.platform_version, self.platform_family = self.platform_version or "LATEST", "Linux"


@mends.around(EC2ContainerServiceResponse, "create_service")
def a_new_service_keeps_its_settings_and_rolls_out(original: Any, self: Any) -> ActionResult:
    """CreateService keeps every setting, and starts the first deployment; moto drops most settings and starts no task.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html"""
    given_at_first = _settings_given(self)
    network = (self._get_param("networkConfiguration") or {}).get("awsvpcConfiguration")
    if network is not None:
        network.setdefault("securityGroups", [])
        network.setdefault("assignPublicIp", "DISABLED")
    answer = original(self)
    service = answer.result["service"]
    service.client_token = self._get_param("clientToken")
    service.creation = given_at_first
    service.deployment_configuration = DEPLOYMENT_DEFAULTS | (self._get_param("deploymentConfiguration") or {})
    for name, usual in QUIET_SETTINGS.items():
        given = self._get_param(name)
        setattr(service, ATTRIBUTES[name], usual if given is None else given)
    deployments.deploy(service)
    return answer


@mends.around(EC2ContainerServiceResponse, "create_service")
def a_service_needs_what_it_refers_to(original: Any, self: Any) -> ActionResult:
    """CreateService needs an ACTIVE cluster and task definition, and for mode awsvpc a network configuration.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html"""
    clusters.active(self.ecs_backend, self._get_param("cluster", "default"))
    definition = _definition(self.ecs_backend, self._get_param("taskDefinition"))
    if definition.network_mode == "awsvpc" and not self._get_param("networkConfiguration"):
        message = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        raise InvalidParameterException(message)
    return original(self)


@mends.around(EC2ContainerServiceResponse, "create_service")
def a_service_is_made_once(original: Any, self: Any) -> ActionResult:
    """CreateService for a name that is taken is refused, unless the client token and the parameters are those of the first call.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html"""
    cluster = self.ecs_backend._get_cluster(self._get_param("cluster", "default"))
    existing = self.ecs_backend.services.get(f"{cluster.name}:{self._get_param('serviceName')}")
    token = self._get_param("clientToken")
    if token and len(token) > LONGEST_TOKEN:
        raise InvalidParameterException(f"clientToken can have at most {LONGEST_TOKEN} characters.")
    if existing is None or existing.status == "INACTIVE":
        return original(self)
    if existing.status == "DRAINING":
        raise InvalidParameterException("Unable to Start a service that is still Draining.")
    if token and token == existing.client_token and existing.creation == _settings_given(self):
        return ActionResult({"service": existing})
    raise InvalidParameterException("Creation of service was not idempotent.")


@mends.adds(EC2ContainerServiceResponse, "update_service")
def an_updated_service_rolls_out_what_changed(self: EC2ContainerServiceResponse) -> ActionResult:
    """UpdateService starts a deployment for another task definition, network or platform, or when forced; and no other way.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html"""
    service = _active_service(self)
    configuration = self._get_param("deploymentConfiguration") or {}
    service.deployment_configuration = service.deployment_configuration | configuration
    for name, attribute in ATTRIBUTES.items():
        if self._get_param(name) is not None:
            setattr(service, attribute, self._get_param(name))
    if self._get_param("desiredCount") is not None:
        service.desired_count = self._get_param("desiredCount")
    if _change_revision(self, service) or self._get_param("forceNewDeployment"):
        deployments.deploy(service)
    else:
        deployments.scale(service)
    return ActionResult({"service": service})


@mends.adds(EC2ContainerServiceResponse, "delete_service")
def a_deleted_service_drains(self: EC2ContainerServiceResponse) -> ActionResult:
    """A deleted service is DRAINING while its tasks stop, then INACTIVE; it needs `force` while it is scaled above 0.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html"""
    service = _service(self)
    if service.status == "INACTIVE":
        raise ServiceNotFoundException
    if service.desired_count > 0 and not self._get_param("force"):
        raise InvalidParameterException("The service cannot be stopped while it is scaled above 0.")
    if service.status == "ACTIVE":
        service.status, service.desired_count = "DRAINING", 0
        deployments.retire(service)
        timing.after(DELETE, lambda: _end(service))
    return ActionResult({"service": service})


@mends.adds(EC2ContainerServiceResponse, "list_services")
def services_are_listed_in_pages(self: EC2ContainerServiceResponse) -> ActionResult:
    """ListServices pages 10 services, or maxResults up to 100; those that are INACTIVE are described, but not listed.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html"""
    cluster = self.ecs_backend._get_cluster(self._get_param("cluster", "default"))
    strategy, launch_type = self._get_param("schedulingStrategy"), self._get_param("launchType")
    found = [
        service.arn
        for service in clusters.services_of(self.ecs_backend, cluster)
        if strategy in (None, service.scheduling_strategy) and launch_type in (None, service.launch_type)
    ]
    return page(self, "serviceArns", sorted(found), usual=USUAL_PAGE)


@mends.around(EC2ContainerServiceResponse, "describe_services")
def ten_services_are_described_at_once(original: Any, self: Any) -> ActionResult:
    """DescribeServices takes ten services.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""
    names = self._get_param("services", [])
    if not names:
        raise InvalidParameterException("Services cannot be empty.")
    if len(names) > SERVICES_AT_ONCE:
        raise InvalidParameterException(f"Services cannot have more than {SERVICES_AT_ONCE} elements.")
    return original(self)


@mends.computes(Service, "current_service_deployment")
def a_service_names_its_deployment_under_way(self: Service) -> str | None:
    """currentServiceDeployment is the ARN of the ongoing service deployment.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html"""
    return next((record.arn for record in self.history if record.under_way), None)


def _service(response: EC2ContainerServiceResponse) -> Service:
    cluster = response.ecs_backend._get_cluster(response._get_param("cluster", "default"))
    name = response._get_param("service").rpartition("/")[2]
    service = response.ecs_backend.services.get(f"{cluster.name}:{name}")
    if service is None:
        raise ServiceNotFoundException
    return service


def _active_service(response: EC2ContainerServiceResponse) -> Service:
    service = _service(response)
    if service.status != "ACTIVE":
        raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
    return service


def _definition(backend: EC2ContainerServiceBackend, name: str | None) -> Any:
    if not name:
        raise InvalidParameterException("TaskDefinition can not be blank.")
    definition = backend.describe_task_definition(name)
    if definition.status != "ACTIVE":
        raise EcsClientException("TaskDefinition is inactive")
    return definition


def _change_revision(response: EC2ContainerServiceResponse, service: Service) -> bool:
    """Whether the request changes what a deployment deploys; the task definition is kept as its ARN."""
    before = (service.task_definition, service.network_configuration, service.platform_version)
    if response._get_param("taskDefinition"):
        service.task_definition = _definition(response.ecs_backend, response._get_param("taskDefinition")).arn
    if network := response._get_param("networkConfiguration"):
        asked = {"securityGroups": [], "assignPublicIp": "DISABLED"} | network["awsvpcConfiguration"]
        service.network_configuration = service._validate_network({"awsvpcConfiguration": asked})
    service.platform_version = response._get_param("platformVersion") or service.platform_version
    return before != (service.task_definition, service.network_configuration, service.platform_version)


def _settings_given(response: EC2ContainerServiceResponse) -> str:
    return json.dumps(dict(response._get_params()), sort_keys=True, default=str)


def _end(service: Service) -> None:
    service.status, service.rollouts = "INACTIVE", []
