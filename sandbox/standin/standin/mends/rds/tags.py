"""Tags of RDS resources."""

from collections.abc import Callable, Iterator
from typing import Any

from moto.core.resource_tagging import TaggedResource
from moto.rds.exceptions import RDSClientError
from moto.rds.models import RDSBackend

from ...mending import Mends

mends = Mends("RDS")

# The error that says that the tagged resource does not exist, by the type in its ARN.
NOT_FOUND = {
    "cluster": "DBClusterNotFoundFault",
    "db": "DBInstanceNotFound",
    "subgrp": "DBSubnetGroupNotFoundFault",
    "cluster-pg": "DBParameterGroupNotFound",
}


@mends.around(RDSBackend, "add_tags_to_resource", "remove_tags_from_resource", "list_tags_for_resource")
def tags_need_a_resource(original: Callable, self: RDSBackend, arn: str, *arguments: Any) -> Any:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_AddTagsToResource.html"""
    kind, _, name = arn.split(":", 5)[5].partition(":")
    if kind in NOT_FOUND and self._get_resource_for_tagging(arn) is None:
        raise RDSClientError(NOT_FOUND[kind], f"The resource {kind}:{name} was not found.")
    return original(self, arn, *arguments)


@mends.around(RDSBackend, "iter_tagged_resources")
def groups_are_tagged_resources(original: Callable, self: RDSBackend) -> Iterator[TaggedResource]:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html

    GetResources returns subnet groups and cluster parameter groups, too.
    """
    yield from original(self)
    groups = {"rds:subgrp": self.subnet_groups, "rds:cluster-pg": self.db_cluster_parameter_groups}
    for resource_type, by_name in groups.items():
        for group in by_name.values():
            tags = {tag["Key"]: tag["Value"] for tag in group.get_tags()}
            yield TaggedResource(arn=group.arn, tags=tags, resource_type=resource_type)
