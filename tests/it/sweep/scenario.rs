//! What environments go through while something goes wrong.

use serde_json::json;

use super::operator::{Act, Interruption, Moment};
use crate::wire::Fault;

/// A story of an environment: how it comes to be, undisturbed, and what then happens under fire.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name in the table and in the name of a point.
    pub name: &'static str,
    /// What people do, and wait for the end of, before anything goes wrong.
    pub before: Vec<Act>,
    /// What they do while something goes wrong.
    pub act: Act,
    /// What they do meanwhile, if they do not wait for the end.
    pub interruption: Option<Interruption>,
    /// What befalls each call that changes something.
    pub faults: &'static [Fault],
    /// Whether something also befalls looks, everything that is told on the way, and the same resource twice.
    pub thorough: bool,
    /// Whether only what has neither name nor token is tried.
    pub nameless: bool,
    /// For how many seconds reads of EC2 do not show what is new.
    pub lag: f64,
    /// How often each read of anything shows again what was there before it was made, changed, tagged or deleted.
    pub past: u32,
    /// Whether that is longer than the operator waits for what a lost call may have made, so that it makes a second one. It
    /// then has to find the surplus once reads show it, and to remove it.
    pub surplus: bool,
}

/// Everything that may befall a call that changes something.
const ALL: [Fault; 5] =
    [Fault::DiesBefore, Fault::ArrivesLate, Fault::DiesAfter, Fault::LosesReply, Fault::DeliveredTwice];

/// For stories that go on in another way: what is or is not there is known from the others.
const FEW: [Fault; 3] = [Fault::DiesBefore, Fault::DiesAfter, Fault::LosesReply];

/// Mutating calls after which a creation is half done.
const HALF: usize = 25;

impl Scenario {
    fn of(name: &'static str, act: Act) -> Self {
        Self {
            name,
            before: Vec::new(),
            act,
            interruption: None,
            faults: &ALL,
            thorough: false,
            nameless: false,
            lag: 0.0,
            past: 0,
            surplus: false,
        }
    }

    fn on_what_stands(name: &'static str, act: Act) -> Self {
        Self { before: vec![Act::Create], ..Self::of(name, act) }
    }

    fn half_way(name: &'static str, act: Act) -> Self {
        Self {
            interruption: Some(Interruption { at: Moment::Mutations(HALF), act }),
            faults: &FEW,
            ..Self::of(name, Act::Create)
        }
    }

    /// The same, where people change their minds not half-way but when the fault strikes.
    pub fn with_a_change_of_minds(&self) -> Self {
        let interruption = self.interruption.clone();
        let interruption =
            interruption.map(|interruption| Interruption { at: Moment::Strike, ..interruption });
        Self { interruption, ..self.clone() }
    }
}

/// All of them.
pub fn all() -> Vec<Scenario> {
    let roll = json!({ "processing": { "image": "registry.example/worker:2" } });
    let edit = json!({
        "database": { "minAcu": 1.0, "instances": 3 },
        "credentials": { "rotationDays": 30 },
        "errorHandling": { "jobQueue": { "visibilityTimeoutSeconds": 300 } },
        "monitoring": { "logRetentionDays": 30, "alarms": { "runningTasks": { "enabled": false } } },
    });
    vec![
        Scenario { thorough: true, ..Scenario::of("create", Act::Create) },
        Scenario {
            faults: &FEW,
            nameless: true,
            lag: 2.0,
            surplus: true,
            ..Scenario::of("create-surplus", Act::Create)
        },
        Scenario { faults: &FEW, nameless: true, past: 3, ..Scenario::of("create-past", Act::Create) },
        Scenario { faults: &FEW, lag: 0.03, ..Scenario::of("create-lagging", Act::Create) },
        Scenario::on_what_stands("roll", Act::Edit(roll.clone())),
        Scenario::on_what_stands("reshard", Act::Edit(json!({ "ingestion": { "shardCount": 5 } }))),
        Scenario::on_what_stands(
            "capacity",
            Act::Edit(json!({
                "database": { "minAcu": 1.0, "maxAcu": 8.0, "instances": 3 },
                "processing": { "autoscaling": { "minCount": 2, "maxCount": 6 } },
            })),
        ),
        Scenario::on_what_stands("zone", Act::Edit(json!({ "network": { "availabilityZones": 3 } }))),
        Scenario::on_what_stands("drift", Act::Meddle),
        Scenario::on_what_stands("delete", Act::Delete),
        Scenario { faults: &FEW, past: 3, ..Scenario::on_what_stands("edit-past", Act::Edit(edit)) },
        Scenario::half_way("create-delete", Act::Delete),
        Scenario::half_way("create-edit", Act::Edit(roll)),
    ]
}
