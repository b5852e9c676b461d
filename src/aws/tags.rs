//! Tags: what proves whose an object is, and what the user wants to see on it.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ec2::types::{ResourceType, TagSpecification};
use serde::{Deserialize, Serialize};

use crate::engine::Key;

/// The name that AWS's console shows.
pub const NAME: &str = "Name";
/// Whose an object is: `clusterName/namespace/name`.
pub const OWNER: &str = "streamflix.io/owner";
/// Where it stands in its environment: `network/vpc`.
pub const ADDRESS: &str = "streamflix.io/address";
/// The environment's suffix: `dev`.
pub const ENVIRONMENT: &str = "streamflix.io/environment";

/// The region that it lives in, also on what is global: `eu-west-1`.
pub const REGION: &str = "streamflix.io/region";

/// What the keys of the operator's own tags begin with, but for [`NAME`].
const OWN: &str = "streamflix.io/";

/// The field of a kind's spec that holds its tags.
pub const FIELD: &str = "tags";

/// Whether the operator sets the tag of this key itself, on everything.
pub fn is_own(key: &str) -> bool {
    key == NAME || key.starts_with(OWN)
}

/// Tags by key. In a kind's spec, those that the user wants; [`Tags::of`] adds those of identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(pub BTreeMap<String, String>);

/// What an object's tags say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The value of [`OWNER`].
    pub owner: Option<String>,
    /// The value of [`ADDRESS`].
    pub address: Option<String>,
    /// The value of [`ENVIRONMENT`].
    pub environment: Option<String>,
    /// The value of [`REGION`].
    pub region: Option<String>,
}

impl Tags {
    /// Everything that the object of `key` is tagged with, given what the user wants on it. Identity wins.
    pub fn of(key: &Key, wanted: &Tags) -> Self {
        let mut tags = wanted.clone();
        tags.0.extend(key.labels.clone());
        tags.0.insert(NAME.to_owned(), key.name.clone());
        tags.0.insert(OWNER.to_owned(), key.owner.clone());
        tags.0.insert(ADDRESS.to_owned(), key.address.to_string());
        tags
    }

    /// Tells what identifies an object from what the user wants on it. AWS's own tags (`aws:…`) are left out.
    ///
    /// `name` is the name that the object should have. A `Name` tag that says something else, or nothing, stays among
    /// the user's tags, where it shows as a difference; [`retag`](super::retag) then puts it right.
    pub fn split(mut self, name: &str) -> (Identity, Tags) {
        self.0.retain(|key, _| !key.starts_with("aws:"));
        let identity = Identity {
            owner: self.0.remove(OWNER),
            address: self.0.remove(ADDRESS),
            environment: self.0.remove(ENVIRONMENT),
            region: self.0.remove(REGION),
        };
        let says = self.0.remove(NAME).unwrap_or_default();
        if says != name {
            self.0.insert(NAME.to_owned(), says);
        }
        (identity, self)
    }

    /// Where the object stands in its environment; an empty tag says nothing.
    pub fn address(&self) -> Option<&str> {
        self.get(ADDRESS).filter(|address| !address.is_empty())
    }

    /// The value of the tag `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The tags of something global, as they are seen from `region`: what serves another one is another environment's, also of
    /// the same owner.
    pub fn seen_from(mut self, region: &str) -> Self {
        let elsewhere = self.get(REGION).filter(|serves| *serves != region);
        if let Some((owner, serves)) = self.owner().zip(elsewhere) {
            let owner = format!("{owner} in {serves}");
            self.0.insert(OWNER.to_owned(), owner);
        }
        self
    }

    /// The owner that the tags name.
    pub fn owner(&self) -> Option<&str> {
        self.get(OWNER)
    }

    /// For a service that has a type for one tag: `tags.list::<aws_sdk_rds::types::Tag>()`.
    pub fn list<T: SdkTag>(&self) -> Vec<T> {
        // An SDK refuses a tag only for a part that is missing, and both are here.
        self.0.iter().filter_map(|(key, value)| T::build(key, value)).collect()
    }

    /// For a service that takes a map: Kinesis, SQS, CloudWatch Logs.
    pub fn map(&self) -> HashMap<String, String> {
        self.0.clone().into_iter().collect()
    }

    /// For a call of EC2 that makes a `resource`.
    pub fn specification(&self, resource: ResourceType) -> TagSpecification {
        TagSpecification::builder().resource_type(resource).set_tags(Some(self.list())).build()
    }
}

