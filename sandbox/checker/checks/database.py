"""The database: it is there, private, encrypted, recoverable, and its password changes."""

from collections.abc import Iterator

from .. import reach
from ..check import Checks
from ..environment import Environment

checks = Checks()


@checks.claim("the database takes connections")
def find_what_stops_the_database(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html#Aurora.Status"""
    if environment.database["Status"] != "available":
        yield f"the cluster is {environment.database['Status']}"
    writers = [member for member in environment.database["DBClusterMembers"] if member["IsClusterWriter"]]
    if not writers:
        yield "it has no writer"
    for instance in environment.instances:
        if instance["DBInstanceStatus"] != "available":
            yield f"{instance['DBInstanceIdentifier']} is {instance['DBInstanceStatus']}"
    if len(environment.instances) > 1 and len({instance["AvailabilityZone"] for instance in environment.instances}) == 1:
        yield "all of its instances are in one zone"
    if not environment.database.get("ServerlessV2ScalingConfiguration"):
        yield "it has no range of capacity"


@checks.claim("the database is not public")
def find_ways_from_outside(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html"""
    for instance in environment.instances:
        if instance.get("PubliclyAccessible"):
            yield f"{instance['DBInstanceIdentifier']} has a public address"
    for subnet in environment.database_subnets:
        if subnet not in environment.subnets:
            yield f"its {subnet} is not in the VPC"
        elif reach.internet_gateway_of(environment, subnet) is not None:
            yield f"its {subnet} has a route to the internet"


@checks.claim("the database is encrypted, at rest and on the way")
def find_what_is_plain(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html"""
    if not environment.database["StorageEncrypted"]:
        yield "its storage is not encrypted"
    group = environment.database["DBClusterParameterGroup"]
    parameters = environment.pages("rds", "describe_db_cluster_parameters", "Parameters", DBClusterParameterGroupName=group)
    values = {parameter["ParameterName"]: parameter.get("ParameterValue") for parameter in parameters}
    if values.get("rds.force_ssl") != "1":
        yield f"its parameter group {group} does not require TLS"


@checks.claim("the database can be restored")
def find_what_prevents_restoring(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.Backups.html"""
    if environment.database["BackupRetentionPeriod"] < 1:
        yield "no backup is kept"


@checks.claim("the database's secret is made and rotated by RDS")
def find_faults_of_the_secret(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html"""
    secret = environment.secret
    if secret.get("OwningService") != "rds":
        yield "RDS does not manage it"
    if not secret.get("RotationEnabled"):
        yield "it is not rotated"
    elif not secret.get("RotationRules", {}).get("AutomaticallyAfterDays"):
        yield "it has no interval of rotation"
    if not any("AWSCURRENT" in stages for stages in secret.get("VersionIdsToStages", {}).values()):
        yield "it has no current version"
