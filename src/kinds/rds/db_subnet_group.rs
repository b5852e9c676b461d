//! A DB subnet group: the subnets in which a database may stand.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_rds::types;
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect, Tags, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Input, Key, Kind, Meaning, Ours, Output, Phase, Recall,
    Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ids::{DbSubnetGroupArn, DbSubnetGroupName, SubnetId};
use crate::kinds::rds::{self, Group};
use crate::kinds::sighting::Mine;
use crate::kinds::tagged;

/// A DB subnet group.
pub struct DbSubnetGroup;

/// What a DB subnet group should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DbSubnetGroupSpec {
    /// What people read of it.
    pub description: String,
    /// Its subnets, in two zones at least.
    pub subnets: BTreeSet<Input<SubnetId>>,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of a DB subnet group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DbSubnetGroupOutputs {
    /// Its name.
    pub name: DbSubnetGroupName,
    /// Its ARN.
    pub arn: DbSubnetGroupArn,
}

impl DbSubnetGroup {
    /// Its name.
    pub const ID: Output<Self, DbSubnetGroupName> = Output::new("name");
}

impl Kind for DbSubnetGroup {
    const NAME: &'static str = "dbSubnetGroup";
    const REFERS_TO: &'static [&'static str] = &["subnet"];
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "rds:CreateDBSubnetGroup";
    // The tagging API shows a changed tag later.
    const LAG: Duration = Duration::from_secs(60);
    const ACTIONS: &'static [Action] = &[
        Action::called("rds:DescribeDBSubnetGroups", bounds::LOOK),
        Action::called("rds:ListTagsForResource", bounds::db_subnet_group::NAMED),
        tagged::ACTION,
        Action::called("rds:CreateDBSubnetGroup", bounds::db_subnet_group::NEW),
        Action::called("rds:ModifyDBSubnetGroup", bounds::db_subnet_group::OURS),
        Action::called("rds:AddTagsToResource", bounds::db_subnet_group::TAGGED),
        Action::called("rds:RemoveTagsFromResource", bounds::db_subnet_group::OURS),
        Action::called("rds:DeleteDBSubnetGroup", bounds::db_subnet_group::OURS),
    ];

    type Cloud = Aws;
    type Spec = DbSubnetGroupSpec;
    type Outputs = DbSubnetGroupOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let sorted = rds::sort(aws, scopes, "rds:subgrp", list(aws).await?).await?;
        Ok(sorted.sightings(scopes, |group| Found::Ours(ours(group))))
    }

    async fn create(aws: &Aws, key: &Key, spec: DbSubnetGroupSpec) -> Result<DbSubnetGroupOutputs, Failure> {
        let call = aws.rds.create_db_subnet_group().db_subnet_group_name(&key.name);
        let call = call
            .db_subnet_group_description(spec.description)
            .set_subnet_ids(Some(rds::known(&spec.subnets)?))
            .set_tags(Some(Tags::of(key, &spec.tags).list()));
        let made = call.send().await.during("rds:CreateDBSubnetGroup");
        let group = match made {
            Err(refused) if refused.is(Meaning::AlreadyExists) => standing(aws, key, refused).await?,
            made => made?.db_subnet_group,
        };
        Ok(outputs(group.as_ref()))
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        DbSubnetGroupOutputs { name, arn }: DbSubnetGroupOutputs,
        spec: DbSubnetGroupSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        if changes.any(&["description", "subnets"]) {
            let call = aws.rds.modify_db_subnet_group().db_subnet_group_name(name.0);
            let call = call
                .db_subnet_group_description(spec.description)
                .set_subnet_ids(Some(rds::known(&spec.subnets)?));
            call.send().await.during("rds:ModifyDBSubnetGroup")?;
        }
        retag::rds(aws, &arn.0, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        DbSubnetGroupOutputs { name, .. }: DbSubnetGroupOutputs,
    ) -> Result<Deleted, Failure> {
        let call = aws.rds.delete_db_subnet_group().db_subnet_group_name(name.0);
        call.send().await.during("rds:DeleteDBSubnetGroup").or_gone().map(|()| Deleted::Gone)
    }
}

impl Group for types::DbSubnetGroup {
    fn name(&self) -> &str {
        self.db_subnet_group_name().unwrap_or_default()
    }
    fn arn(&self) -> &str {
        self.db_subnet_group_arn().unwrap_or_default()
    }
}

async fn list(aws: &Aws) -> Result<Vec<types::DbSubnetGroup>, Failure> {
    let pages = aws.rds.describe_db_subnet_groups().into_paginator().page_size(rds::PAGE);
    pages.items().send().collect::<Result<_, _>>().await.during("rds:DescribeDBSubnetGroups")
}

/// The group that has the name already, if a lost call for `key` made it.
async fn standing(aws: &Aws, key: &Key, refused: Failure) -> Result<Option<types::DbSubnetGroup>, Failure> {
    let call = aws.rds.describe_db_subnet_groups().db_subnet_group_name(&key.name);
    let found = call.send().await.during("rds:DescribeDBSubnetGroups").or_absent()?;
    let group = found.and_then(|found| found.db_subnet_groups.unwrap_or_default().pop());
    rds::standing(aws, key, group, refused).await
}

fn outputs(group: Option<&types::DbSubnetGroup>) -> DbSubnetGroupOutputs {
    DbSubnetGroupOutputs {
        name: group.map_or("", Group::name).into(),
        arn: group.map_or("", Group::arn).into(),
    }
}

fn ours(group: Mine<types::DbSubnetGroup>) -> Ours<DbSubnetGroup> {
    let outputs = outputs(Some(&group.object));
    let subnets = group.object.subnets.unwrap_or_default().into_iter();
    let spec = DbSubnetGroupSpec {
        description: group.object.db_subnet_group_description.unwrap_or_default(),
        subnets: subnets.filter_map(|subnet| Some(SubnetId(subnet.subnet_identifier?).into())).collect(),
        tags: group.tags,
    };
    Ours { id: group.id, spec: Some(spec), outputs, phase: Phase::Ready }
}
