"""The mends of EC2."""

import time

import pytest
from environment import Network

ANYWHERE = [{"CidrIp": "0.0.0.0/0"}]
TAGGED = [{"ResourceType": "internet-gateway", "Tags": [{"Key": "Name", "Value": "gateway"}]}]


@pytest.fixture
def ec2(client):
    return client("ec2")


@pytest.fixture
def network(ec2):
    return Network(ec2)


def gateway_of(ec2, vpc):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return gateway


def route_table(ec2, vpc, **arguments):
    return ec2.create_route_table(VpcId=vpc, **arguments)["RouteTable"]["RouteTableId"]


def gateway_endpoint(ec2, vpc, **arguments):
    service = "com.amazonaws.eu-west-1.s3"
    answer = ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType="Gateway", ServiceName=service, **arguments)
    return answer["VpcEndpoint"]["VpcEndpointId"]


def group(ec2, vpc, name):
    return ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"]


def from_group(source, port=5432, **more):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [{"GroupId": source} | more]}]


def by(name, *values):
    return [{"Name": name, "Values": list(values)}]


class TestDeletions:
    def test_a_vpc_goes_after_everything_in_it(self, ec2, network, refused):
        gateway = gateway_of(ec2, network.vpc)
        table = route_table(ec2, network.vpc)
        endpoint = gateway_endpoint(ec2, network.vpc, RouteTableIds=[table])

        def is_kept():
            refused("DependencyViolation", ec2.delete_vpc, VpcId=network.vpc)

        for subnet in network.subnets:
            ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        ec2.delete_route_table(RouteTableId=table)
        ec2.delete_security_group(GroupId=network.group)
        is_kept()
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc)
        other = group(ec2, network.vpc, "other")
        is_kept()
        ec2.delete_security_group(GroupId=other)
        endpoint = gateway_endpoint(ec2, network.vpc)
        is_kept()
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        ec2.delete_vpc(VpcId=network.vpc)
        refused("InvalidVpcID.NotFound", ec2.delete_vpc, VpcId=network.vpc)

    def test_nothing_is_left_of_a_vpc(self, ec2, network):
        for subnet in network.subnets:
            ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_security_group(GroupId=network.group)
        ec2.delete_vpc(VpcId=network.vpc)
        of_it = by("vpc-id", network.vpc)
        assert ec2.describe_network_acls(Filters=of_it)["NetworkAcls"] == []
        assert ec2.describe_route_tables(Filters=of_it)["RouteTables"] == []
        assert ec2.describe_security_groups(Filters=of_it)["SecurityGroups"] == []

    def test_a_subnet_with_interfaces_is_kept(self, ec2, network, refused):
        interface = ec2.create_network_interface(SubnetId=network.subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
        refused("DependencyViolation", ec2.delete_subnet, SubnetId=network.subnets[0])
        ec2.delete_network_interface(NetworkInterfaceId=interface)
        ec2.delete_subnet(SubnetId=network.subnets[0])
        refused("InvalidSubnetID.NotFound", ec2.delete_subnet, SubnetId=network.subnets[0])

    def test_the_associations_of_a_subnet_go_with_it(self, ec2, network):
        table = route_table(ec2, network.vpc)
        ec2.associate_route_table(RouteTableId=table, SubnetId=network.subnets[0])
        ec2.delete_subnet(SubnetId=network.subnets[0])
        [acl] = ec2.describe_network_acls(Filters=by("vpc-id", network.vpc))["NetworkAcls"]
        assert [association["SubnetId"] for association in acl["Associations"]] == [network.subnets[1]]
        ec2.delete_route_table(RouteTableId=table)

    def test_a_security_group_in_use_is_kept(self, ec2, network, refused):
        database = group(ec2, network.vpc, "database")
        rule = from_group(network.group)
        ec2.authorize_security_group_ingress(GroupId=database, IpPermissions=rule)
        refused("DependencyViolation", ec2.delete_security_group, GroupId=network.group)
        ec2.revoke_security_group_ingress(GroupId=database, IpPermissions=rule)
        interface = ec2.create_network_interface(SubnetId=network.subnets[0], Groups=[network.group])["NetworkInterface"]
        refused("DependencyViolation", ec2.delete_security_group, GroupId=network.group)
        ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
        ec2.authorize_security_group_ingress(GroupId=network.group, IpPermissions=from_group(network.group))
        ec2.delete_security_group(GroupId=network.group)

    def test_a_security_group_of_an_endpoint_is_kept(self, ec2, network, refused):
        endpoint = ec2.create_vpc_endpoint(
            VpcId=network.vpc,
            VpcEndpointType="Interface",
            ServiceName="com.amazonaws.eu-west-1.sqs",
            SubnetIds=network.subnets,
            SecurityGroupIds=[network.group],
        )["VpcEndpoint"]["VpcEndpointId"]
        refused("DependencyViolation", ec2.delete_security_group, GroupId=network.group)
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
        ec2.delete_security_group(GroupId=network.group)

    def test_what_comes_with_a_vpc_stays(self, ec2, network, refused):
        defaults = by("group-name", "default") + by("vpc-id", network.vpc)
        [default] = ec2.describe_security_groups(Filters=defaults)["SecurityGroups"]
        refused("CannotDelete", ec2.delete_security_group, GroupId=default["GroupId"])
        [main] = ec2.describe_route_tables(Filters=by("vpc-id", network.vpc))["RouteTables"]
        refused("DependencyViolation", ec2.delete_route_table, RouteTableId=main["RouteTableId"])

    def test_a_gateway_of_public_addresses_stays(self, ec2, network, refused):
        gateway = gateway_of(ec2, network.vpc)
        interface = ec2.create_network_interface(SubnetId=network.subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        association = ec2.associate_address(AllocationId=address, NetworkInterfaceId=interface)["AssociationId"]
        refused("DependencyViolation", ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=network.vpc)
        ec2.disassociate_address(AssociationId=association)
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc)


class TestPaging:
    @pytest.mark.parametrize(
        ("create", "describe", "key", "most"),
        [
            (lambda ec2, net, i: ec2.create_vpc(CidrBlock="10.9.0.0/16"), "describe_vpcs", "Vpcs", 1000),
            (
                lambda ec2, net, i: ec2.create_subnet(VpcId=net.vpc, CidrBlock=f"10.0.{i + 9}.0/24"),
                "describe_subnets",
                "Subnets",
                1000,
            ),
            (lambda ec2, net, i: route_table(ec2, net.vpc), "describe_route_tables", "RouteTables", 100),
            (lambda ec2, net, i: group(ec2, net.vpc, f"g{i}"), "describe_security_groups", "SecurityGroups", 1000),
            (lambda ec2, net, i: ec2.create_internet_gateway(), "describe_internet_gateways", "InternetGateways", 1000),
            (
                lambda ec2, net, i: ec2.create_network_interface(SubnetId=net.subnets[0]),
                "describe_network_interfaces",
                "NetworkInterfaces",
                1000,
            ),
        ],
    )
    def test_lists_come_in_pages(self, ec2, network, refused, create, describe, key, most):
        for i in range(7):
            create(ec2, network, i)
        call = getattr(ec2, describe)
        whole = call()[key]
        assert len(whole) >= 7
        pages = list(ec2.get_paginator(describe).paginate(PaginationConfig={"PageSize": 5}))
        assert [len(page[key]) for page in pages][:-1] == [5] * (len(pages) - 1)
        assert [item for page in pages for item in page[key]] == whole
        assert "NextToken" not in call(MaxResults=most)
        refused("InvalidParameterValue", call, MaxResults=4)
        refused("InvalidParameterValue", call, MaxResults=most + 1)
        refused("InvalidNextToken", call, MaxResults=5, NextToken="mine")

    def test_pages_of_interfaces_are_not_of_certain_ones(self, ec2, network, refused):
        interface = ec2.create_network_interface(SubnetId=network.subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
        refused("InvalidParameterCombination", ec2.describe_network_interfaces, NetworkInterfaceIds=[interface], MaxResults=5)


def test_a_filter_matches_any_of_its_values(ec2, network):
    table = route_table(ec2, network.vpc)
    for subnet in network.subnets:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    some = by("association.subnet-id", network.subnets[0], "subnet-00000000000000000")
    assert [found["RouteTableId"] for found in ec2.describe_route_tables(Filters=some)["RouteTables"]] == [table]
    assert ec2.describe_route_tables(Filters=by("association.subnet-id", "subnet-00000000000000000"))["RouteTables"] == []


class TestTokens:
    def test_a_client_token_makes_one_route_table(self, ec2, network, refused):
        first = route_table(ec2, network.vpc, ClientToken="t")
        assert route_table(ec2, network.vpc, ClientToken="t") == first
        assert route_table(ec2, network.vpc, ClientToken="u") != first
        other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        refused("IdempotentParameterMismatch", ec2.create_route_table, VpcId=other, ClientToken="t")

    def test_an_endpoint_is_a_gateway_unless_said(self, ec2, network):
        made = ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName="com.amazonaws.eu-west-1.s3")["VpcEndpoint"]
        assert made["VpcEndpointType"] == "Gateway"
        ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])

    def test_a_client_token_makes_one_endpoint(self, ec2, network):
        first = gateway_endpoint(ec2, network.vpc, ClientToken="t")
        assert gateway_endpoint(ec2, network.vpc, ClientToken="t") == first
        assert gateway_endpoint(ec2, network.vpc, ClientToken="u") != first


