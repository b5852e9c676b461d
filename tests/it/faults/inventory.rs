//! What stands in the account, by a listing that looks at no tag and no owner.

use std::collections::BTreeMap;

use crate::support::account::Account;

/// Everything in the account, without the ids that AWS gives: what it is, and how often it is there.
pub fn inventory(account: &Account) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for line in account.leftovers() {
        *found.entry(anonymous(&line)).or_default() += 1;
    }
    found
}

/// The line without what AWS chooses: hexadecimal ids and the dates of snapshots.
fn anonymous(line: &str) -> String {
    let is_id = |part: &str| part.len() >= 2 && part.chars().all(|c| c.is_ascii_hexdigit());
    let parts: Vec<&str> = line.split('-').map(|part| if is_id(part) { "*" } else { part }).collect();
    parts.join("-")
}
