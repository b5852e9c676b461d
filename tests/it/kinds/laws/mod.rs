//! The laws, one file each: what it says, how it is tried over every registered kind, and the broken kind that it catches.

mod batched;
mod converges;
mod created;
mod dies;
mod owned;
mod twice;

use super::ground::Verdict;

/// The law is kept.
fn kept(verdict: Verdict) {
    if let Err(broken) = verdict {
        panic!("{broken}");
    }
}

/// The law is broken, and says so in these words.
fn caught(verdict: Verdict, words: &str) {
    match verdict {
        Ok(()) => panic!("the law finds nothing wrong with a kind that breaks it"),
        Err(broken) => assert!(broken.contains(words), "caught for another reason: {broken}"),
    }
}
