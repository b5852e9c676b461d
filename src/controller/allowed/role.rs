//! Which namespace may name which role in `spec.account.roleArn`.

use super::{EVERY, Entry, Forbidden};
use crate::api::Reason;
use crate::pipeline::Invalid;

/// Some roles that the resources of a namespace may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedRole(Entry);

impl AllowedRole {
    /// Reads `team-a=arn:aws:iam::111122223333:role/video-*`.
    ///
    /// # Errors
    /// What is allowed.
    pub fn new(text: &str) -> Result<Self, String> {
        Entry::read(text, is_pattern_of_roles).map(Self).ok_or_else(|| {
            "use NAMESPACE=ROLE_ARN, several of them separated by semicolons, as in \
             team-a=arn:aws:iam::111122223333:role/video-*: a namespace or * for every one; a role's ARN, in which * may stand \
             for the account or in the role's name"
                .to_owned()
        })
    }
}

/// Whether one of these lets resources of `namespace` name `role`.
///
/// # Errors
/// None does: whom to ask for what.
pub(super) fn permit(allowed: &[AllowedRole], namespace: &str, role: &str) -> Result<(), Forbidden> {
    if allowed.iter().any(|one| one.0.covers(namespace, role, ':')) {
        return Ok(());
    }
    let named = Invalid::new(
        "spec.account.roleArn",
        format!("resources of namespace {namespace} may not use {role}"),
        format!(
            "whoever runs the operator can allow it: aws.accounts in the chart's values, or --allowed-roles \
             '{namespace}={role}'"
        ),
    );
    Err(Forbidden { reason: Reason::RoleNotAllowed, named })
}

/// `arn:aws:iam::111122223333:role/video-*`, or with `*` for the account.
fn is_pattern_of_roles(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let [arn, partition, iam, region, account, role] = parts[..] else { return false };
    let is_partition =
        partition.starts_with("aws") && partition.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let is_account = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    let name = role.strip_prefix("role/").unwrap_or_default();
    let is_name =
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_/*-".contains(c));
    (arn, iam, region) == ("arn", "iam", "") && is_partition && (is_account || account == EVERY) && is_name
}

#[cfg(test)]
mod tests {
    use super::*;
    const ROLE: &str = "arn:aws:iam::111122223333:role/video-pipeline";

    fn permits(allowed: &[&str], namespace: &str, role: &str) -> bool {
        let read = |text: &&str| AllowedRole::new(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        permit(&allowed.iter().map(read).collect::<Vec<_>>(), namespace, role).is_ok()
    }

    #[test]
    fn a_role_is_for_the_namespaces_that_it_is_allowed_to() {
        let exact = format!("team-a={ROLE}");
        assert!(permits(&[&exact], "team-a", ROLE));
        assert!(!permits(&[&exact], "team-b", ROLE));
        assert!(!permits(&[&exact], "team-a2", ROLE));
        assert!(!permits(&[&exact], "team-a", "arn:aws:iam::111122223333:role/video-pipeline2"));
        assert!(!permits(&[&exact], "team-a", "arn:aws:iam::444455556666:role/video-pipeline"));
        assert!(!permits(&[], "team-a", ROLE), "nobody allowed it");
        assert!(permits(&[&format!("*={ROLE}")], "team-b", ROLE));
        assert!(permits(
            &[&exact, "team-b=arn:aws:iam::*:role/x"],
            "team-b",
            "arn:aws:iam::444455556666:role/x"
        ));
    }

    #[test]
    fn a_star_stands_for_anything_within_its_part() {
        let name = |pattern: &str, role: &str| {
            let arn = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
            permits(&[&format!("team-a={}", arn(pattern))], "team-a", &arn(role))
        };
        assert!(name("video-*", "video-") && name("video-*", "video-x/y") && name("*", "anything"));
        assert!(name("a*b*c", "a-b-b-c") && name("a**c", "ac") && name("a*a", "aa"));
        assert!(
            !name("video-*", "audio-x") && !name("a*b*c", "a-c") && !name("a*a", "a") && !name("*x", "xy")
        );
        let any = "team-a=arn:aws:iam::*:role/video";
        assert!(permits(&[any], "team-a", "arn:aws:iam::444455556666:role/video"));
        for wrong in ["arn:aws-cn:iam::444455556666:role/video", "arn:aws:iam::4:x:role/video", "*", ""] {
            assert!(!permits(&[any], "team-a", wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_allow_in_the_words_of_the_flag() {
        let refused = permit(&[], "team-a", ROLE).expect_err("refused");
        assert_eq!(refused.reason, Reason::RoleNotAllowed);
        let (_, flag) = refused.named.remedy.split_once("--allowed-roles '").expect("the flag");
        assert!(permits(&[flag.trim_end_matches('\'')], "team-a", ROLE), "{flag}");
    }

    #[test]
    fn what_is_no_role_or_no_namespace_is_refused() {
        for wrong in [
            "",
            ROLE,
            "=",
            "team-a=",
            "team-a=*",
            "Team=arn:aws:iam::111122223333:role/x",
            "team-*=arn:aws:iam::111122223333:role/x",
            "team-a=arn:aws:iam::111122223333:user/x",
            "team-a=arn:aws:iam::1*:role/x",
            "team-a=arn:*:iam::111122223333:role/x",
            "team-a=arn:aws:iam::111122223333:role/",
            "team-a=arn:aws:iam::111122223333:role/x y",
            "team-a=arn:aws:sts::111122223333:assumed-role/x",
        ] {
            assert!(AllowedRole::new(wrong).is_err(), "{wrong:?}");
        }
    }
}
