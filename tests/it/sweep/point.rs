//! One trial: which scenario, which fault, and which call it befalls. Its name is what replays it.

use std::fmt;
use std::str::FromStr;

use crate::wire::{Aim, Fault};

/// One trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The scenario's name.
    pub scenario: String,
    /// What goes wrong.
    pub fault: Fault,
    /// With which call.
    pub aim: Aim,
}

/// Faults of calls that change something.
const OF_MUTATIONS: [Fault; 5] =
    [Fault::DiesBefore, Fault::DiesAfter, Fault::LosesReply, Fault::DeliveredTwice, Fault::NotSent];

/// Faults of writes to Kubernetes.
const OF_WRITES: [Fault; 7] = [
    Fault::DiesBefore,
    Fault::DiesAfter,
    Fault::DiesStale,
    Fault::LosesReply,
    Fault::DeliveredTwice,
    Fault::Conflict,
    Fault::TimesOut,
];

impl Point {
    /// Every trial of a scenario that makes these calls, each of which changes something or not, and these writes.
    pub fn all(scenario: &str, calls: &[(Aim, bool)], writes: &[Aim]) -> Vec<Self> {
        let at = |fault: Fault, aim: &Aim| Self { scenario: scenario.to_owned(), fault, aim: aim.clone() };
        let mutations = calls.iter().filter(|(_, mutates)| *mutates).map(|(aim, _)| aim);
        let of_mutations = mutations.flat_map(|aim| OF_MUTATIONS.map(|fault| at(fault, aim)));
        let of_writes = writes.iter().flat_map(|aim| OF_WRITES.map(|fault| at(fault, aim)));
        of_mutations.chain(of_writes).collect()
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.scenario, self.fault, self.aim)
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, '/');
        let (Some(scenario), Some(fault), Some(aim)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!("{text} names no point: write scenario/fault/call"));
        };
        Ok(Self { scenario: scenario.to_owned(), fault: fault.parse()?, aim: aim.parse()? })
    }
}

#[test]
fn a_point_reads_as_it_is_written() {
    for text in ["create/dies-after/ec2:CreateVpc@network/vpc", "roll/times-out/kubernetes:status/2"] {
        assert_eq!(text.parse::<Point>().unwrap().to_string(), text);
    }
    assert!("create/explodes/ec2:CreateVpc".parse::<Point>().is_err());
}
