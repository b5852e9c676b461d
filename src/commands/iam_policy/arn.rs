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
    names: Vec<(String, String)>,
}

impl Place {
    /// In an account and some regions; `None` and none are any.
    pub fn new(account: Option<&str>, regions: &[String]) -> Self {
        let names = Names::of_all().all().into_iter().map(|(address, name)| (address.kind, name)).collect();
        Self {
            partition: regions.first().map_or("aws", |region| partition_of(region)),
            account: account.unwrap_or("*").to_owned(),
            region: if let [only] = regions { only.clone() } else { "*".to_owned() },
            names,
        }
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

    /// The names of objects of `kind` that begin so, as few patterns: those of one folder are one, up to where they differ.
    fn patterns(&self, kind: &str, beginning: &str) -> Vec<String> {
        let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let of_kind = self.names.iter().filter(|(of, name)| of == kind && name.starts_with(beginning));
        for (_, name) in of_kind {
            folders.entry(folder(name)).or_default().push(name);
        }
        folders.into_values().filter_map(|names| names.into_iter().map(str::to_owned).reduce(alike)).collect()
    }
}

/// The form with a name in it. Several `*` in a row are as good as one.
fn named(form: &str, name: &str) -> String {
    form.replace("{}", name).replace("**", "*")
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

    #[test]
    fn names_of_one_folder_are_one_pattern() {
        let place = Place::new(None, &[]);
        assert_eq!(place.patterns("stream", ""), ["video-ingestion-stream-*"]);
        assert_eq!(place.patterns("queue", ""), ["video-processing-*"]);
        assert_eq!(place.patterns("service", ""), ["video-processing-cluster-*/video-processing-service-*"]);
        let of_aws = [
            "/aws/ecs/containerinsights/video-processing-cluster-*/performance",
            "/aws/rds/cluster/video-metadata-cluster-*/*",
        ];
        assert_eq!(place.patterns("logGroup", "/aws/"), of_aws);
        assert_eq!(place.patterns("logGroup", ""), [of_aws[0], of_aws[1], "/ecs/video-processing-*"]);
    }

    #[test]
    fn every_named_type_has_a_pattern_of_ours() {
        let place = Place::new(Some("123456789012"), &["cn-north-1".to_owned()]);
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
