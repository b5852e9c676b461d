//! Tags that others set on what is ours: services of AWS, and automation of the account.
//!
//! They would be taken off at every audit, and set again by whoever needs them. So they are left out of what was seen before that is
//! compared with what is wanted: then they are no difference, and nothing removes them. A key that the user wants is compared
//! all the same, whoever else sets it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::tags;
use crate::engine::{Graph, Object, Observed, World};

/// Keys of tags that others set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoredTags(Vec<String>);

impl IgnoredTags {
    /// What tells GuardDuty's Runtime Monitoring which clusters to watch, and myApplications what belongs to an application.
    /// <https://docs.aws.amazon.com/guardduty/latest/ug/gdu-runtime-approaches-agent-deployment-ecs-clusters.html>
    /// <https://docs.aws.amazon.com/servicecatalog/latest/arguide/associate-resource.html>
    pub const USUAL: &str = "GuardDutyManaged,awsApplication";

    /// Reads `awsApplication,backup-*`; of nothing, none.
    ///
    /// # Errors
    /// What is allowed.
    pub fn new(text: &str) -> Result<Self, String> {
        let keys: Vec<_> = match text {
            "" => Vec::new(),
            text => text.split(',').map(str::to_owned).collect(),
        };
        if let Some(own) = keys.iter().find(|key| tags::is_own(key)) {
            return Err(format!("{own} tells what is the operator's, and is always compared"));
        }
        if keys.iter().all(|key| is_key(key)) {
            return Ok(Self(keys));
        }
        Err("use keys of tags, separated by commas without spaces, as in awsApplication,backup-*; * stands for anything, at the \
             end only"
            .to_owned())
    }

    /// Takes these tags out of what was seen, but for those that something in the graph is to have.
    pub fn leave_out(&self, graph: &Graph, world: &mut World) {
        let wanted = graph.nodes().iter().filter_map(|node| node.spec.get(tags::FIELD)?.as_object());
        let wanted: BTreeSet<_> = wanted.flat_map(Map::keys).collect();
        for observed in world.objects.values_mut() {
            let Observed::Ours(Object { spec: Some(spec), .. }) = observed else { continue };
            if let Some(seen) = spec.get_mut(tags::FIELD).and_then(Value::as_object_mut) {
                seen.retain(|key, _| wanted.contains(key) || !self.cover(key));
            }
        }
    }

    fn cover(&self, key: &str) -> bool {
        let covers = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => key.starts_with(beginning),
            None => key == pattern,
        };
        !tags::is_own(key) && self.0.iter().any(covers)
    }
}

/// Whether this can be the key of a tag, or what keys begin with and `*`.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html>
fn is_key(text: &str) -> bool {
    let key = text.strip_suffix('*').unwrap_or(text);
    let fine = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
    (1..=128).contains(&text.chars().count()) && key.chars().all(fine) && key.trim() == key
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::{Address, Node, Phase};

    /// The tags that are compared of something that has these and is to have those.
    fn compared(ignored: &str, seen: Value, wanted: Value) -> Value {
        let vpc = Address::new("vpc", "network/vpc");
        let mut graph = Graph::default();
        graph.push(Node::new(Address::new("role", "roles/task"), "task", json!({ "tags": wanted })));
        let spec = Some(json!({ "cidr": "10.0.0.0/16", "tags": seen }));
        let object = Object { id: "vpc-1".into(), spec, outputs: Value::Null, phase: Phase::Ready };
        let mut world = World::default();
        world.objects.insert(vpc.clone(), Observed::Ours(object));
        IgnoredTags::new(ignored).unwrap().leave_out(&graph, &mut world);
        world.our(&vpc).and_then(|object| object.spec.clone()).unwrap()["tags"].take()
    }

    #[test]
    fn what_others_set_is_not_compared() {
        let seen = json!({ "team": "video", "GuardDutyManaged": "true", "awsApplication": "arn" });
        assert_eq!(compared(IgnoredTags::USUAL, seen.clone(), json!({})), json!({ "team": "video" }));
        assert_eq!(compared("", seen.clone(), json!({})), seen);
        let seen = json!({ "backup-plan": "daily", "backup": "no", "a backup-plan": "no" });
        let left = json!({ "backup": "no", "a backup-plan": "no" });
        assert_eq!(compared("backup-*", seen.clone(), json!({})), left);
        assert_eq!(compared("*", seen, json!({})), json!({}));
    }

    #[test]
    fn a_tag_that_the_user_wants_is_compared() {
        let seen = json!({ "awsApplication": "theirs", "awsOther": "theirs" });
        let left = json!({ "awsApplication": "theirs" });
        assert_eq!(compared("aws*", seen, json!({ "awsApplication": "mine" })), left);
    }

    #[test]
    fn what_tells_whose_an_object_is_is_always_compared() {
        let seen = json!({ "Name": "wrong", "streamflix.io/address": "" });
        assert_eq!(compared("*", seen.clone(), json!({})), seen);
        assert_eq!(compared("N*,s*", seen.clone(), json!({})), seen);
        for own in ["Name", "streamflix.io/owner", "streamflix.io/*", "a,Name"] {
            let refusal = IgnoredTags::new(own).expect_err(own);
            assert!(refusal.contains("always compared"), "{own}: {refusal}");
        }
    }

    #[test]
    fn what_is_no_key_of_a_tag_is_refused() {
        for wrong in [",", "a,", "a, b", "a ,b", " ", "a*b", "**", "*a", "a;b", "a#"] {
            let refusal = IgnoredTags::new(wrong).expect_err(wrong);
            assert!(refusal.contains("awsApplication,backup-*"), "{wrong:?}: {refusal}");
        }
        assert!(IgnoredTags::new(&"k".repeat(129)).is_err());
        for fine in ["", "a", "a b", "*", "a:b/c=d+e-f@g_h.i", "Größe*"] {
            assert!(IgnoredTags::new(fine).is_ok(), "{fine:?}");
        }
    }
}