def test_vpcs_and_subnets_are_pending_for_a_while(standin, ec2):
    standin.durations(ec2__vpc__create=30, ec2__subnet__create=30)
    network = Network(ec2)

    def states():
        vpcs = ec2.describe_vpcs(VpcIds=[network.vpc])["Vpcs"]
        return {item["State"] for item in vpcs + ec2.describe_subnets(SubnetIds=network.subnets)["Subnets"]}

    assert states() == {"pending"}
    standin.elapse(31)
    assert states() == {"available"}


class TestLag:
    def test_new_objects_are_unknown_for_a_while(self, standin, ec2, refused):
        standin.durations(ec2__lag=30)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway(TagSpecifications=TAGGED)["InternetGateway"]["InternetGatewayId"]
        assert ec2.describe_tags()["Tags"] == []
        assert ec2.describe_vpcs(Filters=by("vpc-id", vpc))["Vpcs"] == []
        assert ec2.describe_security_groups(Filters=by("vpc-id", vpc))["SecurityGroups"] == []
        refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[vpc])
        refused("InvalidVpcID.NotFound", ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.0.0/24")
        refused("InvalidInternetGatewayID.NotFound", ec2.create_tags, Resources=[gateway], Tags=[{"Key": "k", "Value": "v"}])
        standin.elapse(31)
        assert [tag["ResourceId"] for tag in ec2.describe_tags()["Tags"]] == [gateway]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        assert len(ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]) == 1
        assert len(ec2.describe_security_groups(Filters=by("vpc-id", vpc))["SecurityGroups"]) == 1

    def test_there_is_none_unless_it_is_set(self, standin):
        assert standin.control("PUT", "durations", {"preset": "demo"})["ec2.lag"] == 0


