"""Aurora clusters: what their creation and deletion demand, and how they come and go over time."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.rds.exceptions import (
    DBClusterNotFoundError,
    DBClusterToBeDeletedHasActiveMembers,
    DBSubnetGroupNotFoundError,
    InvalidDBClusterStateFault,
    InvalidParameterCombination,
    InvalidParameterValue,
    KMSKeyNotAccessibleFault,
    RDSClientError,
)
from moto.rds.models import DBCluster, RDSBackend
from moto.rds.responses import RDSResponse

from ... import keys, timing
from ...mending import Mends
from . import catalog
from .paging import filters, page

# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-administration.html
LARGEST_CAPACITY = 256.0
SMALLEST_MAXIMUM = 1.0
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html (MasterUsername)
RESERVED_USERS = {"admin", "rdsadmin"}

mends = Mends("RDS")

timing.define("rds.cluster.create", 3.0)
timing.define("rds.cluster.modify", 1.0)
timing.define("rds.cluster.delete", 2.0)


@mends.computes(DBCluster, "status")
def a_cluster_keeps_its_status(self: DBCluster) -> str:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html

    moto's own status says `creating` once and `available` from then on.
    """
    return self._status


@mends.around(RDSBackend, "create_db_cluster")
def a_new_cluster_is_checked_and_creating(original: Callable, self: RDSBackend, kwargs: Any) -> DBCluster:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html

    The name must be free, the groups must exist, the password is either given or managed, the engine
    version is one that there is; and the cluster is `creating` for a while.
    """
    if kwargs["db_cluster_identifier"] in self.clusters:
        raise RDSClientError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    if kwargs.get("engine") == catalog.ENGINE:
        kwargs["engine_version"] = catalog.resolve(kwargs.get("engine_version"))
        check_capacity(kwargs)
    _check_credentials(kwargs)
    _check_subnet_group(self, kwargs)
    _fill_in_parameter_group(self, kwargs)
    _fill_in_security_groups(self, kwargs)
    _fill_in_key(self, kwargs)
    cluster = original(self, kwargs)
    if cluster.engine == catalog.ENGINE:
        # The default group is that of the major version.
        cluster.option_group_name = f"default:{cluster.engine}-{cluster.engine_version.split('.')[0]}"
    if not cluster.storage_encrypted:
        cluster.kms_key_id = None
    cluster.performance_insights_enabled = kwargs.get("enable_performance_insights", False)
    cluster.performance_insights_retention_period = kwargs.get("performance_insights_retention_period")
    cluster.waiting_for_it = []
    cluster._enable_http_endpoint = kwargs.get("enable_http_endpoint") or False
    timing.after("rds.cluster.create", lambda: become_available(cluster))
    return cluster


def check_capacity(kwargs: Any) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ServerlessV2ScalingConfiguration.html

    Half steps from 0 up to 256, the maximum at least 1 and not below the minimum.
    """
    scaling = kwargs.get("serverless_v2_scaling_configuration")
    if not scaling:
        return
    lowest, highest = float(scaling["MinCapacity"]), float(scaling["MaxCapacity"])
    if not (0 <= lowest <= highest <= LARGEST_CAPACITY and highest >= SMALLEST_MAXIMUM):
        raise InvalidParameterValue(f"Serverless v2 capacity {lowest} to {highest} isn't valid.")
    if lowest % 0.5 or highest % 0.5:
        raise InvalidParameterValue("Serverless v2 capacity must be a multiple of 0.5.")


def _check_credentials(kwargs: Any) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html

    A password cannot be both given and managed.
    """
    if kwargs.get("manage_master_user_password") and kwargs.get("master_user_password"):
        raise InvalidParameterCombination(
            "You can't specify MasterUserPassword when you enable ManageMasterUserPassword."
        )
    if kwargs.get("master_username") in RESERVED_USERS:
        raise InvalidParameterValue(
            f"MasterUsername {kwargs['master_username']} cannot be used as it is a reserved word used by the engine"
        )


def _check_subnet_group(backend: RDSBackend, kwargs: Any) -> None:
    group = kwargs.get("db_subnet_group_name")
    if group is not None and group not in backend.subnet_groups:
        raise DBSubnetGroupNotFoundError(group)
    if group is not None:
        kwargs["db_subnet_group_name"] = group.lower()


def _fill_in_parameter_group(backend: RDSBackend, kwargs: Any) -> None:
    if kwargs.get("engine") != catalog.ENGINE:
        return
    family = catalog.family(kwargs["engine_version"])
    name = kwargs.get("db_cluster_parameter_group_name")
    if name is None:
        kwargs["db_cluster_parameter_group_name"] = f"default.{family}"
    else:
        kwargs["db_cluster_parameter_group_name"] = name.lower()
        check_parameter_group(backend, name, family)


def check_parameter_group(backend: RDSBackend, name: str, family: str) -> None:
    """The group must exist and be of the engine version's family.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_WorkingWithDBClusterParamGroups.html
    """
    if name == f"default.{family}":
        return
    if name not in backend.db_cluster_parameter_groups:
        raise RDSClientError("DBClusterParameterGroupNotFound", f"DBClusterParameterGroup not found: {name}")
    group = backend.db_cluster_parameter_groups[name]
    if group.db_parameter_group_family != family:
        raise InvalidParameterCombination(
            f"The Parameter Group {name} with DBParameterGroupFamily {group.db_parameter_group_family} "
            f"can't be used for this instance. Please use a Parameter Group with DBParameterGroupFamily {family}"
        )


def _fill_in_security_groups(backend: RDSBackend, kwargs: Any) -> None:
    group_ids = kwargs.get("vpc_security_group_ids")
    subnet_group = kwargs.get("db_subnet_group_name")
    if group_ids:
        check_security_groups(backend, group_ids)
    elif subnet_group is not None:
        ec2 = ec2_backends[backend.account_id][backend.region_name]
        vpc_id = backend.subnet_groups[subnet_group].vpc_id
        kwargs["vpc_security_group_ids"] = [ec2.get_default_security_group(vpc_id).id]


def check_security_groups(backend: RDSBackend, group_ids: list[str]) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.RDSSecurityGroups.html"""
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    for group_id in group_ids:
        if ec2.get_security_group_from_id(group_id) is None:
            raise InvalidParameterValue(f"Invalid security group , groupId= {group_id}, groupName=.")


