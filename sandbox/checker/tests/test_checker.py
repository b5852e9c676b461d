"""A working environment passes every check, and each mistake fails the check that is about it."""

import json

import pytest
from working import allow, document


def test_a_working_environment_passes(working, command):
    code, lines = command(working.suffix)
    assert (code, [line for line in lines if not line.startswith("✔ ")]) == (0, [])
    assert len(lines) == len(set(lines)) >= 20


def test_without_an_environment_nothing_passes_by_accident(command):
    code, lines = command("none")
    assert code == 1
    assert [line for line in lines if line.startswith("✔ ")] == []
    assert any(line == "✘ tasks reach the internet: there is no ECS cluster video-processing-cluster-none" for line in lines)


@pytest.mark.parametrize("by_alias", [False, True])
def test_an_own_key_needs_a_permission(working, client, check, by_alias):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    alias = f"alias/{working.suffix}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    working.kinesis.stop_stream_encryption(StreamName=working.stream, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    working.kinesis.start_stream_encryption(StreamName=working.stream, EncryptionType="KMS", KeyId=alias if by_alias else key)
    claim = "the task role may use its stream, its queues and its secret"
    assert check(working.suffix) == [f"✘ {claim}: it may not kms:Decrypt on its key"]
    decrypt = allow(["kms:Decrypt"], key.rpartition("/")[0] + "/*" if by_alias else key)
    decrypt["Condition"] = {"StringEquals": {"kms:ViaService": "kinesis.eu-west-1.amazonaws.com"}}
    working.put_policy("task", [*working.task_statements, decrypt])
    assert check(working.suffix) == []


def no_route_to_the_internet(working):
    working.ec2.delete_route(RouteTableId=working.public_table, DestinationCidrBlock="0.0.0.0/0")


def no_public_addresses(working):
    network = working.network | {"assignPublicIp": "DISABLED"}
    working.update_service(networkConfiguration={"awsvpcConfiguration": network})


def tasks_keep_quiet(working):
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    working.ec2.revoke_security_group_egress(GroupId=working.tasks_group, IpPermissions=everything)


def an_acl_refuses_answers(working):
    filters = [{"Name": "association.subnet-id", "Values": [working.public[0]]}]
    acl = working.ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"]
    refusal = {"RuleNumber": 1, "Protocol": "6", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}
    working.ec2.create_network_acl_entry(NetworkAclId=acl, Egress=False, PortRange={"From": 30_000, "To": 40_000}, **refusal)


def the_database_lets_nobody_in(working):
    working.ec2.revoke_security_group_ingress(GroupId=working.database_group, IpPermissions=working.postgres)


def the_database_lets_everybody_in(working):
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    working.ec2.authorize_security_group_ingress(GroupId=working.database_group, IpPermissions=[rule])


def the_database_can_be_reached_from_the_internet(working):
    working.ec2.create_route(RouteTableId=working.private_table, DestinationCidrBlock="0.0.0.0/0", GatewayId=working.gateway)


def the_database_speaks_plainly(working):
    working.require_tls("0")


def tasks_let_strangers_in(working):
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    working.ec2.authorize_security_group_ingress(GroupId=working.tasks_group, IpPermissions=[rule])


def the_default_group_has_rules(working):
    rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": working.default_group}]}
    working.ec2.authorize_security_group_ingress(GroupId=working.default_group, IpPermissions=[rule])


def the_task_role_may_not_read_the_stream(working):
    working.put_policy("task", working.task_statements[1:])


def the_task_role_may_read_every_secret(working):
    working.put_policy("task", [*working.task_statements, allow(["secretsmanager:GetSecretValue"], "*")])


def the_execution_role_may_not_read_the_secret(working):
    working.put_policy("execution", working.execution_statements[:-1])


def the_execution_role_may_do_anything_to_its_log(working):
    log = working.execution_statements[1] | {"Action": ["logs:*"]}
    working.put_policy("execution", [working.execution_statements[0], log, working.execution_statements[2]])


def a_policy_is_denied_elsewhere(working):
    denial = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    working.put_policy("task", [*working.task_statements, denial])


def a_boundary_is_too_narrow(working):
    policy = working.iam.create_policy(PolicyName=working.named("b"), PolicyDocument=document(allow(["kinesis:*", "sqs:*"], "*")))
    name, arn = working.named("video-processing-task-role"), policy["Policy"]["Arn"]
    working.iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=arn)


def the_account_may_take_on_a_role(working):
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
    policy = document(working.trust, trust)
    working.iam.update_assume_role_policy(RoleName=working.named("video-processing-task-role"), PolicyDocument=policy)


def a_role_is_for_another_account(working):
    trust = working.trust | {"Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}}}
    name = working.named("video-processing-execution-role")
    working.iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(trust))


def an_alarm_watches_another_stream(working):
    dimensions = {"StreamName": "video-ingestion-stream-other"}
    working.put_alarm("video-ingestion-write-throttle-alarm", "AWS/Kinesis", "WriteProvisionedThroughputExceeded", dimensions)


def an_alarm_is_gone(working):
    working.cloudwatch.delete_alarms(AlarmNames=[working.named("video-metadata-capacity-alarm")])


def an_alarm_tells_nobody(working):
    working.sns.delete_topic(TopicArn=working.topic)


def an_alarm_is_silent_when_nothing_runs(working):
    tasks = {"ClusterName": working.ecs_cluster, "ServiceName": working.service}
    below = {"ComparisonOperator": "LessThanThreshold", "TreatMissingData": "notBreaching", "Threshold": 1.0}
    working.put_alarm("video-processing-running-tasks-alarm", "ECS/ContainerInsights", "RunningTaskCount", tasks, **below)


