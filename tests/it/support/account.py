"""Reads and changes an account of AWS as its user would, with boto3 and no code of the operator.

One request a line on standard input, one answer a line on standard output, both JSON:
`{"call": ["ec2", "describe_vpcs", {}]}` makes one call, `{"list": true}` lists everything that stands in the account,
`{"leftovers": true}` names all of it that AWS does not put there itself, `{"environment": "dev"}` reads what stands under
the names of one environment. `{"untag": ["vpc", "vpc-1", ["Name"]]}` takes tags off something, by the operator's word for
its kind and the id that people know it by; `{"run": "aws ec2 describe-vpcs"}` does what such a command line says.
"""

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import jmespath
from botocore import xform_name
from botocore.exceptions import ClientError

sys.path.insert(0, str(Path(__file__).parents[3] / "sandbox"))
from checker.environment import Environment, Missing  # noqa: E402
from checker.leftovers import leftovers  # noqa: E402

Document = dict[str, Any]

session = boto3.Session()
clients: dict[str, Any] = {}


def client(service: str, region: str | None = None) -> Any:
    """The client of a service."""
    name = f"{service} {region}" if region else service
    if name not in clients:
        clients[name] = session.client(service, region_name=region)
    return clients[name]


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


def of_ec2(which: str, keys: list[str]) -> None:
    """Takes tags off something of EC2."""
    client("ec2").delete_tags(Resources=[which], Tags=[{"Key": key} for key in keys])


def of_ecs(arn: str, keys: list[str]) -> None:
    """Takes tags off something of ECS."""
    client("ecs").untag_resource(resourceArn=arn, tagKeys=keys)


def of_rds(operation: str, parameter: str, found: str, which: str, keys: list[str]) -> None:
    """Takes tags off something of RDS, whose ARN is in what describes it."""
    arn = getattr(client("rds"), operation)(**{parameter: which})[f"{found}s"][0][f"{found}Arn"]
    client("rds").remove_tags_from_resource(ResourceName=arn, TagKeys=keys)


def of_a_log_group(name: str, keys: list[str]) -> None:
    """Takes tags off the log group of just this name."""
    groups = pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    arn = next(group["logGroupArn"] for group in groups if group["logGroupName"] == name)
    client("logs").untag_resource(resourceArn=arn, tagKeys=keys)


def of_an_alarm(name: str, keys: list[str]) -> None:
    """Takes tags off an alarm."""
    (alarm,) = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    client("cloudwatch").untag_resource(ResourceARN=alarm["AlarmArn"], TagKeys=keys)


def of_a_cluster(name: str, keys: list[str]) -> None:
    """Takes tags off a cluster of ECS."""
    of_ecs(client("ecs").describe_clusters(clusters=[name])["clusters"][0]["clusterArn"], keys)


def of_a_service(which: str, keys: list[str]) -> None:
    """Takes tags off a service of ECS, as in `CLUSTER/SERVICE`."""
    cluster, name = which.split("/")
    of_ecs(client("ecs").describe_services(cluster=cluster, services=[name])["services"][0]["serviceArn"], keys)


def of_a_revision(which: str, keys: list[str]) -> None:
    """Takes tags off a revision of a task definition, as in `FAMILY:REVISION`."""
    revision = client("ecs").describe_task_definition(taskDefinition=which)["taskDefinition"]
    of_ecs(revision["taskDefinitionArn"], keys)


def queue(name: str) -> str:
    """The URL of a queue."""
    return client("sqs").get_queue_url(QueueName=name)["QueueUrl"]


UNTAG: dict[str, Callable[[str, list[str]], Any]] = {
    "vpc": of_ec2,
    "subnet": of_ec2,
    "internetGateway": of_ec2,
    "routeTable": of_ec2,
    "securityGroup": of_ec2,
    "role": lambda name, keys: client("iam").untag_role(RoleName=name, TagKeys=keys),
    "stream": lambda name, keys: client("kinesis").remove_tags_from_stream(StreamName=name, TagKeys=keys),
    "queue": lambda name, keys: client("sqs").untag_queue(QueueUrl=queue(name), TagKeys=keys),
    "logGroup": of_a_log_group,
    "alarm": of_an_alarm,
    "ecsCluster": of_a_cluster,
    "service": of_a_service,
    "taskDefinition": of_a_revision,
    "dbCluster": lambda *which: of_rds("describe_db_clusters", "DBClusterIdentifier", "DBCluster", *which),
    "dbInstance": lambda *which: of_rds("describe_db_instances", "DBInstanceIdentifier", "DBInstance", *which),
    "dbSubnetGroup": lambda *which: of_rds("describe_db_subnet_groups", "DBSubnetGroupName", "DBSubnetGroup", *which),
    "dbClusterParameterGroup": lambda *which: of_rds(
        "describe_db_cluster_parameter_groups", "DBClusterParameterGroupName", "DBClusterParameterGroup", *which
    ),
}
"""How tags are taken off what is of a kind."""


class Unreadable(Exception):
    """A command line that the CLI of AWS would not take, or that says what is not read here."""


