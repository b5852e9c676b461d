//! What may change, and what may not; optional parents come and go.

use serde_json::{Value, json};

use super::super::case::{ABSENT, Case, Changes, update};

const SUFFIX: &str = "spec.environmentSuffix";
const REGION: &str = "spec.region";
const ACCOUNT: &str = "spec.account";
const NETWORK: &str = "spec.network";

pub fn cases() -> Vec<Case> {
    let mut cases = identity();
    cases.extend(role());
    cases.extend(block());
    cases.extend(zones());
    cases.extend(mutable());
    cases
}

fn identity() -> Vec<Case> {
    let suffix =
        "is immutable: the name of every AWS resource contains it; create a second VideoPipeline instead";
    let region = "is immutable: create a second VideoPipeline in the other region instead";
    vec![
        update(&[], &[], &[]),
        update(&[(SUFFIX, "dev".into())], &[(SUFFIX, "dev".into())], &[]),
        update(&[], &[(SUFFIX, "dev2".into())], &[(SUFFIX, suffix)]),
        update(&[(REGION, "eu-west-3".into())], &[(REGION, "eu-west-3".into())], &[]),
        update(&[], &[(REGION, "eu-west-3".into())], &[(REGION, region)]),
        update(
            &[],
            &[(REGION, "eu-west-3".into()), (SUFFIX, "b".into())],
            &[(SUFFIX, suffix), (REGION, region)],
        ),
    ]
}

fn role() -> Vec<Case> {
    let words = "account.roleArn is immutable, set or not: it decides in which account the environment lives";
    let refused: &[(&str, &str)] = &[("spec", words)];
    let role = |name: &str| json!({"roleArn": format!("arn:aws:iam::123456789012:role/{name}")});
    let absent = || Value::from(ABSENT);
    vec![
        update(&[(ACCOUNT, role("a"))], &[(ACCOUNT, role("a"))], &[]),
        update(&[(ACCOUNT, role("a"))], &[(ACCOUNT, role("b"))], refused),
        // Added and removed, with and without the parent.
        update(&[], &[(ACCOUNT, role("a"))], refused),
        update(&[(ACCOUNT, json!({}))], &[(ACCOUNT, role("a"))], refused),
        update(&[(ACCOUNT, role("a"))], &[(ACCOUNT, absent())], refused),
        update(&[(ACCOUNT, role("a"))], &[(ACCOUNT, json!({}))], refused),
        update(&[(ACCOUNT, role("a"))], &[(ACCOUNT, Value::Null)], refused),
        update(&[(ACCOUNT, json!({}))], &[(ACCOUNT, absent())], &[]),
        update(&[], &[(ACCOUNT, json!({"dataResidency": "None"}))], &[]),
    ]
}

fn block() -> Vec<Case> {
    let words = "network.cidr is immutable: AWS cannot change the block of a VPC in place";
    let refused: &[(&str, &str)] = &[("spec", words)];
    let block = |cidr: &str| json!({"cidr": cidr});
    let absent = || Value::from(ABSENT);
    vec![
        update(&[(NETWORK, block("10.1.0.0/16"))], &[(NETWORK, block("10.1.0.0/16"))], &[]),
        update(&[(NETWORK, block("10.1.0.0/16"))], &[(NETWORK, block("10.2.0.0/16"))], refused),
        // Left away it has its default, which may be the same or another.
        update(&[(NETWORK, block("10.1.0.0/16"))], &[(NETWORK, absent())], refused),
        update(&[(NETWORK, block("10.1.0.0/16"))], &[(NETWORK, json!({}))], refused),
        update(&[(NETWORK, block("10.1.0.0/16"))], &[(NETWORK, Value::Null)], refused),
        update(&[], &[(NETWORK, block("10.1.0.0/16"))], refused),
        update(&[(NETWORK, block("10.0.0.0/16"))], &[(NETWORK, absent())], &[]),
        update(&[], &[(NETWORK, block("10.0.0.0/16"))], &[]),
    ]
}

fn zones() -> Vec<Case> {
    let refused: &[(&str, &str)] =
        &[("spec", "network.availabilityZones may grow, not shrink: the database lives in all of its zones")];
    let zones = |count: i32| json!({"availabilityZones": count});
    vec![
        update(&[(NETWORK, zones(2))], &[(NETWORK, zones(3))], &[]),
        update(&[(NETWORK, zones(3))], &[(NETWORK, zones(3))], &[]),
        update(&[(NETWORK, zones(3))], &[(NETWORK, zones(2))], refused),
        update(&[(NETWORK, zones(3))], &[(NETWORK, json!({}))], refused),
        update(&[(NETWORK, zones(3))], &[(NETWORK, ABSENT.into())], refused),
        update(&[], &[(NETWORK, zones(3))], &[]),
    ]
}

/// Everything else changes freely; what AWS cannot change in place on data is blocked later, and not refused here.
fn mutable() -> Vec<Case> {
    let changes: [Changes<'_>; 11] = [
        &[("spec.database.name", json!("other"))],
        &[("spec.database.kmsKeyId", json!("alias/other"))],
        &[("spec.credentials.username", json!("other"))],
        &[("spec.processing.image", json!("other"))],
        &[("spec.processing.autoscaling", json!({}))],
        &[("spec.processing.environment", json!([{"name": "A", "value": "x"}]))],
        &[("spec.ingestion.mode", json!("OnDemand"))],
        &[("spec.account.dataResidency", json!("None"))],
        &[("spec.deletionPolicy", json!("Retain"))],
        &[("spec.suspend", json!(true))],
        &[("spec.tags", json!({"team": "video"}))],
    ];
    let both_ways = |change: Changes<'_>| [update(&[], change, &[]), update(change, &[], &[])];
    let mut cases: Vec<_> = changes.into_iter().flat_map(both_ways).collect();
    // What is wrong by itself is refused in a change as well.
    cases.push(update(
        &[],
        &[("spec.processing.cpu", json!(4096))],
        &[("spec.processing", "cpu 4096 allows a memory of 8192 to 30720 MiB in steps of 1024")],
    ));
    cases
}
