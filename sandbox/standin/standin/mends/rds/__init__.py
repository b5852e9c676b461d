"""Amazon RDS: Aurora clusters, their instances and groups, and the secrets that RDS manages."""

from ...mending import Mends
from . import catalog, changes, clusters, groups, instances, secrets, tags

mends = Mends(
    "RDS",
    [mend for part in (catalog, changes, clusters, groups, instances, secrets, tags) for mend in part.mends.mends],
)
mends.differs(
    "There is no database behind an endpoint.",
    "No maintenance window ever comes: what waits for one, without `ApplyImmediately`, waits for ever.",
)
