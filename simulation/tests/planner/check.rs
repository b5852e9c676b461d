//! Tries properties on many lives, each the life of a number, and shows that they can fail.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::case::{self, Case};
use super::kinds::{KINDS, Kinds};
use super::life::{Life, Planner, engine, live};
use super::{convergence, decisions, order};

/// What a property is about.
pub struct Lived<'a> {
    pub case: &'a Case,
    pub kinds: &'a Kinds,
    pub planner: Planner,
    pub life: Life,
}

/// What must be true of every life; else the reason why it is not.
pub type Property = fn(&Lived<'_>) -> Result<(), String>;

/// All properties.
const PROPERTIES: &[Property] = &[
    convergence::comes_to_rest,
    convergence::nothing_is_ever_there_twice,
    convergence::what_is_not_ours_is_untouched,
    decisions::unknown_is_not_absent,
    decisions::what_is_unread_is_shown,
    decisions::consent_is_needed_exactly_where_data_is_at_stake,
    decisions::what_is_protected_keeps_everything,
    decisions::a_consent_is_good_once,
    decisions::plans_are_deterministic,
    decisions::a_new_version_shows_its_changes,
    decisions::private_values_stay_private,
    order::deletes_follow_dependants,
    order::the_root_is_first_and_last,
    order::a_failure_stops_only_what_depends_on_it,
    order::what_pauses_is_not_tried_and_slows_nothing_else,
    order::a_circle_of_deletions_is_refused,
];

/// A sort of lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Quiet,
    Troubled,
    Crowded,
    Veiled,
    Eventful,
}

pub const SORTS: [Sort; 5] = [Sort::Quiet, Sort::Troubled, Sort::Crowded, Sort::Veiled, Sort::Eventful];

impl Sort {
    pub fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Troubled => "troubled",
            Self::Crowded => "crowded",
            Self::Veiled => "veiled",
            Self::Eventful => "eventful",
        }
    }

    fn lives(self) -> BoxedStrategy<Case> {
        match self {
            Self::Quiet => case::quiet().boxed(),
            Self::Troubled => case::troubled().boxed(),
            Self::Crowded => case::crowded().boxed(),
            Self::Veiled => case::veiled().boxed(),
            Self::Eventful => case::eventful().boxed(),
        }
    }
}

/// A life: its sort, and its number among those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub Sort, pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.name(), self.1)
    }
}

impl Seed {
    /// What `Display` wrote.
    pub fn read(text: &str) -> Option<Self> {
        let (name, number) = text.split_once('/')?;
        let sort = SORTS.into_iter().find(|sort| sort.name() == name)?;
        Some(Self(sort, number.parse().ok()?))
    }
}

/// A property does not hold in a life.
#[derive(Debug)]
pub struct Failing {
    pub seed: Seed,
    pub error: TestError<Case>,
}

/// What lives are tried on.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub kinds: &'a Kinds,
    pub planner: Planner,
    pub properties: &'a [Property],
    /// How often a failing life is made simpler.
    pub simplifications: u32,
}

/// The engine, with all that must be true of it.
pub const ENGINE: Subject<'static> =
    Subject { kinds: &KINDS, planner: engine, properties: PROPERTIES, simplifications: 4096 };

impl Subject<'_> {
    /// Lives these lives on every processor; the first failure that is found.
    pub fn live(&self, seeds: &[Seed]) -> Option<Failing> {
        let next = AtomicU64::new(0);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let work = || {
            let lives = SORTS.map(Sort::lives);
            std::iter::from_fn(|| {
                let at = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).ok()?;
                seeds.get(at).copied()
            })
            .find_map(|seed| {
                let failing = self.one(&lives[seed.0 as usize], seed);
                // One is enough.
                failing.inspect(|_| next.store(u64::MAX / 2, Ordering::Relaxed))
            })
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
            workers.into_iter().find_map(|worker| worker.join().expect("proptest catches panics"))
        })
    }

    fn one(&self, lives: &BoxedStrategy<Case>, seed: Seed) -> Option<Failing> {
        let mut number = [0; 32];
        number[..8].copy_from_slice(&seed.1.to_le_bytes());
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &number);
        let config =
            Config { max_shrink_iters: self.simplifications, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, random);
        let life = lives.new_tree(&mut runner).expect("no life is refused");
        let error = runner.run_one(life, |case| self.holds(&case).map_err(TestCaseError::fail)).err()?;
        Some(Failing { seed, error })
    }

    fn holds(&self, case: &Case) -> Result<(), String> {
        let Self { kinds, planner, properties, .. } = *self;
        let lived = Lived { case, kinds, planner, life: live(case, kinds, planner) };
        properties.iter().try_for_each(|property| property(&lived))
    }
}

/// The property does not hold for these kinds under this planner in some life of that sort: it does look.
pub fn fails(sort: Sort, kinds: &Kinds, planner: Planner, property: Property) {
    const LIVES: u64 = 250;
    let subject = Subject { kinds, planner, properties: &[property], simplifications: 0 };
    let seeds: Vec<_> = (0..LIVES).map(|number| Seed(sort, number)).collect();
    match subject.live(&seeds) {
        Some(Failing { error: TestError::Fail(..), .. }) => {}
        other => panic!("the property overlooks the fault: {other:?}"),
    }
}

/// Ends the property with a reason unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($reason:tt)+) => {
        if !$condition {
            return Err(format!($($reason)+));
        }
    };
}
pub(crate) use ensure;
