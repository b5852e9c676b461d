//! A failure in plain words: what it means, and what to do about it.

use std::fmt;

use crate::engine::{Failure, Meaning};

/// What a person should read beside AWS's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What it means.
    pub cause: String,
    /// What to do; also when that is nothing.
    pub action: String,
}

impl Explanation {
    fn new(cause: impl Into<String>, action: impl Into<String>) -> Self {
        Self { cause: cause.into(), action: action.into() }
    }

    /// What `failure` means and what to do about it.
    pub fn of(failure: &Failure) -> Self {
        match failure.meaning {
            Meaning::Denied => denied(failure),
            Meaning::Credentials => credentials(failure),
            Meaning::Quota => quota(failure),
            Meaning::Transient => transient(failure),
            Meaning::Invalid => invalid(failure),
            Meaning::Throttled => Self::new(
                "AWS, or our own share of its limits, allows no more of these calls just now",
                "nothing: it goes on more slowly by itself",
            ),
            Meaning::InUse
                if failure.operation.starts_with("rds:") && failure.message.contains("is stopped") =>
            {
                Self::new(
                    "AWS deletes no database that is stopped",
                    "start it, or wait for AWS to start it seven days after it was stopped",
                )
            }
            Meaning::InUse => Self::new(
                "something still uses it, or it is busy with an earlier change",
                "nothing if it passes in some minutes; otherwise remove what the message names, unless this \
                 pipeline made it",
            ),
            Meaning::NotFound => Self::new(
                "it, or something that it refers to, is not there, or AWS does not show it everywhere yet",
                "nothing: what is missing is looked for again and made anew where that loses nothing",
            ),
            Meaning::AlreadyExists => Self::new(
                "something of this name, or in this place, is there already",
                "nothing if it is this pipeline's own: it is taken up at the next pass; otherwise rename or \
                 remove the other one",
            ),
            Meaning::Later => Self::new(
                match failure.retry_after {
                    Some(after) => format!("AWS allows this only after about {} s", after.as_secs()),
                    None => "AWS allows this only later".to_owned(),
                },
                "nothing: it is tried again then",
            ),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.cause, self.action)
    }
}

const POLICY: &str = "`video-pipeline-operator iam-policy` prints the whole policy";

fn denied(failure: &Failure) -> Explanation {
    let message = &failure.message;
    match failure.code.as_str() {
        "OptInRequired" | "SubscriptionRequiredException" => {
            return Explanation::new(
                "the account does not use this service or region yet",
                "enable it in the AWS account's settings",
            );
        }
        "PendingVerification" | "Blocked" | "BlockedException" => {
            return Explanation::new("AWS has restricted the account", "ask AWS Support");
        }
        _ => {}
    }
    let action = word_after(message, "not authorized to perform: ").unwrap_or(&failure.operation);
    let resource = word_after(message, "on resource: ").map(|on| format!(" on {on}")).unwrap_or_default();
    let identity = word_after(message, "User: ").map_or("the operator's identity".to_owned(), str::to_owned);
    if message.contains("explicit deny") {
        let policy = denying_policy(message);
        return Explanation::new(
            format!("{policy} denies {identity} the action {action}{resource}"),
            "change that policy: permissions given elsewhere do not overrule it",
        );
    }
    if message.contains("permissions boundary") {
        return Explanation::new(
            format!("the permissions boundary of {identity} does not allow {action}{resource}"),
            format!("add the action to the boundary; {POLICY}"),
        );
    }
    Explanation::new(format!("{identity} lacks {action}{resource}"), format!("add it; {POLICY}"))
}

/// Which policy AWS says refuses, as far as it says.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
fn denying_policy(message: &str) -> &'static str {
    const POLICIES: [(&str, &str); 5] = [
        ("service control policy", "a service control policy of the organization"),
        ("resource control policy", "a resource control policy of the organization"),
        ("permissions boundary", "its permissions boundary"),
        ("session policy", "its session policy"),
        ("resource-based policy", "the resource's own policy"),
    ];
    POLICIES.iter().find(|(said, _)| message.contains(said)).map_or("a policy", |(_, name)| name)
}

fn credentials(failure: &Failure) -> Explanation {
    match failure.code.as_str() {
        "NoCredentials" => Explanation::new(
            "no AWS credentials were found",
            "give the process an identity: a role for its service account (EKS Pod Identity or IRSA), or AWS_PROFILE, \
             or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        "OtherAccount" => Explanation::new(
            "the process has got credentials of another account, and uses none for what stands in the first one",
            "give it back a role of the first account, if the change was not meant",
        ),
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            Explanation::new("the credentials have expired", "renew them, and check the machine's clock")
        }
        "RequestTimeTooSkewed" | "InvalidSignatureException" | "SignatureDoesNotMatch" => Explanation::new(
            "AWS cannot verify the signature of our requests",
            "check the secret access key, and the machine's clock",
        ),
        "RegionDisabledException" => Explanation::new(
            "the region is not enabled in the account",
            "enable it in the AWS account's settings",
        ),
        _ if failure.operation == "sts:AssumeRole" => Explanation::new(
            "the role of spec.account.roleArn cannot be assumed",
            "check that the role exists, that its trust policy names the operator's identity and this pipeline's \
             external id, and that the operator's identity may call sts:AssumeRole on it",
        ),
        _ if failure.operation == "sts:AssumeRoleWithWebIdentity" => Explanation::new(
            "the role of the service account cannot be assumed",
            "check the role's trust policy: the cluster's OIDC provider, the namespace and the service account's name",
        ),
        _ => Explanation::new(
            "AWS does not accept the credentials",
            "check which ones are in use (`aws sts get-caller-identity`), and whether the region is enabled",
        ),
    }
}

