//! A DB cluster: the database itself. Its instances are kinds of their own, and its password is RDS's secret.
//!
//! What AWS does not tell of a cluster is kept in tags of it: the text that named its KMS key (AWS describes every
//! key by its ARN), whether a snapshot is taken at its end (a deletion needs no valid spec), and the version that was
//! asked for (AWS itself raises a minor version that reaches its end, which is not to be fought).
//!
//! One that was restored from a snapshot may lack them. Data is not to be lost over that: what named its key is not known
//! then, and a snapshot is taken at its end.

use std::collections::BTreeSet;

use aws_sdk_rds::types::{self, CloudwatchLogsExportConfiguration, ServerlessV2ScalingConfiguration};
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect, Tags, not_yet, retag};
use crate::engine::{
    Action, Changes, Data, Defect, Deleted, Depth, Failure, Found, Input, Key, Kind, Meaning, Ours, Output,
    Phase, Recall, Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ids::{
    DbClusterArn, DbClusterId, DbClusterParameterGroupName, DbInstanceId, DbSubnetGroupName, LogGroupName,
    SecretArn, SecurityGroupId,
};
use crate::kinds::rds::{self, Left};
use crate::kinds::sighting::{Listed, Mine, Sorted, prove};

/// A DB cluster of Aurora PostgreSQL, Serverless v2.
pub struct DbCluster;

/// What a DB cluster should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DbClusterSpec {
    /// The engine's major version: `16`.
    pub engine_major: u16,
    /// The engine's version: `16.8`.
    pub engine_version: String,
    /// The name of the database that is made with it.
    pub database_name: String,
    /// The name of its master user, whose password RDS makes, keeps and rotates.
    pub username: String,
    /// The KMS key that encrypts it, as it was named: id, alias, or the ARN of either; see [`MANAGED_KEY`]. Missing where
    /// nobody knows what named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// The id of that key: wanted where its name says it, and read where nobody knows what named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The subnets in which it may stand.
    pub subnet_group: Input<DbSubnetGroupName>,
    /// Its security groups.
    pub security_groups: BTreeSet<Input<SecurityGroupId>>,
    /// Its settings.
    pub parameter_group: Input<DbClusterParameterGroupName>,
    /// The least capacity of an instance, in ACU: 0 to 256 in steps of 0.5.
    pub min_acu: f64,
    /// The greatest capacity of an instance, in ACU: 1 to 256 in steps of 0.5.
    pub max_acu: f64,
    /// How long automatic backups are kept, in days: 1 to 35.
    pub backup_retention_days: i32,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Whether a snapshot is taken when it is deleted.
    pub final_snapshot: bool,
    /// The logs that it writes to CloudWatch Logs: `postgresql`.
    pub log_exports: BTreeSet<String>,
    /// Whether queries are taken over HTTP, by RDS Data API, from outside of its network.
    pub http_endpoint: bool,
    /// The log groups that must exist before AWS makes its own for the exported logs.
    pub after: Vec<Input<LogGroupName>>,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of a DB cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DbClusterOutputs {
    /// Its identifier.
    pub id: DbClusterId,
    /// Its ARN.
    pub arn: DbClusterArn,
    /// The id that AWS gave to it, and gives to no other one of its name.
    pub resource_id: Option<String>,
    /// The host name of its writer.
    pub endpoint: Option<String>,
    /// The host name of its readers.
    pub reader_endpoint: Option<String>,
    /// The instance that writes; the others read.
    pub writer: Option<DbInstanceId>,
    /// The port on which it is reached.
    pub port: Option<i32>,
    /// The name of its database, which stays what it is when another one is asked for.
    pub database: Option<String>,
    /// The secret with its master user's name and password.
    pub secret: Option<SecretArn>,
    /// The name of the snapshot that is taken when it is deleted.
    pub final_snapshot: Option<String>,
    /// Whether AWS refuses to delete it.
    pub protected: bool,
}

impl DbCluster {
    /// Its identifier.
    pub const ID: Output<Self, DbClusterId> = Output::new("id");
    /// Its ARN.
    pub const ARN: Output<Self, DbClusterArn> = Output::new("arn");
    /// The host name of its writer.
    pub const ENDPOINT: Output<Self, String> = Output::new("endpoint");
    /// The host name of its readers.
    pub const READER_ENDPOINT: Output<Self, String> = Output::new("readerEndpoint");
    /// The port on which it is reached.
    pub const PORT: Output<Self, i32> = Output::new("port");
    /// The name of its database.
    pub const DATABASE: Output<Self, String> = Output::new("database");
    /// The secret with its master user's name and password.
    pub const SECRET: Output<Self, SecretArn> = Output::new("secret");
}

/// The alias of the KMS key that AWS manages for RDS.
pub const MANAGED_KEY: &str = "alias/aws/rds";

/// The tag with the text that named the KMS key.
const KMS_KEY: &str = "streamflix.io/kms-key";
/// The tag that says whether a snapshot is taken when the cluster is deleted.
const FINAL_SNAPSHOT: &str = "streamflix.io/final-snapshot";
/// The tag with the engine's version that was asked for.
const ENGINE_VERSION: &str = "streamflix.io/engine-version";

const PORT: i32 = 5432;

/// What actions imply which permissions.
const AUTHORIZATION: &str =
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html";
const PASSWORD: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html";
const SERVICE_LINKED_ROLE: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html";

impl Kind for DbCluster {
    const NAME: &'static str = "dbCluster";
    const REFERS_TO: &'static [&'static str] =
        &["dbSubnetGroup", "dbClusterParameterGroup", "securityGroup", "logGroup"];
    const IMMUTABLE: &'static [&'static str] =
        &["engineMajor", "databaseName", "username", "kmsKeyId", "keyId", "subnetGroup"];
    const HOLDS_DATA: Data = Data::Kept;
    const INCARNATION: Option<&'static str> = Some("resourceId");
    const AT_CREATION: &'static [&'static str] = &["after"];
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "rds:CreateDBCluster";
    const ACTIONS: &'static [Action] = &[
        Action::called("rds:DescribeDBClusters", bounds::LOOK),
        Action::called("rds:CreateDBCluster", bounds::NEW_DB_CLUSTER),
        Action::implied("iam:CreateServiceLinkedRole", SERVICE_LINKED_ROLE, bounds::SERVICE_LINKED_ROLE),
        Action::implied("secretsmanager:CreateSecret", PASSWORD, bounds::NEW_SECRET),
        Action::implied("secretsmanager:TagResource", PASSWORD, bounds::NEW_SECRET),
        Action::implied("kms:DescribeKey", PASSWORD, bounds::LOOK_AT_KEY),
        Action::implied("kms:CreateGrant", AUTHORIZATION, bounds::KEY_FOR_SERVICE),
        Action::implied("kms:Decrypt", AUTHORIZATION, bounds::KEY_BY_SERVICE),
        Action::implied("kms:GenerateDataKey", AUTHORIZATION, bounds::KEY_BY_SERVICE),
        Action::called("rds:ModifyDBCluster", bounds::OUR_DB_CLUSTER),
        Action::called("rds:EnableHttpEndpoint", bounds::NEVER),
        Action::called("rds:DisableHttpEndpoint", bounds::db_cluster::OURS),
        Action::called("rds:AddTagsToResource", bounds::db_cluster::TAGGED),
        Action::called("rds:RemoveTagsFromResource", bounds::db_cluster::OURS),
        Action::called("rds:DeleteDBCluster", bounds::DELETE_DB_CLUSTER),
        Action::implied("rds:CreateDBClusterSnapshot", AUTHORIZATION, bounds::DELETE_DB_CLUSTER),
        Action::implied("rds:AddTagsToResource", AUTHORIZATION, bounds::final_snapshot::NAMED),
    ];

    type Cloud = Aws;
    type Spec = DbClusterSpec;
    type Outputs = DbClusterOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let sorted = sort(aws, scopes).await?;
        Ok(sorted.sightings(scopes, |cluster| Found::Ours(ours(cluster))))
    }

    async fn create(aws: &Aws, key: &Key, spec: DbClusterSpec) -> Result<DbClusterOutputs, Failure> {
        let mut tags = Tags::of(key, &spec.tags);
        tags.0.extend(kept(&spec).0);
        let exports: Vec<String> = spec.log_exports.iter().cloned().collect();
        let call = aws.rds.create_db_cluster().db_cluster_identifier(&key.name).engine(rds::ENGINE);
        let call = call
            .engine_version(&spec.engine_version)
            .port(PORT)
            .database_name(&spec.database_name)
            .master_username(&spec.username)
            .manage_master_user_password(true)
            .storage_encrypted(true)
            .set_kms_key_id(spec.kms_key_id.clone().filter(|key| key != MANAGED_KEY))
            .db_subnet_group_name(spec.subnet_group.known()?.to_string())
            .set_vpc_security_group_ids(Some(rds::known(&spec.security_groups)?))
            .db_cluster_parameter_group_name(spec.parameter_group.known()?.to_string())
            .serverless_v2_scaling_configuration(capacity(&spec))
            .backup_retention_period(spec.backup_retention_days)
            .copy_tags_to_snapshot(true)
            .deletion_protection(spec.deletion_protection)
            .set_enable_http_endpoint(spec.http_endpoint.then_some(true))
            .set_enable_cloudwatch_logs_exports((!exports.is_empty()).then_some(exports))
            .set_tags(Some(tags.list()));
        let made = call.send().await.during("rds:CreateDBCluster");
        let cluster = match made {
            Err(refused) if refused.is(Meaning::AlreadyExists) => standing(aws, key, refused).await?,
            made => made.map_err(not_yet)?.db_cluster,
        };
        Ok(outputs(cluster.as_ref(), spec.final_snapshot))
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        DbClusterOutputs { id, arn, .. }: DbClusterOutputs,
        spec: DbClusterSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        if changes.any(MODIFIED) {
            modify(aws, id, &spec, changes).await?;
        }
        if changes.has("httpEndpoint") {
            serve_http(aws, &arn, spec.http_endpoint).await?;
        }
        // Last, so that a version counts as asked for only once AWS has agreed to it.
        if changes.any(&["engineVersion", "finalSnapshot"]) {
            let call =
                aws.rds.add_tags_to_resource().resource_name(&arn.0).set_tags(Some(kept(&spec).list()));
            call.send().await.during("rds:AddTagsToResource")?;
        }
        retag::rds(aws, &arn.0, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        DbClusterOutputs { id: DbClusterId(id), final_snapshot, protected, .. }: DbClusterOutputs,
    ) -> Result<Deleted, Failure> {
        // It was decided that it goes: what protected it was asked before that.
        if protected {
            unprotect(aws, &id).await?;
        }
        let call = aws.rds.delete_db_cluster().db_cluster_identifier(&id);
        let call = call
            .skip_final_snapshot(final_snapshot.is_none())
            .set_final_db_snapshot_identifier(final_snapshot);
        let deletion = call.send().await.during("rds:DeleteDBCluster");
        rds::deleted(aws, deletion, async || {
            let left = described(aws, &id).await?;
            Ok(left.map(|left| Left { status: left.status.unwrap_or_default(), cluster: id.clone() }))
        })
        .await
    }
}

