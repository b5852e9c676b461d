//! The house stands as `docs/architecture.md` says.

mod actions;
mod floors;
pub mod members;
mod names;
mod registry;
mod sent;
mod sizes;
mod sources;
