//! All integration tests in one binary: linking this many SDKs takes a while.

mod architecture;
mod examples;