/// Every cluster that concerns the scopes, by whose it is.
pub(super) async fn sort<K: Kind>(
    aws: &Aws,
    scopes: &[Scope],
) -> Result<Sorted<K, types::DbCluster>, Failure> {
    let listed = |cluster: types::DbCluster| {
        let id = cluster.db_cluster_identifier.clone().unwrap_or_default();
        Listed { name: id.clone(), id, tags: Tags::from(cluster.tag_list()), object: cluster }
    };
    Ok(Sorted::of(scopes, rds::clusters(aws).await?.into_iter().map(listed)))
}

/// The one cluster called `id`, if there is one.
async fn described(aws: &Aws, id: &str) -> Result<Option<types::DbCluster>, Failure> {
    let call = aws.rds.describe_db_clusters().db_cluster_identifier(id);
    let found = call.send().await.during("rds:DescribeDBClusters").or_absent()?;
    Ok(found.and_then(|found| found.db_clusters.unwrap_or_default().pop()))
}

/// The cluster that has the name already, if a lost call for `key` made it.
async fn standing(aws: &Aws, key: &Key, refused: Failure) -> Result<Option<types::DbCluster>, Failure> {
    let cluster = described(aws, &key.name).await?;
    prove(key, &Tags::from(cluster.as_ref().map_or(&[][..], types::DbCluster::tag_list)), refused)?;
    Ok(cluster)
}

