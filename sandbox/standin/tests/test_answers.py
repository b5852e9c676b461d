"""Answers are what AWS's published models say, for every operation that the operator calls.

Each test of this folder has its answers checked; here every operation is called once, so that none is forgotten.
"""

import json
import re
from pathlib import Path

import pytest
from standin import control
from standin.answers import CHECKED, LAXER, flaws
from standin.calls import Call, CallLog
from standin.faults import Faults
from standin.server import StandIn
from standin.wire import Answer
from whole import ACCOUNT, SCALABLE, Whole

KINDS = Path(__file__).parents[3] / "src"
CALLED = re.compile(r'called\(\s*"([a-z0-9-]+:[A-Za-z]+)"')
TAGS = [{"Key": "k", "Value": "v"}]
TAGS_OF_ECS = [{"key": "k", "value": "v"}]
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "*"}]})


def change_network(whole):
    ec2, network = whole.ec2, whole.network
    subnet, group = network.subnets[0], {"GroupId": network.group}
    ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": True})
    ec2.describe_vpc_attribute(VpcId=network.vpc, Attribute="enableDnsHostnames")
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    ec2.describe_availability_zones()
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16", "Description": "a"}]}
    for direction in ("ingress", "egress"):
        getattr(ec2, f"authorize_security_group_{direction}")(**group, IpPermissions=[rule])
        getattr(ec2, f"update_security_group_rule_descriptions_{direction}")(**group, IpPermissions=[rule])
        getattr(ec2, f"revoke_security_group_{direction}")(**group, IpPermissions=[rule])
    route = {"RouteTableId": whole.table, "DestinationCidrBlock": "0.0.0.0/0"}
    ec2.replace_route(**route, GatewayId=whole.gateway)
    ec2.delete_route(**route)
    other = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    replaced = ec2.replace_route_table_association(AssociationId=whole.associations[0], RouteTableId=other)
    whole.associations[0] = replaced["NewAssociationId"]
    ec2.delete_tags(Resources=[network.vpc], Tags=[{"Key": "Name"}])
    ec2.disassociate_route_table(AssociationId=whole.associations.pop(0))
    ec2.delete_route_table(RouteTableId=other)


def change_stream(whole):
    kinesis, stream = whole.kinesis, {"StreamName": "stream"}
    described = kinesis.describe_stream_summary(**stream)["StreamDescriptionSummary"]
    kinesis.list_tags_for_stream(**stream)
    kinesis.add_tags_to_stream(**stream, Tags={"k": "v"})
    kinesis.remove_tags_from_stream(**stream, TagKeys=["k"])
    kinesis.increase_stream_retention_period(**stream, RetentionPeriodHours=48)
    kinesis.decrease_stream_retention_period(**stream, RetentionPeriodHours=24)
    kinesis.enable_enhanced_monitoring(**stream, ShardLevelMetrics=["IncomingBytes"])
    kinesis.disable_enhanced_monitoring(**stream, ShardLevelMetrics=["IncomingBytes"])
    kinesis.start_stream_encryption(**stream, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    kinesis.stop_stream_encryption(**stream, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    kinesis.update_shard_count(**stream, TargetShardCount=3, ScalingType="UNIFORM_SCALING")
    kinesis.update_stream_mode(StreamARN=described["StreamARN"], StreamModeDetails={"StreamMode": "ON_DEMAND"})


def change_queue(whole):
    sqs, queue = whole.sqs, {"QueueUrl": whole.queue}
    sqs.get_queue_url(QueueName="jobs")
    sqs.get_queue_attributes(**queue, AttributeNames=["All"])
    sqs.set_queue_attributes(**queue, Attributes={"VisibilityTimeout": "30"})
    sqs.list_queue_tags(**queue)
    sqs.tag_queue(**queue, Tags={"k": "v"})
    sqs.untag_queue(**queue, TagKeys=["k"])


def change_database(whole):
    rds, group = whole.rds, {"DBClusterParameterGroupName": "params"}
    parameter = {"ParameterName": "log_connections", "ParameterValue": "1", "ApplyMethod": "pending-reboot"}
    rds.modify_db_cluster_parameter_group(**group, Parameters=[parameter])
    rds.describe_db_cluster_parameters(**group)
    rds.reset_db_cluster_parameter_group(**group, Parameters=[{"ParameterName": "log_connections", "ApplyMethod": "pending-reboot"}])
    rds.describe_db_engine_versions(Engine="aurora-postgresql")
    arn = rds.describe_db_clusters()["DBClusters"][0]["DBClusterArn"]
    rds.enable_http_endpoint(ResourceArn=arn)
    rds.disable_http_endpoint(ResourceArn=arn)
    rds.modify_db_cluster(DBClusterIdentifier="db", BackupRetentionPeriod=7, ApplyImmediately=True)
    rds.modify_db_instance(DBInstanceIdentifier="db-1", AutoMinorVersionUpgrade=False, ApplyImmediately=True)
    rds.modify_db_subnet_group(DBSubnetGroupName="group", DBSubnetGroupDescription="e", SubnetIds=whole.network.subnets)
    rds.add_tags_to_resource(ResourceName=arn, Tags=TAGS)
    rds.list_tags_for_resource(ResourceName=arn)
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["k"])
    secret = rds.describe_db_clusters()["DBClusters"][0]["MasterUserSecret"]["SecretArn"]
    whole.secrets.rotate_secret(SecretId=secret, RotationRules={"AutomaticallyAfterDays": 7})
    whole.secrets.describe_secret(SecretId=secret)


def change_service(whole):
    ecs = whole.ecs
    cluster = ecs.describe_clusters(clusters=["c"], include=["TAGS", "SETTINGS", "CONFIGURATIONS"])["clusters"][0]
    ecs.update_cluster(cluster="c", settings=[{"name": "containerInsights", "value": "disabled"}])
    ecs.tag_resource(resourceArn=cluster["clusterArn"], tags=TAGS_OF_ECS)
    ecs.untag_resource(resourceArn=cluster["clusterArn"], tagKeys=["k"])
    ecs.describe_task_definition(taskDefinition="f", include=["TAGS"])
    whole.service.update(desiredCount=3, enableExecuteCommand=True)
    service = whole.service.describe()
    revisions = [deployment["targetServiceRevision"]["arn"] for deployment in whole.service.deployments()]
    assert ecs.describe_service_revisions(serviceRevisionArns=revisions)["serviceRevisions"]
    assert service["deployments"] and whole.service.tasks()


def change_role(whole):
    iam, role = whole.iam, {"RoleName": "tasks"}
    policy = iam.create_policy(PolicyName="managed", PolicyDocument=DOCUMENT)["Policy"]["Arn"]
    iam.attach_role_policy(**role, PolicyArn=policy)
    iam.put_role_permissions_boundary(**role, PermissionsBoundary=policy)
    iam.get_role(**role)
    iam.list_attached_role_policies(**role)
    iam.get_account_authorization_details(Filter=["Role"])
    iam.detach_role_policy(**role, PolicyArn=policy)
    iam.tag_role(**role, Tags=TAGS)
    iam.untag_role(**role, TagKeys=["k"])
    iam.update_assume_role_policy(**role, PolicyDocument=iam_trust())


def iam_trust():
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
    return json.dumps({"Version": "2012-10-17", "Statement": [trust]})


def change_watching(whole):
    logs, group = whole.logs, {"resourceArn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/ecs/whole"}
    logs.put_retention_policy(logGroupName="/ecs/whole", retentionInDays=7)
    logs.tag_resource(**group, tags={"k": "v"})
    logs.list_tags_for_resource(**group)
    logs.untag_resource(**group, tagKeys=["k"])
    alarm = {"ResourceARN": whole.cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]}
    whole.cloudwatch.tag_resource(**alarm, Tags=TAGS)
    whole.cloudwatch.list_tags_for_resource(**alarm)
    whole.cloudwatch.untag_resource(**alarm, TagKeys=["k"])
    whole.scaling.delete_scaling_policy(**SCALABLE, PolicyName="cpu")


