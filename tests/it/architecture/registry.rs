//! The registry of kinds.

use std::collections::BTreeSet;

use video_pipeline_operator::aws::Operation;
use video_pipeline_operator::kinds::KINDS;

use super::sources;

#[test]
fn every_kind_is_registered_once_and_names_registered_ones() {
    let names: BTreeSet<_> = KINDS.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), KINDS.len(), "a name is used twice");
    for kind in KINDS {
        for other in kind.refers_to().iter().chain(kind.alters()) {
            assert!(names.contains(other), "{} names {other}, which is not registered", kind.name());
        }
    }
}

#[test]
fn what_makes_an_object_is_an_operation_of_its_kind() {
    for kind in KINDS {
        let made = kind.actions().iter().find(|action| action.name == kind.created_by());
        assert!(
            made.is_some_and(|action| action.implied_by.is_none()),
            "{} by {}",
            kind.name(),
            kind.created_by()
        );
        let operation = kind.created_by().split(':').next_back().unwrap();
        assert!(Operation::new("", operation).mutates(), "{} makes nothing", kind.created_by());
    }
}

#[test]
fn no_kinds_refer_to_each_other_in_a_circle() {
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    while gone.len() < KINDS.len() {
        // What nobody refers to any more may go.
        let held: BTreeSet<_> = KINDS
            .iter()
            .filter(|kind| !gone.contains(kind.name()))
            .flat_map(|kind| kind.refers_to())
            .collect();
        let free: Vec<_> = KINDS
            .iter()
            .map(|kind| kind.name())
            .filter(|name| !gone.contains(name) && !held.contains(&name))
            .collect();
        assert!(!free.is_empty(), "these refer to each other: {held:?}");
        gone.extend(free);
    }
}

#[test]
fn a_kind_comes_after_those_that_it_refers_to() {
    let position = |name: &str| KINDS.iter().position(|kind| kind.name() == name);
    for kind in KINDS {
        for other in kind.refers_to() {
            assert!(position(other) < position(kind.name()), "{} stands before {other}", kind.name());
        }
    }
}

#[test]
fn the_controller_names_no_kind() {
    let quoted: Vec<_> = KINDS.iter().map(|kind| format!("\"{}\"", kind.name())).collect();
    let mut named = Vec::new();
    for source in sources::all().iter().filter(|source| source.path.starts_with("controller/")) {
        let lines = source.code.iter().filter(|(_, line)| quoted.iter().any(|name| line.contains(name)));
        named.extend(lines.map(|(number, line)| format!("{}:{number}: {}", source.path, line.trim())));
    }
    assert!(named.is_empty(), "{}", named.join("\n"));
}
