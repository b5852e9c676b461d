"""The Resource Groups Tagging API: what GetResources finds, and its pages."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from moto.core.resource_tagging import TaggedResource, iter_taggable_backends, make_tag_matcher
from moto.core.responses import ActionResult
from moto.ecs.models import ecs_backends
from moto.kinesis.models import kinesis_backends
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend
from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse

from ..mending import AwsError, Mends
from ..pages import cut

mends = Mends("Resource Groups Tagging API")
mends.differs(
    "Tags are found at once; in AWS the tagging API lags behind.",
)

PAGE = 50
LARGEST_PAGE = 100
TAGS_PER_PAGE = range(100, 501)
MOST_FILTERS = 50
MOST_VALUES = 20


@mends.adds(ResourceGroupsTaggingAPIResponse, "get_resources")
def resources_are_found_by_type_and_tags(self: Any) -> ActionResult:
    """GetResources finds what exists and has tags. A type is what ARNs say: `kinesis:stream`, `logs:log-group`, `rds:subgrp`,
    and plain `sqs`, as a queue's ARN has no type; values of one tag are alternatives.
    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html"""
    filters, types, arns = (self._get_param(name) or [] for name in ("TagFilters", "ResourceTypeFilters", "ResourceARNList"))
    _check(filters, types, arns)
    matches = make_tag_matcher(filters)
    found = [
        {"ResourceARN": resource.arn, "Tags": [{"Key": key, "Value": value} for key, value in resource.tags.items()]}
        for resource in _resources(self.backend)
        if resource.tags and matches(resource.tags) and _is_of(resource.arn, types) and (not arns or resource.arn in arns)
    ]
    page, token = _page(self, found)
    # An empty token says that this is the last page.
    return ActionResult({"ResourceTagMappingList": page, "PaginationToken": token or ""})


def _check(filters: list[Any], types: list[str], arns: list[str]) -> None:
    if arns and (filters or types):
        _invalid("ResourceARNList cannot be specified along with TagFilters or ResourceTypeFilters.")
    if len(filters) > MOST_FILTERS or any(len(given.get("Values") or []) > MOST_VALUES for given in filters):
        _invalid(f"There can be up to {MOST_FILTERS} tag filters of up to {MOST_VALUES} values each.")


def _resources(backend: ResourceGroupsTaggingAPIBackend) -> Iterator[TaggedResource]:
    """Everything with tags in one account and region. IAM's roles are not of a region, and GetResources never has them."""
    account, region = backend.account_id, backend.region_name
    backends = iter_taggable_backends(account, region)
    known = chain.from_iterable(backend.iter_tagged_resources() for backend in backends)
    gone = {
        *(cluster.arn for cluster in ecs_backends[account][region].clusters.values() if cluster.status == "INACTIVE"),
        *(service.arn for service in ecs_backends[account][region].services.values() if service.status == "INACTIVE"),
    }
    existing = (resource for resource in known if resource.arn not in gone)
    return chain(existing, _streams(account, region))


def _streams(account: str, region: str) -> Iterator[TaggedResource]:
    for stream in kinesis_backends[account][region].streams.values():
        yield TaggedResource(stream.arn, dict(stream.tags), "kinesis:stream")


def _is_of(arn: str, types: list[str]) -> bool:
    """Whether an ARN is of one of these types: `service`, or `service:type`.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
    separators = [resource.index(mark) for mark in ":/" if mark in resource]
    kind = resource[: min(separators)] if separators else None
    return not types or service in types or f"{service}:{kind}" in types


def _page(response: Any, found: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str | None]:
    size = int(response._get_param("ResourcesPerPage") or PAGE)
    tags_per_page = response._get_param("TagsPerPage")
    if not 1 <= size <= LARGEST_PAGE:
        _invalid(f"ResourcesPerPage must be between 1 and {LARGEST_PAGE}")
    if tags_per_page is not None and int(tags_per_page) not in TAGS_PER_PAGE:
        _invalid("TagsPerPage must be between 100 and 500")
    try:
        page, token = cut(found, size, response._get_param("PaginationToken"))
    except ValueError:
        raise AwsError("PaginationTokenExpiredException", "The pagination token is not valid any more.") from None
    return list(page), token


def _invalid(message: str) -> None:
    raise AwsError("InvalidParameterException", message)
