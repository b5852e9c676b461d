"""Read after write: EC2 may not know for a while what it has just made.

https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response

from ... import timing
from ...mending import Mends
from . import ids

mends = Mends("EC2")

LAG = timing.define("ec2.lag", demo=0)
"""How long new objects stay unknown; tests set it."""


@mends.around(
    EC2Backend,
    "create_vpc",
    "create_subnet",
    "create_route_table",
    "create_security_group",
    "create_internet_gateway",
    "create_network_interface",
    "create_vpc_endpoint",
)
def a_new_object_is_unknown_for_a_while(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """The id of a new object takes time to reach every part of EC2: as long as the duration `ec2.lag` says.
    https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"""
    made = original(self, *args, **kwargs)
    unknown = unknown_ids(self)
    unknown.add(made.id)
    timing.after(LAG, lambda: unknown.discard(made.id))
    return made


@mends.around(EC2Response, "call_action")
def an_unknown_object_is_not_found(original: Any, self: Any) -> Any:
    """A call that names an object which is not known yet is answered as if there were none.
    https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"""
    if unknown := unknown_ids(self.ec2_backend):
        for parameter, value in ids.named(self._get_params()):
            if value in unknown and parameter != "Values":
                return ids.refusal(self, ids.unknown(value))
    return original(self)


@mends.around(
    EC2Response,
    "describe_vpcs",
    "describe_subnets",
    "describe_route_tables",
    "describe_security_groups",
    "describe_internet_gateways",
    "describe_network_interfaces",
    "describe_vpc_endpoints",
)
def an_unknown_object_is_not_listed(original: Any, self: Any) -> ActionResult:
    """A list lacks what is not known yet. https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"""
    answer = original(self)
    unknown = unknown_ids(self.ec2_backend)
    return ActionResult({key: [item for item in items if item.id not in unknown] for key, items in answer.result.items()})


@mends.around(EC2Response, "describe_tags")
def tags_of_an_unknown_object_are_not_listed(original: Any, self: Any) -> ActionResult:
    """Nor does a list of tags know it. https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"""
    unknown = unknown_ids(self.ec2_backend)
    return ActionResult({"Tags": [tag for tag in original(self).result["Tags"] if tag["resource_id"] not in unknown]})


def unknown_ids(backend: EC2Backend) -> set[str]:
    """The ids that one account and region does not know yet."""
    return backend.__dict__.setdefault("unknown_ids", set())
