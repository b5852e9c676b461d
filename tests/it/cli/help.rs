//! Every setting is explained; wrong use is told.

use super::program::{KUBECTL_VP, OPERATOR, alone};

/// The settings in a help text: each name without dashes, and its text in one line.
fn settings(help: &str) -> Vec<(String, String)> {
    let mut settings: Vec<(String, String)> = Vec::new();
    let options = help.split_once("Options:\n").unwrap().1.split("\n\nExample").next().unwrap();
    for line in options.lines() {
        // `-f, --filename <FILE>` or, six columns in, `--cluster-name <NAME>`; text of it is further in.
        match line.split_at_checked(6).and_then(|(_, rest)| rest.strip_prefix("--")) {
            Some(rest) => {
                let name = rest.split([' ', '=']).next().unwrap();
                settings.push((name.to_owned(), rest.to_owned()));
            }
            None => {
                settings
                    .last_mut()
                    .into_iter()
                    .for_each(|(_, text)| *text = format!("{text} {}", line.trim()));
            }
        }
    }
    settings.retain(|(name, _)| name != "help" && name != "version");
    settings
}

#[test]
fn every_setting_of_the_operator_has_text_unit_and_environment_variable() {
    let help = alone(OPERATOR, &["run", "--help"]);
    let settings = settings(&help.ends_with(0, &[]).stdout);
    let names: Vec<_> = settings.iter().map(|(name, _)| name.as_str()).collect();
    let wanted = [
        "cluster-name",
        "watch-namespaces",
        "sweep-period",
        "audit-period",
        "read-lag",
        "concurrency",
        "aws-rate-percent",
        "permissions-boundary",
        "ignored-tags",
        "allowed-regions",
        "allowed-roles",
        "allowed-adoptions",
        "listen",
        "lease-namespace",
        "lease-name",
        "log-format",
        "log-filter",
        "otlp-endpoint",
    ];
    assert_eq!(names, wanted);
    for (name, text) in &settings {
        let variable = match name.as_str() {
            // The standard has a name for it.
            "otlp-endpoint" => "OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(),
            _ => name.replace('-', "_").to_uppercase(),
        };
        let variable = format!("[env: {variable}=]");
        assert!(text.contains(&variable), "{name} has no {variable}: {text}");
        let words = text.split('[').next().unwrap().split_whitespace().count();
        assert!(words > 4, "{name} has no text: {text}");
        let optional = ["[default: ", "ithout", "every role"].iter().any(|words| text.contains(words));
        assert!(optional || name == "cluster-name", "{name} does not say what holds without it: {text}");
    }
    for (name, unit) in [
        ("sweep-period", "ms, s, m or h"),
        ("audit-period", "ms, s, m or h"),
        ("read-lag", "ms, s, m or h"),
        ("concurrency", "1 to 256"),
        ("aws-rate-percent", "in percent: 1 to 100"),
        ("cluster-name", "1 to 63"),
        ("listen", "/metrics, /healthz, /readyz"),
    ] {
        let (_, text) = settings.iter().find(|(setting, _)| setting == name).unwrap();
        assert!(text.contains(unit), "{name} does not say {unit:?}: {text}");
    }
}

#[test]
fn every_command_has_help_with_text_for_each_option() {
    alone(OPERATOR, &["--help"]).ends_with(0, &["run ", "check ", "crd ", "iam-policy ", "trust-policy "]);
    alone(KUBECTL_VP, &["--help"])
        .ends_with(0, &["Usage: kubectl vp <COMMAND>", "plan ", "status ", "changes nothing"]);
    for (program, command, words) in [
        (OPERATOR, "check", "change nothing"),
        (OPERATOR, "crd", "kubectl apply --server-side -f -"),
        (OPERATOR, "iam-policy", "policy.json"),
        (OPERATOR, "trust-policy", "trust.json"),
        (KUBECTL_VP, "plan", "Exit code: 0 no changes, 2 changes, 1 error"),
        (KUBECTL_VP, "status", "kubectl vp status dev"),
    ] {
        let help = alone(program, &[command, "--help"]);
        help.ends_with(0, &[words, "Example"]);
        for (name, text) in settings(&help.stdout) {
            assert!(
                text.split('[').next().unwrap().split_whitespace().count() > 3,
                "{name} has no text: {text}"
            );
        }
    }
}

#[test]
fn wrong_use_is_an_error_and_never_looks_like_a_plan_with_changes() {
    alone(OPERATOR, &["run"]).ends_with(1, &["required", "--cluster-name"]);
    alone(OPERATOR, &["run", "--cluster-name", "My Cluster"]).ends_with(1, &["1 to 63 lower-case letters"]);
    alone(OPERATOR, &["run", "--cluster-name", "a", "--sweep-period", "5"])
        .ends_with(1, &["use a whole number above 0 and a unit, such as 300ms, 90s, 5m or 1h"]);
    alone(OPERATOR, &["run", "--cluster-name", "a", "--concurrency", "0"]).ends_with(1, &["1..=256"]);
    alone(OPERATOR, &["run", "--cluster-name", "a", "--watch-namespaces", ""])
        .ends_with(1, &["use names of namespaces, separated by commas"]);
    alone(OPERATOR, &["check", "--cluster-name", "a"]).ends_with(1, &["required", "<URL>"]);
    alone(KUBECTL_VP, &["plan"]).ends_with(1, &["required", "<NAME"]);
    alone(KUBECTL_VP, &["plan", "dev", "-f", "pipeline-dev.yaml"]).ends_with(1, &["cannot be used with"]);
    alone(KUBECTL_VP, &["plan", "dev", "-o", "yaml"]).ends_with(1, &["possible values: text, json"]);
    alone(KUBECTL_VP, &["plna"]).ends_with(1, &["plan"]);
    alone(KUBECTL_VP, &["--version"]).ends_with(0, &[env!("CARGO_PKG_VERSION")]);
}
