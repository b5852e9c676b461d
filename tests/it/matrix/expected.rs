//! What must be seen while a call fails again and again: the table.

use video_pipeline_operator::aws::Operation;

use super::error::Error::{self, *};

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It looks.
    Read,
    /// It makes something.
    Create,
    /// It changes something that stays.
    Change,
    /// It removes something.
    Delete,
}

/// What must be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// What the call is for is said to have failed, or to be unknown where it cannot be read, in AWS's words, with cause and
    /// remedy. Nothing is ready.
    Told,
    /// What the call is for is said to be under way, in AWS's words: it passes by itself. Nothing is ready.
    Waits,
    /// Nothing is ready, and no person is asked for.
    Held,
    /// Nothing: what was carried out is found at the next look, or what should go is gone.
    Unseen,
    /// The operator believes what it is told, and what that leads to depends on what is not there. Nothing is doubled, and
    /// everything is put right when the truth is told.
    Believed,
    /// AWS never says this to such a call.
    Never,
}

use Expected::*;

/// How an error is told: the reason of the conditions, whether a person is needed, and what is seen where something is
/// read, made, changed or removed.
pub struct Row {
    /// The reason.
    pub reason: &'static str,
    /// Whether the environment is stalled.
    pub person: bool,
    /// For reads, creations, changes and removals.
    pub seen: [Expected; 4],
}

const fn row(reason: &'static str, person: bool, seen: [Expected; 4]) -> Row {
    Row { reason, person, seen }
}

/// The table.
#[rustfmt::skip]
pub const fn table(error: Error) -> Row {
    match error {
        //                   reason                person  read      create  change  delete
        Throttled     => row("Throttled",           false, [Told,     Told,   Told,   Told]),
        Internal      => row("AwsFailed",           false, [Told,     Told,   Told,   Told]),
        Unavailable   => row("AwsFailed",           false, [Told,     Told,   Told,   Told]),
        NotSent       => row("RegionUnreachable",   false, [Told,     Told,   Told,   Told]),
        ReplyLost     => row("RegionUnreachable",   false, [Told,     Unseen, Unseen, Unseen]),
        NoAnswer      => row("AwsFailed",           false, [Told,     Unseen, Unseen, Unseen]),
        Denied        => row("AccessDenied",        true,  [Told,     Told,   Told,   Told]),
        Quota         => row("QuotaExceeded",       true,  [Never,    Told,   Told,   Never]),
        NotFound      => row("AwsFailed",           false, [Believed, Held,   Held,   Believed]),
        AlreadyExists => row("Conflict",            true,  [Never,    Told,   Told,   Never]),
        AlreadyOurs   => row("Conflict",            false, [Never,    Unseen, Unseen, Never]),
        InUse         => row("WaitingForAws",       false, [Never,    Never,  Waits,  Waits]),
        Invalid       => row("AwsRefused",          true,  [Told,     Told,   Told,   Told]),
        Expired       => row("CredentialsRejected", true,  [Told,     Told,   Told,   Told]),
    }
}

/// Where an operation goes another way than its like, and why.
#[rustfmt::skip]
const OTHERWISE: &[(&str, Error, Expected, &str)] = &[
    ("sqs:CreateQueue", AlreadyExists, Held, "the queue that has the name is looked for, and not there"),
    ("ec2:CreateRoute", AlreadyExists, Held, "the same route is as good as one made now, and is waited for"),
    ("ec2:AuthorizeSecurityGroupEgress", AlreadyExists, Held, "so is the same rule"),
    ("ec2:AuthorizeSecurityGroupIngress", AlreadyExists, Held, "so is the same rule"),
    ("ec2:DisassociateRouteTable", NotFound, Believed, "what is gone need not be taken away"),
    ("ecs:TagResource", ReplyLost, Told, "what a service is to run is written on it before it is asked to"),
    ("ecs:TagResource", NoAnswer, Told, "the same"),
    ("iam:DeleteRole", ReplyLost, Told, "that a policy of others holds it is heard in the answer alone"),
    ("iam:DeleteRole", NoAnswer, Told, "the same"),
    ("logs:CreateLogGroup", AlreadyExists, Believed, "ECS makes such a group itself; it is given what it lacks"),
];

/// Asked only where a name is taken, or the tagging API does not show it yet. Whatever is answered, what has the name is found
/// at the next look.
const OF_THE_NEW: &[&str] = &[
    "cloudwatch:ListTagsForResource",
    "iam:GetRole",
    "kinesis:ListTagsForStream",
    "logs:ListTagsForResource",
    "rds:ListTagsForResource",
    "sqs:GetQueueUrl",
    "sqs:ListQueueTags",
];

/// What must be seen while `operation` fails with `error`.
pub fn expected(operation: &str, error: Error) -> Expected {
    let otherwise = OTHERWISE.iter().find(|(of, with, ..)| *with == error && *of == operation);
    let seen = match table(error).seen[Class::of(operation) as usize] {
        Told if OF_THE_NEW.contains(&operation) => Unseen,
        seen => seen,
    };
    otherwise.map_or(seen, |(.., expected, _)| *expected)
}

impl Class {
    /// What `operation` does, spelt as `ec2:CreateVpc`.
    pub fn of(operation: &str) -> Self {
        let name = operation.split_once(':').map_or(operation, |(_, name)| name);
        let begins = |verbs: &[&str]| verbs.iter().any(|verb| name.starts_with(verb));
        match () {
            () if !Operation::new("", name).mutates() => Self::Read,
            () if name.ends_with("Tags") => Self::Change,
            () if begins(&["Create", "RegisterTaskDefinition"]) => Self::Create,
            () if begins(&["Delete", "Deregister"]) => Self::Delete,
            () => Self::Change,
        }
    }
}

#[test]
fn operations_are_told_apart_by_what_they_do() {
    let of = ["ec2:DescribeVpcs", "ec2:CreateVpc", "ec2:CreateTags", "ec2:DeleteTags", "ecs:DeleteService"];
    let are = of.map(Class::of);
    assert_eq!(are, [Class::Read, Class::Create, Class::Change, Class::Change, Class::Delete]);
}
