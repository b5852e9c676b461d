"""Secrets: those that RDS manages, and what the state of a secret forbids."""

import json

import pytest
from environment import Network

ROTATED_BY = "aws:rds:primaryDBClusterArn"


@pytest.fixture
def secrets(client):
    return client("secretsmanager")


@pytest.fixture
def managed(client):
    """The answer of DescribeDBClusters about the secret of a new cluster, and the cluster's ARN."""
    rds = client("rds")
    network = Network(client("ec2"))
    rds.create_db_subnet_group(DBSubnetGroupName="subnets", DBSubnetGroupDescription="d", SubnetIds=network.subnets)
    rds.create_db_cluster(
        DBClusterIdentifier="db",
        Engine="aurora-postgresql",
        MasterUsername="video_admin",
        ManageMasterUserPassword=True,
        DBSubnetGroupName="subnets",
    )
    cluster = rds.describe_db_clusters(DBClusterIdentifier="db")["DBClusters"][0]
    return cluster["MasterUserSecret"], cluster["DBClusterArn"]


def current(secret):
    return [version for version, stages in secret["VersionIdsToStages"].items() if "AWSCURRENT" in stages]


def test_the_managed_secret(secrets, managed):
    named, cluster = managed
    assert named["SecretStatus"] == "active"
    assert named["KmsKeyId"].startswith("arn:aws:kms:")
    secret = secrets.describe_secret(SecretId=named["SecretArn"])
    assert secret["Name"].startswith("rds!cluster-")
    assert secret["OwningService"] == "rds"
    assert {"Key": ROTATED_BY, "Value": cluster} in secret["Tags"]
    assert secret["RotationEnabled"] and secret["RotationRules"] == {"AutomaticallyAfterDays": 7}
    assert "RotationLambdaARN" not in secret and secret["LastRotatedDate"]
    assert len(current(secret)) == 1
    listed = secrets.list_secrets(Filters=[{"Key": "owning-service", "Values": ["rds"]}])["SecretList"]
    assert [s["ARN"] for s in listed] == [named["SecretArn"]]
    value = json.loads(secrets.get_secret_value(SecretId=named["SecretArn"])["SecretString"])
    assert value["username"] == "video_admin" and set(value) == {"username", "password"}


def test_it_is_being_created_with_its_cluster(standin, client):
    standin.durations(rds__cluster__create=60)
    rds = client("rds")
    rds.create_db_cluster(DBClusterIdentifier="db", Engine="aurora-postgresql", MasterUsername="video_admin", ManageMasterUserPassword=True)

    def status():
        return rds.describe_db_clusters()["DBClusters"][0]["MasterUserSecret"]["SecretStatus"]

    assert status() == "creating"
    standin.elapse(60)
    assert status() == "active"


def test_rotation(standin, client, secrets, managed, refused):
    standin.durations(secretsmanager__rotate=60)
    arn = managed[0]["SecretArn"]
    before = secrets.describe_secret(SecretId=arn)
    password = secrets.get_secret_value(SecretId=arn)["SecretString"]
    started = secrets.rotate_secret(SecretId=arn)
    assert current(secrets.describe_secret(SecretId=arn)) == current(before), "the old version stays current for a while"
    cluster = client("rds").describe_db_clusters()["DBClusters"][0]
    assert cluster["MasterUserSecret"]["SecretStatus"] == "rotating"
    refused("InvalidRequestException", secrets.rotate_secret, SecretId=arn)
    standin.elapse(60)
    assert current(secrets.describe_secret(SecretId=arn)) == [started["VersionId"]]
    after = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    assert after == {started["VersionId"]: ["AWSCURRENT"], current(before)[0]: ["AWSPREVIOUS"]}
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] != password


def test_rotation_rules(secrets, managed):
    arn = managed[0]["SecretArn"]
    before = current(secrets.describe_secret(SecretId=arn))
    secrets.rotate_secret(SecretId=arn, RotateImmediately=False, RotationRules={"AutomaticallyAfterDays": 30, "Duration": "2h"})
    secret = secrets.describe_secret(SecretId=arn)
    assert secret["RotationRules"] == {"AutomaticallyAfterDays": 30, "Duration": "2h"}
    assert current(secret) == before
    secrets.rotate_secret(SecretId=arn, RotationRules={"AutomaticallyAfterDays": 14})
    secret = secrets.describe_secret(SecretId=arn)
    assert secret["RotationRules"] == {"AutomaticallyAfterDays": 14}
    assert current(secret) != before, "a change of the rules rotates at once, unless told otherwise"


def test_only_rds_deletes_it(client, secrets, managed, refused):
    arn = managed[0]["SecretArn"]
    refused("InvalidRequestException", secrets.delete_secret, SecretId=arn, ForceDeleteWithoutRecovery=True)
    refused("InvalidRequestException", secrets.put_secret_value, SecretId=arn, SecretString="{}")
    secrets.tag_resource(SecretId=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert {"Key": "a", "Value": "b"} in secrets.describe_secret(SecretId=arn)["Tags"]
    client("rds").delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)
    refused("ResourceNotFoundException", secrets.describe_secret, SecretId=arn)


def test_a_name_scheduled_for_deletion_is_taken(secrets, refused):
    secrets.create_secret(Name="s", SecretString="v")
    secrets.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    refused("InvalidRequestException", secrets.create_secret, Name="s", SecretString="v")
    secrets.restore_secret(SecretId="s")
    refused("ResourceExistsException", secrets.create_secret, Name="s", SecretString="v")
