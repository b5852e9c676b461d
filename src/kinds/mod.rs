//! The kinds of AWS resources that environments are made of, one file each: `spec`, `outputs`, and how to see, make, change
//! and remove one.
//!
//! Architecture invariant: only the files of this directory call operations of AWS that read or change resources.
//! A new kind is a new file, a line in [`KINDS`], and its use in the design.

pub mod ids;

// In dependency order: a kind comes after those whose outputs it takes.
crate::engine::kinds! {
    crate::aws::Aws:
}
