//! The two roles of the tasks: what ECS may do to start them, and what they may do themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::Settings;
use super::blueprint::Blueprint;
use super::ingestion::Intake;
use super::names::Place;
use super::storage::Storage;
use crate::engine::{Input, Ref};
use crate::kinds::ids::GrantedRoleArn;
use crate::kinds::{DbCluster, Queue, Role, RolePolicy, RolePolicySpec, RoleSpec, Statement, Stream};

/// The roles, without permissions yet.
pub struct Roles {
    /// Of ECS, on behalf of the tasks: the claim.
    execution: Ref<Role>,
    /// Of the tasks.
    task: Ref<Role>,
}

/// The roles once they have their permissions.
pub struct Grants {
    /// Of ECS, on behalf of the tasks.
    pub execution: Input<GrantedRoleArn>,
    /// Of the tasks.
    pub task: Input<GrantedRoleArn>,
}

/// Under which path all roles stand.
const PATH: &str = "/video-pipeline/";

/// Lays out the roles.
pub fn roles(blueprint: &mut Blueprint<'_>, settings: &Settings) -> Roles {
    let names = blueprint.names.clone();
    let mut role = |place: Place<Role>, description: &str| {
        let spec = RoleSpec {
            path: PATH.into(),
            service: "ecs-tasks.amazonaws.com".into(),
            source_account: Some(blueprint.pipeline.account_id.clone()),
            boundary: settings.permissions_boundary.clone(),
            managed_policies: BTreeSet::new(),
            description: description.into(),
            tags: blueprint.tags(),
        };
        blueprint.add(place, spec)
    };
    Roles {
        execution: role(names.execution_role(), "Lets ECS start the tasks of the video pipeline"),
        task: role(names.task_role(), "What the tasks of the video pipeline may do"),
    }
}

/// Gives the roles exactly what they need.
pub fn grants(blueprint: &mut Blueprint<'_>, roles: &Roles, intake: &Intake, storage: &Storage) -> Grants {
    let execution = execution_statements(blueprint, storage);
    let task = task_statements(blueprint, intake, storage);
    let names = blueprint.names.clone();
    let mut grant = |place: Place<RolePolicy>, role: &Ref<Role>, statements| {
        let spec =
            RolePolicySpec { role: role.output(Role::ID), role_arn: role.output(Role::ARN), statements };
        blueprint.add(place, spec).output(RolePolicy::GRANTED)
    };
    Grants {
        execution: grant(names.execution_policy(), &roles.execution, execution),
        task: grant(names.task_policy(), &roles.task, task),
    }
}

fn execution_statements(blueprint: &Blueprint<'_>, storage: &Storage) -> Vec<Statement> {
    let mut statements = vec![
        allow(
            "ReadSecret",
            ["secretsmanager:GetSecretValue"],
            [storage.cluster.output(DbCluster::SECRET).text()],
        ),
        allow(
            "WriteLogs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [task_log_streams(blueprint).into()],
        ),
    ];
    if let Some(repository) =
        ecr_repository(&blueprint.pipeline.processing.image, &blueprint.pipeline.partition)
    {
        let pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
        statements.push(allow("PullImage", pull, [repository.into()]));
        // AWS lets no resource be named for this one.
        // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
        statements.push(allow("LogInToRegistry", ["ecr:GetAuthorizationToken"], ["*".to_owned().into()]));
    }
    statements
}

fn task_statements(blueprint: &Blueprint<'_>, intake: &Intake, storage: &Storage) -> Vec<Statement> {
    let read = [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
    ];
    let work = [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    ];
    let give_up = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"];
    let look_up = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"];
    let mut statements = vec![
        allow("ReadStream", read, [intake.stream.output(Stream::ARN).text()]),
        allow("WorkOnJobs", work, [intake.jobs.output(Queue::ARN).text()]),
        allow("GiveUpJobs", give_up, [intake.failed.output(Queue::ARN).text()]),
        allow("ReadSecret", look_up, [storage.cluster.output(DbCluster::SECRET).text()]),
    ];
    statements.extend(stream_key(blueprint));
    statements
}