def test_zones_need_no_opt_in(ec2):
    zones = ec2.describe_availability_zones(Filters=by("opt-in-status", "opt-in-not-required"))["AvailabilityZones"]
    assert [zone["ZoneName"] for zone in zones] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    described = {(zone["OptInStatus"], zone["GroupName"], zone["NetworkBorderGroup"]) for zone in zones}
    assert described == {("opt-in-not-required", "eu-west-1-zg-1", "eu-west-1")}
    assert ec2.describe_availability_zones(Filters=by("opt-in-status", "opted-in"))["AvailabilityZones"] == []


class TestRules:
    def test_what_is_in_the_default_group_of_a_new_vpc_reaches_each_other(self, ec2, network):
        default = ec2.describe_security_groups(Filters=by("vpc-id", network.vpc) + by("group-name", "default"))["SecurityGroups"][0]
        (ingress,), (egress,) = default["IpPermissions"], default["IpPermissionsEgress"]
        assert [pair["GroupId"] for pair in ingress["UserIdGroupPairs"]] == [default["GroupId"]]
        assert (ingress["IpProtocol"], ingress["IpRanges"]) == ("-1", [])
        assert (egress["IpProtocol"], egress["IpRanges"]) == ("-1", ANYWHERE)

    def test_a_rule_with_a_group_has_a_description(self, ec2, network):
        database = group(ec2, network.vpc, "database")
        rule = from_group(network.group, Description="tasks")
        [added] = ec2.authorize_security_group_ingress(GroupId=database, IpPermissions=rule)["SecurityGroupRules"]
        assert added["Description"] == "tasks"
        [described] = ec2.describe_security_groups(GroupIds=[database])["SecurityGroups"]
        assert described["IpPermissions"][0]["UserIdGroupPairs"][0]["Description"] == "tasks"
        rules = ec2.describe_security_group_rules(Filters=by("group-id", database))["SecurityGroupRules"]
        assert [rule.get("Description") for rule in rules if not rule["IsEgress"]] == ["tasks"]

    def test_rules_are_compared_without_descriptions(self, ec2, network, refused):
        database = group(ec2, network.vpc, "database")
        ec2.authorize_security_group_ingress(GroupId=database, IpPermissions=from_group(network.group, Description="tasks"))
        again = from_group(network.group, Description="other")
        refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=database, IpPermissions=again)
        ec2.update_security_group_rule_descriptions_ingress(GroupId=database, IpPermissions=again)
        [described] = ec2.describe_security_groups(GroupIds=[database])["SecurityGroups"]
        assert described["IpPermissions"][0]["UserIdGroupPairs"][0]["Description"] == "other"
        ec2.revoke_security_group_ingress(GroupId=database, IpPermissions=from_group(network.group))
        assert ec2.describe_security_groups(GroupIds=[database])["SecurityGroups"][0]["IpPermissions"] == []

    def test_a_description_that_is_left_out_is_removed(self, ec2, network):
        def described(**words):
            everywhere = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0", **words}]}]
            ec2.update_security_group_rule_descriptions_egress(GroupId=network.group, IpPermissions=everywhere)
            [group] = ec2.describe_security_groups(GroupIds=[network.group])["SecurityGroups"]
            return group["IpPermissionsEgress"][0]["IpRanges"][0].get("Description")

        assert described(Description="by hand") == "by hand"
        assert described() is None

    def test_rules_are_changed_all_or_none(self, ec2, network, refused):
        first, second, third = (from_group(network.group, port) for port in (1, 2, 3))
        add, revoke = ec2.authorize_security_group_ingress, ec2.revoke_security_group_ingress
        added = add(GroupId=network.group, IpPermissions=first + second)["SecurityGroupRules"]
        assert [rule["FromPort"] for rule in added] == [1, 2]
        refused("InvalidPermission.Duplicate", add, GroupId=network.group, IpPermissions=third + second)
        refused("InvalidPermission.NotFound", revoke, GroupId=network.group, IpPermissions=first + third)
        [described] = ec2.describe_security_groups(GroupIds=[network.group])["SecurityGroups"]
        assert [permission["FromPort"] for permission in described["IpPermissions"]] == [1, 2]


