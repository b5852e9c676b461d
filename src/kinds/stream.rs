//! The Kinesis stream into which videos are ingested.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::{
    EncryptionType, MetricsName, ScalingType, StreamDescriptionSummary, StreamModeDetails, StreamStatus,
    StreamSummary,
};
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect, Tags, retag};
use crate::engine::{
    Action, Changes, Data, Deleted, Depth, Failure, Key, Kind, Meaning, Ours, Output, Phase, Recall, Scope,
    Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ids::{StreamArn, StreamName};
use crate::kinds::sighting::{Mine, Sorted, prove};
use crate::kinds::tagged;
use crate::kinds::untagged::{self, Untagged};

/// A Kinesis data stream.
pub struct Stream;

/// What a stream should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamSpec {
    /// Who decides how many shards it has.
    pub mode: StreamMode,
    /// Its open shards when provisioned, at least 1; `null` on demand.
    pub shards: Option<i32>,
    /// For how long it keeps a record: 24 to 8760 hours.
    pub retention_hours: i32,
    /// The metrics that it reports for every shard, each by its own name, never as `ALL`.
    pub shard_metrics: BTreeSet<String>,
    /// The key that encrypts its records, as it is given (alias, id or ARN): `alias/aws/kinesis`; empty for none.
    pub encryption_key: String,
    /// The user's tags.
    pub tags: Tags,
}

/// Who decides how many shards a stream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StreamMode {
    /// We do.
    Provisioned,
    /// AWS does.
    OnDemand,
}

/// What others may use of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamOutputs {
    /// Its name.
    pub name: StreamName,
    /// Its ARN.
    pub arn: StreamArn,
    /// When it was made, in seconds since 1970: one of its name is made only once it is gone.
    pub created: Option<String>,
}

impl Stream {
    /// Its name.
    pub const ID: Output<Self, StreamName> = Output::new("name");
    /// Its ARN.
    pub const ARN: Output<Self, StreamArn> = Output::new("arn");
}

