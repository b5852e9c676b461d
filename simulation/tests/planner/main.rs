//! Properties of the engine over random environments in a toy cloud. Each is also shown to fail on a mutated planner or a
//! broken kind, so that it is known to look.
//!
//! `make simulate` lives through many more lives than the tests do, and says how one in which a property fails is repeated.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic, also in its helpers"
)]

mod broken;
mod case;
mod check;
mod cloud;
mod convergence;
mod decisions;
mod kinds;
mod life;
mod operator;
mod order;
mod replaced;
mod simulate;

/// A life is made of many small texts: with the allocator of the system half of the time would be its.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
