//! An operator that makes AWS match one `VideoPipeline` resource, keeps it so, and says on the resource what it did,
//! what it waits for, and what a person must decide.
//!
//! The floors of the house; an import goes down, never up:
//!
//! ```text
//! 6   main.rs · bin/kubectl-vp.rs
//! 5   commands/
//! 4   controller/
//! 3   design/
//! 2   report/ · pipeline/ · kinds/
//! 1   api/ · engine/ · aws/              (engine imports nothing of the crate)
//! ```

pub mod api;
pub mod aws;
pub mod commands;
pub mod controller;
pub mod design;
pub mod engine;
pub mod kinds;
pub mod pipeline;
pub mod report;