def jobs_do_not_end_anywhere(working):
    working.sqs.set_queue_attributes(QueueUrl=working.jobs, Attributes={"RedrivePolicy": ""})


def anything_ends_in_the_dead_letter_queue(working):
    allowed = json.dumps({"redrivePermission": "allowAll"})
    working.sqs.set_queue_attributes(QueueUrl=working.dead, Attributes={"RedriveAllowPolicy": allowed})


def a_variable_is_missing(working):
    given = {name: value for name, value in working.environment.items() if name != "JOB_QUEUE_URL"}
    working.update_service(taskDefinition=working.register(given))


def a_variable_is_wrong(working):
    given = working.environment | {"DATABASE_HOST": "localhost"}
    working.update_service(taskDefinition=working.register(given))


def the_password_is_not_from_the_secret(working):
    working.update_service(taskDefinition=working.register(secrets=[]))


def a_log_group_keeps_everything(working):
    working.logs.delete_retention_policy(logGroupName=working.log_groups[1])


def a_log_group_is_gone(working):
    working.logs.delete_log_group(logGroupName=working.log_groups[2])


def the_stream_is_plain(working):
    working.kinesis.stop_stream_encryption(StreamName=working.stream, EncryptionType="KMS", KeyId="alias/aws/kinesis")


def no_task_runs(working):
    working.update_service(desiredCount=0)


def the_image_does_not_start(working):
    unfinished = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
    revision = working.register(image="public.ecr.aws/streamflix/processor:fails")
    working.update_service(taskDefinition=revision, deploymentConfiguration=unfinished)


USES = "the task role may use its stream, its queues and its secret"
STARTS = "the execution role may pull the image, write the log and read the secret"
REDRIVE = "jobs that fail for good end in the dead-letter queue, and nothing else does"
MISTAKES = [
    (no_route_to_the_internet, "tasks reach the internet: subnet-"),
    (no_public_addresses, "tasks reach the internet: the service gives its tasks no public addresses"),
    (tasks_keep_quiet, "tasks reach the internet: the tasks' security group does not let HTTPS out"),
    (an_acl_refuses_answers, "tasks reach the internet: the network ACL of subnet-"),
    (tasks_keep_quiet, "tasks reach the database on its port: the tasks' security group does not let 5432 out"),
    (the_database_lets_nobody_in, "tasks reach the database on its port: the database's security group does not let the tasks in"),
    (the_database_lets_everybody_in, "nobody but the tasks reaches the database: video-processing-aurora-sg-"),
    (the_database_can_be_reached_from_the_internet, "the database is not public: its subnet-"),
    (the_database_speaks_plainly, "the database is encrypted, at rest and on the way: its parameter group"),
    (tasks_let_strangers_in, "nobody reaches the tasks from outside: video-processing-ecs-sg-"),
    (the_default_group_has_rules, "the default security group is empty: sg-"),
    (the_task_role_may_not_read_the_stream, f"{USES}: it may not kinesis:GetRecords"),
    (the_task_role_may_read_every_secret, "the task role may do nothing else: it may secretsmanager:GetSecretValue on *"),
    (the_execution_role_may_not_read_the_secret, f"{STARTS}: it may not secretsmanager:GetSecretValue"),
    (the_execution_role_may_do_anything_to_its_log, "the execution role may do nothing else: it may logs:* on arn:aws:logs:"),
    (a_policy_is_denied_elsewhere, f"{USES}: it may not sqs:DeleteMessage"),
    (a_boundary_is_too_narrow, f"{USES}: it may not secretsmanager:GetSecretValue"),
    (the_account_may_take_on_a_role, "only ECS tasks of this account may take on the roles: video-processing-task-role-"),
    (a_role_is_for_another_account, "only ECS tasks of this account may take on the roles: video-processing-execution-role-"),
    (an_alarm_watches_another_stream, "alarms watch what exists: video-ingestion-write-throttle-alarm-"),
    (an_alarm_is_gone, "alarms watch what exists: there is no video-metadata-capacity-alarm-"),
    (an_alarm_tells_nobody, "alarms tell those who exist: video-"),
    (an_alarm_is_silent_when_nothing_runs, "alarms go off in the right direction: video-processing-running-tasks-alarm-"),
    (jobs_do_not_end_anywhere, f"{REDRIVE}: video-processing-jobs-"),
    (anything_ends_in_the_dead_letter_queue, f"{REDRIVE}: video-processing-dlq-"),
    (a_variable_is_missing, "tasks are told where everything is: JOB_QUEUE_URL is missing"),
    (a_variable_is_wrong, "tasks are told where everything is: DATABASE_HOST is localhost"),
    (the_password_is_not_from_the_secret, "tasks get the database's credentials from its secret: DATABASE_USERNAME"),
    (a_log_group_keeps_everything, "every log group exists and forgets after a while: /aws/ecs/containerinsights/"),
    (a_log_group_is_gone, "every log group exists and forgets after a while: there is no log group /aws/rds/cluster/"),
    (the_stream_is_plain, "the stream takes records and encrypts them: it is not encrypted"),
    (no_task_runs, "the wanted number of tasks runs: 0 of 0"),
    (the_image_does_not_start, "the wanted number of tasks runs: a rollout is IN_PROGRESS"),
]


@pytest.mark.parametrize(("make_mistake", "line"), MISTAKES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_mistake_is_found(working, check, make_mistake, line):
    make_mistake(working)
    failed = check(working.suffix)
    assert any(found.startswith(f"✘ {line}") for found in failed), failed
