//! The page on which people read what the last whole runs came to.

use std::time::Duration;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reliability.md");

/// What a run came to: its table, how much it tried, and how long that took.
pub fn report(table: &str, tried: &str, time: Duration) -> String {
    format!("{table}\n{tried} in {}.", took(time))
}

/// A time as people read it.
pub fn took(time: Duration) -> String {
    let (minutes, seconds) = (time.as_secs() / 60, time.as_secs() % 60);
    format!("{minutes} min {seconds} s")
}

/// Puts into the part of the page that is called `part` what `command` printed.
pub fn put(part: &str, command: &str, report: &str) {
    let page = std::fs::read_to_string(PAGE).unwrap();
    std::fs::write(PAGE, with(&page, part, &format!("What `{command}` printed last:\n\n{report}\n")))
        .unwrap();
}

fn with(page: &str, part: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- {part} -->\n"), format!("<!-- end of {part} -->"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}{text}{end}{after}")
}

#[test]
fn a_part_of_the_page_is_replaced_and_no_other() {
    let page = "# A\n<!-- a -->\nold\n<!-- end of a -->\n# B\n<!-- b -->\nkept\n<!-- end of b -->\n";
    let now = with(page, "a", "new\n");
    assert_eq!(now, page.replace("old", "new"));
}
