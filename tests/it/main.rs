//! All integration tests in one binary, because linking this many SDKs is slow: one module for each promise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic, also in its helpers"
)]

mod admission;
mod architecture;
mod chart;
mod cli;
mod departures;
mod examples;
mod faults;
mod golden;
mod iam;
mod kinds;
mod life;
mod matrix;
mod memory;
mod outages;
mod secrecy;
mod support;
mod sweep;
mod tenants;
mod traces;
mod transitions;
mod wire;