class TestRoutes:
    def test_a_vpc_has_one_internet_gateway(self, ec2, network, refused):
        first = gateway_of(ec2, network.vpc)
        second = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        refused("InvalidParameterValue", ec2.attach_internet_gateway, InternetGatewayId=second, VpcId=network.vpc)
        refused("Resource.AlreadyAssociated", ec2.attach_internet_gateway, InternetGatewayId=first, VpcId=network.vpc)

    def test_a_route_leads_to_a_gateway_of_its_vpc(self, ec2, network, refused):
        table = route_table(ec2, network.vpc)
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}
        refused("InvalidParameterValue", ec2.create_route, **route)
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc)
        ec2.create_route(**route)

        def states():
            routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
            return {route["DestinationCidrBlock"]: route["State"] for route in routes}

        assert states() == {"10.0.0.0/16": "active", "0.0.0.0/0": "active"}
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
        assert states() == {"10.0.0.0/16": "active", "0.0.0.0/0": "blackhole"}
        ec2.replace_route(**route | {"GatewayId": gateway_of(ec2, network.vpc)})
        assert states()["0.0.0.0/0"] == "active"

    def test_a_subnet_has_one_route_table(self, ec2, network, refused):
        first, second = route_table(ec2, network.vpc), route_table(ec2, network.vpc)
        association = ec2.associate_route_table(RouteTableId=first, SubnetId=network.subnets[0])["AssociationId"]
        assert ec2.associate_route_table(RouteTableId=first, SubnetId=network.subnets[0])["AssociationId"] == association
        refused("Resource.AlreadyAssociated", ec2.associate_route_table, RouteTableId=second, SubnetId=network.subnets[0])
        ec2.replace_route_table_association(AssociationId=association, RouteTableId=second)


