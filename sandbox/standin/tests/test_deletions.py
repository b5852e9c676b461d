"""What AWS keeps while something depends on it: every operation by which the operator removes anything, and every reason for a refusal."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import StandIn
from whole import ACCOUNT, Whole

KINDS = Path(__file__).parents[3] / "src/kinds"
REMOVES = re.compile(r'called\(\s*"([a-z0-9-]+:(?:Delete|Deregister|Detach|Disassociate)[A-Za-z]+)"')

Rule = Callable[[Whole], tuple[Callable[[], Any], Callable[[], Any]]]
"""Makes something that is needed: how to delete it, and how to remove what needs it."""

RULES: list[tuple[str, str, Rule]] = []


def rule(action: str, code: str) -> Callable[[Rule], Rule]:
    """Registers a rule: the action is refused with the code until what depends is gone."""

    def register(function: Rule) -> Rule:
        RULES.append((action, code, function))
        return function

    return register


FREE = {
    "application-autoscaling:DeleteScalingPolicy": "its alarms go with it",
    "application-autoscaling:DeregisterScalableTarget": "its policies go with it",
    "cloudwatch:DeleteAlarms": "only a composite alarm would need one",
    "ec2:DeleteRoute": "nothing refers to a route",
    "ec2:DeleteTags": "nothing refers to a tag",
    "ec2:DisassociateRouteTable": "the subnet falls back to the main route table",
    "ecs:DeregisterTaskDefinition": "services and tasks go on with an inactive revision",
    "iam:DeleteRolePolicy": "an inline policy belongs to its role",
    "iam:DetachRolePolicy": "an attachment belongs to its role",
    "logs:DeleteLogGroup": "its streams and filters go with it",
    "sqs:DeleteQueue": "a queue goes with its messages, and also as the dead-letter queue of another",
}
"""Actions that nothing stands in the way of, and why."""


@rule("ec2:DeleteVpc", "DependencyViolation")
def a_vpc_with_a_subnet(whole):
    vpc = _vpc(whole)
    subnet = whole.ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    return lambda: whole.ec2.delete_vpc(VpcId=vpc), lambda: whole.ec2.delete_subnet(SubnetId=subnet)


@rule("ec2:DeleteVpc", "DependencyViolation")
def a_vpc_with_a_gateway(whole):
    vpc, gateway = _vpc(whole), whole.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    whole.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return lambda: whole.ec2.delete_vpc(VpcId=vpc), lambda: whole.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


@rule("ec2:DeleteVpc", "DependencyViolation")
def a_vpc_with_a_route_table(whole):
    vpc = _vpc(whole)
    table = whole.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    return lambda: whole.ec2.delete_vpc(VpcId=vpc), lambda: whole.ec2.delete_route_table(RouteTableId=table)


@rule("ec2:DeleteVpc", "DependencyViolation")
def a_vpc_with_a_security_group(whole):
    vpc = _vpc(whole)
    group = whole.ec2.create_security_group(VpcId=vpc, GroupName="g", Description="g")["GroupId"]
    return lambda: whole.ec2.delete_vpc(VpcId=vpc), lambda: whole.ec2.delete_security_group(GroupId=group)


@rule("ec2:DeleteVpc", "DependencyViolation")
def a_vpc_with_an_endpoint(whole):
    vpc = _vpc(whole)
    endpoint = whole.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3")["VpcEndpoint"]["VpcEndpointId"]
    return lambda: whole.ec2.delete_vpc(VpcId=vpc), lambda: whole.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])


@rule("ec2:DeleteVpc", "DependencyViolation")
def a_vpc_with_a_network_acl(whole):
    vpc = _vpc(whole)
    acl = whole.ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    return lambda: whole.ec2.delete_vpc(VpcId=vpc), lambda: whole.ec2.delete_network_acl(NetworkAclId=acl)


@rule("ec2:DeleteVpc", "DependencyViolation")
def a_vpc_with_an_egress_only_gateway(whole):
    vpc = _vpc(whole)
    made = whole.ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    undo = whole.ec2.delete_egress_only_internet_gateway
    return lambda: whole.ec2.delete_vpc(VpcId=vpc), lambda: undo(EgressOnlyInternetGatewayId=made)


@rule("ec2:DeleteSubnet", "DependencyViolation")
def a_subnet_with_an_interface(whole):
    subnet = whole.ec2.create_subnet(VpcId=whole.network.vpc, CidrBlock="10.0.9.0/24")["Subnet"]["SubnetId"]
    interface = whole.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    undo = whole.ec2.delete_network_interface
    return lambda: whole.ec2.delete_subnet(SubnetId=subnet), lambda: undo(NetworkInterfaceId=interface)


@rule("ec2:DeleteSecurityGroup", "DependencyViolation")
def a_group_of_an_interface(whole):
    group, subnet = _group(whole), whole.network.subnets[0]
    interface = whole.ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    undo = whole.ec2.delete_network_interface
    return lambda: whole.ec2.delete_security_group(GroupId=group), lambda: undo(NetworkInterfaceId=interface)


@rule("ec2:DeleteSecurityGroup", "DependencyViolation")
def a_group_that_a_rule_names(whole):
    group = _group(whole)
    permissions = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": group}]}]
    rule_of = {"GroupId": whole.database_group, "IpPermissions": permissions}
    whole.ec2.authorize_security_group_ingress(**rule_of)
    return lambda: whole.ec2.delete_security_group(GroupId=group), lambda: whole.ec2.revoke_security_group_ingress(**rule_of)


@rule("ec2:DeleteInternetGateway", "DependencyViolation")
def a_gateway_that_is_attached(whole):
    vpc, gateway = _vpc(whole), whole.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    whole.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    undo = whole.ec2.detach_internet_gateway
    return lambda: whole.ec2.delete_internet_gateway(InternetGatewayId=gateway), lambda: undo(InternetGatewayId=gateway, VpcId=vpc)


@rule("ec2:DetachInternetGateway", "DependencyViolation")
def a_gateway_of_tasks_with_public_addresses(whole):
    gateway = {"InternetGatewayId": whole.gateway, "VpcId": whole.network.vpc}
    return lambda: whole.ec2.detach_internet_gateway(**gateway), lambda: _end_service(whole)


@rule("ec2:DeleteRouteTable", "DependencyViolation")
def a_route_table_of_subnets(whole):
    def undo():
        for association in whole.associations:
            whole.ec2.disassociate_route_table(AssociationId=association)

    return lambda: whole.ec2.delete_route_table(RouteTableId=whole.table), undo


@rule("rds:DeleteDBSubnetGroup", "InvalidDBSubnetGroupStateFault")
def a_subnet_group_of_a_cluster(whole):
    return lambda: whole.rds.delete_db_subnet_group(DBSubnetGroupName="group"), lambda: _end_database(whole)


@rule("rds:DeleteDBClusterParameterGroup", "InvalidDBParameterGroupState")
def a_parameter_group_of_a_cluster(whole):
    return lambda: whole.rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName="params"), lambda: _end_database(whole)


@rule("rds:DeleteDBCluster", "InvalidDBClusterStateFault")
def a_database_with_an_instance(whole):
    delete = whole.rds.delete_db_cluster
    undo = whole.rds.delete_db_instance
    return lambda: delete(DBClusterIdentifier="db", SkipFinalSnapshot=True), lambda: undo(DBInstanceIdentifier="db-1")


@rule("rds:DeleteDBCluster", "InvalidParameterCombination")
def a_database_that_is_protected(whole):
    whole.rds.delete_db_instance(DBInstanceIdentifier="db-1")
    whole.rds.modify_db_cluster(DBClusterIdentifier="db", DeletionProtection=True)
    delete, change = whole.rds.delete_db_cluster, whole.rds.modify_db_cluster
    skip = {"DBClusterIdentifier": "db", "SkipFinalSnapshot": True}
    return lambda: delete(**skip), lambda: change(DBClusterIdentifier="db", DeletionProtection=False)


@rule("rds:DeleteDBInstance", "InvalidDBInstanceState")
def an_instance_that_is_being_deleted(whole):
    instance = {"DBInstanceIdentifier": "db-2", "DBInstanceClass": "db.serverless", "Engine": "aurora-postgresql"}
    whole.standin.durations(rds__instance__delete=60)
    whole.rds.create_db_instance(**instance, DBClusterIdentifier="db")
    whole.rds.delete_db_instance(DBInstanceIdentifier="db-2")

    def delete():
        whole.rds.delete_db_instance(DBInstanceIdentifier="db-2")

    def undo():
        whole.standin.elapse(61)
        whole.rds.create_db_instance(**instance, DBClusterIdentifier="db")

    return delete, undo


@rule("ecs:DeleteCluster", "ClusterContainsServicesException")
def a_cluster_with_a_service(whole):
    return lambda: whole.ecs.delete_cluster(cluster="c"), lambda: _end_service(whole)


@rule("ecs:DeleteCluster", "ClusterContainsTasksException")
def a_cluster_with_a_task(whole):
    _end_service(whole)
    network = whole.service.in_network()
    task = whole.ecs.run_task(cluster="c", taskDefinition="f", launchType="FARGATE", networkConfiguration=network)["tasks"][0]["taskArn"]
    return lambda: whole.ecs.delete_cluster(cluster="c"), lambda: whole.ecs.stop_task(cluster="c", task=task)


@rule("ecs:DeleteCluster", "ClusterContainsContainerInstancesException")
def a_cluster_with_a_container_instance(whole):
    _end_service(whole)
    identity = {"instanceIdentityDocument": json.dumps({"instanceId": _instance(whole), "region": "eu-west-1", "accountId": ACCOUNT})}
    registered = whole.ecs.register_container_instance(cluster="c", **identity)["containerInstance"]["containerInstanceArn"]
    undo = whole.ecs.deregister_container_instance
    return lambda: whole.ecs.delete_cluster(cluster="c"), lambda: undo(cluster="c", containerInstance=registered, force=True)


@rule("ecs:DeleteService", "InvalidParameterException")
def a_service_with_tasks(whole):
    return lambda: whole.ecs.delete_service(cluster="c", service="s"), lambda: whole.service.update(desiredCount=0)


@rule("iam:DeleteRole", "DeleteConflict")
def a_role_with_an_inline_policy(whole):
    return lambda: whole.iam.delete_role(RoleName="tasks"), lambda: whole.iam.delete_role_policy(RoleName="tasks", PolicyName="policy")


@rule("iam:DeleteRole", "DeleteConflict")
def a_role_with_a_managed_policy(whole):
    whole.iam.delete_role_policy(RoleName="tasks", PolicyName="policy")
    allow = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    policy = whole.iam.create_policy(PolicyName="managed", PolicyDocument=document)["Policy"]["Arn"]
    whole.iam.attach_role_policy(RoleName="tasks", PolicyArn=policy)
    undo = whole.iam.detach_role_policy
    return lambda: whole.iam.delete_role(RoleName="tasks"), lambda: undo(RoleName="tasks", PolicyArn=policy)


@rule("iam:DeleteRole", "DeleteConflict")
def a_role_in_an_instance_profile(whole):
    whole.iam.delete_role_policy(RoleName="tasks", PolicyName="policy")
    whole.iam.create_instance_profile(InstanceProfileName="profile")
    member = {"InstanceProfileName": "profile", "RoleName": "tasks"}
    whole.iam.add_role_to_instance_profile(**member)
    return lambda: whole.iam.delete_role(RoleName="tasks"), lambda: whole.iam.remove_role_from_instance_profile(**member)


@rule("kinesis:DeleteStream", "ResourceInUseException")
def a_stream_with_a_consumer(whole):
    consumer = {"StreamARN": f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/stream", "ConsumerName": "reader"}
    whole.kinesis.register_stream_consumer(**consumer)
    return lambda: whole.kinesis.delete_stream(StreamName="stream"), lambda: whole.kinesis.deregister_stream_consumer(**consumer)


def _vpc(whole: Whole) -> str:
    return whole.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]


def _group(whole: Whole) -> str:
    return whole.ec2.create_security_group(VpcId=whole.network.vpc, GroupName="g", Description="g")["GroupId"]


def _instance(whole: Whole) -> str:
    image = whole.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launched = whole.ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=whole.network.subnets[0])
    return launched["Instances"][0]["InstanceId"]


def _end_service(whole: Whole) -> None:
    whole.ecs.delete_service(cluster="c", service="s", force=True)


def _end_database(whole: Whole) -> None:
    whole.rds.delete_db_instance(DBInstanceIdentifier="db-1")
    whole.rds.delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)


@pytest.fixture(scope="module")
def built(server: StandIn) -> Whole:
    """An environment that is built once: each test gets it as it was."""
    server.control("POST", "reset")
    server.control("PUT", "durations", {"preset": "none"})
    whole = Whole(server.client)
    whole.standin = server
    server.control("POST", "snapshot", {"name": "built"})
    return whole


@pytest.fixture
def whole(built: Whole) -> Iterator[Whole]:
    """The environment as it was built."""
    built.standin.control("POST", "restore", {"name": "built"})
    built.standin.control("PUT", "durations", {"preset": "none"})
    yield built


@pytest.mark.parametrize(("action", "code", "needed"), RULES, ids=[needed.__name__ for _, _, needed in RULES])
def test_what_is_needed_is_kept(whole, refused, action, code, needed):
    delete, undo = needed(whole)
    refused(code, delete)
    call = whole.standin.calls()[-1]
    assert f"{call['service']}:{call['operation']}" == action
    undo()
    delete()


def test_every_removal_of_the_operator_has_its_rules():
    removes = {action for file in KINDS.rglob("*.rs") for action in REMOVES.findall(file.read_text(encoding="utf-8"))}
    assert removes == {action for action, _, _ in RULES} | FREE.keys()
