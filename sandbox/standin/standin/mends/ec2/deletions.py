"""What must be gone before an object of a VPC can go, and what goes with it."""

from collections.abc import Iterator
from typing import Any

from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response

from ...mending import AwsError, Mends

mends = Mends("EC2")


@mends.around(EC2Backend, "delete_vpc")
def a_vpc_in_use_is_kept(original: Any, self: Any, vpc_id: str) -> Any:
    """A VPC goes after its gateways, endpoints, subnets, route tables, security groups and network ACLs, and takes with it what came
    with it: the main route table, the default group and the default network ACL.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html"""
    self.get_vpc(vpc_id)
    if any(_in_vpc(self, vpc_id)):
        raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    vpc = original(self, vpc_id)
    self.groups.pop(vpc_id, None)
    self.network_acls = {acl.id: acl for acl in self.network_acls.values() if acl.vpc_id != vpc_id}
    return vpc


@mends.around(EC2Backend, "delete_subnet")
def a_subnet_in_use_is_kept(original: Any, self: Any, subnet_id: str) -> Any:
    """A subnet with network interfaces is kept; its associations with a route table and a network ACL go with it.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSubnet.html"""
    self.get_subnet(subnet_id)
    if any(interface.subnet.id == subnet_id for interface in self.enis.values()):
        raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    subnet = original(self, subnet_id)
    for table in self.route_tables.values():
        table._associations = {id: target for id, target in table._associations.items() if target != subnet_id}
    for acl in self.network_acls.values():
        acl._associations = {id: target for id, target in acl._associations.items() if target.subnet_id != subnet_id}
    return subnet


@mends.around(EC2Response, "delete_security_group")
def a_security_group_in_use_is_kept(original: Any, self: Any) -> Any:
    """A group is kept while a network interface or an endpoint has it or a rule of another group names it, and a VPC's
    default group always. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html"""
    group = self.ec2_backend.get_security_group_by_name_or_id(self._get_param("GroupId") or self._get_param("GroupName"))
    if group is not None and group.is_default:
        message = f'the specified group: "{group.id}" name: "{group.name}" cannot be deleted by a user'
        raise AwsError("CannotDelete", message)
    if group is not None and _is_used(self.ec2_backend, group):
        raise DependencyViolationError(f"resource {group.id} has a dependent object")
    return original(self)


@mends.around(EC2Response, "delete_route_table")
def a_main_route_table_is_kept(original: Any, self: Any) -> Any:
    """The main route table of a VPC goes with its VPC only.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRouteTable.html"""
    table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
    if table.main_association_id is not None:
        raise DependencyViolationError(f"The routeTable '{table.id}' has dependencies and cannot be deleted.")
    return original(self)


@mends.around(EC2Backend, "detach_internet_gateway")
def a_gateway_of_public_addresses_stays(original: Any, self: Any, internet_gateway_id: str, vpc_id: str) -> None:
    """A gateway cannot leave a VPC in which anything has a public address.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachInternetGateway.html"""
    gateway = self.get_internet_gateway(internet_gateway_id)
    public = any(interface.public_ip for interface in self.enis.values() if interface.vpc_id == vpc_id)
    if public and gateway.vpc and gateway.vpc.id == vpc_id:
        remedy = "Please unmap those public address(es) before detaching the gateway."
        raise DependencyViolationError(f"Network {vpc_id} has some mapped public address(es). {remedy}")
    original(self, internet_gateway_id, vpc_id)


@mends.around(EC2Backend, "delete_vpc_endpoints")
def a_deleted_endpoint_is_gone(original: Any, self: Any, vpce_ids: list[str] | None = None) -> None:
    """A deleted endpoint is not listed any more.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpoints.html"""
    original(self, vpce_ids)
    for endpoint_id in vpce_ids or []:
        self.vpc_end_points.pop(endpoint_id, None)


def _in_vpc(backend: EC2Backend, vpc_id: str) -> Iterator[bool]:
    """Whether there are things in a VPC that somebody put there, beside those that moto looks for."""
    yield any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in backend.internet_gateways.values())
    yield any(gateway.vpc_id == vpc_id for gateway in backend.egress_only_internet_gateways.values())
    yield any(not group.is_default for group in backend.groups[vpc_id].values())
    yield any(endpoint.vpc_id == vpc_id for endpoint in backend.vpc_end_points.values())
    yield any(acl.vpc_id == vpc_id and not acl.default for acl in backend.network_acls.values())


def _is_used(backend: EC2Backend, group: Any) -> bool:
    interfaces = any(group in interface.group_set for interface in backend.enis.values())
    endpoints = any(group.id in endpoint.security_group_ids for endpoint in backend.vpc_end_points.values())
    others = [other for other in backend.groups[group.vpc_id].values() if other is not group]
    rules = [rule for other in others for rule in [*other.ingress_rules, *other.egress_rules]]
    return interfaces or endpoints or any(rule.source_group.get("GroupId") == group.id for rule in rules)