impl Kind for Stream {
    const NAME: &'static str = "stream";
    const HOLDS_DATA: Data = Data::Passing;
    const INCARNATION: Option<&'static str> = Some("created");
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "kinesis:CreateStream";
    // Kinesis shows at once what was written, and says itself while it is busy with it: a longer wait would only hold
    // up the next of several changes.
    const LAG: Duration = Duration::from_secs(2);
    const ACTIONS: &'static [Action] = &[
        tagged::ACTION,
        Action::called("kinesis:ListStreams", bounds::LOOK),
        Action::called("kinesis:ListTagsForStream", bounds::stream::NAMED),
        Action::called("kinesis:DescribeStreamSummary", bounds::stream::NAMED),
        Action::called("kinesis:CreateStream", bounds::stream::NEW),
        Action::called("kinesis:StartStreamEncryption", bounds::OUR_STREAM_AND_KEY),
        Action::implied(
            "kms:DescribeKey",
            "https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html",
            bounds::LOOK_AT_KEY,
        ),
        Action::called("kinesis:StopStreamEncryption", bounds::NEVER),
        Action::called("kinesis:IncreaseStreamRetentionPeriod", bounds::stream::OURS),
        Action::called("kinesis:DecreaseStreamRetentionPeriod", bounds::stream::OURS),
        Action::called("kinesis:UpdateStreamMode", bounds::UNBOUNDABLE),
        Action::called("kinesis:UpdateShardCount", bounds::UNBOUNDABLE),
        Action::called("kinesis:EnableEnhancedMonitoring", bounds::UNBOUNDABLE),
        Action::called("kinesis:DisableEnhancedMonitoring", bounds::UNBOUNDABLE),
        Action::called("kinesis:AddTagsToStream", bounds::stream::TAGGED),
        Action::called("kinesis:RemoveTagsFromStream", bounds::stream::OURS),
        Action::called("kinesis:DeleteStream", bounds::stream::OURS),
    ];

    type Cloud = Aws;
    type Spec = StreamSpec;
    type Outputs = StreamOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], depth: Depth) -> Result<Sightings<Self>, Failure> {
        let list = |_| list(aws);
        let tags = |stream: &Untagged<Seen>| tags(aws, stream.name.clone());
        let look = untagged::Look { aws, resource_type: "kinesis:stream", scopes, list, tags };
        let (sorted, mut described): (Sorted<Self, Seen>, _) = match depth {
            Depth::Status => (look.sort().await?, BTreeMap::new()),
            Depth::Audit => {
                let sorted = look.sort_unlisted(known).await?;
                let described = untagged::details(&sorted.ours, |stream| describe(aws, stream.id.clone()));
                let described = described.await;
                (sorted, described)
            }
        };
        Ok(sorted.sightings(scopes, |stream| {
            untagged::found(described.remove(&stream.id), |described| ours(stream, described))
        }))
    }

    async fn create(aws: &Aws, key: &Key, spec: StreamSpec) -> Result<StreamOutputs, Failure> {
        let tags_wanted = Tags::of(key, &spec.tags).map();
        let call = aws.kinesis.create_stream().stream_name(&key.name).set_tags(Some(tags_wanted));
        let call = call.stream_mode_details(spec.mode.details()?).set_shard_count(spec.shards_of_its_own());
        match call.send().await.during("kinesis:CreateStream") {
            Err(taken) if taken.is(Meaning::AlreadyExists) => {
                let standing = tags(aws, key.name.clone()).await?.unwrap_or_default();
                prove(key, &standing, taken)?;
            }
            made => drop(made?),
        }
        let arn = tagged::arn(aws, "kinesis", &format!("stream/{}", key.name));
        Ok(StreamOutputs { name: key.name.as_str().into(), arn: arn.into(), created: None })
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        stream: StreamOutputs,
        spec: StreamSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        retag::kinesis(aws, &stream.name.0, key, &spec.tags, changes).await?;
        let mut calls = spec.calls(changes).into_iter();
        if let Some(first) = calls.next() {
            first.make(aws, &stream).await?;
        }
        // Each call keeps the stream busy for a while, in which AWS refuses the next: that one is for a later pass.
        for call in calls {
            let described = describe(aws, stream.name.0.clone()).await?;
            if described.is_none_or(|described| described.stream_status != StreamStatus::Active) {
                break;
            }
            call.make(aws, &stream).await?;
        }
        Ok(())
    }

    async fn delete(
        aws: &Aws,
        StreamOutputs { name: StreamName(name), .. }: StreamOutputs,
    ) -> Result<Deleted, Failure> {
        // Consumers that someone registered go with it.
        let call = aws.kinesis.delete_stream().stream_name(&name).enforce_consumer_deletion(true);
        match call.send().await.during("kinesis:DeleteStream").or_absent() {
            Ok(None) => Ok(Deleted::Gone),
            Ok(Some(_)) => Ok(Deleted::Leaving),
            Err(busy) if busy.is(Meaning::InUse) => match describe(aws, name).await? {
                None => Ok(Deleted::Gone),
                Some(stream) if stream.stream_status == StreamStatus::Deleting => Ok(Deleted::Leaving),
                Some(_) => Err(busy),
            },
            Err(refused) => Err(refused),
        }
    }
}

/// A stream as it is before it is described.
struct Seen {
    arn: String,
    /// Where it was listed.
    status: Option<StreamStatus>,
    created: Option<DateTime>,
}

/// All that can be said of a stream that is not listed.
fn known(arn: &str) -> Option<Untagged<Seen>> {
    let (name, arn) = (tagged::name(arn)?.to_owned(), arn.to_owned());
    Some(Untagged { arn: arn.clone(), name, object: Seen { arn, status: None, created: None } })
}

async fn list(aws: &Aws) -> Result<Vec<Untagged<Seen>>, Failure> {
    let pages = aws.kinesis.list_streams().into_paginator().page_size(100).send();
    let pages: Vec<_> = pages.collect::<Result<_, _>>().await.during("kinesis:ListStreams")?;
    let streams = pages.into_iter().flat_map(|page| page.stream_summaries.unwrap_or_default());
    let untagged = |stream: StreamSummary| Untagged {
        arn: stream.stream_arn.clone(),
        name: stream.stream_name,
        object: Seen {
            arn: stream.stream_arn,
            status: Some(stream.stream_status),
            created: stream.stream_creation_timestamp,
        },
    };
    Ok(streams.map(untagged).collect())
}

