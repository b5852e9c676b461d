//! Properties of the engine over random environments in a toy cloud. Each is also shown to fail on a mutated planner or a
//! broken kind, so that it is known to look.

mod broken;
mod case;
mod check;
mod cloud;
mod convergence;
mod decisions;
mod kinds;
mod life;
mod order;

#[test]
fn all_is_well_where_nothing_goes_wrong() {
    check::all_hold(case::quiet());
}

#[test]
fn all_is_well_where_calls_fail_replies_are_lost_and_operators_die() {
    check::all_hold(case::troubled());
}

#[test]
fn all_is_well_where_a_name_is_somebody_elses() {
    check::all_hold(case::crowded());
}

#[test]
fn all_is_well_where_reads_fail() {
    check::all_hold(case::veiled());
}
