"""The mends of ECS: how a service's tasks come and go."""

import json

import pytest
from environment import Service


@pytest.fixture
def service(client):
    service = Service(client)
    service.register()
    return service


def primary(service):
    return service.describe()["deployments"][0]


def test_a_rollout_takes_time(standin, service):
    standin.durations(**service.DURATIONS)
    created = service.create()
    assert (created["desiredCount"], created["runningCount"], created["pendingCount"]) == (2, 0, 2)
    assert created["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    standin.elapse(21)
    assert (service.describe()["runningCount"], service.describe()["pendingCount"]) == (1, 1)
    standin.elapse(20)
    assert (service.describe()["runningCount"], primary(service)["rolloutState"]) == (2, "IN_PROGRESS")
    standin.elapse(20)
    done = service.describe()
    assert (done["runningCount"], done["pendingCount"], done["deployments"][0]["rolloutState"]) == (2, 0, "COMPLETED")
    assert done["events"][0]["message"] == "(service s) has reached a steady state."


def test_another_revision_is_rolled_out_beside_the_first(standin, service):
    service.create()
    old = service.describe()["taskDefinition"]
    new = service.register()["taskDefinitionArn"]
    standin.durations(**service.DURATIONS)
    updated = service.update(taskDefinition="f:2")
    assert updated["taskDefinition"] == new
    assert [(one["status"], one["taskDefinition"]) for one in updated["deployments"]] == [("PRIMARY", new), ("ACTIVE", old)]
    assert (updated["runningCount"], updated["pendingCount"]) == (2, 2)
    standin.elapse(60)
    assert [(one["taskDefinition"], one["rolloutState"]) for one in service.describe()["deployments"]] == [(new, "COMPLETED")]
    assert {task["taskDefinitionArn"] for task in service.tasks()} == {new}
    assert [one["status"] for one in service.deployments()] == ["SUCCESSFUL", "SUCCESSFUL"]


def test_what_starts_a_deployment(service):
    service.create()
    first = primary(service)["id"]
    service.update(taskDefinition="f", networkConfiguration=service.in_network(), desiredCount=3, propagateTags="SERVICE")
    assert primary(service)["id"] == first
    service.update(forceNewDeployment=True)
    second = primary(service)["id"]
    service.update(networkConfiguration=service.in_network(assignPublicIp="DISABLED"))
    assert len({first, second, primary(service)["id"]}) == 3
    assert len(service.deployments()) == 3


def test_a_failed_rollout_is_rolled_back(standin, service):
    service.create()
    good = service.describe()["taskDefinition"]
    bad = service.register(image="repository/processor:fails-to-start")["taskDefinitionArn"]
    standin.durations(**service.DURATIONS)
    service.update(taskDefinition=bad)
    assert (service.describe()["taskDefinition"], service.deployments()[0]["status"]) == (bad, "IN_PROGRESS")
    standin.elapse(60)
    back = service.describe()
    assert back["taskDefinition"] == good
    assert [(one["taskDefinition"], one["status"], one["rolloutState"]) for one in back["deployments"]] == [
        (good, "PRIMARY", "IN_PROGRESS"),
        (bad, "ACTIVE", "FAILED"),
    ]
    assert back["deployments"][1]["failedTasks"] == 3
    reason = back["deployments"][0]["rolloutStateReason"]
    assert reason.startswith("ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/")
    assert service.deployments()[0]["status"] == "ROLLBACK_IN_PROGRESS"
    assert service.describe()["currentServiceDeployment"] == service.deployments()[0]["serviceDeploymentArn"]
    standin.elapse(60)
    assert [(one["taskDefinition"], one["rolloutState"]) for one in service.describe()["deployments"]] == [(good, "COMPLETED")]
    assert service.describe()["runningCount"] == 2
    messages = [event["message"] for event in service.describe()["events"]]
    assert any("deployment failed: tasks failed to start" in message for message in messages)
    assert any("rolling back to deployment" in message for message in messages)


def test_the_history_says_what_was_rolled_back(service):
    service.create()
    good = service.describe()["taskDefinition"]
    bad = service.register(image="repository/processor:fails")["taskDefinitionArn"]
    service.update(taskDefinition=bad)
    listed = service.ecs.list_service_deployments(cluster="c", service="s", status=["ROLLBACK_SUCCESSFUL"])["serviceDeployments"]
    described = service.deployments()[0]
    assert [one["serviceDeploymentArn"] for one in listed] == [described["serviceDeploymentArn"]]
    assert listed[0]["targetServiceRevisionArn"] == described["targetServiceRevision"]["arn"]
    assert described["status"] == "ROLLBACK_SUCCESSFUL" and described["statusReason"] == described["rollback"]["reason"]
    assert described["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    asked = [described["targetServiceRevision"]["arn"], described["rollback"]["serviceRevisionArn"], "arn:none"]
    answer = service.ecs.describe_service_revisions(serviceRevisionArns=asked)
    assert {one["serviceRevisionArn"]: one["taskDefinition"] for one in answer["serviceRevisions"]} == {asked[0]: bad, asked[1]: good}
    assert answer["failures"] == [{"arn": "arn:none", "reason": "MISSING"}]
    first = service.ecs.list_service_deployments(cluster="c", service="s", maxResults=1)
    rest = service.ecs.list_service_deployments(cluster="c", service="s", maxResults=1, nextToken=first["nextToken"])
    assert [one["status"] for one in first["serviceDeployments"] + rest["serviceDeployments"]] == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]


def test_the_first_rollout_has_nothing_to_go_back_to(service):
    service.register(image="repository/processor:fails")
    service.create()
    assert (primary(service)["rolloutState"], service.describe()["runningCount"]) == ("FAILED", 0)
    assert service.deployments()[0]["status"] == "ROLLBACK_FAILED"
    assert service.tasks() == [] and service.tasks("STOPPED")[0]["stopCode"] == "TaskFailedToStart"
    service.update(taskDefinition=service.register()["taskDefinitionArn"])
    assert (primary(service)["rolloutState"], service.describe()["runningCount"]) == ("COMPLETED", 2)


def test_without_rollback_a_failed_deployment_stays(service):
    service.create(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    bad = service.register(image="repository/processor:fails")["taskDefinitionArn"]
    service.update(taskDefinition=bad)
    assert [one["rolloutState"] for one in service.describe()["deployments"]] == ["FAILED", "COMPLETED"]
    assert (service.describe()["taskDefinition"], service.deployments()[0]["status"]) == (bad, "STOPPED")


def test_without_circuit_breaker_tasks_fail_for_ever(standin, service):
    service.register(image="repository/processor:fails")
    standin.durations(**service.DURATIONS)
    service.create(deploymentConfiguration={"maximumPercent": 200})
    standin.elapse(60)
    assert (primary(service)["rolloutState"], primary(service)["failedTasks"]) == ("IN_PROGRESS", 3)
    standin.elapse(60)
    assert (primary(service)["rolloutState"], primary(service)["failedTasks"] >= 4) == ("IN_PROGRESS", True)
    standin.control("PUT", "settings", {"ecs.failing_images": "other"})
    standin.elapse(60)
    assert primary(service)["rolloutState"] == "COMPLETED"


def test_a_newer_deployment_takes_the_place_of_one_under_way(standin, service):
    service.create()
    standin.durations(**service.DURATIONS)
    service.update(taskDefinition=service.register(image="repository/processor:fails")["taskDefinitionArn"])
    standin.elapse(30)
    last = service.register()["taskDefinitionArn"]
    service.update(taskDefinition=last)
    standin.elapse(60)
    assert [(one["taskDefinition"], one["rolloutState"]) for one in service.describe()["deployments"]] == [(last, "COMPLETED")]
    assert [one["status"] for one in service.deployments()] == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_a_rollback_goes_back_to_tasks_that_run_whatever_became_of_their_role(client, service):
    service.create()
    good = service.describe()["taskDefinition"]
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    client("iam").update_assume_role_policy(RoleName="tasks", PolicyDocument=document)
    service.update(taskDefinition=service.register()["taskDefinitionArn"])
    assert [(one["taskDefinition"], one["rolloutState"]) for one in service.describe()["deployments"]] == [(good, "COMPLETED")]
    assert [one["status"] for one in service.deployments()] == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    assert service.describe()["runningCount"] == 2


def test_tasks_fail_with_a_role_for_others(standin, client, service):
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    client("iam").update_assume_role_policy(RoleName="tasks", PolicyDocument=document)
    service.create()
    assert primary(service)["rolloutState"] == "FAILED"
    assert "unable to assume the role" in service.tasks("STOPPED")[0]["stoppedReason"]


def test_tasks_wait_until_a_new_role_is_known(standin, client):
    standin.durations(iam__role__propagate=90, **Service.DURATIONS)
    service = Service(client)
    service.register()
    service.create()
    standin.elapse(60)
    waiting = service.describe()
    assert (waiting["runningCount"], waiting["pendingCount"], primary(service)["rolloutState"]) == (0, 2, "IN_PROGRESS")
    assert "ECS was unable to assume the role" in waiting["events"][0]["message"]
    standin.elapse(30)
    assert service.describe()["runningCount"] == 0
    standin.elapse(10)
    assert (service.describe()["runningCount"], primary(service)["rolloutState"]) == (2, "COMPLETED")


def test_scaling_starts_and_stops_tasks(standin, service):
    service.create()
    standin.durations(**service.DURATIONS)
    scaled = service.update(desiredCount=3)
    assert (scaled["runningCount"], scaled["pendingCount"], scaled["deployments"][0]["rolloutState"]) == (2, 1, "COMPLETED")
    standin.elapse(10)
    assert service.describe()["runningCount"] == 3
    assert service.update(desiredCount=1)["runningCount"] == 1
    assert len(service.tasks("STOPPED")) == 2


def test_a_killed_task_is_replaced(standin, service, refused):
    service.create()
    standin.durations(**service.DURATIONS)
    killed = service.tasks()[0]["taskArn"]
    service.ecs.stop_task(cluster="c", task=killed, reason="test")
    assert (service.describe()["runningCount"], service.describe()["pendingCount"]) == (1, 1)
    standin.elapse(10)
    assert service.describe()["runningCount"] == 2
    assert killed not in {task["taskArn"] for task in service.tasks()}
    stopped = service.tasks("STOPPED")[0]
    assert (stopped["stoppedReason"], stopped["stopCode"], stopped["lastStatus"]) == ("test", "UserInitiated", "DEPROVISIONING")
    refused("InvalidParameterException", service.ecs.stop_task, cluster="c", task="none")


def test_tasks_have_interfaces_that_linger(standin, client, service):
    def interfaces():
        filters = [{"Name": "subnet-id", "Values": service.network.subnets}]
        return client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"]

    service.create()
    assert {interface["SubnetId"] for interface in interfaces()} == set(service.network.subnets)
    assert all(interface["Association"]["PublicIp"] for interface in interfaces())
    assert all(interface["Groups"][0]["GroupId"] == service.network.group for interface in interfaces())
    task = service.tasks()[0]
    details = {detail["name"]: detail["value"] for detail in task["attachments"][0]["details"]}
    assert details["networkInterfaceId"] in {interface["NetworkInterfaceId"] for interface in interfaces()}
    standin.durations(**service.DURATIONS)
    service.ecs.delete_service(cluster="c", service="s", force=True)
    assert len(interfaces()) == 2
    assert {task["lastStatus"] for task in service.tasks("STOPPED")} == {"DEPROVISIONING"}
    standin.elapse(30)
    assert interfaces() == []
    assert {task["lastStatus"] for task in service.tasks("STOPPED")} == {"STOPPED"}
    standin.elapse(3600)
    assert service.tasks("STOPPED") == []


def test_tasks_are_listed_in_pages(service):
    service.create()
    service.create(serviceName="other", desiredCount=1)
    assert len(service.ecs.list_tasks(cluster="c")["taskArns"]) == 3
    assert len(service.ecs.list_tasks(cluster="c", family="f")["taskArns"]) == 3
    assert service.ecs.list_tasks(cluster="c", family="none")["taskArns"] == []
    first = service.ecs.list_tasks(cluster="c", serviceName="s", maxResults=1)
    rest = service.ecs.list_tasks(cluster="c", serviceName="s", maxResults=1, nextToken=first["nextToken"])
    assert len({*first["taskArns"], *rest["taskArns"]}) == 2 and "nextToken" not in rest
    described = service.ecs.describe_tasks(cluster="c", tasks=[*first["taskArns"], "none"])
    assert (described["tasks"][0]["group"], described["failures"][0]["reason"]) == ("service:s", "MISSING")
    assert described["tasks"][0]["startedBy"] == primary(service)["id"]
    service.ecs.create_cluster(clusterName="other")
    assert service.ecs.describe_tasks(cluster="other", tasks=first["taskArns"])["tasks"] == []


def test_a_task_can_run_without_a_service(standin, service):
    standin.durations(**service.DURATIONS)
    run = {"cluster": "c", "taskDefinition": "f", "launchType": "FARGATE", "networkConfiguration": service.in_network()}
    task = service.ecs.run_task(**run)["tasks"][0]
    assert task["lastStatus"] == "PROVISIONING"
    standin.elapse(10)
    assert service.ecs.describe_tasks(cluster="c", tasks=[task["taskArn"]])["tasks"][0]["lastStatus"] == "RUNNING"


def test_container_insights_makes_its_log_group(client, service):
    def groups():
        answer = client("logs").describe_log_groups(logGroupNamePrefix="/aws/ecs/containerinsights/")
        return [(group["logGroupName"], group.get("retentionInDays")) for group in answer["logGroups"]]

    assert groups() == []
    service.create()
    assert groups() == [("/aws/ecs/containerinsights/c/performance", None)]
    client("logs").put_retention_policy(logGroupName="/aws/ecs/containerinsights/c/performance", retentionInDays=7)
    service.update(forceNewDeployment=True)
    assert groups() == [("/aws/ecs/containerinsights/c/performance", 7)]
