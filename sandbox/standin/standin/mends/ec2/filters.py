"""Filters of EC2's describe operations."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from moto.ec2 import utils

from ...mending import Mends

mends = Mends("EC2")


@mends.around(utils, "is_filter_matching")
def a_filter_matches_any_of_its_values(original: Any, item: Any, name: str, values: Any) -> bool:
    """The values of a filter are alternatives, also where an object has several of its own: a route table that is associated
    with two subnets matches a filter that names one of them and a third.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html"""
    own = item.get_filter_value(name)
    if isinstance(values, list) and isinstance(own, Iterable) and not isinstance(own, str):
        return any(fnmatchcase(str(one), value) for one in own for value in values)
    return original(item, name, values)
