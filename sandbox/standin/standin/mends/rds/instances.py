"""Instances of Aurora clusters: over time, with a network interface, and with the logs that they export."""

import random
import string
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.logs.models import logs_backends
from moto.rds.exceptions import (
    DBInstanceNotFoundError,
    InvalidDBClusterStateFault,
    InvalidDBInstanceStateFault,
    InvalidParameterCombination,
)
from moto.rds.models import DBCluster, DBInstance, DBInstanceClustered, RDSBackend
from moto.rds.responses import RDSResponse

from ... import interfaces, timing
from ...mending import Mends
from .clusters import remove_when_empty
from .paging import filters, page

SERVERLESS = "db.serverless"

mends = Mends("RDS")

timing.define("rds.instance.create", 4.0)
timing.define("rds.instance.modify", 1.0)
timing.define("rds.instance.delete", 2.0)


@mends.computes(DBInstanceClustered, "endpoint")
def an_instance_has_no_endpoint_at_first(self: DBInstanceClustered) -> dict[str, Any] | None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html

    An instance that is `creating` has no endpoint yet.
    """
    if self.status == "creating":
        return None
    return {"Address": self.address, "Port": self.cluster.port, "HostedZoneId": self.cluster.hosted_zone_id}


@mends.around(RDSBackend, "create_db_instance")
def a_new_instance_is_creating(original: Callable, self: RDSBackend, db_kwargs: Any) -> DBInstance:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html

    It is `creating` for a while after its cluster has become available, in the zone that was asked
    for or in the least used one of the subnet group.
    """
    cluster = self.clusters.get(db_kwargs.get("db_cluster_identifier") or "")
    if cluster is not None:
        _check_cluster(cluster, db_kwargs)
        if not db_kwargs.get("availability_zone"):
            db_kwargs["availability_zone"] = _least_used_zone(cluster)
        if cluster.db_subnet_group_name in self.subnet_groups:
            db_kwargs["db_subnet_group_name"] = cluster.db_subnet_group_name
    instance = original(self, db_kwargs)
    instance.dbi_resource_id = "db-" + "".join(random.choices(string.ascii_uppercase + string.digits, k=26))
    instance.publicly_accessible = bool(instance.publicly_accessible)
    _keep_performance_insights(instance, db_kwargs)
    instance.status = "creating"
    _become_available_after_the_cluster(instance, cluster)
    return instance


def _check_cluster(cluster: DBCluster, kwargs: Any) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.create.html"""
    if cluster.status == "deleting":
        raise InvalidDBClusterStateFault(f"DB cluster {cluster.db_cluster_identifier} is being deleted.")
    if kwargs.get("db_instance_class") == SERVERLESS and not cluster.serverless_v2_scaling_configuration:
        raise InvalidParameterCombination(
            "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a "
            "Serverless v2 DB instance."
        )


def _zones(cluster: DBCluster) -> list[str]:
    group = cluster.backend.subnet_groups.get(cluster.db_subnet_group_name)
    if group is None:
        return cluster.availability_zones
    return sorted({subnet.availability_zone for subnet in group._subnets})


def _least_used_zone(cluster: DBCluster) -> str:
    used = [member.availability_zone for member in cluster._members]
    return min(_zones(cluster), key=used.count)


def _keep_performance_insights(instance: DBInstance, kwargs: Any) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_PerfInsights.Enabling.html"""
    enabled = kwargs.get("enable_performance_insights")
    if enabled is not None:
        instance.performance_insights_enabled = enabled
    period = kwargs.get("performance_insights_retention_period")
    if period is not None:
        instance.performance_insights_retention_period = period


def _become_available_after_the_cluster(instance: DBInstance, cluster: DBCluster | None) -> None:
    """An instance may be asked for while its cluster is `creating`; its own creation starts after that."""

    def start() -> None:
        timing.after("rds.instance.create", lambda: _become_available(instance))

    if cluster is not None and cluster.status == "creating":
        cluster.waiting_for_it.append(start)
    else:
        start()


def _become_available(instance: DBInstance) -> None:
    if instance.status == "deleting":
        return
    first_time = instance.status == "creating"
    instance.status = "available"
    if first_time and isinstance(instance, DBInstanceClustered):
        _attach_interface(instance)
        _make_log_groups(instance.cluster)


