//! What went over the wire, and what AWS answered, whether or not the operator heard of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::call::{Aim, Call};

/// One attempt at a call.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was called.
    pub call: Call,
    /// What it said, as it was written; nothing where AWS never saw the call.
    pub said: Arc<[u8]>,
    /// The status of AWS's own answer; none where AWS never saw the call.
    pub status: Option<u16>,
    /// The id of what was made, for things that have no name of their own, and the address that its tags say.
    pub made: Option<(String, String)>,
    /// The id of what was removed, for such things.
    pub removed: Option<String>,
}

/// A thing that AWS lets one make twice; all others have a name that can be used only once.
struct Nameless {
    /// The call that makes it, and what the answer calls its id.
    made_by: (&'static str, &'static str),
    /// The call that removes it, and what that calls its id.
    removed_by: (&'static str, &'static str),
}

const NAMELESS: [Nameless; 6] = [
    nameless(("CreateVpc", "vpcId"), ("DeleteVpc", "VpcId")),
    nameless(("CreateSubnet", "subnetId"), ("DeleteSubnet", "SubnetId")),
    nameless(("CreateInternetGateway", "internetGatewayId"), ("DeleteInternetGateway", "InternetGatewayId")),
    nameless(("CreateRouteTable", "routeTableId"), ("DeleteRouteTable", "RouteTableId")),
    nameless(("CreateSecurityGroup", "groupId"), ("DeleteSecurityGroup", "GroupId")),
    nameless(("RegisterTaskDefinition", "taskDefinitionArn"), ("DeregisterTaskDefinition", "taskDefinition")),
];

const fn nameless(
    made_by: (&'static str, &'static str),
    removed_by: (&'static str, &'static str),
) -> Nameless {
    Nameless { made_by, removed_by }
}

impl Attempt {
    /// A call that AWS never saw.
    pub fn unsent(call: Call) -> Self {
        Self { call, said: Arc::default(), status: None, made: None, removed: None }
    }

    /// A call, as it was asked and answered.
    pub fn answered(call: Call, said: Arc<[u8]>, status: u16, answer: &str) -> Self {
        let request = &*String::from_utf8_lossy(&said);
        let done = (200..300).contains(&status);
        let made = NAMELESS.iter().find(|thing| done && thing.made_by.0 == call.operation());
        let made =
            made.and_then(|thing| Some((value(answer, thing.made_by.1)?, tagged_address(request, &call)?)));
        let removed = NAMELESS.iter().find(|thing| done && thing.removed_by.0 == call.operation());
        let removed = removed.and_then(|thing| value(request, thing.removed_by.1));
        Self { call, said, status: Some(status), made, removed }
    }

    /// Whether it asked AWS to change something, and AWS saw it.
    pub fn mutates(&self) -> bool {
        self.status.is_some() && self.call.mutates()
    }
}

/// The address in the tags of a request; a version of a resource has one of its own.
fn tagged_address(request: &str, call: &Call) -> Option<String> {
    let address = call.address.clone()?;
    let versioned = request.split(['"', '&', '=']).find(|word| word.starts_with(&format!("{address}@")));
    Some(versioned.map_or(address.clone(), str::to_owned))
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

/// The addresses of things without names, by their ids.
pub fn ids(attempts: &[Attempt]) -> BTreeMap<String, String> {
    attempts.iter().filter_map(|attempt| attempt.made.clone()).collect()
}

/// The same of those that were not removed since.
pub fn standing(attempts: &[Attempt]) -> BTreeMap<String, String> {
    let mut standing = ids(attempts);
    attempts.iter().filter_map(|attempt| attempt.removed.as_ref()).for_each(|id| drop(standing.remove(id)));
    standing
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

/// The resources of which there were two at one time, and their ids. What stood there `before` counts.
pub fn doubles(
    before: &BTreeMap<String, String>,
    attempts: &[Attempt],
) -> BTreeMap<String, BTreeSet<String>> {
    let (mut alive, mut doubles) = (BTreeMap::<String, BTreeSet<String>>::new(), BTreeMap::new());
    for (id, address) in before {
        alive.entry(address.clone()).or_default().insert(id.clone());
    }
    for attempt in attempts {
        if let Some((id, address)) = &attempt.made {
            let there = alive.entry(address.clone()).or_default();
            there.insert(id.clone());
            if there.len() > 1 {
                doubles.insert(address.clone(), there.clone());
            }
        }
        if let Some(id) = &attempt.removed {
            alive.values_mut().for_each(|there| there.retain(|alive| alive != id));
        }
    }
    doubles
}
