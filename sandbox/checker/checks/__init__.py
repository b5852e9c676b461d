"""The checks, one module per part of an environment."""

from ..check import Check
from . import database, ingestion, monitoring, network, processing, roles


def all_checks() -> list[Check]:
    """Every check, in the order in which an environment is built."""
    parts = (network, ingestion, database, roles, processing, monitoring)
    return [check for part in parts for check in part.checks.checks]
