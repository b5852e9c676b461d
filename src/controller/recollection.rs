//! What this process remembers of an environment between passes. Losing it costs waiting, never a duplicate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::failures::Failures;
use super::record::{Held, Intent, Record};
use super::stored::Stored;
use crate::engine::{
    Address, Changes, Data, Deferral, Memory, Object, Observed, Op, Outcome, Outcomes, Phase, Plan, Recall,
    Recent, World,
};
use crate::kinds::{KINDS, kind};

/// What this process did and saw.
#[derive(Debug, Default)]
pub struct Recollection {
    writes: BTreeMap<Address, Write>,
    /// What became of the creates of this process.
    creates: BTreeMap<Address, Create>,
    ids: BTreeMap<Address, String>,
    /// What failed, and is not tried again yet.
    pub failures: Failures,
    /// Since when this process knows of the environment.
    begun: Option<Instant>,
}

/// A write that reads may not show yet.
#[derive(Debug)]
struct Write {
    at: Instant,
    changes: Option<Changes>,
    /// How often the same had been written before.
    repeats: u32,
}

impl Write {
    /// True iff it wrote just that already.
    fn says(&self, changes: Option<&Changes>) -> bool {
        match (&self.changes, changes) {
            (None, None) => true,
            (Some(said), Some(now)) => now
                .0
                .iter()
                .all(|change| said.of(&change.field).is_some_and(|earlier| earlier.to == change.to)),
            _ => false,
        }
    }
}

/// What became of a create.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Create {
    /// It was not tried, or certainly made nothing.
    Nothing,
    /// It may have made something: nobody heard.
    InDoubt(Instant),
    /// It made something, AWS said.
    Made(Instant),
    /// What it made was seen: the intent has served its purpose.
    Seen,
}

/// For how long a write is remembered; longer than any kind's lag.
const REMEMBERED: Duration = Duration::from_secs(1200);

impl Recollection {
    /// What was done, and what came of it.
    pub fn note(&mut self, plan: &Plan, outcomes: &Outcomes, now: Instant) {
        for step in &plan.steps {
            let outcome = outcomes.get(&step.id);
            self.failures.note(step, outcome);
            let tried = !matches!(outcome, Some(Outcome::Deferred(Deferral::Paused(_))));
            if step.id.op == Op::Create && tried {
                self.creates.insert(step.id.at.clone(), created(outcome, now));
            }
            match (step.id.op, outcome) {
                (Op::Create, Some(Outcome::Done(_))) => self.wrote(&step.key.address, None, now),
                (Op::Update, Some(Outcome::Done(_))) => {
                    self.wrote(&step.key.address, Some(&step.changes), now);
                }
                (Op::Delete, Some(Outcome::Done(_) | Outcome::Deferred(Deferral::Leaving))) => {
                    self.writes.remove(&step.key.address);
                }
                _ => {}
            }
        }
        self.writes.retain(|_, write| now.saturating_duration_since(write.at) < REMEMBERED);
    }

    fn wrote(&mut self, address: &Address, changes: Option<&Changes>, now: Instant) {
        let before = self.writes.remove(address);
        let repeats =
            before.as_ref().filter(|before| before.says(changes)).map_or(0, |b| b.repeats.saturating_add(1));
        let changes = changes.map(|changes| merged(changes, before));
        self.writes.insert(address.clone(), Write { at: now, changes, repeats });
    }

    /// What exists.
    pub fn see(&mut self, world: &World, now: Instant) {
        self.begun.get_or_insert(now);
        for (address, object) in world.ours() {
            self.ids.insert(address.clone(), object.id.clone());
            self.creates.insert(address.base(), Create::Seen);
        }
    }

