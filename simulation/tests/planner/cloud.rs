//! A cloud in memory: it settles, lags, refuses and remembers who did what to what.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use simulation::engine::{Address, Deleted, Failure, Key, Meaning, Phase, Recall};

use super::kinds::Outputs;

/// The whole cloud.
pub struct Cloud {
    state: Mutex<State>,
    /// The next call arrives twice: a client has sent it again, because the first reply took too long.
    pub twice: Arc<AtomicBool>,
}

/// How slow it is.
#[derive(Clone, Debug, Default)]
pub struct Manners {
    /// Seconds until something that was made, changed or deleted has come to rest.
    pub pause: u64,
    /// How old the answers of reads are, in seconds, one read after the other and then from the first again. No kind shows
    /// what was before what it showed already.
    pub ages: Vec<u64>,
}

impl Manners {
    /// Seconds until every read shows a write.
    fn lag(&self) -> u64 {
        self.ages.iter().copied().max().unwrap_or_default()
    }
}

/// What stands in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Thing {
    pub kind: &'static str,
    pub address: Address,
    pub name: String,
    pub owner: String,
    pub id: String,
    pub spec: Value,
    ready_at: u64,
    /// Since when its endpoint is known.
    first_ready_at: u64,
    gone_at: Option<u64>,
}

type Things = Vec<Arc<Thing>>;

#[derive(Default)]
struct State {
    manners: Manners,
    now: u64,
    made: usize,
    things: Things,
    /// What stood there when each of those seconds ended that reads may still show, oldest first.
    past: VecDeque<(u64, Things)>,
    reads: usize,
    /// Up to when the reads of each kind have shown what happened.
    shown: BTreeMap<String, u64>,
    /// What was made with each token.
    tokens: BTreeMap<String, String>,
    /// What a token answered for when it was gone.
    ghosts: Vec<String>,
    faults: Vec<String>,
}

impl Cloud {
    pub fn new(manners: Manners) -> Self {
        Self { state: Mutex::new(State { manners, ..State::default() }), twice: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panicked")
    }

    pub fn now(&self) -> u64 {
        self.state().now
    }

    /// So many seconds pass.
    pub fn pass(&self, seconds: u64) {
        (0..seconds).for_each(|_| self.state().tick());
    }

    /// Everything that exists, whether reads show it or not.
    pub fn things(&self) -> Things {
        self.state().things.clone()
    }

    /// What an operator should never have asked for.
    pub fn faults(&self) -> Vec<String> {
        self.state().faults.clone()
    }

    /// What a read shows, each with its phase and its outputs.
    pub fn read(&self, kind: &str) -> Vec<(Arc<Thing>, Phase, Outputs)> {
        let mut state = self.state();
        let at = state.next_read(kind);
        let things = state.at(at).iter().filter(|thing| thing.kind == kind);
        things.map(|thing| (Arc::clone(thing), thing.phase(at), thing.outputs(at))).collect()
    }

    /// Somebody changes or deletes something by hand.
    pub fn by_hand(&self, address: &Address, change: impl Fn(&mut Value)) {
        let mut state = self.state();
        let things = state.things.iter_mut().filter(|t| t.address.is_of(address));
        things.for_each(|thing| change(&mut Arc::make_mut(thing).spec));
    }

    pub fn lose(&self, address: &Address) {
        self.state().things.retain(|thing| !thing.address.is_of(address));
    }

    /// Somebody else's thing.
    pub fn occupy(&self, kind: &'static str, name: &str) {
        let address = Address::new(kind, "elsewhere");
        let key = Key { address, name: name.into(), owner: "else".into(), labels: [].into(), token: None };
        self.state().make(kind, &key, Value::Null);
    }

    /// Makes the call, once more if it arrives twice. The client hears of the last one, and answers for the first.
    fn hear<T>(&self, call: impl Fn(&mut State) -> T) -> T {
        let mut state = self.state();
        let heard = call(&mut state);
        if !self.twice.swap(false, Ordering::Relaxed) {
            return heard;
        }
        let faults = state.faults.len();
        let heard = call(&mut state);
        state.faults.truncate(faults);
        heard
    }

    pub fn create(
        &self,
        kind: &'static str,
        recall: Recall,
        key: &Key,
        spec: &Value,
    ) -> Result<Outputs, Failure> {
        // What only tags tell would be there twice, and the second one be removed: lives of that sort are the sweep's.
        self.twice.fetch_and(recall != Recall::Tags, Ordering::Relaxed);
        self.hear(|state| {
            if let Some(known) = state.recalled(kind, recall, key)? {
                return Ok(known);
            }
            state.check_references(&key.address, spec)?;
            state.check_intent(recall, key);
            Ok(state.make(kind, key, spec.clone()))
        })
    }

    pub fn update(&self, id: &str, spec: &Value, while_settling: bool) -> Result<(), Failure> {
        self.hear(|state| state.update(id, spec, while_settling))
    }

    pub fn delete(&self, id: &str) -> Result<Deleted, Failure> {
        self.hear(|state| state.delete(id))
    }
}

impl State {
    fn tick(&mut self) {
        let lag = usize::try_from(self.manners.lag()).unwrap_or(usize::MAX);
        self.past.push_back((self.now, self.things.clone()));
        while self.past.len() > lag {
            self.past.pop_front();
        }
        self.now += 1;
        let now = self.now;
        self.things.retain(|thing| thing.gone_at.is_none_or(|gone| now < gone));
    }

