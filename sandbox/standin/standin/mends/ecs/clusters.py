"""Clusters: made once, described with what was asked for, deleted only when empty."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ClusterNotFoundException, InvalidParameterException
from moto.ecs.models import Cluster, EC2ContainerServiceBackend, Service, Task, ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse

from ...mending import AwsError, Mends
from .paging import page

mends = Mends("ECS")

CLUSTERS_AT_ONCE = 100


@mends.around(EC2ContainerServiceBackend, "create_cluster")
def an_existing_cluster_is_answered(original: Any, self: Any, cluster_name: str, *args: Any, **kwargs: Any) -> Cluster:
    """CreateCluster for an ACTIVE cluster answers it and changes nothing; moto replaces it.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html"""
    existing = self.clusters.get(cluster_name)
    if existing is not None and existing.status == "ACTIVE":
        return existing
    return original(self, cluster_name, *args, **kwargs)


@mends.around(EC2ContainerServiceResponse, "describe_clusters")
def settings_are_described_on_request(original: Any, self: Any) -> ActionResult:
    """DescribeClusters takes 100 clusters, and answers settings and configuration only where `include` names them.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html"""
    if len(self._get_param("clusters", [])) > CLUSTERS_AT_ONCE:
        raise InvalidParameterException(f"Clusters cannot have more than {CLUSTERS_AT_ONCE} elements.")
    include = self._get_param("include", [])
    for name, field in (("SETTINGS", "settings"), ("CONFIGURATIONS", "configuration")):
        path = f"DescribeClustersResponse.clusters.Cluster.{field}"
        (self._include_in_response if name in include else self._exclude_from_response)(path)
    return original(self)


@mends.adds(EC2ContainerServiceResponse, "list_clusters")
def active_clusters_are_listed_in_pages(self: EC2ContainerServiceResponse) -> ActionResult:
    """ListClusters pages 100 clusters; those that are INACTIVE are described for a while, but not listed.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListClusters.html"""
    clusters = self.ecs_backend.clusters.values()
    return page(self, "clusterArns", sorted(cluster.arn for cluster in clusters if cluster.status == "ACTIVE"))


@mends.adds(EC2ContainerServiceResponse, "update_cluster_settings")
def settings_are_updated_one_by_one(self: EC2ContainerServiceResponse) -> ActionResult:
    """UpdateClusterSettings changes the settings that it names; moto has not got it.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateClusterSettings.html"""
    cluster = active(self.ecs_backend, self._get_param("cluster"))
    changed = {setting["name"]: setting["value"] for setting in self._get_param("settings")}
    kept = {setting["name"]: setting["value"] for setting in cluster.settings}
    cluster.settings = [{"name": name, "value": value} for name, value in (kept | changed).items()]
    return ActionResult({"cluster": cluster})


@mends.around(EC2ContainerServiceBackend, "delete_cluster")
def a_cluster_in_use_is_kept(original: Any, self: Any, cluster_str: str) -> Cluster:
    """DeleteCluster is refused while the cluster has services, tasks or container instances; afterwards the cluster is INACTIVE.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html"""
    cluster = active(self, cluster_str)
    if services_of(self, cluster):
        message = "The Cluster cannot be deleted while Services are active."
        raise AwsError("ClusterContainsServicesException", message)
    if tasks_of(self, cluster):
        raise AwsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    if self.container_instances.get(cluster.name):
        message = "The Cluster cannot be deleted while Container Instances are active or draining."
        raise AwsError("ClusterContainsContainerInstancesException", message)
    return original(self, cluster_str)


@mends.computes(Cluster, "active_services_count")
def a_cluster_counts_its_services(self: Cluster) -> int:
    """A cluster counts its services that are ACTIVE or DRAINING.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html"""
    return len(services_of(_backend(self), self))


@mends.computes(Cluster, "running_tasks_count")
def a_cluster_counts_its_running_tasks(self: Cluster) -> int:
    """A cluster counts its tasks in state RUNNING.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html"""
    return sum(task.last_status == "RUNNING" for task in tasks_of(_backend(self), self))


@mends.computes(Cluster, "pending_tasks_count")
def a_cluster_counts_its_pending_tasks(self: Cluster) -> int:
    """A cluster counts its tasks that are on their way to RUNNING.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html"""
    return sum(task.last_status == "PROVISIONING" for task in tasks_of(_backend(self), self))


def active(backend: EC2ContainerServiceBackend, name: str) -> Cluster:
    """The cluster of that name or ARN, which must be ACTIVE."""
    cluster = backend._get_cluster(name)
    if cluster.status != "ACTIVE":
        raise ClusterNotFoundException
    return cluster


def services_of(backend: EC2ContainerServiceBackend, cluster: Cluster) -> list[Service]:
    """The services of a cluster that are not INACTIVE."""
    services = backend.services.values()
    return [service for service in services if service.cluster_name == cluster.name and service.status != "INACTIVE"]


def tasks_of(backend: EC2ContainerServiceBackend, cluster: Cluster) -> list[Task]:
    """The tasks of a cluster that are not STOPPED."""
    return [task for task in backend.tasks.get(cluster.name, {}).values() if task.last_status != "STOPPED"]


def _backend(cluster: Cluster) -> EC2ContainerServiceBackend:
    return ecs_backends[cluster.arn.split(":")[4]][cluster.region_name]
