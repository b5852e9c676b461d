//! One trial: which scenario, which fault, and which call it befalls. Its name is what replays it.

use std::fmt;
use std::str::FromStr;

use super::scenario::Scenario;
use super::trial::Reference;
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
    /// What goes wrong afterwards, and with which call, counted from then on.
    pub then: Option<(Fault, Aim)>,
}

/// What may happen beyond what happens undisturbed and one more call for each resource.
#[derive(Clone, Debug, Default)]
pub struct Allowance<'a> {
    /// Resources of which a second one may come to be, so long as it is gone at the end.
    pub surplus: Vec<&'a str>,
    /// Whether all calls of a step may be made once more, and not only one of them.
    pub steps: bool,
}

/// What can be made twice where reads do not show it in time.
const HIDDEN: [&str; 4] =
    ["network/vpc", "network/internet-gateway", "network/public-route-table", "network/private-route-table"];

/// Every two deaths.
const DEATHS: [(Fault, Fault); 4] = [
    (Fault::DiesBefore, Fault::DiesBefore),
    (Fault::DiesBefore, Fault::DiesAfter),
    (Fault::DiesAfter, Fault::DiesBefore),
    (Fault::DiesAfter, Fault::DiesAfter),
];

/// Faults of calls that only look. How calls are refused, the matrix tries.
const OF_READS: [Fault; 2] = [Fault::DiesAfter, Fault::LosesReply];

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
    /// Every trial of a scenario that undisturbed comes to this.
    pub fn all(scenario: &Scenario, reference: &Reference) -> Vec<Self> {
        let Reference { calls, writes, moments, .. } = reference;
        let at = |fault: &Fault, aim: &Aim| Self {
            scenario: scenario.name.to_owned(),
            fault: *fault,
            aim: aim.clone(),
            then: None,
        };
        // Where reads lag, what they do not show is as where none do.
        let differs = |aim: &Aim| match () {
            () if scenario.lag > 0.0 => aim.action.starts_with("ec2:"),
            () if scenario.past > 0 => !aim.action.starts_with("kubernetes:"),
            () => true,
        };
        let mutations = calls.iter().filter(|(aim, mutates)| *mutates && differs(aim)).map(|(aim, _)| aim);
        let of_mutations = mutations.flat_map(|aim| scenario.faults.iter().map(move |fault| at(fault, aim)));
        // The second look rests on what the first one brought about; further ones are like it.
        let reads = calls.iter().filter(|(aim, mutates)| scenario.thorough && !*mutates && aim.number == 2);
        let of_reads = reads.flat_map(|(aim, _)| OF_READS.iter().map(move |fault| at(fault, aim)));
        // Events, and what is told on the way, are alike in all scenarios.
        let first = |aim: &Aim| aim.number == 1 && aim.action != "kubernetes:event";
        let told = |aim: &&Aim| scenario.thorough || differs(aim) && first(aim);
        let of_writes =
            writes.iter().filter(told).flat_map(|aim| OF_WRITES.iter().map(move |fault| at(fault, aim)));
        if scenario.nameless {
            let doubled = |point: &Self| point.aim.action.starts_with("ec2:Create") && point.aim.number == 1;
            let nameless = ["network/vpc", "network/internet-gateway"];
            let nameless =
                |point: &Self| point.aim.address.as_deref().is_some_and(|at| nameless.contains(&at));
            return of_mutations.filter(|point| doubled(point) && nameless(point)).collect();
        }
        let of_minds = moments.iter().map(|aim| at(&Fault::MindsChange, aim));
        let mut points: Vec<_> = of_mutations.chain(of_reads).chain(of_writes).chain(of_minds).collect();
        if scenario.thorough {
            points.extend(Self::pairs(scenario, calls));
        }
        points
    }

    /// Every two deaths of which the second comes later in the making of the same resource.
    fn pairs(scenario: &Scenario, calls: &[(Aim, bool)]) -> Vec<Self> {
        let mut points = Vec::new();
        let mutations: Vec<_> = calls.iter().filter(|(_, mutates)| *mutates).map(|(aim, _)| aim).collect();
        for (index, aim) in mutations.iter().enumerate() {
            for later in mutations[index..].iter().filter(|later| later.address == aim.address) {
                for (fault, again) in DEATHS {
                    // Counted from the first death, before which `aim` itself was sent or not.
                    let sent = if fault == Fault::DiesAfter { aim.number } else { aim.number - 1 };
                    let before = if later.action == aim.action { sent } else { 0 };
                    if later.number > before {
                        let then = Aim { number: later.number - before, ..(*later).clone() };
                        points.push(Self {
                            scenario: scenario.name.to_owned(),
                            fault,
                            aim: (*aim).clone(),
                            then: Some((again, then)),
                        });
                    }
                }
            }
        }
        points
    }

    /// What may happen beyond what happens undisturbed.
    pub fn allowance(&self, scenario: &Scenario) -> Allowance<'_> {
        // What a late call does is done once more by then, together with all else of its step.
        let steps = scenario.past > 0 || self.fault == Fault::ArrivesLate;
        Allowance { surplus: self.surplus(scenario), steps }
    }

    /// The resources of which a second one may come to be: AWS is asked twice for something that has neither a name nor a
    /// token, or its reads show what there is only when it was made again. A token serves for as long as reads are waited
    /// for, which here is less than a late call is on its way.
    fn surplus(&self, scenario: &Scenario) -> Vec<&str> {
        const NAMELESS: [&str; 3] =
            ["ec2:CreateVpc", "ec2:CreateInternetGateway", "ecs:RegisterTaskDefinition"];
        let action = self.aim.action.as_str();
        let twice = match self.fault {
            Fault::DeliveredTwice => NAMELESS.contains(&action),
            Fault::ArrivesLate => NAMELESS.contains(&action) || action == "ec2:CreateRouteTable",
            _ => false,
        };
        match () {
            () if scenario.surplus => HIDDEN.to_vec(),
            // Registered again where a list does not show it yet.
            () if scenario.past > 0 => vec!["processing/task"],
            () => self.aim.address.as_deref().filter(|_| twice).into_iter().collect(),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.scenario, self.fault, self.aim)?;
        self.then.as_ref().map_or(Ok(()), |(fault, aim)| write!(f, "+{fault}/{aim}"))
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, '/');
        let (Some(scenario), Some(fault), Some(aim)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!("{text} names no point: write scenario/fault/call"));
        };
        let (aim, then) = aim.split_once('+').map_or((aim, None), |(aim, then)| (aim, Some(then)));
        let then = then.map(|then| {
            let (fault, aim) = then.split_once('/').ok_or("a second fault is written +fault/call")?;
            Ok::<_, String>((fault.parse()?, aim.parse()?))
        });
        Ok(Self {
            scenario: scenario.to_owned(),
            fault: fault.parse()?,
            aim: aim.parse()?,
            then: then.transpose()?,
        })
    }
}

#[test]
fn a_point_reads_as_it_is_written() {
    let texts = [
        "create/dies-after/ec2:CreateVpc@network/vpc",
        "create/dies-after/ec2:CreateVpc@network/vpc+dies-before/ec2:ModifyVpcAttribute@network/vpc/2",
        "roll/times-out/kubernetes:status/2",
    ];
    for text in texts {
        assert_eq!(text.parse::<Point>().unwrap().to_string(), text);
    }
    for wrong in ["create/explodes/ec2:CreateVpc", "create/dies-after/ec2:CreateVpc+ec2:CreateVpc"] {
        assert!(wrong.parse::<Point>().is_err(), "{wrong}");
    }
}
