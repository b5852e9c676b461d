//! Whose environments a resource may take over. Those of its own namespace it may always: who can write it could as well
//! write the other one.

use super::{Entry, Forbidden};
use crate::api::{ADOPT_FROM, Reason};
use crate::pipeline::{Invalid, Owner};

/// Some owners whose environments the resources of a namespace may take over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedAdoption(Entry);

impl AllowedAdoption {
    /// Reads `team-a=old-cluster/team-a/*`.
    ///
    /// # Errors
    /// What is allowed.
    pub fn new(text: &str) -> Result<Self, String> {
        Entry::read(text, is_pattern_of_owners).map(Self).ok_or_else(|| {
            "use NAMESPACE=OWNER, several of them separated by semicolons, as in team-a=old-cluster/team-a/*: a namespace or * \
             for every one; the clusterName/namespace/name of an owner, in each part of which * may stand for anything"
                .to_owned()
        })
    }
}

/// Whether one of these lets `heir` take over what belongs to `former`.
///
/// # Errors
/// None does: whom to ask for what.
pub(super) fn permit(allowed: &[AllowedAdoption], heir: &Owner, former: &Owner) -> Result<(), Forbidden> {
    let namespace = heir.namespace();
    let is_its_own = (heir.cluster(), namespace) == (former.cluster(), former.namespace());
    let former = former.to_string();
    if is_its_own || allowed.iter().any(|one| one.0.covers(namespace, &former, '/')) {
        return Ok(());
    }
    let named = Invalid::new(
        format!("metadata.annotations[{ADOPT_FROM}]"),
        format!("resources of namespace {namespace} may not take over what belongs to {former}"),
        format!(
            "remove the annotation; or whoever runs the operator can allow it: adoptions in the chart's values, or \
             --allowed-adoptions '{namespace}={former}'"
        ),
    );
    Err(Forbidden { reason: Reason::AdoptionNotAllowed, named })
}

/// `old-cluster/team-a/*`, or with `*` in any part.
fn is_pattern_of_owners(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let is_part = |part: &&str| {
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.*".contains(c);
        !part.is_empty() && part.chars().all(fine)
    };
    parts.len() == 3 && parts.iter().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(text: &str) -> Owner {
        text.parse().expect("an owner")
    }

    fn permits(allowed: &[&str], heir: &str, former: &str) -> Result<(), Forbidden> {
        let read = |text: &&str| AllowedAdoption::new(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        let allowed: Vec<_> = allowed.iter().map(read).collect();
        permit(&allowed, &owner(heir), &owner(former))
    }

    #[test]
    fn what_was_of_the_same_namespace_needs_no_permission() {
        assert_eq!(permits(&[], "home/team-a/dev", "home/team-a/old"), Ok(()));
        for other in ["home/team-b/old", "away/team-a/old", "home/team-a2/old"] {
            assert!(permits(&[], "home/team-a/dev", other).is_err(), "{other}");
        }
    }

    #[test]
    fn others_are_for_the_namespaces_that_they_are_allowed_to() {
        let moved = ["team-a=away/films/*"];
        assert_eq!(permits(&moved, "home/team-a/dev", "away/films/dev"), Ok(()));
        assert!(permits(&moved, "home/team-b/dev", "away/films/dev").is_err());
        assert!(permits(&moved, "home/team-a/dev", "away/films2/dev").is_err());
        assert!(permits(&moved, "home/team-a/dev", "home/films/dev").is_err());
        assert_eq!(permits(&["*=away/*/*"], "home/team-b/dev", "away/films/dev"), Ok(()));
    }

    #[test]
    fn a_refusal_says_what_to_allow_in_the_words_of_the_flag() {
        let refused = permits(&[], "home/team-a/dev", "away/films/dev").expect_err("refused");
        assert_eq!(refused.reason, Reason::AdoptionNotAllowed);
        let (_, flag) = refused.named.remedy.split_once("--allowed-adoptions '").expect("the flag");
        assert_eq!(
            permits(&[flag.trim_end_matches('\'')], "home/team-a/dev", "away/films/dev"),
            Ok(()),
            "{flag}"
        );
    }

    #[test]
    fn what_is_no_owner_or_no_namespace_is_refused() {
        for wrong in [
            "",
            "=",
            "team-a=",
            "team-a=*",
            "team-a=a/b",
            "team-a=a/b/c/d",
            "Team=a/b/c",
            "team-a=a//c",
            "a=A/b/c",
        ] {
            assert!(AllowedAdoption::new(wrong).is_err(), "{wrong:?}");
        }
    }
}
