//! Runs a property over many lives, and shows that it can fail.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use super::case::Case;
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

/// Lives that are tried; `PROPTEST_CASES` sets another number, `PROPTEST_RNG_SEED` other ones.
const CASES: u32 = 250;

/// Every property holds for the engine.
pub fn all_hold(cases: impl Strategy<Value = Case>) {
    if let Err(error) = run(cases, &KINDS, engine, PROPERTIES, 4096) {
        panic!("{error}");
    }
}

/// The property does not hold for these kinds under this planner: it does look.
pub fn fails(cases: impl Strategy<Value = Case>, kinds: &Kinds, planner: Planner, property: Property) {
    match run(cases, kinds, planner, &[property], 0) {
        Err(TestError::Fail(..)) => {}
        other => panic!("the property overlooks the fault: {other:?}"),
    }
}

#[allow(clippy::result_large_err, reason = "the error is the case that fails, shown once")]
fn run(
    cases: impl Strategy<Value = Case>,
    kinds: &Kinds,
    planner: Planner,
    properties: &[Property],
    max_shrink_iters: u32,
) -> Result<(), TestError<Case>> {
    let asked = Config::default();
    let number = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { CASES };
    let seed = if asked.rng_seed == RngSeed::Random { RngSeed::Fixed(7) } else { asked.rng_seed };
    let config =
        Config { cases: number, rng_seed: seed, max_shrink_iters, failure_persistence: None, ..asked };
    TestRunner::new(config).run(&cases, |case| {
        let lived = Lived { case: &case, kinds, planner, life: live(&case, kinds, planner) };
        properties.iter().try_for_each(|property| property(&lived)).map_err(TestCaseError::fail)
    })
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
