"""Amazon RDS: Aurora clusters, their instances and groups, and the secrets that RDS manages."""

from ...mending import Mends
from . import catalog, changes, clusters, groups, instances, secrets, tags

mends = Mends(
    "rds",
    [mend for part in (catalog, changes, clusters, groups, instances, secrets, tags) for mend in part.mends.mends],
)
