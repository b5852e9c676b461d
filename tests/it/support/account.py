"""Reads and changes an account of AWS as its user would, with boto3 and no code of the operator.

One request a line on standard input, one answer a line on standard output, both JSON:
`{"call": ["ec2", "describe_vpcs", {}]}` makes one call, `{"list": true}` lists everything that stands in the account,
`{"leftovers": true}` names all of it that AWS does not put there itself, `{"environment": "dev"}` reads what stands under
the names of one environment.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

sys.path.insert(0, str(Path(__file__).parents[3] / "sandbox"))
from checker.environment import Environment, Missing  # noqa: E402
from checker.leftovers import leftovers  # noqa: E402

Document = dict[str, Any]

session = boto3.Session()
clients: dict[str, Any] = {}


def client(service: str) -> Any:
    """The client of a service."""
    if service not in clients:
        clients[service] = session.client(service)
    return clients[service]


def pages(service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
    """All items of a call that may answer in pages."""
    if not client(service).can_paginate(operation):
        return getattr(client(service), operation)(**arguments).get(key, [])
    answers = client(service).get_paginator(operation).paginate(**arguments)
    return [item for page in answers for item in page.get(key, [])]


LISTS = [
    ("ec2", "describe_vpcs", "Vpcs"),
    ("ec2", "describe_subnets", "Subnets"),
    ("ec2", "describe_internet_gateways", "InternetGateways"),
    ("ec2", "describe_route_tables", "RouteTables"),
    ("ec2", "describe_security_groups", "SecurityGroups"),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces"),
    ("kinesis", "list_streams", "StreamNames"),
    ("sqs", "list_queues", "QueueUrls"),
    ("rds", "describe_db_clusters", "DBClusters"),
    ("rds", "describe_db_instances", "DBInstances"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups"),
    ("rds", "describe_db_cluster_parameter_groups", "DBClusterParameterGroups"),
    ("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots"),
    ("secretsmanager", "list_secrets", "SecretList"),
    ("logs", "describe_log_groups", "logGroups"),
    ("cloudwatch", "describe_alarms", "MetricAlarms"),
]
"""Lists that need nothing but themselves."""


def everything() -> Iterator[tuple[str, Any]]:
    """Everything in the account, each with the list that it is from."""
    for service, operation, key in LISTS:
        for item in pages(service, operation, key):
            yield f"{service}:{key}", item
    yield from roles()
    yield from containers()
    for operation, key in (("describe_scalable_targets", "ScalableTargets"), ("describe_scaling_policies", "ScalingPolicies")):
        for item in pages("application-autoscaling", operation, key, ServiceNamespace="ecs"):
            yield f"application-autoscaling:{key}", item


def roles() -> Iterator[tuple[str, Any]]:
    """The roles with their tags and inline policies."""
    for role in pages("iam", "list_roles", "Roles"):
        name = role["RoleName"]
        try:
            yield "iam:Roles", role | attachments(name)
        except client("iam").exceptions.NoSuchEntityException:
            continue  # It went meanwhile.


def attachments(name: str) -> Document:
    """What hangs on a role."""
    policies = {
        policy: client("iam").get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in pages("iam", "list_role_policies", "PolicyNames", RoleName=name)
    }
    attached = pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    return {"Tags": pages("iam", "list_role_tags", "Tags", RoleName=name), "Policies": policies, "Attached": attached}


def containers() -> Iterator[tuple[str, Any]]:
    """Clusters, services, tasks and active revisions of ECS."""
    ecs = client("ecs")
    for arn in pages("ecs", "list_clusters", "clusterArns"):
        cluster = ecs.describe_clusters(clusters=[arn], include=["TAGS", "SETTINGS"])["clusters"][0]
        if cluster["status"] == "ACTIVE":
            yield "ecs:clusters", cluster
        try:
            yield from within(arn)
        except ecs.exceptions.ClusterNotFoundException:
            continue  # It went meanwhile.
    for arn in pages("ecs", "list_task_definitions", "taskDefinitionArns", status="ACTIVE"):
        yield "ecs:taskDefinitions", {"taskDefinitionArn": arn, "tags": ecs.list_tags_for_resource(resourceArn=arn)["tags"]}


def within(cluster: str) -> list[tuple[str, Any]]:
    """The services and tasks of a cluster."""
    found = []
    for service in pages("ecs", "list_services", "serviceArns", cluster=cluster):
        answer = client("ecs").describe_services(cluster=cluster, services=[service], include=["TAGS"])
        found += [("ecs:services", one) for one in answer["services"] if one["status"] != "INACTIVE"]
    return found + [("ecs:tasks", task) for task in pages("ecs", "list_tasks", "taskArns", cluster=cluster)]


def environment(suffix: str) -> Document:
    """What stands under the names of one environment; `None` for what is not there."""
    found = Environment(session, suffix)
    parts = {
        "vpc": lambda: found.vpc,
        "dns": lambda: dns(found.vpc["VpcId"]),
        "gateway": lambda: gateways(found.vpc["VpcId"]),
        "associations": lambda: associations(found),
        "subnets": lambda: {name_of(subnet): subnet for subnet in found.subnets.values()},
        "routeTables": lambda: {name_of(table): table for table in found.route_tables},
        "groups": lambda: {group["GroupName"]: group for group in found.groups.values()},
        "stream": lambda: found.stream,
        "jobs": lambda: found.jobs,
        "deadLetters": lambda: found.dead_letters,
        "database": lambda: found.database,
        "databaseTags": lambda: {tag["Key"]: tag["Value"] for tag in found.database["TagList"]},
        "instances": lambda: {one["DBInstanceIdentifier"]: one for one in found.instances},
        "subnetGroup": lambda: sorted(found.database_subnets),
        "parameters": lambda: parameters(found.database["DBClusterParameterGroup"]),
        "secret": lambda: found.secret,
        "cluster": lambda: found.cluster,
        "service": lambda: found.service,
        "task": lambda: found.task_definition,
        "container": lambda: found.container,
        "variables": lambda: {one["name"]: one["value"] for one in found.container["environment"]},
        "revisions": lambda: pages(
            "ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=found.named("video-processing-task")
        ),
        "scaling": lambda: scaling(found),
        "executionRole": lambda: role(found, "video-processing-execution-role"),
        "taskRole": lambda: role(found, "video-processing-task-role"),
        "alarms": lambda: {name.removesuffix(f"-{suffix}"): alarm for name, alarm in found.alarms.items()},
        "logGroups": lambda: log_groups(suffix),
    }
    return {name: read(part) for name, part in parts.items()}


def read(part: Any) -> Any:
    """A part of an environment."""
    try:
        return part()
    except (Missing, StopIteration, client("iam").exceptions.NoSuchEntityException):
        return None


def name_of(document: Document) -> str:
    """The name by which EC2's console shows something, else its id."""
    tags = {tag["Key"]: tag["Value"] for tag in document.get("Tags", [])}
    return tags.get("Name") or document.get("SubnetId") or document["RouteTableId"]