fn quota(failure: &Failure) -> Explanation {
    let service = failure.operation.split(':').next().unwrap_or_default();
    Explanation::new(
        "a quota of the account in this region is used up",
        format!("raise it (Service Quotas, service `{service}`), or remove what is no longer needed"),
    )
}

fn transient(failure: &Failure) -> Explanation {
    match failure.code.as_str() {
        "LeaseLost" => Explanation::new(
            "this replica may no longer be the leader, so it starts nothing",
            "nothing: the leader goes on with it",
        ),
        "ConnectionFailed" => Explanation::new(
            "AWS cannot be reached from here",
            "check the region's name, DNS, network policies and proxies; it is tried again by itself",
        ),
        "Timeout" => Explanation::new(
            "AWS did not answer in time; what was asked for may or may not have happened",
            "nothing: what happened is looked up before it is tried again",
        ),
        _ => Explanation::new("AWS had a fault of its own", "nothing: it is tried again by itself"),
    }
}

fn invalid(failure: &Failure) -> Explanation {
    if failure.code.to_lowercase().contains("kms") {
        return Explanation::new(
            "the KMS key cannot be used",
            "check that it exists in this region, is enabled, and that its policy allows the operator and the service",
        );
    }
    if failure.message.to_lowercase().contains("deletion protection") {
        return Explanation::new(
            "somebody protected it against deletion meanwhile",
            "nothing: that is undone when it is tried again, because the specification does not protect it",
        );
    }
    Explanation::new(
        "AWS refuses the request as it is, so repeating it changes nothing",
        "change the field that the message names; if the specification is right, report it as a fault of the operator",
    )
}

/// The word that follows `marker`, without the punctuation of its sentence.
fn word_after<'a>(text: &'a str, marker: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(marker)?;
    let word = rest.split_whitespace().next()?.trim_end_matches([',', '.', ';', '"']);
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn failure(operation: &str, code: &str, message: &str, meaning: Meaning) -> Failure {
        Failure {
            retry_after: Some(Duration::from_secs(60)),
            ..Failure::new(operation, code, meaning, message)
        }
    }

    fn denied(message: &str) -> Explanation {
        Explanation::of(&failure("sqs:CreateQueue", "AccessDenied", message, Meaning::Denied))
    }

    #[test]
    fn a_denial_names_who_lacks_what_on_what() {
        let remedy = denied(
            "User: arn:aws:sts::123456789012:assumed-role/operator/s is not authorized to perform: sqs:createqueue on \
             resource: arn:aws:sqs:eu-west-1:123456789012:jobs because no identity-based policy allows the \
             sqs:createqueue action",
        );
        assert_eq!(
            remedy.cause,
            "arn:aws:sts::123456789012:assumed-role/operator/s lacks sqs:createqueue on \
             arn:aws:sqs:eu-west-1:123456789012:jobs"
        );
        assert!(remedy.action.contains("video-pipeline-operator iam-policy"));
    }

    #[test]
    fn a_denial_that_says_nothing_names_the_call() {
        assert_eq!(denied("no").cause, "the operator's identity lacks sqs:CreateQueue");
    }

    #[test]
    fn an_explicit_denial_is_not_cured_by_a_permission() {
        let remedy = denied(
            "User: me is not authorized to perform: sqs:CreateQueue with an explicit deny in a service control policy",
        );
        assert_eq!(
            remedy.cause,
            "a service control policy of the organization denies me the action sqs:CreateQueue"
        );
        assert!(!remedy.action.contains("iam-policy"), "{}", remedy.action);
    }

    #[test]
    fn a_refused_role_points_to_its_trust_policy() {
        let refused = failure("sts:AssumeRole", "AccessDenied", "no", Meaning::Credentials);
        assert!(Explanation::of(&refused).action.contains("external id"));
    }

    #[test]
    fn what_is_stopped_does_not_go_by_itself_in_some_minutes() {
        let refused =
            |message| failure("rds:DeleteDBCluster", "InvalidDBClusterStateFault", message, Meaning::InUse);
        assert!(Explanation::of(&refused("no; it is stopped")).action.starts_with("start it"));
        assert!(Explanation::of(&refused("it is modifying")).action.contains("some minutes"));
    }

    #[test]
    fn every_meaning_has_words() {
        use Meaning::*;
        for meaning in
            [NotFound, AlreadyExists, InUse, Throttled, Denied, Quota, Invalid, Transient, Credentials, Later]
        {
            let remedy = Explanation::of(&failure("ec2:CreateVpc", "Code", "", meaning));
            assert!(!remedy.cause.is_empty() && !remedy.action.is_empty(), "{meaning:?}");
        }
        let later = Explanation::of(&failure("sqs:CreateQueue", "QueueDeletedRecently", "", Later));
        assert!(later.cause.contains("60 s"), "{later}");
    }
}
