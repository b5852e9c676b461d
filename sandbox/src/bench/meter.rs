//! What was done between two moments, and what it cost.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::operator::Usage;
use crate::{AwsCall, KubernetesWrite};

/// What one scenario came to.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    /// From apply to Ready, and until all is quiet.
    pub created: Cost,
    /// A new process that finds everything as it should be.
    pub restarted: Cost,
    /// From delete to gone.
    pub deleted: Cost,
}

/// What one act cost.
#[derive(Clone, Debug)]
pub(super) struct Cost {
    /// Until it was done.
    pub seconds: f64,
    pub calls: Calls,
    /// Writes to Kubernetes, by what was written.
    pub writes: BTreeMap<String, usize>,
    /// Of the operator's process, since it started.
    pub usage: Usage,
}

/// Calls of AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    pub reads: usize,
    pub mutations: usize,
    /// Of either sort, answered with an error; by operation and code.
    pub errors: BTreeMap<String, usize>,
}

/// How much was logged up to a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub calls: usize,
    pub writes: usize,
}

impl Calls {
    pub fn of(calls: &[AwsCall]) -> Self {
        let mut counted = Self::default();
        for call in calls {
            *(if call.mutating { &mut counted.mutations } else { &mut counted.reads }) += 1;
            if let Some(code) = &call.error {
                *counted.errors.entry(format!("{} {code}", call.action())).or_default() += 1;
            }
        }
        counted
    }
}

/// By what was written; the Lease is not counted, which every leader renews each second.
pub(super) fn by_resource(writes: &[KubernetesWrite]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for write in writes {
        *counted.entry(format!("{} {}", write.verb, write.resource)).or_default() += 1;
    }
    counted
}

impl Cost {
    pub fn of(took: Duration, calls: &[AwsCall], writes: &[KubernetesWrite], usage: Usage) -> Self {
        Self { seconds: took.as_secs_f64(), calls: Calls::of(calls), writes: by_resource(writes), usage }
    }
}
