"""Subnet groups and cluster parameter groups: duplicates, use, coverage of zones, user-set values."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.rds.exceptions import (
    DBParameterGroupNotFoundError,
    DBSubnetGroupNotFoundError,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBClusterParameterGroup, DBSubnetGroup, RDSBackend
from moto.rds.responses import RDSResponse

from ...mending import Mends
from .paging import page

# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBClusterParameterGroup.html
MOST_PARAMETERS_IN_A_CALL = 20

# What a parameter is, family by family, where nobody has set it; of others nothing is known.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html
DEFAULTS = {"rds.force_ssl": {"aurora-postgresql15": "0", "aurora-postgresql16": "0", "aurora-postgresql17": "1"}}

mends = Mends("RDS")


def _subnets(response: RDSResponse) -> list[Any]:
    """The subnets of the request, which must exist and lie in two zones at least.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html
    """
    ec2 = ec2_backends[response.current_account][response.region]
    subnet_ids = response.params.get("SubnetIds", [])
    try:
        subnets = [ec2.get_subnet(subnet_id) for subnet_id in subnet_ids]
    except InvalidSubnetIdError:
        raise RDSClientError(
            "InvalidSubnet", f"Some input subnets in :[{', '.join(subnet_ids)}] are invalid."
        ) from None
    zones = {subnet.availability_zone for subnet in subnets}
    if len(zones) < 2:
        raise RDSClientError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ "
            f"coverage: {', '.join(sorted(zones))}. Add subnets to cover at least 2 AZs.",
        )
    return subnets


@mends.adds(RDSResponse, "create_db_subnet_group")
def a_subnet_group_covers_two_zones_and_a_free_name(self: RDSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html"""
    name = self.params["DBSubnetGroupName"]
    if name in self.backend.subnet_groups:
        raise RDSClientError("DBSubnetGroupAlreadyExists", f"The DB subnet group '{name}' already exists.")
    group = self.backend.create_subnet_group(
        name, self.params.get("DBSubnetGroupDescription"), _subnets(self), self.params.get("Tags", [])
    )
    return ActionResult({"DBSubnetGroup": group})


