"""What AWS asks a caller's policies about a request: actions, the resources of each, and what conditions may look at.

`authorization.json` is what the Service Authorization Reference says of the actions: their types of resources, which condition
keys each type and each action has, and which types a policy must cover. A key that is not there has no value, as in AWS.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.core.resource_tagging import iter_taggable_backends
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kinesis.models import kinesis_backends

from . import keys
from .calls import Call

REFERENCE: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("authorization.json").read_text())["actions"]

Said = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """A resource that a request is about."""

    type: str
    """As the Reference calls it: `stream`; empty where the action is of no type."""
    arn: str


@dataclass(frozen=True)
class Question:
    """One thing that must be allowed."""

    action: str
    arn: str
    context: dict[str, str]


def questions(call: Call, said: Said) -> Iterator[Question]:
    """Everything that must be allowed for a request."""
    about = [one for one in _resources(call, said) if one.type in _types(call.action)]
    context = _of_request(call, said)
    for resource in about or [Resource("", "*")]:
        tags = _tags_for(call, said, resource.type)
        yield _question(call, call.action, resource, context, tags)
        tagging = _TAGGING.get(call.action)
        if tags and tagging and call.service == resource.arn.split(":")[2] and resource.type == _made(call):
            made = {f"{call.service}:CreateAction": call.operation} if call.service in ("ec2", "ecs") else {}
            yield _question(call, tagging, resource, context | made, tags)
    for role in _handed_on(said):
        yield _question(call, "iam:PassRole", Resource("role", role), {"iam:PassedToService": "ecs-tasks.amazonaws.com"}, {})


def _question(call: Call, action: str, resource: Resource, context: Said, request_tags: dict[str, str]) -> Question:
    known = {"aws:RequestedRegion": "us-east-1" if call.service == "iam" else call.region}
    supported = _keys(action, resource.type)
    known |= {key: value for key, value in context.items() if key in supported}
    if "aws:RequestTag" in supported:
        known |= {f"aws:RequestTag/{key}": value for key, value in request_tags.items()}
    if "aws:ResourceTag" in supported:
        known |= {f"aws:ResourceTag/{key}": value for key, value in _standing_tags(call, resource.arn).items()}
    return Question(action, resource.arn, known)


def _types(action: str) -> set[str]:
    return set(REFERENCE.get(action, {}).get("resources", {}))


def _keys(action: str, resource_type: str) -> set[str]:
    """The keys of the action, and those of its type."""
    entry = REFERENCE.get(action, {})
    return {*entry.get("keys", ()), *entry.get("resources", {}).get(resource_type, ())}


_MADE = {
    "cloudwatch:PutMetricAlarm": "alarm",
    "ec2:CreateInternetGateway": "internet-gateway",
    "ec2:CreateRouteTable": "route-table",
    "ec2:CreateSecurityGroup": "security-group",
    "ec2:CreateSubnet": "subnet",
    "ec2:CreateVpc": "vpc",
    "ecs:CreateCluster": "cluster",
    "ecs:CreateService": "service",
    "ecs:RegisterTaskDefinition": "task-definition",
    "iam:CreateRole": "role",
    "kinesis:CreateStream": "stream",
    "logs:CreateLogGroup": "log-group",
    "rds:CreateDBCluster": "cluster",
    "rds:CreateDBClusterParameterGroup": "cluster-pg",
    "rds:CreateDBInstance": "db",
    "rds:CreateDBSubnetGroup": "subgrp",
    "sqs:CreateQueue": "queue",
}
"""The type of what an action makes."""

_TAGGING_OF_SERVICE = {
    "cloudwatch": "TagResource",
    "ec2": "CreateTags",
    "ecs": "TagResource",
    "iam": "TagRole",
    "kinesis": "AddTagsToStream",
    "logs": "TagResource",
    "rds": "AddTagsToResource",
    "sqs": "TagQueue",
}
_TAGGING = {action: f"{action.split(':')[0]}:{_TAGGING_OF_SERVICE[action.split(':')[0]]}" for action in _MADE}
"""What must be allowed besides when something is made with tags; each is in the API's reference of the action, or in
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html"""


def _made(call: Call) -> str | None:
    return _MADE.get(call.action)


def _of_request(call: Call, said: Said) -> dict[str, str]:
    """The condition keys of services that are read off a request."""
    values = {
        "application-autoscaling:scalable-dimension": said.get("ScalableDimension"),
        "application-autoscaling:service-namespace": said.get("ServiceNamespace"),
        "iam:PermissionsBoundary": said.get("PermissionsBoundary") or _boundary(call, said),
    }
    return {key: str(value) for key, value in values.items() if value}


def _boundary(call: Call, said: Said) -> str | None:
    """The boundary that a role has already."""
    role = _role(call, said)
    return getattr(role, "permissions_boundary_arn", None) or getattr(role, "permissions_boundary", None)


def _tags_for(call: Call, said: Said, resource_type: str) -> dict[str, str]:
    """The tags that a request puts on a resource of this type."""
    given = said.get("Tags") or said.get("tags") or said.get("Tag")
    if call.service == "ec2" and call.operation != "CreateTags":
        specifications = said.get("TagSpecification") or said.get("TagSpecifications") or []
        given = [tag for one in specifications if one.get("ResourceType") == resource_type for tag in one.get("Tag") or one.get("Tags") or []]
    if isinstance(given, dict):
        return {str(key): str(value) for key, value in given.items()}
    pairs = [{name.lower(): value for name, value in tag.items()} for tag in given or [] if isinstance(tag, dict)]
    return {pair["key"]: pair.get("value") or "" for pair in pairs}


def _handed_on(said: Said) -> list[str]:
    """Roles that a request hands to a service."""
    return [said[name] for name in ("taskRoleArn", "executionRoleArn") if said.get(name)]


def _standing_tags(call: Call, arn: str) -> dict[str, str]:
    """The tags of what stands under this ARN."""
    service, name = arn.split(":")[2:6:3] if arn.count(":") >= 5 else ("", "")
    if service == "ec2":
        return dict(ec2_backends[call.account][call.region].tags.get(arn.rsplit("/", 1)[-1], {}))
    if service == "kinesis":
        stream = kinesis_backends[call.account][call.region].streams.get(name.removeprefix("stream/"))
        return dict(stream.tags) if stream else {}
    arn = arn.removesuffix(":log-stream:")
    backends = iter_taggable_backends(call.account, call.region)
    found = (one.tags for backend in backends for one in backend.iter_tagged_resources() if one.arn.removesuffix(":*") == arn)
    return dict(next(found, {}))


def _resources(call: Call, said: Said) -> list[Resource]:
    """Everything that a request is about."""
    finders = {"ec2": _of_ec2, "ecs": _of_ecs, "rds": _of_rds, "iam": _of_iam, "kinesis": _of_kinesis}
    return (finders.get(call.service) or _by_one_name)(call, said)


def _arn(call: Call, resource: str) -> str:
    return f"arn:aws:{call.service}:{call.region}:{call.account}:{resource}"


def _by_one_name(call: Call, said: Said) -> list[Resource]:
    """Services whose requests name things by one name, or by an ARN."""
    arn = said.get("resourceArn") or said.get("ResourceARN") or said.get("SecretId")
    match call.service:
        case "sqs":
            name = said.get("QueueName") or str(said.get("QueueUrl", "")).rsplit("/", 1)[-1]
            return [Resource("queue", _arn(call, name))] if name else []
        case "logs" if said.get("logGroupName"):
            return [Resource("log-group", _arn(call, f"log-group:{said['logGroupName']}:log-stream:"))]
        case "cloudwatch" if not arn:
            names = said.get("AlarmNames") or [said.get("AlarmName")]
            return [Resource("alarm", _arn(call, f"alarm:{name}")) for name in names if name]
        case "application-autoscaling":
            return [Resource("ScalableTarget", _arn(call, "scalable-target/0123456789abcdef"))]
    types = {"logs": "log-group", "cloudwatch": "alarm", "secretsmanager": "Secret"}
    return [Resource(types[call.service], arn)] if arn and call.service in types else []


def _of_kinesis(call: Call, said: Said) -> list[Resource]:
    name = said.get("StreamName") or str(said.get("StreamARN", "")).rsplit("/", 1)[-1]
    found = [Resource("stream", _arn(call, f"stream/{name}"))] if name else []
    if key := said.get("KeyId") and keys.find(call.account, call.region, said["KeyId"]):
        found.append(Resource("kmsKey", key.arn))
    return found


def _of_iam(call: Call, said: Said) -> list[Resource]:
    role = _role(call, said)
    if name := said.get("RoleName"):
        path = role.path if role else said.get("Path", "/")
        return [Resource("role", f"arn:aws:iam::{call.account}:role{path}{name}")]
    return []


def _role(call: Call, said: Said) -> Any:
    roles = iam_backends[call.account]["aws"].roles.values()
    return next((role for role in roles if role.name == said.get("RoleName")), None)


_RDS_NAMES = {
    "DBClusterIdentifier": "cluster",
    "DBInstanceIdentifier": "db",
    "DBSubnetGroupName": "subgrp",
    "DBClusterParameterGroupName": "cluster-pg",
    "FinalDBSnapshotIdentifier": "cluster-snapshot",
}


def _of_rds(call: Call, said: Said) -> list[Resource]:
    found = [Resource(kind, _arn(call, f"{kind}:{said[name]}")) for name, kind in _RDS_NAMES.items() if said.get(name)]
    if arn := said.get("ResourceName") or said.get("ResourceArn"):
        found.append(Resource(arn.split(":")[5], arn))
    if call.operation in ("CreateDBCluster", "CreateDBInstance"):
        found += [Resource("og", _arn(call, "og:default:aurora-postgresql-16")), Resource("pg", _arn(call, "pg:default.aurora-postgresql16"))]
    return found


def _of_ecs(call: Call, said: Said) -> list[Resource]:
    if arn := said.get("resourceArn"):
        return [Resource(arn.split(":")[5].split("/")[0], arn)]
    if family := said.get("family"):
        return [Resource("task-definition", _arn(call, f"task-definition/{family}:*"))]
    if revisions := said.get("serviceRevisionArns"):
        services = {"/".join(arn.replace(":service-revision/", ":service/").split("/")[:3]) for arn in revisions}
        return [Resource("service-revision", arn) for arn in revisions] + [Resource("service", arn) for arn in sorted(services)]
    cluster = _last(said.get("cluster") or said.get("clusterName") or "default")
    services = said.get("services") or [said.get("serviceName") or said.get("service")]
    found = [Resource("service", _arn(call, f"service/{cluster}/{_last(name)}")) for name in services if name]
    clusters = said.get("clusters") or [cluster]
    return found + [Resource("cluster", _arn(call, f"cluster/{_last(name)}")) for name in clusters]


def _last(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


_EC2_IDS = {
    "VpcId": "vpc",
    "SubnetId": "subnet",
    "GroupId": "security-group",
    "RouteTableId": "route-table",
    "InternetGatewayId": "internet-gateway",
}


def _of_ec2(call: Call, said: Said) -> list[Resource]:
    made = _made(call)
    found = [Resource(made, _arn(call, f"{made}/*"))] if made else []
    ids = [(kind, said[name]) for name, kind in _EC2_IDS.items() if said.get(name)]
    ids += [(_EC2_PREFIXES.get(name.split("-")[0], ""), name) for name in said.get("ResourceId") or said.get("Resources") or []]
    ids += _of_association(call, said.get("AssociationId"))
    return found + [Resource(kind, _arn(call, f"{kind}/{name}")) for kind, name in ids]


_EC2_PREFIXES = {"vpc": "vpc", "subnet": "subnet", "sg": "security-group", "rtb": "route-table", "igw": "internet-gateway"}


def _of_association(call: Call, association: str | None) -> list[tuple[str, str]]:
    """The route table and the subnet that are associated."""
    for table in ec2_backends[call.account][call.region].route_tables.values():
        if association in table._associations:
            return [("route-table", table.id), ("subnet", table._associations[association])]
    return []