    /// As of when the next read of that kind is.
    fn next_read(&mut self, kind: &str) -> u64 {
        let ages = &self.manners.ages;
        let age = ages.get(self.reads.checked_rem(ages.len()).unwrap_or_default()).copied();
        self.reads += 1;
        let at = self.now.saturating_sub(age.unwrap_or_default());
        let shown = self.shown.entry(kind.to_owned()).or_default();
        *shown = at.max(*shown);
        *shown
    }

    /// What stood there at a time that is not longer ago than reads lag.
    fn at(&self, time: u64) -> &Things {
        self.past.iter().find(|(at, _)| *at == time).map_or(&self.things, |(_, things)| things)
    }

    /// What every read shows, or has shown.
    fn surely_shown(&self) -> (u64, &Things) {
        let at = self.now.saturating_sub(self.manners.lag());
        (at, self.at(at))
    }

    /// What an earlier call with the same key made; for a token that may be gone by now, and AWS does not say so.
    fn recalled(&mut self, kind: &str, recall: Recall, key: &Key) -> Result<Option<Outputs>, Failure> {
        let made = key.token.as_ref().and_then(|token| self.tokens.get(token));
        let known = self.things.iter().find(|thing| match recall {
            // Versions share a name, so only the address tells one.
            Recall::Name if key.address.name.contains('@') => thing.address == key.address,
            Recall::Name => thing.kind == kind && thing.name == key.name,
            Recall::Token => Some(&thing.id) == made,
            Recall::Tags => false,
        });
        match known {
            Some(thing) if thing.owner != key.owner => {
                Err(failure("toy:Create", "Taken", Meaning::AlreadyExists))
            }
            Some(thing) if thing.gone_at.is_some() => Err(failure("toy:Create", "Leaving", Meaning::Later)),
            Some(thing) => Ok(Some(thing.outputs(self.now))),
            None => Ok(made.filter(|_| recall == Recall::Token).cloned().map(|id| {
                self.ghosts.push(id.clone());
                Outputs { id, endpoint: None }
            })),
        }
    }

    fn check_intent(&mut self, recall: Recall, key: &Key) {
        if recall != Recall::Name && key.token.is_none() {
            self.faults.push(format!("{} was made without a recorded intent", key.address));
        }
    }

    /// Refuses a reference to what is not there; it should not have been made if no read could show it any more.
    fn check_references(&mut self, address: &Address, spec: &Value) -> Result<(), Failure> {
        let stands = |things: &Things, id: &str| things.iter().any(|t| t.id == id && t.gone_at.is_none());
        let Some(missing) = references(spec).into_iter().find(|id| !stands(&self.things, id)) else {
            return Ok(());
        };
        let is_shown = self.past.iter().any(|(_, things)| stands(things, &missing));
        if !is_shown && !self.ghosts.contains(&missing) {
            self.faults.push(format!("{address} was to refer to {missing}, which is not there"));
        }
        Err(failure("toy:Check", "NoSuchThing", Meaning::NotFound))
    }

