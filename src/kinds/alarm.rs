//! An alarm of CloudWatch on one metric.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, Dimension, MetricAlarm, StandardUnit, Statistic,
};
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, During, Expect, Tags, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Input, Key, Kind, Meaning, Ours, Output, Phase, Recall,
    Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::ids::{AlarmArn, AlarmName};
use crate::kinds::sighting::{Mine, Sorted, prove};
use crate::kinds::tagged;
use crate::kinds::untagged::{self, Untagged};

/// An alarm. Whether it is in ALARM state is nobody's concern here.
pub struct Alarm;

/// What an alarm should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmSpec {
    /// Whose metric it watches: `AWS/Kinesis`.
    pub namespace: String,
    /// The metric: `GetRecords.IteratorAgeMilliseconds`.
    pub metric: String,
    /// Of what: by dimension, the name of the thing.
    pub dimensions: BTreeMap<String, Input<String>>,
    /// The unit of the values that count: `Seconds`; or `any`.
    pub unit: String,
    /// What becomes of the values of one period: `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount`.
    pub statistic: String,
    /// One period: 10, 20, 30 or a multiple of 60 seconds.
    pub period_seconds: i32,
    /// The last so many periods count, at least 1.
    pub evaluation_periods: i32,
    /// It goes into ALARM state when so many of them breach, 1 to `evaluationPeriods`.
    pub datapoints_to_alarm: i32,
    /// What the statistic is compared with, in the metric's unit.
    pub threshold: f64,
    /// How: `GreaterThanThreshold`, `GreaterThanOrEqualToThreshold`, `LessThanThreshold` or
    /// `LessThanOrEqualToThreshold`.
    pub comparison: String,
    /// What a period without values is: `breaching`, `notBreaching`, `ignore`, `missing`.
    pub missing_data: String,
    /// The ARNs of what is both an alarm action and an OK action. Read back, what is only the one or the other says so.
    pub actions: BTreeSet<String>,
    /// Whether anybody is told at all.
    pub actions_enabled: bool,
    /// What it means, for people.
    pub description: String,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmOutputs {
    /// Its name.
    pub name: AlarmName,
    /// Its ARN.
    pub arn: AlarmArn,
}

/// The unit of an alarm that counts every value, which is also what AWS assumes where nothing is said.
pub const ANY_UNIT: &str = "any";

impl Alarm {
    /// Its name.
    pub const ID: Output<Self, AlarmName> = Output::new("name");
}

impl Kind for Alarm {
    const NAME: &'static str = "alarm";
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "cloudwatch:PutMetricAlarm";
    const ACTIONS: &'static [Action] = &[
        tagged::ACTION,
        Action::called("cloudwatch:DescribeAlarms", bounds::LOOK),
        Action::called("cloudwatch:ListTagsForResource", bounds::alarm::NAMED),
        Action::called("cloudwatch:PutMetricAlarm", bounds::alarm::TAGGED),
        Action::called("cloudwatch:TagResource", bounds::alarm::TAGGED),
        Action::called("cloudwatch:UntagResource", bounds::alarm::OURS),
        Action::called("cloudwatch:DeleteAlarms", bounds::alarm::OURS),
    ];

    type Cloud = Aws;
    type Spec = AlarmSpec;
    type Outputs = AlarmOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let list = |names| list(aws, names);
        let tags = |alarm: &Untagged<MetricAlarm>| tags(aws, alarm.arn.clone());
        let look = untagged::Look { aws, resource_type: "cloudwatch:alarm", scopes, list, tags };
        let sorted: Sorted<Self, MetricAlarm> = look.sort().await?;
        Ok(sorted.sightings(scopes, |alarm| Found::Ours(ours(alarm))))
    }

    async fn create(aws: &Aws, key: &Key, spec: AlarmSpec) -> Result<AlarmOutputs, Failure> {
        // The call changes a stranger's alarm of this name: it is made only because the observation that it rests on,
        // of a moment ago, found none. Should there be one nevertheless, it keeps its tags, which tell.
        let call = put(aws, &key.name, &spec)?.set_tags(Some(Tags::of(key, &spec.tags).list()));
        call.send().await.during("cloudwatch:PutMetricAlarm")?;
        let arn = tagged::arn(aws, "cloudwatch", &format!("alarm:{}", key.name));
        let standing = tags(aws, arn.clone()).await?.unwrap_or_default();
        prove(key, &standing, taken(&key.name))?;
        Ok(AlarmOutputs { name: key.name.as_str().into(), arn: arn.into() })
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        AlarmOutputs { name: AlarmName(name), arn: AlarmArn(arn) }: AlarmOutputs,
        spec: AlarmSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        if changes.0.iter().any(|change| change.field != "tags") {
            put(aws, &name, &spec)?.send().await.during("cloudwatch:PutMetricAlarm")?;
        }
        retag::cloudwatch(aws, &arn, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        AlarmOutputs { name: AlarmName(name), .. }: AlarmOutputs,
    ) -> Result<Deleted, Failure> {
        let call = aws.cloudwatch.delete_alarms().alarm_names(name);
        call.send().await.during("cloudwatch:DeleteAlarms").or_gone()?;
        Ok(Deleted::Gone)
    }
}

/// How many names AWS takes in one call.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>
const NAMES: usize = 100;

