//! An ECS cluster: where services and their tasks belong.

use aws_sdk_ecs::types::{Cluster, ClusterSetting, ClusterSettingName};
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect, Tags, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Input, Key, Kind, Meaning, Ours, Output, Phase, Recall,
    Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ecs;
use crate::kinds::ids::{EcsClusterArn, EcsClusterName, LogGroupName};
use crate::kinds::sighting::{Listed, Mine, Sorted, prove};
use crate::kinds::tagged;

/// An ECS cluster.
pub struct EcsCluster;

/// What an ECS cluster should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EcsClusterSpec {
    /// Whether CloudWatch keeps metrics and logs of its tasks; those of the enhanced level are taken as on.
    pub container_insights: bool,
    /// Log groups that AWS would make by itself, for ever, if they were not there first.
    pub after: Vec<Input<LogGroupName>>,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of an ECS cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EcsClusterOutputs {
    /// Its name.
    pub name: EcsClusterName,
    /// Its ARN.
    pub arn: EcsClusterArn,
}

impl EcsCluster {
    /// Its name.
    pub const ID: Output<Self, EcsClusterName> = Output::new("name");
    /// Its ARN.
    pub const ARN: Output<Self, EcsClusterArn> = Output::new("arn");
}

impl Kind for EcsCluster {
    const NAME: &'static str = "ecsCluster";
    const REFERS_TO: &'static [&'static str] = &["logGroup"];
    const AT_CREATION: &'static [&'static str] = &["after"];
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "ecs:CreateCluster";
    const ACTIONS: &'static [Action] = &[
        tagged::ACTION,
        Action::called("ecs:DescribeClusters", bounds::ecs_cluster::NAMED),
        Action::called("ecs:CreateCluster", bounds::ecs_cluster::NEW),
        Action::implied("iam:CreateServiceLinkedRole", SERVICE_LINKED_ROLE, bounds::SERVICE_LINKED_ROLE),
        Action::called("ecs:UpdateCluster", bounds::ecs_cluster::OURS),
        Action::called("ecs:TagResource", bounds::TAGGED_IN_ECS),
        Action::called("ecs:UntagResource", bounds::ecs_cluster::OURS),
        Action::called("ecs:DeleteCluster", bounds::ecs_cluster::OURS),
    ];

    type Cloud = Aws;
    type Spec = EcsClusterSpec;
    type Outputs = EcsClusterOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let clusters = ecs::clusters_of(aws, scopes).await?;
        let standing = clusters.found.values().filter(|cluster| cluster.status() != Some("INACTIVE"));
        let sightings =
            Sorted::of(scopes, standing.map(listed)).sightings(scopes, |cluster| Found::Ours(ours(cluster)));
        Ok(clusters.doubts(scopes, sightings))
    }

    async fn create(aws: &Aws, key: &Key, spec: EcsClusterSpec) -> Result<EcsClusterOutputs, Failure> {
        let call = aws.ecs.create_cluster().cluster_name(&key.name).settings(insights(&spec));
        let call = call.set_tags(Some(Tags::of(key, &spec.tags).list()));
        let made = call.send().await.during("ecs:CreateCluster")?.cluster;
        let arn = made.as_ref().and_then(|cluster| cluster.cluster_arn.clone()).unwrap_or_default();
        let tags = made.as_ref().map(|cluster| Tags::from(cluster.tags())).unwrap_or_default();
        // AWS answers with the cluster that has this name, whoever made it.
        if prove(key, &tags, taken(key)).is_err() {
            standing(aws, key).await?;
        }
        Ok(EcsClusterOutputs { name: key.name.as_str().into(), arn: arn.into() })
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        EcsClusterOutputs { name: EcsClusterName(name), arn: EcsClusterArn(arn) }: EcsClusterOutputs,
        spec: EcsClusterSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        if changes.has("containerInsights") {
            let call = aws.ecs.update_cluster().cluster(name).settings(insights(&spec));
            call.send().await.during("ecs:UpdateCluster")?;
        }
        retag::ecs(aws, &arn, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        EcsClusterOutputs { name: EcsClusterName(name), .. }: EcsClusterOutputs,
    ) -> Result<Deleted, Failure> {
        let deletion = aws.ecs.delete_cluster().cluster(name).send().await.during("ecs:DeleteCluster");
        deletion.or_gone()?;
        Ok(Deleted::Gone)
    }
}

/// That ECS makes its role when it is first needed.
pub(super) const SERVICE_LINKED_ROLE: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html";

fn insights(spec: &EcsClusterSpec) -> ClusterSetting {
    let value = if spec.container_insights { "enabled" } else { "disabled" };
    ClusterSetting::builder().name(ClusterSettingName::ContainerInsights).value(value).build()
}

fn taken(key: &Key) -> Failure {
    Failure::new(
        "ecs:CreateCluster",
        "ClusterAlreadyExists",
        Meaning::AlreadyExists,
        format!("A cluster called {} exists already.", key.name),
    )
}

/// Fine if the cluster of this name is the one that `key` was to make.
async fn standing(aws: &Aws, key: &Key) -> Result<(), Failure> {
    let cluster = ecs::clusters(aws, [key.name.clone()].into()).await?.found.remove(&key.name);
    prove(key, &cluster.map(|cluster| Tags::from(cluster.tags())).unwrap_or_default(), taken(key))
}

fn listed(cluster: &Cluster) -> Listed<Cluster> {
    let name = cluster.cluster_name().unwrap_or_default().to_owned();
    Listed { id: name.clone(), name, tags: Tags::from(cluster.tags()), object: cluster.clone() }
}

fn ours(cluster: Mine<Cluster>) -> Ours<EcsCluster> {
    let seen = cluster.object;
    let phase = match seen.status() {
        Some("PROVISIONING") => Phase::Settling("provisioning".into()),
        Some("DEPROVISIONING") => Phase::Leaving("deprovisioning".into()),
        Some("FAILED") => Phase::Broken(crate::kinds::stillborn("AWS says that it failed")),
        _ => Phase::Ready,
    };
    let on = |setting: &ClusterSetting| {
        setting.name() == Some(&ClusterSettingName::ContainerInsights)
            && setting.value().is_some_and(|value| value != "disabled")
    };
    let spec = EcsClusterSpec {
        container_insights: seen.settings().iter().any(on),
        after: Vec::new(),
        tags: cluster.tags,
    };
    let outputs = EcsClusterOutputs {
        name: cluster.id.as_str().into(),
        arn: seen.cluster_arn.unwrap_or_default().into(),
    };
    Ours { id: cluster.id, spec: Some(spec), outputs, phase }
}
