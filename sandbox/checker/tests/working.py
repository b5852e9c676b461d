"""An environment that works, built with boto3 alone: what the operator's environments must be like."""

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any

REGION = "eu-west-1"
ACCOUNT = "123456789012"


class Working:
    """Builds an environment. Tests break it by the same clients."""

    def __init__(self, client: Callable[[str], Any], suffix: str) -> None:
        self.suffix = suffix
        self.ec2, self.ecs, self.iam, self.logs = (client(name) for name in ("ec2", "ecs", "iam", "logs"))
        self.kinesis, self.sqs, self.rds, self.sns = (client(name) for name in ("kinesis", "sqs", "rds", "sns"))
        self.secrets, self.cloudwatch = client("secretsmanager"), client("cloudwatch")
        self._build_network()
        self._build_ingestion()
        self._build_database()
        self._build_roles()
        self._build_processing()
        self._build_monitoring()

    def named(self, resource_type: str) -> str:
        """The name of a resource."""
        return f"{resource_type}-{self.suffix}"

    def _tags(self, kind: str, resource_type: str) -> list[dict[str, Any]]:
        return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": self.named(resource_type)}]}]

    def _build_network(self) -> None:
        tags = self._tags("vpc", "video-processing-vpc")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
        for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
            self.ec2.modify_vpc_attribute(VpcId=self.vpc, **{attribute: {"Value": True}})
        self.gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.public_table, self.public = self._subnets(0)
        self.ec2.create_route(RouteTableId=self.public_table, DestinationCidrBlock="0.0.0.0/0", GatewayId=self.gateway)
        self.private_table, self.private = self._subnets(8)
        self.tasks_group, self.database_group = (self._group(name) for name in ("ecs-sg", "aurora-sg"))
        tasks = [{"GroupId": self.tasks_group}]
        self.postgres = [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": tasks}]
        self.ec2.authorize_security_group_ingress(GroupId=self.database_group, IpPermissions=self.postgres)
        self._empty(self.database_group, egress_only=True)
        self._empty(self.default_group)

    def _subnets(self, block: int) -> tuple[str, list[str]]:
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        subnets = []
        for number, zone in enumerate("ab"):
            cidr = f"10.0.{16 * (block + number)}.0/20"
            subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            subnets.append(subnet)
        return table, subnets

    def _group(self, name: str) -> str:
        name = self.named(f"video-processing-{name}")
        return self.ec2.create_security_group(VpcId=self.vpc, GroupName=name, Description=name)["GroupId"]

    @cached_property
    def default_group(self) -> str:
        """The VPC's default security group."""
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "group-name", "Values": ["default"]}]
        return self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]

    def _empty(self, group: str, egress_only: bool = False) -> None:
        described = self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        if described["IpPermissionsEgress"]:
            self.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=described["IpPermissionsEgress"])
        if described["IpPermissions"] and not egress_only:
            self.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=described["IpPermissions"])

    def _build_ingestion(self) -> None:
        self.stream = self.named("video-ingestion-stream")
        self.kinesis.create_stream(StreamName=self.stream, ShardCount=2)
        self.kinesis.start_stream_encryption(StreamName=self.stream, EncryptionType="KMS", KeyId="alias/aws/kinesis")
        self.stream_arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{self.stream}"
        jobs, dead = self.named("video-processing-jobs"), self.named("video-processing-dlq")
        self.jobs_arn, self.dead_arn = (f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}" for name in (jobs, dead))
        allow = json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [self.jobs_arn]})
        attributes = {"MessageRetentionPeriod": "1209600", "SqsManagedSseEnabled": "true", "RedriveAllowPolicy": allow}
        self.dead = self.sqs.create_queue(QueueName=dead, Attributes=attributes)["QueueUrl"]
        redrive = json.dumps({"deadLetterTargetArn": self.dead_arn, "maxReceiveCount": 3})
        attributes = {"SqsManagedSseEnabled": "true", "RedrivePolicy": redrive}
        self.jobs = self.sqs.create_queue(QueueName=jobs, Attributes=attributes)["QueueUrl"]

    def _build_database(self) -> None:
        self.cluster, self.parameters = self.named("video-metadata-cluster"), self.named("video-metadata-params-pg16")
        subnet_group = self.named("video-metadata-subnet-group")
        self.rds.create_db_subnet_group(DBSubnetGroupName=subnet_group, DBSubnetGroupDescription="d", SubnetIds=self.private)
        group = {"DBClusterParameterGroupName": self.parameters}
        self.rds.create_db_cluster_parameter_group(**group, DBParameterGroupFamily="aurora-postgresql16", Description="d")
        self.require_tls("1")
        database = self.rds.create_db_cluster(
            DBClusterIdentifier=self.cluster,
            Engine="aurora-postgresql",
            EngineVersion="16.8",
            DatabaseName="videometadata",
            MasterUsername="video_admin",
            ManageMasterUserPassword=True,
            DBSubnetGroupName=subnet_group,
            VpcSecurityGroupIds=[self.database_group],
            ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 1.0},
            StorageEncrypted=True,
            BackupRetentionPeriod=7,
            EnableCloudwatchLogsExports=["postgresql"],
            Port=5432,
            **group,
        )["DBCluster"]
        for number, zone in ((1, "a"), (2, "b")):
            self.rds.create_db_instance(
                DBInstanceIdentifier=self.named(f"video-metadata-instance-{number}"),
                DBInstanceClass="db.serverless",
                Engine="aurora-postgresql",
                DBClusterIdentifier=self.cluster,
                AvailabilityZone=REGION + zone,
            )
        self.database = self.rds.describe_db_clusters(DBClusterIdentifier=self.cluster)["DBClusters"][0]
        self.secret = database["MasterUserSecret"]["SecretArn"]

    def require_tls(self, value: str) -> None:
        """Sets whether the database demands TLS."""
        parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": value, "ApplyMethod": "pending-reboot"}
        self.rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName=self.parameters, Parameters=[parameter])

    def _build_roles(self) -> None:
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
        trust["Condition"] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
        self.trust = trust
        self.roles = {}
        for role in ("execution", "task"):
            name = self.named(f"video-processing-{role}-role")
            made = self.iam.create_role(RoleName=name, Path="/video-pipeline/", AssumeRolePolicyDocument=document(trust))
            self.roles[role] = made["Role"]["Arn"]
        logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/ecs/video-processing-{self.suffix}:*"
        secret = allow(["secretsmanager:GetSecretValue"], self.secret)
        takes = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        reads = ["kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
        writes = allow(["logs:CreateLogStream", "logs:PutLogEvents"], logs)
        self.execution_statements = [allow(["ecr:GetAuthorizationToken"], "*"), writes, secret]
        self.task_statements = [
            allow(reads, self.stream_arn),
            allow([*takes, "sqs:SendMessage"], self.jobs_arn),
            allow(["sqs:SendMessage"], self.dead_arn),
            secret,
        ]
        self.put_policy("execution", self.execution_statements)
        self.put_policy("task", self.task_statements)

    def put_policy(self, role: str, statements: list[dict[str, Any]]) -> None:
        """Sets what a role may do."""
        name = self.named(f"video-processing-{role}-role")
        self.iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=document(*statements))

    def _build_processing(self) -> None:
        self.ecs_cluster, self.service = self.named("video-processing-cluster"), self.named("video-processing-service")
        settings = [{"name": "containerInsights", "value": "enabled"}]
        self.ecs.create_cluster(clusterName=self.ecs_cluster, settings=settings)
        self.log_groups = [
            f"/ecs/video-processing-{self.suffix}",
            f"/aws/ecs/containerinsights/{self.ecs_cluster}/performance",
            f"/aws/rds/cluster/{self.cluster}/postgresql",
        ]
        self.logs.create_log_group(logGroupName=self.log_groups[0])
        self.network = {"subnets": self.public, "securityGroups": [self.tasks_group], "assignPublicIp": "ENABLED"}
        self.ecs.create_service(
            cluster=self.ecs_cluster,
            serviceName=self.service,
            taskDefinition=self.register(),
            desiredCount=1,
            launchType="FARGATE",
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
            networkConfiguration={"awsvpcConfiguration": self.network},
        )
        for group in self.log_groups:
            self.logs.put_retention_policy(logGroupName=group, retentionInDays=7)

    @property
    def environment(self) -> dict[str, str]:
        """What tasks are told."""
        return {
            "AWS_REGION": REGION,
            "ENVIRONMENT": self.suffix,
            "KINESIS_STREAM_NAME": self.stream,
            "KINESIS_STREAM_ARN": self.stream_arn,
            "JOB_QUEUE_URL": self.jobs,
            "DEAD_LETTER_QUEUE_URL": self.dead,
            "DATABASE_HOST": self.database["Endpoint"],
            "DATABASE_READER_HOST": self.database["ReaderEndpoint"],
            "DATABASE_PORT": "5432",
            "DATABASE_NAME": "videometadata",
            "DATABASE_SECRET_ARN": self.secret,
        }

    def register(self, environment: dict[str, str] | None = None, **changes: Any) -> str:
        """Registers a revision of the task definition."""
        given = self.environment if environment is None else environment
        container = {
            "name": "processor",
            "image": "public.ecr.aws/streamflix/processor:1",
            "environment": [{"name": name, "value": value} for name, value in given.items()],
            "secrets": [
                {"name": "DATABASE_USERNAME", "valueFrom": f"{self.secret}:username::"},
                {"name": "DATABASE_PASSWORD", "valueFrom": f"{self.secret}:password::"},
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": f"/ecs/video-processing-{self.suffix}",
                    "awslogs-region": REGION,
                    "awslogs-stream-prefix": "ecs",
                },
            },
        }
        definition = self.ecs.register_task_definition(
            family=self.named("video-processing-task"),
            cpu="1024",
            memory="2048",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn=self.roles["execution"],
            taskRoleArn=self.roles["task"],
            containerDefinitions=[container | changes],
        )
        return definition["taskDefinition"]["taskDefinitionArn"]

    def update_service(self, **changes: Any) -> None:
        """Changes the service."""
        self.ecs.update_service(cluster=self.ecs_cluster, service=self.service, **changes)

    def _build_monitoring(self) -> None:
        self.topic = self.sns.create_topic(Name=self.named("alarms"))["TopicArn"]
        stream, queue = {"StreamName": self.stream}, {"QueueName": self.named("video-processing-dlq")}
        tasks, database = {"ClusterName": self.ecs_cluster, "ServiceName": self.service}, {"DBClusterIdentifier": self.cluster}
        self.put_alarm("video-ingestion-write-throttle-alarm", "AWS/Kinesis", "WriteProvisionedThroughputExceeded", stream)
        self.put_alarm("video-ingestion-read-throttle-alarm", "AWS/Kinesis", "ReadProvisionedThroughputExceeded", stream)
        self.put_alarm("video-ingestion-iterator-age-alarm", "AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", stream)
        self.put_alarm("video-processing-dlq-alarm", "AWS/SQS", "ApproximateNumberOfMessagesVisible", queue)
        self.put_alarm("video-metadata-capacity-alarm", "AWS/RDS", "ACUUtilization", database)
        below = {"ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching", "Threshold": 1.0}
        self.put_alarm("video-processing-running-tasks-alarm", "ECS/ContainerInsights", "RunningTaskCount", tasks, **below)

    def put_alarm(self, resource_type: str, namespace: str, metric: str, dimensions: dict[str, str], **changes: Any) -> None:
        """Sets an alarm."""
        settings = {
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 5,
            "Threshold": 90.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "AlarmActions": [self.topic],
            "OKActions": [self.topic],
        }
        self.cloudwatch.put_metric_alarm(
            AlarmName=self.named(resource_type),
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            **settings | changes,
        )


def allow(actions: list[str], *resources: str) -> dict[str, Any]:
    """A statement that allows actions on resources."""
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def document(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
