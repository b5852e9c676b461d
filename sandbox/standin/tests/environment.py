"""Networks and services that several test files build on."""

import json
from typing import Any


class Network:
    """A VPC with two subnets in two zones and a security group."""

    def __init__(self, ec2: Any) -> None:
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"]["SubnetId"]
            for i, zone in enumerate("ab")
        ]
        self.group = ec2.create_security_group(VpcId=self.vpc, GroupName="tasks", Description="tasks")["GroupId"]


class Service:
    """An ECS cluster, a role and a task definition, and the means to run a service in a network."""

    DURATIONS = {"ecs__service__rollout": 60, "ecs__task__start": 10, "ecs__interface__release": 30, "ecs__service__delete": 30}

    def __init__(self, client: Any) -> None:
        self.network = Network(client("ec2"))
        self.ecs = client("ecs")
        self.cluster = self.ecs.create_cluster(clusterName="c", settings=[{"name": "containerInsights", "value": "enabled"}])
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.role = client("iam").create_role(RoleName="tasks", AssumeRolePolicyDocument=document)["Role"]["Arn"]

    def register(self, **options: Any) -> dict[str, Any]:
        """Registers a revision of the family `f`."""
        settings: dict[str, Any] = {
            "family": "f",
            "cpu": "1024",
            "memory": "2048",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "executionRoleArn": self.role,
            "taskRoleArn": self.role,
            "containerDefinitions": [{"name": "processor", "image": options.pop("image", "repository/processor:1")}],
        }
        return self.ecs.register_task_definition(**_given(settings | options))["taskDefinition"]

    def create(self, **options: Any) -> dict[str, Any]:
        """Creates the service `s`, of two tasks."""
        settings: dict[str, Any] = {
            "cluster": "c",
            "serviceName": "s",
            "taskDefinition": "f",
            "launchType": "FARGATE",
            "desiredCount": 2,
            "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
            "networkConfiguration": self.in_network(),
        }
        return self.ecs.create_service(**_given(settings | options))["service"]

    def in_network(self, **options: Any) -> dict[str, Any]:
        """A network configuration with public addresses."""
        settings: dict[str, Any] = {"subnets": self.network.subnets, "securityGroups": [self.network.group], "assignPublicIp": "ENABLED"}
        return {"awsvpcConfiguration": settings | options}

    def update(self, **options: Any) -> dict[str, Any]:
        """Updates the service."""
        return self.ecs.update_service(cluster="c", service="s", **options)["service"]

    def describe(self) -> dict[str, Any]:
        """The service as it is now."""
        return self.ecs.describe_services(cluster="c", services=["s"])["services"][0]

    def tasks(self, status: str = "RUNNING") -> list[dict[str, Any]]:
        """The tasks of the service that are to run, or to stop."""
        arns = self.ecs.list_tasks(cluster="c", serviceName="s", desiredStatus=status)["taskArns"]
        return self.ecs.describe_tasks(cluster="c", tasks=arns, include=["TAGS"])["tasks"] if arns else []

    def deployments(self) -> list[dict[str, Any]]:
        """The history of the service, newest first."""
        arns = [one["serviceDeploymentArn"] for one in self.ecs.list_service_deployments(cluster="c", service="s")["serviceDeployments"]]
        described = self.ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
        return sorted(described, key=lambda one: arns.index(one["serviceDeploymentArn"]))


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    """Without what is None: it is not sent."""
    return {name: value for name, value in settings.items() if value is not None}
