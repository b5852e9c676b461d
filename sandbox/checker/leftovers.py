"""`python -m checker.leftovers` lists an account and a region, and exits with 1 if anything is there that AWS does not put there itself.

It looks at names, tags and owners of nothing, so that what an operator lost sight of is found too.
"""

import os
import sys
from collections.abc import Iterator
from typing import Any

import boto3

LISTINGS = {
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"): {},
    ("ec2", "describe_subnets", "Subnets", "SubnetId"): {},
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"): {},
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"): {},
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"): {},
    ("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"): {},
    ("iam", "list_roles", "Roles", "RoleName"): {},
    ("kinesis", "list_streams", "StreamNames", None): {},
    ("sqs", "list_queues", "QueueUrls", None): {},
    ("logs", "describe_log_groups", "logGroups", "logGroupName"): {},
    ("rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier"): {},
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"): {},
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"): {},
    ("rds", "describe_db_cluster_parameter_groups", "DBClusterParameterGroups", "DBClusterParameterGroupName"): {},
    ("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", "DBClusterSnapshotIdentifier"): {},
    ("secretsmanager", "list_secrets", "SecretList", "Name"): {},
    ("ecs", "list_clusters", "clusterArns", None): {},
    ("ecs", "list_task_definitions", "taskDefinitionArns", None): {"status": "ACTIVE"},
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"): {},
    ("application-autoscaling", "describe_scalable_targets", "ScalableTargets", "ResourceId"): {"ServiceNamespace": "ecs"},
}
"""What is listed: service, operation, key of the list, field that names an item; and the arguments of the call."""


def leftovers(session: boto3.Session) -> list[str]:
    """Everything in the account and region that AWS does not put there itself."""
    ec2 = session.client("ec2")
    default_vpcs = {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if vpc["IsDefault"]}
    return [line for listing, arguments in LISTINGS.items() for line in _listed(session, *listing, arguments, default_vpcs)]


def _listed(
    session: boto3.Session, service: str, operation: str, key: str, name: str | None, arguments: dict[str, str], default_vpcs: set[str]
) -> Iterator[str]:
    for page in session.client(service).get_paginator(operation).paginate(**arguments):
        for item in page.get(key, []):
            if not _is_of_aws(item, default_vpcs):
                yield f"{service} {key}: {item if name is None else item[name]}"


def _is_of_aws(item: Any, default_vpcs: set[str]) -> bool:
    if not isinstance(item, dict):
        return False
    attachments = [attachment.get("VpcId") for attachment in item.get("Attachments", [])]
    return (
        bool(default_vpcs & {item.get("VpcId"), *attachments})
        or item.get("Path", "").startswith("/aws-service-role/")
        or item.get("DBClusterParameterGroupName", "").startswith("default.")
    )


def main() -> int:
    """Prints what is left of whatever was in the account."""
    left = leftovers(boto3.Session(region_name=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")))
    print("\n".join(left) or "nothing left")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