impl FromIterator<(String, String)> for Tags {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<T: SdkTag> From<&[T]> for Tags {
    fn from(tags: &[T]) -> Self {
        tags.iter().map(SdkTag::pair).collect()
    }
}

impl From<&HashMap<String, String>> for Tags {
    fn from(tags: &HashMap<String, String>) -> Self {
        tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

impl From<Option<&HashMap<String, String>>> for Tags {
    fn from(tags: Option<&HashMap<String, String>>) -> Self {
        tags.map(Self::from).unwrap_or_default()
    }
}

/// One tag as an SDK has it.
pub trait SdkTag: Sized {
    /// The SDK's tag, unless the SDK refuses it.
    fn build(key: &str, value: &str) -> Option<Self>;
    /// Its key and value; a tag without a value has the empty one.
    fn pair(&self) -> (String, String);
}

/// Each SDK has its own `Tag`, alike but for which parts are optional.
macro_rules! sdk_tag {
    ($tag:ty, built: $built:expr, key: $key:expr, value: $value:expr) => {
        impl SdkTag for $tag {
            fn build(key: &str, value: &str) -> Option<Self> {
                $built(Self::builder().key(key).value(value).build())
            }
            fn pair(&self) -> (String, String) {
                ($key(self.key()).into(), $value(self.value()).into())
            }
        }
    };
    ($tag:ty, both optional) => {
        sdk_tag!($tag, built: Some, key: Option::unwrap_or_default, value: Option::unwrap_or_default);
    };
    ($tag:ty, both required) => {
        sdk_tag!($tag, built: Result::ok, key: std::convert::identity, value: std::convert::identity);
    };
}

sdk_tag!(aws_sdk_cloudwatch::types::Tag, both optional);
sdk_tag!(aws_sdk_ec2::types::Tag, both optional);
sdk_tag!(aws_sdk_ecs::types::Tag, both optional);
sdk_tag!(aws_sdk_rds::types::Tag, both optional);
sdk_tag!(aws_sdk_secretsmanager::types::Tag, both optional);
sdk_tag!(aws_sdk_iam::types::Tag, both required);
sdk_tag!(aws_sdk_resourcegroupstagging::types::Tag, both required);
sdk_tag!(aws_sdk_kinesis::types::Tag, built: Result::ok, key: std::convert::identity, value: Option::unwrap_or_default);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Address;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_global_is_seen_from_its_region() {
        let tags = tags(&[(OWNER, "home/media/dev"), (REGION, "eu-west-1")]);
        assert_eq!(tags.clone().seen_from("eu-west-1"), tags);
        assert_eq!(tags.seen_from("eu-west-3").owner(), Some("home/media/dev in eu-west-1"));
    }

    fn key() -> Key {
        Key {
            address: Address::new("vpc", "network/vpc"),
            name: "video-processing-vpc-dev".to_owned(),
            owner: "home/media/dev".to_owned(),
            labels: tags(&[(ENVIRONMENT, "dev")]).0,
            token: None,
        }
    }

    #[test]
    fn what_is_put_on_an_object_is_read_back_from_it() {
        let wanted = tags(&[("team", "video")]);
        let mut seen = Tags::of(&key(), &wanted);
        seen.0.insert("aws:cloudformation:stack-name".to_owned(), "x".to_owned());

        let (identity, rest) = seen.split("video-processing-vpc-dev");
        assert_eq!(rest, wanted);
        assert_eq!(identity.owner.as_deref(), Some("home/media/dev"));
        assert_eq!(identity.address.as_deref(), Some("network/vpc"));
        assert_eq!(identity.environment.as_deref(), Some("dev"));
    }

    #[test]
    fn a_user_cannot_take_another_identity() {
        let thief = tags(&[(OWNER, "home/media/other"), (NAME, "mine")]);
        assert_eq!(Tags::of(&key(), &thief), Tags::of(&key(), &Tags::default()));
    }

    #[test]
    fn a_wrong_name_shows() {
        assert_eq!(tags(&[(NAME, "b")]).split("a").1, tags(&[(NAME, "b")]));
        assert_eq!(tags(&[]).split("a").1, tags(&[(NAME, "")]));
        assert_eq!(tags(&[(NAME, "a")]).split("a").1, tags(&[]));
    }

    #[test]
    fn every_sdk_s_tag_round_trips() {
        fn check<T: SdkTag>() {
            let both = tags(&[("empty", ""), ("team", "video")]);
            assert_eq!(Tags::from(both.list::<T>().as_slice()), both, "{}", std::any::type_name::<T>());
        }
        check::<aws_sdk_cloudwatch::types::Tag>();
        check::<aws_sdk_ec2::types::Tag>();
        check::<aws_sdk_ecs::types::Tag>();
        check::<aws_sdk_iam::types::Tag>();
        check::<aws_sdk_kinesis::types::Tag>();
        check::<aws_sdk_rds::types::Tag>();
        check::<aws_sdk_resourcegroupstagging::types::Tag>();
        check::<aws_sdk_secretsmanager::types::Tag>();
        let both = tags(&[("empty", ""), ("team", "video")]);
        assert_eq!(Tags::from(&both.map()), both);
    }
}
