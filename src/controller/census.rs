//! How many environments there are, and how they stand: counted when somebody asks.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use super::stored::{Stored, owned};
use crate::api::status::{Phase, VideoPipelineStatus};
use crate::api::{ConditionStatus, ConditionType};

/// What the last pass over each environment came to, by the namespace and name of its resource: Kubernetes reports one that is
/// gone by these alone. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Census(Arc<Mutex<HashMap<(String, String), Standing>>>);

#[derive(Debug)]
struct Standing {
    phase: Option<Phase>,
    /// Why it cannot go on without a person.
    stalled: Option<String>,
    /// Every condition with its status.
    conditions: Vec<(String, String)>,
    looked: Instant,
}

impl Census {
    /// A pass over the environment of `resource` ended with `status`.
    pub fn note(&self, resource: &Stored, status: &VideoPipelineStatus, now: Instant) {
        let holds = |of: ConditionType| {
            let conditions = status.conditions.iter();
            conditions.filter(move |c| c.type_ == of.as_str()).find(|c| c.status == ConditionStatus::True)
        };
        let stalled = holds(ConditionType::Stalled).map(|condition| condition.reason.clone());
        let conditions = status.conditions.iter().map(|c| (c.type_.clone(), format!("{:?}", c.status)));
        let conditions = conditions.collect();
        let standing = Standing { phase: status.phase, stalled, conditions, looked: now };
        self.standings().insert(owned(resource.reference()), standing);
    }

    /// The resource of this namespace and name is gone.
    pub fn forget(&self, it: (&str, &str)) {
        self.standings().remove(&owned(it));
    }

    fn standings(&self) -> MutexGuard<'_, HashMap<(String, String), Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are of each of the `words` that are said of them.
    fn count<W: Ord, I: IntoIterator<Item = W>>(&self, words: impl Fn(&Standing) -> I) -> BTreeMap<W, i64> {
        let mut counts = BTreeMap::new();
        for word in self.standings().values().flat_map(words) {
            *counts.entry(word).or_default() += 1;
        }
        counts
    }
}

const PHASES: &str = "Environments by phase";
const STALLED: &str =
    "Environments that cannot go on without a person, by the reason of their condition Stalled";
const CONDITIONS: &str = "Environments by type and status of their conditions";
const UNSEEN: &str = "How long ago the pass was over the environment that waits longest for the next; at rest, at most the sweep period";

impl Collector for Census {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let phase = |standing: &Standing| Some(format!("{:?}", standing.phase.unwrap_or(Phase::Pending)));
        let stalled = |standing: &Standing| standing.stalled.clone();
        let families = [
            ("video_pipelines", PHASES, "phase", self.count(phase)),
            ("video_pipelines_stalled", STALLED, "reason", self.count(stalled)),
        ];
        for (name, help, label, counts) in families {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (word, count) in counts {
                ConstGauge::new(count).encode(family.encode_family(&[(label, word)])?)?;
            }
        }
        let said = |standing: &Standing| standing.conditions.clone();
        let name = "video_pipelines_condition";
        let mut family = encoder.encode_descriptor(name, CONDITIONS, None, MetricType::Gauge)?;
        for ((type_, status), count) in self.count(said) {
            let labels = [("type", type_), ("status", status)];
            ConstGauge::new(count).encode(family.encode_family(&labels)?)?;
        }
        let longest = self.standings().values().map(|standing| standing.looked.elapsed()).max();
        let name = "video_pipelines_unseen_seconds";
        let gauge = encoder.encode_descriptor(name, UNSEEN, None, MetricType::Gauge)?;
        ConstGauge::new(longest.unwrap_or_default().as_secs_f64()).encode(gauge)
    }
}
