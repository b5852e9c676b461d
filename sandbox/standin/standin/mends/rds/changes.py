"""ModifyDBCluster: what it changes at once, what waits for ApplyImmediately, and `modifying` meanwhile; and the HTTP endpoint.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Modifying.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import DBClusterNotFoundError, InvalidParameterCombination, RDSClientError
from moto.rds.models import DBCluster, MasterUserSecret, RDSBackend
from moto.rds.responses import RDSResponse

from ... import timing
from ...mending import AwsError, Mends
from . import catalog
from .clusters import (
    become_available,
    check_capacity,
    check_parameter_group,
    check_security_groups,
    require_available,
)

# Request parameter → attribute of moto's cluster.
AT_ONCE = {
    "copy_tags_to_snapshot": "copy_tags_to_snapshot",
    "db_cluster_parameter_group_name": "parameter_group",
    "deletion_protection": "deletion_protection",
    "auto_minor_version_upgrade": "auto_minor_version_upgrade",
    "enable_performance_insights": "performance_insights_enabled",
    "performance_insights_retention_period": "performance_insights_retention_period",
    "port": "port",
    "preferred_backup_window": "preferred_backup_window",
    "preferred_maintenance_window": "preferred_maintenance_window",
    "serverless_v2_scaling_configuration": "serverless_v2_scaling_configuration",
    "vpc_security_group_ids": "vpc_security_group_ids",
}
# Applied in the next maintenance window, which never comes here, unless ApplyImmediately is set:
# request parameter → (attribute, name in PendingModifiedValues).
WHEN_APPLIED = {
    "backup_retention_period": ("backup_retention_period", "BackupRetentionPeriod"),
    "enable_iam_database_authentication": ("iam_auth", "IAMDatabaseAuthenticationEnabled"),
    "engine_version": ("engine_version", "EngineVersion"),
}

mends = Mends("RDS")


@mends.adds(RDSBackend, "modify_db_cluster")
def a_changed_cluster_is_modifying(self: RDSBackend, kwargs: Any) -> DBCluster:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html

    Every setting is honoured, some at once and some with ApplyImmediately only; only an available
    cluster can be changed.
    """
    name = kwargs["db_cluster_identifier"]
    if name not in self.clusters:
        raise DBClusterNotFoundError(name)
    cluster = self.clusters[name]
    require_available(cluster)
    _check(self, cluster, kwargs)
    _change_exports(cluster, kwargs.get("cloudwatch_logs_export_configuration") or {})
    _change_password_management(cluster, kwargs)
    for parameter, attribute in AT_ONCE.items():
        if kwargs.get(parameter) is not None:
            setattr(cluster, attribute, kwargs[parameter])
    _change_or_remember(cluster, kwargs)
    cluster.status = "modifying"
    timing.after("rds.cluster.modify", lambda: become_available(cluster))
    return cluster


@mends.adds(RDSResponse, "enable_http_endpoint")
def an_endpoint_takes_queries_over_http(self: RDSResponse) -> ActionResult:
    """Of a cluster that has no serverless engine mode, EnableHttpEndpoint changes it, and ModifyDBCluster does not.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_EnableHttpEndpoint.html"""
    return _serve_http(self, True)


@mends.adds(RDSResponse, "disable_http_endpoint")
def an_endpoint_takes_no_queries_any_more(self: RDSResponse) -> ActionResult:
    """A cluster that does not exist is ResourceNotFoundFault; one that is not available, InvalidResourceStateFault.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DisableHttpEndpoint.html"""
    return _serve_http(self, False)


def _serve_http(response: RDSResponse, on: bool) -> ActionResult:
    arn = response.params["ResourceArn"]
    cluster = next((one for one in response.backend.clusters.values() if one.db_cluster_arn == arn), None)
    if cluster is None:
        raise AwsError("ResourceNotFoundFault", f"DB cluster not found: {arn}")
    if cluster.status != "available":
        raise AwsError("InvalidResourceStateFault", f"DB cluster {arn} is {cluster.status}.")
    cluster._enable_http_endpoint = on
    return ActionResult({"ResourceArn": arn, "HttpEndpointEnabled": on})


def _check(backend: RDSBackend, cluster: DBCluster, kwargs: Any) -> None:
    check_capacity(kwargs)
    check_security_groups(backend, kwargs.get("vpc_security_group_ids") or [])
    version = kwargs.get("engine_version") or cluster.engine_version
    if cluster.engine == catalog.ENGINE and version != cluster.engine_version:
        kwargs["engine_version"] = version = catalog.resolve(version)
        _check_upgrade(cluster, version, kwargs.get("allow_major_version_upgrade", False))
    group = kwargs.get("db_cluster_parameter_group_name")
    if group is not None:
        kwargs["db_cluster_parameter_group_name"] = group.lower()
        check_parameter_group(backend, group, catalog.family(version))


def _check_upgrade(cluster: DBCluster, version: str, major_allowed: bool) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.html"""
    current = [int(part) for part in cluster.engine_version.split(".")]
    wanted = [int(part) for part in version.split(".")]
    if wanted < current:
        raise InvalidParameterCombination(
            f"Cannot upgrade {cluster.engine} from {cluster.engine_version} to {version}"
        )
    if wanted[0] != current[0] and not major_allowed:
        raise InvalidParameterCombination("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")


def _change_exports(cluster: DBCluster, change: Any) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CloudwatchLogsExportConfiguration.html"""
    disabled = change.get("DisableLogTypes") or []
    enabled = change.get("EnableLogTypes") or []
    kept = [kind for kind in cluster.enabled_cloudwatch_logs_exports if kind not in disabled]
    cluster.enabled_cloudwatch_logs_exports = kept + [kind for kind in enabled if kind not in kept]


def _change_password_management(cluster: DBCluster, kwargs: Any) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html"""
    if kwargs.get("rotate_master_user_password"):
        if not kwargs.get("apply_immediately"):
            raise RDSClientError(
                "InvalidParameterCombination",
                "You must specify apply immediately when rotating the master user password.",
            )
        cluster.master_user_secret.rotate_secret()
    managed = kwargs.get("manage_master_user_password")
    if managed is True and not cluster.manage_master_user_password:
        cluster.master_user_secret = MasterUserSecret(cluster, kwargs.get("master_user_secret_kms_key_id"))
        cluster.manage_master_user_password = True
    elif managed is False and cluster.manage_master_user_password:
        cluster.master_user_secret.delete_secret()
        del cluster.master_user_secret
        cluster.manage_master_user_password = False


def _change_or_remember(cluster: DBCluster, kwargs: Any) -> None:
    pending: dict[str, Any] = dict(getattr(cluster, "pending_modified_values", None) or {})
    for parameter, (attribute, name) in WHEN_APPLIED.items():
        value = kwargs.get(parameter)
        if value is None or value == getattr(cluster, attribute):
            continue
        if kwargs.get("apply_immediately"):
            setattr(cluster, attribute, value)
            pending.pop(name, None)
        else:
            pending[name] = value
    cluster.pending_modified_values = pending or None
