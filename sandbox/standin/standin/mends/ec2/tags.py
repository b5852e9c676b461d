"""Tags of EC2's objects."""

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

from ...mending import Mends

mends = Mends("EC2")


@mends.adds(TaggedEC2Resource, "get_tags")
def the_tags_of_an_object_are_found_by_its_id(self: Any) -> list[dict[str, str]]:
    """An account with a thousand networks is listed as fast as in AWS: moto looks through all tags of the account for each
    object. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TagDescription.html"""
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(self.id), "")
    tags = self.ec2_backend.tags.get(self.id, {})
    return [{"resource_id": self.id, "key": key, "value": value, "resource_type": kind} for key, value in tags.items()]


@mends.around(
    EC2Backend,
    "delete_vpc",
    "delete_subnet",
    "delete_route_table",
    "delete_security_group",
    "delete_internet_gateway",
    "delete_network_interface",
)
def the_tags_of_a_deleted_object_are_gone(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """DescribeTags lists the tags of what exists.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html"""
    result = original(self, *args, **kwargs)
    for deleted in [*args, *kwargs.values()]:
        self.tags.pop(deleted, None)
    return result
