//! What several modules of tests use.

pub mod account;
