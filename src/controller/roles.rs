//! Which namespace may name which role in `spec.account.roleArn`: whoever runs the operator decides, not whoever writes the
//! resource. Without that, a team could live in another team's account by naming its role.

use crate::pipeline::{Identity, Invalid};

/// The roles that resources may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roles {
    /// Any: the caller's own credentials have to suffice for it (`kubectl vp plan`).
    Any,
    /// These; without one, no resource may name a role.
    Listed(Vec<AllowedRole>),
}

/// Some roles that the resources of a namespace may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedRole {
    /// The namespace; `*` for every one.
    namespace: String,
    /// The role's ARN, in which `*` stands for anything within a part.
    role: String,
}

const EVERY: &str = "*";

impl AllowedRole {
    /// Reads `team-a=arn:aws:iam::111122223333:role/video-*`.
    ///
    /// # Errors
    /// What is allowed.
    pub fn new(text: &str) -> Result<Self, String> {
        let (namespace, role) = text.split_once('=').unwrap_or_default();
        if (namespace == EVERY || super::settings::namespace(namespace).is_ok()) && is_pattern_of_roles(role)
        {
            return Ok(Self { namespace: namespace.to_owned(), role: role.to_owned() });
        }
        Err("use NAMESPACE=ROLE_ARN, several of them separated by semicolons, as in \
             team-a=arn:aws:iam::111122223333:role/video-*: a namespace or * for every one; a role's ARN, in which * may stand \
             for the account or in the role's name"
            .to_owned())
    }

    fn covers(&self, namespace: &str, role: &str) -> bool {
        let (patterns, parts) = (self.role.split(':'), role.split(':'));
        [EVERY, namespace].contains(&self.namespace.as_str())
            && patterns.clone().count() == parts.clone().count()
            && patterns.zip(parts).all(|(pattern, part)| matches(pattern, part))
    }
}

impl Roles {
    /// Whether a resource may name the role that it names, if it names one.
    ///
    /// # Errors
    /// It may not: whom to ask for what.
    pub fn permit(&self, identity: &Identity) -> Result<(), Invalid> {
        let (Self::Listed(allowed), Some(role)) = (self, &identity.role_arn) else { return Ok(()) };
        let namespace = identity.owner.namespace();
        if allowed.iter().any(|one| one.covers(namespace, role)) {
            return Ok(());
        }
        Err(Invalid::new(
            "spec.account.roleArn",
            format!("resources of namespace {namespace} may not use {role}"),
            format!(
                "whoever runs the operator can allow it: aws.accounts in the chart's values, or --allowed-roles \
                 '{namespace}={role}'"
            ),
        ))
    }
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

/// Whether `text` is what `pattern` says, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    // The last piece has to be the end; each before it is best found as early as can be.
    let (between, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in between.split('*') {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{ClusterName, Identity};

    const ROLE: &str = "arn:aws:iam::111122223333:role/video-pipeline";

    fn identity(namespace: &str, role: Option<&str>) -> Identity {
        let resource = serde_json::json!({
            "metadata": { "namespace": namespace, "name": "dev" },
            "spec": { "environmentSuffix": "dev", "region": "eu-west-1", "account": { "roleArn": role } },
        });
        Identity::read(&ClusterName::new("home").expect("a name"), &resource).expect("an identity")
    }

    fn permits(allowed: &[&str], namespace: &str, role: &str) -> bool {
        let read = |text: &&str| AllowedRole::new(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        Roles::Listed(allowed.iter().map(read).collect()).permit(&identity(namespace, Some(role))).is_ok()
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
    fn no_role_needs_no_permission() {
        assert_eq!(Roles::Listed(Vec::new()).permit(&identity("team-a", None)), Ok(()));
        assert_eq!(Roles::Any.permit(&identity("team-a", Some(ROLE))), Ok(()));
    }

    #[test]
    fn a_refusal_says_what_to_allow_in_the_words_of_the_flag() {
        let refused = Roles::Listed(Vec::new()).permit(&identity("team-a", Some(ROLE))).expect_err("refused");
        let (_, flag) = refused.remedy.split_once("--allowed-roles '").expect("the flag");
        let allowed = AllowedRole::new(flag.trim_end_matches('\'')).expect("what the flag takes");
        assert!(allowed.covers("team-a", ROLE));
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
