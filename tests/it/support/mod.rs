//! What several modules of tests use.

pub mod account;
pub mod collector;
pub mod consent;
pub mod control_plane;
pub mod manifest;
pub mod patch;