    fn make(&mut self, kind: &'static str, key: &Key, spec: Value) -> Outputs {
        self.made += 1;
        let ready_at = self.now + self.manners.pause;
        let thing = Thing {
            kind,
            address: key.address.clone(),
            name: key.name.clone(),
            owner: key.owner.clone(),
            id: format!("id-{}", self.made),
            spec,
            ready_at,
            first_ready_at: ready_at,
            gone_at: None,
        };
        let outputs = thing.outputs(self.now);
        self.tokens.extend(key.token.clone().map(|token| (token, thing.id.clone())));
        self.things.push(Arc::new(thing));
        outputs
    }

    fn update(&mut self, id: &str, spec: &Value, while_settling: bool) -> Result<(), Failure> {
        let Some(at) = self.things.iter().position(|thing| thing.id == id) else {
            return Err(failure("toy:Update", "NotThere", Meaning::NotFound));
        };
        let address = self.things[at].address.clone();
        self.check_references(&address, spec)?;
        let (shown_at, shown) = self.surely_shown();
        let settled = |thing: &Arc<Thing>| thing.id == id && thing.ready_at <= shown_at;
        let ready = self.things[at].ready_at <= self.now || shown.iter().any(settled);
        if !ready && !while_settling {
            self.faults.push(format!("{address} was changed while it settled"));
        }
        let ready_at = self.now + self.manners.pause;
        let thing = Arc::make_mut(&mut self.things[at]);
        if thing.gone_at.is_none() {
            thing.spec = spec.clone();
            thing.ready_at = ready_at;
        }
        Ok(())
    }

    fn delete(&mut self, id: &str) -> Result<Deleted, Failure> {
        let Some(at) = self.things.iter().position(|thing| thing.id == id) else {
            return Ok(Deleted::Gone);
        };
        let holders = || self.things.iter().filter(|other| refers(&other.spec, id));
        if let Some(holder) = holders().next() {
            let refusal = failure("toy:Delete", &format!("UsedBy{}", holder.id), Meaning::InUse);
            let (_, shown) = self.surely_shown();
            let is_shown = |holder: &Thing| shown.iter().any(|t| t.id == holder.id && refers(&t.spec, id));
            if let Some(seen) = holders().find(|holder| is_shown(holder)) {
                let fault = format!("{} was deleted before {}", self.things[at].address, seen.address);
                self.faults.push(fault);
            }
            return Err(refusal);
        }
        if self.manners.pause == 0 {
            self.things.remove(at);
            return Ok(Deleted::Gone);
        }
        let gone_at = self.now + self.manners.pause;
        Arc::make_mut(&mut self.things[at]).gone_at.get_or_insert(gone_at);
        Ok(Deleted::Leaving)
    }
}

impl Thing {
    /// The endpoint is known only once the thing has been ready.
    fn outputs(&self, now: u64) -> Outputs {
        let ready = self.first_ready_at <= now;
        Outputs { id: self.id.clone(), endpoint: ready.then(|| format!("{}.endpoint", self.id)) }
    }

    fn phase(&self, now: u64) -> Phase {
        match self.gone_at {
            Some(_) => Phase::Leaving("on its way out".into()),
            None if now < self.ready_at => Phase::Settling("on its way".into()),
            None => Phase::Ready,
        }
    }

    pub fn is_leaving(&self) -> bool {
        self.gone_at.is_some()
    }
}

/// The ids of what a spec refers to.
pub fn references(spec: &Value) -> Vec<String> {
    let texts = ["builtOn", "uses"].into_iter().filter_map(|field| spec.get(field)?.as_array()).flatten();
    texts.filter_map(|text| Some(text.as_str()?.trim_end_matches(".endpoint").to_owned())).collect()
}

pub fn refers(spec: &Value, id: &str) -> bool {
    references(spec).iter().any(|reference| reference == id)
}

pub fn failure(operation: &str, code: &str, meaning: Meaning) -> Failure {
    Failure::new(operation, code, meaning, "no")
}
