//! Bringing an object's tags to what is wanted: one function per service, each one line in a kind's `update`.
//!
//! Where one lacks or is wrong, all wanted tags are set, those of identity too, so that one call also mends what was lost or
//! changed by hand; then those that stood there unwanted are removed. Nothing is called when the field `tags` does not change.

use super::tags::FIELD;
use super::{Aws, During, Tags};
use crate::engine::{Changes, Failure, Key};

/// What to set and what to remove.
#[derive(Debug, PartialEq)]
struct Retag {
    set: Option<Tags>,
    remove: Vec<String>,
}

impl Retag {
    /// `None` when the tags are not to change.
    fn of(key: &Key, wanted: &Tags, changes: &Changes) -> Option<Self> {
        changes.of(FIELD)?;
        let had: Tags = changes.from(FIELD).unwrap_or_default();
        let set = Tags::of(key, wanted);
        let lacks = wanted.0.iter().any(|(key, value)| had.get(key) != Some(value));
        let wrong = had.0.iter().any(|(key, value)| set.get(key).is_some_and(|right| right != value));
        let remove = had.0.into_keys().filter(|key| !set.0.contains_key(key)).collect();
        // Else one that only removes would be held up by a service that refuses to set.
        Some(Self { set: (lacks || wrong).then_some(set), remove })
    }

    /// `None` when nothing is to be removed: services refuse an empty list.
    fn removed(&self) -> Option<Vec<String>> {
        (!self.remove.is_empty()).then(|| self.remove.clone())
    }
}

/// One function that tags and untags: the service's client, its two operations, and how each names the object and takes
/// tags and keys.
macro_rules! retag {
    (
        $(#[$doc:meta])* $service:ident($id:ident),
        $tag:literal: |$set_call:ident, $set:ident| $tagging:expr,
        $untag:literal: |$remove_call:ident, $keys:ident| $untagging:expr $(,)?
    ) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// What AWS refused; a second attempt does the whole again.
        pub async fn $service(
            aws: &Aws,
            $id: &str,
            key: &Key,
            wanted: &Tags,
            changes: &Changes,
        ) -> Result<(), Failure> {
            let Some(retag) = Retag::of(key, wanted, changes) else { return Ok(()) };
            if let Some($set) = &retag.set {
                let $set_call = &aws.$service;
                $tagging.send().await.during($tag)?;
            }
            if let Some($keys) = retag.removed() {
                let $remove_call = &aws.$service;
                $untagging.send().await.during($untag)?;
            }
            Ok(())
        }
    };
}

retag! {
    /// Retags what EC2 calls `id`.
    ec2(id),
    "ec2:CreateTags": |ec2, set| ec2.create_tags().resources(id).set_tags(Some(set.list())),
    "ec2:DeleteTags": |ec2, keys| ec2.delete_tags().resources(id).set_tags(Some(
        keys.iter().map(|key| aws_sdk_ec2::types::Tag::builder().key(key).build()).collect(),
    )),
}

retag! {
    /// Retags the stream called `name`.
    kinesis(name),
    "kinesis:AddTagsToStream": |kinesis, set| kinesis.add_tags_to_stream().stream_name(name).set_tags(Some(set.map())),
    "kinesis:RemoveTagsFromStream": |kinesis, keys| kinesis.remove_tags_from_stream().stream_name(name).set_tag_keys(Some(keys)),
}

retag! {
    /// Retags the queue at `url`.
    sqs(url),
    "sqs:TagQueue": |sqs, set| sqs.tag_queue().queue_url(url).set_tags(Some(set.map())),
    "sqs:UntagQueue": |sqs, keys| sqs.untag_queue().queue_url(url).set_tag_keys(Some(keys)),
}

retag! {
    /// Retags the cluster, instance or group of `arn`.
    rds(arn),
    "rds:AddTagsToResource": |rds, set| rds.add_tags_to_resource().resource_name(arn).set_tags(Some(set.list())),
    "rds:RemoveTagsFromResource": |rds, keys| rds.remove_tags_from_resource().resource_name(arn).set_tag_keys(Some(keys)),
}

retag! {
    /// Retags the cluster, service or task definition of `arn`.
    ecs(arn),
    "ecs:TagResource": |ecs, set| ecs.tag_resource().resource_arn(arn).set_tags(Some(set.list())),
    "ecs:UntagResource": |ecs, keys| ecs.untag_resource().resource_arn(arn).set_tag_keys(Some(keys)),
}

retag! {
    /// Retags the role called `name`.
    iam(name),
    "iam:TagRole": |iam, set| iam.tag_role().role_name(name).set_tags(Some(set.list())),
    "iam:UntagRole": |iam, keys| iam.untag_role().role_name(name).set_tag_keys(Some(keys)),
}

retag! {
    /// Retags the log group of `arn`, which ends without `:*`.
    logs(arn),
    "logs:TagResource": |logs, set| logs.tag_resource().resource_arn(arn).set_tags(Some(set.map())),
    "logs:UntagResource": |logs, keys| logs.untag_resource().resource_arn(arn).set_tag_keys(Some(keys)),
}

retag! {
    /// Retags the alarm of `arn`.
    cloudwatch(arn),
    "cloudwatch:TagResource": |cloudwatch, set| cloudwatch.tag_resource().resource_arn(arn).set_tags(Some(set.list())),
    "cloudwatch:UntagResource": |cloudwatch, keys| cloudwatch.untag_resource().resource_arn(arn).set_tag_keys(Some(keys)),
}

retag! {
    /// Retags the secret of `arn`.
    secrets(arn),
    "secretsmanager:TagResource": |secrets, set| secrets.tag_resource().secret_id(arn).set_tags(Some(set.list())),
    "secretsmanager:UntagResource": |secrets, keys| secrets.untag_resource().secret_id(arn).set_tag_keys(Some(keys)),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::aws::tags::{NAME, OWNER};
    use crate::engine::{Address, Change, To};

    fn key() -> Key {
        Key {
            address: Address::new("vpc", "network/vpc"),
            name: "vpc-dev".to_owned(),
            owner: "home/media/dev".to_owned(),
            labels: BTreeMap::new(),
            token: None,
        }
    }

    fn changes(from: serde_json::Value) -> Changes {
        Changes(vec![Change { field: FIELD.to_owned(), from, to: To::Value(json!({})) }])
    }

    #[test]
    fn what_is_no_longer_wanted_goes_and_identity_is_put_back() {
        let wanted = Tags::from_iter([("team".to_owned(), "video".to_owned())]);
        let retag = Retag::of(&key(), &wanted, &changes(json!({ "old": "1", NAME: "wrong" }))).unwrap();
        assert_eq!(retag.remove, ["old"]);
        let set = retag.set.unwrap();
        assert_eq!(set.get("team"), Some("video"));
        assert_eq!(set.get(NAME), Some("vpc-dev"));
        assert_eq!(set.get(OWNER), Some("home/media/dev"));
    }

    #[test]
    fn what_stands_there_is_not_set_again() {
        let wanted = Tags::from_iter([("team".to_owned(), "video".to_owned())]);
        let set = |had| Retag::of(&key(), &wanted, &changes(had)).unwrap().set.is_some();
        assert!(!set(json!({ "team": "video", "old": "1" })));
        assert!(
            set(json!({ "team": "audio" })) && set(json!({})) && set(json!({ "team": "video", NAME: "" }))
        );
    }

    #[test]
    fn tags_that_do_not_change_cost_no_call() {
        assert_eq!(Retag::of(&key(), &Tags::default(), &Changes::default()), None);
    }
}