    /// What the engine has to remember when it plans for `resource`.
    pub fn memory(&self, resource: &Stored, world: &World, lag: Duration, now: Instant) -> Memory {
        let record = Record::on(resource);
        Memory {
            in_doubt: self.in_doubt(resource, record.as_ref(), world, lag, now),
            recent: self.recent(now),
            ids: self.ids(resource),
            was_ready: record.as_ref().map(Record::held).unwrap_or_default(),
            consents: resource.consents().collect(),
            tokens: self.tokens(record.as_ref(), lag, now),
            pauses: self.failures.pauses(now),
            stirred: self.failures.stirred(),
            deleting: resource.deleting(),
            protected: resource.protected(),
        }
    }

    /// The ids under which resources were seen last: by this process, else as the status has them.
    pub fn ids(&self, resource: &Stored) -> BTreeMap<Address, String> {
        let rows = resource.status.resources.iter();
        let mut ids: BTreeMap<_, _> =
            rows.filter_map(|row| Some((Address::new(&row.kind, &row.address), row.id.clone()?))).collect();
        ids.extend(self.ids.clone());
        ids
    }

    /// The record as it should be once everything has come to rest: nothing intended, and what holds data noted.
    pub fn settled(&self, record: &Record, world: &World) -> Record {
        let unseen = |intent: &&Intent| !matches!(self.creates.get(&intent.address), Some(Create::Seen));
        let mut held = record.held();
        held.extend(
            world
                .ours()
                .filter(|(at, object)| keeps_data(at, object))
                .map(|(at, o)| (at.clone(), o.id.clone())),
        );
        Record {
            intents: record.intents.iter().filter(unseen).cloned().collect(),
            held: held.into_iter().map(|(address, id)| Held { address, id }).collect(),
        }
    }

    fn recent(&self, now: Instant) -> BTreeMap<Address, Recent> {
        let recent = |write: &Write| {
            let ago = now.saturating_duration_since(write.at);
            let repeats = write.repeats;
            match &write.changes {
                None => Recent::Created { ago, repeats },
                Some(changes) => Recent::Updated { ago, changes: changes.clone(), repeats },
            }
        };
        self.writes.iter().map(|(address, write)| (address.clone(), recent(write))).collect()
    }

    /// Tokens of intents that are still to serve. What was made and seen, and is gone, is made anew with a new one; so is
    /// whatever reads must have shown by now: AWS would answer for what an older token made, and that may be gone. The
    /// new intent also says when the next doubt begins.
    fn tokens(&self, record: Option<&Record>, lag: Duration, now: Instant) -> BTreeMap<Address, String> {
        let intents = record.into_iter().flat_map(|record| &record.intents);
        let unserved = |intent: &&Intent| match self.creates.get(&intent.address) {
            Some(Create::Seen) => false,
            Some(Create::InDoubt(at)) if now.saturating_duration_since(*at) < lag => true,
            _ => since(intent.at) < lag,
        };
        intents.filter(unserved).map(|intent| (intent.address.clone(), intent.token.clone())).collect()
    }

    /// Resources that only tags tell, that are not to be seen, and that a call may have made less than `lag` ago.
    fn in_doubt(
        &self,
        resource: &Stored,
        record: Option<&Record>,
        world: &World,
        lag: Duration,
        now: Instant,
    ) -> BTreeMap<Address, String> {
        let by_tags: BTreeSet<_> =
            KINDS.iter().filter(|kind| kind.recall() == Recall::Tags).map(|kind| kind.name()).collect();
        let absent = world.objects.iter().filter(|(at, observed)| {
            by_tags.contains(at.kind.as_str()) && matches!(observed, Observed::Absent)
        });
        let doubt = |at: &Address| {
            let ago = match (self.creates.get(at), record) {
                (Some(Create::Nothing | Create::Seen), _) => return None,
                (Some(Create::InDoubt(at) | Create::Made(at)), _) => now.saturating_duration_since(*at),
                (None, Some(record)) => since(record.intent(at)?.at),
                // Calls may have been made of which no record is left.
                (None, None) if resource.held() => now.saturating_duration_since(self.begun.unwrap_or(now)),
                (None, None) => return None,
            };
            (ago < lag).then(|| {
                let seconds = lag.as_secs().max(1);
                format!(
                    "a call may have made it; it is looked up by its tags for {seconds} s before it is made"
                )
            })
        };
        absent.filter_map(|(at, _)| Some((at.clone(), doubt(at)?))).collect()
    }
}

