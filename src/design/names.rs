//! The one table of what stands where and what it is called.
//!
//! A name in AWS is `{resource-type}-{environmentSuffix}`; an address is `layer/name` and the same in every environment.
//! The table also has every name that an environment could use at another time, so that what is there under one of them
//! is seen, wanted or not.

use std::marker::PhantomData;

use crate::engine::{Address, Kind};
use crate::kinds::{
    Alarm, DbCluster, DbClusterParameterGroup, DbInstance, DbSubnetGroup, EcsCluster, InternetGateway,
    LogGroup, Queue, Role, RolePolicy, RouteTable, RouteTableAssociation, ScalableTarget, ScalingPolicy,
    SecretRotation, SecurityGroup, SecurityGroupRules, Service, Stream, Subnet, TaskDefinition, Vpc, scaling,
};
use crate::pipeline::EnvironmentSuffix;

/// The names of one environment.
#[derive(Clone, Debug)]
pub struct Names {
    suffix: String,
}

/// Where a resource of kind `K` stands, and its name in AWS.
pub struct Place<K> {
    /// `layer/name`.
    pub address: String,
    /// The name.
    pub name: String,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Place<K> {
    fn new(address: impl Into<String>, name: impl Into<String>) -> Self {
        Self { address: address.into(), name: name.into(), kind: PhantomData }
    }

    fn entry(self) -> (Address, String) {
        (Address::new(K::NAME, self.address), self.name)
    }
}

/// Most zones of an environment.
const ZONES: u8 = 3;
/// Most instances of a database.
const INSTANCES: u8 = 16;
/// Major versions of Aurora PostgreSQL whose parameter groups an environment may have.
const MAJORS: std::ops::RangeInclusive<u16> = 11..=30;

/// On which side of the internet gateway a subnet lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// With a route to the internet.
    Public,
    /// Without one.
    Private,
}

impl Side {
    const BOTH: [Self; 2] = [Self::Public, Self::Private];

    fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

/// Which alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the alarm of the same name in the resource's spec")]
pub enum AlarmName {
    WriteThrottle,
    ReadThrottle,
    IteratorAge,
    DeadLetterQueue,
    RunningTasks,
    DatabaseCapacity,
}

impl AlarmName {
    const ALL: [Self; 6] = [
        Self::WriteThrottle,
        Self::ReadThrottle,
        Self::IteratorAge,
        Self::DeadLetterQueue,
        Self::RunningTasks,
        Self::DatabaseCapacity,
    ];

    /// The last part of its address, and the resource type in its name.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::WriteThrottle => ("write-throttle-alarm", "video-ingestion-write-throttle-alarm"),
            Self::ReadThrottle => ("read-throttle-alarm", "video-ingestion-read-throttle-alarm"),
            Self::IteratorAge => ("iterator-age-alarm", "video-ingestion-iterator-age-alarm"),
            Self::DeadLetterQueue => ("dead-letter-queue-alarm", "video-processing-dlq-alarm"),
            Self::RunningTasks => ("running-tasks-alarm", "video-processing-running-tasks-alarm"),
            Self::DatabaseCapacity => ("database-capacity-alarm", "video-metadata-capacity-alarm"),
        }
    }
}

/// Logs that Aurora PostgreSQL can write, as they are called in the names of their groups.
const DATABASE_LOGS: [&str; 3] = ["postgresql", "instance", "iam-db-auth-error"];

/// Where and what each resource is.
#[allow(missing_docs, reason = "each is named as what it places")]
impl Names {
    pub fn new(suffix: &EnvironmentSuffix) -> Self {
        Self { suffix: suffix.to_string() }
    }

    /// The names of all environments at once whose suffix begins so: `*` stands for the rest of it.
    pub fn of_all(beginning: &str) -> Self {
        Self { suffix: format!("{beginning}*") }
    }

    fn called(&self, resource_type: &str) -> String {
        format!("{resource_type}-{}", self.suffix)
    }

    pub fn vpc(&self) -> Place<Vpc> {
        Place::new("network/vpc", self.called("video-processing-vpc"))
    }

    pub fn default_group_rules(&self) -> Place<SecurityGroupRules> {
        Place::new("network/default-security-group-rules", self.called("video-processing-default-sg-rules"))
    }

    pub fn internet_gateway(&self) -> Place<InternetGateway> {
        Place::new("network/internet-gateway", self.called("video-processing-igw"))
    }

    pub fn subnet(&self, side: Side, number: u8) -> Place<Subnet> {
        let side = side.word();
        Place::new(
            format!("network/{side}-subnet-{number}"),
            self.called(&format!("video-processing-{side}-subnet-{number}")),
        )
    }

    pub fn route_table(&self, side: Side) -> Place<RouteTable> {
        let side = side.word();
        Place::new(format!("network/{side}-route-table"), self.called(&format!("video-processing-{side}-rt")))
    }

    pub fn routes_of(&self, side: Side, number: u8) -> Place<RouteTableAssociation> {
        let Place { address, name, .. } = self.subnet(side, number);
        Place::new(format!("{address}-routes"), format!("routes of {name}"))
    }

    pub fn tasks_group(&self) -> Place<SecurityGroup> {
        Place::new("network/tasks-security-group", self.called("video-processing-ecs-sg"))
    }

    pub fn database_group(&self) -> Place<SecurityGroup> {
        Place::new("network/database-security-group", self.called("video-processing-aurora-sg"))
    }

    pub fn rules_of(&self, group: &Place<SecurityGroup>) -> Place<SecurityGroupRules> {
        Place::new(format!("{}-rules", group.address), format!("rules of {}", group.name))
    }

    pub fn stream(&self) -> Place<Stream> {
        Place::new("ingestion/stream", self.called("video-ingestion-stream"))
    }

