"""Elastic network interfaces that AWS services put into their customers' subnets."""

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface


def attach(
    account_id: str,
    region: str,
    subnet_id: str,
    group_ids: list[str],
    description: str,
    public_ip: bool = False,
) -> NetworkInterface:
    """Makes an interface that is in use; without groups it gets its VPC's default group.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html
    """
    ec2 = ec2_backends[account_id][region]
    subnet = ec2.get_subnet(subnet_id)
    groups = group_ids or [ec2.get_default_security_group(subnet.vpc_id).id]
    interface = ec2.create_network_interface(
        subnet, [], group_ids=groups, description=description, public_ip_auto_assign=public_ip
    )
    interface.status = "in-use"
    interface.device_index = 1
    interface.requester_managed = True
    return interface


def release(account_id: str, region: str, interface_id: str) -> None:
    """Removes an interface, if nobody has removed it."""
    ec2_backends[account_id][region].enis.pop(interface_id, None)
