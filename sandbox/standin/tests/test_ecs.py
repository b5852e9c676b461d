"""The mends of ECS: clusters, task definitions, and what a service is."""

import pytest
from environment import Service


@pytest.fixture
def service(client):
    return Service(client)


@pytest.fixture
def ecs(service):
    return service.ecs


def test_a_cluster_is_made_once(ecs):
    again = ecs.create_cluster(clusterName="c", settings=[{"name": "containerInsights", "value": "disabled"}])["cluster"]
    assert again["settings"] == [{"name": "containerInsights", "value": "enabled"}]
    ecs.update_cluster_settings(cluster="c", settings=[{"name": "containerInsights", "value": "enhanced"}])
    described = ecs.describe_clusters(clusters=["c", "none"], include=["SETTINGS"])
    assert described["clusters"][0]["settings"] == [{"name": "containerInsights", "value": "enhanced"}]
    assert [failure["reason"] for failure in described["failures"]] == ["MISSING"]
    assert not ecs.describe_clusters(clusters=["c"])["clusters"][0].get("settings")


def test_a_cluster_goes_when_it_is_empty(standin, service, ecs, refused):
    service.register()
    standin.durations(**service.DURATIONS)
    service.create()
    refused("ClusterContainsServicesException", ecs.delete_cluster, cluster="c")
    assert ecs.describe_clusters(clusters=["c"])["clusters"][0]["pendingTasksCount"] == 2
    standin.elapse(60)
    counted = ecs.describe_clusters(clusters=["c"])["clusters"][0]
    assert (counted["activeServicesCount"], counted["runningTasksCount"], counted["pendingTasksCount"]) == (1, 2, 0)
    standin.durations(ecs__interface__release=60)
    ecs.delete_service(cluster="c", service="s", force=True)
    standin.elapse(30)
    refused("ClusterContainsTasksException", ecs.delete_cluster, cluster="c")
    standin.elapse(30)
    assert ecs.delete_cluster(cluster="c")["cluster"]["status"] == "INACTIVE"
    assert ecs.list_clusters()["clusterArns"] == []
    assert ecs.describe_clusters(clusters=["c"])["clusters"][0]["status"] == "INACTIVE"
    refused("ClusterNotFoundException", ecs.delete_cluster, cluster="c")
    refused("ClusterNotFoundException", service.create)
    assert ecs.create_cluster(clusterName="c")["cluster"]["status"] == "ACTIVE"


def test_clusters_are_listed_in_pages(ecs):
    for name in ("d", "e"):
        ecs.create_cluster(clusterName=name)
    first = ecs.list_clusters(maxResults=2)
    rest = ecs.list_clusters(maxResults=2, nextToken=first["nextToken"])
    assert [arn[-1] for arn in first["clusterArns"] + rest["clusterArns"]] == ["c", "d", "e"]
    assert "nextToken" not in rest


@pytest.mark.parametrize(
    ("cpu", "memory", "right"),
    [
        ("256", "512", True),
        ("256", "4096", False),
        ("300", "512", False),
        ("1024", "2048", True),
        ("1024", "2049", False),
        ("4 vCPU", "30 GB", True),
        ("8192", "17408", False),
        ("16384", "122880", True),
        ("1024", None, False),
    ],
)
def test_fargate_has_sizes(service, refused, cpu, memory, right):
    if right:
        assert service.register(cpu=cpu, memory=memory)["cpu"].isdecimal()
    else:
        refused("ClientException", service.register, cpu=cpu, memory=memory)


@pytest.mark.parametrize(
    "wrong",
    [
        {"networkMode": "bridge"},
        {"taskRoleArn": "arn:aws:iam::123456789012:role/none"},
        {"executionRoleArn": "arn:aws:iam::123456789012:role/none"},
        {"executionRoleArn": None, "containerDefinitions": [{"name": "p", "image": "i", "secrets": [{"name": "A", "valueFrom": "b"}]}]},
        {"executionRoleArn": None, "containerDefinitions": [{"name": "p", "image": "i", "logConfiguration": {"logDriver": "awslogs"}}]},
        {"containerDefinitions": [{"name": "p", "image": "i", "stopTimeout": 121}]},
    ],
)
def test_wrong_definitions_are_refused(service, refused, wrong):
    refused("ClientException", service.register, **wrong)


def test_revisions(service, ecs):
    arns = [service.register()["taskDefinitionArn"] for _ in range(3)]
    assert [arn.rpartition(":")[2] for arn in arns] == ["1", "2", "3"]
    service.register(family="f2")
    first = ecs.list_task_definitions(familyPrefix="f", maxResults=2)
    rest = ecs.list_task_definitions(familyPrefix="f", maxResults=2, nextToken=first["nextToken"])
    assert first["taskDefinitionArns"] + rest["taskDefinitionArns"] == arns
    assert ecs.list_task_definitions(familyPrefix="f", sort="DESC")["taskDefinitionArns"] == arns[::-1]
    gone = ecs.deregister_task_definition(taskDefinition=arns[2])["taskDefinition"]
    assert gone["status"] == "INACTIVE" and gone["deregisteredAt"] >= gone["registeredAt"]
    assert ecs.describe_task_definition(taskDefinition="f")["taskDefinition"]["taskDefinitionArn"] == arns[1]
    assert ecs.list_task_definitions(familyPrefix="f", status="INACTIVE")["taskDefinitionArns"] == [arns[2]]


