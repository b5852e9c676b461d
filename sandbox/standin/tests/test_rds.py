"""Aurora: lifecycle, refusals, pages, parameters, versions."""

import pytest
from environment import Network

SCALING = {"MinCapacity": 0.5, "MaxCapacity": 1.0}


@pytest.fixture
def rds(client):
    return client("rds")


@pytest.fixture
def network(client, rds):
    network = Network(client("ec2"))
    rds.create_db_subnet_group(DBSubnetGroupName="subnets", DBSubnetGroupDescription="d", SubnetIds=network.subnets)
    return network


@pytest.fixture
def create_cluster(rds, network):
    def create(**options):
        settings = {
            "DBClusterIdentifier": "db",
            "Engine": "aurora-postgresql",
            "EngineVersion": "16.8",
            "MasterUsername": "video_admin",
            "ManageMasterUserPassword": True,
            "DBSubnetGroupName": "subnets",
            "VpcSecurityGroupIds": [network.group],
            "ServerlessV2ScalingConfiguration": SCALING,
            "StorageEncrypted": True,
        }
        return rds.create_db_cluster(**settings | options)["DBCluster"]

    return create


@pytest.fixture
def create_instance(rds):
    def create(name, **options):
        settings = {"DBInstanceClass": "db.serverless", "Engine": "aurora-postgresql", "DBClusterIdentifier": "db"}
        return rds.create_db_instance(DBInstanceIdentifier=name, **settings | options)["DBInstance"]

    return create


def cluster(rds, name="db"):
    return rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]


def instance(rds, name):
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def test_cluster_life(standin, rds, create_cluster, refused):
    standin.durations(rds__cluster__create=60, rds__cluster__modify=60, rds__cluster__delete=60)
    assert create_cluster()["Status"] == "creating"
    assert cluster(rds)["Status"] == "creating"
    refused("InvalidDBClusterStateFault", rds.modify_db_cluster, DBClusterIdentifier="db", BackupRetentionPeriod=3)
    refused("InvalidDBClusterStateFault", rds.delete_db_cluster, DBClusterIdentifier="db", SkipFinalSnapshot=True)
    standin.elapse(60)
    assert cluster(rds)["Status"] == "available"
    rds.modify_db_cluster(DBClusterIdentifier="db", CopyTagsToSnapshot=True)
    assert cluster(rds)["Status"] == "modifying"
    refused("InvalidDBClusterStateFault", rds.modify_db_cluster, DBClusterIdentifier="db", CopyTagsToSnapshot=False)
    standin.elapse(60)
    assert cluster(rds)["Status"] == "available"
    rds.delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)
    assert cluster(rds)["Status"] == "deleting"
    standin.elapse(60)
    assert not rds.describe_db_clusters()["DBClusters"]
    refused("DBClusterNotFoundFault", rds.describe_db_clusters, DBClusterIdentifier="db")
    refused("DBClusterNotFoundFault", rds.delete_db_cluster, DBClusterIdentifier="db", SkipFinalSnapshot=True)


def test_a_duplicate_leaves_the_first_cluster_alone(rds, create_cluster, refused):
    first = create_cluster()["DbClusterResourceId"]
    refused("DBClusterAlreadyExistsFault", create_cluster, EngineVersion="15.10")
    assert cluster(rds)["DbClusterResourceId"] == first
    assert cluster(rds)["EngineVersion"] == "16.8"


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("DBSubnetGroupNotFoundFault", {"DBSubnetGroupName": "none"}),
        ("DBClusterParameterGroupNotFound", {"DBClusterParameterGroupName": "none"}),
        ("InvalidParameterCombination", {"MasterUserPassword": "long-enough"}),
        ("InvalidParameterCombination", {"EngineVersion": "16.99"}),
        ("InvalidParameterValue", {"MasterUsername": "admin"}),
        ("InvalidParameterValue", {"VpcSecurityGroupIds": ["sg-0123456789abcdef0"]}),
        ("InvalidParameterValue", {"ServerlessV2ScalingConfiguration": {"MinCapacity": 2, "MaxCapacity": 1}}),
        ("InvalidParameterValue", {"ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 257}}),
        ("InvalidParameterValue", {"ServerlessV2ScalingConfiguration": {"MinCapacity": 0.7, "MaxCapacity": 1}}),
        ("KMSKeyNotAccessibleFault", {"KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"}),
        ("KMSKeyNotAccessibleFault", {"KmsKeyId": "11111111-2222-3333-4444-555555555555"}),
        ("KMSKeyNotAccessibleFault", {"KmsKeyId": "alias/none"}),
        ("KMSKeyNotAccessibleFault", {"KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:alias/none"}),
        ("KMSKeyNotAccessibleFault", {"KmsKeyId": "arn:aws:kms:eu-west-3:123456789012:alias/aws/rds"}),
    ],
)
def test_wrong_clusters_are_refused(create_cluster, refused, code, options):
    refused(code, create_cluster, **options)


