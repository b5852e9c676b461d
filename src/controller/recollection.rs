//! What this process remembers of an environment between passes. Losing it costs waiting, never a duplicate.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::failures::Failures;
use super::record::{Intent, KeptData, Record};
use super::stored::Stored;
use crate::engine::{
    Address, Changes, Data, Deferral, Meaning, Memory, Object, Observed, Op, Outcome, Outcomes, Phase, Plan,
    Recall, Recent, World,
};
use crate::kinds::kind;

/// What this process did and saw.
#[derive(Debug, Default)]
pub struct Recollection {
    writes: BTreeMap<Address, Write>,
    /// What became of the creates of this process.
    creates: BTreeMap<Address, Create>,
    ids: BTreeMap<Address, String>,
    /// When this process met each token: no call of another one with it was made any later.
    met: BTreeMap<String, Instant>,
    /// What failed, and is not tried again yet.
    pub failures: Failures,
    /// Since when this process knows of the environment.
    begun: Option<Begun>,
}

/// How this process came to know of an environment.
#[derive(Clone, Copy, Debug)]
struct Begun {
    at: Instant,
    /// It had our finalizer: another process may have made something of it a moment before.
    inherited: bool,
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

impl Create {
    /// What is known once another attempt came to this. That it made nothing says nothing of an earlier one.
    fn then(self, made: Made, now: Instant) -> Self {
        match (made, self) {
            (Made::Something, _) => Self::Made(now),
            (Made::Perhaps, _) => Self::InDoubt(now),
            (Made::Nothing, Self::Made(_) | Self::InDoubt(_)) => self,
            (Made::Nothing, Self::Nothing | Self::Seen) => Self::Nothing,
        }
    }
}

/// For how long a write is remembered; longer than any kind's lag.
const REMEMBERED: Duration = Duration::from_secs(1200);

impl Recollection {
    /// What was done, and what came of it.
    pub fn note(&mut self, plan: &Plan, outcomes: &Outcomes, now: Instant) {
        for step in &plan.steps {
            let outcome = outcomes.get(&step.id);
            self.failures.note(step, outcome);
            let tried = !matches!(outcome, Some(Outcome::Deferred(Deferral::Paused(_) | Deferral::Stopping)));
            if step.id.op == Op::Create && tried {
                let create = self.creates.entry(step.id.at.clone()).or_insert(Create::Nothing);
                *create = create.then(made(&step.id.at, outcome), now);
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
        // Where all that is wanted is there, nobody was about to make anything.
        let rests = plan.is_empty() && !plan.items.is_empty();
        self.begun = self.begun.map(|begun| Begun { inherited: begun.inherited && !rests, ..begun });
    }

    fn wrote(&mut self, address: &Address, changes: Option<&Changes>, now: Instant) {
        let before = self.writes.remove(address);
        let repeats =
            before.as_ref().filter(|before| before.says(changes)).map_or(0, |b| b.repeats.saturating_add(1));
        let changes = changes.map(|changes| merged(changes, before));
        self.writes.insert(address.clone(), Write { at: now, changes, repeats });
    }

    /// What exists.
    pub fn see(&mut self, resource: &Stored, world: &World, now: Instant) {
        self.begun.get_or_insert(Begun { at: now, inherited: resource.has_finalizer() });
        let record = Record::on(resource);
        self.meet(record.as_ref(), now);
        for (address, object) in world.ours() {
            self.ids.insert(address.clone(), object.id.clone());
            if !is_replaced(record.as_ref(), address, object) {
                self.creates.insert(address.base(), Create::Seen);
            }
        }
    }

    fn meet(&mut self, record: Option<&Record>, now: Instant) {
        let intents = record.into_iter().flat_map(|record| &record.intents);
        let met = |intent: &Intent| {
            let before = self.met.get(&intent.token).copied();
            (intent.token.clone(), before.unwrap_or(now))
        };
        self.met = intents.map(met).collect();
    }

    /// How long ago this process met the intent.
    fn age(&self, intent: &Intent, now: Instant) -> Duration {
        let met = self.met.get(&intent.token);
        met.map_or(Duration::ZERO, |met| now.saturating_duration_since(*met))
    }

    /// What the engine has to remember when it plans for `resource`.
    pub fn memory(&self, resource: &Stored, world: &World, lag: Duration, now: Instant) -> Memory {
        let record = Record::on(resource);
        let tokens = self.tokens(record.as_ref(), lag, now);
        Memory {
            in_doubt: self.in_doubt(resource, record.as_ref(), &tokens, world, lag, now),
            recent: self.recent(now),
            ids: self.ids(resource),
            was_ready: record.unwrap_or_else(|| Record::recovered(resource)).incarnations(),
            consents: resource.consents().collect(),
            tokens,
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
        let mut data = record.incarnations();
        let kept = world.ours().filter(|(at, object)| keeps_data(at, object));
        data.extend(kept.map(|(at, object)| (at.clone(), incarnation(at, object).to_owned())));
        Record {
            account: record.account.clone(),
            intents: record.intents.iter().filter(unseen).cloned().collect(),
            data: data.into_iter().map(|(address, incarnation)| KeptData { address, incarnation }).collect(),
        }
    }

    /// For how much longer something may show up that nobody has seen: what this process made, or may have made, less than `lag`
    /// ago, or another one, just before this one began.
    pub fn unshown(&self, lag: Duration, now: Instant) -> Option<Duration> {
        let made = self.creates.values().filter_map(|create| match create {
            Create::InDoubt(at) | Create::Made(at) => Some(*at),
            Create::Nothing | Create::Seen => None,
        });
        let by_another = self.begun.filter(|begun| begun.inherited).map(|begun| begun.at);
        let latest = made.chain(by_another).max()?;
        lag.checked_sub(now.saturating_duration_since(latest)).filter(|left| !left.is_zero())
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
        let unserved = |intent: &&Intent| {
            let seen = self.creates.get(&intent.address) == Some(&Create::Seen);
            !seen && self.age(intent, now) < service(recall(&intent.address), lag)
        };
        intents.filter(unserved).map(|intent| (intent.address.clone(), intent.token.clone())).collect()
    }

    /// Resources that are not to be seen, that a call may have made less than `lag` ago, and for which no token asks AWS.
    fn in_doubt(
        &self,
        resource: &Stored,
        record: Option<&Record>,
        tokens: &BTreeMap<Address, String>,
        world: &World,
        lag: Duration,
        now: Instant,
    ) -> BTreeMap<Address, String> {
        let unseen = |at: &Address, observed: &Observed| match observed {
            Observed::Absent => true,
            Observed::Ours(object) => is_replaced(record, at, object),
            _ => false,
        };
        let absent = world.objects.iter().filter(|(at, observed)| {
            let asks = match recall(at) {
                Recall::Name => true,
                Recall::Token => tokens.contains_key(at),
                Recall::Tags => false,
            };
            !asks && unseen(at, observed)
        });
        let doubt = |at: &Address| {
            let ago = match (self.creates.get(at), record) {
                (Some(Create::Nothing | Create::Seen), _) => return None,
                (Some(Create::InDoubt(at) | Create::Made(at)), _) => now.saturating_duration_since(*at),
                (None, Some(record)) => self.age(record.intent(at)?, now),
                // Calls may have been made of which no record is left.
                (None, None) if resource.has_finalizer() && recall(at) == Recall::Tags => {
                    now.saturating_duration_since(self.begun.map_or(now, |begun| begun.at))
                }
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

/// Whether that is the one instead of which another was to be made: it may be gone by now, and the other be there.
fn is_replaced(record: Option<&Record>, address: &Address, object: &Object) -> bool {
    let intent = record.and_then(|record| record.intent(address));
    intent.and_then(|intent| intent.instead_of.as_ref()) == Some(&object.id)
}

fn recall(address: &Address) -> Recall {
    kind(&address.kind).map_or(Recall::Name, |kind| kind.recall())
}

/// For how long calls are made by one intent. Where only tags tell what a call made, the doubt lasts as much longer.
fn service(recall: Recall, lag: Duration) -> Duration {
    if recall == Recall::Tags { lag / 4 } else { lag }
}

/// The changes, and those of an earlier write to other fields, which reads need not show yet either.
fn merged(changes: &Changes, earlier: Option<Write>) -> Changes {
    let earlier = earlier.and_then(|write| write.changes).unwrap_or_default();
    let others = earlier.0.into_iter().filter(|change| !changes.has(&change.field));
    Changes(changes.0.iter().cloned().chain(others).collect())
}

/// What a step that should make something came to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Made {
    Nothing,
    Perhaps,
    Something,
}

/// It made something unless its creating call was refused: a later one may have been. What is there under its name already, or
/// cannot be told apart yet, an earlier call may have made.
fn made(at: &Address, outcome: Option<&Outcome>) -> Made {
    let failure = match outcome {
        Some(Outcome::Done(_)) => return Made::Something,
        Some(Outcome::Failed(failure) | Outcome::Deferred(Deferral::Refused(failure))) => failure,
        _ => return Made::Nothing,
    };
    match failure.meaning {
        Meaning::Transient => Made::Perhaps,
        Meaning::AlreadyExists | Meaning::InUse | Meaning::Later if recall(at) == Recall::Name => {
            Made::Perhaps
        }
        _ if kind(&at.kind).is_some_and(|kind| kind.created_by() != failure.operation) => Made::Something,
        _ => Made::Nothing,
    }
}

fn incarnation<'o>(at: &Address, object: &'o Object) -> &'o str {
    kind(&at.kind).map_or(&object.id, |kind| kind.incarnation(object))
}

fn keeps_data(at: &Address, object: &Object) -> bool {
    object.phase == Phase::Ready && kind(&at.kind).is_some_and(|kind| kind.holds_data() == Data::Kept)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::{Block, Failure, Graph, Item, Meaning, Node, Verdict, plan};
    use crate::kinds::KINDS;

    const LAG: Duration = Duration::from_secs(60);

    fn failure(operation: &str, meaning: Meaning) -> Failure {
        Failure::new(operation, "Code", meaning, "Said so.")
    }

    /// A record with one intent, and what a process knows that met it so long before `now`.
    fn recorded(kind: &str, age: Duration, now: Instant) -> (Address, Record, Recollection) {
        let address = Address::new(kind, "network/one-of-them");
        let mut record = Record::default();
        record.intend(&Plan::default(), std::slice::from_ref(&address), Timestamp::now());
        let mut recollection = Recollection::default();
        recollection.meet(Some(&record), now.checked_sub(age).unwrap());
        recollection.meet(Some(&record), now);
        (address, record, recollection)
    }

    fn has_token(create: Option<Create>, age: Duration) -> bool {
        let now = Instant::now();
        let (address, record, mut recollection) = recorded("routeTable", age, now);
        recollection.creates.extend(create.map(|create| (address.clone(), create)));
        recollection.tokens(Some(&record), LAG, now).contains_key(&address)
    }

    fn is_in_doubt(kind: &str, create: Option<Create>, age: Duration) -> bool {
        let now = Instant::now();
        let (address, record, mut recollection) = recorded(kind, age, now);
        recollection.creates.extend(create.map(|create| (address.clone(), create)));
        let objects = [(address.clone(), Observed::Absent)].into();
        let object = kube::api::DynamicObject::new("dev", &crate::controller::resource_type());
        let world = World { objects, ..World::default() };
        let tokens = recollection.tokens(Some(&record), LAG, now);
        let resource = Stored::of(&object);
        let doubts = recollection.in_doubt(&resource, Some(&record), &tokens, &world, LAG, now);
        doubts.contains_key(&address)
    }

    #[test]
    fn a_token_serves_until_reads_must_have_shown_what_it_made() {
        let now = Instant::now();
        assert!(has_token(None, LAG / 2), "of another process, a moment ago");
        assert!(!has_token(None, LAG), "of another process, long ago: what it made may be gone");
        assert!(!has_token(Some(Create::Seen), LAG / 2), "what it made was there, and is gone");
        assert!(!has_token(Some(Create::Made(now)), LAG * 2), "AWS answers for what is gone");
    }

    #[test]
    fn what_an_intent_of_another_process_may_have_made_is_waited_for_whatever_its_clock_says() {
        let now = Instant::now();
        assert!(is_in_doubt("vpc", None, LAG / 2), "only its tags tell");
        assert!(!is_in_doubt("vpc", None, LAG), "reads must have shown it");
        assert!(!is_in_doubt("vpc", Some(Create::Nothing), LAG / 2), "nothing was made");
        for kind in ["vpc", "routeTable"] {
            assert!(
                is_in_doubt(kind, Some(Create::InDoubt(now)), LAG * 2),
                "{kind}: the last reply was lost"
            );
        }
        assert!(!is_in_doubt("routeTable", None, LAG / 2), "AWS is asked by the token");
        assert!(
            !is_in_doubt("routeTable", None, LAG),
            "AWS was asked by the token until reads must have shown it"
        );
        assert!(!is_in_doubt("role", None, LAG / 2), "AWS is asked by the name");
    }

    fn database() -> Address {
        Address::new("dbCluster", "storage/cluster")
    }

    /// A database that is ready.
    fn stands(resource_id: &str) -> World {
        let (id, phase) = ("video-metadata-cluster-dev".into(), Phase::Ready);
        let outputs = json!({ "id": id, "resourceId": resource_id });
        let object = Object { id, spec: None, outputs, phase };
        World { objects: [(database(), Observed::Ours(object))].into(), ..World::default() }
    }

    /// What is asked for once the database is gone that the record says was held, where this was allowed before.
    fn asked(record: &Record, allowed: &[String]) -> Option<String> {
        let mut graph = Graph::default();
        graph.push(Node::new(database(), "the-cluster", Value::Null));
        let world = World { objects: [(database(), Observed::Absent)].into(), ..World::default() };
        let consents = allowed.iter().cloned().collect();
        let memory = Memory { was_ready: record.incarnations(), consents, ..Memory::default() };
        let plan = plan(KINDS, &graph, &world, &memory).unwrap();
        match &plan.item(&database()).unwrap().verdict {
            Verdict::Blocked(Block::DataGone { consent }) => Some(consent.clone()),
            _ => None,
        }
    }

    #[test]
    fn a_consent_to_an_empty_database_is_good_for_one_loss() {
        let settled = |record: &Record, resource| Recollection::default().settled(record, &stands(resource));
        let earlier = json!({ "held": [{ "address": database(), "id": "video-metadata-cluster-dev" }] });
        let earlier: Record = serde_json::from_value(earlier).unwrap();
        let by_name = asked(&earlier, &[]).expect("it was held when an earlier version wrote that down");

        let first = settled(&earlier, "cluster-ONE");
        let consent = asked(&first, std::slice::from_ref(&by_name)).unwrap();
        assert_eq!(asked(&first, std::slice::from_ref(&consent)), None);

        let second = settled(&first, "cluster-TWO");
        let again = asked(&second, &[by_name, consent.clone()]);
        assert!(again.is_some_and(|again| again != consent), "what was allowed was about the first");
    }

    #[test]
    fn what_nobody_has_seen_may_show_up_for_as_long_as_reads_lag() {
        let (now, inherited) = (Instant::now(), |at| Some(Begun { at, inherited: true }));
        let mut recollection = Recollection { begun: inherited(now), ..Recollection::default() };
        assert_eq!(
            recollection.unshown(LAG, now + LAG / 3),
            Some(LAG * 2 / 3),
            "another process may have made it"
        );
        assert_eq!(recollection.unshown(LAG, now + LAG), None);
        let kept = Item { verdict: Verdict::Keep, ..item(&database()) };
        recollection.note(&Plan { items: vec![kept], steps: Vec::new() }, &Outcomes::new(), now);
        assert_eq!(recollection.unshown(LAG, now), None, "all that is wanted is there");

        recollection.creates.insert(database(), Create::Made(now + LAG));
        assert_eq!(recollection.unshown(LAG, now + LAG), Some(LAG), "this process made it");
        recollection.creates.insert(database(), Create::Seen);
        assert_eq!(recollection.unshown(LAG, now + LAG), None);
    }

    fn item(address: &Address) -> Item {
        Item {
            address: address.clone(),
            name: String::new(),
            id: None,
            wanted: true,
            verdict: Verdict::Create,
        }
    }

    #[test]
    fn only_a_refused_creating_call_made_nothing() {
        let of = |kind: &str, operation: &str, meaning| {
            made(&Address::new(kind, "toy"), Some(&Outcome::Failed(failure(operation, meaning))))
        };
        assert_eq!(of("vpc", "ec2:CreateVpc", Meaning::Denied), Made::Nothing);
        assert_eq!(of("vpc", "ec2:ModifyVpcAttribute", Meaning::Denied), Made::Something);
        assert_eq!(of("routeTable", "ec2:CreateRoute", Meaning::Denied), Made::Something);
        assert_eq!(of("alarm", "cloudwatch:PutMetricAlarm", Meaning::Denied), Made::Nothing);
        assert_eq!(of("vpc", "ec2:CreateVpc", Meaning::Transient), Made::Perhaps);
        assert_eq!(of("queue", "sqs:CreateQueue", Meaning::Later), Made::Perhaps, "its tags do not show yet");
        assert_eq!(of("role", "iam:CreateRole", Meaning::AlreadyExists), Made::Perhaps);
        assert_eq!(of("routeTable", "ec2:CreateRouteTable", Meaning::Later), Made::Nothing, "no VPC yet");
    }

    #[test]
    fn what_an_earlier_call_may_have_made_is_not_forgotten_when_the_next_one_is_refused() {
        let (earlier, now) = (Instant::now(), Instant::now() + LAG / 2);
        for known in [Create::InDoubt(earlier), Create::Made(earlier)] {
            assert_eq!(known.then(Made::Nothing, now), known);
        }
        assert_eq!(Create::Seen.then(Made::Nothing, now), Create::Nothing, "it is gone");
        assert_eq!(Create::InDoubt(earlier).then(Made::Something, now), Create::Made(now));
    }
}