def test_a_service_keeps_its_settings(service):
    service.register()
    given = {
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 150,
            "minimumHealthyPercent": 50,
        },
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "propagateTags": "SERVICE",
        "healthCheckGracePeriodSeconds": 30,
        "availabilityZoneRebalancing": "DISABLED",
        "tags": [{"key": "a", "value": "b"}],
    }
    service.create(**given)
    described = service.ecs.describe_services(cluster="c", services=["s"], include=["TAGS"])["services"][0]
    assert described["deploymentConfiguration"].items() >= given.pop("deploymentConfiguration").items()
    assert {name: described[name] for name in given} == given
    assert described["platformVersion"] == "LATEST"
    tags = {tag["key"]: tag["value"] for tag in service.tasks()[0]["tags"]}
    assert tags == {"a": "b", "aws:ecs:clusterName": "c", "aws:ecs:serviceName": "s"}
    service.update(enableExecuteCommand=False, deploymentConfiguration={"maximumPercent": 200})
    described = service.describe()
    assert described["enableExecuteCommand"] is False
    assert described["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert described["deploymentConfiguration"]["maximumPercent"] == 200


def test_settings_have_defaults(service):
    service.register()
    described = service.create(deploymentConfiguration=None, networkConfiguration={"awsvpcConfiguration": {"subnets": service.network.subnets}})
    assert described["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": False, "rollback": False}
    assert described["availabilityZoneRebalancing"] == "ENABLED"
    assert described["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"


def test_a_service_is_made_once(standin, service, refused):
    service.register()
    first = service.create(clientToken="t", desiredCount=1)
    assert service.create(clientToken="t", desiredCount=1)["createdAt"] == first["createdAt"]
    assert len(service.tasks()) == 1
    refused("InvalidParameterException", service.create, clientToken="t", desiredCount=2)
    refused("InvalidParameterException", service.create, clientToken="other", desiredCount=1)
    refused("InvalidParameterException", service.create, desiredCount=1)
    refused("InvalidParameterException", service.create, serviceName="s2", clientToken="t" * 37)
    standin.durations(ecs__service__delete=60)
    service.ecs.delete_service(cluster="c", service="s", force=True)
    refused("InvalidParameterException", service.create, clientToken="t", desiredCount=1)
    standin.elapse(60)
    assert service.create(desiredCount=1)["status"] == "ACTIVE"


def test_a_service_needs_what_it_refers_to(service, refused):
    arn = service.register()["taskDefinitionArn"]
    refused("InvalidParameterException", service.create, networkConfiguration=None)
    refused("InvalidParameterException", service.create, networkConfiguration=service.in_network(subnets=["subnet-0123456789abcdef0"]))
    service.ecs.deregister_task_definition(taskDefinition=arn)
    refused("ClientException", service.create, taskDefinition=arn)


def test_a_service_drains_before_it_is_gone(standin, service, refused):
    service.register()
    service.create()
    standin.durations(ecs__service__delete=60, ecs__interface__release=60)
    delete = {"cluster": "c", "service": "s"}
    refused("InvalidParameterException", service.ecs.delete_service, **delete)
    assert service.ecs.delete_service(**delete, force=True)["service"]["status"] == "DRAINING"
    assert service.ecs.list_services(cluster="c")["serviceArns"] != []
    refused("ServiceNotActiveException", service.update, desiredCount=1)
    assert service.ecs.delete_service(**delete)["service"]["status"] == "DRAINING"
    standin.elapse(60)
    assert service.describe()["status"] == "INACTIVE"
    assert service.describe()["deployments"] == []
    assert service.ecs.list_services(cluster="c")["serviceArns"] == []
    refused("ServiceNotFoundException", service.ecs.delete_service, **delete)


def test_services_are_listed_by_ten(service, refused):
    service.register()
    for number in range(12):
        service.create(serviceName=f"s{number:02}", desiredCount=0)
    first = service.ecs.list_services(cluster="c")
    assert len(first["serviceArns"]) == 10
    rest = service.ecs.list_services(cluster="c", nextToken=first["nextToken"])
    assert [arn.rpartition("/")[2] for arn in rest["serviceArns"]] == ["s10", "s11"]
    assert len(service.ecs.list_services(cluster="c", maxResults=100)["serviceArns"]) == 12
    refused("InvalidParameterException", service.ecs.describe_services, cluster="c", services=[f"s{number:02}" for number in range(11)])