@pytest.mark.parametrize(
    ("code", "operation", "arguments"),
    [
        ("InvalidVpcID.Malformed", "describe_vpcs", {"VpcIds": ["vpc-1"]}),
        ("InvalidSubnetID.Malformed", "delete_subnet", {"SubnetId": "vpc-00000000"}),
        ("InvalidRouteTableId.Malformed", "describe_route_tables", {"RouteTableIds": ["x"]}),
        ("InvalidGroupId.Malformed", "authorize_security_group_ingress", {"GroupId": "sg-00000000", "IpPermissions": from_group("x")}),
        ("InvalidGroupId.Malformed", "delete_security_group", {"GroupId": "vpc-00000000"}),
        ("InvalidInternetGatewayId.Malformed", "describe_internet_gateways", {"InternetGatewayIds": ["igw-"]}),
        ("InvalidNetworkInterfaceId.Malformed", "describe_network_interfaces", {"NetworkInterfaceIds": ["eni"]}),
        ("InvalidVpcID.NotFound", "describe_vpcs", {"VpcIds": ["vpc-00000000"]}),
        ("InvalidSubnetID.NotFound", "delete_subnet", {"SubnetId": "subnet-00000000000000000"}),
    ],
)
def test_a_malformed_id_is_told_from_an_unknown_one(ec2, refused, code, operation, arguments):
    refused(code, getattr(ec2, operation), **arguments)


def test_the_tags_of_a_deleted_object_are_gone(ec2):
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "k", "Value": "v"}]}]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    assert [tag["ResourceId"] for tag in ec2.describe_tags()["Tags"]] == [vpc]
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"] == [{"Key": "k", "Value": "v"}]
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_tags()["Tags"] == []


def test_the_tags_of_others_do_not_slow_a_list_down(ec2):
    made = [ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"] for _ in range(100)]
    ec2.create_tags(Resources=made, Tags=[{"Key": f"key-{i}", "Value": "v"} for i in range(50)])

    def seconds(filters):
        times = []
        for _ in range(5):
            start = time.monotonic()
            assert ec2.describe_internet_gateways(Filters=filters)["InternetGateways"] == []
            times.append(time.monotonic() - start)
        return min(times)

    assert seconds(by("tag:key-0", "none")) < 8 * seconds(by("internet-gateway-id", "none"))