def test_a_key_has_many_names(client, rds, create_cluster):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/video", TargetKeyId=key["KeyId"])
    alias = "arn:aws:kms:eu-west-1:123456789012:alias/video"
    for number, name in enumerate([key["KeyId"], key["Arn"], "alias/video", alias]):
        create_cluster(DBClusterIdentifier=f"db-{number}", KmsKeyId=name)
        [made] = rds.describe_db_clusters(DBClusterIdentifier=f"db-{number}")["DBClusters"]
        assert made["KmsKeyId"] == key["Arn"]


def test_cluster_attributes(rds, create_cluster, create_instance):
    create_cluster(Tags=[{"Key": "a", "Value": "b"}], EnableCloudwatchLogsExports=["postgresql"])
    create_instance("one")
    create_instance("two")
    made = cluster(rds)
    assert made["KmsKeyId"].startswith("arn:aws:kms:eu-west-1:123456789012:key/")
    assert made["Endpoint"].startswith("db.cluster-") and made["ReaderEndpoint"].startswith("db.cluster-ro-")
    assert made["Port"] == 5432
    assert made["DBClusterParameterGroup"] == "default.aurora-postgresql16"
    assert made["TagList"] == [{"Key": "a", "Value": "b"}]
    assert [(m["DBInstanceIdentifier"], m["IsClusterWriter"]) for m in made["DBClusterMembers"]] == [("one", True), ("two", False)]
    assert {instance(rds, name)["AvailabilityZone"] for name in ("one", "two")} == {"eu-west-1a", "eu-west-1b"}
    assert instance(rds, "one")["DbiResourceId"] != instance(rds, "two")["DbiResourceId"]
    assert instance(rds, "one")["DBSubnetGroup"]["DBSubnetGroupName"] == "subnets"
    assert [group["OptionGroupName"] for group in instance(rds, "one")["OptionGroupMemberships"]] == ["default:aurora-postgresql-16"]


def test_instance_life(standin, rds, create_cluster, create_instance, refused):
    standin.durations(rds__cluster__create=60, rds__instance__create=60, rds__instance__modify=60, rds__instance__delete=60)
    refused("DBClusterNotFoundFault", create_instance, "one")
    create_cluster()
    created = create_instance("one")
    assert created["DBInstanceStatus"] == "creating" and "Endpoint" not in created
    standin.elapse(60)
    assert cluster(rds)["Status"] == "available"
    assert instance(rds, "one")["DBInstanceStatus"] == "creating", "an instance takes its own time after its cluster"
    standin.elapse(60)
    assert instance(rds, "one")["DBInstanceStatus"] == "available"
    assert instance(rds, "one")["Endpoint"]["Address"].startswith("one.")
    refused("InvalidDBClusterStateFault", rds.delete_db_cluster, DBClusterIdentifier="db", SkipFinalSnapshot=True)
    rds.modify_db_instance(DBInstanceIdentifier="one", PromotionTier=3, ApplyImmediately=True)
    assert instance(rds, "one")["DBInstanceStatus"] == "modifying"
    refused("InvalidDBInstanceState", rds.modify_db_instance, DBInstanceIdentifier="one", PromotionTier=4)
    standin.elapse(60)
    assert instance(rds, "one")["DBInstanceStatus"] == "available"
    rds.delete_db_instance(DBInstanceIdentifier="one")
    assert instance(rds, "one")["DBInstanceStatus"] == "deleting"
    refused("InvalidDBInstanceState", rds.delete_db_instance, DBInstanceIdentifier="one")
    standin.elapse(60)
    assert not rds.describe_db_instances()["DBInstances"]
    refused("DBInstanceNotFound", rds.delete_db_instance, DBInstanceIdentifier="one")


