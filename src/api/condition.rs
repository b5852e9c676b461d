//! Conditions: what `kubectl wait`, `kubectl describe` and delivery tools read.
//!
//! They follow the conventions of the Kubernetes API and of kstatus: there is one condition for each layer, `Ready`
//! sums up, and `Reconciling` and `Stalled` say whether the operator goes on or needs a person.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One condition, as Kubernetes defines it for every resource.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What the condition is about, such as `Ready` or `NetworkReady`; at most 64 characters.
    #[serde(rename = "type")]
    #[schemars(length(max = 64))]
    pub type_: String,

    /// Whether it is true, false or not known.
    pub status: ConditionStatus,

    /// Why, as one CamelCase word, at most 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub reason: String,

    /// Why, for people, at most 4096 characters.
    #[serde(default)]
    #[schemars(length(max = 4096))]
    pub message: String,

    /// Generation of the resource that the condition speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// When `status` last changed.
    #[schemars(with = "String", length(max = 40), extend("format" = "date-time"))]
    pub last_transition_time: Timestamp,
}

/// Whether a condition holds.
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody knows; also whatever a later version of the operator may have written.
    #[serde(other)]
    Unknown,
}

impl From<bool> for ConditionStatus {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// Declares an enum of CamelCase words with what each means, and the list of all of them. Either all words of an enum have a
/// remedy or none has: a row that lacks one fits neither form.
macro_rules! words {
    ($(#[$attribute:meta])* $name:ident { $($variant:ident = $meaning:literal,)+ }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $meaning] $variant,)+
        }

        impl $name {
            /// All of them, in the order in which people read them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word on the resource.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }

            /// What it means.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
    ($(#[$attribute:meta])* $name:ident { $($variant:ident = $meaning:tt => $remedy:literal,)+ }) => {
        words! { $(#[$attribute])* $name { $($variant = $meaning,)+ } }

        impl $name {
            /// What a person does about it; `nothing`, with why or what else there is, where nothing has to be done.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)+ }
            }
        }
    };
}

words! {
    /// What a condition is about.
    ConditionType {
        NetworkReady = "The VPC with its gateway, subnets, route tables and security groups is as wanted.",
        IngestionReady = "The stream, the job queue and the dead-letter queue are as wanted.",
        StorageReady = "The database is as wanted and its writer is available.",
        ProcessingReady = "Roles, log groups, cluster, task definition and service are as wanted; the service is steady.",
        MonitoringReady = "Alarms are as wanted; whether one has gone off does not matter.",
        Ready = "Every resource of the environment is as wanted.",
        Reconciling = "The operator is changing AWS, or waits for AWS to finish a change.",
        Stalled = "The operator cannot go on without a person; it looks again slowly, and at once when the resource changes.",
        DesiredCountIgnored = "AWS chooses the number of tasks, so spec.processing.desiredCount has no effect.",
    }
}

words! {
    /// Why a condition is as it is.
    Reason {
        AsWanted = "Everything is as wanted."
            => "nothing: every field is compared again in each audit period",
        Creating = "Resources are being created."
            => "nothing: most of the time is the database's; `kubectl vp status NAME` shows how far it is",
        Updating = "Resources are being changed, because the resource asks for it."
            => "nothing: `kubectl vp status NAME` shows how far it is",
        RepairingDrift = "Resources are being changed back that somebody changed or deleted in AWS."
            => "nothing: to try something by hand, set spec.suspend to true first",
        RollingOut = "The service is replacing its tasks."
            => "nothing: where the new tasks do not become healthy, AWS ends it, and the reason is then RolledBack or Broken",
        Deleting = "Resources are being deleted, dependants first."
            => "nothing: the resource goes when nothing is left",
        WaitingForAws = "AWS works on a change that it has accepted."
            => "nothing if it passes in some minutes; otherwise remove what the message names as in the way, unless this pipeline made it",
        WaitingForDependency = "Another resource must be as wanted first."
            => "nothing: the message names what it waits for; where that stands still, its own condition says what to do",
        WaitingForDeletion = "AWS does not let a resource go yet; the message names what holds it."
            => "nothing if it passes in some minutes; otherwise remove what the message names, unless this pipeline made it",
        NotObserved = "AWS could not be read, so nothing is decided about what was not seen."
            => "nothing if it passes in some minutes; otherwise what the message of Ready says",
        InvalidSpec = "The spec asks for something that cannot be; the message says what is allowed."
            => "correct the field that the message names, and apply the resource again",
        Conflict = "A resource of the same name stands in AWS and belongs to somebody else; it is not touched."
            => "remove or rename the other one, or create the pipeline under another environmentSuffix; where the owner that the message names is gone for good, take its environment over with streamflix.io/adopt-from",
        OwnershipLost = "A resource that the operator made no longer carries its tags."
            => "run the command in the message: it puts the tags back",
        ConsentNeeded = "A step would replace or delete what holds data; it waits for consent."
            => "look at `kubectl vp plan NAME`; run the command in the message if the data may go, or take the change back",
        DeletionProtected = "spec.database.deletionProtection is true, so nothing is deleted before that is changed."
            => "set spec.database.deletionProtection to false to delete it all, or spec.deletionPolicy to Retain to leave it all in AWS",
        NotChangeable = "AWS cannot change a field in place on what holds data."
            => "take the change back, or create a second pipeline; where the message speaks of steps that wait for each other, report it as a fault of the operator",
        DataGone = "A database that was ready is gone; it is not silently made anew."
            => "restore the database under its old name, or run the command in the message, which consents to an empty one",
        Broken = "A resource stands in AWS and does not work; the message says why."
            => "do what the message says; for a service, see the stopped tasks and their logs, too",
        RolledBack = "AWS rolled back the last deployment because its tasks did not become healthy."
            => "see the stopped tasks and their logs, and change the image or the configuration; without a change it is rolled out once more within an hour",
        RoleNotAllowed = "The operator's settings do not let the namespace use the role of spec.account.roleArn."
            => "have whoever runs the operator add the role to aws.accounts of the chart, or create the pipeline with a role that is allowed",
        RegionNotAllowed = "The operator's settings do not let environments live in spec.region."
            => "create the pipeline in a region that the message names, or have whoever runs the operator add this one to aws.regions of the chart",
        AdoptionNotAllowed = "The operator's settings do not let the namespace take over what belongs to the owner of streamflix.io/adopt-from."
            => "remove the annotation, or have whoever runs the operator add the owner to adoptions of the chart",
        OtherAccount = "The operator's credentials are of another AWS account than that in which the environment stands."
            => "give the operator credentials of the account that the message names; where the environment is given up, set spec.deletionPolicy to Retain and delete the resource",
        AccessDenied = "AWS refuses an operation to the operator's identity."
            => "add what the message names to the policy of the identity: `video-pipeline-operator iam-policy` prints the whole; where a policy or a boundary denies it, change that one",
        CredentialsRejected = "The operator has no AWS credentials, or AWS does not accept them."
            => "see to what the message names: the operator's role, Secret or clock, the trust policy of the role of spec.account.roleArn, or a region that the account has to enable",
        RegionUnreachable = "No answer comes from AWS in this region."
            => "check the region's name, DNS, network policies and proxies; it is tried again by itself",
        QuotaExceeded = "A quota of the AWS account is used up."
            => "raise the quota (Service Quotas, the service that the message names), or remove what is no longer needed; it is tried again by itself",
        Throttled = "AWS asks for fewer calls; the operator goes slower."
            => "nothing: it goes on more slowly by itself",
        AwsRefused = "AWS refuses an operation as it stands; the message has AWS's own words."
            => "change the field, or see to the KMS key, that the message names; if the spec is right, report it as a fault of the operator",
        AwsFailed = "AWS could not do an operation for a reason of its own; it is tried again."
            => "nothing: it is tried again by itself",
        Suspended = "spec.suspend is true: AWS is observed and not changed."
            => "nothing: set spec.suspend to false when the operator is to go on",
        Retained = "The AWS resources stay, because spec.deletionPolicy is Retain."
            => "nothing: a resource of the same name in the same namespace finds them again, another one takes them over with streamflix.io/adopt-from",
        AutoscalingOn = "spec.processing.autoscaling is set."
            => "nothing: change minCount and maxCount instead, or remove spec.processing.autoscaling",
        Idle = "There is nothing to do."
            => "nothing: Ready and Stalled say whether something else is to be done",
    }
}

impl Condition {
    /// A condition as of `now`.
    pub fn new(
        type_: ConditionType,
        status: impl Into<ConditionStatus>,
        reason: Reason,
        message: impl Into<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            type_: type_.to_string(),
            status: status.into(),
            reason: reason.to_string(),
            message: message.into(),
            observed_generation: None,
            last_transition_time: whole_second(now),
        }
    }
}

/// The conditions to write: `wanted`, each with the time at which its status really changed.
///
/// Without this, every pass would write a new time, and the write would wake the next pass.
pub fn merge(previous: &[Condition], wanted: Vec<Condition>, generation: Option<i64>) -> Vec<Condition> {
    wanted
        .into_iter()
        .map(|condition| {
            let before = previous.iter().find(|p| p.type_ == condition.type_ && p.status == condition.status);
            Condition {
                observed_generation: generation,
                last_transition_time: before
                    .map_or(condition.last_transition_time, |before| before.last_transition_time),
                ..condition
            }
        })
        .collect()
}

/// Kubernetes keeps times to the second.
pub(crate) fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64, status: bool, reason: Reason) -> Condition {
        Condition::new(
            ConditionType::Ready,
            status,
            reason,
            "",
            Timestamp::new(second, 500_000_000).expect("a time"),
        )
    }

    #[test]
    fn a_new_reason_keeps_the_time_and_a_new_status_does_not() {
        let before = merge(&[], vec![at(10, false, Reason::Creating)], Some(1));

        let same_status = merge(&before, vec![at(20, false, Reason::Updating)], Some(2));
        assert_eq!(same_status[0].last_transition_time.as_second(), 10);
        assert_eq!(same_status[0].reason, "Updating");
        assert_eq!(same_status[0].observed_generation, Some(2));

        let other_status = merge(&same_status, vec![at(30, true, Reason::AsWanted)], Some(2));
        assert_eq!(other_status[0].last_transition_time.as_second(), 30);
    }

    #[test]
    fn a_condition_is_written_as_kubernetes_writes_it() {
        assert_eq!(
            serde_json::to_value(at(10, true, Reason::AsWanted)).expect("JSON"),
            serde_json::json!({
                "type": "Ready", "status": "True", "reason": "AsWanted", "message": "",
                "lastTransitionTime": "1970-01-01T00:00:10Z",
            })
        );
    }

    #[test]
    fn every_remedy_fits_into_a_cell_of_a_table_and_into_a_row_of_parts() {
        for reason in Reason::ALL {
            let remedy = reason.remedy();
            assert!(remedy.starts_with(|first: char| first.is_ascii_lowercase()), "{reason}: {remedy}");
            assert!(!remedy.ends_with('.') && !remedy.contains(['|', '\n']), "{reason}: {remedy}");
        }
    }

    #[test]
    fn a_status_of_a_later_version_reads_as_unknown() {
        let status: ConditionStatus = serde_json::from_str(r#""Perhaps""#).expect("a status");
        assert_eq!(status, ConditionStatus::Unknown);
    }
}