/// The fields that AWS changes in one call.
const MODIFIED: &[&str] = &[
    "engineVersion",
    "securityGroups",
    "parameterGroup",
    "minAcu",
    "maxAcu",
    "backupRetentionDays",
    "deletionProtection",
    "logExports",
];

/// Changes at once, rather than in the next maintenance window.
async fn modify(
    aws: &Aws,
    DbClusterId(id): DbClusterId,
    spec: &DbClusterSpec,
    changes: &Changes,
) -> Result<(), Failure> {
    let groups = rds::known(&spec.security_groups)?;
    let parameters = spec.parameter_group.known()?.to_string();
    let call = aws.rds.modify_db_cluster().db_cluster_identifier(id).apply_immediately(true);
    let call = call
        .set_engine_version(changes.has("engineVersion").then(|| spec.engine_version.clone()))
        .set_vpc_security_group_ids(changes.has("securityGroups").then_some(groups))
        .set_db_cluster_parameter_group_name(changes.has("parameterGroup").then_some(parameters))
        .set_serverless_v2_scaling_configuration(changes.any(&["minAcu", "maxAcu"]).then(|| capacity(spec)))
        .set_backup_retention_period(changes.has("backupRetentionDays").then_some(spec.backup_retention_days))
        .set_deletion_protection(changes.has("deletionProtection").then_some(spec.deletion_protection))
        .set_cloudwatch_logs_export_configuration(
            changes.has("logExports").then(|| exports(spec, &changes.from("logExports").unwrap_or_default())),
        );
    call.send().await.during("rds:ModifyDBCluster").map(drop)
}

