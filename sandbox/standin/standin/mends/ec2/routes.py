"""Internet gateways, routes to them, and which subnet has which route table."""

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.route_tables import Route

from ...mending import AwsError, Mends

mends = Mends("EC2")


@mends.around(EC2Backend, "attach_internet_gateway")
def a_vpc_has_one_internet_gateway(original: Any, self: Any, internet_gateway_id: str, vpc_id: str) -> Any:
    """A second internet gateway for a VPC is refused.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachInternetGateway.html"""
    gateway = self.get_internet_gateway(internet_gateway_id)
    others = [other for other in self.internet_gateways.values() if other is not gateway]
    if not gateway.vpc and any(other.vpc and other.vpc.id == vpc_id for other in others):
        raise AwsError("InvalidParameterValue", f"Network {vpc_id} already has an internet gateway attached")
    return original(self, internet_gateway_id, vpc_id)


@mends.around(EC2Backend, "create_route", "replace_route")
def a_route_leads_to_a_gateway_of_its_vpc(original: Any, self: Any, route_table_id: str, *args: Any, **kwargs: Any) -> Route:
    """A route leads to an internet gateway only while that is attached to the table's VPC.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html"""
    gateway_id = kwargs.get("gateway_id") or ""
    if gateway_id.startswith("igw-"):
        table = self.get_route_table(route_table_id)
        gateway = self.get_internet_gateway(gateway_id)
        if not _leads_out_of(gateway, table.vpc_id):
            message = f"route table {route_table_id} and network gateway {gateway_id} belong to different networks"
            raise AwsError("InvalidParameterValue", message)
    return original(self, route_table_id, *args, **kwargs)


@mends.computes(Route, "state")
def a_route_to_nowhere_is_a_blackhole(self: Route) -> str:
    """The route stays when its gateway is detached or deleted, and is a blackhole.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html"""
    if isinstance(self.gateway, InternetGateway) and not _leads_out_of(self.gateway, self.route_table.vpc_id):
        return "blackhole"
    return "active"


@mends.around(EC2Backend, "associate_route_table")
def a_subnet_has_one_route_table(
    original: Any, self: Any, route_table_id: str, gateway_id: str | None = None, subnet_id: str | None = None
) -> str:
    """A subnet that has a route table already gets another by ReplaceRouteTableAssociation only.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateRouteTable.html"""
    others = [table for table in self.route_tables.values() if table.id != route_table_id]
    if subnet_id is not None and any(subnet_id in table._associations.values() for table in others):
        message = f"the specified association for route table {route_table_id} conflicts with an existing association"
        raise AwsError("Resource.AlreadyAssociated", message)
    return original(self, route_table_id, gateway_id, subnet_id)


def _leads_out_of(gateway: InternetGateway, vpc_id: str) -> bool:
    return gateway.vpc is not None and gateway.vpc.id == vpc_id
