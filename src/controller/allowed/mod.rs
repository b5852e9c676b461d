//! What resources may name beyond what is their own: whoever runs the operator decides, not whoever writes the resource. Without
//! that, a team could live in another team's account by naming its role, take another team's environment for its own, or keep
//! data in a part of the world where it must not be.

mod adoption;
mod region;
mod role;

pub use self::adoption::AllowedAdoption;
pub use self::region::AllowedRegion;
pub use self::role::AllowedRole;
use crate::api::Reason;
use crate::pipeline::{Identity, Invalid, Owner};

/// What resources may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Anything: the caller's own credentials have to suffice for it (`kubectl vp plan`).
    Anything,
    /// What is listed, and what is their own.
    Listed {
        /// Codes of regions in `spec.region`; without one, any.
        regions: Vec<AllowedRegion>,
        /// Roles in `spec.account.roleArn`; without one, no resource may name a role.
        roles: Vec<AllowedRole>,
        /// Owners in `streamflix.io/adopt-from`; without one, they are those of the resource's own namespace.
        adoptions: Vec<AllowedAdoption>,
    },
}

/// A resource names what it may not name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbidden {
    /// What is said of it in one word.
    pub reason: Reason,
    /// Where it is named, and whom to ask for what.
    pub named: Invalid,
}

impl Allowed {
    /// Whether environments may live in the region that a resource names.
    ///
    /// # Errors
    /// They may not: what is allowed.
    pub fn region(&self, identity: &Identity) -> Result<(), Forbidden> {
        match self {
            Self::Listed { regions, .. } => region::permit(regions, &identity.region),
            Self::Anything => Ok(()),
        }
    }

    /// Whether a resource may name the role that it names, if it names one.
    ///
    /// # Errors
    /// It may not: whom to ask for what.
    pub fn role(&self, identity: &Identity) -> Result<(), Forbidden> {
        match (self, &identity.role_arn) {
            (Self::Listed { roles, .. }, Some(named)) => {
                role::permit(roles, identity.owner.namespace(), named)
            }
            _ => Ok(()),
        }
    }

    /// Whether a resource may take over what belongs to `former`.
    ///
    /// # Errors
    /// It may not: whom to ask for what.
    pub fn adoption(&self, heir: &Owner, former: &Owner) -> Result<(), Forbidden> {
        match self {
            Self::Listed { adoptions, .. } => adoption::permit(adoptions, heir, former),
            Self::Anything => Ok(()),
        }
    }
}

/// Stands for every namespace, and in a pattern for anything within a part.
const EVERY: &str = "*";

/// What the resources of some namespace may name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// The namespace; `*` for every one.
    namespace: String,
    /// What may be named, in which `*` stands for anything within a part.
    pattern: String,
}

impl Entry {
    /// Reads `namespace=pattern`; none where either is not what it should be.
    fn read(text: &str, is_pattern: fn(&str) -> bool) -> Option<Self> {
        let (namespace, pattern) = text.split_once('=')?;
        let is_namespace = namespace == EVERY || super::settings::namespace(namespace).is_ok();
        (is_namespace && is_pattern(pattern))
            .then(|| Self { namespace: namespace.to_owned(), pattern: pattern.to_owned() })
    }

    /// Whether it lets that namespace name that, whose parts are separated so.
    fn covers(&self, namespace: &str, named: &str, separator: char) -> bool {
        let (patterns, parts) = (self.pattern.split(separator), named.split(separator));
        [EVERY, namespace].contains(&self.namespace.as_str())
            && patterns.clone().count() == parts.clone().count()
            && patterns.zip(parts).all(|(pattern, part)| matches(pattern, part))
    }
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