/// Of clusters that have no serverless engine mode, ModifyDBCluster does not change it.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html>
async fn serve_http(aws: &Aws, DbClusterArn(arn): &DbClusterArn, on: bool) -> Result<(), Failure> {
    if on {
        let call = aws.rds.enable_http_endpoint().resource_arn(arn);
        call.send().await.during("rds:EnableHttpEndpoint").map(drop)
    } else {
        let call = aws.rds.disable_http_endpoint().resource_arn(arn);
        call.send().await.during("rds:DisableHttpEndpoint").map(drop)
    }
}

/// Lets AWS delete it.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_DeleteCluster.html>
async fn unprotect(aws: &Aws, id: &str) -> Result<(), Failure> {
    let call = aws.rds.modify_db_cluster().db_cluster_identifier(id).apply_immediately(true);
    call.deletion_protection(false).send().await.during("rds:ModifyDBCluster").or_gone()
}

fn capacity(spec: &DbClusterSpec) -> ServerlessV2ScalingConfiguration {
    ServerlessV2ScalingConfiguration::builder().min_capacity(spec.min_acu).max_capacity(spec.max_acu).build()
}

fn exports(spec: &DbClusterSpec, had: &BTreeSet<String>) -> CloudwatchLogsExportConfiguration {
    let some = |logs: Vec<String>| (!logs.is_empty()).then_some(logs);
    CloudwatchLogsExportConfiguration::builder()
        .set_enable_log_types(some(spec.log_exports.difference(had).cloned().collect()))
        .set_disable_log_types(some(had.difference(&spec.log_exports).cloned().collect()))
        .build()
}

/// What the cluster's tags keep of its spec.
fn kept(spec: &DbClusterSpec) -> Tags {
    let key = spec.kms_key_id.iter().map(|key| (KMS_KEY.to_owned(), key.clone()));
    let others = [
        (FINAL_SNAPSHOT.to_owned(), spec.final_snapshot.to_string()),
        (ENGINE_VERSION.to_owned(), spec.engine_version.clone()),
    ];
    key.chain(others).collect()
}

/// The id of the KMS key that `name` names, or none where that is an alias: it may lead to any key.
pub fn key_id(name: &str) -> Option<&str> {
    let id = if name.starts_with("arn:") { name.split_once(":key/")?.1 } else { name };
    (!id.starts_with("alias/")).then_some(id)
}

