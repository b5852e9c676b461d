//! The ECS service and the container that it runs, on Fargate.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::api::rules;

/// The ECS service and the container that it runs, on Fargate.
#[derive(KubeSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
#[x_kube(validation = rules::fargate_size())]
#[serde(rename_all = "camelCase")]
pub struct Processing {
    /// Container image with tag or digest, 1 to 512 characters.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^[^ \\\\t\\\\r\\\\n]+$')")
        .message("must be an image reference without white space"))]
    pub image: String,

    /// Command of the container, at most 64 words of at most 4096 characters each; without one the image's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub command: Vec<String>,

    /// Environment variables of the container, at most 100, beside those that the operator sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub environment: Vec<EnvironmentVariable>,

    /// CPU units of a task; 1024 are one vCPU. One of 256, 512, 1024, 2048, 4096, 8192, 16384.
    #[serde(default = "default_cpu")]
    #[schemars(extend("enum" = [256, 512, 1024, 2048, 4096, 8192, 16384]))]
    pub cpu: i32,

    /// Memory of a task in MiB, 512 to 122880; what is allowed depends on `cpu`.
    #[serde(default = "default_memory")]
    #[schemars(range(min = 512, max = 122_880))]
    pub memory: i32,

    /// Number of tasks, 0 to 5000. With `autoscaling` it is the first value only, brought within its bounds, and
    /// then ignored.
    #[serde(default = "default_desired_count")]
    #[schemars(range(min = 0, max = 5000))]
    pub desired_count: i32,

    /// Lets AWS choose the number of tasks by their CPU utilisation; off until set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,

    /// Whether Container Insights collects metrics of the cluster and its tasks.
    #[serde(default = "default_container_insights")]
    pub container_insights: bool,

    /// How long a task may take to end after SIGTERM, in seconds: 2 to 120.
    #[serde(default = "default_stop_timeout_seconds")]
    #[schemars(range(min = 2, max = 120))]
    pub stop_timeout_seconds: i32,
}

fn default_cpu() -> i32 {
    1024
}

fn default_memory() -> i32 {
    2048
}

fn default_desired_count() -> i32 {
    1
}

fn default_container_insights() -> bool {
    true
}

fn default_stop_timeout_seconds() -> i32 {
    30
}

/// One environment variable of the container. The value is stored in the task definition, where everyone who may
/// read it in AWS sees it: it is no place for a secret.
#[derive(KubeSchema, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentVariable {
    /// Name: letters, digits and underscores, not beginning with a digit, 1 to 255 characters.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = Rule::new("self.matches('^[A-Za-z_][A-Za-z0-9_]*$')")
        .message("must be letters, digits and underscores, and not begin with a digit"))]
    #[x_kube(validation = rules::not_injected())]
    pub name: String,

    /// Value, at most 4096 characters. Anyone who may read the task definition in AWS can read it.
    #[schemars(length(max = 4096))]
    pub value: String,
}

/// The value is kept out of logs and error texts.
impl std::fmt::Debug for EnvironmentVariable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnvironmentVariable").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Bounds and target of the number of tasks.
#[derive(KubeSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
#[x_kube(validation = Rule::new("self.minCount <= self.maxCount")
    .message("minCount must be at most maxCount"))]
#[serde(rename_all = "camelCase", default = "Autoscaling::default")]
pub struct Autoscaling {
    /// Fewest tasks, 1 to 5000.
    #[schemars(range(min = 1, max = 5000))]
    pub min_count: i32,

    /// Most tasks, 1 to 5000.
    #[schemars(range(min = 1, max = 5000))]
    pub max_count: i32,

    /// CPU utilisation that AWS aims at, in percent: 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub cpu_target_percent: i32,
}

impl Default for Autoscaling {
    fn default() -> Self {
        Self { min_count: 1, max_count: 4, cpu_target_percent: 70 }
    }
}
