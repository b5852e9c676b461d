"""The network: the way to the internet and to the database, and that there is no other."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from .. import reach
from ..check import Checks
from ..environment import Document, Environment

checks = Checks()

HTTPS = 443


@checks.claim("the network resolves names")
def find_what_breaks_names(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html"""
    for attribute, key in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        answer = environment.client("ec2").describe_vpc_attribute(VpcId=environment.vpc["VpcId"], Attribute=attribute)
        if not answer[key]["Value"]:
            yield f"the VPC has {attribute} off"


@checks.claim("tasks reach the internet")
def find_what_keeps_tasks_in(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/networking-outbound.html"""
    network = environment.task_network
    if network.get("assignPublicIp") != "ENABLED":
        yield "the service gives its tasks no public addresses, and there is no NAT gateway"
    for subnet in network["subnets"]:
        if subnet not in environment.subnets:
            yield f"the service's {subnet} is not in the VPC"
        elif reach.internet_gateway_of(environment, subnet) not in environment.gateways:
            yield f"{subnet} has no route to an internet gateway of the VPC"
        else:
            yield from reach.acl_faults(environment, subnet, reach.ANYWHERE, HTTPS, outgoing=True)
    rules = [rule for group in _groups(environment) for rule in group["IpPermissionsEgress"]]
    if not reach.group_admits(rules, HTTPS, reach.ANYWHERE):
        yield "the tasks' security group does not let HTTPS out"


@checks.claim("nobody reaches the tasks from outside")
def find_ways_to_the_tasks(environment: Environment) -> Iterator[str]:
    """Tasks have public addresses: only their security group keeps strangers out."""
    for group in _groups(environment):
        if group["IpPermissions"]:
            yield f"{group['GroupName']} lets something in"


@checks.claim("tasks reach the database on its port")
def find_what_keeps_tasks_from_the_database(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html"""
    port, task_groups = environment.database["Port"], set(environment.task_network["securityGroups"])
    database_groups = _database_groups(environment)
    inward = [rule for group in database_groups.values() for rule in group["IpPermissions"]]
    outward = [rule for group in _groups(environment) for rule in group["IpPermissionsEgress"]]
    if not reach.group_admits(inward, port, groups=task_groups):
        yield f"the database's security group does not let the tasks in on {port}"
    if not reach.group_admits(outward, port, IPv4Network(environment.vpc["CidrBlock"]), set(database_groups)):
        yield f"the tasks' security group does not let {port} out to the database"
    for subnet in environment.database_subnets:
        for task_subnet in environment.task_network["subnets"]:
            yield from _faults_between(environment, task_subnet, subnet, port)


@checks.claim("nobody but the tasks reaches the database")
def find_ways_to_the_database(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.RDSSecurityGroups.html"""
    task_groups = set(environment.task_network["securityGroups"])
    for group in _database_groups(environment).values():
        for rule in group["IpPermissions"]:
            yield from (f"{group['GroupName']} lets {one['CidrIp']} in" for one in rule.get("IpRanges", []))
            yield from (f"{group['GroupName']} lets {one['CidrIpv6']} in" for one in rule.get("Ipv6Ranges", []))
            strangers = [one["GroupId"] for one in rule.get("UserIdGroupPairs", []) if one["GroupId"] not in task_groups]
            yield from (f"{group['GroupName']} lets {one} in" for one in strangers)


@checks.claim("the default security group is empty")
def find_rules_of_the_default_group(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2"""
    for group in environment.groups.values():
        if group["GroupName"] == "default" and (group["IpPermissions"] or group["IpPermissionsEgress"]):
            yield f"{group['GroupId']} has rules"


def _groups(environment: Environment) -> list[Document]:
    return [environment.groups[group] for group in environment.task_network["securityGroups"] if group in environment.groups]


def _database_groups(environment: Environment) -> dict[str, Document]:
    ids = [group["VpcSecurityGroupId"] for group in environment.database["VpcSecurityGroups"]]
    return {group: environment.groups[group] for group in ids if group in environment.groups}


def _faults_between(environment: Environment, task_subnet: str, database_subnet: str, port: int) -> Iterator[str]:
    subnets = environment.subnets
    if task_subnet in subnets and database_subnet in subnets:
        tasks = IPv4Network(subnets[task_subnet]["CidrBlock"])
        database = IPv4Network(subnets[database_subnet]["CidrBlock"])
        yield from reach.acl_faults(environment, task_subnet, database, port, outgoing=True)
        yield from reach.acl_faults(environment, database_subnet, tasks, port, outgoing=False)
