//! What stands in the account, by a listing that looks at no tag and no owner.

use std::collections::BTreeMap;

use sandbox::assets::python_command;
use sandbox::operator::aws_environment;

/// Everything in the account of a stand-in, without the ids that AWS gives: what it is, and how often it is there.
pub async fn inventory(endpoint: &str) -> BTreeMap<String, usize> {
    let mut python = python_command(".").await.unwrap();
    python.args(["-m", "checker.leftovers"]).envs(aws_environment(endpoint));
    let output = tokio::task::spawn_blocking(move || python.output().unwrap()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut found = BTreeMap::new();
    let text = text.replace(endpoint, "https://aws");
    for line in text.lines().filter(|line| *line != "nothing left") {
        *found.entry(anonymous(line)).or_default() += 1;
    }
    assert!(output.status.success() == found.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    found
}

/// The line without what AWS chooses: hexadecimal ids, ports and the dates of snapshots.
fn anonymous(line: &str) -> String {
    let is_id = |part: &str| part.len() >= 2 && part.chars().all(|c| c.is_ascii_hexdigit());
    let parts: Vec<&str> = line.split('-').map(|part| if is_id(part) { "*" } else { part }).collect();
    parts.join("-")
}
