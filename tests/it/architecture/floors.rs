//! An import goes down, never up, never in a circle.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::sources;

/// The floor on which a module of the crate stands.
fn floor(module: &str) -> Option<u8> {
    Some(match module {
        "api" | "engine" | "aws" => 1,
        "report" | "pipeline" | "kinds" => 2,
        "design" => 3,
        "controller" => 4,
        "commands" => 5,
        "bin" | "main" => 6,
        _ => return None,
    })
}

/// Which modules each module names.
fn imports() -> BTreeMap<String, BTreeMap<String, String>> {
    let named = Regex::new(r"\b(?:crate|video_pipeline_operator)::(\w+)").unwrap();
    let group = Regex::new(r"\b(?:crate|video_pipeline_operator)::\{(.*)").unwrap();
    let mut imports: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for source in sources::all().into_iter().filter(|source| source.path != "lib.rs") {
        let module = source.path.split(['/', '.']).next().unwrap().to_owned();
        let targets = imports.entry(module.clone()).or_default();
        let text: String = source.code.iter().map(|(_, line)| format!("{}\n", line.trim())).collect();
        for found in named.captures_iter(&text) {
            targets.entry(found[1].to_owned()).or_insert(source.path.clone());
        }
        for found in group.captures_iter(&text.replace('\n', " ").replace("};", "};\n")) {
            for target in top_level(&found[1]) {
                targets.entry(target).or_insert(source.path.clone());
            }
        }
        targets.remove(&module);
    }
    imports
}

/// The first words of the items of a list in braces that is already open.
fn top_level(list: &str) -> Vec<String> {
    let (mut depth, mut items, mut item) = (0, Vec::new(), String::new());
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(std::mem::take(&mut item)),
            c if depth == 0 => item.push(c),
            _ => {}
        }
    }
    items.push(item);
    let first = |item: &String| item.split("::").next().unwrap_or_default().trim().to_owned();
    items.iter().map(first).filter(|word| floor(word).is_some()).collect()
}

#[test]
fn an_import_goes_down() {
    let mut wrong = Vec::new();
    for (module, targets) in imports() {
        let Some(own) = floor(&module) else { panic!("{module} stands on no floor") };
        for (target, file) in targets {
            if floor(&target).is_some_and(|theirs| theirs > own) {
                wrong.push(format!("{file}: {module} imports {target} from above"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_engine_imports_nothing_of_the_crate() {
    assert_eq!(imports().get("engine"), Some(&BTreeMap::new()));
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let imports = imports();
    for start in imports.keys() {
        let (mut seen, mut frontier) = (BTreeSet::new(), vec![start]);
        while let Some(module) = frontier.pop() {
            for target in imports.get(module).into_iter().flat_map(BTreeMap::keys) {
                assert_ne!(target, start, "{start} is imported by {module}, which it imports");
                if seen.insert(target) {
                    frontier.push(target);
                }
            }
        }
    }
}

#[test]
fn a_list_in_braces_is_read() {
    assert_eq!(top_level("api::{A, B}, engine::C, self, aws};"), ["api", "engine", "aws"]);
}
