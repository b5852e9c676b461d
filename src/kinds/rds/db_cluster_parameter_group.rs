//! A DB cluster parameter group: the engine's settings that a cluster runs with.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_rds::types::{self, ApplyMethod, Parameter};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect, Tags, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Key, Kind, Meaning, Ours, Output, Phase, Recall, Scope,
    Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ids::{DbClusterParameterGroupArn, DbClusterParameterGroupName};
use crate::kinds::rds::{self, Group};
use crate::kinds::sighting::Mine;
use crate::kinds::tagged;

/// A DB cluster parameter group.
pub struct DbClusterParameterGroup;

/// What a DB cluster parameter group should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DbClusterParameterGroupSpec {
    /// The engine and its major version: `aurora-postgresql16`.
    pub family: String,
    /// What people read of it.
    pub description: String,
    /// The parameters that are set, by name; all others have the engine's own values. One that is set to the engine's own
    /// value is not listed as set, and would differ for ever.
    pub parameters: BTreeMap<String, String>,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of a DB cluster parameter group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DbClusterParameterGroupOutputs {
    /// Its name.
    pub name: DbClusterParameterGroupName,
    /// Its ARN.
    pub arn: DbClusterParameterGroupArn,
}

impl DbClusterParameterGroup {
    /// Its name.
    pub const ID: Output<Self, DbClusterParameterGroupName> = Output::new("name");
}

impl Kind for DbClusterParameterGroup {
    const NAME: &'static str = "dbClusterParameterGroup";
    const IMMUTABLE: &'static [&'static str] = &["family", "description"];
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "rds:CreateDBClusterParameterGroup";
    // The tagging API shows a changed tag later.
    const LAG: Duration = Duration::from_secs(60);
    const ACTIONS: &'static [Action] = &[
        Action::called("rds:DescribeDBClusterParameterGroups", bounds::LOOK),
        Action::called("rds:DescribeDBClusterParameters", bounds::parameter_group::NAMED),
        Action::called("rds:ListTagsForResource", bounds::parameter_group::NAMED),
        tagged::ACTION,
        Action::called("rds:CreateDBClusterParameterGroup", bounds::parameter_group::NEW),
        Action::called("rds:ModifyDBClusterParameterGroup", bounds::parameter_group::OURS),
        Action::called("rds:ResetDBClusterParameterGroup", bounds::parameter_group::OURS),
        Action::called("rds:AddTagsToResource", bounds::parameter_group::TAGGED),
        Action::called("rds:RemoveTagsFromResource", bounds::parameter_group::OURS),
        Action::called("rds:DeleteDBClusterParameterGroup", bounds::parameter_group::OURS),
    ];

    type Cloud = Aws;
    type Spec = DbClusterParameterGroupSpec;
    type Outputs = DbClusterParameterGroupOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], depth: Depth) -> Result<Sightings<Self>, Failure> {
        let sorted = rds::sort(aws, scopes, "rds:cluster-pg", list(aws).await?).await?;
        let mut parameters = match depth {
            Depth::Status => BTreeMap::new(),
            Depth::Audit => parameters_of_all(aws, &sorted.ours).await,
        };
        Ok(sorted.sightings(scopes, |group| match parameters.remove(&group.id).transpose() {
            Ok(parameters) => Found::Ours(ours(group, parameters)),
            Err(failure) => Found::Unknown(failure),
        }))
    }

    async fn create(
        aws: &Aws,
        key: &Key,
        spec: DbClusterParameterGroupSpec,
    ) -> Result<DbClusterParameterGroupOutputs, Failure> {
        let call = aws.rds.create_db_cluster_parameter_group().db_cluster_parameter_group_name(&key.name);
        let call = call
            .db_parameter_group_family(spec.family)
            .description(spec.description)
            .set_tags(Some(Tags::of(key, &spec.tags).list()));
        let made = call.send().await.during("rds:CreateDBClusterParameterGroup");
        let group = match made {
            Err(refused) if refused.is(Meaning::AlreadyExists) => standing(aws, key, refused).await?,
            made => made?.db_cluster_parameter_group,
        };
        // Nothing runs with the group yet, and what starts with it starts with these, static or dynamic.
        let set = spec
            .parameters
            .iter()
            .map(|(name, value)| parameter(name, ApplyMethod::PendingReboot).parameter_value(value).build());
        modify(aws, &key.name, set.collect()).await?;
        Ok(outputs(group.as_ref()))
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        DbClusterParameterGroupOutputs { name, arn }: DbClusterParameterGroupOutputs,
        spec: DbClusterParameterGroupSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        if changes.has("parameters") {
            let had = changes.from("parameters").unwrap_or_default();
            change(aws, &name.0, &had, &spec.parameters).await?;
        }
        retag::rds(aws, &arn.0, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        DbClusterParameterGroupOutputs { name, .. }: DbClusterParameterGroupOutputs,
    ) -> Result<Deleted, Failure> {
        let call = aws.rds.delete_db_cluster_parameter_group().db_cluster_parameter_group_name(name.0);
        call.send().await.during("rds:DeleteDBClusterParameterGroup").or_gone().map(|()| Deleted::Gone)
    }
}