def _fill_in_key(backend: RDSBackend, kwargs: Any) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.html

    Without a key of one's own, the storage is encrypted with the account's key `aws/rds`.
    """
    if kwargs.get("storage_encrypted") and not kwargs.get("kms_key_id"):
        kwargs["kms_key_id"] = backend.kms.describe_key("alias/aws/rds").arn
    elif kwargs.get("kms_key_id"):
        kwargs["kms_key_id"] = backend._validate_kms_key(kwargs["kms_key_id"])


@mends.adds(RDSBackend, "_validate_kms_key")
def a_key_is_one_that_there_is(self: RDSBackend, kms_key_id: str) -> str:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html

    A key that does not exist, whether it is named by id, alias or ARN, is refused with KMSKeyNotAccessibleFault; moto fails
    over an alias that it does not know.
    """
    key = keys.find(self.account_id, self.region_name, kms_key_id)
    if key is None:
        raise KMSKeyNotAccessibleFault(kms_key_id)
    return key.arn


def become_available(cluster: DBCluster) -> None:
    """Ends `creating` or `modifying`; a cluster that is being deleted stays so."""
    if cluster.status != "deleting":
        cluster.status = "available"
    waiting, cluster.waiting_for_it = cluster.waiting_for_it, []
    for start in waiting:
        start()


@mends.adds(RDSResponse, "describe_db_clusters")
def clusters_come_in_pages(self: RDSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusters.html

    20 to 100 clusters a page.
    """
    clusters = self.backend.describe_db_clusters(self.params.get("DBClusterIdentifier"), filters(self))
    return page(self, "DBClusters", clusters)


@mends.adds(RDSResponse, "delete_db_cluster")
def a_cluster_is_deleted_over_time(self: RDSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBCluster.html

    The final snapshot is named or explicitly skipped; a cluster with instances, with protection or in
    another state than `available` stays; one that goes is `deleting` for a while.
    """
    name = self.params["DBClusterIdentifier"]
    snapshot = self.params.get("FinalDBSnapshotIdentifier")
    skipped = self.params.get("SkipFinalSnapshot", False)
    if name not in self.backend.clusters:
        raise DBClusterNotFoundError(name)
    if skipped and snapshot:
        raise InvalidParameterCombination(
            "FinalDBSnapshotIdentifier can not be specified when deleting a cluster with SkipFinalSnapshot"
        )
    if not skipped and not snapshot:
        raise InvalidParameterCombination(
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        )
    cluster = self.backend.clusters[name]
    cluster.backups_outlive_it = not self.params.get("DeleteAutomatedBackups", True)
    _begin_deletion(cluster, snapshot)
    return ActionResult({"DBCluster": cluster})


def _begin_deletion(cluster: DBCluster, snapshot: str | None) -> None:
    if cluster.deletion_protection:
        raise InvalidParameterCombination(
            "Cannot delete protected Cluster, please disable deletion protection and try again."
        )
    if any(member.status != "deleting" for member in cluster.members):
        raise DBClusterToBeDeletedHasActiveMembers()
    require_available(cluster)
    if snapshot:
        cluster.backend.create_db_cluster_snapshot(cluster.db_cluster_identifier, snapshot)
    cluster.status = "deleting"
    timing.after("rds.cluster.delete", lambda: _end_deletion(cluster))


def require_available(cluster: DBCluster) -> None:
    """Most operations wait for one another.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html
    (InvalidDBClusterStateFault)
    """
    if cluster.status != "available":
        raise InvalidDBClusterStateFault(
            f"DB cluster {cluster.db_cluster_identifier} is not currently in the available state "
            f"(status: {cluster.status})."
        )


def _end_deletion(cluster: DBCluster) -> None:
    """A cluster outlives its instances, which may be `deleting` at the same time."""
    cluster.deletion_is_due = True
    remove_when_empty(cluster)


def remove_when_empty(cluster: DBCluster) -> None:
    """Removes a cluster that is to go once its last instance is gone, and the secret that RDS manages for it.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
    """
    if not getattr(cluster, "deletion_is_due", False) or cluster._members:
        return
    if cluster.manage_master_user_password:
        cluster.master_user_secret.delete_secret()
    cluster.backend.clusters.pop(cluster.db_cluster_identifier, None)
    if not cluster.backups_outlive_it:
        _remove_automated_snapshots(cluster)


def _remove_automated_snapshots(cluster: DBCluster) -> None:
    """Automated snapshots go with their cluster; those that somebody took stay.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBCluster.html (DeleteAutomatedBackups)
    """
    snapshots = cluster.backend.cluster_snapshots
    for name, snapshot in list(snapshots.items()):
        if snapshot.cluster.db_cluster_resource_id == cluster.db_cluster_resource_id and snapshot.snapshot_type == "automated":
            del snapshots[name]