def test_a_cluster_outlives_its_instances(standin, rds, create_cluster, create_instance):
    create_cluster()
    create_instance("one")
    standin.durations(rds__instance__delete=60)
    rds.delete_db_instance(DBInstanceIdentifier="one")
    rds.delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)
    assert cluster(rds)["Status"] == "deleting"
    standin.elapse(60)
    assert not rds.describe_db_clusters()["DBClusters"]
    assert not rds.describe_db_instances()["DBInstances"]


def test_a_reader_becomes_the_writer(rds, create_cluster, create_instance):
    create_cluster()
    create_instance("one")
    create_instance("two")
    rds.delete_db_instance(DBInstanceIdentifier="one")
    assert [m["IsClusterWriter"] for m in cluster(rds)["DBClusterMembers"]] == [True]


def test_a_serverless_instance_needs_capacity(create_cluster, create_instance, refused):
    create_cluster(ServerlessV2ScalingConfiguration={})
    refused("InvalidParameterCombination", create_instance, "one")


def test_deletion_protection_and_final_snapshot(rds, create_cluster, refused):
    create_cluster(DeletionProtection=True)
    refused("InvalidParameterCombination", rds.delete_db_cluster, DBClusterIdentifier="db", SkipFinalSnapshot=True)
    rds.modify_db_cluster(DBClusterIdentifier="db", DeletionProtection=False)
    refused("InvalidParameterCombination", rds.delete_db_cluster, DBClusterIdentifier="db")
    both = {"SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": "last"}
    refused("InvalidParameterCombination", rds.delete_db_cluster, DBClusterIdentifier="db", **both)
    rds.delete_db_cluster(DBClusterIdentifier="db", FinalDBSnapshotIdentifier="last")
    assert not rds.describe_db_clusters()["DBClusters"]
    snapshots = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="last")["DBClusterSnapshots"]
    assert snapshots[0]["Status"] == "available"


def test_automated_snapshots_go_with_their_cluster(rds, create_cluster):
    def snapshots():
        return [snapshot["SnapshotType"] for snapshot in rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]]

    create_cluster()
    assert snapshots() == ["automated"]
    rds.delete_db_cluster(DBClusterIdentifier="db", FinalDBSnapshotIdentifier="last")
    assert snapshots() == ["manual"]
    create_cluster()
    rds.delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True, DeleteAutomatedBackups=False)
    assert sorted(snapshots()) == ["automated", "manual"]


def test_http_endpoint(standin, rds, create_cluster, refused):
    standin.durations(rds__cluster__create=60)
    arn = create_cluster(EnableHttpEndpoint=True)["DBClusterArn"]
    assert cluster(rds)["HttpEndpointEnabled"] is True
    refused("InvalidResourceStateFault", rds.disable_http_endpoint, ResourceArn=arn)
    standin.elapse(60)
    for change, on in [(rds.disable_http_endpoint, False), (rds.enable_http_endpoint, True)]:
        answer = change(ResourceArn=arn)
        assert (answer["ResourceArn"], answer["HttpEndpointEnabled"]) == (arn, on)
        assert cluster(rds)["HttpEndpointEnabled"] is on
    refused("ResourceNotFoundFault", rds.enable_http_endpoint, ResourceArn=arn + "-other")


