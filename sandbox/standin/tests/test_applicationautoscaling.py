"""The mends of Application Auto Scaling."""

import pytest
from environment import Service

TARGET = {"ServiceNamespace": "ecs", "ResourceId": "service/c/s", "ScalableDimension": "ecs:service:DesiredCount"}
TRACKING = {"TargetValue": 70.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}


@pytest.fixture
def service(client):
    service = Service(client)
    service.register()
    service.create()
    return service


@pytest.fixture
def scaling(client, service):
    return client("application-autoscaling")


@pytest.fixture
def alarms(client):
    return lambda: {alarm["AlarmName"]: alarm for alarm in client("cloudwatch").describe_alarms()["MetricAlarms"]}


def put(scaling, name="p", target=TARGET, **configuration):
    tracking = TRACKING | configuration
    return scaling.put_scaling_policy(
        PolicyName=name, PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=tracking, **target
    )


def test_a_target_is_a_service_that_exists(standin, service, scaling, refused):
    for resource in ("service/c/none", "service/none/s", "service/c"):
        refused("ValidationException", scaling.register_scalable_target, **TARGET | {"ResourceId": resource}, MinCapacity=1, MaxCapacity=2)
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    standin.durations(ecs__service__delete=60)
    service.ecs.delete_service(cluster="c", service="s", force=True)
    refused("ValidationException", scaling.register_scalable_target, **TARGET, MinCapacity=1, MaxCapacity=3)


def test_a_target_has_bounds(scaling, refused):
    refused("ValidationException", scaling.register_scalable_target, **TARGET)
    refused("ValidationException", scaling.register_scalable_target, **TARGET, MinCapacity=3, MaxCapacity=2)
    refused("ValidationException", scaling.register_scalable_target, **TARGET, MinCapacity=-1, MaxCapacity=2)
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    refused("ValidationException", scaling.register_scalable_target, **TARGET, MinCapacity=3)
    scaling.register_scalable_target(**TARGET, MaxCapacity=4)
    described = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]
    assert (described["MinCapacity"], described["MaxCapacity"]) == (1, 4)
    assert described["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_ECSService")
    assert not any(described["SuspendedState"].values())


def test_a_target_is_brought_within_its_bounds(service, scaling):
    def desired_with(**bounds):
        scaling.register_scalable_target(**TARGET, **bounds)
        return service.describe()["desiredCount"], service.describe()["runningCount"]

    assert desired_with(MinCapacity=3, MaxCapacity=5) == (3, 3)
    assert desired_with(MinCapacity=2) == (3, 3)
    assert desired_with(MaxCapacity=2) == (2, 2)
    service.update(desiredCount=0)
    assert desired_with() == (2, 2)


def test_what_is_gone_is_not_found(scaling, refused):
    refused("ObjectNotFoundException", scaling.deregister_scalable_target, **TARGET)
    refused("ObjectNotFoundException", put, scaling)
    refused("ObjectNotFoundException", scaling.delete_scaling_policy, **TARGET, PolicyName="p")


def test_target_tracking_has_two_alarms(scaling, alarms):
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    policy = put(scaling)
    high, low = (alarms()[alarm["AlarmName"]] for alarm in policy["Alarms"])
    assert high["AlarmName"].startswith("TargetTracking-service/c/s-AlarmHigh-")
    assert low["AlarmName"].startswith("TargetTracking-service/c/s-AlarmLow-")
    assert (high["Threshold"], low["Threshold"]) == (70.0, 63.0)
    assert high["AlarmActions"][0].startswith(policy["PolicyARN"])
    again = put(scaling, TargetValue=50.0)
    assert again["PolicyARN"] == policy["PolicyARN"]
    assert sorted(alarm["Threshold"] for alarm in alarms().values()) == [45.0, 50.0]
    put(scaling, DisableScaleIn=True)
    assert [alarm["Threshold"] for alarm in alarms().values()] == [70.0]


def test_a_target_takes_its_policies_along(scaling, alarms):
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    put(scaling)
    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
    assert alarms() == {}


def test_targets_and_policies_come_in_pages(service, scaling, refused):
    for number in range(3):
        service.create(serviceName=f"s{number}", desiredCount=0)
        target = TARGET | {"ResourceId": f"service/c/s{number}"}
        scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
        for policy in range(4):
            put(scaling, f"p{number}{policy}", target)
    first = scaling.describe_scalable_targets(ServiceNamespace="ecs", MaxResults=2)
    rest = scaling.describe_scalable_targets(ServiceNamespace="ecs", MaxResults=2, NextToken=first["NextToken"])
    assert (len(first["ScalableTargets"]), len(rest["ScalableTargets"]), "NextToken" in rest) == (2, 1, False)
    first = scaling.describe_scaling_policies(ServiceNamespace="ecs")
    rest = scaling.describe_scaling_policies(ServiceNamespace="ecs", NextToken=first["NextToken"])
    assert (len(first["ScalingPolicies"]), len(rest["ScalingPolicies"]), "NextToken" in rest) == (10, 2, False)
    named = scaling.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["p00", "p21"], ResourceId="service/c/s2")
    assert [policy["PolicyName"] for policy in named["ScalingPolicies"]] == ["p21"]
    refused("ValidationException", scaling.describe_scaling_policies, ServiceNamespace="ecs", MaxResults=11)
    refused("ValidationException", scaling.describe_scalable_targets, ServiceNamespace="ecs", MaxResults=51)
    refused("InvalidNextTokenException", scaling.describe_scalable_targets, ServiceNamespace="ecs", NextToken="x")
