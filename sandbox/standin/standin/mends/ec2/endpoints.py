"""VPC endpoints."""

from typing import Any

from moto.ec2.models import EC2Backend

from ...mending import Mends

mends = Mends("EC2")


@mends.around(EC2Backend, "create_vpc_endpoint")
def an_endpoint_is_a_gateway_unless_said(original: Any, self: Any, **arguments: Any) -> Any:
    """The default of VpcEndpointType is Gateway. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html"""
    return original(self, **arguments | {"endpoint_type": arguments["endpoint_type"] or "Gateway"})
