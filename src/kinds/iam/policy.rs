//! Policy documents of IAM, which say one thing in many ways.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// A document of these statements.
pub fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A document as IAM describes it, which is URL-encoded. One that is no JSON stands as text.
pub fn decoded(described: &str) -> Value {
    let text = percent_decode_str(described).decode_utf8_lossy();
    serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()))
}

/// True iff two documents mean the same: a list of one is its only member, and a list of names has no order.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>
pub fn alike(one: &Value, other: &Value) -> bool {
    plain(one) == plain(other)
}

fn plain(value: &Value) -> Value {
    match value {
        Value::Array(members) => {
            let mut members: Vec<Value> = members.iter().map(plain).collect();
            if members.iter().all(Value::is_string) {
                members.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
                members.dedup();
            }
            if members.len() == 1 { members.remove(0) } else { Value::Array(members) }
        }
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        _ => value.clone(),
    }
}

/// The members of what is a list, or a list of one without its brackets.
pub fn members(value: &Value) -> &[Value] {
    match value {
        Value::Array(members) => members,
        Value::Null => &[],
        only => std::slice::from_ref(only),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_compared_by_what_they_mean() {
        let one = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": ["arn"] },
        ] });
        let other = json!({ "Statement": {
            "Resource": "arn", "Action": ["sqs:GetQueueUrl", "sqs:SendMessage"], "Effect": "Allow",
        }, "Version": "2012-10-17" });
        assert!(alike(&one, &other));

        let mut wider = other.clone();
        wider["Statement"]["Resource"] = json!("*");
        assert!(!alike(&one, &wider));
    }

    #[test]
    fn the_order_of_statements_is_part_of_a_document() {
        let (allow, deny) = (json!({ "Effect": "Allow" }), json!({ "Effect": "Deny" }));
        assert!(!alike(&document(vec![allow.clone(), deny.clone()]), &document(vec![deny, allow])));
    }

    #[test]
    fn iam_s_encoding_is_undone() {
        assert_eq!(decoded("%7B%22Version%22%3A%20%222012-10-17%22%7D"), json!({ "Version": "2012-10-17" }));
        assert_eq!(decoded("no%20json"), json!("no json"));
    }
}
