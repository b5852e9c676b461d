"""Amazon ECS: clusters, task definitions, tasks, and services that roll out, roll back and come to an end."""

from ...mending import Mends
from . import clusters, definitions, deployments, history, services, tasks

mends = Mends(
    "ECS",
    [mend for part in (clusters, definitions, deployments, history, services, tasks) for mend in part.mends.mends],
)
