"""VPCs and subnets that are pending before they are available."""

from typing import Any

from moto.ec2.models import EC2Backend

from ... import timing
from ...mending import Mends

mends = Mends("EC2")

VPC = timing.define("ec2.vpc.create", demo=0.5)
SUBNET = timing.define("ec2.subnet.create", demo=0.5)


@mends.around(EC2Backend, "create_vpc")
def a_new_vpc_is_pending(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """A new VPC is `pending`, then `available`. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Vpc.html"""
    return _pending(original(self, *args, **kwargs), VPC)


@mends.around(EC2Backend, "create_subnet")
def a_new_subnet_is_pending(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """A new subnet is `pending`, then `available`. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html"""
    return _pending(original(self, *args, **kwargs), SUBNET)


def _pending(made: Any, duration: str) -> Any:
    made.state = "pending"
    timing.after(duration, lambda: setattr(made, "state", "available"))
    return made
