"""Who reaches whom in a VPC: routes, security groups, network ACLs."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from .environment import Document, Environment

ANYWHERE = IPv4Network("0.0.0.0/0")
ANSWERS = (1024, 65_535)
"""The ports that answers come back to: https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html"""
TCP = ("tcp", "6", "-1")


def internet_gateway_of(environment: Environment, subnet: str) -> str | None:
    """The internet gateway to which a subnet sends what is for the internet."""
    for route in _route_table_of(environment, subnet).get("Routes", []):
        gateway = route.get("GatewayId", "")
        if route.get("DestinationCidrBlock") == str(ANYWHERE) and gateway.startswith("igw-") and route["State"] == "active":
            return gateway
    return None


def _route_table_of(environment: Environment, subnet: str) -> Document:
    """https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html: its own, or the main one"""
    main: Document = {}
    for table in environment.route_tables:
        for association in table["Associations"]:
            if association.get("SubnetId") == subnet:
                return table
            if association.get("Main"):
                main = table
    return main


def group_admits(rules: list[Document], port: int, network: IPv4Network | None = None, groups: set[str] | None = None) -> bool:
    """Whether rules of a security group admit TCP on a port to or from a network, or members of groups."""
    for rule in rules:
        if rule["IpProtocol"] not in TCP or not rule.get("FromPort", port) <= port <= rule.get("ToPort", port):
            continue
        if network is not None and any(network.subnet_of(IPv4Network(range_["CidrIp"])) for range_ in rule.get("IpRanges", [])):
            return True
        if groups and any(pair["GroupId"] in groups for pair in rule.get("UserIdGroupPairs", [])):
            return True
    return False


def acl_faults(environment: Environment, subnet: str, peer: IPv4Network, port: int, outgoing: bool) -> Iterator[str]:
    """What in a subnet's network ACL stands in the way of connections to (or from) a port, and of their answers."""
    ports = {outgoing: (port, port), not outgoing: ANSWERS}
    for egress, (first, last) in ports.items():
        if not _acl_admits(_acl_of(environment, subnet), egress, peer, first, last):
            direction = "out to" if egress else "in from"
            yield f"the network ACL of {subnet} does not let ports {first}–{last} {direction} {peer}"


def _acl_of(environment: Environment, subnet: str) -> Document:
    for acl in environment.network_acls:
        if any(association["SubnetId"] == subnet for association in acl["Associations"]):
            return acl
    return {"Entries": []}


def _acl_admits(acl: Document, egress: bool, peer: IPv4Network, first: int, last: int) -> bool:
    """The rules count in their order; the first one that is about the traffic decides."""
    for entry in sorted(acl["Entries"], key=lambda entry: entry["RuleNumber"]):
        if entry["Egress"] != egress or entry["Protocol"] not in TCP or "CidrBlock" not in entry:
            continue
        network, ports = IPv4Network(entry["CidrBlock"]), entry.get("PortRange", {"From": 0, "To": 65_535})
        overlaps = network.overlaps(peer) and ports["From"] <= last and first <= ports["To"]
        if overlaps and entry["RuleAction"] == "deny":
            return False
        if peer.subnet_of(network) and ports["From"] <= first and last <= ports["To"]:
            return True
    return False
