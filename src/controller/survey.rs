//! Look at an environment and decide what becomes of it: what a reconcile and `kubectl vp plan` have in common.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::allowed::{Allowed, Forbidden};
use super::connections::{Connections, credential_scope};
use super::knowledge::{Knowledge, Periods};
use super::observer::{Look, Observer};
use super::recollection::Recollection;
use super::stored::Stored;
use crate::api::Reason;
use crate::aws::{Aws, CredentialScope, IgnoredTags, Lane};
use crate::design::{self, Names};
use crate::engine::{self, Address, Depth, Failure, Former, Graph, Named, Plan, Scope, StepId, World};
use crate::kinds::KINDS;
use crate::pipeline::{Admitted, ClusterName, Identity, Invalid, Pipeline};

/// Looks and decides, for any environment. Clones share connections and batches.
#[derive(Clone)]
pub struct Surveyor {
    /// Name of the cluster, part of every owner.
    pub cluster: ClusterName,
    /// Clients and facts.
    pub connections: Connections,
    /// Batched reads.
    pub observer: Observer,
    /// How often what has come to rest is looked at again.
    pub periods: Periods,
    /// How long reads of AWS may lag behind a call whose answer was lost.
    pub read_lag: Duration,
    /// Permissions boundary of the roles that are made.
    pub permissions_boundary: Option<String>,
    /// Tags that are neither compared nor removed.
    pub ignored_tags: IgnoredTags,
    /// What resources may name that is not their own.
    pub allowed: Allowed,
}

/// What is known of one environment, and remembered of what was done to it.
#[derive(Debug, Default)]
pub struct Environment {
    /// What it is like.
    pub knowledge: Knowledge,
    /// What was done.
    pub recollection: Recollection,
    /// The verdict of schema and rules on a generation of the resource: they take longer than the rest of a pass.
    admission: Option<(i64, Result<Admitted, Vec<Invalid>>)>,
}

impl Environment {
    /// True iff the root is its own: all else of another's environment is taken over after that.
    fn has_begun_to_take_over(&self, identity: &Identity) -> bool {
        let root = design::nothing(identity).root;
        root.is_some_and(|root| self.knowledge.world().our(&root).is_some())
    }

    /// The resource, if schema and rules let it pass. One without a generation was never stored and is always asked about.
    fn admitted(&mut self, resource: &Stored) -> Result<Admitted, Vec<Invalid>> {
        let Some(generation) = resource.meta.generation else { return resource.admitted() };
        match &self.admission {
            Some((of, verdict)) if *of == generation => verdict.clone(),
            _ => self.admission.insert((generation, resource.admitted())).1.clone(),
        }
    }
}

/// What there is and what becomes of it.
pub struct Survey {
    /// The clients that can change it.
    pub aws: Aws,
    /// What should exist.
    pub graph: Graph,
    /// What exists.
    pub world: World,
    /// What becomes of it.
    pub plan: Plan,
    /// Remarks by address.
    pub notes: BTreeMap<String, String>,
    /// For how much longer something may show up that is there and was never seen.
    pub unshown: Option<Duration>,
}

impl Survey {
    /// True iff nothing of the environment is left, nor of what was its own.
    pub fn is_empty(&self) -> bool {
        self.world.is_empty() && self.plan.items.is_empty()
    }
}

/// Why nothing could be decided.
#[derive(Debug)]
pub enum Obstacle {
    /// The spec asks for something that cannot be.
    Invalid(Vec<Invalid>),
    /// It names what it may not name, or stands where the credentials do not lead: nothing of AWS was looked at.
    Forbidden(Forbidden),
    /// AWS could not be asked.
    Unreached(Failure),
    /// The steps wait for each other in a circle.
    Circular(Vec<StepId>),
}

impl Surveyor {
    /// Looks at the environment of `resource` as far as it is not known, and decides.
    ///
    /// # Errors
    /// Why nothing could be decided.
    pub async fn survey(&self, resource: &Stored, environment: &mut Environment) -> Result<Survey, Obstacle> {
        let identity = resource.identity(&self.cluster).map_err(Obstacle::Invalid)?;
        // What stands where nothing may stand any more can be removed.
        if !resource.deleting() {
            self.allowed.region(&identity).map_err(Obstacle::Forbidden)?;
        }
        self.allowed.role(&identity).map_err(Obstacle::Forbidden)?;
        let former = self.former(resource, &identity)?;
        let credentials = credential_scope(&identity);
        let stands = resource.account();
        let aws = self.connections.connect(&credentials, stands.as_deref()).await;
        let aws = aws.map_err(Obstacle::Unreached)?;
        in_its_account(stands, &aws.account).map_err(Obstacle::Forbidden)?;
        environment.knowledge.enter(&aws.account);
        let mut place = Place { identity: &identity, former: None, credentials: &credentials, aws: &aws };
        if !resource.deleting() || environment.has_begun_to_take_over(&identity) {
            place.former = former.clone();
        }

        self.look(&place, resource, environment).await;
        if place.former.is_none() && former.is_some() && environment.has_begun_to_take_over(&identity) {
            // What was not taken over yet goes as well: nobody else will look after it.
            place.former = former;
            environment.knowledge.forget();
            self.look(&place, resource, environment).await;
        }
        let (mut survey, shallow) = self.decide(&place, resource, environment).await?;
        if !shallow.is_empty() {
            // Something changes, and nothing changes on the strength of a cheap look.
            let due = shallow.into_iter().map(|kind| (kind, Depth::Audit)).collect();
            self.observe(&place, resource, environment, due).await;
            (survey, _) = self.decide(&place, resource, environment).await?;
        }
        // Nor on a look from before reads caught up: those kinds are read again in the next pass.
        survey.plan.unshown().for_each(|kind| environment.knowledge.touch(kind));
        Ok(survey)
    }

