//! What went over the wire, and what AWS answered, whether or not the operator heard of it.

use std::collections::{BTreeMap, BTreeSet};

use super::call::{Aim, Call};

/// One attempt at a call.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was called.
    pub call: Call,
    /// The status of AWS's own answer; none where AWS never saw the call.
    pub status: Option<u16>,
    /// AWS's code, where it refused.
    pub code: Option<String>,
    /// The id of what was made, for things that have no name of their own.
    pub made: Option<String>,
    /// The id of what was removed, for such things.
    pub removed: Option<String>,
}

/// Things that AWS lets one make twice: the call, what its answer calls the id, the call that removes it, and what that
/// calls the id. All others have a name that can be used only once.
const NAMELESS: [(&str, &str, &str, &str); 6] = [
    ("CreateVpc", "vpcId", "DeleteVpc", "VpcId"),
    ("CreateSubnet", "subnetId", "DeleteSubnet", "SubnetId"),
    ("CreateInternetGateway", "internetGatewayId", "DeleteInternetGateway", "InternetGatewayId"),
    ("CreateRouteTable", "routeTableId", "DeleteRouteTable", "RouteTableId"),
    ("CreateSecurityGroup", "groupId", "DeleteSecurityGroup", "GroupId"),
    ("RegisterTaskDefinition", "taskDefinitionArn", "DeregisterTaskDefinition", "taskDefinition"),
];

impl Attempt {
    /// A call that AWS never saw.
    pub fn unsent(call: Call) -> Self {
        Self { call, status: None, code: None, made: None, removed: None }
    }

    /// A call, as it was asked and answered.
    pub fn answered(call: Call, request: &str, status: u16, answer: &str) -> Self {
        let refused = status >= 300;
        let code = refused.then(|| code(answer)).flatten();
        let done = |call_: &&(&str, &str, &str, &str), name: &str| {
            !refused && call.operation() == name && !call_.0.is_empty()
        };
        let made =
            NAMELESS.iter().find(|known| done(known, known.0)).and_then(|known| value(answer, known.1));
        let removed =
            NAMELESS.iter().find(|known| done(known, known.2)).and_then(|known| value(request, known.3));
        Self { call, status: Some(status), code, made, removed }
    }

    /// Whether it asked AWS to change something, and AWS saw it.
    pub fn mutates(&self) -> bool {
        self.status.is_some() && self.call.mutates()
    }
}

/// The value of a field in XML, a form, or JSON.
fn value(text: &str, field: &str) -> Option<String> {
    let (opened, closed) = match text.find(&format!("<{field}>")) {
        Some(_) => (format!("<{field}>"), '<'),
        None if text.contains(&format!("\"{field}\"")) => (format!("\"{field}\""), ','),
        None => (format!("&{field}="), '&'),
    };
    let (_, rest) = text.split_once(&opened)?;
    let value = rest.split([closed, '}']).next()?;
    Some(value.trim_matches([' ', ':', '"']).to_owned())
}

fn code(answer: &str) -> Option<String> {
    value(answer, "Code")
        .or_else(|| value(answer, "__type"))
        .map(|code| code.rsplit('#').next().unwrap_or_default().to_owned())
}

/// The addresses of things without names, by their ids.
pub fn ids(attempts: &[Attempt]) -> BTreeMap<String, String> {
    let made =
        attempts.iter().filter_map(|attempt| Some((attempt.made.clone()?, attempt.call.address.clone()?)));
    made.collect()
}

/// Each call that was made, by the number that it has among its like.
pub fn aims(attempts: &[Attempt]) -> Vec<(Aim, bool)> {
    let mut aims: Vec<(Aim, bool)> = Vec::new();
    for attempt in attempts {
        let mut aim = Aim::at(&attempt.call);
        aim.number += aims
            .iter()
            .filter(|(earlier, _)| earlier.action == aim.action && earlier.address == aim.address)
            .count();
        aims.push((aim, attempt.call.mutates()));
    }
    aims
}

/// How many calls changed something, by resource.
pub fn mutations(attempts: &[Attempt]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| attempt.mutates()) {
        *counted.entry(attempt.call.address.clone().unwrap_or_default()).or_default() += 1;
    }
    counted
}

/// The resources of which there were more at one time than there may be: one, or two revisions of a task definition,
/// the new one beside the one in use.
pub fn doubles(attempts: &[Attempt]) -> BTreeMap<String, BTreeSet<String>> {
    let (mut alive, mut doubles) = (BTreeMap::<String, BTreeSet<String>>::new(), BTreeMap::new());
    for attempt in attempts {
        let most = if attempt.call.operation() == "RegisterTaskDefinition" { 2 } else { 1 };
        if let (Some(id), Some(address)) = (&attempt.made, &attempt.call.address) {
            let there = alive.entry(address.clone()).or_default();
            there.insert(id.clone());
            if there.len() > most {
                doubles.insert(address.clone(), there.clone());
            }
        }
        if let Some(id) = &attempt.removed {
            alive.values_mut().for_each(|there| there.retain(|alive| alive != id));
        }
    }
    doubles
}