def test_modification(client, rds, network, create_cluster, refused):
    create_cluster(EnableCloudwatchLogsExports=["postgresql"], EnableIAMDatabaseAuthentication=True)
    other = client("ec2").create_security_group(VpcId=network.vpc, GroupName="other", Description="d")["GroupId"]
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="params", DBParameterGroupFamily="aurora-postgresql16", Description="d"
    )
    resource = cluster(rds)["DbClusterResourceId"]
    rds.modify_db_cluster(
        DBClusterIdentifier="db",
        ApplyImmediately=True,
        EnableIAMDatabaseAuthentication=False,
        CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql"], "EnableLogTypes": ["instance"]},
        BackupRetentionPeriod=9,
        ServerlessV2ScalingConfiguration={"MinCapacity": 1, "MaxCapacity": 4},
        DeletionProtection=True,
        CopyTagsToSnapshot=True,
        VpcSecurityGroupIds=[other],
        DBClusterParameterGroupName="params",
        PreferredBackupWindow="01:00-02:00",
        PreferredMaintenanceWindow="sun:03:00-sun:04:00",
        EngineVersion="16.9",
    )
    made = cluster(rds)
    assert made["IAMDatabaseAuthenticationEnabled"] is False
    assert made["EnabledCloudwatchLogsExports"] == ["instance"]
    assert made["BackupRetentionPeriod"] == 9
    scaling = made["ServerlessV2ScalingConfiguration"]
    assert (scaling["MinCapacity"], scaling["MaxCapacity"]) == (1, 4)
    assert made["DeletionProtection"] and made["CopyTagsToSnapshot"]
    assert [g["VpcSecurityGroupId"] for g in made["VpcSecurityGroups"]] == [other]
    assert made["DBClusterParameterGroup"] == "params"
    assert made["PreferredBackupWindow"] == "01:00-02:00"
    assert made["PreferredMaintenanceWindow"] == "sun:03:00-sun:04:00"
    assert made["EngineVersion"] == "16.9"
    assert made["DbClusterResourceId"] == resource
    refused("InvalidParameterCombination", rds.modify_db_cluster, DBClusterIdentifier="db", EngineVersion="16.8")
    refused("InvalidParameterCombination", rds.modify_db_cluster, DBClusterIdentifier="db", EngineVersion="17.5")


def test_without_apply_immediately_some_changes_wait(rds, create_cluster):
    create_cluster()
    rds.modify_db_cluster(DBClusterIdentifier="db", BackupRetentionPeriod=9, CopyTagsToSnapshot=True)
    made = cluster(rds)
    assert made["BackupRetentionPeriod"] == 1 and made["CopyTagsToSnapshot"]
    assert made["PendingModifiedValues"] == {"BackupRetentionPeriod": 9}
    rds.modify_db_cluster(DBClusterIdentifier="db", BackupRetentionPeriod=9, ApplyImmediately=True)
    assert cluster(rds)["BackupRetentionPeriod"] == 9
    assert not cluster(rds).get("PendingModifiedValues")


def test_performance_insights_are_kept(rds, create_cluster, create_instance):
    create_cluster()
    create_instance("one", EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=7)
    made = instance(rds, "one")
    assert made["PerformanceInsightsEnabled"] and made["PerformanceInsightsRetentionPeriod"] == 7
    rds.modify_db_instance(DBInstanceIdentifier="one", EnablePerformanceInsights=False)
    assert instance(rds, "one")["PerformanceInsightsEnabled"] is False


def test_an_instance_keeps_its_network(client, rds, network, create_cluster, create_instance):
    ec2 = client("ec2")
    create_cluster()
    create_instance("one")
    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert [(i["Description"], i["SubnetId"], i["Groups"][0]["GroupId"]) for i in interfaces] == [
        ("RDSNetworkInterface", network.subnets[0], network.group)
    ]
    rds.delete_db_instance(DBInstanceIdentifier="one")
    assert not ec2.describe_network_interfaces()["NetworkInterfaces"]


def test_the_exported_log_makes_its_group(standin, client, create_cluster, create_instance):
    logs = client("logs")
    standin.durations(rds__instance__create=60)
    create_cluster(EnableCloudwatchLogsExports=["postgresql"])
    create_instance("one")
    assert not logs.describe_log_groups()["logGroups"]
    standin.elapse(60)
    group = logs.describe_log_groups()["logGroups"][0]
    assert group["logGroupName"] == "/aws/rds/cluster/db/postgresql"
    assert "retentionInDays" not in group


