//! A cloud in memory: it settles, lags, refuses and remembers who did what to what.

use std::sync::{Mutex, MutexGuard};

use serde_json::Value;
use simulation::engine::{Address, Deleted, Failure, Key, Meaning, Phase, Recall};

use super::kinds::Outputs;

/// The whole cloud.
pub struct Cloud {
    state: Mutex<State>,
}

/// How slow it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manners {
    /// Seconds until reads show a write.
    pub lag: u64,
    /// Seconds until something that was made, changed or deleted has come to rest.
    pub pause: u64,
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
    /// What reads show until then.
    before: Option<(Value, u64)>,
    token: Option<String>,
    visible_at: u64,
    ready_at: u64,
    /// Has been ready once, so that its endpoint is known.
    has_been_ready: bool,
    gone_at: Option<u64>,
}

#[derive(Default)]
struct State {
    manners: Manners,
    now: u64,
    made: usize,
    things: Vec<Thing>,
    tokens: Vec<String>,
    faults: Vec<String>,
}

impl Cloud {
    pub fn new(manners: Manners) -> Self {
        Self { state: Mutex::new(State { manners, ..State::default() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panicked")
    }

    pub fn now(&self) -> u64 {
        self.state().now
    }

    /// A second passes.
    pub fn tick(&self) {
        let mut state = self.state();
        state.now += 1;
        let now = state.now;
        state.things.retain(|thing| thing.gone_at.is_none_or(|gone| now < gone));
        for thing in state.things.iter_mut().filter(|thing| thing.ready_at <= now) {
            thing.has_been_ready = true;
        }
    }

    /// Everything that exists, whether reads show it or not.
    pub fn things(&self) -> Vec<Thing> {
        self.state().things.clone()
    }

    /// What an operator should never have asked for.
    pub fn faults(&self) -> Vec<String> {
        self.state().faults.clone()
    }

    /// What reads show.
    pub fn visible(&self, kind: &str) -> Vec<(Thing, Phase)> {
        let state = self.state();
        let shown = |thing: &&Thing| thing.kind == kind && thing.visible_at <= state.now;
        state.things.iter().filter(shown).map(|thing| (state.read(thing), state.phase(thing))).collect()
    }

    /// Somebody changes or deletes something by hand.
    pub fn by_hand(&self, address: &Address, change: impl Fn(&mut Value)) {
        self.state()
            .things
            .iter_mut()
            .filter(|t| t.address.base() == *address)
            .for_each(|t| change(&mut t.spec));
    }

    pub fn lose(&self, address: &Address) {
        self.state().things.retain(|thing| thing.address.base() != *address);
    }

    /// Somebody else's thing.
    pub fn occupy(&self, kind: &'static str, name: &str) {
        let address = Address::new(kind, "elsewhere");
        let key = Key { address, name: name.into(), owner: "else".into(), labels: [].into(), token: None };
        let mut state = self.state();
        state.make(kind, &key, Value::Null);
        state.things.iter_mut().filter(|thing| thing.owner == "else").for_each(|thing| thing.visible_at = 0);
    }

    pub fn create(
        &self,
        kind: &'static str,
        recall: Recall,
        key: &Key,
        spec: Value,
    ) -> Result<Outputs, Failure> {
        let mut state = self.state();
        if let Some(known) = state.recalled(kind, recall, key)? {
            return Ok(known);
        }
        state.check_references(&key.address, &spec)?;
        Ok(state.make(kind, key, spec))
    }

    pub fn update(&self, id: &str, spec: Value, while_settling: bool) -> Result<(), Failure> {
        let mut state = self.state();
        let Some(at) = state.things.iter().position(|thing| thing.id == id) else {
            return Err(failure("toy:Update", "NotThere", Meaning::NotFound));
        };
        let address = state.things[at].address.clone();
        state.check_references(&address, &spec)?;
        let (now, Manners { lag, pause }) = (state.now, state.manners);
        let thing = &mut state.things[at];
        let settles = now < thing.ready_at;
        if thing.gone_at.is_none() {
            let shown = thing.before.take().filter(|(_, until)| now < *until).map(|(spec, _)| spec);
            thing.before = Some((shown.unwrap_or_else(|| thing.spec.clone()), now + lag));
            thing.spec = spec;
            thing.ready_at = now + pause;
        }
        if settles && !while_settling {
            state.faults.push(format!("{address} was changed while it settled"));
        }
        Ok(())
    }

    pub fn delete(&self, id: &str) -> Result<Deleted, Failure> {
        let mut state = self.state();
        let Some(thing) = state.things.iter().find(|thing| thing.id == id).cloned() else {
            return Ok(Deleted::Gone);
        };
        let holders: Vec<_> = state.things.iter().filter(|other| refers(&other.spec, id)).cloned().collect();
        if let Some(holder) = holders.first() {
            if let Some(seen) = holders.iter().find(|holder| holder.visible_at <= state.now) {
                state.faults.push(format!("{} was deleted before {}", thing.address, seen.address));
            }
            return Err(failure("toy:Delete", &format!("UsedBy{}", holder.id), Meaning::InUse));
        }
        if state.manners.pause == 0 {
            state.things.retain(|thing| thing.id != id);
            return Ok(Deleted::Gone);
        }
        let gone_at = state.now + state.manners.pause;
        let leaving = state.things.iter_mut().filter(|thing| thing.id == id);
        leaving.for_each(|thing| thing.gone_at = Some(thing.gone_at.unwrap_or(gone_at)));
        Ok(Deleted::Leaving)
    }
}

impl State {
    /// What an earlier call with the same key made.
    fn recalled(&mut self, kind: &str, recall: Recall, key: &Key) -> Result<Option<Outputs>, Failure> {
        let now = self.now;
        let known = self.things.iter().find(|thing| match recall {
            // Versions share a name, so only the address tells one.
            Recall::Name if key.address.name.contains('@') => thing.address == key.address,
            Recall::Name => thing.kind == kind && thing.name == key.name,
            Recall::Token => thing.token.is_some() && thing.token == key.token,
            Recall::Tags => false,
        });
        match known {
            Some(thing) if thing.owner != key.owner => {
                Err(failure("toy:Create", "Taken", Meaning::AlreadyExists))
            }
            Some(thing) if thing.gone_at.is_some() => Err(failure("toy:Create", "Leaving", Meaning::Later)),
            Some(thing) => Ok(Some(outputs(thing, now))),
            None => {
                self.check_token(recall, key);
                Ok(None)
            }
        }
    }

    fn check_token(&mut self, recall: Recall, key: &Key) {
        if recall == Recall::Name {
            return;
        }
        match &key.token {
            None => self.faults.push(format!("{} was made without a recorded intent", key.address)),
            Some(token) if recall == Recall::Token && self.tokens.contains(token) => {
                self.faults.push(format!("{} was made with a token that is used up", key.address));
            }
            Some(token) => self.tokens.push(token.clone()),
        }
    }

    fn check_references(&mut self, address: &Address, spec: &Value) -> Result<(), Failure> {
        let stands = |id: &str| self.things.iter().any(|t| t.id == id && t.gone_at.is_none());
        match references(spec).into_iter().find(|id| !stands(id)) {
            None => Ok(()),
            Some(missing) => {
                self.faults.push(format!("{address} was to refer to {missing}, which is not there"));
                Err(failure("toy:Check", "NoSuchThing", Meaning::NotFound))
            }
        }
    }

    fn make(&mut self, kind: &'static str, key: &Key, spec: Value) -> Outputs {
        self.made += 1;
        let Manners { lag, pause } = self.manners;
        let thing = Thing {
            kind,
            address: key.address.clone(),
            name: key.name.clone(),
            owner: key.owner.clone(),
            id: format!("id-{}", self.made),
            spec,
            before: None,
            token: key.token.clone(),
            visible_at: self.now + lag,
            ready_at: self.now + pause,
            has_been_ready: pause == 0,
            gone_at: None,
        };
        let outputs = outputs(&thing, self.now);
        self.things.push(thing);
        outputs
    }

    fn read(&self, thing: &Thing) -> Thing {
        let stale = thing.before.clone().filter(|(_, until)| self.now < *until);
        Thing { spec: stale.map_or(thing.spec.clone(), |(spec, _)| spec), ..thing.clone() }
    }

    fn phase(&self, thing: &Thing) -> Phase {
        match thing.gone_at {
            Some(_) => Phase::Leaving("on its way out".into()),
            None if self.now < thing.ready_at => Phase::Settling("on its way".into()),
            None => Phase::Ready,
        }
    }
}

impl Thing {
    pub fn outputs(&self) -> Outputs {
        outputs(self, u64::MAX)
    }

    pub fn is_leaving(&self) -> bool {
        self.gone_at.is_some()
    }
}

/// The endpoint is known only once the thing has been ready.
fn outputs(thing: &Thing, now: u64) -> Outputs {
    let ready = thing.has_been_ready || (now != u64::MAX && thing.ready_at <= now);
    Outputs { id: thing.id.clone(), endpoint: ready.then(|| format!("{}.endpoint", thing.id)) }
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
    Failure {
        operation: operation.into(),
        code: code.into(),
        message: "no".into(),
        request_id: None,
        meaning,
        retry_after: None,
    }
}
