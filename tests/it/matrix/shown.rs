//! What the resource shows of a failure.

use serde_json::Value;

use super::cell::Cell;
use super::expected::{Class, Expected, table};

/// Between the parts of a message in full: what was attempted, cause, remedy, when it is tried again.
const PART: &str = " · ";

/// The status of a resource, as people read it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown(pub Value);

/// One line of it.
struct Line<'a> {
    address: &'a str,
    state: &'a str,
    message: &'a str,
}

impl Shown {
    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let lines = self.0["resources"].as_array().into_iter().flatten();
        lines.map(|line| Line {
            address: text(&line["address"]),
            state: text(&line["state"]),
            message: text(&line["message"]),
        })
    }

    /// What a condition says: its status and its reason.
    fn condition(&self, type_: &str) -> (&str, &str) {
        let mut conditions = self.0["conditions"].as_array().into_iter().flatten();
        let found = conditions.find(|condition| condition["type"] == type_);
        found.map_or(("", ""), |found| (text(&found["status"]), text(&found["reason"])))
    }

    /// Resources that are said not to be known, and those that wait for them.
    pub fn unknown(&self) -> Vec<&str> {
        let unknown: Vec<_> =
            self.lines().filter(|line| line.state == "Unknown").map(|line| line.address).collect();
        let waits =
            |line: &Line<'_>| line.state == "Waiting" && unknown.iter().any(|at| line.message.ends_with(at));
        let waiting = self.lines().filter(waits).map(|line| line.address);
        unknown.iter().copied().chain(waiting).collect()
    }

    /// The same but for times.
    pub fn without_times(&self) -> Value {
        let mut status = self.0.clone();
        for list in ["resources", "conditions"] {
            for item in status[list].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
                item.remove("since");
                item.remove("lastTransitionTime");
            }
        }
        status
    }

    /// What does not hold while `cell` goes wrong.
    pub fn broken_by(&self, cell: &Cell) -> Option<String> {
        match cell.expected {
            Expected::Told => self.untold(cell, &["Failed", "Unknown"]).or_else(|| self.misjudged(cell)),
            Expected::Waits => {
                self.untold(cell, &["Creating", "Updating", "Deleting"]).or_else(|| self.misjudged(cell))
            }
            Expected::Held => self.misjudged(cell),
            Expected::Unseen => self.seen(),
            Expected::Believed | Expected::Never => None,
        }
    }

    /// What the call is for is not told in full, or others do not go on.
    fn untold(&self, cell: &Cell, states: &[&str]) -> Option<String> {
        let code = cell.error.code(&cell.operation);
        let tells = |message: &str| message.contains(&cell.operation) && message.contains(code);
        let told: Vec<_> = self.lines().filter(|line| tells(line.message)).collect();
        let whole = text(&self.0["message"]);
        if told.is_empty() && !tells(whole) {
            return Some(format!("no line tells of {} and {code}: {self}", cell.operation));
        }
        let vague = told.iter().map(|line| line.message).find(|message| message.split(PART).count() < 4);
        if let Some(vague) = vague {
            return Some(format!("it is not said what to do: {vague}"));
        }
        if let Some(line) = told.iter().find(|line| !states.contains(&line.state)) {
            return Some(format!("{} is said to be {}: {}", line.address, line.state, line.message));
        }
        let followed = self.followed(told.iter().map(|line| line.address).collect());
        let stands = |line: &Line<'_>| ["Failed", "Unknown", "Blocked", "Waiting"].contains(&line.state);
        let halted =
            self.lines().find(|line| !told.is_empty() && stands(line) && !followed.contains(&line.address));
        halted.map(|line| format!("{} is {} without need: {}", line.address, line.state, line.message))
    }

    /// These resources, and all that are said to stand still because of them.
    fn followed<'s>(&'s self, mut addresses: Vec<&'s str>) -> Vec<&'s str> {
        loop {
            let names = |message: &str| addresses.iter().any(|address| message.contains(address));
            let follows = |line: &Line<'_>| !addresses.contains(&line.address) && names(line.message);
            let more: Vec<_> = self.lines().filter(follows).map(|line| line.address).collect();
            if more.is_empty() {
                return addresses;
            }
            addresses.extend(more);
        }
    }

    /// The conditions do not say what they should.
    fn misjudged(&self, cell: &Cell) -> Option<String> {
        let person = table(cell.error).person && cell.expected != Expected::Held;
        let (ready, stalled) = (self.condition("Ready"), self.condition("Stalled"));
        // What is not wanted, and cannot be removed, is none of what has to be there.
        let whole = Class::of(&cell.operation) == Class::Delete && self.has_all_that_is_wanted();
        match () {
            () if ready.0 == "True" && !whole => Some(format!("it is said to be ready: {self}")),
            () if (stalled.0 == "True") != person => Some(format!("Stalled is {stalled:?}: {self}")),
            () => self.misnamed(cell, &[("Ready", !whole), ("Stalled", person)]),
        }
    }

    /// One of these conditions, if it is to tell of it, gives another reason.
    fn misnamed(&self, cell: &Cell, conditions: &[(&str, bool)]) -> Option<String> {
        let row = table(cell.error);
        let unread = Class::of(&cell.operation) == Class::Read && self.condition("Ready").1 == "NotObserved";
        if cell.expected == Expected::Held || unread {
            return None;
        }
        // What goes says so until a person is needed.
        let goes = text(&self.0["phase"]) == "Deleting" && !row.person;
        let named = if goes { "Deleting" } else { row.reason };
        let mut reasons =
            conditions.iter().filter(|(_, tells)| *tells).map(|(type_, _)| self.condition(type_).1);
        let other = reasons.find(|reason| *reason != named)?;
        Some(format!("the reason is {other} and not {named}: {self}"))
    }

    /// As many resources are ready as should exist.
    pub fn has_all_that_is_wanted(&self) -> bool {
        let ready = self.lines().filter(|line| line.state == "Ready").count();
        ready > 0 && text(&self.0["resourcesReady"]) == format!("{ready}/{ready}")
    }

    /// Something is said to have failed.
    fn seen(&self) -> Option<String> {
        let failed = self.lines().find(|line| ["Failed", "Blocked", "Unknown"].contains(&line.state))?;
        Some(format!("{} is {}: {}", failed.address, failed.state, failed.message))
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", text(&self.0["phase"]), text(&self.0["message"]))?;
        for line in self.lines().filter(|line| line.state != "Ready") {
            write!(f, "\n    {} {} {}", line.address, line.state, line.message)?;
        }
        Ok(())
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
