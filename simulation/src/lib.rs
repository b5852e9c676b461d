//! The engine by itself: without the SDKs around it, it is compiled in no time with all optimizations, so that a simulation of it
//! lives thousands of lives a second.

#[path = "../../src/engine/mod.rs"]
pub mod engine;