def test_subnet_groups(client, rds, network, create_cluster, refused):
    create = {"DBSubnetGroupDescription": "d", "SubnetIds": network.subnets}
    refused("DBSubnetGroupAlreadyExists", rds.create_db_subnet_group, DBSubnetGroupName="subnets", **create)
    one_zone = create | {"SubnetIds": network.subnets[:1]}
    refused("DBSubnetGroupDoesNotCoverEnoughAZs", rds.create_db_subnet_group, DBSubnetGroupName="small", **one_zone)
    missing = create | {"SubnetIds": ["subnet-0123456789abcdef0", network.subnets[0]]}
    refused("InvalidSubnet", rds.create_db_subnet_group, DBSubnetGroupName="wrong", **missing)
    refused("DBSubnetGroupNotFoundFault", rds.modify_db_subnet_group, DBSubnetGroupName="none", SubnetIds=network.subnets)
    third = client("ec2").create_subnet(VpcId=network.vpc, CidrBlock="10.0.9.0/24", AvailabilityZone="eu-west-1c")
    third = third["Subnet"]["SubnetId"]
    rds.modify_db_subnet_group(DBSubnetGroupName="subnets", SubnetIds=[*network.subnets, third])
    group = rds.describe_db_subnet_groups(DBSubnetGroupName="subnets")["DBSubnetGroups"][0]
    assert {s["SubnetIdentifier"] for s in group["Subnets"]} == {*network.subnets, third}
    create_cluster()
    refused("InvalidDBSubnetGroupStateFault", rds.delete_db_subnet_group, DBSubnetGroupName="subnets")
    rds.delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)
    rds.delete_db_subnet_group(DBSubnetGroupName="subnets")
    refused("DBSubnetGroupNotFoundFault", rds.describe_db_subnet_groups, DBSubnetGroupName="subnets")


def test_a_subnet_in_use_stays_in_its_group(client, rds, network, create_cluster, create_instance, refused):
    create_cluster()
    create_instance("one", AvailabilityZone="eu-west-1a")
    third = client("ec2").create_subnet(VpcId=network.vpc, CidrBlock="10.0.9.0/24", AvailabilityZone="eu-west-1c")
    kept = [network.subnets[1], third["Subnet"]["SubnetId"]]
    refused("SubnetAlreadyInUse", rds.modify_db_subnet_group, DBSubnetGroupName="subnets", SubnetIds=kept)


def test_parameter_groups(rds, create_cluster, refused):
    name = {"DBClusterParameterGroupName": "params"}
    rds.create_db_cluster_parameter_group(**name, DBParameterGroupFamily="aurora-postgresql16", Description="d", Tags=[{"Key": "a", "Value": "b"}])
    arn = rds.describe_db_cluster_parameter_groups(**name)["DBClusterParameterGroups"][0]["DBClusterParameterGroupArn"]
    assert rds.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "a", "Value": "b"}]
    wanted = {"rds.force_ssl": "1", "log_connections": "1"}
    rds.modify_db_cluster_parameter_group(
        **name, Parameters=[{"ParameterName": n, "ParameterValue": v, "ApplyMethod": "immediate"} for n, v in wanted.items()]
    )

    def user_set():
        parameters = rds.describe_db_cluster_parameters(**name, Source="user")["Parameters"]
        return {p["ParameterName"]: p["ParameterValue"] for p in parameters}

    assert user_set() == wanted
    assert not rds.describe_db_cluster_parameters(**name, Source="system")["Parameters"]
    rds.reset_db_cluster_parameter_group(**name, Parameters=[{"ParameterName": "log_connections", "ApplyMethod": "immediate"}])
    assert user_set() == {"rds.force_ssl": "1"}
    refused("InvalidParameterCombination", create_cluster, EngineVersion="15.10", **name)
    create_cluster(**name)
    refused("InvalidDBParameterGroupState", rds.delete_db_cluster_parameter_group, **name)
    rds.delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)
    rds.delete_db_cluster_parameter_group(**name)
    refused("DBParameterGroupNotFound", rds.delete_db_cluster_parameter_group, **name)
    refused("DBParameterGroupNotFound", rds.describe_db_cluster_parameters, **name)


