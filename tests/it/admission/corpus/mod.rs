//! The cases, one file per part of the spec.

mod data;
mod identity;
mod monitoring;
mod processing;
mod types;
mod updates;

use super::case::Case;

/// All of them.
pub fn cases() -> Vec<Case> {
    let mut cases = identity::cases();
    cases.extend(data::cases());
    cases.extend(processing::cases());
    cases.extend(monitoring::cases());
    cases.extend(types::cases());
    cases.extend(updates::cases());
    cases
}

/// A text of this many characters.
fn long(length: usize) -> String {
    "a".repeat(length)
}

/// KMS keys, and what is none.
const KEYS: [&str; 6] = [
    "1234abcd-12ab-34cd-56ef-1234567890ab",
    "mrk-1234abcd12ab34cd56ef1234567890ab",
    "alias/aws/kinesis",
    "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab",
    "arn:aws:kms:eu-west-1:123456789012:alias/videos",
];
const NO_KEYS: [&str; 5] =
    ["", "videos", "alias/", "arn:aws:s3:::videos", "arn:aws:kms:eu-west-1:12345:alias/videos"];
/// An alias of the greatest length.
fn long_key(length: usize) -> String {
    format!("alias/{}", long(length - "alias/".len()))
}
