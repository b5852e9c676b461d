//! In which regions environments may live: where data has to stay in one part of the world, whoever runs the operator says so
//! once for all of them.

use super::{Forbidden, matches};
use crate::api::Reason;
use crate::pipeline::{Invalid, Region};

/// A region in which environments may live, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedRegion(String);

impl AllowedRegion {
    /// Reads `eu-west-1`, or `eu-*`.
    ///
    /// # Errors
    /// What is allowed.
    pub fn new(text: &str) -> Result<Self, String> {
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-*".contains(c);
        if !text.is_empty() && text.chars().all(fine) {
            return Ok(Self(text.to_owned()));
        }
        Err("use codes of regions, separated by commas, as in eu-west-1,eu-central-1; * stands for anything, as in eu-*"
            .to_owned())
    }
}

/// Whether one of these is `region`. Without any, all are.
///
/// # Errors
/// None is: what is allowed.
pub(super) fn permit(allowed: &[AllowedRegion], region: &Region) -> Result<(), Forbidden> {
    let code = region.to_string();
    if allowed.is_empty() || allowed.iter().any(|one| matches(&one.0, &code)) {
        return Ok(());
    }
    let listed = allowed.iter().map(|one| one.0.as_str()).collect::<Vec<_>>().join(", ");
    let named = Invalid::new(
        "spec.region",
        format!("environments may not live in {code}, only in {listed}"),
        "create the pipeline in one of those; or whoever runs the operator can allow it: aws.regions in the chart's values, or \
         --allowed-regions",
    );
    Err(Forbidden { reason: Reason::RegionNotAllowed, named })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(allowed: &[&str], region: &str) -> Result<(), Forbidden> {
        let read = |text: &&str| AllowedRegion::new(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        let allowed: Vec<_> = allowed.iter().map(read).collect();
        permit(&allowed, &Region::new(region).expect("a region"))
    }

    #[test]
    fn without_a_list_every_region_is_allowed_and_with_one_those_in_it() {
        assert_eq!(permits(&[], "us-east-1"), Ok(()));
        assert_eq!(permits(&["eu-west-1", "eu-central-1"], "eu-central-1"), Ok(()));
        assert_eq!(permits(&["eu-*"], "eu-south-2"), Ok(()));
        for other in ["us-east-1", "eu-west-10", "me-eu-1"] {
            let refused = permits(&["eu-west-1", "eu-central-*"], other).expect_err(other);
            assert_eq!(refused.reason, Reason::RegionNotAllowed);
            assert!(refused.named.problem.contains("only in eu-west-1, eu-central-*"), "{refused:?}");
        }
    }

    #[test]
    fn what_is_no_code_of_a_region_is_refused() {
        for wrong in ["", "EU-West-1", "eu west 1", "eu-west-1;eu-central-1"] {
            assert!(AllowedRegion::new(wrong).is_err(), "{wrong:?}");
        }
    }
}
