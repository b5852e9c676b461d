//! What pods cost, as the kubelet of their node counts it.
//! <https://kubernetes.io/docs/reference/instrumentation/node-metrics/#resource-metrics>

use std::collections::BTreeMap;

/// What one pod costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// The memory that it needs, in bytes.
    pub memory: f64,
    /// The time of a CPU that it took so far, in seconds.
    cpu: f64,
    /// When that was counted, in seconds since 1970.
    at: f64,
}

impl Usage {
    /// Thousandths of a CPU that it took since `before`.
    pub fn milli_since(&self, before: &Self) -> f64 {
        1000.0 * (self.cpu - before.cpu) / (self.at - before.at)
    }
}

/// The pods of `namespace` in the metrics of a node; empty where the node does not count what pods need.
pub fn of_pods(metrics: &str, namespace: &str) -> BTreeMap<String, Usage> {
    let mut pods = BTreeMap::<String, Usage>::new();
    for line in metrics.lines() {
        let Some((name, rest)) = line.split_once('{') else { continue };
        let Some((labels, values)) = rest.split_once('}') else { continue };
        let Some(pod) = label(labels, "pod").filter(|_| label(labels, "namespace") == Some(namespace)) else {
            continue;
        };
        let mut values = values.split_whitespace().filter_map(|value| value.parse::<f64>().ok());
        let (Some(value), Some(at)) = (values.next(), values.next()) else { continue };
        match name {
            "pod_memory_working_set_bytes" => pods.entry(pod.to_owned()).or_default().memory = value,
            "pod_cpu_usage_seconds_total" => {
                let usage = pods.entry(pod.to_owned()).or_default();
                (usage.cpu, usage.at) = (value, at / 1000.0);
            }
            _ => {}
        }
    }
    pods
}

fn label<'l>(labels: &'l str, name: &str) -> Option<&'l str> {
    labels.split(',').find_map(|label| label.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'))
}