async fn tags(aws: &Aws, name: String) -> Result<Option<Tags>, Failure> {
    // 50 are all that a stream can have.
    let call = aws.kinesis.list_tags_for_stream().stream_name(name).limit(50);
    let read = call.send().await.during("kinesis:ListTagsForStream").or_absent()?;
    Ok(read.map(|read| Tags::from(read.tags())))
}

async fn describe(aws: &Aws, name: String) -> Result<Option<StreamDescriptionSummary>, Failure> {
    let call = aws.kinesis.describe_stream_summary().stream_name(name);
    let read = call.send().await.during("kinesis:DescribeStreamSummary").or_absent()?;
    Ok(read.and_then(|read| read.stream_description_summary))
}

fn ours(stream: Mine<Seen>, described: Option<StreamDescriptionSummary>) -> Ours<Stream> {
    let Seen { arn, status, created } = stream.object;
    let phase = match described.as_ref().map(|described| &described.stream_status).or(status.as_ref()) {
        Some(StreamStatus::Active) => Phase::Ready,
        Some(StreamStatus::Deleting) => Phase::Leaving("deleting".into()),
        Some(status) => Phase::Settling(status.as_str().to_lowercase()),
        None => Phase::Settling("neither listed nor described".into()),
    };
    let created = described.as_ref().map(|described| described.stream_creation_timestamp).or(created);
    let outputs = StreamOutputs {
        name: stream.id.as_str().into(),
        arn: arn.into(),
        created: created.map(|created| created.secs().to_string()),
    };
    let tags = stream.tags;
    let spec = described.map(|described| StreamSpec {
        mode: StreamMode::of(described.stream_mode_details.as_ref()),
        shards: Some(described.open_shard_count),
        retention_hours: described.retention_period_hours,
        shard_metrics: shard_metrics(&described),
        encryption_key: encryption_key(described),
        tags,
    });
    Ours { id: stream.id, spec, outputs, phase }
}

fn shard_metrics(stream: &StreamDescriptionSummary) -> BTreeSet<String> {
    let all = MetricsName::All.as_str();
    let reported = stream.enhanced_monitoring.iter().flat_map(|metrics| metrics.shard_level_metrics());
    let mut names: BTreeSet<String> = reported.map(|metric| metric.as_str().to_owned()).collect();
    if names.remove(all) {
        names
            .extend(MetricsName::values().iter().filter(|name| **name != all).map(|name| (*name).to_owned()));
    }
    names
}

fn encryption_key(stream: StreamDescriptionSummary) -> String {
    let encrypted = stream.encryption_type == Some(EncryptionType::Kms);
    stream.key_id.filter(|_| encrypted).unwrap_or_default()
}

impl StreamMode {
    fn of(details: Option<&StreamModeDetails>) -> Self {
        match details.map(|details| &details.stream_mode) {
            Some(aws_sdk_kinesis::types::StreamMode::OnDemand) => Self::OnDemand,
            _ => Self::Provisioned,
        }
    }

    fn details(self) -> Result<StreamModeDetails, Failure> {
        let mode = match self {
            Self::Provisioned => aws_sdk_kinesis::types::StreamMode::Provisioned,
            Self::OnDemand => aws_sdk_kinesis::types::StreamMode::OnDemand,
        };
        StreamModeDetails::builder().stream_mode(mode).build().during("kinesis:UpdateStreamMode")
    }
}

/// A call that changes a stream, which is then busy for a while.
#[derive(Clone, Debug, PartialEq)]
enum Call {
    StartEncryption { key: String },
    StopEncryption { key: String },
    IncreaseRetention { hours: i32 },
    DecreaseRetention { hours: i32 },
    SetMode(StreamMode),
    Reshard { to: i32 },
    EnableMetrics(Vec<MetricsName>),
    DisableMetrics(Vec<MetricsName>),
}

