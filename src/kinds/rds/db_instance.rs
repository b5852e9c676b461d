//! A DB instance: a server of a cluster, its writer or one of its readers.

use aws_sdk_rds::types;
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect, Tags, not_yet, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Input, Key, Kind, Meaning, Ours, Output, Recall, Scope,
    Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ids::{DbClusterId, DbInstanceArn, DbInstanceId};
use crate::kinds::rds::{self, Left};
use crate::kinds::sighting::{Listed, Mine, Sorted, prove};

/// A DB instance of a cluster.
pub struct DbInstance;

/// What a DB instance should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DbInstanceSpec {
    /// The cluster that it serves.
    pub cluster: Input<DbClusterId>,
    /// The name of its availability zone: `eu-west-1a`.
    pub zone: String,
    /// Its class: `db.serverless`.
    pub class: String,
    /// How soon it takes the place of a writer that fails: 0, first, to 15.
    pub promotion_tier: i32,
    /// Whether it can be reached from the internet.
    pub public: bool,
    /// Whether AWS upgrades its minor version by itself.
    pub auto_minor_upgrade: bool,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of a DB instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DbInstanceOutputs {
    /// Its identifier.
    pub id: DbInstanceId,
    /// Its ARN.
    pub arn: DbInstanceArn,
    /// Its host name.
    pub endpoint: Option<String>,
}

impl DbInstance {
    /// Its identifier.
    pub const ID: Output<Self, DbInstanceId> = Output::new("id");
}

impl Kind for DbInstance {
    const NAME: &'static str = "dbInstance";
    const REFERS_TO: &'static [&'static str] = &["dbCluster"];
    const IMMUTABLE: &'static [&'static str] = &["cluster", "zone"];
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "rds:CreateDBInstance";
    const ACTIONS: &'static [Action] = &[
        Action::called("rds:DescribeDBInstances", bounds::LOOK),
        Action::called("rds:CreateDBInstance", bounds::NEW_DB_INSTANCE),
        Action::called("rds:ModifyDBInstance", bounds::db_instance::OURS),
        Action::called("rds:AddTagsToResource", bounds::db_instance::TAGGED),
        Action::called("rds:RemoveTagsFromResource", bounds::db_instance::OURS),
        Action::called("rds:DeleteDBInstance", bounds::db_instance::OURS),
    ];

    type Cloud = Aws;
    type Spec = DbInstanceSpec;
    type Outputs = DbInstanceOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let listed = list(aws).await?.into_iter().map(|instance| {
            let id = instance.db_instance_identifier.clone().unwrap_or_default();
            Listed { name: id.clone(), id, tags: Tags::from(instance.tag_list()), object: instance }
        });
        Ok(Sorted::of(scopes, listed).sightings(scopes, |instance| Found::Ours(ours(instance))))
    }

    async fn create(aws: &Aws, key: &Key, spec: DbInstanceSpec) -> Result<DbInstanceOutputs, Failure> {
        let DbClusterId(cluster) = spec.cluster.known()?;
        let call = aws.rds.create_db_instance().db_instance_identifier(&key.name).engine(rds::ENGINE);
        let call = call
            .db_cluster_identifier(cluster)
            .availability_zone(spec.zone)
            .db_instance_class(spec.class)
            .promotion_tier(spec.promotion_tier)
            .publicly_accessible(spec.public)
            .auto_minor_version_upgrade(spec.auto_minor_upgrade)
            .set_tags(Some(Tags::of(key, &spec.tags).list()));
        let made = call.send().await.during("rds:CreateDBInstance");
        let instance = match made {
            Err(refused) if refused.is(Meaning::AlreadyExists) => standing(aws, key, refused).await?,
            made => made.map_err(not_yet)?.db_instance,
        };
        Ok(outputs(instance.as_ref()))
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        DbInstanceOutputs { id, arn, .. }: DbInstanceOutputs,
        spec: DbInstanceSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        if changes.any(&["class", "promotionTier", "public", "autoMinorUpgrade"]) {
            let call = aws.rds.modify_db_instance().db_instance_identifier(id.0).apply_immediately(true);
            let call = call
                .set_db_instance_class(changes.has("class").then_some(spec.class))
                .set_promotion_tier(changes.has("promotionTier").then_some(spec.promotion_tier))
                .set_publicly_accessible(changes.has("public").then_some(spec.public))
                .set_auto_minor_version_upgrade(
                    changes.has("autoMinorUpgrade").then_some(spec.auto_minor_upgrade),
                );
            call.send().await.during("rds:ModifyDBInstance")?;
        }
        retag::rds(aws, &arn.0, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        DbInstanceOutputs { id: DbInstanceId(id), .. }: DbInstanceOutputs,
    ) -> Result<Deleted, Failure> {
        // The data, and with it the last snapshot, is the cluster's.
        let call = aws.rds.delete_db_instance().db_instance_identifier(&id).skip_final_snapshot(true);
        let deletion = call.send().await.during("rds:DeleteDBInstance");
        rds::deleted(aws, deletion, async || {
            Ok(described(aws, &id).await?.map(|left| Left {
                status: left.db_instance_status.unwrap_or_default(),
                cluster: left.db_cluster_identifier.unwrap_or_default(),
            }))
        })
        .await
    }
}

