//! What people read, word for word: for each folder of `tests/golden`, the plan and the status that one pass over one
//! environment comes to.
//!
//! `pipeline.yaml` is the resource. `world.yaml` says how its environment came to be and what happened to it since
//! ([`script`]). `plan.txt` is what `kubectl vp plan` prints, `status.txt` what `kubectl vp status` prints after the pass,
//! `status.yaml` what else the resource then says. `UPDATE=1 cargo test golden` rewrites these three; read them as those who
//! will have to.

mod account;
mod fakes;
mod pass;
mod script;
mod told;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{env, fs};

use similar::TextDiff;

use told::Told;

/// Every folder of `tests/golden`, in order.
fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<_> =
        fs::read_dir(root).expect("the folder").map(|e| e.expect("an entry").path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    cases
}

fn told(case: &Path) -> Told {
    let read = |name: &str| fs::read_to_string(case.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let script =
        script::Script::read(&read("world.yaml")).unwrap_or_else(|e| panic!("{}: {e}", case.display()));
    pass::live(&script::yaml(&read("pipeline.yaml")).expect("YAML"), &script)
}

/// What all cases come to.
static TOLD: LazyLock<Vec<(PathBuf, Told)>> =
    LazyLock::new(|| cases().into_iter().map(|case| (case.clone(), told(&case))).collect());

#[test]
fn people_read_what_they_should() {
    let update = env::var_os("UPDATE").is_some();
    let mut differences = String::new();
    for (case, told) in &*TOLD {
        for (name, text) in told.files() {
            let path = case.join(name);
            let golden = fs::read_to_string(&path).unwrap_or_default();
            if update {
                fs::write(&path, &text).expect("written");
            } else if golden != text {
                let diff = TextDiff::from_lines(&golden, &text);
                differences += &diff.unified_diff().header(&path.to_string_lossy(), "as it is").to_string();
            }
        }
    }
    assert!(differences.is_empty(), "UPDATE=1 rewrites these, if they are right:\n{differences}");
}

/// The same folder says the same again: nothing in a text depends on the time or on chance.
#[test]
fn texts_are_the_same_each_time() {
    for (case, before) in &*TOLD {
        assert_eq!(before.files(), told(case).files(), "{}", case.display());
    }
}

/// A text that says another thing is noticed: the comparison is of words, not of shapes.
#[test]
fn another_world_is_told_otherwise() {
    let texts: Vec<_> = TOLD.iter().map(|(_, told)| told.files()).collect();
    for (at, text) in texts.iter().enumerate() {
        assert!(!texts[..at].contains(text), "two cases tell the same: {text:?}");
    }
}
