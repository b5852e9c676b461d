//! An SQS queue: of jobs, or of those that failed too often.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName::{
    self, DelaySeconds, MessageRetentionPeriod, Policy, RedriveAllowPolicy, RedrivePolicy,
    SqsManagedSseEnabled, VisibilityTimeout,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aws::{Aws, During, Expect, Tags, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Input, Key, Kind, Meaning, Ours, Output, Phase, Recall, Scope,
    Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ids::{QueueArn, QueueName, QueueUrl};
use crate::kinds::sighting::{Mine, Sorted, prove};
use crate::kinds::tagged;
use crate::kinds::untagged::{self, Untagged};

/// An SQS queue.
pub struct Queue;

/// What a queue should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueSpec {
    /// For how long it keeps a message: 60 to 1209600 seconds.
    pub retention_seconds: i32,
    /// For how long a message that was received stays hidden from others: 0 to 43200 seconds.
    pub visibility_timeout_seconds: i32,
    /// For how long a new message stays hidden: 0 to 900 seconds.
    pub delay_seconds: i32,
    /// Where messages go that were received too often; `null` leaves it as it is.
    pub redrive: Option<Redrive>,
    /// The ARNs of the queues that may send such messages here, sorted; none for nobody, `*` alone for any.
    pub redrive_from: Vec<String>,
    /// Whether messages are encrypted with a key that SQS manages.
    pub encrypted: bool,
    /// The policy that lets others in than IAM lets in its account: JSON without blanks; empty for none.
    pub policy: String,
    /// The user's tags.
    pub tags: Tags,
}

/// Where messages go that were received too often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Redrive {
    /// The queue that they go to.
    pub target: Input<QueueArn>,
    /// How often one is received before: 1 to 1000 times.
    pub max_receive_count: i32,
}

/// What others may use of a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueOutputs {
    /// Its name.
    pub name: QueueName,
    /// Where it is called.
    pub url: QueueUrl,
    /// Its ARN.
    pub arn: QueueArn,
}

impl Queue {
    /// Its name.
    pub const ID: Output<Self, QueueName> = Output::new("name");
    /// Where it is called.
    pub const URL: Output<Self, QueueUrl> = Output::new("url");
    /// Its ARN.
    pub const ARN: Output<Self, QueueArn> = Output::new("arn");
}

impl Kind for Queue {
    const NAME: &'static str = "queue";
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "sqs:CreateQueue";
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    const LAG: Duration = Duration::from_secs(60);
    const ACTIONS: &'static [Action] = &[
        tagged::ACTION,
        Action::called("sqs:ListQueues", bounds::LOOK),
        Action::called("sqs:ListQueueTags", bounds::queue::NAMED),
        Action::called("sqs:GetQueueAttributes", bounds::queue::NAMED),
        Action::called("sqs:GetQueueUrl", bounds::queue::NAMED),
        Action::called("sqs:CreateQueue", bounds::queue::NEW),
        Action::called("sqs:SetQueueAttributes", bounds::queue::OURS),
        Action::called("sqs:TagQueue", bounds::queue::TAGGED),
        Action::called("sqs:UntagQueue", bounds::queue::OURS),
        Action::called("sqs:DeleteQueue", bounds::queue::OURS),
    ];

    type Cloud = Aws;
    type Spec = QueueSpec;
    type Outputs = QueueOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], depth: Depth) -> Result<Sightings<Self>, Failure> {
        let list = |names| list(aws, names);
        let tags = |queue: &Untagged<QueueUrl>| tags(aws, queue.object.clone());
        let look = untagged::Look { aws, resource_type: "sqs", scopes, list, tags };
        let (sorted, mut read): (Sorted<Self, QueueUrl>, _) = match depth {
            Depth::Status => (look.sort().await?, BTreeMap::new()),
            Depth::Audit => {
                let sorted = look.sort_unlisted(|arn| known(aws, arn)).await?;
                let read = untagged::details(&sorted.ours, |queue| attributes(aws, queue.object.clone()));
                let read = read.await;
                (sorted, read)
            }
        };
        sorted.ours.iter().for_each(|queue| keep(aws, &queue.id, &queue.object));
        Ok(sorted.sightings(scopes, |queue| {
            untagged::found(read.remove(&queue.id), |attributes| ours(aws, queue, attributes))
        }))
    }

    async fn create(aws: &Aws, key: &Key, spec: QueueSpec) -> Result<QueueOutputs, Failure> {
        let call =
            aws.sqs.create_queue().queue_name(&key.name).set_tags(Some(Tags::of(key, &spec.tags).map()));
        // An empty policy takes one away, which a new queue does not have.
        let said = |field: &str| field != "policy" || !spec.policy.is_empty();
        let call = call.set_attributes(Some(spec.attributes(said)?));
        // A queue that has this name and these attributes already is returned as if it were made now.
        let (url, doubt) = match call.send().await.during("sqs:CreateQueue") {
            Err(taken) if taken.is(Meaning::AlreadyExists) => (url(aws, &key.name).await?, taken),
            made => (made?.queue_url.unwrap_or_default().into(), unproven(&key.name)),
        };
        let standing = tags(aws, url.clone()).await?.unwrap_or_default();
        prove(key, &standing, doubt)?;
        keep(aws, &key.name, &url);
        Ok(outputs(aws, &key.name, url))
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        QueueOutputs { url: QueueUrl(url), .. }: QueueOutputs,
        spec: QueueSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        let attributes = spec.attributes(|field| changes.has(field))?;
        if !attributes.is_empty() {
            let call = aws.sqs.set_queue_attributes().queue_url(&url).set_attributes(Some(attributes));
            call.send().await.during("sqs:SetQueueAttributes")?;
        }
        retag::sqs(aws, &url, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        QueueOutputs { url: QueueUrl(url), .. }: QueueOutputs,
    ) -> Result<Deleted, Failure> {
        aws.sqs.delete_queue().queue_url(url).send().await.during("sqs:DeleteQueue").or_gone()?;
        Ok(Deleted::Gone)
    }
}

