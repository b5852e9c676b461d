//! One file per command of the two binaries.

pub mod crd;
