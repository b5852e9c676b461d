"""Pages of ECS's list operations."""

from collections.abc import Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.responses import EC2ContainerServiceResponse


def page(
    response: EC2ContainerServiceResponse, key: str, items: Sequence[Any], usual: int = 100, largest: int = 100
) -> ActionResult:
    """The page of `items` that the request asks for, under `key`: `usual` many, or maxResults up to `largest`.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html and its siblings.
    """
    size = response._get_param("maxResults") or usual
    if not 1 <= size <= largest:
        raise InvalidParameterException(f"maxResults must be between 1 and {largest}.")
    token = response._get_param("nextToken") or "0"
    if not token.isdecimal():
        raise InvalidParameterException("Invalid token.")
    start, end = int(token), int(token) + size
    more = {"nextToken": str(end)} if end < len(items) else {}
    return ActionResult({key: list(items[start:end])} | more)