/// Records that a customer's key encrypts are read with that key, through Kinesis alone.
/// <https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html>
fn stream_key(blueprint: &Blueprint<'_>) -> Option<Statement> {
    let key = blueprint.pipeline.stream.kms_key_id.as_ref()?;
    let resource = match key {
        key if key.contains(":key/") => key.clone(),
        key if key.contains("alias/") => blueprint.arn("kms", "key/*"),
        id => blueprint.arn("kms", &format!("key/{id}")),
    };
    let via = format!("kinesis.{}.amazonaws.com", blueprint.pipeline.identity.region);
    let condition = BTreeMap::from([("kms:ViaService".to_owned(), via)]);
    let mut statement = allow("DecryptRecords", ["kms:Decrypt"], [resource.into()]);
    statement.conditions = BTreeMap::from([("StringEquals".to_owned(), condition)]);
    Some(statement)
}

/// The log streams of the tasks' group.
fn task_log_streams(blueprint: &Blueprint<'_>) -> String {
    blueprint.arn("logs", &format!("log-group:{}:log-stream:*", blueprint.names.task_logs().name))
}

/// What stands between account and region in the hosts of ECR, of those that have IPv6 addresses as well (`dkr-ecr`), and of those
/// with FIPS. <https://docs.aws.amazon.com/general/latest/gr/ecr.html>
const ECR: [&str; 4] = [".dkr.ecr.", ".dkr.ecr-fips.", ".dkr-ecr.", ".dkr-ecr-fips."];

/// The repository of an image that is kept in ECR: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/processor:1.0`, or
/// `123456789012.dkr-ecr.eu-west-1.on.aws/processor:1.0`.
fn ecr_repository(image: &str, partition: &str) -> Option<String> {
    let (registry, path) = image.split_once('/')?;
    let (account, host) = ECR.iter().find_map(|between| registry.split_once(between))?;
    let region = host.split('.').next()?;
    let path = path.split('@').next()?;
    let repository = match path.rsplit_once(':') {
        Some((repository, _)) => repository,
        None => path,
    };
    Some(format!("arn:{partition}:ecr:{region}:{account}:repository/{repository}"))
}

fn allow<const A: usize, const R: usize>(
    sid: &str,
    actions: [&str; A],
    resources: [Input<String>; R],
) -> Statement {
    Statement {
        sid: sid.to_owned(),
        actions: actions.map(str::to_owned).into(),
        resources: resources.into(),
        conditions: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_in_ecr_names_its_repository() {
        let registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        let arn = "arn:aws:ecr:eu-west-1:123456789012:repository/team/processor";
        for image in
            ["team/processor:1.0", "team/processor", "team/processor@sha256:ab", "team/processor:1@sha256:ab"]
        {
            assert_eq!(
                ecr_repository(&format!("{registry}/{image}"), "aws").as_deref(),
                Some(arn),
                "{image}"
            );
        }
        for (host, partition) in [
            ("dkr-ecr.eu-west-1.on.aws", "aws"),
            ("dkr.ecr-fips.eu-west-1.amazonaws.com", "aws"),
            ("dkr-ecr-fips.eu-west-1.on.aws", "aws"),
            ("dkr.ecr.eu-west-1.amazonaws.com.cn", "aws-cn"),
            ("dkr-ecr.eu-west-1.on.amazonwebservices.com.cn", "aws-cn"),
        ] {
            let image = format!("123456789012.{host}/team/processor:1.0");
            let arn = arn.replace("arn:aws:", &format!("arn:{partition}:"));
            assert_eq!(ecr_repository(&image, partition), Some(arn), "{host}");
        }
        for elsewhere in ["processor", "docker.io/team/processor:1", "public.ecr.aws/x/y:1"] {
            assert_eq!(ecr_repository(elsewhere, "aws"), None, "{elsewhere}");
        }
    }
}