/// A queue that was seen before: its URL stays as long as its name.
fn known(aws: &Aws, arn: &str) -> Option<Untagged<QueueUrl>> {
    let url = aws.kept.get::<QueueUrl>(arn)?;
    Some(Untagged { arn: arn.to_owned(), name: tagged::name(arn)?.to_owned(), object: (*url).clone() })
}

fn keep(aws: &Aws, name: &str, url: &QueueUrl) {
    aws.kept.put(&tagged::arn(aws, "sqs", name), Arc::new(url.clone()));
}

async fn list(aws: &Aws, names: Vec<String>) -> Result<Vec<Untagged<QueueUrl>>, Failure> {
    let mut queues = Vec::new();
    for prefix in untagged::prefixes(&names) {
        let call = aws.sqs.list_queues().queue_name_prefix(prefix);
        let pages = call.into_paginator().page_size(1000).items().send();
        let urls: Vec<String> = pages.collect::<Result<_, _>>().await.during("sqs:ListQueues")?;
        queues.extend(urls.into_iter().map(|url| {
            let name = url.rsplit('/').next().unwrap_or_default().to_owned();
            Untagged { arn: tagged::arn(aws, "sqs", &name), name, object: url.into() }
        }));
    }
    Ok(queues)
}

async fn tags(aws: &Aws, QueueUrl(url): QueueUrl) -> Result<Option<Tags>, Failure> {
    let call = aws.sqs.list_queue_tags().queue_url(url);
    let read = call.send().await.during("sqs:ListQueueTags").or_absent()?;
    Ok(read.map(|read| Tags::from(read.tags())))
}

async fn url(aws: &Aws, name: &str) -> Result<QueueUrl, Failure> {
    let found = aws.sqs.get_queue_url().queue_name(name).send().await.during("sqs:GetQueueUrl")?;
    Ok(found.queue_url.unwrap_or_default().into())
}

/// What stands under our name does not say that it is ours, or not yet. The next look at it will tell.
fn unproven(name: &str) -> Failure {
    Failure {
        retry_after: Some(Duration::from_secs(2)),
        ..Failure::new(
            "sqs:CreateQueue",
            "NotProven",
            Meaning::Later,
            format!("The tags of {name} do not show that it is ours."),
        )
    }
}

type Attributes = HashMap<QueueAttributeName, String>;

async fn attributes(aws: &Aws, QueueUrl(url): QueueUrl) -> Result<Option<Attributes>, Failure> {
    let names = [
        MessageRetentionPeriod,
        VisibilityTimeout,
        DelaySeconds,
        RedrivePolicy,
        RedriveAllowPolicy,
        SqsManagedSseEnabled,
        Policy,
    ];
    let call = aws.sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(names.into()));
    let read = call.send().await.during("sqs:GetQueueAttributes").or_absent()?;
    Ok(read.map(|read| read.attributes.unwrap_or_default()))
}

fn outputs(aws: &Aws, name: &str, url: QueueUrl) -> QueueOutputs {
    QueueOutputs { name: name.into(), url, arn: tagged::arn(aws, "sqs", name).into() }
}

fn ours(aws: &Aws, queue: Mine<QueueUrl>, attributes: Option<Attributes>) -> Ours<Queue> {
    Ours {
        outputs: outputs(aws, &queue.id, queue.object),
        spec: attributes.map(|attributes| QueueSpec::read(&attributes, queue.tags)),
        id: queue.id,
        phase: Phase::Ready,
    }
}

impl QueueSpec {
    fn read(attributes: &Attributes, tags: Tags) -> Self {
        let text = |name| attributes.get(&name).map(String::as_str).unwrap_or_default();
        Self {
            retention_seconds: text(MessageRetentionPeriod).parse().unwrap_or_default(),
            visibility_timeout_seconds: text(VisibilityTimeout).parse().unwrap_or_default(),
            delay_seconds: text(DelaySeconds).parse().unwrap_or_default(),
            redrive: Redrive::read(text(RedrivePolicy)),
            redrive_from: redrive_from(text(RedriveAllowPolicy)),
            encrypted: text(SqsManagedSseEnabled) == "true",
            policy: without_blanks(text(Policy)),
            tags,
        }
    }

