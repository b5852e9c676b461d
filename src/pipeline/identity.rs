//! Who an environment belongs to, what it is called and where it lives.
//!
//! This much is enough to find and delete everything, so it is read on its own: a spec that is otherwise invalid,
//! or that this version of the operator does not understand, can always be deleted.

use std::{fmt, str::FromStr};

use serde_json::Value;

use super::{Found, Invalid};

/// Name of the cluster, a setting of the operator: part of every owner tag.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterName(String);

/// Last part of every name in AWS.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnvironmentSuffix(String);

/// Code of an AWS region, such as `eu-west-1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(String);

/// Whose an AWS resource is: `clusterName/namespace/name`, the value of the tag `streamflix.io/owner`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    cluster: ClusterName,
    namespace: String,
    name: String,
}

/// What deletion needs to know of a `VideoPipeline`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Whose the environment is.
    pub owner: Owner,
    /// Last part of every name.
    pub suffix: EnvironmentSuffix,
    /// Where it lives.
    pub region: Region,
    /// ARN of the role that the operator assumes for it; without one it uses its own identity.
    pub role_arn: Option<String>,
}

/// Why a text is no name of the kind wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {wanted}")]
pub struct Malformed {
    text: String,
    wanted: &'static str,
}

/// Most characters of the name of a cluster, namespace or resource: three of them make an owner, and an AWS tag
/// has room for 256.
const MAX_NAME: usize = 63;

/// Most characters of a suffix. It is what leaves room for the longest name in AWS,
/// `video-processing-execution-role-`, within the 64 characters of a role.
const MAX_SUFFIX: usize = 32;

impl ClusterName {
    /// Reads the name of a cluster.
    ///
    /// # Errors
    ///
    /// When it is not a DNS label of at most 63 characters.
    pub fn new(text: &str) -> Result<Self, Malformed> {
        let fits = text.len() <= MAX_NAME && hyphenated(text);
        checked(
            fits,
            text,
            "a cluster name: 1 to 63 lower-case letters, digits and single hyphens between them",
        )
        .map(Self)
    }
}

impl EnvironmentSuffix {
    /// Reads a suffix.
    ///
    /// # Errors
    ///
    /// When it could not be part of every name in AWS.
    pub fn new(text: &str) -> Result<Self, Malformed> {
        let fits = text.len() <= MAX_SUFFIX && hyphenated(text);
        checked(fits, text, "a suffix: 1 to 32 lower-case letters, digits and single hyphens between them")
            .map(Self)
    }
}

impl Region {
    /// Reads the code of a region. Whether AWS has such a region, only AWS knows.
    ///
    /// # Errors
    ///
    /// When it cannot be the code of any region. It becomes part of a host name, so this is also what keeps calls
    /// from going elsewhere.
    pub fn new(text: &str) -> Result<Self, Malformed> {
        let fits = text.len() <= MAX_SUFFIX && hyphenated(text) && text.contains('-');
        checked(fits, text, "the code of an AWS region, such as eu-west-1").map(Self)
    }
}

impl Owner {
    /// The owner that stands for a resource.
    ///
    /// # Errors
    ///
    /// When namespace or name has more than 63 characters.
    pub fn new(cluster: ClusterName, namespace: &str, name: &str) -> Result<Self, Malformed> {
        let fits = |text: &str| (1..=MAX_NAME).contains(&text.len()) && !text.contains('/');
        let wanted = "the name of a namespace and of a resource: 1 to 63 characters each";
        checked(fits(namespace) && fits(name), &format!("{namespace}/{name}"), wanted)?;
        Ok(Self { cluster, namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// Name of the cluster.
    pub fn cluster(&self) -> &ClusterName {
        &self.cluster
    }

    /// Namespace of the resource.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Name of the resource.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Owner {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed =
            || Malformed { text: text.to_owned(), wanted: "an owner: clusterName/namespace/name" };
        let (cluster, rest) = text.split_once('/').ok_or_else(malformed)?;
        let (namespace, name) = rest.split_once('/').ok_or_else(malformed)?;
        Self::new(ClusterName::new(cluster)?, namespace, name)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.cluster, self.namespace, self.name)
    }
}

impl Identity {
    /// Reads the identity of a `VideoPipeline` as it comes from Kubernetes, whatever else is in it.
    ///
    /// # Errors
    ///
    /// What of the identity itself is missing or malformed; such an object was never given anything in AWS.
    pub fn read(cluster: &ClusterName, object: &Value) -> Result<Self, Vec<Invalid>> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let required = |pointer| text(pointer).unwrap_or_default();
        let mut found = Found::default();
        let owner = found.keep(invalid(
            "metadata.name",
            Owner::new(cluster.clone(), required("/metadata/namespace"), required("/metadata/name")),
        ));
        let suffix = found.keep(invalid(
            "spec.environmentSuffix",
            EnvironmentSuffix::new(required("/spec/environmentSuffix")),
        ));
        let region = found.keep(invalid("spec.region", Region::new(required("/spec/region"))));
        let role_arn = text("/spec/account/roleArn").map(str::to_owned);
        match (owner, suffix, region) {
            (Some(owner), Some(suffix), Some(region)) => Ok(Self { owner, suffix, region, role_arn }),
            _ => Err(found.0),
        }
    }
}

fn invalid<T>(field: &str, result: Result<T, Malformed>) -> Result<T, Vec<Invalid>> {
    result.map_err(|malformed| {
        vec![Invalid::new(
            field,
            malformed.to_string(),
            "delete the resource and create it with another value",
        )]
    })
}

fn checked(fits: bool, text: &str, wanted: &'static str) -> Result<String, Malformed> {
    if fits { Ok(text.to_owned()) } else { Err(Malformed { text: text.to_owned(), wanted }) }
}

/// Lower-case letters and digits, with single hyphens between them.
fn hyphenated(text: &str) -> bool {
    text.split('-').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// The text of a checked name.
macro_rules! text {
    ($($name:ident),+) => {$(
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

text!(ClusterName, EnvironmentSuffix, Region);
