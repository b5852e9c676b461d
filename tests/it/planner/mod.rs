//! Properties of the engine over random environments in a toy cloud. Each is also shown to fail on a mutated planner or a
//! broken kind, so that it is known to look.

mod case;
mod check;
mod cloud;
mod convergence;
mod decisions;
mod kinds;
mod life;
mod order;
