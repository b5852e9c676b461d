"""Availability Zones, and whether an account must opt in to them."""

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.availability_zones_and_regions import Zone

from ...mending import Mends

mends = Mends("EC2")

NO_OPT_IN = "opt-in-not-required"


@mends.computes(Zone, "opt_in_status")
def a_zone_needs_no_opt_in(self: Zone) -> str:
    """The Availability Zones of a region need no opt-in; Local and Wavelength Zones, which are not here, do.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AvailabilityZone.html"""
    return NO_OPT_IN


@mends.computes(Zone, "group_name")
def a_zone_is_in_a_group(self: Zone) -> str:
    """The zones of a region are one group. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AvailabilityZone.html"""
    return f"{self.region_name}-zg-1"


@mends.computes(Zone, "network_border_group")
def a_zone_advertises_addresses_of_its_region(self: Zone) -> str:
    """The border group of an Availability Zone is its region.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AvailabilityZone.html"""
    return self.region_name


@mends.around(EC2Backend, "describe_availability_zones")
def zones_are_filtered_by_opt_in(original: Any, self: Any, filters: Any = None, **kwargs: Any) -> list[Zone]:
    """The filter `opt-in-status`.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html"""
    zones = original(self, filters, **kwargs)
    wanted = (filters or {}).get("opt-in-status", [NO_OPT_IN])
    return [zone for zone in zones if zone.opt_in_status in wanted]
