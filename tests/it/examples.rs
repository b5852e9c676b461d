//! What people copy works: the examples, and the resource in the README.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use video_pipeline_operator::pipeline::admission;

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn examples() -> Vec<PathBuf> {
    let folder = fs::read_dir(checkout().join("examples")).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.push(checkout().join("pipeline-dev.yaml"));
    paths
}

fn check(text: &str, whence: &str) {
    let mut documents = 0;
    for document in serde_yaml::Deserializer::from_str(text) {
        let document = Value::deserialize(document).unwrap_or_else(|error| panic!("{whence}: {error}"));
        let unknown = admission::unknown_fields(&document);
        assert!(unknown.is_empty(), "{whence}: {unknown:?}");
        admission::read(&document).unwrap_or_else(|invalid| panic!("{whence}: {invalid:?}"));
        documents += 1;
    }
    assert!(documents > 0, "{whence} is empty");
}

#[test]
fn every_example_is_valid() {
    let examples = examples();
    assert!(examples.len() > 2);
    for path in examples {
        check(&fs::read_to_string(&path).unwrap(), path.to_str().unwrap());
    }
}

#[test]
fn the_resource_in_the_readme_is_valid() {
    let readme = fs::read_to_string(checkout().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```yaml\n").unwrap();
    check(rest.split_once("```").unwrap().0, "README.md");
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)#:]+)(?:#[^)]*)?\)").unwrap();
    let docs = fs::read_dir(checkout().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    for page in docs.chain([checkout().join("README.md"), checkout().join("sandbox/standin/README.md")]) {
        for found in link.captures_iter(&fs::read_to_string(&page).unwrap()) {
            let target = page.parent().unwrap().join(&found[1]);
            assert!(target.exists(), "{} links to {}", page.display(), &found[1]);
        }
    }
}