impl StreamSpec {
    /// The number of shards, where it is ours to say.
    fn shards_of_its_own(&self) -> Option<i32> {
        self.shards.filter(|_| self.mode == StreamMode::Provisioned)
    }

    /// The calls that bring about `changes`: what protects records first, and last what AWS does only so often a day.
    fn calls(&self, changes: &Changes) -> Vec<Call> {
        let mut calls = Vec::new();
        if let Some(key) = changes.from("encryptionKey") {
            calls.push(match self.encryption_key.as_str() {
                "" => Call::StopEncryption { key },
                key => Call::StartEncryption { key: key.to_owned() },
            });
        }
        if let Some(now) = changes.from::<i32>("retentionHours") {
            let hours = self.retention_hours;
            let grows = hours > now;
            let call =
                if grows { Call::IncreaseRetention { hours } } else { Call::DecreaseRetention { hours } };
            calls.push(call);
        }
        if changes.has("mode") {
            calls.push(Call::SetMode(self.mode));
        }
        if let Some(now) = changes.from::<BTreeSet<String>>("shardMetrics") {
            let missing = metrics(&self.shard_metrics, &now);
            let surplus = metrics(&now, &self.shard_metrics);
            calls.extend((!missing.is_empty()).then_some(Call::EnableMetrics(missing)));
            calls.extend((!surplus.is_empty()).then_some(Call::DisableMetrics(surplus)));
        }
        if let (Some(open), Some(wanted)) = (changes.from("shards"), self.shards_of_its_own()) {
            calls.push(Call::Reshard { to: step(open, wanted) });
        }
        calls
    }
}

/// The next number of shards on the way from `open` to `wanted`: AWS at most doubles or halves it at a time.
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html>
fn step(open: i32, wanted: i32) -> i32 {
    wanted.min(open.saturating_mul(2)).max(open / 2 + open % 2)
}

fn metrics(these: &BTreeSet<String>, without: &BTreeSet<String>) -> Vec<MetricsName> {
    these.difference(without).map(|name| MetricsName::from(name.as_str())).collect()
}

