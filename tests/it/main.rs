//! All integration tests in one binary: linking this many SDKs takes a while.

mod architecture;
mod examples;
//! Integration tests: one binary, because linking this many SDKs is slow. One module for each promise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic, also in its helpers"
)]

mod kinds;
mod admission;
mod architecture;
mod life;
mod support;
