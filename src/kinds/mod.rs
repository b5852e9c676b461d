//! The kinds of AWS resources that environments are made of, one file each: what one should be, what others may use of it,
//! and how to see, make, change and remove it. [`vpc`] is a good one to read first.
//!
//! What kinds share: [`sighting`] tells whose an object is, [`tagged`] asks the tagging API about it, [`ec2`] lists by tags.
//!
//! Architecture invariant: only the files of this directory call operations of AWS that read or change resources.
//! A new kind is a new file, a line in [`KINDS`], and its use in the design.

pub mod ec2;
pub mod ids;
pub mod sighting;
pub mod subnet;
pub mod tagged;
pub mod vpc;

pub use subnet::{Subnet, SubnetSpec};
pub use vpc::{Vpc, VpcSpec};

// In dependency order: a kind comes after those whose outputs it takes.
crate::engine::kinds! {
    crate::aws::Aws:
    Vpc,
    Subnet,
}
