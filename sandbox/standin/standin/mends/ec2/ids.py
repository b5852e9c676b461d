"""The ids of EC2: how they look, and what AWS says of those that are malformed or not known.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from ...mending import AwsError, Mends

mends = Mends("EC2")


@dataclass
class Ids:
    """The ids of one kind of object."""

    prefix: str
    parameters: tuple[str, ...]
    """The request parameters that hold them, wherever in the request they stand."""
    malformed: str
    not_found: str

    def check(self, value: str) -> None:
        """Refuses an id that cannot be one of these."""
        if not re.fullmatch(rf"{self.prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", value):
            raise AwsError(self.malformed, f'Invalid id: "{value}" (expecting "{self.prefix}-...")')


KINDS = [
    Ids("vpc", ("VpcId", "VpcIds"), "InvalidVpcID.Malformed", "InvalidVpcID.NotFound"),
    Ids("subnet", ("SubnetId", "SubnetIds"), "InvalidSubnetID.Malformed", "InvalidSubnetID.NotFound"),
    Ids("rtb", ("RouteTableId", "RouteTableIds"), "InvalidRouteTableId.Malformed", "InvalidRouteTableID.NotFound"),
    Ids("sg", ("GroupId", "GroupIds", "Groups", "SecurityGroupIds"), "InvalidGroupId.Malformed", "InvalidGroup.NotFound"),
    Ids(
        "igw",
        ("InternetGatewayId", "InternetGatewayIds"),
        "InvalidInternetGatewayId.Malformed",
        "InvalidInternetGatewayID.NotFound",
    ),
    Ids(
        "eni",
        ("NetworkInterfaceId", "NetworkInterfaceIds"),
        "InvalidNetworkInterfaceId.Malformed",
        "InvalidNetworkInterfaceID.NotFound",
    ),
    Ids("vpce", ("VpcEndpointId", "VpcEndpointIds"), "InvalidVpcEndpointId.Malformed", "InvalidVpcEndpointId.NotFound"),
    Ids("sgr", ("SecurityGroupRuleIds",), "InvalidSecurityGroupRuleId.Malformed", "InvalidSecurityGroupRuleId.NotFound"),
]
_BY_PARAMETER = {parameter: kind for kind in KINDS for parameter in kind.parameters}
_BY_PREFIX = {kind.prefix: kind for kind in KINDS}


@mends.around(EC2Response, "call_action")
def a_malformed_id_is_refused(original: Any, self: Any) -> Any:
    """An id with the wrong prefix or length is refused as malformed, before anything is looked up; `Resources`, which takes
    ids of every kind, is left to the operation. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""
    try:
        for parameter, value in named(self._get_params()):
            if parameter in _BY_PARAMETER:
                _BY_PARAMETER[parameter].check(value)
    except AwsError as error:
        return refusal(self, error)
    return original(self)


def named(parameters: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a request with the name of the parameter in which it stands."""
    if isinstance(parameters, dict):
        for key, value in parameters.items():
            yield from named(value, key)
    elif isinstance(parameters, list):
        for value in parameters:
            yield from named(value, name)
    elif isinstance(parameters, str):
        yield name, parameters


def unknown(value: str) -> AwsError:
    """What AWS says of an id that it does not know."""
    kind = _BY_PREFIX[value.split("-", 1)[0]]
    return AwsError(kind.not_found, f"The ID '{value}' does not exist")


def refusal(response: Any, error: AwsError) -> Any:
    """An answer in place of the one that the operation would have given."""
    status, headers, body = response.serialized(ActionResult(error))
    headers, body = response._enrich_response(headers, body)
    return status, headers, body