async fn list(aws: &Aws) -> Result<Vec<types::DbInstance>, Failure> {
    let pages = aws.rds.describe_db_instances().into_paginator().page_size(rds::PAGE);
    pages.items().send().collect::<Result<_, _>>().await.during("rds:DescribeDBInstances")
}

/// The one instance called `id`, if there is one.
async fn described(aws: &Aws, id: &str) -> Result<Option<types::DbInstance>, Failure> {
    let call = aws.rds.describe_db_instances().db_instance_identifier(id);
    let found = call.send().await.during("rds:DescribeDBInstances").or_absent()?;
    Ok(found.and_then(|found| found.db_instances.unwrap_or_default().pop()))
}

/// The instance that has the name already, if a lost call for `key` made it.
async fn standing(aws: &Aws, key: &Key, refused: Failure) -> Result<Option<types::DbInstance>, Failure> {
    let instance = described(aws, &key.name).await?;
    prove(key, &Tags::from(instance.as_ref().map_or(&[][..], types::DbInstance::tag_list)), refused)?;
    Ok(instance)
}

fn outputs(instance: Option<&types::DbInstance>) -> DbInstanceOutputs {
    let text = |field: fn(&types::DbInstance) -> Option<&str>| instance.and_then(field).unwrap_or_default();
    let endpoint = instance.and_then(types::DbInstance::endpoint);
    DbInstanceOutputs {
        id: text(types::DbInstance::db_instance_identifier).into(),
        arn: text(types::DbInstance::db_instance_arn).into(),
        endpoint: endpoint.and_then(|endpoint| endpoint.address()).map(str::to_owned),
    }
}

fn ours(instance: Mine<types::DbInstance>) -> Ours<DbInstance> {
    let seen = instance.object;
    let outputs = outputs(Some(&seen));
    let phase = rds::phase(seen.db_instance_status().unwrap_or_default());
    let spec = DbInstanceSpec {
        cluster: DbClusterId(seen.db_cluster_identifier.unwrap_or_default()).into(),
        zone: seen.availability_zone.unwrap_or_default(),
        class: seen.db_instance_class.unwrap_or_default(),
        promotion_tier: seen.promotion_tier.unwrap_or_default(),
        public: seen.publicly_accessible.unwrap_or_default(),
        auto_minor_upgrade: seen.auto_minor_version_upgrade.unwrap_or_default(),
        tags: instance.tags,
    };
    Ours { id: instance.id, spec: Some(spec), outputs, phase }
}
