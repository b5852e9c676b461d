"""An environment that holds one or more of every kind of object the operator makes, its picture, and its end."""

import json
from collections.abc import Callable
from typing import Any

from environment import Network, Service

ACCOUNT = "123456789012"
TASK = "service/c/s"
"""The ECS service, as Application Auto Scaling calls it."""
SCALABLE = {"ServiceNamespace": "ecs", "ResourceId": TASK, "ScalableDimension": "ecs:service:DesiredCount"}


class Whole:
    """Builds an environment with boto3 alone."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self.client = client
        self.ec2, self.iam, self.rds, self.sqs = (client(name) for name in ("ec2", "iam", "rds", "sqs"))
        self.kinesis, self.logs, self.cloudwatch = (client(name) for name in ("kinesis", "logs", "cloudwatch"))
        self.scaling, self.secrets = client("application-autoscaling"), client("secretsmanager")
        self.service = Service(client)
        self.network: Network = self.service.network
        self.ecs = self.service.ecs
        self._connect()
        self._ingest()
        self._store()
        self._process()

    def _connect(self) -> None:
        self.gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.network.vpc)
        table = self.ec2.create_route_table(VpcId=self.network.vpc, ClientToken="table")["RouteTable"]
        self.table = table["RouteTableId"]
        self.ec2.create_route(RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0", GatewayId=self.gateway)
        associated = [self.ec2.associate_route_table(RouteTableId=self.table, SubnetId=subnet) for subnet in self.network.subnets]
        self.associations = [association["AssociationId"] for association in associated]
        self.database_group = self.ec2.create_security_group(VpcId=self.network.vpc, GroupName="db", Description="db")["GroupId"]
        pairs = [{"GroupId": self.network.group}]
        rule = [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": pairs}]
        self.ec2.authorize_security_group_ingress(GroupId=self.database_group, IpPermissions=rule)
        self.ec2.create_tags(Resources=[self.network.vpc, self.gateway], Tags=[{"Key": "Name", "Value": "whole"}])
        service = "com.amazonaws.eu-west-1.s3"
        made = self.ec2.create_vpc_endpoint(VpcId=self.network.vpc, ServiceName=service, RouteTableIds=[self.table])
        self.endpoint = made["VpcEndpoint"]["VpcEndpointId"]

    def _ingest(self) -> None:
        self.kinesis.create_stream(StreamName="stream", ShardCount=2, Tags={"Name": "stream"})
        self.queue = self.sqs.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "60"}, tags={"Name": "jobs"})["QueueUrl"]

    def _store(self) -> None:
        self.rds.create_db_subnet_group(DBSubnetGroupName="group", DBSubnetGroupDescription="d", SubnetIds=self.network.subnets)
        family = "aurora-postgresql16"
        self.rds.create_db_cluster_parameter_group(DBClusterParameterGroupName="params", DBParameterGroupFamily=family, Description="d")
        self.rds.create_db_cluster(
            DBClusterIdentifier="db",
            Engine="aurora-postgresql",
            EngineVersion="16.8",
            MasterUsername="video_admin",
            ManageMasterUserPassword=True,
            DBSubnetGroupName="group",
            DBClusterParameterGroupName="params",
            VpcSecurityGroupIds=[self.database_group],
            ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 1.0},
        )
        instance = {"DBInstanceIdentifier": "db-1", "DBInstanceClass": "db.serverless", "Engine": "aurora-postgresql"}
        self.rds.create_db_instance(**instance, DBClusterIdentifier="db")

    def _process(self) -> None:
        allow = {"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self.iam.put_role_policy(RoleName="tasks", PolicyName="policy", PolicyDocument=document)
        self.logs.create_log_group(logGroupName="/ecs/whole", tags={"Name": "group"})
        self.service.register()
        self.service.create(clientToken="service")
        self.scaling.register_scalable_target(**SCALABLE, MinCapacity=1, MaxCapacity=4)
        cpu = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
        tracking = {"TargetValue": 70.0, "PredefinedMetricSpecification": cpu}
        policy = {"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"}
        self.scaling.put_scaling_policy(**SCALABLE, **policy, TargetTrackingScalingPolicyConfiguration=tracking)
        alarm = {"AlarmName": "alarm", "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Maximum"}
        threshold = {"Period": 60, "EvaluationPeriods": 5, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
        self.cloudwatch.put_metric_alarm(**alarm, **threshold, Tags=[{"Key": "Name", "Value": "alarm"}])

    def picture(self) -> dict[str, Any]:
        """Everything that AWS says about the account."""
        calls = {
            "ec2": ["vpcs", "subnets", "internet_gateways", "route_tables", "security_groups", "security_group_rules", "tags"],
            "rds": ["db_clusters", "db_instances", "db_subnet_groups", "db_cluster_parameter_groups"],
            "logs": ["log_groups"],
            "cloudwatch": ["alarms"],
        }
        calls["ec2"] += ["network_interfaces", "vpc_endpoints"]
        described = {name: getattr(self.client(service), f"describe_{name}")() for service, names in calls.items() for name in names}
        described |= {name: getattr(self.client(name), call)() for name, call in _LISTS.items()}
        described["targets"] = self.scaling.describe_scalable_targets(ServiceNamespace="ecs")
        described["policies"] = self.scaling.describe_scaling_policies(ServiceNamespace="ecs")
        described["definitions"] = self.ecs.list_task_definitions()
        described["service"] = self.ecs.list_services(cluster="c") if described["ecs"]["clusterArns"] else {}
        return {name: _lasting(answer) for name, answer in described.items()}

    def delete(self) -> None:
        """Deletes all of it, dependants first."""
        self.scaling.deregister_scalable_target(**SCALABLE)
        self.ecs.delete_service(cluster="c", service="s", force=True)
        self.ecs.delete_cluster(cluster="c")
        self.ecs.deregister_task_definition(taskDefinition="f:1")
        self.cloudwatch.delete_alarms(AlarmNames=["alarm"])
        self.iam.delete_role_policy(RoleName="tasks", PolicyName="policy")
        self.iam.delete_role(RoleName="tasks")
        self.rds.delete_db_instance(DBInstanceIdentifier="db-1")
        self.rds.delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)
        self.rds.delete_db_subnet_group(DBSubnetGroupName="group")
        self.rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName="params")
        self.sqs.delete_queue(QueueUrl=self.queue)
        self.kinesis.delete_stream(StreamName="stream")
        for group in self.logs.describe_log_groups()["logGroups"]:
            self.logs.delete_log_group(logGroupName=group["logGroupName"])
        self._delete_network()

    def _delete_network(self) -> None:
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[self.endpoint])
        for association in self.associations:
            self.ec2.disassociate_route_table(AssociationId=association)
        self.ec2.delete_route_table(RouteTableId=self.table)
        for subnet in self.network.subnets:
            self.ec2.delete_subnet(SubnetId=subnet)
        for group in (self.database_group, self.network.group):
            self.ec2.delete_security_group(GroupId=group)
        self.ec2.detach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.network.vpc)
        self.ec2.delete_internet_gateway(InternetGatewayId=self.gateway)
        self.ec2.delete_vpc(VpcId=self.network.vpc)


def _lasting(said: Any) -> Any:
    """Without what differs from one answer to the next, because it tells the request or the time."""
    match said:
        case dict():
            return {key: _lasting(value) for key, value in said.items() if key not in ("ResponseMetadata", "LatestRestorableTime")}
        case list():
            return [_lasting(item) for item in said]
    return said


_LISTS = {
    "iam": "list_roles",
    "sqs": "list_queues",
    "kinesis": "list_streams",
    "secretsmanager": "list_secrets",
    "ecs": "list_clusters",
    "resourcegroupstaggingapi": "get_resources",
}