    /// Those of the queue's attributes whose field is `wanted`.
    fn attributes(&self, wanted: impl Fn(&str) -> bool) -> Result<Attributes, Failure> {
        let redrive = self.redrive.as_ref().map(Redrive::policy).transpose()?;
        let all = [
            ("retentionSeconds", MessageRetentionPeriod, Some(self.retention_seconds.to_string())),
            (
                "visibilityTimeoutSeconds",
                VisibilityTimeout,
                Some(self.visibility_timeout_seconds.to_string()),
            ),
            ("delaySeconds", DelaySeconds, Some(self.delay_seconds.to_string())),
            ("redrive", RedrivePolicy, redrive),
            ("redriveFrom", RedriveAllowPolicy, Some(redrive_allow_policy(&self.redrive_from))),
            ("encrypted", SqsManagedSseEnabled, Some(self.encrypted.to_string())),
            ("policy", Policy, Some(self.policy.clone())),
        ];
        let wanted = all.into_iter().filter(|(field, ..)| wanted(field));
        Ok(wanted.filter_map(|(_, name, value)| Some((name, value?))).collect())
    }
}

fn without_blanks(policy: &str) -> String {
    let document: Result<Value, _> = serde_json::from_str(policy);
    document.map_or(policy.to_owned(), |document| document.to_string())
}

impl Redrive {
    fn read(policy: &str) -> Option<Self> {
        let policy: Value = serde_json::from_str(policy).ok()?;
        let target = policy.get("deadLetterTargetArn")?.as_str()?;
        let count = policy.get("maxReceiveCount")?;
        // SQS gives the number back as it was given: as one, or as text.
        let count = count.as_i64().or_else(|| count.as_str()?.parse().ok())?;
        Some(Self { target: QueueArn::from(target).into(), max_receive_count: i32::try_from(count).ok()? })
    }

    fn policy(&self) -> Result<String, Failure> {
        let QueueArn(target) = self.target.known()?;
        Ok(json!({ "deadLetterTargetArn": target, "maxReceiveCount": self.max_receive_count }).to_string())
    }
}

/// Any queue may, which is also what SQS assumes where nothing is said.
const ANY: &str = "*";

fn redrive_from(policy: &str) -> Vec<String> {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let sources = policy["sourceQueueArns"].as_array().into_iter().flatten();
    let mut sources: Vec<String> = sources.filter_map(|arn| arn.as_str().map(str::to_owned)).collect();
    sources.sort();
    match policy["redrivePermission"].as_str() {
        Some("denyAll") => Vec::new(),
        Some("byQueue") => sources,
        _ => vec![ANY.to_owned()],
    }
}

fn redrive_allow_policy(from: &[String]) -> String {
    let policy = match from {
        [] => json!({ "redrivePermission": "denyAll" }),
        [any] if any == ANY => json!({ "redrivePermission": "allowAll" }),
        sources => json!({ "redrivePermission": "byQueue", "sourceQueueArns": sources }),
    };
    policy.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_read_back() {
        for redrive_from in [vec![], vec!["*".to_owned()], vec!["arn:a".to_owned(), "arn:b".to_owned()]] {
            let spec = QueueSpec {
                retention_seconds: 1_209_600,
                visibility_timeout_seconds: 900,
                delay_seconds: 5,
                redrive: Some(Redrive {
                    target: QueueArn::from("arn:aws:sqs:eu-west-1:1:dlq").into(),
                    max_receive_count: 3,
                }),
                redrive_from,
                encrypted: true,
                policy: r#"{"Version":"2012-10-17"}"#.to_owned(),
                tags: Tags::default(),
            };
            let attributes = spec.attributes(|_| true).unwrap();
            assert_eq!(QueueSpec::read(&attributes, Tags::default()), spec);
        }
    }

    #[test]
    fn a_policy_that_another_tool_wrote_is_understood() {
        let text = r#"{"maxReceiveCount":"5","deadLetterTargetArn":"arn:a"}"#;
        assert_eq!(Redrive::read(text).map(|redrive| redrive.max_receive_count), Some(5));
        assert_eq!(Redrive::read(""), None);
        assert_eq!(without_blanks("{ \"Version\": \"2012-10-17\" }"), r#"{"Version":"2012-10-17"}"#);
        assert_eq!(without_blanks(""), "");
        assert_eq!(redrive_from(""), ["*"], "without a policy any queue may");
        let text = r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:b","arn:a"]}"#;
        assert_eq!(redrive_from(text), ["arn:a", "arn:b"]);
    }

    #[test]
    fn only_what_changes_is_set() {
        let spec = QueueSpec {
            retention_seconds: 60,
            visibility_timeout_seconds: 0,
            delay_seconds: 0,
            redrive: None,
            redrive_from: Vec::new(),
            encrypted: true,
            policy: String::new(),
            tags: Tags::default(),
        };
        let attributes = spec.attributes(|field| field == "retentionSeconds").unwrap();
        assert_eq!(attributes, HashMap::from([(MessageRetentionPeriod, "60".to_owned())]));
        assert!(!spec.attributes(|_| true).unwrap().contains_key(&RedrivePolicy));
    }
}