fn outputs(cluster: Option<&types::DbCluster>, final_snapshot: bool) -> DbClusterOutputs {
    let text = |field: fn(&types::DbCluster) -> Option<&str>| cluster.and_then(field);
    let id = text(types::DbCluster::db_cluster_identifier).unwrap_or_default();
    let resource_id = text(types::DbCluster::db_cluster_resource_id);
    let secret = cluster.and_then(types::DbCluster::master_user_secret);
    DbClusterOutputs {
        id: id.into(),
        arn: text(types::DbCluster::db_cluster_arn).unwrap_or_default().into(),
        endpoint: text(types::DbCluster::endpoint).map(str::to_owned),
        reader_endpoint: text(types::DbCluster::reader_endpoint).map(str::to_owned),
        writer: cluster.and_then(writer),
        port: cluster.and_then(types::DbCluster::port),
        database: text(types::DbCluster::database_name).map(str::to_owned),
        secret: secret.and_then(|secret| secret.secret_arn()).map(SecretArn::from),
        protected: cluster.and_then(types::DbCluster::deletion_protection).unwrap_or_default(),
        // Another cluster of this name has another resource id, so that its snapshot is another one.
        final_snapshot: final_snapshot
            .then(|| format!("{id}-final-{}", resource_id.unwrap_or_default().to_lowercase())),
        resource_id: resource_id.map(str::to_owned),
    }
}

fn writer(cluster: &types::DbCluster) -> Option<DbInstanceId> {
    let writer = cluster.db_cluster_members().iter().find(|member| member.is_cluster_writer() == Some(true));
    writer?.db_instance_identifier().map(DbInstanceId::from)
}

fn ours(cluster: Mine<types::DbCluster>) -> Ours<DbCluster> {
    let Mine { id, mut tags, object: seen, .. } = cluster;
    let kms_key_id = tags.0.remove(KMS_KEY);
    let key_id = if kms_key_id.is_none() { seen.kms_key_id().and_then(key_id) } else { None };
    let key_id = key_id.map(str::to_owned);
    let final_snapshot = tags.0.remove(FINAL_SNAPSHOT).is_none_or(|taken| taken == "true");
    let asked = tags.0.remove(ENGINE_VERSION);
    let (outputs, phase) = (outputs(Some(&seen), final_snapshot), phase(&seen));
    let running = seen.engine_version.unwrap_or_default();
    let capacity = seen.serverless_v2_scaling_configuration;
    // A group that is on its way out is listed until it is gone.
    let groups = seen.vpc_security_groups.unwrap_or_default().into_iter();
    let groups = groups.filter(|group| group.status() != Some("removing"));
    let spec = DbClusterSpec {
        engine_major: version(&running).map_or(0, |(major, _)| major),
        engine_version: settled(asked, running),
        database_name: seen.database_name.unwrap_or_default(),
        username: seen.master_username.unwrap_or_default(),
        kms_key_id,
        key_id,
        subnet_group: DbSubnetGroupName(seen.db_subnet_group.unwrap_or_default()).into(),
        security_groups: groups
            .filter_map(|group| Some(SecurityGroupId(group.vpc_security_group_id?).into()))
            .collect(),
        parameter_group: DbClusterParameterGroupName(seen.db_cluster_parameter_group.unwrap_or_default())
            .into(),
        min_acu: capacity.as_ref().and_then(|capacity| capacity.min_capacity).unwrap_or_default(),
        max_acu: capacity.as_ref().and_then(|capacity| capacity.max_capacity).unwrap_or_default(),
        backup_retention_days: seen.backup_retention_period.unwrap_or_default(),
        deletion_protection: seen.deletion_protection.unwrap_or_default(),
        final_snapshot,
        log_exports: seen.enabled_cloudwatch_logs_exports.unwrap_or_default().into_iter().collect(),
        http_endpoint: seen.http_endpoint_enabled.unwrap_or_default(),
        after: Vec::new(),
        tags,
    };
    Ours { id, spec: Some(spec), outputs, phase }
}

pub(super) fn phase(cluster: &types::DbCluster) -> Phase {
    match rds::phase(cluster.status().unwrap_or_default()) {
        Phase::Ready if cluster.internet_access_gateway_enabled() == Some(true) => {
            Phase::Broken(Defect::new(
                "it was moved out of its VPC, onto the internet",
                put_back(
                    cluster,
                    "--enable-vpc-networking --no-enable-internet-access-gateway --apply-immediately",
                ),
            ))
        }
        Phase::Ready if cluster.master_user_secret().is_none() => Phase::Broken(Defect::new(
            "RDS does not manage its password any more",
            put_back(cluster, "--manage-master-user-password --apply-immediately"),
        )),
        phase => phase,
    }
}

