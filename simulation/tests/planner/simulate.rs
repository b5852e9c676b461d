//! Lives without number, or the one that is asked for.

use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use super::check::{ENGINE, Failing, SORTS, Seed, Sort};

/// How many lives of each sort the tests live, always the same.
const LIVES: u64 = 1000;
/// How many lives are lived between two looks at the clock.
const BATCH: u64 = 1000;

#[test]
fn all_is_well_where_nothing_goes_wrong() {
    all_is_well(Sort::Quiet);
}

#[test]
fn all_is_well_where_calls_fail_replies_are_lost_and_operators_die() {
    all_is_well(Sort::Troubled);
}

#[test]
fn all_is_well_where_a_name_is_somebody_elses() {
    all_is_well(Sort::Crowded);
}

#[test]
fn all_is_well_where_reads_fail() {
    all_is_well(Sort::Veiled);
}

#[test]
fn all_is_well_where_anything_may_happen() {
    all_is_well(Sort::Eventful);
}

fn all_is_well(sort: Sort) {
    let seeds: Vec<_> = (0..LIVES).map(|number| Seed(sort, number)).collect();
    shown(ENGINE.live(&seeds));
}

#[test]
fn no_life_that_ever_failed_fails_again() {
    let known = include_str!("regressions.txt").lines().filter(|line| !line.starts_with('#'));
    let words = known.flat_map(|line| line.split_whitespace().take_while(|word| word.contains('/')));
    let seeds: Vec<_> = words.map(|word| Seed::read(word).expect(word)).collect();
    shown(ENGINE.live(&seeds));
}

/// `SIMULATE=NUMBER` lives so many lives, other ones each time; `SIMULATE=SORT/NUMBER` lives that one.
#[test]
fn as_many_lives_as_are_asked_for() {
    let Ok(asked) = std::env::var("SIMULATE") else { return };
    if let Some(seed) = Seed::read(&asked) {
        return shown(ENGINE.live(&[seed]));
    }
    let number: u64 = asked.parse().expect("SIMULATE is a number of lives, or SORT/NUMBER");
    let first = RandomState::new().hash_one("the first life") >> 16;
    let begun = Instant::now();
    let mut lived = 0;
    while lived < number {
        let batch = lived..number.min(lived + BATCH);
        let seed = |at: u64| Seed(SORTS[(at % 5) as usize], first + at);
        let failing = ENGINE.live(&batch.map(seed).collect::<Vec<_>>());
        lived = number.min(lived + BATCH);
        if lived == number || failing.is_some() {
            let seconds = begun.elapsed().as_secs_f64();
            println!("{lived} lives in {seconds:.1} s: {:.0} a second", lived as f64 / seconds);
        }
        shown(failing);
    }
}

/// Says what is wrong, and how it is seen again.
fn shown(failing: Option<Failing>) {
    let Some(Failing { seed, error }) = failing else { return };
    panic!(
        "{error}\nto see it again: make simulate SEED={seed}\nto keep it away, once it is mended: a line in \
         simulation/tests/planner/regressions.txt"
    );
}
