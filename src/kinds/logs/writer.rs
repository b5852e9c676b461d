//! Services of AWS that write to a log group of their own, and make it where nobody else did: then it has no tags, and is
//! whose cluster it is that writes there.

use crate::aws::{Aws, Tags};
use crate::engine::Failure;
use crate::kinds::{ecs, rds};

/// What writes to a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Writer {
    /// Container Insights, for the ECS cluster of this name.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-reference-performance-logs-ECS.html>
    EcsCluster(String),
    /// Aurora, for the DB cluster of this name.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.CloudWatch.html>
    DbCluster(String),
}

impl Writer {
    /// What writes to the group called `group`, if that is a service of AWS.
    pub fn of(group: &str) -> Option<Self> {
        let cluster = |beginning| Some(group.strip_prefix(beginning)?.split('/').next()?.to_owned());
        let ecs = cluster("/aws/ecs/containerinsights/").map(Self::EcsCluster);
        ecs.or_else(|| cluster("/aws/rds/cluster/").map(Self::DbCluster))
    }

    /// True iff `owner` may have what it writes: it is theirs, or not there (any more).
    ///
    /// # Errors
    /// It could not be read.
    pub async fn may_be_of(&self, aws: &Aws, owner: &str) -> Result<bool, Failure> {
        Ok(self.tags(aws).await?.is_none_or(|tags| tags.owner() == Some(owner)))
    }

    /// Its tags, if it is there.
    async fn tags(&self, aws: &Aws) -> Result<Option<Tags>, Failure> {
        match self {
            Self::EcsCluster(name) => {
                Ok(ecs::cluster(aws, name).await?.map(|found| Tags::from(found.tags())))
            }
            Self::DbCluster(name) => {
                let clusters = rds::clusters(aws).await?;
                let found = clusters.iter().find(|cluster| cluster.db_cluster_identifier() == Some(name));
                Ok(found.map(|cluster| Tags::from(cluster.tag_list())))
            }
        }
    }
}

#[test]
fn a_group_tells_whose_cluster_writes_to_it() {
    let ecs = Writer::of("/aws/ecs/containerinsights/video-processing-cluster-dev/performance");
    assert_eq!(ecs, Some(Writer::EcsCluster("video-processing-cluster-dev".into())));
    let rds = Writer::of("/aws/rds/cluster/video-metadata-cluster-dev/postgresql");
    assert_eq!(rds, Some(Writer::DbCluster("video-metadata-cluster-dev".into())));
    assert_eq!(Writer::of("/ecs/video-processing-dev"), None);
}