/// The command that puts back what was changed about a cluster.
fn put_back(cluster: &types::DbCluster, how: &str) -> String {
    let name = cluster.db_cluster_identifier().unwrap_or_default();
    format!("put that back: aws rds modify-db-cluster --db-cluster-identifier {name} {how}")
}

/// The version to compare with the wanted one: the one that was asked for, also where AWS has raised its minor.
fn settled(asked: Option<String>, running: String) -> String {
    match (asked.as_deref().and_then(version), version(&running)) {
        (Some((major, minor)), Some((running_major, running_minor)))
            if major == running_major && minor <= running_minor =>
        {
            asked.unwrap_or(running)
        }
        _ => running,
    }
}

fn version(text: &str) -> Option<(u16, u16)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Address;

    fn settled(asked: Option<&str>, running: &str) -> String {
        super::settled(asked.map(str::to_owned), running.to_owned())
    }

    #[test]
    fn a_minor_that_aws_raised_is_not_a_difference_and_an_upgrade_under_way_is() {
        assert_eq!(settled(Some("16.8"), "16.9"), "16.8");
        assert_eq!(settled(Some("16.8"), "16.10"), "16.8");
        assert_eq!(settled(Some("16.10"), "16.9"), "16.9");
        assert_eq!(settled(Some("15.12"), "16.9"), "16.9");
        assert_eq!(settled(None, "16.9"), "16.9");
        assert_eq!(settled(Some("16.8"), ""), "");
    }

    #[test]
    fn a_cluster_on_the_internet_or_without_its_secret_is_broken() {
        let available = || types::DbCluster::builder().status("available");
        let secret = types::MasterUserSecret::builder().build();
        let phase = |cluster: types::builders::DbClusterBuilder| match super::phase(&cluster.build()) {
            Phase::Broken(defect) => defect.why,
            phase => format!("{phase:?}"),
        };
        assert_eq!(phase(available().master_user_secret(secret.clone())), "Ready");
        assert!(phase(available()).contains("password"));
        let outside = available().master_user_secret(secret).internet_access_gateway_enabled(true);
        assert!(phase(outside).contains("out of its VPC"));
    }

    const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    /// What is read of a cluster with these tags and that key.
    fn read(tags: &[(&str, &str)]) -> Ours<DbCluster> {
        let key = format!("arn:aws:kms:eu-west-1:123456789012:key/{KEY}");
        ours(Mine {
            scope: 0,
            address: Address::new("dbCluster", "storage/cluster"),
            id: "videos".to_owned(),
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            remembered: false,
            object: types::DbCluster::builder().kms_key_id(key).build(),
        })
    }

    #[test]
    fn of_a_cluster_that_was_restored_without_tags_only_the_key_itself_is_known() {
        let spec = |tags: &[(&str, &str)]| serde_json::to_value(read(tags).spec).unwrap();
        let bare = spec(&[]);
        assert_eq!((bare.get("kmsKeyId"), bare["keyId"].as_str()), (None, Some(KEY)));
        let tagged = spec(&[(KMS_KEY, "alias/mine")]);
        assert_eq!((tagged["kmsKeyId"].as_str(), tagged.get("keyId")), (Some("alias/mine"), None));
    }

    #[test]
    fn a_snapshot_is_taken_of_whatever_does_not_say_that_none_is_to_be() {
        let snapshot = |tags: &[(&str, &str)]| read(tags).outputs.final_snapshot.is_some();
        assert!(snapshot(&[]) && snapshot(&[(FINAL_SNAPSHOT, "true")]));
        assert!(!snapshot(&[(FINAL_SNAPSHOT, "false")]));
    }

    #[test]
    fn an_alias_tells_no_key() {
        let arn = |what: &str| format!("arn:aws:kms:eu-west-1:123456789012:{what}");
        assert_eq!((key_id(KEY), key_id(&arn(&format!("key/{KEY}")))), (Some(KEY), Some(KEY)));
        assert_eq!((key_id(MANAGED_KEY), key_id(&arn("alias/mine"))), (None, None));
    }
}