impl Group for types::DbClusterParameterGroup {
    fn name(&self) -> &str {
        self.db_cluster_parameter_group_name().unwrap_or_default()
    }
    fn arn(&self) -> &str {
        self.db_cluster_parameter_group_arn().unwrap_or_default()
    }
}

async fn list(aws: &Aws) -> Result<Vec<types::DbClusterParameterGroup>, Failure> {
    let pages = aws.rds.describe_db_cluster_parameter_groups().into_paginator().page_size(rds::PAGE);
    pages.items().send().collect::<Result<_, _>>().await.during("rds:DescribeDBClusterParameterGroups")
}

/// The group that has the name already, if a lost call for `key` made it.
async fn standing(
    aws: &Aws,
    key: &Key,
    refused: Failure,
) -> Result<Option<types::DbClusterParameterGroup>, Failure> {
    let call = aws.rds.describe_db_cluster_parameter_groups().db_cluster_parameter_group_name(&key.name);
    let found = call.send().await.during("rds:DescribeDBClusterParameterGroups").or_absent()?;
    let group = found.and_then(|found| found.db_cluster_parameter_groups.unwrap_or_default().pop());
    rds::standing(aws, key, group, refused).await
}

fn outputs(group: Option<&types::DbClusterParameterGroup>) -> DbClusterParameterGroupOutputs {
    DbClusterParameterGroupOutputs {
        name: group.map_or("", Group::name).into(),
        arn: group.map_or("", Group::arn).into(),
    }
}

fn ours(
    group: Mine<types::DbClusterParameterGroup>,
    parameters: Option<BTreeMap<String, String>>,
) -> Ours<DbClusterParameterGroup> {
    let outputs = outputs(Some(&group.object));
    let spec = parameters.map(|parameters| DbClusterParameterGroupSpec {
        family: group.object.db_parameter_group_family.unwrap_or_default(),
        description: group.object.description.unwrap_or_default(),
        parameters,
        tags: group.tags,
    });
    Ours { id: group.id, spec, outputs, phase: Phase::Ready }
}

/// The parameters that were set in each group, by the group's name.
async fn parameters_of_all(
    aws: &Aws,
    groups: &[Mine<types::DbClusterParameterGroup>],
) -> BTreeMap<String, Result<BTreeMap<String, String>, Failure>> {
    let names: Vec<String> = groups.iter().map(|group| group.id.clone()).collect();
    let reads = names.into_iter().map(|name| async move {
        let set = parameters(aws, &name, Some("user")).await;
        let pair = |set: Parameter| Some((set.parameter_name?, set.parameter_value?));
        (name, set.map(|set| set.into_iter().filter_map(pair).collect()))
    });
    stream::iter(reads).buffer_unordered(rds::AT_ONCE).collect().await
}

/// The parameters of a group: those of one source, or all.
async fn parameters(aws: &Aws, group: &str, source: Option<&str>) -> Result<Vec<Parameter>, Failure> {
    let call = aws.rds.describe_db_cluster_parameters().db_cluster_parameter_group_name(group);
    let pages = call.set_source(source.map(str::to_owned)).into_paginator().page_size(rds::PAGE);
    pages.items().send().collect::<Result<_, _>>().await.during("rds:DescribeDBClusterParameters")
}

/// Sets what differs and then resets what is no longer set. A dynamic parameter changes at once; AWS takes a change
/// to a static one only for the next reboot.
async fn change(
    aws: &Aws,
    group: &str,
    had: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let all = parameters(aws, group, None).await?.into_iter();
    let fixed: BTreeSet<String> =
        all.filter(|one| one.apply_type() == Some("static")).filter_map(|one| one.parameter_name).collect();
    let method = |name: &str| match fixed.contains(name) {
        true => ApplyMethod::PendingReboot,
        false => ApplyMethod::Immediate,
    };
    let set = wanted.iter().filter(|(name, value)| had.get(*name) != Some(value));
    let set = set.map(|(name, value)| parameter(name, method(name)).parameter_value(value).build());
    modify(aws, group, set.collect()).await?;
    let gone = had.keys().filter(|name| !wanted.contains_key(*name));
    reset(aws, group, gone.map(|name| parameter(name, method(name)).build()).collect()).await
}

fn parameter(name: &str, method: ApplyMethod) -> types::builders::ParameterBuilder {
    Parameter::builder().parameter_name(name).apply_method(method)
}

/// How many parameters AWS takes in one call.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBClusterParameterGroup.html>
const IN_A_CALL: usize = 20;

async fn modify(aws: &Aws, group: &str, parameters: Vec<Parameter>) -> Result<(), Failure> {
    for some in parameters.chunks(IN_A_CALL) {
        let call = aws.rds.modify_db_cluster_parameter_group().db_cluster_parameter_group_name(group);
        call.set_parameters(Some(some.to_vec())).send().await.during("rds:ModifyDBClusterParameterGroup")?;
    }
    Ok(())
}

async fn reset(aws: &Aws, group: &str, parameters: Vec<Parameter>) -> Result<(), Failure> {
    for some in parameters.chunks(IN_A_CALL) {
        let call = aws.rds.reset_db_cluster_parameter_group().db_cluster_parameter_group_name(group);
        call.set_parameters(Some(some.to_vec())).send().await.during("rds:ResetDBClusterParameterGroup")?;
    }
    Ok(())
}
