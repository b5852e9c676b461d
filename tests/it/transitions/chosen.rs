//! What AWS may choose within the bounds of a spec, so that it depends on what was there before.

use serde_json::{Value, json};

use crate::sweep::inventory::Inventory;

/// What stands in an account, without what `spec` leaves to AWS.
///
/// # Errors
/// AWS did not choose within the bounds of the spec.
pub fn without(inventory: &Inventory, spec: &Value) -> Result<Inventory, String> {
    let mut lines = Vec::new();
    for line in &inventory.0 {
        let (list, item) = line.split_once(' ').unwrap();
        let mut item: Value = serde_json::from_str(item).unwrap();
        if scales(spec) {
            bounded(list, &item, &spec["processing"]["autoscaling"])?;
            tasks(list, &mut item);
        }
        if spec["ingestion"]["mode"] == "OnDemand" && list == "kinesis:DescribeStreamSummary" {
            item["StreamDescriptionSummary"]["OpenShardCount"].take();
        }
        if !item.is_null() {
            lines.push(format!("{list} {item}"));
        }
    }
    Ok(Inventory(lines))
}

fn scales(spec: &Value) -> bool {
    !spec["processing"]["autoscaling"].is_null()
}

fn bounded(list: &str, item: &Value, bounds: &Value) -> Result<(), String> {
    let Some(desired) = item["services"][0]["desiredCount"].as_i64().filter(|_| list == "ecs:Service") else {
        return Ok(());
    };
    let bound = |bound: &str| bounds[bound].as_i64();
    let within = bound("minCount").is_none_or(|min| min <= desired)
        && bound("maxCount").is_none_or(|max| desired <= max);
    if within { Ok(()) } else { Err(format!("{desired} tasks are wanted, with {bounds}")) }
}

/// Takes out how many tasks there are.
fn tasks(list: &str, item: &mut Value) {
    match list {
        "ecs:Service" => {
            for number in ["desiredCount", "runningCount", "pendingCount"] {
                item["services"][0][number].take();
            }
        }
        "ecs:Cluster" => {
            for number in ["runningTasksCount", "pendingTasksCount"] {
                item["clusters"][0][number].take();
            }
        }
        // Each task has one.
        "ec2:DescribeNetworkInterfaces" if item["for"].as_str().is_some_and(|it| it.contains(":ecs:")) => {
            item.take();
        }
        _ => {}
    }
}

#[test]
fn a_number_of_tasks_is_not_compared_but_has_its_bounds() {
    let counting = |count: i64| {
        let service = json!({ "services": [{ "desiredCount": count, "name": "it" }] });
        Inventory(vec![format!("ecs:Service {service}"), r#"sqs:Queue {"desiredCount":7}"#.into()])
    };
    let scaled = json!({ "processing": { "autoscaling": { "minCount": 2, "maxCount": 3 } } });
    assert_eq!(without(&counting(2), &scaled), without(&counting(3), &scaled));
    let beyond = without(&counting(4), &scaled).unwrap_err();
    assert!(beyond.contains("4 tasks"), "{beyond}");
    assert_ne!(without(&counting(2), &json!({})), without(&counting(3), &json!({})));
}

#[test]
fn shards_are_not_compared_that_aws_opened_by_itself() {
    let counting = |count: i64| {
        let stream = json!({ "StreamDescriptionSummary": { "OpenShardCount": count } });
        Inventory(vec![format!("kinesis:DescribeStreamSummary {stream}")])
    };
    let on_demand = json!({ "ingestion": { "mode": "OnDemand" } });
    assert_eq!(without(&counting(2), &on_demand), without(&counting(4), &on_demand));
    assert_ne!(without(&counting(2), &json!({})), without(&counting(4), &json!({})));
}
