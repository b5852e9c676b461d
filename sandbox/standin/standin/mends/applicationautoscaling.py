"""Application Auto Scaling: targets that exist, policies that go with them, and the alarms of target tracking."""

import json
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    FakeApplicationAutoscalingPolicy,
    FakeScalableTarget,
)
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse, _build_policy, _build_target
from moto.core.exceptions import ServiceException
from moto.utilities.utils import get_partition

from ..mending import AwsError, Mends
from .ecs import deployments

mends = Mends("Application Auto Scaling")
mends.differs(
    "No alarm ever scales anything: a test sets the desired count as Application Auto Scaling would.",
)

TARGETS_A_PAGE = 50
POLICIES_A_PAGE = 10
LOW_SHARE = 0.9
"""Target tracking scales in below this share of its target."""
ACTIVITIES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


@mends.adds(ApplicationAutoscalingBackend, "_ecs_service_exists_for_target")
def a_target_is_a_service_that_exists(self: ApplicationAutoscalingBackend, r_id: str) -> bool:
    """RegisterScalableTarget is refused with ValidationException unless the ECS service exists and is not being deleted.
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html"""
    try:
        _, cluster, name = r_id.split("/")
        services, _ = self.ecs_backend.describe_services(cluster, [name])
    except (ValueError, ServiceException):
        services = []
    if not any(service.status == "ACTIVE" for service in services):
        raise AWSValidationException(f"ECS service doesn't exist: {r_id}")
    return True


@mends.around(ApplicationAutoscalingBackend, "register_scalable_target")
def a_target_has_bounds(original: Any, self: Any, namespace: str, r_id: str, dimension: str, **kwargs: Any) -> FakeScalableTarget:
    """A new target needs both bounds; they are not negative, and the minimum is not above the maximum.
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html"""
    known = self.targets.get(dimension, {}).get(r_id)
    least, most = kwargs.get("min_capacity"), kwargs.get("max_capacity")
    least = known.min_capacity if least is None and known else least
    most = known.max_capacity if most is None and known else most
    if least is None or most is None:
        raise AWSValidationException("MinCapacity and MaxCapacity are required to register a new scalable target.")
    if not 0 <= least <= most:
        raise AWSValidationException("Maximum capacity cannot be less than minimum capacity, nor either below 0.")
    return original(self, namespace, r_id, dimension, **kwargs)


@mends.around(ApplicationAutoscalingBackend, "register_scalable_target")
def a_target_is_brought_within_its_bounds(original: Any, self: Any, namespace: str, r_id: str, *args: Any, **kwargs: Any) -> Any:
    """RegisterScalableTarget, for a new target or a known one, brings the service's desired count within the bounds.
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html"""
    target = original(self, namespace, r_id, *args, **kwargs)
    _, cluster, name = r_id.split("/")
    service = self.ecs_backend.services[f"{cluster}:{name}"]
    within = min(max(service.desired_count, target.min_capacity), target.max_capacity)
    if within != service.desired_count:
        service.desired_count = within
        deployments.scale(service)
    return target


