//! What carrying a verdict out means for those who use the environment.

use crate::engine::{Item, Verdict};

/// A field of a kind, `*` for any, and what a change to it means. Of several changes the first here is told, so that what
/// disturbs most stands first.
const IMPACTS: &[(&str, &str, &str)] = &[
    ("service", "taskDefinition", "rolls the tasks once"),
    ("service", "subnets", "rolls the tasks once"),
    ("service", "securityGroups", "rolls the tasks once"),
    ("service", "desiredCount", "starts or stops tasks"),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        engine::Changes,
        report::fixtures::{changes, item},
    };

    #[test]
    fn of_several_changes_what_disturbs_most_is_told() {
        let Changes(count) = changes("desiredCount", json!(1), json!(2));
        let Changes(groups) = changes("securityGroups", json!(["sg-1"]), json!(["sg-2"]));
        let both = Verdict::Update(Changes([count, groups].concat()));
        assert_eq!(of(&item("service", "processing/service", both)), Some("rolls the tasks once"));
    }
}
