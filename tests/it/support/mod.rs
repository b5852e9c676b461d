//! What several modules of tests use.

pub mod account;
pub mod control_plane;