@pytest.mark.parametrize("major, default, other", [("15", "0", "1"), ("16", "0", "1"), ("17", "1", "0")])
def test_a_parameter_that_is_set_to_its_default_does_not_come_from_the_user(rds, major, default, other):
    name = {"DBClusterParameterGroupName": "params"}
    rds.create_db_cluster_parameter_group(**name, DBParameterGroupFamily=f"aurora-postgresql{major}", Description="d")

    def become(value):
        parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": value, "ApplyMethod": "pending-reboot"}
        rds.modify_db_cluster_parameter_group(**name, Parameters=[parameter])

    def seen(**source):
        parameters = rds.describe_db_cluster_parameters(**name, **source)["Parameters"]
        return [(p["ParameterName"], p["ParameterValue"], p["Source"]) for p in parameters]

    as_default = [("rds.force_ssl", default, "engine-default")]
    assert seen() == seen(Source="engine-default") == as_default
    become(default)
    assert seen() == as_default and not seen(Source="user")
    become(other)
    assert seen() == seen(Source="user") == [("rds.force_ssl", other, "user")] and not seen(Source="engine-default")
    become(default)
    assert seen() == as_default


def test_pages_and_filters(rds, create_cluster, create_instance, refused):
    create_cluster()
    arns = [cluster(rds)["DBClusterArn"]]
    for i in range(20):
        arns.append(create_cluster(DBClusterIdentifier=f"db-{i}", ManageMasterUserPassword=False, MasterUserPassword="long-enough")["DBClusterArn"])
    first = rds.describe_db_clusters(MaxRecords=20)
    rest = rds.describe_db_clusters(MaxRecords=20, Marker=first["Marker"])
    assert (len(first["DBClusters"]), len(rest["DBClusters"])) == (20, 1) and "Marker" not in rest
    refused("InvalidParameterValue", rds.describe_db_clusters, MaxRecords=19)
    create_instance("one")
    create_instance("other", DBClusterIdentifier="db-0")

    def filtered(values):
        return [{"Name": "db-cluster-id", "Values": values}]

    assert len(rds.describe_db_clusters(Filters=filtered(["db", arns[1], "none"]))["DBClusters"]) == 2
    found = rds.describe_db_instances(Filters=filtered([arns[0]]))["DBInstances"]
    assert [i["DBInstanceIdentifier"] for i in found] == ["one"]
    refused("InvalidParameterValue", rds.describe_db_clusters, Filters=filtered([f"db-{i}" for i in range(101)]))


def test_tags(rds, create_cluster, refused):
    arn = create_cluster()["DBClusterArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["a"])
    assert cluster(rds)["TagList"] == [{"Key": "b", "Value": "2"}]
    refused("DBClusterNotFoundFault", rds.add_tags_to_resource, ResourceName=f"{arn}-none", Tags=[])


def test_groups_are_found_by_their_tags(client, rds, network):
    tags = [{"Key": "owner", "Value": "me"}]
    rds.create_db_subnet_group(
        DBSubnetGroupName="mine", DBSubnetGroupDescription="d", SubnetIds=network.subnets, Tags=tags
    )
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="mine", DBParameterGroupFamily="aurora-postgresql16", Description="d", Tags=tags
    )
    owned = [{"Key": "owner", "Values": ["me"]}]

    def found(resource_type):
        answer = client("resourcegroupstaggingapi").get_resources(TagFilters=owned, ResourceTypeFilters=[resource_type])
        return [mapping["ResourceARN"].split(":", 5)[5] for mapping in answer["ResourceTagMappingList"]]

    assert found("rds:subgrp") == ["subgrp:mine"]
    assert found("rds:cluster-pg") == ["cluster-pg:mine"]


def test_engine_versions(rds):
    def described(**options):
        return rds.describe_db_engine_versions(Engine="aurora-postgresql", **options)["DBEngineVersions"]

    exact = described(EngineVersion="16.8")
    assert [v["EngineVersion"] for v in exact] == ["16.8"]
    assert exact[0]["DBParameterGroupFamily"] == "aurora-postgresql16"
    assert exact[0]["ServerlessV2FeaturesSupport"] == {"MinCapacity": 0.0, "MaxCapacity": 256.0}
    assert {v["EngineVersion"].split(".")[0] for v in described()} == {"15", "16", "17"}
    assert not described(EngineVersion="16.99")
    assert len(described(EngineVersion="16", DefaultOnly=True)) == 1
    assert described(EngineVersion="16.2")[0]["ServerlessV2FeaturesSupport"]["MinCapacity"] == 0.5
    assert not rds.describe_db_engine_versions(Engine="mysql")["DBEngineVersions"]
