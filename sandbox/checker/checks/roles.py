"""The roles: who may take them on, and that they may do what tasks need and nothing else."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .. import policies
from ..check import Checks
from ..environment import Document, Environment

checks = Checks()

EXECUTION, TASK = "video-processing-execution-role", "video-processing-task-role"
ECS = "ecs-tasks.amazonaws.com"
_ECR_IMAGE = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^:@]+)")
_STREAM_EXTRAS = {
    f"kinesis:{operation}"
    for operation in (
        "DescribeStream",
        "DescribeStreamSummary",
        "PutRecord",
        "PutRecords",
        "RegisterStreamConsumer",
        "DescribeStreamConsumer",
        "DeregisterStreamConsumer",
        "SubscribeToShard",
    )
}
_QUEUE_EXTRAS = {"sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}


@dataclass
class Access:
    """What a role needs to do to one thing, and what it may also do."""

    what: str
    resource: str
    needed: set[str]
    also: set[str] = field(default_factory=set)
    spellings: set[str] = field(default_factory=set)
    """Other ways to name the resource in a policy."""
    context: dict[str, str] = field(default_factory=dict)
    """The values of condition keys when it is used."""

    def admits(self, action: str, resource: str) -> bool:
        """Whether a grant is no more than this."""
        return resource in self.spellings | {self.resource} and action in self.needed | self.also


@checks.claim("only ECS tasks of this account may take on the roles")
def find_faults_of_trust(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"""
    for resource_type in (EXECUTION, TASK):
        role = environment.role(resource_type)
        document = role["AssumeRolePolicyDocument"]
        policy = json.loads(document) if isinstance(document, str) else document
        trusted = [_trust_fault(environment, one) for one in policies.as_list(policy["Statement"])]
        yield from (f"{role['RoleName']} {fault}" for fault in trusted if fault is not None)
        if not trusted:
            yield f"{role['RoleName']} trusts nobody"


@checks.claim("the execution role may pull the image, write the log and read the secret")
def find_what_the_execution_role_lacks(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"""
    yield from _lacking(environment, EXECUTION, _execution_access(environment))


@checks.claim("the execution role may do nothing else")
def find_what_the_execution_role_has_too_much(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"""
    yield from _excess(environment, EXECUTION, _execution_access(environment))


@checks.claim("the task role may use its stream, its queues and its secret")
def find_what_the_task_role_lacks(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"""
    yield from _lacking(environment, TASK, _task_access(environment))


@checks.claim("the task role may do nothing else")
def find_what_the_task_role_has_too_much(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"""
    yield from _excess(environment, TASK, _task_access(environment))


def _execution_access(environment: Environment) -> list[Access]:
    group = f"arn:aws:logs:{environment.region}:{environment.account}:log-group:{environment.task_log_group}"
    writes = {"logs:CreateLogStream", "logs:PutLogEvents"}
    log = Access("its log group", f"{group}:log-stream:s", writes, spellings={f"{group}:*", f"{group}:log-stream:*"})
    key = _key(environment, "secretsmanager", environment.secret.get("KmsKeyId"))
    return [log, _secret(environment), *_image(environment), *key]


def _task_access(environment: Environment) -> list[Access]:
    reads = {"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"}
    takes, sends = {"sqs:ReceiveMessage", "sqs:DeleteMessage"}, {"sqs:SendMessage"}
    stream = Access("its stream", environment.stream["StreamARN"], reads, _STREAM_EXTRAS)
    jobs = Access("its queue of jobs", environment.jobs["QueueArn"], takes, _QUEUE_EXTRAS | sends)
    dead = Access("its dead-letter queue", environment.dead_letters["QueueArn"], sends, _QUEUE_EXTRAS | takes)
    keys = [
        *_key(environment, "kinesis", environment.stream.get("KeyId")),
        *_key(environment, "secretsmanager", environment.secret.get("KmsKeyId")),
    ]
    return [stream, jobs, dead, _secret(environment), *keys]


def _secret(environment: Environment) -> Access:
    return Access("its secret", environment.secret["ARN"], {"secretsmanager:GetSecretValue"}, {"secretsmanager:DescribeSecret"})


def _image(environment: Environment) -> list[Access]:
    """An image in ECR is pulled with the execution role; one elsewhere needs no permission.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html
    """
    match = _ECR_IMAGE.match(environment.container["image"])
    token = Access("ECR", "*", {"ecr:GetAuthorizationToken"} if match else set(), {"ecr:GetAuthorizationToken"})
    if match is None:
        return [token]
    repository = f"arn:aws:ecr:{match['region']}:{match['account']}:repository/{match['name']}"
    pulls = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
    return [token, Access("its image's repository", repository, pulls)]


def _key(environment: Environment, service: str, name: str | None) -> list[Access]:
    """AWS-managed keys need no permission; a customer's own key does. A policy cannot name a key by its alias.

    https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-mgmt
    """
    if not name or "alias/aws/" in name:
        return []
    key = environment.client("kms").describe_key(KeyId=name)["KeyMetadata"]
    if key["KeyManager"] == "AWS":
        return []
    any_key = {key["Arn"].rpartition("/")[0] + "/*"} if "alias/" in name else set()
    via = {"kms:ViaService": f"{service}.{environment.region}.amazonaws.com"}
    return [Access("its key", key["Arn"], {"kms:Decrypt"}, {"kms:GenerateDataKey"}, any_key, via)]


def _lacking(environment: Environment, resource_type: str, access: list[Access]) -> Iterator[str]:
    role = environment.role(resource_type)
    layers = [policies.of_role(environment, role)]
    if boundary := role.get("PermissionsBoundary"):
        layers.append(policies.managed(environment, boundary["PermissionsBoundaryArn"]))
    for one in access:
        missing = sorted(
            action
            for action in one.needed
            if not all(policies.allows(layer, action, one.resource, one.context) for layer in layers)
        )
        if missing:
            yield f"it may not {', '.join(missing)} on {one.what}"


def _excess(environment: Environment, resource_type: str, access: list[Access]) -> Iterator[str]:
    for action, resource in policies.grants(policies.of_role(environment, environment.role(resource_type))):
        if not any(one.admits(action, resource) for one in access):
            yield f"it may {action} on {resource}"


def _trust_fault(environment: Environment, statement: Document) -> str | None:
    principal = statement.get("Principal")
    if principal != {"Service": ECS} and principal != {"Service": [ECS]}:
        return f"may be taken on by {json.dumps(principal)}"
    if statement["Effect"] != "Allow" or policies.as_list(statement.get("Action")) != ["sts:AssumeRole"]:
        return "does not let ECS tasks take it on, and only that"
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            if not _holds(environment, key, policies.as_list(values)):
                return f"can never be taken on: {operator} {key} is {', '.join(values)}"
    return None


def _holds(environment: Environment, key: str, values: list[str]) -> bool:
    if key.lower() == "aws:sourceaccount":
        return values == [environment.account]
    return key.lower() == "aws:sourcearn" and values == [f"arn:aws:ecs:{environment.region}:{environment.account}:*"]
