"""What stands in AWS under the names of one environment, read when it is first asked for."""

import json
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import ClientError

Document = dict[str, Any]

ALARMS = (
    "video-ingestion-write-throttle-alarm",
    "video-ingestion-read-throttle-alarm",
    "video-ingestion-iterator-age-alarm",
    "video-processing-dlq-alarm",
    "video-processing-running-tasks-alarm",
    "video-metadata-capacity-alarm",
)


class Missing(Exception):
    """Something that the environment needs is not there."""


class Environment:
    """The resources of the environment with one suffix."""

    def __init__(self, session: boto3.Session, suffix: str) -> None:
        self.suffix = suffix
        self.region: str = session.region_name
        self._session = session
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The client of a service."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service)
        return self._clients[service]

    def named(self, resource_type: str) -> str:
        """The name of the environment's resource of one type."""
        return f"{resource_type}-{self.suffix}"

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
        """All items of a call that answers in pages."""
        pages = self.client(service).get_paginator(operation).paginate(**arguments)
        return [item for page in pages for item in page[key]]

    @cached_property
    def account(self) -> str:
        """The account's number."""
        return self.client("sts").get_caller_identity()["Account"]

    # The network

    @cached_property
    def vpc(self) -> Document:
        """The VPC."""
        filters = [{"Name": "tag:Name", "Values": [self.named("video-processing-vpc")]}]
        return _only(self.pages("ec2", "describe_vpcs", "Vpcs", Filters=filters), f"VPC {filters[0]['Values'][0]}")

    def in_vpc(self, operation: str, key: str) -> list[Document]:
        """Everything of one kind in the VPC."""
        filters = [{"Name": "vpc-id", "Values": [self.vpc["VpcId"]]}]
        return self.pages("ec2", operation, key, Filters=filters)

    @cached_property
    def subnets(self) -> dict[str, Document]:
        """The VPC's subnets by id."""
        return {subnet["SubnetId"]: subnet for subnet in self.in_vpc("describe_subnets", "Subnets")}

    @cached_property
    def route_tables(self) -> list[Document]:
        """The VPC's route tables."""
        return self.in_vpc("describe_route_tables", "RouteTables")

    @cached_property
    def network_acls(self) -> list[Document]:
        """The VPC's network ACLs."""
        return self.in_vpc("describe_network_acls", "NetworkAcls")

    @cached_property
    def groups(self) -> dict[str, Document]:
        """The VPC's security groups by id."""
        return {group["GroupId"]: group for group in self.in_vpc("describe_security_groups", "SecurityGroups")}

    @cached_property
    def gateways(self) -> set[str]:
        """The internet gateways attached to the VPC."""
        filters = [{"Name": "attachment.vpc-id", "Values": [self.vpc["VpcId"]]}]
        found = self.pages("ec2", "describe_internet_gateways", "InternetGateways", Filters=filters)
        return {gateway["InternetGatewayId"] for gateway in found}

    # Processing

    @cached_property
    def cluster(self) -> Document:
        """The ECS cluster."""
        name = self.named("video-processing-cluster")
        answer = self.client("ecs").describe_clusters(clusters=[name], include=["SETTINGS"])
        return _only([one for one in answer["clusters"] if one["status"] == "ACTIVE"], f"ECS cluster {name}")

    @cached_property
    def service(self) -> Document:
        """The ECS service."""
        name = self.named("video-processing-service")
        answer = self.client("ecs").describe_services(cluster=self.cluster["clusterName"], services=[name])
        return _only([one for one in answer["services"] if one["status"] == "ACTIVE"], f"ECS service {name}")

    @cached_property
    def task_network(self) -> Document:
        """Where the service's tasks run."""
        return self.service["networkConfiguration"]["awsvpcConfiguration"]

    @cached_property
    def task_definition(self) -> Document:
        """The task definition that the service runs."""
        return self.client("ecs").describe_task_definition(taskDefinition=self.service["taskDefinition"])["taskDefinition"]

    @cached_property
    def container(self) -> Document:
        """The one container of the task definition."""
        return _only(self.task_definition["containerDefinitions"], "container of the task definition")

    def role(self, resource_type: str) -> Document:
        """A role."""
        name = self.named(resource_type)
        return self._read("iam", "get_role", f"role {name}", RoleName=name)["Role"]

    # The database

    @cached_property
    def database(self) -> Document:
        """The Aurora cluster."""
        name = self.named("video-metadata-cluster")
        answer = self._read("rds", "describe_db_clusters", f"database {name}", DBClusterIdentifier=name)
        return answer["DBClusters"][0]

    @cached_property
    def instances(self) -> list[Document]:
        """The instances of the Aurora cluster."""
        filters = [{"Name": "db-cluster-id", "Values": [self.database["DBClusterIdentifier"]]}]
        return self.pages("rds", "describe_db_instances", "DBInstances", Filters=filters)

    @cached_property
    def database_subnets(self) -> list[str]:
        """The subnets that the database's instances may be in."""
        name = self.database["DBSubnetGroup"]
        answer = self._read("rds", "describe_db_subnet_groups", f"subnet group {name}", DBSubnetGroupName=name)
        return [subnet["SubnetIdentifier"] for subnet in answer["DBSubnetGroups"][0]["Subnets"]]

    @cached_property
    def secret(self) -> Document:
        """The secret of the database's master user."""
        managed = self.database.get("MasterUserSecret")
        if not managed:
            raise Missing("the database has no secret that RDS manages")
        return self._read("secretsmanager", "describe_secret", "secret of the database", SecretId=managed["SecretArn"])

    # Ingestion

    @cached_property
    def stream(self) -> Document:
        """The stream."""
        name = self.named("video-ingestion-stream")
        return self._read("kinesis", "describe_stream_summary", f"stream {name}", StreamName=name)["StreamDescriptionSummary"]

    @cached_property
    def jobs(self) -> Document:
        """The queue of jobs."""
        return self._queue("video-processing-jobs")

    @cached_property
    def dead_letters(self) -> Document:
        """The queue of jobs that failed for good."""
        return self._queue("video-processing-dlq")

    def _queue(self, resource_type: str) -> Document:
        name = self.named(resource_type)
        url = self._read("sqs", "get_queue_url", f"queue {name}", QueueName=name)["QueueUrl"]
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        parsed = {key: json.loads(attributes[key]) for key in ("RedrivePolicy", "RedriveAllowPolicy") if attributes.get(key)}
        return attributes | parsed | {"Name": name, "Url": url}

    # Monitoring

    @cached_property
    def alarms(self) -> dict[str, Document]:
        """The alarms of the environment by name."""
        names = [self.named(resource_type) for resource_type in ALARMS]
        found = self.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=names)
        if not found:
            raise Missing("there are no alarms")
        return {alarm["AlarmName"]: alarm for alarm in found}

    def log_group(self, name: str) -> Document:
        """A log group."""
        found = self.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
        return _only([group for group in found if group["logGroupName"] == name], f"log group {name}")

    @cached_property
    def task_log_group(self) -> str:
        """The name of the log group that the tasks write."""
        return f"/ecs/{self.named('video-processing')}"

    def _read(self, service: str, operation: str, what: str, **arguments: Any) -> Document:
        """Calls an operation that answers an error for what does not exist."""
        try:
            return getattr(self.client(service), operation)(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if any(word in code for word in ("NotFound", "NoSuchEntity", "NonExistentQueue", "DoesNotExist")):
                raise Missing(f"there is no {what}") from error
            raise


def _only(found: list[Document], what: str) -> Document:
    if len(found) != 1:
        raise Missing(f"there is no {what}" if not found else f"there are {len(found)} of the {what}")
    return found[0]