    pub fn job_queue(&self) -> Place<Queue> {
        Place::new("ingestion/job-queue", self.called("video-processing-jobs"))
    }

    pub fn dead_letter_queue(&self) -> Place<Queue> {
        Place::new("errors/dead-letter-queue", self.called("video-processing-dlq"))
    }

    pub fn execution_role(&self) -> Place<Role> {
        Place::new("processing/execution-role", self.called("video-processing-execution-role"))
    }

    pub fn task_role(&self) -> Place<Role> {
        Place::new("processing/task-role", self.called("video-processing-task-role"))
    }

    pub fn execution_policy(&self) -> Place<RolePolicy> {
        Place::new("processing/execution-role-policy", self.called("video-processing-execution-policy"))
    }

    pub fn task_policy(&self) -> Place<RolePolicy> {
        Place::new("processing/task-role-policy", self.called("video-processing-task-policy"))
    }

    pub fn cluster(&self) -> Place<EcsCluster> {
        Place::new("processing/cluster", self.called("video-processing-cluster"))
    }

    pub fn task_definition(&self) -> Place<TaskDefinition> {
        Place::new("processing/task", self.called("video-processing-task"))
    }

    /// A service is unique in its cluster only, so its name says both.
    pub fn service(&self) -> Place<Service> {
        Place::new("processing/service", Service::name(&self.cluster().name, &self.service_name()))
    }

    fn service_name(&self) -> String {
        self.called("video-processing-service")
    }

    pub fn scaling_target(&self) -> Place<ScalableTarget> {
        Place::new("processing/scaling-target", scaling::name(&self.cluster().name, &self.service_name()))
    }

    pub fn scaling_policy(&self) -> Place<ScalingPolicy> {
        Place::new("processing/scaling-policy", scaling::name(&self.cluster().name, &self.service_name()))
    }

    pub fn task_logs(&self) -> Place<LogGroup> {
        Place::new("processing/log-group", format!("/ecs/{}", self.called("video-processing")))
    }

    /// Container Insights writes here.
    pub fn insights_logs(&self) -> Place<LogGroup> {
        let cluster = self.cluster().name;
        Place::new(
            "processing/insights-log-group",
            format!("/aws/ecs/containerinsights/{cluster}/performance"),
        )
    }

    /// Aurora writes its log called `log` here.
    pub fn database_logs(&self, log: &str) -> Place<LogGroup> {
        let cluster = self.database().name;
        Place::new(format!("storage/{log}-log-group"), format!("/aws/rds/cluster/{cluster}/{log}"))
    }

    pub fn subnet_group(&self) -> Place<DbSubnetGroup> {
        Place::new("storage/subnet-group", self.called("video-metadata-subnet-group"))
    }

    /// The group of one major version is another one than that of the next: each has its own family.
    pub fn parameter_group(&self, major: u16) -> Place<DbClusterParameterGroup> {
        Place::new(
            format!("storage/parameter-group-pg{major}"),
            self.called(&format!("video-metadata-params-pg{major}")),
        )
    }

    pub fn database(&self) -> Place<DbCluster> {
        Place::new("storage/cluster", self.called("video-metadata-cluster"))
    }

    pub fn instance(&self, number: u8) -> Place<DbInstance> {
        Place::new(
            format!("storage/instance-{number}"),
            self.called(&format!("video-metadata-instance-{number}")),
        )
    }

    pub fn secret_rotation(&self) -> Place<SecretRotation> {
        let Place { address, name, .. } = self.database();
        Place::new(format!("{address}-secret"), format!("secret of {name}"))
    }

    pub fn alarm(&self, alarm: AlarmName) -> Place<Alarm> {
        let (place, resource_type) = alarm.words();
        Place::new(format!("monitoring/{place}"), self.called(resource_type))
    }

    /// Everything that an environment could have, at any time.
    pub fn all(&self) -> Vec<(Address, String)> {
        self.within(ZONES)
    }

    /// Everything that an environment could have that lies in so many zones. Nobody looks for strangers in the place of
    /// what will not be made.
    pub fn within(&self, zones: u8) -> Vec<(Address, String)> {
        let mut all = self.once();
        for side in Side::BOTH {
            all.push(self.route_table(side).entry());
            for number in 1..=zones.min(ZONES) {
                all.push(self.subnet(side, number).entry());
                all.push(self.routes_of(side, number).entry());
            }
        }
        for group in [self.tasks_group(), self.database_group()] {
            all.push(self.rules_of(&group).entry());
            all.push(group.entry());
        }
        all.extend([self.execution_role(), self.task_role()].map(Place::entry));
        all.extend([self.execution_policy(), self.task_policy()].map(Place::entry));
        all.extend(DATABASE_LOGS.map(|log| self.database_logs(log).entry()));
        all.extend(MAJORS.map(|major| self.parameter_group(major).entry()));
        all.extend((1..=INSTANCES).map(|number| self.instance(number).entry()));
        all.extend(AlarmName::ALL.map(|alarm| self.alarm(alarm).entry()));
        all
    }

    /// What there is one of.
    fn once(&self) -> Vec<(Address, String)> {
        vec![
            self.vpc().entry(),
            self.default_group_rules().entry(),
            self.internet_gateway().entry(),
            self.stream().entry(),
            self.job_queue().entry(),
            self.dead_letter_queue().entry(),
            self.cluster().entry(),
            self.task_definition().entry(),
            self.service().entry(),
            self.scaling_target().entry(),
            self.scaling_policy().entry(),
            self.task_logs().entry(),
            self.insights_logs().entry(),
            self.subnet_group().entry(),
            self.database().entry(),
            self.secret_rotation().entry(),
        ]
    }
}
