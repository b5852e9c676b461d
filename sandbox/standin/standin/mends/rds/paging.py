"""Pages of RDS's describe operations."""

from collections.abc import Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterValue
from moto.rds.responses import RDSResponse

SMALLEST_PAGE = 20
LARGEST_PAGE = 100
MOST_IDS_IN_A_FILTER = 100


def page(response: RDSResponse, key: str, items: Sequence[Any]) -> ActionResult:
    """The page of `items` that the request asks for, under `key`.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusters.html
    (MaxRecords: 20 to 100, default 100; Marker)
    """
    size = int(response.params.get("MaxRecords") or LARGEST_PAGE)
    if not SMALLEST_PAGE <= size <= LARGEST_PAGE:
        raise InvalidParameterValue(
            f"Invalid value {size} for MaxRecords. Must be between {SMALLEST_PAGE} and {LARGEST_PAGE}"
        )
    start = _start(response.params.get("Marker"))
    end = start + size
    result: dict[str, Any] = {key: list(items[start:end])}
    if end < len(items):
        result["Marker"] = str(end)
    return ActionResult(result)


def _start(marker: str | None) -> int:
    if not marker:
        return 0
    if not marker.isdecimal():
        raise InvalidParameterValue("The request token is invalid")
    return int(marker)


def filters(response: RDSResponse) -> dict[str, list[str]]:
    """The filters of the request, by name."""
    by_name = {given["Name"]: given["Values"] for given in response.params.get("Filters", [])}
    for name, values in by_name.items():
        if len(values) > MOST_IDS_IN_A_FILTER:
            raise InvalidParameterValue(f"The filter {name} has more than {MOST_IDS_IN_A_FILTER} values.")
    return by_name
