"""Pages of EC2's describe operations.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.ec2.responses import EC2Response

from ...mending import AwsError, Mends
from ...pages import cut

mends = Mends("EC2")


@mends.around(
    EC2Response,
    "describe_vpcs",
    "describe_subnets",
    "describe_route_tables",
    "describe_security_groups",
    "describe_security_group_rules",
    "describe_internet_gateways",
    "describe_network_interfaces",
)
def lists_come_in_pages(original: Any, self: Any) -> ActionResult:
    """With MaxResults, a list comes in pages and NextToken leads to the next one; without, it comes whole.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination"""
    size = self._get_param("MaxResults")
    token = self._get_param("NextToken")
    if size is not None:
        _check_size(self._get_action(), int(size))
    if size is not None and self._get_param("NetworkInterfaceIds"):
        message = "The parameter networkInterfaceSet cannot be used with the parameter maxResults"
        raise AwsError("InvalidParameterCombination", message)
    [(key, items)] = original(self).result.items()
    try:
        page, following = cut(items, int(size or len(items)), token)
    except ValueError:
        raise AwsError("InvalidNextToken", "The specified NextToken is not valid.") from None
    return ActionResult({key: page} | ({"NextToken": following} if following else {}))


def _check_size(operation: str, size: int) -> None:
    """Most operations take 5 to 1000, DescribeRouteTables 5 to 100: the service's model knows."""
    shape = get_service_model("ec2").operation_model(operation).input_shape.members["MaxResults"]
    least, most = shape.metadata["min"], shape.metadata["max"]
    if not least <= size <= most:
        bound = f"greater than {least}" if size < least else f"less than or equal to {most}"
        message = f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value {bound}."
        raise AwsError("InvalidParameterValue", message)