    /// Looks at whatever was not looked at for too long.
    async fn look(&self, place: &Place<'_>, resource: &Stored, environment: &mut Environment) {
        let due = environment.knowledge.stale(KINDS, self.periods, Instant::now());
        self.observe(place, resource, environment, due).await;
    }

    /// Whose environment the resource takes over.
    fn former(&self, resource: &Stored, identity: &Identity) -> Result<Option<Former>, Obstacle> {
        let named = resource.former_owner().map_err(Obstacle::Invalid)?;
        let Some(owner) = named.filter(|owner| *owner != identity.owner) else { return Ok(None) };
        if let Err(forbidden) = self.allowed.adoption(&identity.owner, &owner) {
            // What may not be taken over is not removed either.
            return if resource.deleting() { Ok(None) } else { Err(Obstacle::Forbidden(forbidden)) };
        }
        Ok(Some(Former { owner: owner.to_string(), labels: design::labels(identity) }))
    }

    async fn observe(
        &self,
        place: &Place<'_>,
        resource: &Stored,
        environment: &mut Environment,
        due: Vec<(&'static str, Depth)>,
    ) {
        let scope = self.scope(place, resource, environment);
        for depth in [Depth::Status, Depth::Audit] {
            let kinds: Vec<_> = due.iter().filter(|(_, d)| *d == depth).map(|(kind, _)| *kind).collect();
            let lane = if depth == Depth::Status { Lane::Sweep } else { Lane::Urgent };
            let look = Look { aws: place.aws, credentials: place.credentials, depth, lane };
            let worlds = self.observer.observe(&look, &kinds, &scope).await;
            let now = Instant::now();
            for (kind, world) in kinds.into_iter().zip(worlds) {
                environment.knowledge.learn(kind, world, depth, now);
            }
        }
        environment.recollection.see(resource, &environment.knowledge.world(), Instant::now());
    }

    /// The decision, and, where it changes something, the kinds that were looked at only cheaply.
    async fn decide(
        &self,
        place: &Place<'_>,
        resource: &Stored,
        environment: &mut Environment,
    ) -> Result<(Survey, Vec<&'static str>), Obstacle> {
        let mut world = environment.knowledge.world();
        let (graph, notes) = match resource.deleting() {
            true => (design::nothing(place.identity), BTreeMap::new()),
            false => self.design(place, environment.admitted(resource), &world).await?,
        };
        self.ignored_tags.leave_out(&graph, &mut world);
        let now = Instant::now();
        environment.recollection.failures.reconsider(&graph, &world);
        let memory = environment.recollection.memory(resource, &world, self.read_lag, now);
        let plan = engine::plan(KINDS, &graph, &world, &memory).map_err(Obstacle::Circular)?;
        let shallow = if plan.steps.is_empty() { Vec::new() } else { environment.knowledge.shallow() };
        let unshown = environment.recollection.unshown(self.read_lag, now);
        Ok((Survey { aws: place.aws.clone(), graph, world, plan, notes, unshown }, shallow))
    }

    async fn design(
        &self,
        place: &Place<'_>,
        admitted: Result<Admitted, Vec<Invalid>>,
        world: &World,
    ) -> Result<(Graph, BTreeMap<String, String>), Obstacle> {
        let admitted = admitted.map_err(Obstacle::Invalid)?;
        let version = &admitted.resource().spec.database.engine_version;
        let facts = self.connections.facts(place.aws, place.credentials, version, world).await;
        let facts = facts.map_err(Obstacle::Unreached)?;
        let pipeline = Pipeline::from(&admitted, &facts, &self.cluster).map_err(Obstacle::Invalid)?;
        let settings = design::Settings { permissions_boundary: self.permissions_boundary.clone() };
        Ok((design::design(&pipeline, &settings), design::notes(&pipeline)))
    }

    /// Every name that the environment could use, with the ids that are remembered.
    fn scope(&self, place: &Place<'_>, resource: &Stored, environment: &Environment) -> Scope {
        let ids = environment.recollection.ids(resource);
        let named = |(address, name): (Address, String)| {
            let remembered = ids.get(&address).cloned();
            Named { address, name, remembered }
        };
        let names = Names::new(&place.identity.suffix).within(resource.zones());
        Scope {
            owner: place.identity.owner.to_string(),
            former: place.former.clone(),
            named: names.into_iter().map(named).collect(),
        }
    }
}

/// Whether credentials of `reached` are those of the account in which the environment stands. With others nothing of it is to be
/// seen: it would be made a second time, or given up.
fn in_its_account(stands: Option<String>, reached: &str) -> Result<(), Forbidden> {
    let Some(stands) = stands.filter(|stands| stands != reached) else { return Ok(()) };
    let problem = format!("the environment stands in account {stands}, and the credentials are of {reached}");
    let remedy = format!(
        "use credentials of {stands}; where the environment is given up, spec.deletionPolicy: Retain lets the resource go"
    );
    Err(Forbidden { reason: Reason::OtherAccount, named: Invalid::new("status.accountId", problem, remedy) })
}

/// One environment's place in AWS.
struct Place<'a> {
    identity: &'a Identity,
    /// Whose resources it takes over.
    former: Option<Former>,
    credentials: &'a CredentialScope,
    aws: &'a Aws,
}
