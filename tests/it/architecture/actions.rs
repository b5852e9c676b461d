//! Every call of AWS is declared, so that the policy that `iam-policy` prints suffices.

use std::collections::BTreeSet;

use regex::Regex;
use video_pipeline_operator::kinds::{KINDS, facts};

use super::sources;

/// The prefix of IAM actions for the name of a client in `Clients`.
fn prefix(client: &str) -> &str {
    match client {
        "autoscaling" => "application-autoscaling",
        "secrets" => "secretsmanager",
        "tagging" => "tag",
        client => client,
    }
}

/// `describe_db_clusters` → `DescribeDBClusters`.
fn operation(method: &str) -> String {
    let word = |word: &str| match word {
        "db" => "DB".to_owned(),
        word => word[..1].to_uppercase() + &word[1..],
    };
    method.split('_').map(word).collect()
}

fn declared() -> BTreeSet<&'static str> {
    KINDS.iter().flat_map(|kind| kind.actions()).chain(facts::ACTIONS).map(|action| action.name).collect()
}

#[test]
fn every_call_is_declared() {
    let call = Regex::new(
        r"\baws\s*\.(autoscaling|cloudwatch|ec2|ecs|iam|kinesis|logs|rds|secrets|sqs|tagging)\s*\.(\w+)\(\)",
    )
    .unwrap();
    let declared = declared();
    let (mut calls, mut undeclared) = (0, Vec::new());
    for source in sources::all().iter().filter(|source| source.path.starts_with("kinds/")) {
        let text: String = source.code.iter().map(|(_, line)| format!("{}\n", line.trim())).collect();
        for found in call.captures_iter(&text) {
            calls += 1;
            let action = format!("{}:{}", prefix(&found[1]), operation(&found[2]));
            if !declared.contains(action.as_str()) {
                undeclared.push(format!("{}: {action}", source.path));
            }
        }
    }
    assert!(calls > 80, "only {calls} calls were found");
    assert!(undeclared.is_empty(), "called and not declared:\n{}", undeclared.join("\n"));
}

#[test]
fn a_failure_names_an_action_that_is_declared() {
    let named = Regex::new(r#"\.during\("([a-z0-9-]+:\w+)"\)"#).unwrap();
    let declared = declared();
    let mut unknown = Vec::new();
    for source in sources::all().iter().filter(|source| source.path.starts_with("kinds/")) {
        for (number, line) in &source.code {
            for found in named.captures_iter(line).filter(|found| !declared.contains(&found[1])) {
                unknown.push(format!("{}:{number}: {}", source.path, &found[1]));
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn only_kinds_call_aws() {
    let client =
        Regex::new(r"\baws\.(autoscaling|cloudwatch|ec2|ecs|iam|kinesis|logs|rds|secrets|sqs|tagging)\b")
            .unwrap();
    let elsewhere: Vec<_> = sources::all()
        .into_iter()
        .filter(|source| !source.path.starts_with("kinds/") && !source.path.starts_with("aws/"))
        .filter(|source| source.code.iter().any(|(_, line)| client.is_match(line)))
        .map(|source| source.path)
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

#[test]
fn every_implied_permission_names_its_page() {
    for action in KINDS.iter().flat_map(|kind| kind.actions()) {
        assert!(
            action.implied_by.is_none_or(|page| page.starts_with("https://docs.aws.amazon.com/")),
            "{action:?}"
        );
    }
}
