//! Runs a property over many lives, and shows that it can fail.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use super::case::Case;
use super::kinds::{KINDS, Kinds};
use super::life::{Life, Planner, engine, live};

/// What a property is about.
pub struct Lived<'a> {
    pub case: &'a Case,
    pub kinds: &'a Kinds,
    pub planner: Planner,
    pub life: Life,
}

/// What must be true of every life; else the reason why it is not.
pub type Property = fn(&Lived<'_>) -> Result<(), String>;

/// Lives that a property is tried on; `PROPTEST_CASES` sets another number, `PROPTEST_RNG_SEED` other ones.
const CASES: u32 = 160;

/// The property holds for the engine.
pub fn holds(cases: impl Strategy<Value = Case>, property: Property) {
    if let Err(error) = run(cases, &KINDS, engine, property) {
        panic!("{error}");
    }
}

/// The property does not hold for these kinds under this planner: it does look.
pub fn fails(cases: impl Strategy<Value = Case>, kinds: &Kinds, planner: Planner, property: Property) {
    match run(cases, kinds, planner, property) {
        Err(TestError::Fail(..)) => {}
        other => panic!("the property overlooks the fault: {other:?}"),
    }
}

fn run(
    cases: impl Strategy<Value = Case>,
    kinds: &Kinds,
    planner: Planner,
    property: Property,
) -> Result<(), TestError<Case>> {
    let asked = Config::default();
    let number = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { CASES };
    let seed = if asked.rng_seed == RngSeed::Random { RngSeed::Fixed(7) } else { asked.rng_seed };
    let config = Config { cases: number, rng_seed: seed, failure_persistence: None, ..asked };
    TestRunner::new(config).run(&cases, |case| {
        let lived = Lived { case: &case, kinds, planner, life: live(&case, kinds, planner) };
        property(&lived).map_err(TestCaseError::fail)
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
