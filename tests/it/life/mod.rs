//! The whole life of environments: a real control plane, the stand-in, and the operator as people run it.
//!
//! Most scenarios share one [lab](lab::shared): an account in which environments live side by side, each under a suffix of
//! its own. Those that count calls, break AWS or restart the operator have a lab of their own.

mod consent;
mod creation;
mod drift;
mod edits;
mod environment;
mod lab;
mod ownership;
mod pauses;
mod rollout;
mod scrub;
mod troubles;
