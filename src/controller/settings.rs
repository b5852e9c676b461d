//! Every setting of the operator, as flag and as environment variable.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::allowed::{Allowed, AllowedAdoption, AllowedRegion, AllowedRole};
use crate::aws::IgnoredTags;
use crate::pipeline::ClusterName;

/// Run the operator until it is told to stop (SIGTERM).
///
/// Every setting is a flag and an environment variable; the flag counts where both are given. AWS credentials and
/// endpoints come from where every AWS SDK takes them, and the cluster from the kubeconfig or the pod's service account.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Name of this Kubernetes cluster: 1 to 63 lower-case letters, digits and hyphens. Part of the owner tag of every
    /// AWS resource, so it must be unique among the clusters that use an AWS account, and must never change.
    #[arg(long, env = "CLUSTER_NAME", value_name = "NAME", value_parser = ClusterName::new)]
    pub cluster_name: ClusterName,

    /// Watch only these namespaces, separated by commas; all namespaces without it.
    #[arg(long, env = "WATCH_NAMESPACES", value_name = "NAMESPACES", value_delimiter = ',', value_parser = namespace)]
    pub watch_namespaces: Vec<String>,

    /// How often every environment is looked at, for what was deleted or changed its state: a number and a unit, ms, s, m
    /// or h.
    #[arg(long, env = "SWEEP_PERIOD", value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub sweep_period: Duration,

    /// How often every field of every resource is compared with what is wanted: a number and a unit, ms, s, m or h.
    #[arg(long, env = "AUDIT_PERIOD", value_name = "DURATION", default_value = "30m", value_parser = duration)]
    pub audit_period: Duration,

    /// How long reads of AWS may lag behind its writes: a create whose answer was lost is looked up for so long before it
    /// is repeated. A number and a unit, ms, s, m or h.
    #[arg(long, env = "READ_LAG", value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub read_lag: Duration,

    /// How many environments are worked on at a time: 1 to 256. Those that AWS is called for with one identity in one region are
    /// at most half of them, so that one that does not answer keeps nobody waiting elsewhere.
    #[arg(long, env = "CONCURRENCY", value_name = "NUMBER", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,

    /// Share of AWS's published request rates that the operator may use, in percent: 1 to 10000. More than 100 only where
    /// AWS has raised the account's rates.
    #[arg(long, env = "AWS_RATE_PERCENT", value_name = "PERCENT", default_value_t = 80, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub aws_rate_percent: u16,

    /// ARN of a managed policy that every role made by the operator gets as its permissions boundary.
    #[arg(long, env = "PERMISSIONS_BOUNDARY", value_name = "ARN")]
    pub permissions_boundary: Option<String>,

    /// Keys of tags that AWS or others set on the operator's resources, separated by commas, in which `*` at the end stands for
    /// anything: they are neither compared nor removed. Where a resource wants one in spec.tags, it is compared.
    #[arg(long, env = "IGNORED_TAGS", value_name = "KEYS", default_value = IgnoredTags::USUAL, value_parser = IgnoredTags::new)]
    pub ignored_tags: IgnoredTags,

    /// Regions in which environments may live, separated by commas: codes, in which `*` stands for anything, as in `eu-*`.
    /// Without one, any.
    #[arg(long, env = "ALLOWED_REGIONS", value_name = "REGION", value_delimiter = ',', value_parser = AllowedRegion::new)]
    pub allowed_regions: Vec<AllowedRegion>,

    /// Roles that resources may name in spec.account.roleArn, separated by semicolons: each a namespace or `*` for every one,
    /// `=`, and a role's ARN, in which `*` may stand for the account or in the role's name. Without one, no resource may
    /// name a role.
    #[arg(long, env = "ALLOWED_ROLES", value_name = "NAMESPACE=ROLE_ARN", value_delimiter = ';', value_parser = AllowedRole::new)]
    pub allowed_roles: Vec<AllowedRole>,

    /// Owners whose environments resources may take over with the annotation streamflix.io/adopt-from, separated by semicolons:
    /// each a namespace or `*` for every one, `=`, and an owner as clusterName/namespace/name, in each part of which `*` may
    /// stand for anything. Without one, they are those of the resource's own namespace in this cluster.
    #[arg(long, env = "ALLOWED_ADOPTIONS", value_name = "NAMESPACE=OWNER", value_delimiter = ';', value_parser = AllowedAdoption::new)]
    pub allowed_adoptions: Vec<AllowedAdoption>,

    /// Address and port where metrics and health are served over HTTP: /metrics, /healthz, /readyz.
    #[arg(long, env = "LISTEN", value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,

    /// Namespace of the Lease by which one of several replicas is chosen; without one this process leads at once, and must
    /// be the only one.
    #[arg(long, env = "LEASE_NAMESPACE", value_name = "NAMESPACE")]
    pub lease_namespace: Option<String>,

    /// Name of that Lease.
    #[arg(long, env = "LEASE_NAME", value_name = "NAME", default_value = "video-pipeline-operator")]
    pub lease_name: String,

    /// Format of the log.
    #[arg(long, env = "LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,

    /// What is logged, as in `info,video_pipeline_operator=debug`. Audit lines are always logged; what libraries say at the
    /// level trace, where they write down requests, never is.
    #[arg(long, env = "LOG_FILTER", value_name = "FILTER", default_value = "info")]
    pub log_filter: String,

    /// URL of a collector of OpenTelemetry that takes traces over HTTP, as in http://collector:4318; nothing is traced without
    /// one. Sampling, headers and whatever else the standard knows come from its own variables (OTEL_…).
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", default_value = "", hide_default_value = true, value_parser = collector)]
    pub otlp_endpoint: String,
}

