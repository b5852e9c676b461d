//! The policy that `iam-policy` prints. That it is enough is shown by every scenario of `life`, whose operators are allowed
//! nothing else, and that it is not too much by `kinds::permissions`; here, that nothing of others can be changed by it.

mod foreign;
mod reference;
mod text;

use clap::Parser;
use serde_json::Value;
use video_pipeline_operator::commands::iam_policy::{self, Args};

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    args: Args,
}

/// The policy that is printed with these flags.
pub fn printed(flags: &[&str]) -> Value {
    serde_json::from_str(&said(flags).unwrap()).unwrap()
}

fn said(flags: &[&str]) -> Result<String, iam_policy::Error> {
    iam_policy::run(&Typed::parse_from(["iam-policy"].iter().chain(flags)).args)
}

/// The statements of a policy.
pub fn statements(policy: &Value) -> Vec<&Value> {
    policy["Statement"].as_array().unwrap().iter().collect()
}

/// A list of which one may be written as its element.
pub fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
