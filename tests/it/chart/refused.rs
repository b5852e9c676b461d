//! Mistakes in values are refused, with words that help.

use clap::Parser;
use video_pipeline_operator::controller::Settings;

use super::helm::{LEAST, template};

/// That these values are refused, in these words.
async fn refused(set: &str, words: &[&str]) {
    let run = template(&[&LEAST[..], &["--set-json", set]].concat()).await;
    assert_ne!(run.code, 0, "{set} is accepted");
    run.ends_with(run.code, words);
}

#[tokio::test]
async fn a_cluster_without_a_name_is_told_what_the_name_is_for() {
    let words = ["clusterName is missing", "--set clusterName=home", "must never change"];
    for arguments in [&[][..], &["--set", "clusterName="]] {
        template(arguments).await.ends_with(1, &words);
    }
    template(&["--set-json", "clusterName=null"]).await.ends_with(1, &["missing property 'clusterName'"]);
}

#[tokio::test]
async fn a_value_that_there_is_not_is_refused_by_its_name() {
    for (set, name) in [
        (r#"watchNamespace="media""#, "watchNamespace"),
        (r#"image.repo="x""#, "repo"),
        (r#"networkPolicy.enable=false"#, "enable"),
        (r#"resources.limit={"cpu":1}"#, "limit"),
        (r#"env=[{"name":"A","vlaue":"b"}]"#, "vlaue"),
    ] {
        refused(set, &[&format!("additional properties '{name}' not allowed")]).await;
    }
}

#[tokio::test]
async fn a_wrong_value_is_refused_by_its_place() {
    for (set, place) in [
        (r#"replicas="two""#, "/replicas"),
        ("replicas=11", "/replicas"),
        (r#"watchNamespaces="media""#, "/watchNamespaces"),
        (r#"watchNamespaces=["media","media"]"#, "/watchNamespaces"),
        (r#"watchNamespaces=[""]"#, "/watchNamespaces/0"),
        ("port=80", "/port"),
        (r#"listenAddress="localhost""#, "/listenAddress"),
        (r#"image.digest="sha256:123""#, "/image/digest"),
        (r#"image.pullPolicy="always""#, "/image/pullPolicy"),
        (r#"aws.endpointUrl="stand-in:5000""#, "/aws/endpointUrl"),
        (r#"traces.endpoint="collector:4318""#, "/traces/endpoint"),
        (r#"aws.permissionsBoundary="boundary""#, "/aws/permissionsBoundary"),
        (
            r#"aws.accounts=[{"namespaces":[],"roleArns":["arn:aws:iam::*:role/a"]}]"#,
            "/aws/accounts/0/namespaces",
        ),
        (
            r#"aws.accounts=[{"namespaces":["team-*"],"roleArns":["arn:aws:iam::*:role/a"]}]"#,
            "/aws/accounts/0/namespaces/0",
        ),
        (r#"aws.accounts=[{"namespaces":["a"],"roleArns":["*"]}]"#, "/aws/accounts/0/roleArns/0"),
        (r#"adoptions=[{"namespaces":["a"],"owners":["a/b"]}]"#, "/adoptions/0/owners/0"),
        (r#"serviceAccount.annotations={"a":1}"#, "/serviceAccount/annotations/a"),
        (r#"serviceMonitor.interval="30""#, "/serviceMonitor/interval"),
        ("prometheusRule.unseenSeconds=59", "/prometheusRule/unseenSeconds"),
        (r#"prometheusRule.unseenSeconds="2h""#, "/prometheusRule/unseenSeconds"),
        (r#"prometheusRule.alertLabels={"team":1}"#, "/prometheusRule/alertLabels/team"),
        (r#"extraVolumes=["ca"]"#, "/extraVolumes/0"),
        (r#"extraVolumeMounts={"name":"ca"}"#, "/extraVolumeMounts"),
        (r#"whenUnspreadable="Never""#, "/whenUnspreadable"),
        ("runAsUser=0", "/runAsUser"),
    ] {
        refused(set, &[&format!("at '{place}'")]).await;
    }
}

#[tokio::test]
async fn annotations_that_nobody_would_set_are_refused() {
    let set = r#"serviceAccount={"create":false,"name":"theirs","annotations":{"a":"b"}}"#;
    let words = ["serviceAccount.annotations", "serviceAccount.create=false", "the service account theirs"];
    refused(set, &words).await;
}

/// The settings as typed.
#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    _settings: Settings,
}

/// The value of the chart, the flag of the operator, and values that both take or refuse.
const BOTH: [(&str, &str, &[&str], &[&str]); 10] = [
    ("clusterName", "--cluster-name", &["home", "a", "eu-1"], &["Home", "a--b", "-a", "a-", "a_b"]),
    ("sweepPeriod", "--sweep-period", &["300ms", "5m", "1h"], &["5", "0s", "1.5h", "5 m", "-1s", "5d", ""]),
    ("auditPeriod", "--audit-period", &["30m"], &["m", "00h"]),
    ("readLag", "--read-lag", &["60s"], &["60"]),
    ("concurrency", "--concurrency", &["1", "256"], &["0", "257", "-1", "1.5"]),
    ("aws.ratePercent", "--aws-rate-percent", &["1", "10000"], &["0", "10001"]),
    ("aws.regions[0]", "--allowed-regions", &["eu-west-1", "eu-*", "*"], &["EU-West-1", "eu west", ""]),
    (
        "aws.ignoredTags[0]",
        "--ignored-tags",
        &["awsApplication", "backup-*", "*", "a:b/c=d+e-f@g_h.i", "a b", "Größe", "Name*"],
        &["a*b", "**", "a;b", " a", "a ", "Name", "streamflix.io/owner", "streamflix.io/*"],
    ),
    ("log.format", "--log-format", &["json", "text"], &["JSON", "logfmt", ""]),
    ("watchNamespaces[0]", "--watch-namespaces", &["media", "a1", "a--b"], &["Media", "-a", "a-", "a/b", ""]),
];

#[tokio::test]
async fn the_chart_refuses_what_the_operator_would_refuse_and_nothing_else() {
    for (value, flag, fine, wrong) in BOTH {
        let texts = fine.iter().map(|text| (text, true)).chain(wrong.iter().map(|text| (text, false)));
        for (text, is_fine) in texts {
            let number = text.parse::<f64>().is_ok() && !value.ends_with("Period") && value != "readLag";
            let json = if number { (*text).to_owned() } else { format!("{text:?}") };
            let set = format!("{value}={json}");
            let least: &[&str] = if value == "clusterName" { &[] } else { &LEAST };
            let chart = template(&[least, &["--set-json", &set]].concat()).await;
            assert_eq!(chart.code == 0, is_fine, "the chart, {set}: {}", chart.stderr);
            let flag = format!("{flag}={text}");
            let least: &[&str] = if value == "clusterName" { &[] } else { &["--cluster-name=home"] };
            let typed = Typed::try_parse_from([&["run"], least, &[flag.as_str()]].concat());
            assert_eq!(typed.is_ok(), is_fine, "the operator, {flag}");
        }
    }
}

/// What a namespace may name.
struct Allowed {
    /// The value of the chart, and the list in it.
    value: (&'static str, &'static str),
    /// The flag of the operator.
    flag: &'static str,
    /// What both take.
    fine: &'static [&'static str],
    /// What both refuse.
    wrong: &'static [&'static str],
}

const ALLOWED: [Allowed; 2] = [
    Allowed {
        value: ("aws.accounts", "roleArns"),
        flag: "--allowed-roles",
        fine: &[
            "arn:aws:iam::111122223333:role/a",
            "arn:aws-cn:iam::*:role/a/b-*",
            "arn:aws:iam::111122223333:role/+=,.@_-",
        ],
        wrong: &[
            "*",
            "arn:aws:iam::1111:role/a",
            "arn:aws:iam::111122223333:user/a",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/a b",
        ],
    },
    Allowed {
        value: ("adoptions", "owners"),
        flag: "--allowed-adoptions",
        fine: &["home/film/dev", "*/*/*", "old-*/film/a.b-*"],
        wrong: &["*", "home/film", "home//dev", "home/film/dev/x", "Home/film/dev", "home/film/a b"],
    },
];

#[tokio::test]
async fn what_a_namespace_may_name_is_read_by_both_alike() {
    for Allowed { value: (value, list), flag, fine, wrong } in ALLOWED {
        let texts = fine.iter().map(|text| (text, true)).chain(wrong.iter().map(|text| (text, false)));
        for (text, is_fine) in texts {
            let set = format!(r#"{value}=[{{"namespaces":["media"],"{list}":["{text}"]}}]"#);
            let chart = template(&[&LEAST[..], &["--set-json", &set]].concat()).await;
            assert_eq!(chart.code == 0, is_fine, "the chart, {text}: {}", chart.stderr);
            let flag = format!("{flag}=media={text}");
            let typed = Typed::try_parse_from(["run", "--cluster-name=home", &flag]);
            assert_eq!(typed.is_ok(), is_fine, "the operator, {text}");
        }
    }
}