def _attach_interface(instance: DBInstanceClustered) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html

    The interface keeps the subnet and the security groups from being deleted.
    """
    group = instance.backend.subnet_groups.get(instance.cluster.db_subnet_group_name)
    if group is None:
        return
    subnet = next(
        (subnet for subnet in group._subnets if subnet.availability_zone == instance.availability_zone),
        group._subnets[0],
    )
    instance.interface = interfaces.attach(
        instance.account_id,
        instance.region,
        subnet.id,
        instance.cluster.vpc_security_group_ids,
        "RDSNetworkInterface",
        public_ip=instance.publicly_accessible,
    )


def _make_log_groups(cluster: DBCluster) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.CloudWatch.html

    The log group of an exported log is made when the first events are published, without retention.
    """
    logs = logs_backends[cluster.account_id][cluster.region]
    for kind in cluster.enabled_cloudwatch_logs_exports:
        logs.ensure_log_group(f"/aws/rds/cluster/{cluster.db_cluster_identifier}/{kind}")


@mends.adds(RDSResponse, "describe_db_instances")
def instances_come_in_pages(self: RDSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html

    20 to 100 instances a page; the filter db-cluster-id takes identifiers and ARNs.
    """
    wanted = filters(self)
    if "db-cluster-id" in wanted:
        wanted["db-cluster-id"] = [cluster.rpartition(":")[2] for cluster in wanted["db-cluster-id"]]
    instances = self.backend.describe_db_instances(self.params.get("DBInstanceIdentifier"), wanted)
    return page(self, "DBInstances", instances)


@mends.around(RDSBackend, "modify_db_instance")
def a_changed_instance_is_modifying(
    original: Callable, self: RDSBackend, db_instance_identifier: str, db_kwargs: Any
) -> DBInstance:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html

    Only an available instance can be changed.
    """
    instance = self.describe_db_instances(db_instance_identifier)[0]
    if instance.status != "available":
        raise InvalidDBInstanceStateFault("Database instance is not in available state.")
    original(self, db_instance_identifier, db_kwargs)
    _keep_performance_insights(instance, db_kwargs)
    instance.status = "modifying"
    timing.after("rds.instance.modify", lambda: _become_available(instance))
    return instance


@mends.around(RDSBackend, "delete_db_instance")
def an_instance_is_deleted_over_time(
    original: Callable, self: RDSBackend, db_instance_identifier: str, **options: Any
) -> DBInstance:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html

    It is `deleting` for a while. For an instance of an Aurora cluster no final snapshot can be taken:
    the cluster has the data.
    """
    instance = self.databases.get(db_instance_identifier)
    if instance is None:
        raise DBInstanceNotFoundError(db_instance_identifier)
    if instance.status == "deleting":
        raise InvalidDBInstanceStateFault(f"Instance {db_instance_identifier} is already being deleted.")
    if instance.deletion_protection:
        raise InvalidParameterCombination(
            "Cannot delete protected DB Instance, please disable deletion protection and try again."
        )
    if isinstance(instance, DBInstanceClustered) and options.get("final_db_snapshot_identifier"):
        raise InvalidParameterCombination("FinalDBSnapshotIdentifier can't be specified for an Aurora DB instance.")
    instance.status = "deleting"
    _fail_over(instance)

    def end() -> None:
        _end_deletion(instance, lambda: original(self, db_instance_identifier, **options))

    timing.after("rds.instance.delete", end)
    return instance


def _fail_over(instance: DBInstance) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html

    A reader takes the place of a writer that is deleted.
    """
    if not isinstance(instance, DBInstanceClustered) or not instance.is_cluster_writer:
        return
    readers = [member for member in instance.cluster._members if member.status == "available"]
    if readers:
        instance.cluster.failover(min(readers, key=lambda reader: reader.promotion_tier))


def _end_deletion(instance: DBInstance, remove: Callable[[], Any]) -> None:
    interface = getattr(instance, "interface", None)
    if interface is not None:
        interfaces.release(instance.account_id, instance.region, interface.id)
    remove()
    if isinstance(instance, DBInstanceClustered):
        remove_when_empty(instance.cluster)
