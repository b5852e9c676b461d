//! The sources, read as text. They are formatted by rustfmt, so a line is enough to tell what is what.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file.
pub struct Source {
    /// Its path below `src/`.
    pub path: String,
    /// Its lines of code with their numbers: no comments, no blank lines, no unit tests.
    pub code: Vec<(usize, String)>,
}

/// Every file below `src/`.
pub fn all() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    assert!(paths.len() > 80, "only {} sources were found", paths.len());
    paths.sort();
    paths.into_iter().map(|path| read(&root, &path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if is_test(&path) {
            continue;
        }
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// Unit tests that have a file or a folder of their own.
fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem == "tests" || stem == "fixtures")
}

fn read(root: &Path, path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let mut tests = None;
    let mut code = Vec::new();
    let mut expects_tests = false;
    for (number, line) in (1..).zip(text.lines()) {
        let (indent, trimmed) = (line.len() - line.trim_start().len(), line.trim());
        if let Some(at) = tests {
            if indent == at && trimmed == "}" {
                tests = None;
            }
            continue;
        }
        if trimmed == "#[cfg(test)]" {
            expects_tests = true;
        } else if expects_tests {
            expects_tests = false;
            if trimmed.ends_with('{') {
                tests = Some(indent);
            }
        } else if !trimmed.is_empty() && !trimmed.starts_with("//") {
            code.push((number, line.to_owned()));
        }
    }
    Source { path: path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), code }
}