/// The changes, and those of an earlier write to other fields, which reads need not show yet either.
fn merged(changes: &Changes, earlier: Option<Write>) -> Changes {
    let earlier = earlier.and_then(|write| write.changes).unwrap_or_default();
    let others = earlier.0.into_iter().filter(|change| !changes.has(&change.field));
    Changes(changes.0.iter().cloned().chain(others).collect())
}

/// What a step that should make something came to. It made something unless its creating call was refused: a later one
/// may have been.
fn created(outcome: Option<&Outcome>, now: Instant) -> Create {
    match outcome {
        Some(Outcome::Done(_)) => Create::Made(now),
        Some(Outcome::Failed(failure)) if failure.leaves_doubt() => Create::InDoubt(now),
        Some(Outcome::Failed(failure) | Outcome::Deferred(Deferral::Refused(failure)))
            if !failure.operation.contains(":Create") =>
        {
            Create::Made(now)
        }
        _ => Create::Nothing,
    }
}

fn keeps_data(at: &Address, object: &Object) -> bool {
    object.phase == Phase::Ready && kind(&at.kind).is_some_and(|kind| kind.holds_data() == Data::Kept)
}

fn since(at: Timestamp) -> Duration {
    Duration::try_from(Timestamp::now().duration_since(at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Failure, Meaning};

    const LAG: Duration = Duration::from_secs(60);

    fn failure(operation: &str, meaning: Meaning) -> Failure {
        Failure {
            operation: operation.into(),
            code: "Code".into(),
            message: "Said so.".into(),
            request_id: None,
            meaning,
            retry_after: None,
        }
    }

    fn recorded(age: Duration) -> (Address, Record) {
        let address = Address::new("routeTable", "network/public-route-table");
        let mut record = Record::default();
        record.intend(std::slice::from_ref(&address), Timestamp::now() - age);
        (address, record)
    }

    fn has_token(create: Option<Create>, age: Duration, now: Instant) -> bool {
        let (address, record) = recorded(age);
        let mut recollection = Recollection::default();
        recollection.creates.extend(create.map(|create| (address.clone(), create)));
        recollection.tokens(Some(&record), LAG, now).contains_key(&address)
    }

    #[test]
    fn a_token_serves_until_reads_must_have_shown_what_it_made() {
        let now = Instant::now();
        assert!(has_token(None, LAG / 2, now), "of another process, a moment ago");
        assert!(!has_token(None, LAG * 2, now), "of another process, long ago: what it made may be gone");
        assert!(!has_token(Some(Create::Seen), LAG / 2, now), "what it made was there, and is gone");
        assert!(!has_token(Some(Create::Made(now)), LAG * 2, now), "AWS answers for what is gone");
        assert!(has_token(Some(Create::InDoubt(now)), LAG * 2, now), "the last reply was lost just now");
    }

    #[test]
    fn only_a_refused_creating_call_made_nothing() {
        let now = Instant::now();
        let refused =
            |operation, meaning| Some(Outcome::Deferred(Deferral::Refused(failure(operation, meaning))));
        assert_eq!(created(refused("ec2:CreateVpc", Meaning::Later).as_ref(), now), Create::Nothing);
        let attribute = refused("ec2:ModifyVpcAttribute", Meaning::Later);
        assert_eq!(created(attribute.as_ref(), now), Create::Made(now));
        let lost = Outcome::Failed(failure("ec2:CreateVpc", Meaning::Transient));
        assert_eq!(created(Some(&lost), now), Create::InDoubt(now));
    }
}
