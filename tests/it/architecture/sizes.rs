//! A file or function that grows past its size holds two ideas.

use regex::Regex;

use super::sources;

const FILE: usize = 400;
const FUNCTION: usize = 60;

#[test]
fn files_and_functions_stay_small() {
    let mut long = Vec::new();
    for source in sources::all() {
        if source.code.len() > FILE {
            long.push(format!("{} has {} lines of code", source.path, source.code.len()));
        }
        long.extend(long_functions(&source));
    }
    assert!(long.is_empty(), "at most {FILE} lines a file, {FUNCTION} a function:\n{}", long.join("\n"));
}

fn long_functions(source: &sources::Source) -> Vec<String> {
    let begins = Regex::new(r"^\s*(pub(\([^)]*\))? )?((const|async) )*fn ").unwrap();
    let mut long = Vec::new();
    let lines = &source.code;
    for (index, (number, line)) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let has_body = || {
            lines[index..]
                .iter()
                .find(|(_, l)| l.ends_with(['{', ';', '}']))
                .is_some_and(|(_, l)| !l.ends_with(';'))
        };
        if !begins.is_match(line) || !has_body() {
            continue;
        }
        let closes =
            |(_, end): &&(usize, String)| end.len() - end.trim_start().len() == indent && end.trim() == "}";
        let one_line = line.trim_end().ends_with('}');
        if let Some((end, _)) = lines[index..].iter().find(closes).filter(|_| !one_line)
            && end - number + 1 > FUNCTION
        {
            long.push(format!("{}:{number} is a function of {} lines", source.path, end - number + 1));
        }
    }
    long
}
