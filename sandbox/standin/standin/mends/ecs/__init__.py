"""Amazon ECS: clusters, task definitions, tasks, and services that roll out, roll back and come to an end."""

from ...mending import Mends
from . import clusters, definitions, deployments, history, services, tasks

mends = Mends(
    "ECS",
    [mend for part in (clusters, definitions, deployments, history, services, tasks) for mend in part.mends.mends],
)
mends.differs(
    "Tasks run no containers: they become RUNNING after a while, or fail if the image says so.",
    "Tasks neither pull images nor read secrets nor write logs, so that no missing permission is noticed.",
)