impl Call {
    async fn make(self, aws: &Aws, stream: &StreamOutputs) -> Result<(), Failure> {
        let StreamOutputs { name: StreamName(name), arn: StreamArn(arn), .. } = stream;
        let kinesis = &aws.kinesis;
        match self {
            Self::StartEncryption { key } => {
                let call = kinesis.start_stream_encryption().stream_name(name);
                let call = call.encryption_type(EncryptionType::Kms).key_id(key);
                call.send().await.during("kinesis:StartStreamEncryption").map(drop)
            }
            Self::StopEncryption { key } => {
                let call = kinesis.stop_stream_encryption().stream_name(name);
                let call = call.encryption_type(EncryptionType::Kms).key_id(key);
                call.send().await.during("kinesis:StopStreamEncryption").map(drop)
            }
            Self::IncreaseRetention { hours } => {
                let call = kinesis.increase_stream_retention_period().stream_name(name);
                let call = call.retention_period_hours(hours);
                call.send().await.during("kinesis:IncreaseStreamRetentionPeriod").map(drop)
            }
            Self::DecreaseRetention { hours } => {
                let call = kinesis.decrease_stream_retention_period().stream_name(name);
                let call = call.retention_period_hours(hours);
                call.send().await.during("kinesis:DecreaseStreamRetentionPeriod").map(drop)
            }
            Self::SetMode(mode) => {
                let call = kinesis.update_stream_mode().stream_arn(arn).stream_mode_details(mode.details()?);
                call.send().await.during("kinesis:UpdateStreamMode").map(drop)
            }
            Self::Reshard { to } => {
                let call = kinesis.update_shard_count().stream_name(name).target_shard_count(to);
                let call = call.scaling_type(ScalingType::UniformScaling);
                call.send().await.during("kinesis:UpdateShardCount").map(drop)
            }
            Self::EnableMetrics(metrics) => {
                let call = kinesis.enable_enhanced_monitoring().stream_name(name);
                let call = call.set_shard_level_metrics(Some(metrics));
                call.send().await.during("kinesis:EnableEnhancedMonitoring").map(drop)
            }
            Self::DisableMetrics(metrics) => {
                let call = kinesis.disable_enhanced_monitoring().stream_name(name);
                let call = call.set_shard_level_metrics(Some(metrics));
                call.send().await.during("kinesis:DisableEnhancedMonitoring").map(drop)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::{Address, Change, To};

    fn spec() -> StreamSpec {
        StreamSpec {
            mode: StreamMode::Provisioned,
            shards: Some(8),
            retention_hours: 48,
            shard_metrics: BTreeSet::from(["IncomingBytes".to_owned(), "OutgoingBytes".to_owned()]),
            encryption_key: "alias/aws/kinesis".to_owned(),
            tags: Tags::default(),
        }
    }

    fn changes(from: &[(&str, Value)]) -> Changes {
        let change = |(field, from): &(&str, Value)| Change {
            field: (*field).to_owned(),
            from: from.clone(),
            to: To::KnownAfterApply,
        };
        Changes(from.iter().map(change).collect())
    }

    #[test]
    fn a_stream_is_told_from_a_later_one_of_its_name_however_deep_the_look() {
        let incarnation = |listed: Option<i64>, described: Option<i64>| {
            let described = described.map(|created| {
                let stream = StreamDescriptionSummary::builder().stream_name("s").stream_arn("arn");
                let stream = stream.stream_status(StreamStatus::Active).retention_period_hours(24);
                let stream = stream.stream_creation_timestamp(DateTime::from_secs(created));
                stream.set_enhanced_monitoring(Some(Vec::new())).open_shard_count(1).build().unwrap()
            });
            let created = listed.map(|created| DateTime::from_millis(created * 1000 + 250));
            let mine = Mine {
                scope: 0,
                address: Address::new("stream", "ingestion/stream"),
                id: "s".into(),
                tags: Tags::default(),
                remembered: false,
                object: Seen { arn: "arn".into(), status: Some(StreamStatus::Active), created },
            };
            ours(mine, described).outputs.created.unwrap()
        };
        assert_eq!(incarnation(Some(7), None), incarnation(None, Some(7)));
        assert_ne!(incarnation(Some(7), None), incarnation(Some(8), None));
    }

    #[test]
    fn resharding_goes_in_the_steps_that_aws_takes_and_arrives() {
        for (from, to) in [(1, 1), (1, 2), (2, 100), (100, 3), (5, 1), (7, 4), (3, 4)] {
            let mut open = from;
            for _ in 0..10 {
                let next = step(open, to);
                assert!(next <= 2 * open && 2 * next >= open, "{open} to {next}");
                open = next;
            }
            assert_eq!(open, to);
        }
        assert_eq!(step(2, 100), 4);
        assert_eq!(step(5, 1), 3);
    }

    #[test]
    fn a_new_stream_gets_what_its_creation_cannot_give_it() {
        let from = [("encryptionKey", json!("")), ("retentionHours", json!(24)), ("shardMetrics", json!([]))];
        assert_eq!(
            spec().calls(&changes(&from)),
            [
                Call::StartEncryption { key: "alias/aws/kinesis".into() },
                Call::IncreaseRetention { hours: 48 },
                Call::EnableMetrics(vec![MetricsName::IncomingBytes, MetricsName::OutgoingBytes]),
            ]
        );
    }

    #[test]
    fn metrics_are_enabled_and_disabled_by_name() {
        let from = [("shardMetrics", json!(["IncomingBytes", "IncomingRecords"]))];
        assert_eq!(
            spec().calls(&changes(&from)),
            [
                Call::EnableMetrics(vec![MetricsName::OutgoingBytes]),
                Call::DisableMetrics(vec![MetricsName::IncomingRecords]),
            ]
        );
    }

    #[test]
    fn on_demand_the_shards_are_left_to_aws() {
        let spec = StreamSpec { mode: StreamMode::OnDemand, encryption_key: String::new(), ..spec() };
        let from = [("mode", json!("PROVISIONED")), ("shards", json!(2)), ("encryptionKey", json!("k"))];
        assert_eq!(
            spec.calls(&changes(&from)),
            [Call::StopEncryption { key: "k".into() }, Call::SetMode(StreamMode::OnDemand)]
        );
    }
}
