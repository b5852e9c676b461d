//! The two programs, run as people run them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`program`] | a program, run in a shell of its own, and what it printed |
//! | [`help`] | every setting is explained; wrong use is told |
//! | [`generated`] | what the operator prints for its installation |
//! | [`file`] | a file that is wrong is told before anybody is asked |
//! | [`life`] | plans and status of an environment, from before it exists |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic, also in its helpers"
)]

mod file;
mod generated;
mod help;
mod life;
pub mod program;