impl Settings {
    /// The namespaces to watch, each once; none stands for all of them.
    pub fn namespaces(&self) -> BTreeSet<&str> {
        self.watch_namespaces.iter().map(String::as_str).collect()
    }

    /// What resources may name.
    pub fn allowed(&self) -> Allowed {
        Allowed::Listed {
            regions: self.allowed_regions.clone(),
            roles: self.allowed_roles.clone(),
            adoptions: self.allowed_adoptions.clone(),
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Reads the name of a namespace. Nothing is none: a list that came out empty must not watch all of them.
///
/// # Errors
/// What is allowed.
pub fn namespace(text: &str) -> Result<String, String> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_one = (1..=63).contains(&text.len())
        && text.chars().all(fine)
        && !text.starts_with('-')
        && !text.ends_with('-');
    if is_one {
        return Ok(text.to_owned());
    }
    Err("use names of namespaces, separated by commas: each of 1 to 63 lower-case letters, digits and hyphens".to_owned())
}

/// Reads the URL of a collector; an empty one is none, as the standard has it.
///
/// # Errors
/// What is allowed.
pub fn collector(text: &str) -> Result<String, String> {
    let is_url = |uri: http::Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    };
    if text.is_empty() || text.parse().is_ok_and(is_url) {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err("use a URL without query, such as http://collector.monitoring.svc:4318".to_owned())
}

/// Reads `300ms`, `90s`, `5m`, `1h`.
///
/// # Errors
/// What is allowed.
pub fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let amount = number.parse::<u64>().ok().and_then(|n| n.checked_mul(milliseconds)).filter(|ms| *ms > 0);
    amount
        .map(Duration::from_millis)
        .ok_or_else(|| "use a whole number above 0 and a unit, such as 300ms, 90s, 5m or 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Typed {
        #[command(flatten)]
        settings: Settings,
    }

    fn typed(flags: &[&str]) -> Result<Settings, clap::Error> {
        let words = [&["run", "--cluster-name=home"], flags].concat();
        <Typed as clap::Parser>::try_parse_from(words).map(|typed| typed.settings)
    }

    #[test]
    fn a_namespace_that_is_listed_twice_is_watched_once() {
        assert!(typed(&[]).unwrap().namespaces().is_empty());
        let several = typed(&["--watch-namespaces=media,film", "--watch-namespaces=media"]).unwrap();
        assert_eq!(several.namespaces(), BTreeSet::from(["film", "media"]));
    }

    #[test]
    fn a_list_that_came_out_empty_does_not_watch_all_namespaces() {
        for wrong in ["", ",", "media,", "media, film", "Media", "-media", "media-", "a/b"] {
            assert!(typed(&[&format!("--watch-namespaces={wrong}")]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn tags_are_ignored_unless_an_empty_list_says_that_none_are() {
        let ignored = |text| IgnoredTags::new(text).unwrap();
        assert_eq!(typed(&[]).unwrap().ignored_tags, ignored("GuardDutyManaged,awsApplication"));
        assert_eq!(typed(&["--ignored-tags="]).unwrap().ignored_tags, IgnoredTags::default());
        assert_eq!(typed(&["--ignored-tags=a,b-*"]).unwrap().ignored_tags, ignored("a,b-*"));
        assert!(typed(&["--ignored-tags=a, b"]).is_err());
    }

    #[test]
    fn a_collector_is_a_url_or_none() {
        assert_eq!(typed(&[]).unwrap().otlp_endpoint, "");
        assert_eq!(collector("http://collector:4318/"), Ok("http://collector:4318".to_owned()));
        assert_eq!(collector("https://a.example/otlp"), Ok("https://a.example/otlp".to_owned()));
        for wrong in
            ["collector:4318", "collector", "grpc://collector:4317", "http://", "http://a/?b=c", "http://a b"]
        {
            assert!(collector(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("300ms"), Ok(Duration::from_millis(300)));
        for wrong in ["", "5", "m", "0s", "1.5h", "-1s", "5 m", "99999999999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong:?}");
        }
    }
}