def dns(vpc: str) -> Document:
    """What a VPC does about names."""
    attributes = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}
    describe = client("ec2").describe_vpc_attribute
    return {key: describe(VpcId=vpc, Attribute=name)[key]["Value"] for name, key in attributes.items()}


def gateways(vpc: str) -> list[Document]:
    """The internet gateways of a VPC."""
    filters = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    return pages("ec2", "describe_internet_gateways", "InternetGateways", Filters=filters)


def associations(found: Environment) -> Document:
    """Which route table each subnet uses, by their names."""
    subnets = {subnet["SubnetId"]: name_of(subnet) for subnet in found.subnets.values()}
    pairs = [(table, one) for table in found.route_tables for one in table["Associations"] if "SubnetId" in one]
    return {subnets.get(one["SubnetId"], one["SubnetId"]): name_of(table) for table, one in pairs}


def parameters(group: str) -> Document:
    """The parameters that somebody set."""
    found = pages("rds", "describe_db_cluster_parameters", "Parameters", DBClusterParameterGroupName=group, Source="user")
    return {one["ParameterName"]: one.get("ParameterValue") for one in found}


def scaling(found: Environment) -> Document:
    """How the service scales by itself."""
    service = f"service/{found.named('video-processing-cluster')}/{found.named('video-processing-service')}"
    targets = pages("application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs", ResourceIds=[service])
    policies = pages("application-autoscaling", "describe_scaling_policies", "ScalingPolicies", ServiceNamespace="ecs", ResourceId=service)
    return {"targets": targets, "policies": policies}


def role(found: Environment, resource_type: str) -> Document:
    """A role with all that hangs on it."""
    name = found.role(resource_type)["RoleName"]
    return next(item for kind, item in roles() if item["RoleName"] == name)


def log_groups(suffix: str) -> Document:
    """The environment's log groups, by name."""
    groups = pages("logs", "describe_log_groups", "logGroups")
    return {group["logGroupName"].replace(f"-{suffix}", ""): group for group in groups if f"-{suffix}" in group["logGroupName"]}


def answer(request: Document) -> Any:
    """The answer to one request."""
    if "call" in request:
        service, operation, arguments = request["call"]
        return getattr(client(service), operation)(**arguments)
    if "environment" in request:
        return environment(request["environment"])
    if "leftovers" in request:
        return leftovers(session)
    return [[kind, item] for kind, item in everything()]


for line in sys.stdin:
    try:
        reply = {"answer": answer(json.loads(line))}
    except ClientError as error:
        reply = {"error": error.response["Error"]["Code"]}
    except Exception as error:  # noqa: BLE001 - whatever went wrong belongs to the caller
        reply = {"failed": repr(error)}
    print(json.dumps(reply, default=str), flush=True)