@mends.around(FakeScalableTarget, "__init__")
def a_target_has_a_role_and_is_not_suspended(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    """Without a role the service-linked one is used, and no activity is suspended.
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTarget.html"""
    original(self, *args, **kwargs)
    backend = self.applicationautoscaling_backend
    self.role_arn = self.role_arn or (
        f"arn:{get_partition(backend.region_name)}:iam::{backend.account_id}:role/aws-service-role/"
        "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
    )
    self.suspended_state = dict.fromkeys(ACTIVITIES, False) | (self.suspended_state or {})


@mends.adds(ApplicationAutoscalingBackend, "deregister_scalable_target")
def a_target_takes_its_policies_along(self: ApplicationAutoscalingBackend, namespace: str, r_id: str, dimension: str) -> None:
    """Deregistering a target deletes its policies, and with them their alarms; an unknown target is ObjectNotFoundException.
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html"""
    if not self._scalable_target_exists(r_id, dimension):
        _not_found("No scalable target found", namespace, r_id, dimension)
    for key, policy in list(self.policies.items()):
        if (policy.resource_id, policy.scalable_dimension) == (r_id, dimension):
            policy.delete_alarms(self.account_id, self.region_name)
            del self.policies[key]
    del self.targets[dimension][r_id]


@mends.around(ApplicationAutoscalingBackend, "put_scaling_policy")
def a_policy_needs_a_target(original: Any, self: Any, **kwargs: Any) -> FakeApplicationAutoscalingPolicy:
    """PutScalingPolicy needs a registered target, or answers ObjectNotFoundException.
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html"""
    r_id, dimension = kwargs["resource_id"], kwargs["scalable_dimension"]
    if not self._scalable_target_exists(r_id, dimension):
        _not_found("No scalable target registered", kwargs["service_namespace"], r_id, dimension)
    return original(self, **kwargs)


@mends.around(ApplicationAutoscalingBackend, "put_scaling_policy")
def an_updated_policy_stays_the_same(original: Any, self: Any, **kwargs: Any) -> FakeApplicationAutoscalingPolicy:
    """A policy that is put again keeps its ARN, and has one set of alarms; moto leaves the old ones behind.
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html"""
    old = self.policies.get(_key(kwargs))
    policy = original(self, **kwargs)
    if old is not None:
        old.delete_alarms(self.account_id, self.region_name)
        policy.policy_arn, policy.creation_time = old.policy_arn, old.creation_time
    return policy


@mends.around(FakeApplicationAutoscalingPolicy, "_generate_ecs_alarms")
def alarms_follow_the_target_value(original: Any, self: Any) -> list[Any]:
    """Target tracking scales out above its target, and in below nine tenths of it, unless scaling in is disabled.
    https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html"""
    high, low = original(self)
    configuration = self.target_tracking_scaling_policy_configuration
    high.threshold = float(configuration["TargetValue"])
    low.threshold = high.threshold * LOW_SHARE
    if not configuration.get("DisableScaleIn"):
        return [high, low]
    self.alarms = [low]
    self.delete_alarms(self.account_id, self.region_name)
    self.alarms = []
    return [high]


@mends.around(ApplicationAutoscalingBackend, "delete_scaling_policy")
def a_policy_that_is_gone_is_not_found(original: Any, self: Any, **kwargs: Any) -> None:
    """DeleteScalingPolicy answers ObjectNotFoundException for a policy that does not exist.
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeleteScalingPolicy.html"""
    if _key(kwargs) not in self.policies:
        _not_found("No scaling policy found", kwargs["service_namespace"], kwargs["resource_id"], kwargs["scalable_dimension"])
    original(self, **kwargs)


@mends.adds(ApplicationAutoScalingResponse, "describe_scalable_targets")
def targets_are_described_in_pages(self: ApplicationAutoScalingResponse) -> str:
    """DescribeScalableTargets pages 50 targets at most.
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html"""
    self._validate_params()
    targets = self.applicationautoscaling_backend.describe_scalable_targets(
        self._get_param("ServiceNamespace"), self._get_param("ResourceIds"), self._get_param("ScalableDimension")
    )
    return _page(self, "ScalableTargets", [_build_target(target) for target in targets], TARGETS_A_PAGE)


@mends.adds(ApplicationAutoScalingResponse, "describe_scaling_policies")
def policies_are_described_in_pages(self: ApplicationAutoScalingResponse) -> str:
    """DescribeScalingPolicies filters by resource and by names, and pages 10 policies at most.
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingPolicies.html"""
    self._validate_params()
    names, resource = self._get_param("PolicyNames"), self._get_param("ResourceId")
    dimension = self._get_param("ScalableDimension")
    policies = [
        _build_policy(policy)
        for policy in self.applicationautoscaling_backend.policies.values()
        if policy.service_namespace == self._get_param("ServiceNamespace")
        and (not names or policy.policy_name in names)
        and (not resource or policy.resource_id == resource)
        and (not dimension or policy.scalable_dimension == dimension)
    ]
    return _page(self, "ScalingPolicies", policies, POLICIES_A_PAGE)


def _page(response: ApplicationAutoScalingResponse, key: str, items: list[Any], largest: int) -> str:
    size, token = response._get_int_param("MaxResults") or largest, response._get_param("NextToken") or "0"
    if not 1 <= size <= largest:
        raise AWSValidationException(f"MaxResults must be between 1 and {largest}.")
    if not token.isdecimal():
        raise AwsError("InvalidNextTokenException", "The next token is invalid.")
    start, end = int(token), int(token) + size
    more = {"NextToken": str(end)} if end < len(items) else {}
    return json.dumps({key: items[start:end]} | more)


def _key(kwargs: dict[str, Any]) -> str:
    names = ("service_namespace", "resource_id", "scalable_dimension", "policy_name")
    return FakeApplicationAutoscalingPolicy.formulate_key(*(kwargs[name] for name in names))


def _not_found(what: str, namespace: str, resource_id: str, dimension: str) -> None:
    where = f"service namespace: {namespace}, resource ID: {resource_id}, scalable dimension: {dimension}"
    raise AwsError("ObjectNotFoundException", f"{what} for {where}")
