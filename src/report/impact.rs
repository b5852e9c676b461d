//! What carrying a verdict out means for those who use the environment.

use crate::engine::{Item, Verdict};

/// A field of a kind, `*` for any, and what a change to it means.
const IMPACTS: &[(&str, &str, &str)] = &[
    ("service", "taskDefinition", "rolls the tasks once"),
    ("service", "desiredCount", "starts or stops tasks"),
    ("service", "subnets", "rolls the tasks once"),
    ("service", "securityGroups", "rolls the tasks once"),
    ("taskDefinition", "*", "no interruption"),
    ("dbCluster", "engineVersion", "interrupts connections for a moment"),
    ("dbCluster", "parameterGroup", "may need a restart of the database"),
    ("dbCluster", "*", "no interruption"),
    ("dbInstance", "*", "no interruption"),
    ("stream", "*", "no interruption"),
    ("queue", "*", "no interruption"),
    ("logGroup", "*", "no interruption"),
    ("alarm", "*", "no interruption"),
];

/// What carrying `item` out means; nothing where that is not special.
pub(super) fn of(item: &Item) -> Option<&'static str> {
    let changes = match &item.verdict {
        Verdict::Revise(_) => return Some("the service moves to it"),
        Verdict::Update(changes) => changes,
        _ => return None,
    };
    let applies = |(kind, field, _): &&(&str, &str, &str)| {
        *kind == item.address.kind && (*field == "*" || changes.has(field))
    };
    IMPACTS.iter().find(applies).map(|(_, _, impact)| *impact)
}
