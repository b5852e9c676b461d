//! The admission rules: the same corpus of resources is shown to a real API server and to the command line's own check.
//!
//! | module | what it holds |
//! |---|---|
//! | [`case`] | a resource, or a change of one, and the verdict that is right |
//! | [`corpus`] | the cases, one file per part of the spec |
//! | [`rules`] | what the definition itself promises, and whether some case exercises it |
//! | [`server`] | the verdict of a real API server |
//! | [`served`] | what else the definition gives: defaults, scale, columns, and a cost that leaves room |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic, also in its helpers"
)]

mod case;
mod corpus;
mod rules;
mod served;
mod server;

use std::collections::BTreeSet;

use serde_json::Value;
use video_pipeline_operator::pipeline::{Invalid, admission};

use case::Case;
use server::{Cause, Server};

/// What both sides say of a case.
struct Judged {
    case: Case,
    server: Vec<Cause>,
    client: Vec<Invalid>,
}

impl Judged {
    async fn of(case: Case, server: &Server) -> Self {
        let client = client(&case).err().unwrap_or_default();
        let server = server.verdict(&case).await;
        Self { case, server, client }
    }

    /// What is not right about it, for people.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let wanted: BTreeSet<_> = self.case.refused.iter().map(|refusal| refusal.field.clone()).collect();
        let server: BTreeSet<_> = self.server.iter().map(|cause| cause.field.clone()).collect();
        let client: BTreeSet<_> = self.client.iter().map(|invalid| invalid.field.clone()).collect();
        if server != wanted {
            faults.push(format!("the API server refuses {server:?}, not {wanted:?}: {:?}", self.server));
        }
        if client != server {
            faults.push(format!(
                "the command line refuses {client:?}, the API server {server:?}: {:?}",
                self.client
            ));
        }
        for refusal in &self.case.refused {
            let says = |text: &str| text.contains(refusal.words);
            if !self.server.iter().any(|cause| cause.field == refusal.field && says(&cause.message)) {
                faults.push(format!("the API server does not say {:?}: {:?}", refusal.words, self.server));
            }
            if !self.client.iter().any(|invalid| invalid.field == refusal.field && says(&invalid.problem)) {
                faults.push(format!("the command line does not say {:?}: {:?}", refusal.words, self.client));
            }
        }
        faults.into_iter().map(|fault| format!("{}\n    {fault}", self.case.name)).collect()
    }
}

fn client(case: &Case) -> Result<(), Vec<Invalid>> {
    let stored = |document: &Value| admission::read(document).expect("what is stored is valid");
    match &case.old {
        None => admission::read(&case.new),
        Some(old) => admission::read_update(&case.new, &stored(old)),
    }
    .map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn api_server_and_command_line_give_the_same_verdict_and_no_rule_is_left_out() {
    let server = Server::shared().await;
    let mut judged = Vec::new();
    for case in corpus::cases() {
        judged.push(Judged::of(case, &server).await);
    }
    let faults: Vec<_> = judged.iter().flat_map(Judged::faults).collect();
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), judged.len(), faults.join("\n"));

    let missing = rules::not_exercised(&judged);
    assert!(missing.is_empty(), "no case exercises:\n{}", missing.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_are_refused_where_a_strict_api_server_refuses_them() {
    let server = Server::shared().await;
    for path in ["spec.regoin", "spec.network.cdir", "spec.processing.autoscaling.min", "spec.tags2"] {
        let document = case::accepted(&[(path, 1.into())]).new;
        let refused = server.strictly(&document).await;
        assert!(refused.contains(&format!("unknown field \"{path}\"")), "{path}: {refused}");
        let unknown = admission::unknown_fields(&document);
        assert_eq!(unknown.iter().map(|u| u.field.as_str()).collect::<Vec<_>>(), [path]);
    }
    let nothing_unknown = case::accepted(&[("spec.tags.team", "video".into())]).new;
    assert_eq!(server.strictly(&nothing_unknown).await, "");
    assert_eq!(admission::unknown_fields(&nothing_unknown), []);
}