CHANGES = [change_network, change_stream, change_queue, change_database, change_service, change_role, change_watching]


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_answered_as_their_models_say(client, change):
    change(Whole(client))


def test_every_operation_of_the_operator_is_answered_as_its_model_says(standin, client):
    called = {action for file in KINDS.rglob("*.rs") for action in CALLED.findall(file.read_text(encoding="utf-8"))}
    assert len(called) > 100, "the operator's actions are not found where they were"
    before = len(standin.calls())
    whole = Whole(client)
    whole.picture()
    for change in CHANGES:
        change(whole)
    whole.delete()
    answered = {f"{call['service']}:{call['operation']}" for call in standin.calls()[before:] if call["status"] == 200}
    assert called - answered == set()


def _flaws(service, operation, protocol, body):
    call = Call(service, operation, ACCOUNT, "eu-west-1", "", None, protocol)
    return flaws(call, Answer(200, {}, body if isinstance(body, bytes) else json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("answer", "flaw"),
    [
        ({"StreamNames": ["s"]}, "HasMoreStreams = None: Member must not be null"),
        ({"StreamNames": [1], "HasMoreStreams": False}, "StreamNames.1.member = 1: Member must be of type string"),
        ({"StreamNames": [], "HasMoreStreams": False, "Streams": []}, "Streams = []: Member is not known"),
        ({"StreamNames": [], "HasMoreStreams": "false"}, "HasMoreStreams = 'false': Member must be of type boolean"),
    ],
)
def test_flaws_in_json_are_found(answer, flaw):
    assert _flaws("kinesis", "ListStreams", "json", answer) == [flaw]


@pytest.mark.parametrize(
    ("element", "flaw"),
    [
        ("<isDefault>no</isDefault>", "Vpcs.1.member.IsDefault = ['no']: Member must be of type boolean"),
        ("<colour>red</colour>", "Vpcs.1.member.colour = 'red': Member is not known"),
        ("<state>ready</state>", "Vpcs.1.member.State = 'ready': Member must satisfy enum value set: [pending, available, deleting]"),
    ],
)
def test_flaws_in_xml_are_found(element, flaw):
    body = f"<DescribeVpcsResponse xmlns='x'><requestId>r</requestId><vpcSet><item>{element}</item></vpcSet></DescribeVpcsResponse>"
    assert _flaws("ec2", "DescribeVpcs", "ec2", body.encode()) == [flaw]


@pytest.mark.parametrize(("checked", "status"), [(True, 500), (False, 200)])
def test_a_flawed_answer_is_an_error_while_answers_are_checked(monkeypatch, checked, status):
    monkeypatch.setitem(control.settings, CHECKED, checked)
    call = Call("kinesis", "ListStreams", ACCOUNT, "eu-west-1", "", None, "json")
    assert StandIn(CallLog(None), Faults())._checked(call, Answer(200, {}, b"{}")).status == status


def test_every_exception_has_its_reason():
    assert all("https://docs.aws.amazon.com/" in reason for reason in LAXER.values())