def run(command: str) -> Any:
    """The answer to a command line, once what is in `$(…)` has taken its place, as in a shell."""
    while inner := re.search(r"\$\(([^()]*)\)", command):
        text = execute(inner[1])
        if not isinstance(text, str) or not text or len(text.split()) != 1:
            raise Unreadable(f"{inner[1]!r} prints {text!r}, and not one word")
        command = command[: inner.start()] + shlex.quote(text) + command[inner.end() :]
    return execute(command)


def execute(command: str) -> Any:
    """The answer to a command line of the CLI of AWS; with `--query`, the part of it that is printed as text."""
    program, service, operation, *rest = shlex.split(command)
    if program != "aws":
        raise Unreadable(f"{program} is not aws")
    given = flags(rest)
    region, query, output = (given.pop(name, None) for name in ("--region", "--query", "--output"))
    if (query is None) != (output is None) or output not in (None, ["text"]):
        raise Unreadable(f"--query goes with --output text, not with {output}")
    api = client(service, one("--region", region) if region else None)
    model = api.meta.service_model
    name = next((name for name in model.operation_names if xform_name(name, "-") == operation), None)
    if name is None:
        raise Unreadable(f"{service} has no {operation}")
    shape = model.operation_model(name).input_shape
    members = {f"--{xform_name(member, '-')}": (member, of) for member, of in shape.members.items()} if shape else {}
    if unknown := given.keys() - members.keys():
        raise Unreadable(f"{service} {operation} has no {', '.join(sorted(unknown))}")
    arguments = {members[flag][0]: value(flag, members[flag][1], words) for flag, words in given.items()}
    reply = getattr(api, xform_name(name))(**arguments)
    if name == "TagResources":
        pass_on(reply, arguments)
    return jmespath.search(one("--query", query), reply) if query else reply


def flags(words: list[str]) -> dict[str, list[str]]:
    """The flags of a command line, each with the words that follow it."""
    given: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            if word in given:
                raise Unreadable(f"{word} is there twice")
            given[word] = []
        elif not given:
            raise Unreadable(f"{word} belongs to no flag")
        else:
            given[list(given)[-1]].append(word)
    return given


def one(flag: str, words: list[str]) -> str:
    """The one word of a flag."""
    if len(words) != 1:
        raise Unreadable(f"{flag} takes one value, not {words}")
    return words[0]


def value(flag: str, shape: Any, words: list[str]) -> Any:
    """What the words of a flag say, for a member of this shape."""
    if shape.type_name == "string":
        return one(flag, words)
    if shape.type_name == "map":
        return pairs(flag, one(flag, words))
    if shape.type_name == "list" and shape.member.type_name == "string" and words:
        return words
    if shape.type_name == "list" and shape.member.type_name == "structure" and words:
        structures = [pairs(flag, word) for word in words]
        if unknown := {name for structure in structures for name in structure} - shape.member.members.keys():
            raise Unreadable(f"{flag} has no {', '.join(sorted(unknown))}")
        return structures
    raise Unreadable(f"{flag} takes a {shape.type_name}, which is not read here from {words}")


def pairs(flag: str, word: str) -> dict[str, str]:
    """What `a=b,c=d` says. The CLI takes certain characters in a key, and no others in a value without quotes.
    https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-shorthand.html"""
    read: dict[str, str] = {}
    for pair in word.split(","):
        found = re.fullmatch(r"([\w.#/:-]+)=([^\s,='\"\[\]{}]+)", pair, re.ASCII)
        if not found or found[1] in read:
            raise Unreadable(f"{flag} does not take {word}")
        read[found[1]] = found[2]
    return read


PASSED_ON: dict[str, Callable[[str, dict[str, str]], Any]] = {
    "kinesis": lambda arn, tags: client("kinesis").add_tags_to_stream(StreamARN=arn, Tags=tags),
    "sqs": lambda arn, tags: client("sqs").tag_queue(QueueUrl=queue(arn.rsplit(":", 1)[1]), Tags=tags),
}
"""How the services are asked that the tagging API of the stand-in does not know."""


def pass_on(reply: Document, arguments: Document) -> None:
    """Asks the service itself, as the tagging API of AWS does, where that of the stand-in cannot; all else that it did not do is
    an error."""
    for arn, why in reply["FailedResourcesMap"].items():
        service = arn.split(":")[2] if arn.startswith("arn:") else ""
        if service not in PASSED_ON or why["ErrorMessage"] != "Service not yet supported":
            raise Unreadable(f"{arn}: {why}")
        PASSED_ON[service](arn, arguments["Tags"])


def answer(request: Document) -> Any:
    """The answer to one request."""
    if "untag" in request:
        kind, which, keys = request["untag"]
        return UNTAG[kind](which, keys)
    if "run" in request:
        return run(request["run"])
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
    except Unreadable as error:
        reply = {"error": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever went wrong belongs to the caller
        reply = {"failed": repr(error)}
    print(json.dumps(reply, default=str), flush=True)
