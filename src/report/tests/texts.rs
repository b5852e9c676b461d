//! What people see in a terminal.

use serde_json::json;

use super::super::text::*;
use super::*;
use crate::engine::Plan;

#[test]
fn the_tree_shows_causes_and_what_waits() {
    let scene = refused();
    let status = scene.report().status;
    let header = Header { resource: RESOURCE, suffix: "dev", account_id: Some("123456789012") };
    let now = jiff::Timestamp::from_second(scene.second + 100).expect("a time");
    let tree = status_tree(&header, &status, now, Style::default());
    let expected = "\
dev · environment dev · eu-west-1 · account 1234…9012                                 Failed, 1 of 3
✘ errors       0 of 1 as wanted
    ✘ errors/dead-letter-queue  errors-dead-letter-queue  failed for 1m 40s
      └ sqs:CreateQueue refused: AccessDenied: no (request r-1)
      └ the operator's identity lacks sqs:CreateQueue
      └ add it; `video-pipeline-operator iam-policy` prints the whole policy
      └ tried again every few minutes, and at once when the pipeline changes
      └ waits for it: processing/service
· processing   waits for errors/dead-letter-queue";
    assert_eq!(tree, expected);
    let mut reworded = status.clone();
    let waiting = reworded.resources.iter_mut().find(|row| row.address == SERVICE.1).expect("the service");
    waiting.message = Some("in other words".to_owned());
    assert_eq!(status_tree(&header, &reworded, now, Style::default()), expected, "no text is parsed");
    assert!(
        status_tree(&header, &status, now, Style { color: true, ids: false }).contains("\x1b[31m✘\x1b[0m")
    );
}

#[test]
fn the_plan_reads_as_people_expect() {
    let consent = "storage/cluster@12345678".to_owned();
    let kms = changes("kmsKeyId", json!("alias/a"), json!("alias/b"));
    let items = vec![
        keep(VPC),
        item("stream", "ingestion/stream", update()),
        item(
            "taskDefinition",
            "processing/task",
            Verdict::Revise(changes("image", json!("p:1"), json!("p:2"))),
        ),
        item(CLUSTER.0, CLUSTER.1, Verdict::Blocked(Block::WouldReplaceData { changes: kms, consent })),
    ];
    let header = Header { resource: RESOURCE, suffix: "dev", account_id: None };
    let text = plan_text(&header, &Plan { items, steps: Vec::new() }, Style::default());
    let expected = "\
dev · environment dev · eu-west-1

  ~ ingestion/stream  ingestion-stream  in place, no interruption
      shards                  4 → 8
  + processing/task   processing-task   new version, the service moves to it
      image                   p:1 → p:2
  ! storage/cluster   storage-cluster   BLOCKED: would be replaced, and it holds data
      kmsKeyId                alias/a → alias/b   (cannot be changed in place)
      to allow it: kubectl -n video annotate --overwrite vp dev streamflix.io/consent=storage/cluster@12345678
  = 1 unchanged

1 to create, 1 to change, 0 to delete, 1 blocked.";
    assert_eq!(text, expected);
}
