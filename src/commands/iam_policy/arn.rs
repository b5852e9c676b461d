//! ARNs of resources that are to be made yet: patterns, from the one table of names.

use std::collections::{BTreeMap, BTreeSet};

use crate::design::Names;
use crate::engine::ResourceType;
use crate::pipeline::partition_of;

/// Where the policy counts, and what is called how there.
pub struct Place {
    partition: &'static str,
    account: String,
    region: String,
    /// How the suffixes of environments begin.
    prefix: Option<String>,
    names: Vec<(String, String)>,
}

impl Place {
    /// In an account and some regions, for environments whose suffix begins so; `None` and none are any.
    pub fn new(account: Option<&str>, regions: &[String], prefix: Option<&str>) -> Self {
        let names = Names::of_all(prefix.unwrap_or_default()).all();
        let names = names.into_iter().map(|(address, name)| (address.kind, name)).collect();
        Self {
            prefix: prefix.map(str::to_owned),
            partition: regions.first().map_or("aws", |region| partition_of(region)),
            account: account.unwrap_or("*").to_owned(),
            region: if let [only] = regions { only.clone() } else { "*".to_owned() },
            names,
        }
    }

    /// The pattern of the suffixes, if they begin in a certain way.
    pub fn suffixes(&self) -> Option<String> {
        self.prefix.as_ref().map(|prefix| format!("{prefix}*"))
    }

    /// The patterns of the ARNs of a type.
    pub fn arns(&self, of: &ResourceType) -> BTreeSet<String> {
        if *of == ResourceType::ANY {
            return BTreeSet::from(["*".to_owned()]);
        }
        let Self { partition, account, region, .. } = self;
        let (region, account) = match of.service {
            "iam" => ("", account.as_str()),
            // A key may be shared by another account.
            "kms" => (region.as_str(), "*"),
            _ => (region.as_str(), account.as_str()),
        };
        let arn = |resource: String| format!("arn:{partition}:{}:{region}:{account}:{resource}", of.service);
        match of.named {
            "" => BTreeSet::from([arn(of.form.to_owned())]),
            kind => self.patterns(kind, of.beginning).iter().map(|name| arn(named(of.form, name))).collect(),
        }
    }

    /// The names of objects of `kind` that begin so, as few patterns.
    fn patterns(&self, kind: &str, beginning: &str) -> BTreeSet<String> {
        let of_kind = self.names.iter().filter(|(of, name)| of == kind && name.starts_with(beginning));
        let names = of_kind.map(|(_, name)| name.as_str());
        match &self.prefix {
            Some(prefix) => names.map(|name| numbered(name, prefix)).collect(),
            None => {
                folders(names).into_values().filter_map(|names| names.into_iter().reduce(alike)).collect()
            }
        }
    }
}

/// The form with a name in it. Several `*` in a row are as good as one.
fn named(form: &str, name: &str) -> String {
    form.replace("{}", name).replace("**", "*")
}

/// The pattern of names that differ by a number alone. A `*` for it would also stand for the beginning of a longer suffix.
fn numbered(name: &str, prefix: &str) -> String {
    let any = |part: &str| part.replace(|letter: char| letter.is_ascii_digit(), "?");
    name.split(prefix).map(any).collect::<Vec<_>>().join(prefix)
}

/// Names by their folders: those of one are one pattern, up to where they differ.
fn folders<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<&'n str, Vec<String>> {
    let mut folders: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    names.for_each(|name| folders.entry(folder(name)).or_default().push(name.to_owned()));
    folders
}

/// What comes before the last slash that precedes the suffix.
fn folder(name: &str) -> &str {
    let before = name.split('*').next().unwrap_or_default();
    before.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The pattern of both.
fn alike(one: String, other: String) -> String {
    if one == other {
        return one;
    }
    let common = one.chars().zip(other.chars()).take_while(|(one, other)| one == other);
    let common: String = common.map(|(one, _)| one).collect();
    format!("{}*", common.trim_end_matches('*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(place: &Place, kind: &str, beginning: &str) -> Vec<String> {
        place.patterns(kind, beginning).into_iter().collect()
    }

    #[test]
    fn names_of_one_folder_are_one_pattern() {
        let place = Place::new(None, &[], None);
        assert_eq!(patterns(&place, "stream", ""), ["video-ingestion-stream-*"]);
        assert_eq!(patterns(&place, "queue", ""), ["video-processing-*"]);
        assert_eq!(
            patterns(&place, "service", ""),
            ["video-processing-cluster-*/video-processing-service-*"]
        );
        let of_aws = [
            "/aws/ecs/containerinsights/video-processing-cluster-*/performance",
            "/aws/rds/cluster/video-metadata-cluster-*/*",
        ];
        assert_eq!(patterns(&place, "logGroup", "/aws/"), of_aws);
        assert_eq!(patterns(&place, "logGroup", ""), [of_aws[0], of_aws[1], "/ecs/video-processing-*"]);
    }

    #[test]
    fn the_beginning_of_suffixes_is_in_every_pattern() {
        let place = Place::new(None, &[], Some("team-1-"));
        let queues = ["video-processing-dlq-team-1-*", "video-processing-jobs-team-1-*"];
        assert_eq!(patterns(&place, "queue", ""), queues);
        let instances = ["video-metadata-instance-?-team-1-*", "video-metadata-instance-??-team-1-*"];
        assert_eq!(patterns(&place, "dbInstance", ""), instances);
        for action in crate::kinds::KINDS.iter().flat_map(|kind| kind.actions()) {
            for of in action.grants.iter().flat_map(|grant| grant.on).filter(|of| !of.named.is_empty()) {
                assert!(place.arns(of).iter().all(|arn| arn.contains("-team-1-*")), "{of:?}");
            }
        }
    }

    #[test]
    fn every_named_type_has_a_pattern_of_ours() {
        let place = Place::new(Some("123456789012"), &["cn-north-1".to_owned()], None);
        for action in crate::kinds::KINDS.iter().flat_map(|kind| kind.actions()) {
            for of in action.grants.iter().flat_map(|grant| grant.on).filter(|of| !of.named.is_empty()) {
                let arns = place.arns(of);
                assert!(!arns.is_empty(), "{of:?}");
                assert!(
                    arns.iter().all(|arn| arn.starts_with("arn:aws-cn:") && arn.contains("video-")),
                    "{arns:?}"
                );
            }
        }
    }
}