async fn list(aws: &Aws, names: Vec<String>) -> Result<Vec<Untagged<MetricAlarm>>, Failure> {
    let mut alarms = Vec::new();
    for names in names.chunks(NAMES) {
        let call = aws.cloudwatch.describe_alarms().set_alarm_names(Some(names.to_vec()));
        let pages = call.alarm_types(AlarmType::MetricAlarm).into_paginator().page_size(100).send();
        let pages: Vec<_> = pages.collect::<Result<_, _>>().await.during("cloudwatch:DescribeAlarms")?;
        alarms.extend(pages.into_iter().flat_map(|page| page.metric_alarms.unwrap_or_default()));
    }
    let untagged = |alarm: MetricAlarm| Untagged {
        arn: alarm.alarm_arn.clone().unwrap_or_default(),
        name: alarm.alarm_name.clone().unwrap_or_default(),
        object: alarm,
    };
    Ok(alarms.into_iter().map(untagged).collect())
}

fn taken(name: &str) -> Failure {
    Failure::new(
        "cloudwatch:PutMetricAlarm",
        "AlarmAlreadyExists",
        Meaning::AlreadyExists,
        format!("An alarm called {name} exists already."),
    )
}

async fn tags(aws: &Aws, arn: String) -> Result<Option<Tags>, Failure> {
    let call = aws.cloudwatch.list_tags_for_resource().resource_arn(arn);
    let read = call.send().await.during("cloudwatch:ListTagsForResource").or_absent()?;
    Ok(read.map(|read| Tags::from(read.tags())))
}

/// The call that makes the alarm, or an existing one, what it should be; but for the tags, which it takes only for a
/// new one.
fn put(aws: &Aws, name: &str, spec: &AlarmSpec) -> Result<PutMetricAlarmFluentBuilder, Failure> {
    let dimension = |(name, value): (&String, &Input<String>)| {
        Ok(Dimension::builder().name(name).value(value.known()?).build())
    };
    let dimensions = spec.dimensions.iter().map(dimension).collect::<Result<_, _>>()?;
    let actions = || Some(spec.actions.iter().cloned().collect());
    let call = aws.cloudwatch.put_metric_alarm().alarm_name(name).alarm_description(&spec.description);
    let call = call.namespace(&spec.namespace).metric_name(&spec.metric).set_dimensions(Some(dimensions));
    let call = call.statistic(Statistic::from(spec.statistic.as_str())).period(spec.period_seconds);
    let call = call.evaluation_periods(spec.evaluation_periods).datapoints_to_alarm(spec.datapoints_to_alarm);
    let call = call.set_unit((spec.unit != ANY_UNIT).then(|| StandardUnit::from(spec.unit.as_str())));
    let call = call.actions_enabled(spec.actions_enabled);
    let call = call.threshold(spec.threshold).treat_missing_data(&spec.missing_data);
    let call = call.comparison_operator(ComparisonOperator::from(spec.comparison.as_str()));
    Ok(call.set_alarm_actions(actions()).set_ok_actions(actions()))
}

fn ours(alarm: Mine<MetricAlarm>) -> Ours<Alarm> {
    let seen = alarm.object;
    let actions = actions(seen.alarm_actions(), seen.ok_actions());
    let evaluation_periods = seen.evaluation_periods.unwrap_or_default();
    let statistic = seen.statistic.map(|statistic| statistic.as_str().to_owned());
    let dimension = |dimension: Dimension| Some((dimension.name?, dimension.value?.into()));
    let spec = AlarmSpec {
        namespace: seen.namespace.unwrap_or_default(),
        metric: seen.metric_name.unwrap_or_default(),
        dimensions: seen.dimensions.unwrap_or_default().into_iter().filter_map(dimension).collect(),
        unit: seen.unit.map_or(ANY_UNIT.to_owned(), |unit| unit.as_str().to_owned()),
        statistic: statistic.or(seen.extended_statistic).unwrap_or_default(),
        period_seconds: seen.period.unwrap_or_default(),
        evaluation_periods,
        datapoints_to_alarm: seen.datapoints_to_alarm.unwrap_or(evaluation_periods),
        threshold: seen.threshold.unwrap_or_default(),
        comparison: seen.comparison_operator.map(|how| how.as_str().to_owned()).unwrap_or_default(),
        missing_data: seen.treat_missing_data.unwrap_or_else(|| "missing".to_owned()),
        actions,
        actions_enabled: seen.actions_enabled.unwrap_or(true),
        description: seen.alarm_description.unwrap_or_default(),
        tags: alarm.tags,
    };
    let outputs =
        AlarmOutputs { name: alarm.id.as_str().into(), arn: seen.alarm_arn.unwrap_or_default().into() };
    Ours { id: alarm.id, spec: Some(spec), outputs, phase: Phase::Ready }
}

/// The alarm actions and the OK actions; what is only the one or the other says so, so that it differs from what is wanted.
fn actions(alarm: &[String], ok: &[String]) -> BTreeSet<String> {
    let told = |action: &String| match (alarm.contains(action), ok.contains(action)) {
        (true, false) => format!("{action} (only an alarm action)"),
        (false, true) => format!("{action} (only an OK action)"),
        _ => action.clone(),
    };
    alarm.iter().chain(ok).map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_an_alarm_action_or_an_ok_action_is_a_difference() {
        let (a, b) = ("arn:a".to_owned(), "arn:b".to_owned());
        let of = |alarm: &[&String], ok: &[&String]| {
            let owned = |these: &[&String]| these.iter().map(|one| (*one).clone()).collect::<Vec<_>>();
            actions(&owned(alarm), &owned(ok))
        };
        assert_eq!(of(&[&a, &b], &[&b, &a]), BTreeSet::from([a.clone(), b.clone()]));
        assert_ne!(of(&[&a], &[]), BTreeSet::from([a.clone()]));
        assert_ne!(of(&[], &[&b]), BTreeSet::new());
        assert_eq!(of(&[], &[]), BTreeSet::new());
    }
}
