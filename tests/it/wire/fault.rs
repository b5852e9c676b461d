//! What may befall a call, and which call it befalls.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

use super::call::{Aim, Call};
use super::refusal::Refusal;

/// What befalls one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing but that people change their minds.
    MindsChange,
    /// The process dies just before the call is sent.
    DiesBefore,
    /// The process dies when the call was carried out, before it hears of it.
    DiesAfter,
    /// The call is carried out, and the reply is lost; the process lives on.
    LosesReply,
    /// The call is carried out twice, and the second reply arrives.
    DeliveredTwice,
    /// The call is never sent.
    NotSent,
    /// The process dies when the call is sent, which is on its way for so long that the next process changes something first.
    ArrivesLate,
    /// The call is carried out, and no answer comes.
    NotAnswered,
    /// The call is refused, and not carried out.
    Refused(Refusal),
    /// The call is carried out, and refused as one is that comes again.
    DoneAndRefused(Refusal),
    /// Kubernetes: somebody else was faster; the write is not carried out.
    Conflict,
    /// Kubernetes: the write is carried out, and the answer is that it took too long.
    TimesOut,
    /// Kubernetes: the write is carried out, the process dies, and the next one is shown what was there before.
    DiesStale,
}

/// How each is called in the table and in the name of a point.
const NAMES: [(&str, Fault); 10] = [
    ("minds-change", Fault::MindsChange),
    ("dies-before", Fault::DiesBefore),
    ("dies-after", Fault::DiesAfter),
    ("loses-reply", Fault::LosesReply),
    ("delivered-twice", Fault::DeliveredTwice),
    ("not-sent", Fault::NotSent),
    ("arrives-late", Fault::ArrivesLate),
    ("conflict", Fault::Conflict),
    ("times-out", Fault::TimesOut),
    ("dies-stale", Fault::DiesStale),
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, fault)| fault == self).map_or("refused", |(name, _)| name);
        // Aligned, where a table asks for it.
        f.pad(name)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = NAMES.iter().find(|(name, _)| *name == text).map(|(_, fault)| *fault);
        let known = || NAMES.map(|(name, _)| name).join(", ");
        found.ok_or_else(|| format!("no fault is called {text}; there are: {}", known()))
    }
}

/// Which call is struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one after so many that change something.
    Mutation(usize),
    /// This one.
    Call(Aim),
    /// All of this operation, for as long as the fault lasts.
    Every(String),
}

/// What is to happen, and what has.
#[derive(Debug, Default)]
pub struct Fate {
    /// One after the other.
    armed: VecDeque<(Target, Fault)>,
    /// How many calls that the target means went by since the last strike.
    passed: usize,
    /// The calls that were struck.
    pub struck: Vec<Call>,
}

impl Fate {
    /// Each of the calls that are meant is struck by its fault, counted from the strike before it.
    pub fn of(strikes: impl IntoIterator<Item = (Target, Fault)>) -> Self {
        Self { armed: strikes.into_iter().collect(), ..Self::default() }
    }

    /// The fault that befalls this call.
    pub fn strike(&mut self, call: &Call) -> Option<Fault> {
        let (target, fault) = self.armed.front()?;
        let (meant, before) = match target {
            Target::Mutation(before) => (call.mutates(), *before),
            Target::Call(aim) => (aim.means(call), aim.number - 1),
            Target::Every(action) => (*action == call.action, 0),
        };
        if !meant {
            return None;
        }
        self.passed += 1;
        if self.passed <= before {
            return None;
        }
        let (fault, lasts) = (*fault, matches!(target, Target::Every(_)));
        if !lasts {
            self.armed.pop_front();
        }
        self.passed = 0;
        self.struck.push(call.clone());
        Some(fault)
    }
}