@mends.adds(RDSResponse, "modify_db_subnet_group")
def a_subnet_group_keeps_the_subnets_in_use(self: RDSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSubnetGroup.html

    A subnet cannot leave the group while a database's interface lies in it.
    """
    group = _subnet_group(self.backend, self.params["DBSubnetGroupName"])
    subnets = _subnets(self)
    removed = {subnet.id for subnet in group._subnets} - {subnet.id for subnet in subnets}
    for instance in self.backend.databases.values():
        interface = getattr(instance, "interface", None)
        if interface is not None and interface.subnet.id in removed:
            raise RDSClientError(
                "SubnetAlreadyInUse",
                f"The subnet is already in use by database instance: {instance.db_instance_identifier}",
            )
    group.subnets = subnets
    if description := self.params.get("DBSubnetGroupDescription"):
        group.description = description
    return ActionResult({"DBSubnetGroup": group})


def _subnet_group(backend: RDSBackend, name: str) -> DBSubnetGroup:
    if name not in backend.subnet_groups:
        raise DBSubnetGroupNotFoundError(name)
    return backend.subnet_groups[name]


@mends.adds(RDSResponse, "describe_db_subnet_groups")
def subnet_groups_come_in_pages(self: RDSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSubnetGroups.html"""
    groups = self.backend.describe_db_subnet_groups(self.params.get("DBSubnetGroupName"))
    return page(self, "DBSubnetGroups", groups)


@mends.around(RDSBackend, "delete_subnet_group")
def a_subnet_group_in_use_stays(original: Callable, self: RDSBackend, subnet_name: str) -> DBSubnetGroup:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBSubnetGroup.html

    A subnet group that a cluster uses cannot be deleted.
    """
    for cluster in self.clusters.values():
        if cluster.db_subnet_group_name == subnet_name.lower():
            raise RDSClientError(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{subnet_name}' because at least one database cluster: "
                f"{cluster.db_cluster_identifier} is still using it.",
            )
    return original(self, subnet_name)


@mends.adds(RDSResponse, "describe_db_cluster_parameter_groups")
def parameter_groups_come_in_pages(self: RDSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusterParameterGroups.html"""
    groups = self.backend.describe_db_cluster_parameter_groups(self.params.get("DBClusterParameterGroupName"))
    return page(self, "DBClusterParameterGroups", groups)


def _parameter_group(response: RDSResponse) -> DBClusterParameterGroup:
    name = response.params["DBClusterParameterGroupName"]
    groups = response.backend.db_cluster_parameter_groups
    if name not in groups:
        raise DBParameterGroupNotFoundError(name)
    return groups[name]


def _parameters(response: RDSResponse) -> list[dict[str, Any]]:
    parameters = response.params.get("Parameters", [])
    if len(parameters) > MOST_PARAMETERS_IN_A_CALL:
        raise InvalidParameterValue(
            f"The request contains more than {MOST_PARAMETERS_IN_A_CALL} parameters to be modified."
        )
    return parameters


def _defaults(group: DBClusterParameterGroup) -> dict[str, dict[str, Any]]:
    family = group.db_parameter_group_family
    values = {name: by_family[family] for name, by_family in DEFAULTS.items() if family in by_family}
    return {name: _parameter(value, "engine-default") for name, value in values.items()}


def _parameter(value: str, source: str, method: str = "pending-reboot") -> dict[str, Any]:
    return {"ParameterValue": value, "ApplyMethod": method, "Source": source, "IsModifiable": True}


@mends.adds(RDSResponse, "modify_db_cluster_parameter_group")
def a_set_parameter_comes_from_the_user(self: RDSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBClusterParameterGroup.html

    A parameter that is set comes from the user; one that is set to what it is by default does not.
    """
    group = _parameter_group(self)
    for parameter in _parameters(self):
        name, value = parameter["ParameterName"], parameter["ParameterValue"]
        if value == _defaults(group).get(name, {}).get("ParameterValue"):
            group.parameters.pop(name, None)
        else:
            group.parameters[name] = _parameter(value, "user", parameter.get("ApplyMethod", "immediate"))
    return ActionResult({"DBClusterParameterGroupName": group.name})


@mends.adds(RDSResponse, "reset_db_cluster_parameter_group")
def parameters_can_be_reset(self: RDSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ResetDBClusterParameterGroup.html"""
    group = _parameter_group(self)
    if self.params.get("ResetAllParameters"):
        group.parameters.clear()
    for parameter in _parameters(self):
        group.parameters.pop(parameter["ParameterName"], None)
    return ActionResult({"DBClusterParameterGroupName": group.name})


@mends.adds(RDSResponse, "describe_db_cluster_parameters")
def parameters_are_listed_by_source(self: RDSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusterParameters.html

    Of the parameters that nobody has set, those are listed whose defaults are known.
    """
    group = _parameter_group(self)
    source = self.params.get("Source")
    parameters = [
        {"ParameterName": name, **values}
        for name, values in sorted((_defaults(group) | group.parameters).items())
        if source in (None, values["Source"])
    ]
    return page(self, "Parameters", parameters)


@mends.around(RDSBackend, "delete_db_cluster_parameter_group")
def a_parameter_group_in_use_stays(
    original: Callable, self: RDSBackend, db_cluster_parameter_group_name: str
) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBClusterParameterGroup.html

    A parameter group that a cluster uses cannot be deleted.
    """
    for cluster in self.clusters.values():
        if cluster.parameter_group == db_cluster_parameter_group_name.lower():
            raise RDSClientError(
                "InvalidDBParameterGroupState",
                "One or more database clusters are still members of this parameter group "
                f"{db_cluster_parameter_group_name}, so the group cannot be deleted",
            )
    original(self, db_cluster_parameter_group_name)
